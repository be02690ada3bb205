"""Proved bounds of a formula's partial derivatives: Taylor arithmetic on balls, over the DAG.

The formula is walked as typed. One pass over numbers gives every term's value at the point, exact
rationals where they stay short; one pass over Taylor series for each direction gives the
derivatives along it, and inclusion and exclusion over directions the mixed ones. The precision
doubles until the digits asked for are certain (Johansson, "Arb: efficient arbitrary-precision
midpoint-radius interval arithmetic", IEEE Trans. Computers 66, 2017).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import product
from math import comb, factorial, gcd, inf

from flint import arb, arb_series, fmpq

from diffcli.clock import now, until
from diffcli.engines.balls.decimals import FORMATS, certain_digits, certain_float, outward
from diffcli.engines.balls.guards import (
    Difficult,
    OutOfTime,
    Touching,
    Trouble,
    Undecided,
    Undefined,
)
from diffcli.engines.balls.walk import Coordinate, Term, Walk, working
from diffcli.errors import OutOfTimeError, PointError
from diffcli.language.expression import Node, constant, postorder

__all__ = [
    "Coordinate",
    "Enclosure",
    "Index",
    "Outcome",
    "Term",
    "Walk",
    "constant_value",
    "nearest_float",
    "partial",
    "partials",
]

Index = tuple[str, ...]
"""The variables to differentiate by, one after the other; () is the value."""

FIRST_BITS = 113
MOST_BITS = 4000
CANCELLED_BITS, CANCELLED_WORK = 1 << 16, 1 << 22
"""Working precision, and its product with the number of nodes, up to which a sign is looked for
where cancellation hides it: tanh(2000) differs from 1 by 2^−5770."""
TINY = -1100
"""A ball within 2^TINY of 0 is 0 in every floating-point format."""


class Outcome(Enum):
    """What the enclosure came to."""

    ENCLOSED = "enclosed"
    DIFFICULT = "difficult point"
    UNDEFINED = "undefined"
    OUT_OF_TIME = "the time for the enclosure ran out"


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A ball that contains the true number, or the reason why there is none."""

    outcome: Outcome
    ball: arb | None = None
    reason: str | None = None
    trouble: Trouble | None = None
    """What the reason is of, at a difficult point."""

    def to_float(self, dtype: str = "float64") -> float | None:
        """Return the truth rounded to ``dtype``; None where the ball doesn't decide it."""
        return None if self.ball is None else certain_float(self.ball, *FORMATS[dtype])

    def nearest(self, dtype: str = "float64") -> float | None:
        """Return a float of ``dtype`` within an ulp of the truth; None where the ball is wide.

        The truth may lie so near the middle of two floats that no precision rounds it for sure.
        """
        certain = self.to_float(dtype)
        if certain is not None or self.ball is None:
            return certain
        narrow = self.ball.rel_accuracy_bits() > FORMATS[dtype][0] + 2
        return certain_float(self.ball.mid(), *FORMATS[dtype]) if narrow else None

    @property
    def contains_zero(self) -> bool:
        """Whether the truth may be 0."""
        return self.ball is None or bool(self.ball.contains(0))

    def digits(self, count: int) -> str | None:
        """Return the truth to ``count`` significant digits; None where they aren't certain."""
        return None if self.ball is None else certain_digits(self.ball, count)

    def interval(self, count: int = 20) -> tuple[str, str] | None:
        """Return a lower and an upper bound in decimal, rounded outwards to ``count`` digits."""
        return None if self.ball is None else outward(self.ball, count)


def partial(
    output: Node,
    at: Mapping[str, Coordinate],
    index: Index = (),
    *,
    digits: int = 17,
    max_bits: int = MOST_BITS,
    deadline: float = inf,
) -> Enclosure:
    """Enclose one partial derivative of a formula's output at a point.

    ``index`` names a variable for each differentiation: () is the value, ("x", "y") a mixed
    second partial. ``deadline`` is a reading of :func:`diffcli.clock.now`. Raises PointError
    where the point doesn't fit.
    """
    enclosures = partials(output, at, [index], digits=digits, max_bits=max_bits, deadline=deadline)
    return enclosures[index]


def partials(
    output: Node,
    point: Mapping[str, Coordinate],
    indices: Iterable[Index],
    *,
    digits: int = 17,
    max_bits: int = MOST_BITS,
    deadline: float = inf,
) -> dict[Index, Enclosure]:
    """Enclose several partial derivatives at one point; as :func:`partial`, sharing the passes.

    A gradient in n variables takes n passes over series and one over numbers. Where the precision
    or the time ran out, a ball is the best there was: its methods tell how much of it is certain.
    """
    return walked_partials(Walk(output, point), indices, digits, max_bits, deadline)


def walked_partials(
    walk: Walk,
    indices: Iterable[Index],
    digits: int,
    max_bits: int = MOST_BITS,
    deadline: float = inf,
) -> dict[Index, Enclosure]:
    """Enclose several partial derivatives as :func:`partials`, of a walk that is laid out."""
    result = dict.fromkeys(indices, Enclosure(Outcome.OUT_OF_TIME, reason="out of time"))
    pending, bits = list(result), FIRST_BITS
    with until(deadline):
        while pending:
            if bits > max_bits:
                if bits <= 2 * max_bits:
                    pending = [x for x in pending if isinstance(result[x].trouble, Undecided)]
                if not pending or max_bits < MOST_BITS or bits > _most_bits(walk):
                    break
            passes = Passes(walk, pending, bits)
            for index in tuple(pending):
                if now() > deadline:
                    return result
                enclosure = passes.enclose(index)
                if enclosure.outcome is Outcome.OUT_OF_TIME:
                    return result
                result[index] = enclosure
                if _settled(enclosure, digits, bits):
                    pending.remove(index)
            bits *= 2
    return result


