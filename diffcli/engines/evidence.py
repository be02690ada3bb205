"""What the enclosure engine finds for a number: a ball at the point, or the point is difficult.

The number that is shown is enclosed at the point as typed. Autograd stands at the floats nearest to
it, and is held against a second ball, there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice, permutations
from math import inf

from flint import arb, fmpq

from diffcli.clock import now, until
from diffcli.engines.balls.decimals import FORMATS, flint_fraction
from diffcli.engines.balls.precision import working
from diffcli.engines.difficult import Difficulty, Kind, along, classify, is_linear
from diffcli.engines.enclosure import (
    MOST_BITS,
    Coordinate,
    Enclosure,
    Index,
    Outcome,
    Walk,
    constant_value,
    walked_partials,
)
from diffcli.engines.exact import is_float
from diffcli.engines.one_sided.paths import Direction
from diffcli.engines.rounding import Rounding, walked_rounding
from diffcli.language.expression import Node
from diffcli.language.points import Rounded

MOST_FLOATS = 3
"""Coordinates that are listed in words."""

MOST_ORDERED = 3
"""The order of a mixed partial up to which all turns of differentiation are compared."""

GRACE = 0.2
"""Seconds past the deadline, for the bounds of rounding errors and for a difficult point each."""

_NOT_SMOOTH = {2: "not twice differentiable", 3: "not three times differentiable"}


@dataclass(frozen=True)
class Evidence:
    """What the enclosure engine found for one entry at one point.

    Exactly one of ``enclosure`` (an ordinary point, enclosed as it was typed) and ``difficulty``
    is given, or neither where the engine could not answer, as ``reason`` says. ``at_floats`` is
    what was found at the floats nearest to the point, whose coordinates ``floats`` tells in words;
    None where they are the point as typed.
    """

    enclosure: Enclosure | None = None
    at_floats: Enclosure | None = None
    floats: str | None = None
    difficulty: Difficulty | None = None
    rounding: Rounding | None = None
    reason: str | None = None
    note: str | None = None
    """What is to be said although there is a number."""
    undecided: bool = False
    """Whether the point is a difficult one, where other engines agree on a mere convention."""

    @property
    def has_no_derivative(self) -> bool:
        """Whether the value is proved to have no derivative."""
        kinds = (Kind.KINK, Kind.JUMP, Kind.VERTICAL, Kind.GRADIENTLESS)
        return self.difficulty is not None and self.difficulty.kind in kinds

    @property
    def without_sides(self) -> Evidence:
        """The same of a sum that this is a term of, whose one-sided derivatives aren't its own."""
        if self.difficulty is None:
            return self
        return replace(self, difficulty=replace(self.difficulty, left=None, right=None))

    @property
    def is_open(self) -> bool:
        """Whether nothing is found, so that engines that agree are all the evidence there is."""
        return self.enclosure is None and self.difficulty is None and not self.undecided


class Examiner:
    """Examines partials of one output at one point, whose walks are laid out once.

    ``typed`` is the point as typed, ``dyadic`` the same in the floats of ``dtype``. One thread at a
    time may use it.
    """

    def __init__(
        self,
        output: Node,
        typed: Mapping[str, Coordinate],
        dyadic: Mapping[str, float],
        *,
        dtype: str,
    ) -> None:
        self._output, self._typed, self._dtype = output, typed, dtype
        self._rounded = {name: x for name, x in dyadic.items() if not is_float(typed[name], x)}
        self._floats = in_words(self._rounded) if self._rounded else None
        self._walk, self._walk_at_floats = Walk(output, typed), Walk(output, dyadic)

    def examine(
        self, indices: Iterable[Index], *, digits: int, deadline: float
    ) -> dict[Index, Evidence]:
        """Return the enclosure engine's evidence for several partials.

        The other orders of a mixed partial are answered too, as the order may count. ``deadline``
        is a reading of :func:`diffcli.clock.now`.
        """
        indices = tuple(dict.fromkeys(order for index in indices for order in _orders(index)))
        enclosed = walked_partials(self._walk, indices, digits, deadline=deadline)
        at_floats = dict[Index, Enclosure]()
        if self._rounded:
            at_floats = walked_partials(self._walk_at_floats, indices, digits, deadline=deadline)
        with until(max(deadline, now()) + GRACE):
            bounds = walked_rounding(self._walk_at_floats, indices, self._dtype)
        evidence = {}
        with until(max(deadline, now()) + GRACE):
            for index, here in enclosed.items():
                known = Evidence(
                    at_floats=at_floats.get(index), floats=self._floats, rounding=bounds[index]
                )
                if here.outcome is Outcome.ENCLOSED:
                    evidence[index] = replace(known, enclosure=here)
                elif here.outcome in (Outcome.DIFFICULT, Outcome.UNDEFINED):
                    difficulty = classify(
                        self._output, self._typed, index, digits=digits, deadline=deadline
                    )
                    evidence[index] = _of_difficulty(known, difficulty)
                else:
                    evidence[index] = replace(known, reason=here.reason)
            return _with_gradient(self._output, self._typed, _with_orders(evidence))


