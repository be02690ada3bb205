"""What is proved of a limit, and where nothing is, the numbers next to the point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from flint import arb

from diffcli.clock import now, until
from diffcli.engines.balls.guards import OutOfTime
from diffcli.engines.enclosure import constant_value, partial
from diffcli.engines.one_sided.limits import Approach, Approaches, Behaviour, Limits
from diffcli.language.expression import Node, node, number
from diffcli.studies.limit.place import Place

NEAR = (10, 20, 40)
"""Powers of 2 of the distances at which numbers are looked at where nothing is proved."""
ALIKE = 1e-4
"""How far the last two may lie apart, relatively, to be called an estimate."""
NUMBERS_BUDGET = 0.5
"""Seconds for these numbers."""


class Verdict(Enum):
    """What is known of a limit."""

    PROVED = "proved"
    NONE = "does_not_exist"
    UNDEFINED = "undefined"
    UNVERIFIED = "unverified"


@dataclass(frozen=True)
class LimitResult:
    """A limit at a place: the verdict, what is proved on each side, the limit where there is one.

    ``read`` are the same with more terms of their expansions. ``estimates`` has for a side where
    nothing is proved the number that the function seems to near.
    """

    output: Node
    place: Place
    approaches: Approaches
    read: Approaches
    verdict: Verdict
    estimates: Mapping[int, float | None]

    @property
    def limit(self) -> Approach | None:
        """The side that has the limit, if there is one."""
        return self.approaches.inside[0] if self.verdict is Verdict.PROVED else None

    @property
    def one_sided(self) -> Approach | None:
        """The only side that lies in the domain, where both were asked for."""
        inside = self.approaches.inside
        return inside[0] if len(inside) < len(self.approaches.sides) and inside else None

    @property
    def is_removable(self) -> bool:
        """Whether the function has a finite limit from both sides where it has no value."""
        return (
            self.limit is not None
            and self.limit.behaviour is Behaviour.FINITE
            and self.approaches.gap is not None
            and len(self.approaches.inside) == 2
        )


def find(output: Node, place: Place, budget: float, digits: int) -> LimitResult:
    """Find the limit at a place, in so many seconds. Raises PointError for a point of no number."""
    for value in (*place.fixed.values(), *(() if place.infinite else (place.point,))):
        constant_value(value, 64)
    at = {**place.fixed, place.name: place.point}
    with until(now() + budget):
        limits = Limits(output, at, place.name, place.infinite)
        found = limits.approaches(place.sides, digits)
        try:
            read = limits.expanded(place.sides)
        except OutOfTime:
            read = found
    verdict = _verdict(found)
    unknown = [side.side for side in found.sides if not side.is_known]
    estimates = {side: _estimate(output, place, side) for side in unknown}
    return LimitResult(output, place, found, read, verdict, estimates)


def _verdict(found: Approaches) -> Verdict:
    if found.is_one is None:
        return Verdict.UNVERIFIED
    if not found.inside:
        return Verdict.UNDEFINED
    return Verdict.PROVED if found.is_one else Verdict.NONE


def _estimate(output: Node, place: Place, side: int) -> float | None:
    """Return the number that the function seems to near, which proves nothing."""
    numbers = []
    deadline = now() + NUMBERS_BUDGET
    for power in NEAR:
        step = number(side * Fraction(2) ** -power)
        there = number(place.infinite * 2**power)
        at = there if place.infinite else node("add", place.point, step)
        ball = partial(output, {**place.fixed, place.name: at}, (), deadline=deadline).ball
        if ball is None or float(arb(ball).rad()) > ALIKE * max(1.0, abs(float(arb(ball).mid()))):
            return None
        numbers.append(float(arb(ball).mid()))
    *_, near, nearest = numbers
    return nearest if abs(nearest - near) <= ALIKE * max(1.0, abs(nearest)) else None
