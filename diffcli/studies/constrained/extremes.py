"""The least and the greatest value over a box, or where constraints hold in it, and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import inf, isfinite
from typing import cast

import numpy as np
from flint import arb

from diffcli.clock import now
from diffcli.engines.boxes.arb import ends_of, interval_ball
from diffcli.engines.boxes.arithmetic import Interval, neg
from diffcli.engines.boxes.bounds import Bounds
from diffcli.engines.boxes.jets import Jet
from diffcli.engines.boxes.region import Region
from diffcli.engines.boxes.search import Effort
from diffcli.engines.enclosure import constant_value
from diffcli.language.expression import Node, postorder
from diffcli.language.function import Function
from diffcli.language.functions import TABLE
from diffcli.language.parser import parse
from diffcli.language.printer import text_of
from diffcli.studies.bounds.ranges import Extremum, range_of
from diffcli.studies.constrained.points import value_over
from diffcli.studies.constrained.problem import Problem
from diffcli.studies.constrained.search import Extrema
from diffcli.studies.critical.notable_points import NotablePoint, Tag, as_float
from diffcli.studies.critical.systems import FINE_BITS

TOLERANCE = 1e-8
WORK = 2e8
"""Nodes times boxes that the bounds of an unconstrained function may take."""
MOST_CORNERS = 64


@dataclass(frozen=True)
class Attained:
    """A point at which an extreme value is attained, or next to which it is (not ``is_proved``).

    ``exact`` are its coordinates as text where they are known.
    """

    at: Mapping[str, float]
    exact: Mapping[str, str] | None
    is_proved: bool = True


@dataclass(frozen=True)
class Extreme:
    """The least or the greatest value between two bounds, and where it is attained.

    ``exact`` is the value as text, where the points are proved to hold the extremum; ``is_taken``
    is False where the function may only come near to it.
    """

    low: float
    high: float
    points: tuple[Attained, ...]
    exact: str | None = None
    is_taken: bool = True

    @property
    def is_settled(self) -> bool:
        """Whether the bounds are next to each other."""
        return self.high - self.low <= 1e-6 * max(1e-6, abs(self.low))


@dataclass(frozen=True)
class Extremes:
    """Both extreme values; None where nothing is known, as of an unbounded function."""

    minimum: Extreme | None
    maximum: Extreme | None


def constrained_extremes(problem: Problem, found: Extrema) -> Extremes:
    """Return the extreme values where constraints hold, the box's ends being among them."""
    left = _values_left(problem, found.left)
    return Extremes(_least(found, left, 1), _least(found, left, -1))


@dataclass(frozen=True)
class _Left:
    """Bounds of f over the boxes that are left, and at points of them that are proved feasible."""

    over: Interval
    at: Interval


def _values_left(problem: Problem, box: Interval) -> _Left:
    names, size = problem.variables, len(problem.variables)
    if not box.lo.size:
        none = np.empty(0)
        return _Left(Interval(none, none), Interval(none, none))
    over = Bounds(problem.outputs, names).jet(box.lo, box.hi).value
    sides = [constraint.side for constraint in problem.constraints]
    bounds = Bounds([problem.outputs[0], *sides], names)
    chosen = [np.array(each)[:, None] for each in product((False, True), repeat=min(size, 6))]
    chosen = [np.resize(each, (size, 1)) for each in chosen]
    corners = np.concatenate([np.where(each, box.hi, box.lo) for each in chosen], axis=1)
    value, *others = cast(list[Jet], bounds.over(corners, corners))
    feasible = value.domain > 0
    for jet, each in zip(others, problem.constraints, strict=True):
        feasible &= jet.domain > 0
        if each.sense >= 0:
            feasible &= jet.value.hi <= 0
        if each.sense <= 0:
            feasible &= jet.value.lo >= 0
    return _Left(over, Interval(value.value.lo[feasible], value.value.hi[feasible]))