def examine(
    output: Node,
    typed: Mapping[str, Coordinate],
    dyadic: Mapping[str, float],
    indices: Iterable[Index],
    *,
    digits: int,
    dtype: str,
    deadline: float,
) -> dict[Index, Evidence]:
    """Return the evidence for several partials at one point, once; as :class:`Examiner`."""
    examiner = Examiner(output, typed, dyadic, dtype=dtype)
    return examiner.examine(indices, digits=digits, deadline=deadline)


def _orders(index: Index) -> Iterable[Index]:
    """Return the orders in which a mixed partial may be taken; of a high one the given alone."""
    return dict.fromkeys(permutations(index)) if len(index) <= MOST_ORDERED else [index]


def in_words(floats: Mapping[str, float]) -> str:
    """Return some of the floats with as many digits as tell them from the numbers as typed."""
    listed = [f"{name} = {value:.22g}" for name, value in islice(floats.items(), MOST_FLOATS)]
    return ", ".join([*listed, "…"] if len(floats) > MOST_FLOATS else listed)


def _of_difficulty(known: Evidence, difficulty: Difficulty) -> Evidence:
    if not difficulty.is_proved:
        return replace(known, reason=difficulty.reason, undecided=True)
    return replace(known, difficulty=difficulty)


def _with_orders(evidence: Mapping[Index, Evidence]) -> dict[Index, Evidence]:
    """Say of mixed partials at a difficult point where the order of differentiation counts."""
    return {index: replace(own, note=_of_order(index, evidence)) for index, own in evidence.items()}


def _of_order(index: Index, evidence: Mapping[Index, Evidence]) -> str | None:
    here = evidence[index].difficulty
    if here is None or here.value is None:
        return None
    for order in _orders(index):
        other = evidence[order].difficulty
        if other is None or (other.value is not None and other.value.overlaps(here.value)):
            continue
        it = "there is none" if other.value is None else f"it is {float(other.value):.6g}"
        given, turned = ", ".join(index), ", ".join(order)
        return f"in the order {given}; in the order {turned} {it}: {_NOT_SMOOTH[len(index)]}"
    return None


def _with_gradient(
    output: Node, typed: Mapping[str, Coordinate], evidence: dict[Index, Evidence]
) -> dict[Index, Evidence]:
    """Say of the partials at a difficult point whether they make up a gradient."""
    slopes = [
        index[0] for index, own in evidence.items() if len(index) == 1 and _ball(own) is not None
    ]
    is_difficult = any(own.difficulty for index, own in evidence.items() if len(index) == 1)
    if not is_difficult or len(slopes) < 2 or is_linear(output, typed, slopes):
        return evidence
    return {
        index: replace(own, note=Kind.GRADIENTLESS.value)
        if own.difficulty is not None and index and index[0] in slopes
        else own
        for index, own in evidence.items()
    }


def directional(
    output: Node,
    typed: Mapping[str, Coordinate],
    parts: Sequence[tuple[float | Fraction, Index, Evidence | None]],
    *,
    digits: int,
    deadline: float,
) -> Evidence | None:
    """Return the evidence for a derivative along a vector, of (component, variables, partial's).

    Where a partial is difficult the sum of partials needn't be the derivative along the vector:
    the formula is expanded along the vector itself. The vector has its turn after the variables
    that all parts begin with, or before those that all end with. None where no partial is
    difficult, and where the parts are no derivative along a vector.
    """
    difficult = [
        part for _, _, part in parts if part and (part.difficulty is not None or part.undecided)
    ]
    steps = _steps(parts)
    if not difficult or steps is None:
        return None
    if len(steps) > 1 and all(_ball(part) is not None for _, _, part in parts):
        # All entries of the Hessian exist: then it is their product with the vector.
        return None
    first = difficult[0].difficulty
    culprit = str(difficult[0].reason if first is None else first.reason)
    with until(max(deadline, now()) + GRACE):
        evidence = along(output, typed, steps, culprit, digits=digits, deadline=deadline)
    if Kind.GRADIENTLESS.value in [part.note for part in difficult]:
        evidence = replace(evidence, reason=f"{Kind.GRADIENTLESS.value}: {evidence.reason}")
    return _of_difficulty(replace(difficult[0], difficulty=None, note=None), evidence)


