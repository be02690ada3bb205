"""Claims of one variable next to infinity, and next to points that no cut box decides.

Where the stretch next to one of these is settled as a whole, what is left is a bounded range.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from math import isfinite

from diffcli.engines.balls.guards import Undefined
from diffcli.engines.balls.signs import Coordinate, proved_sign
from diffcli.engines.boxes.region import Region
from diffcli.errors import DiffcliError
from diffcli.language.expression import Node, node, number
from diffcli.studies.prove.exactness import simple_points, truth_at
from diffcli.studies.prove.question import Question
from diffcli.studies.prove.tails import End, Tail, resolved
from diffcli.studies.prove.touching import proved_sign_of_gap

MOST_HULLS = 4
MOST_TRIED = 2
"""Points of a hull on both sides of which the claim is looked at."""
FALLING = (1, 2, 8, 64, 2**10, 2**20)
"""Multiples of a junction at which a negative formula is looked for."""


@dataclass(frozen=True)
class Core:
    """The bounded part of a range, on whose outside a formula is positive, or isn't negative.

    ``negative`` are points of a stretch on which it is proved to be negative.
    """

    region: Region | None
    negative: tuple[float, ...] = ()


def core_of(formula: Node, region: Region, *, strict: bool) -> Core | None:
    """Return the part of an endless range that is left to decide; None where an end isn't known."""
    (name,) = region.names
    ends = list(region.ranges[name])
    floats = float(region.low.hi[0, 0]), float(region.high.lo[0, 0])
    for index, (side, other) in enumerate(((1, floats[1]), (-1, floats[0]))):
        if isfinite(floats[index]):
            continue
        tail = Tail(End(name, None, side))
        settled = _settled(tail, formula, other, strict=strict)
        if settled is None:
            return None
        junction, is_good = settled
        if not is_good:
            return Core(None, tuple(junction * factor for factor in FALLING))
        ends[index] = number(Fraction(junction))
    return Core(Region({name: (ends[0], ends[1])}))


def _settled(tail: Tail, formula: Node, other: float, *, strict: bool) -> tuple[float, bool] | None:
    """Return where a stretch ends, and whether what is claimed holds on it or never does."""
    for junction in tail.end.junctions(other):
        plain = resolved(formula, tail, junction)
        sign = tail.sign(plain, junction)
        if sign is None:
            continue
        is_good = sign > 0 or (sign == 0 and not strict)
        if not is_good or tail.is_smooth(plain, junction):
            return junction, is_good
    return None


def is_proved_beside(
    formula: Node, question: Question, region: Region, hulls: object, *, strict: bool
) -> bool:
    """Whether a formula is proved not to be negative on hulls of boxes, each about one point."""
    boxes = [box for (box,) in hulls] if isinstance(hulls, tuple) else []
    if not 0 < len(boxes) <= MOST_HULLS:
        return False
    return all(_is_hull_proved(formula, question, region, box, strict=strict) for box in boxes)


def _is_hull_proved(
    formula: Node,
    question: Question,
    region: Region,
    hull: tuple[float, float],
    *,
    strict: bool,
) -> bool:
    low, high = hull
    (name,) = region.names
    if not (isfinite(low) and isfinite(high)):
        return False
    candidates = simple_points(region, [0.5 * (low + high)], [low], [high])
    inside = (point for point in candidates if region.holds(point))
    holding = (point for point in inside if _holds_at(formula, question, point, strict=strict))
    for point in islice(holding, MOST_TRIED):
        where = point[name]
        exact = where if isinstance(where, Node) else number(Fraction(where))
        ends = _ends_beside(name, exact, region, hull)
        if all(_reaches(formula, end, other, strict=strict) for end, other in ends):
            return True
    return False


def _holds_at(
    formula: Node, question: Question, point: dict[str, Coordinate], *, strict: bool
) -> bool:
    """Whether the claim holds at a point, or is proved to be undefined there."""
    try:
        sign = proved_sign(formula, point)
    except DiffcliError:
        return False
    if sign is not None:
        return sign > 0 or (sign == 0 and not strict)
    question.look_undefined(point)
    truth = truth_at(node("ge", formula, number(0)), point)
    return isinstance(truth, Undefined) and question.undefined is not None


def _ends_beside(
    name: str, point: Node, region: Region, hull: tuple[float, float]
) -> Iterator[tuple[End, float]]:
    """Yield the stretches on both sides of a point, and what they have to reach."""
    first, last = region.ranges[name]
    if proved_sign_of_gap(point, first) != 0:
        yield End(name, point, -1), hull[0]
    if proved_sign_of_gap(point, last) != 0:
        yield End(name, point, 1), hull[1]


def _reaches(formula: Node, end: End, other: float, *, strict: bool) -> bool:
    tail = Tail(end)
    plain = resolved(formula, tail, other)
    sign = tail.sign(plain, other)
    is_good = sign is not None and (sign > 0 or (sign == 0 and not strict))
    return is_good and tail.is_smooth(plain, other)