def _least(found: Extrema, left: _Left, sense: int) -> Extreme | None:
    """Return the extreme value among points and boxes left; the greatest for a sense of −1."""
    values = [_signed(ends_of(point.value), sense) for point in found.points]
    feasible = [point.point.tag is not Tag.NUMERIC for point in found.points]
    over, at = (each if sense > 0 else neg(each) for each in (left.over, left.at))
    open_low = float(over.lo.min(initial=inf))
    high = min((top for (_, top), sure in zip(values, feasible, strict=True) if sure), default=inf)
    high = min(high, float(at.hi.min(initial=inf)))
    low = min([open_low, *(bottom for bottom, _ in values), high])
    if not (isfinite(low) and isfinite(high)):
        return None
    near = [
        each.point
        for each, (bottom, _), sure in zip(found.points, values, feasible, strict=True)
        if sure and bottom <= high
    ]
    exact = {each.exact_value for each in near}
    is_proved = open_low > high and all(feasible) and len(exact) == 1
    points = tuple(Attained(each.at, each.exact) for each in near)
    return _turned(Extreme(low, high, points, exact.pop() if is_proved else None), sense)


def _signed(ends: tuple[float, float], sense: int) -> tuple[float, float]:
    return ends if sense > 0 else (-ends[1], -ends[0])


def _turned(extreme: Extreme, sense: int) -> Extreme:
    low, high = _signed((extreme.low, extreme.high), sense)
    return replace(extreme, low=low, high=high)


def extremes(
    function: Function,
    ranges: Mapping[str, tuple[Node, Node]],
    points: Sequence[NotablePoint],
    budget: float,
) -> Extremes:
    """Return the extreme values over a box, attained at notable points, at ends or next to floats.

    ``points`` are those at which an extremum may lie: critical ones, and kinks.
    """
    (output,) = function.outputs
    effort = Effort(WORK, now() + budget)
    found = range_of("f", output, Region(ranges), TOLERANCE, effort)
    candidates = [*_corners(output, ranges), *(_candidate(output, point) for point in points)]
    is_continuous = found.is_defined is True and not _may_jump(output)
    return Extremes(
        _attained(found.minimum, _best(candidates, 1), function.variables, is_continuous),
        _attained(found.maximum, _best(candidates, -1), function.variables, is_continuous),
    )


def _may_jump(formula: Node) -> bool:
    return any(
        term.op == "piecewise" or (term.op in TABLE and TABLE[term.op].jumps)
        for term in postorder([formula])
    )


def _corners(
    output: Node, ranges: Mapping[str, tuple[Node, Node]]
) -> list[tuple[Attained, arb | None]]:
    found: list[tuple[Attained, arb | None]] = []
    for _, nodes in zip(range(MOST_CORNERS), product(*ranges.values()), strict=False):
        at = [constant_value(node, FINE_BITS) for node in nodes]
        places = dict(zip(ranges, map(as_float, at), strict=True))
        exact = dict(zip(ranges, map(text_of, nodes), strict=True))
        found.append((Attained(places, exact), value_over(output, tuple(ranges), at)))
    return found


def _candidate(output: Node, point: NotablePoint) -> tuple[Attained, arb | None]:
    names = tuple(point.at)
    if point.exact:
        at = [constant_value(parse(point.exact[name]).outputs[0], FINE_BITS) for name in names]
    elif point.bounds:
        at = [arb(point.bounds[name][0]).union(arb(point.bounds[name][1])) for name in names]
    else:
        return Attained(point.at, None, is_proved=False), None
    return Attained(point.at, point.exact), value_over(output, names, at)


def _best(
    candidates: Sequence[tuple[Attained, arb | None]], sense: int
) -> list[tuple[Attained, arb | None]]:
    """Return the candidates of which none is proved to be better, the greatest for a sense of −1.

    The bounds of an extremum are too wide to tell its points from those that miss it by a little.
    """
    values = [value for _, value in candidates if value is not None]

    def is_worse(value: arb) -> bool:
        # No arithmetic, which would round the balls.
        return any(other < value if sense > 0 else other > value for other in values)

    return [(point, value) for point, value in candidates if value is None or not is_worse(value)]


def _attained(
    found: Extremum,
    candidates: Sequence[tuple[Attained, arb | None]],
    names: Sequence[str],
    is_continuous: bool,
) -> Extreme | None:
    if found.is_unbounded or abs(found.low) == inf or abs(found.high) == inf:
        return None
    between = interval_ball(found.low, found.high)
    taken = [point for point, value in candidates if value is not None and value in between]
    apart: dict[tuple[float, ...], Attained] = {}
    for point in taken:
        apart.setdefault(tuple(point.at.values()), point)
    points = tuple(apart.values())
    is_taken = is_continuous or bool(points)
    if not points and found.is_settled:
        near = (dict(zip(names, each, strict=True)) for each in found.points)
        points = tuple(Attained(each, None, is_proved=False) for each in near)
    return Extreme(found.low, found.high, points, is_taken=is_taken)