def _most_bits(walk: Walk) -> int:
    return min(CANCELLED_BITS, CANCELLED_WORK // len(walk.nodes)) if walk.is_elementary else 0


def _settled(enclosure: Enclosure, digits: int, bits: int) -> bool:
    ball = enclosure.ball
    if ball is None:
        return enclosure.outcome is Outcome.UNDEFINED or isinstance(enclosure.trouble, Touching)
    # More bits than a float's least number has places tell most tiny numbers from 0.
    is_tiny = bits > -TINY and bool(abs(ball) < arb(2) ** TINY)
    return ball.rel_accuracy_bits() > digits * 3.33 + 2 or is_tiny


class Passes:
    """The passes of one precision, each made once, to the highest order that needs it."""

    def __init__(self, walk: Walk, indices: Iterable[Index], bits: int) -> None:
        self._walk, self._bits = walk, bits
        self._made: dict[tuple[tuple[str, int], ...], Term] = {}
        self._order: Counter[tuple[tuple[str, int], ...]] = Counter()
        for index in indices:
            for direction, _, _ in _directions(index):
                self._order[direction] = max(self._order[direction], len(index))

    def enclose(self, index: Index) -> Enclosure:
        with working(self._bits):
            if not index:
                return _as_enclosure(self._walk.value(self._bits))
            total = arb(0)
            for direction, scale, weight in _directions(index):
                if direction not in self._made:
                    self._made[direction] = self._walk.series(
                        dict(direction), self._order[direction], self._bits
                    )
                term = self._made[direction]
                if isinstance(term, arb_series):
                    total += weight * scale ** len(index) * term[len(index)]
                elif not isinstance(term, fmpq | arb):
                    return _as_enclosure(term)
            return _as_enclosure(total)


def _directions(index: Index) -> Iterator[tuple[tuple[tuple[str, int], ...], int, int]]:
    """Yield (direction, scale, weight) so that ∂f is Σ weight·scale^n·cₙ(direction).

    cₙ is the n-th Taylor coefficient along a direction; a multiple of a direction is that
    direction, scaled. From the polarisation of the homogeneous polynomial cₙ by inclusion and
    exclusion: Thomas, "A polarization identity for multilinear maps", Indag. Math. 25 (2014).
    """
    counts = Counter(sorted(index))
    if len(counts) == 1:
        yield ((index[0], 1),), 1, factorial(len(index))
        return
    for steps in product(*(range(count + 1) for count in counts.values())):
        if any(steps):
            scale = gcd(*steps)
            weight = (-1) ** (len(index) - sum(steps))
            for count, step in zip(counts.values(), steps, strict=True):
                weight *= comb(count, step)
            direction = zip(counts, (step // scale for step in steps), strict=True)
            yield tuple((name, step) for name, step in direction if step), scale, weight


def _as_enclosure(term: Term) -> Enclosure:
    match term:
        case Undefined():
            return Enclosure(Outcome.UNDEFINED, reason=term.reason)
        case OutOfTime():
            return Enclosure(Outcome.OUT_OF_TIME, reason=term.reason)
        case Difficult():
            return Enclosure(Outcome.DIFFICULT, reason=term.reason, trouble=term)
        case fmpq():
            return Enclosure(Outcome.ENCLOSED, arb(term))
        case arb():
            return Enclosure(Outcome.ENCLOSED, term)
    return Enclosure(Outcome.UNDEFINED, reason="a condition, not a number")


def constant_value(node: Node, bits: int) -> arb:
    """Enclose an exact constant such as ``pi/4`` with ``bits`` of working precision.

    Raises PointError where it has no real value, or where that isn't decided, and OutOfTimeError
    past the deadline.
    """
    with working(bits):
        enclosure = _as_enclosure(Walk(node, {}).value(bits))
    if enclosure.ball is None and constant("inf") in postorder([node]):
        raise PointError(
            "a point has finite coordinates, and inf is none",
            hint="a large number, as in x=1e6; asymptotes: diffcli critical",
        )
    if enclosure.outcome is Outcome.OUT_OF_TIME:
        raise OutOfTimeError("the time for the value of a number of the point ran out")
    if enclosure.outcome is Outcome.DIFFICULT:
        raise PointError(f"the value of the number isn't decided: {enclosure.reason}")
    if enclosure.ball is None:
        raise PointError(
            f"the number has no real value: {enclosure.reason}",
            hint="a coordinate is a finite real number; complex ones go with --dtype complex128",
        )
    return enclosure.ball


def nearest_float(node: Node) -> float:
    """Return the float64 nearest to an exact constant such as ``pi/4``.

    Raises PointError where it has no finite value, or where 4000 bits don't decide the rounding.
    """
    bits = FIRST_BITS
    while bits <= MOST_BITS:
        result = certain_float(constant_value(node, bits), *FORMATS["float64"])
        if result is not None:
            return result
        bits *= 2
    raise PointError("the number lies too near the middle of two floats to be rounded")
