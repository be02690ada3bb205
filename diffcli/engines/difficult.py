"""What happens where the enclosure can't decide: kinks, jumps, poles, edges of the domain.

The formula is evaluated at x ± h for exact h from 2^−400 to 2^−1000 of the point's own scale, where
every condition and every kink is decided strictly, in so many bits that nothing cancels. The
one-sided difference quotients, or for higher orders the derivatives there, then have a limit, or
go to infinity, or neither. Central differences would hide every symmetric kink, and steps that are
powers of 2 every oscillation that is in step with them: sin(π/h) is 0 at all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction
from itertools import product
from math import inf, isclose
from random import Random
from typing import Literal

from flint import arb, fmpq

from diffcli.clock import now
from diffcli.engines.balls.guards import Trouble, Undefined
from diffcli.engines.balls.precision import working
from diffcli.engines.enclosure import (
    Coordinate,
    Enclosure,
    Index,
    Outcome,
    Walk,
    constant_value,
    partial,
    partials,
)
from diffcli.engines.limits import BITS, Side, State, limit
from diffcli.engines.margins import margins_of
from diffcli.language.expression import Node, node, number, postorder

_DRAWN = Random(0)  # noqa: S311  (the same steps each time, no secret)
STEPS = tuple(
    Fraction(_DRAWN.getrandbits(64) | 1 << 64 | 1, 1 << 64 + k) for k in range(400, 1001, 100)
)
"""The points of evaluation lie at these parts of the point's scale, 2^−k to 2^(1−k): beyond what
else is at work there, and in no ratio that a formula could share."""

NEAREST, FAR = 8000, 1 << 30
"""A kink nearer than 2^−NEAREST isn't told apart."""

_NO_LOWER = "no lower derivative: "


class Kind(Enum):
    """What was found at a difficult point."""

    DIFFERENTIABLE = "differentiable"
    ENDPOINT = "an endpoint of the domain, differentiable from inside"
    KINK = "the one-sided derivatives differ"
    VERTICAL = "a vertical tangent"
    GRADIENTLESS = "the partials exist, but they make up no gradient"
    JUMP = "a jump"
    POLE = "a pole"
    UNDEFINED = "outside the domain"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class Difficulty:
    """The derivative at a difficult point.

    ``value`` is the derivative where there is one, at an endpoint the one from inside, which
    ``side`` names; ``left`` and ``right`` are the one-sided derivatives, infinite ones included,
    and None where there is none. ``reason`` names the culprit.
    """

    kind: Kind
    reason: str
    value: float | None = None
    left: float | None = None
    right: float | None = None
    side: Literal["left", "right"] | None = None


def classify(
    output: Node, at: Mapping[str, Coordinate], index: Index, *, deadline: float = inf
) -> Difficulty:
    """Find out what a partial derivative does at a point where it has no enclosure.

    ``index`` names a variable for each differentiation, as in
    :func:`diffcli.engines.enclosure.partial`, none for the value itself; the sides are those of
    its last variable. Past the
    ``deadline``, a reading of :func:`diffcli.clock.now`, what isn't known yet is undetermined.
    Raises PointError where the point doesn't fit.
    """
    direct = partial(output, at, index, deadline=deadline)
    if direct.ball is not None:
        value = direct.to_float()
        kind = Kind.UNDETERMINED if value is None else Kind.DIFFERENTIABLE
        return Difficulty(kind, "enclosed", value=value)
    culprit = str(direct.reason)
    here = _value(output, at)
    if isinstance(here, Undefined):
        return _undefined(output, at, index, here.reason, deadline)
    if isinstance(here, Trouble):
        return Difficulty(Kind.UNDETERMINED, here.reason)
    if not index:
        value = Enclosure(Outcome.ENCLOSED, here).to_float()
        return Difficulty(Kind.DIFFERENTIABLE, culprit, value=value)
    if len(index) == 1:
        left, right = (
            _approach(output, at, {index[0]: 1}, sign, here, deadline) for sign in (-1, 1)
        )
        return _combine(left, right, culprit)
    lower = classify(output, at, index[:-1], deadline=deadline)
    if lower.value is None:
        reason = str(lower.reason).removeprefix(_NO_LOWER)
        return replace(lower, left=None, right=None, reason=f"{_NO_LOWER}{reason}")
    left, right = (_slide(output, at, index, sign, lower.value, deadline) for sign in (-1, 1))
    return _combine(left, right, culprit)


def is_linear(
    output: Node, at: Mapping[str, Coordinate], slopes: Mapping[str, float], trials: int = 4
) -> bool:
    """Return whether no directional derivative contradicts a gradient of these ``slopes``.

    A function such as x·y/√(x² + y²), 0 at the origin, has partials there but no gradient.
    Directions that lead out of the domain, or in which no limit is found, tell nothing.
    """
    here = _value(output, at)
    if isinstance(here, Trouble):
        return True
    random = Random(0)  # noqa: S311  (the same directions each time, no secret)
    for _ in range(trials):
        direction = {name: random.choice((-3, -2, -1, 1, 2, 3)) for name in slopes}
        expected = sum(step * slopes[name] for name, step in direction.items())
        size = sum(abs(step * slopes[name]) for name, step in direction.items())
        for sign in (-1, 1):
            found = _approach(output, at, direction, sign, here)
            if found.state in (State.OUTSIDE, State.UNKNOWN):
                continue
            if found.number is None or abs(found.number - expected) > 1e-13 * size:
                return False
    return True