def _steps(
    parts: Sequence[tuple[float | Fraction, Index, Evidence | None]],
) -> list[Direction] | None:
    """Return the directions of a derivative along the vector of the weights, in turn."""
    (_, (*before, _), _), *_ = parts
    (_, (_, *after), _), *_ = parts
    if all(list(index[:-1]) == before for _, index, _ in parts):
        offset, after = -1, []
    elif all(list(index[1:]) == after for _, index, _ in parts):
        offset, before = 0, []
    else:
        return None
    vector: dict[str, Fraction | Node] = {
        index[offset]: step.exact if isinstance(step, Rounded) else Fraction(step)
        for step, index, _ in parts
    }
    return [*({name: Fraction(1)} for name in before), vector, *({n: Fraction(1)} for n in after)]


def combined(
    parts: Sequence[tuple[float | Fraction, Evidence | None]], dtype: str
) -> Evidence | None:
    """Return the evidence for a linear combination, of (weight, evidence) pairs.

    That is the first part without a number, if there is one. ``dtype`` is that of the sum.
    """
    if len(parts) == 1 and parts[0][0] == 1:
        return parts[0][1]
    if len(parts) == 1 and (only := parts[0][1]) is not None and only.difficulty is not None:
        return replace(only, difficulty=_multiple(parts[0][0], only.difficulty))
    proved = [(weight, part, _ball(part)) for weight, part in parts]
    for _, part, ball in proved:
        if ball is None:
            return part and part.without_sides
    with working(MOST_BITS):
        terms = [_exact(weight) * ball for weight, _, ball in proved if ball is not None]
        total, size = sum(terms, arb(0)), float(sum(map(abs, terms), arb(0)).mid())
    notes = [part.note for _, part, _ in proved if part and part.note]
    for _, part, _ in proved:
        if part is not None and part.difficulty is not None:
            together = replace(part.difficulty, value=total, left=None, right=None)
            note = notes[0] if notes else None
            return Evidence(difficulty=together, rounding=part.rounding, note=note)
    bounds = [(abs(float(w)), part.rounding or Rounding(inf)) for w, part, _ in proved if part]
    floats = next((part.floats for _, part, _ in proved if part and part.floats), None)
    adding = len(terms) * size * 2.0 ** -FORMATS[dtype][0]
    rounding = Rounding(
        adding + sum(weight * bound.bound for weight, bound in bounds),
        max((weight * bound.scale for weight, bound in bounds), default=0.0),
        any(bound.out_of_range for _, bound in bounds),
    )
    whole = Enclosure(Outcome.ENCLOSED, total)
    return Evidence(whole, _sum_at_floats(parts), floats, rounding=rounding)


def _exact(weight: float | Fraction) -> fmpq | arb:
    """Return a weight as it was typed."""
    if isinstance(weight, Rounded):
        return constant_value(weight.exact, MOST_BITS)
    return flint_fraction(weight)


def _multiple(weight: float | Fraction, difficulty: Difficulty) -> Difficulty:
    """Return a multiple of a number at a difficult point."""
    with working(MOST_BITS):
        factor = _exact(weight)
        return replace(
            difficulty,
            value=None if difficulty.value is None else factor * difficulty.value,
            left=None if difficulty.left is None else factor * difficulty.left,
            right=None if difficulty.right is None else factor * difficulty.right,
        )


def _sum_at_floats(parts: Sequence[tuple[float | Fraction, Evidence | None]]) -> Enclosure | None:
    """Return the linear combination of what was found at the floats; None where nothing differs."""
    given = [(weight, part) for weight, part in parts if part is not None]
    is_typed = any(isinstance(weight, Rounded) for weight, _ in given)
    if not is_typed and all(part.at_floats is None for _, part in given):
        return None
    total = arb(0)
    with working(MOST_BITS):
        for weight, part in given:
            here = part.at_floats or part.enclosure
            if here is None or here.ball is None:
                return here
            total += flint_fraction(weight) * here.ball
    return Enclosure(Outcome.ENCLOSED, total)


def normwise(evidence: Evidence | None, relative: float, size: float) -> Evidence | None:
    """Return the evidence for an entry whose error is ``relative`` to the largest's ``size``."""
    if evidence is None or evidence.rounding is None:
        return evidence
    return replace(evidence, rounding=evidence.rounding.normwise(relative, size))


def _ball(part: Evidence | None) -> arb | None:
    """Return what is proved of a number, if anything is."""
    if part is not None and part.difficulty is not None:
        return part.difficulty.value
    return None if part is None or part.enclosure is None else part.enclosure.ball