def _undefined(
    output: Node, at: Mapping[str, Coordinate], index: Index, reason: str, deadline: float
) -> Difficulty:
    """Tell a pole, as long as there is time, from what is merely outside the domain."""
    for name, sign in product(dict.fromkeys(index or at), (-1, 1)):
        values: list[arb] = []
        for place, _ in _places(output, at, {name: 1}, sign):
            value = _value(output, place) if now() < deadline else None
            if not isinstance(value, arb):
                break
            values.append(value)
        if len(values) == len(STEPS) and limit(values).state is State.INFINITE:
            return Difficulty(Kind.POLE, reason)
    return Difficulty(Kind.UNDEFINED, reason)


def _combine(left: Side, right: Side, culprit: str) -> Difficulty:
    states = {left.state, right.state}
    found = Difficulty(Kind.UNDETERMINED, culprit, left=left.number, right=right.number)
    if states & {State.JUMP, State.POLE}:
        return replace(found, kind=Kind.JUMP if State.JUMP in states else Kind.POLE)
    if State.UNKNOWN in states:
        return found
    if states == {State.OUTSIDE}:
        return replace(found, kind=Kind.UNDEFINED, reason=f"an isolated point: {culprit}")
    if State.OUTSIDE in states:
        side: Literal["left", "right"] = "left" if right.state is State.OUTSIDE else "right"
        inside = left if side == "left" else right
        if inside.state is State.INFINITE:
            return replace(found, kind=Kind.VERTICAL, side=side)
        return replace(found, kind=Kind.ENDPOINT, value=inside.number, side=side)
    if states == {State.FINITE}:
        if left.agrees(right):
            return replace(found, kind=Kind.DIFFERENTIABLE, value=right.number)
        return replace(found, kind=Kind.KINK)
    return replace(found, kind=Kind.VERTICAL if left.number == right.number else Kind.KINK)


def _approach(
    output: Node,
    at: Mapping[str, Coordinate],
    direction: Mapping[str, int],
    sign: int,
    here: arb,
    deadline: float = inf,
) -> Side:
    """Follow the difference quotients towards the point from one side."""
    rises, slopes = [], []
    for place, step in _places(output, at, direction, sign):
        if now() > deadline:
            return Side(State.UNKNOWN)
        value = _value(output, place)
        if isinstance(value, Trouble):
            return Side(State.OUTSIDE if isinstance(value, Undefined) else State.UNKNOWN)
        with working(BITS[-1]):
            rises.append(value - here)
            slopes.append((value - here) / step)
    rise = limit(rises)
    if rise.state is State.INFINITE:
        return Side(State.POLE)
    if rise.state is State.FINITE and rise.number != 0:
        return Side(State.JUMP)
    slope = limit(slopes)
    return slope if rise.state is State.FINITE or slope.state is State.INFINITE else rise


def _slide(
    output: Node,
    at: Mapping[str, Coordinate],
    index: Index,
    sign: int,
    lower: float,
    deadline: float,
) -> Side:
    """Follow the derivative itself from one side, where the next lower one arrives at ``lower``.

    By the mean value theorem its limit is then the one-sided derivative of the lower one.
    """
    lowers, derivatives = [], []
    for place, _ in _places(output, at, {index[-1]: 1}, sign):
        wanted = [index[:-1], index]
        found = partials(output, place, wanted, digits=400, max_bits=BITS[-1], deadline=deadline)
        balls = [found[part].ball for part in wanted]
        if balls[0] is None or balls[1] is None:
            outside = found[index].outcome is Outcome.UNDEFINED
            return Side(State.OUTSIDE if outside else State.UNKNOWN)
        lowers.append(balls[0])
        derivatives.append(balls[1])
    arrives = limit(lowers)
    if arrives.state is not State.FINITE:
        return Side(State.UNKNOWN)
    if not isclose(float(arrives.limit), lower, rel_tol=1e-15):
        return Side(State.JUMP)
    return limit(derivatives)


def _places(
    output: Node, at: Mapping[str, Coordinate], direction: Mapping[str, int], sign: int
) -> Iterator[tuple[dict[str, Coordinate], fmpq]]:
    """Yield the points of evaluation on one side, and the signed step to each."""
    exact = {name: x if isinstance(x, Node) else number(Fraction(x)) for name, x in at.items()}
    scale = min(max(_exponent(exact[name]) for name in direction), _room(output, at))
    for part in STEPS:
        step = sign * part * Fraction(2) ** scale
        moved = {name: node("add", exact[name], number(step * d)) for name, d in direction.items()}
        yield {**exact, **moved}, fmpq(step.numerator, step.denominator)


def _room(output: Node, at: Mapping[str, Coordinate]) -> int:
    """Return the exponent of what the nearest kink's margin is, of those that aren't at the point.

    A step must not change it by as much.
    """
    margins = [margin for each in postorder([output]) for margin in margins_of(each)]
    walk = Walk(node("add", number(1), *margins), at)
    found = dict(zip(walk.nodes, walk.numbers(BITS[0]), strict=True))
    terms = (found[each] for each in margins)
    sizes = [abs(arb(term)) for term in terms if isinstance(term, fmpq | arb)]
    return max(min((_exponent_of(size) for size in sizes if size > 0), default=FAR), -NEAREST)


def _exponent(place: Node) -> int:
    return _exponent_of(constant_value(place, 64))


def _exponent_of(size: arb) -> int:
    mantissa, exponent = (int(part) for part in size.mid().man_exp())
    return mantissa.bit_length() + exponent if mantissa else 0


def _value(output: Node, at: Mapping[str, Coordinate]) -> arb | Trouble:
    """Return the value at a point, by conditions that are proved there."""
    walk = Walk(output, at)
    for bits in BITS:
        found = walk.value(bits)
        if isinstance(found, fmpq):
            with working(bits):
                return arb(found)
        if isinstance(found, arb | Undefined):
            return found
    return found if isinstance(found, Trouble) else Undefined("a condition, not a number")
