"""Where a difference is 0 at a point of the box: Taylor expansions decide its sign around there.

In one variable d(x) = d⁽ᵐ⁾(ξ)(x − p)ᵐ/m! where all lower derivatives are exactly 0 at p. In several
a convex function whose slopes at p lead nowhere down is at least d(p).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from flint import arb, arb_series

from diffcli.engines.balls.signs import Coordinate, proved_sign
from diffcli.engines.boxes.arb import ends_of, interval_ball
from diffcli.engines.boxes.arithmetic import Array, Interval
from diffcli.engines.boxes.definite import semidefinite
from diffcli.engines.boxes.jets import Pairs
from diffcli.engines.boxes.lower import Lower
from diffcli.engines.enclosure import constant_value
from diffcli.engines.exact import as_constant
from diffcli.errors import DiffcliError
from diffcli.language.builder import Builder
from diffcli.language.derivative import differentiate
from diffcli.language.expression import Node, node
from diffcli.studies.critical.wide import Wide

MAX_ORDER = 12
"""Greatest order of contact that is looked for."""
BITS = 128
HALVINGS = 40


@dataclass(frozen=True)
class Contact:
    """A point where a difference is exactly 0, and a box around it where it isn't negative.

    ``falls`` is a side on which it is negative next to the point, in one variable: −1 or 1.
    """

    point: Mapping[str, Coordinate]
    box: Interval | None
    falls: int = 0


def derivative(formula: Node, name: str, order: int = 1) -> Node | None:
    """Return a derivative as a formula; None where there is no closed one."""
    try:
        return differentiate(formula, name, Builder(), order)
    except DiffcliError:
        return None


def contact(lower: Lower, point: Mapping[str, Coordinate]) -> Contact | None:
    """Return what is proved around a point where the formula is exactly 0; None if it isn't."""
    if not lower.region.holds(point) or proved_sign(lower.formula, point) != 0:
        return None
    ends = [_ends(coordinate) for coordinate in point.values()]
    if len(point) == 1:
        return _along_a_line(lower, point, ends[0])
    return _convex(lower, point, ends)


def _ends(coordinate: Coordinate) -> tuple[float, float]:
    if isinstance(coordinate, Node):
        return ends_of(constant_value(coordinate, BITS))
    return float(coordinate), float(coordinate)


def _along_a_line(
    lower: Lower, point: Mapping[str, Coordinate], ends: tuple[float, float]
) -> Contact | None:
    ((name, _),) = point.items()
    formula, region = lower.formula, lower.region
    order, sign = 0, 0
    slope: Node | None = formula
    while sign == 0 and slope is not None and order < MAX_ORDER:
        slope, order = derivative(slope, name), order + 1
        known = None if slope is None else proved_sign(slope, point)
        if known is None:
            return Contact(point, None)
        sign = known
    if sign == 0:
        return Contact(point, None)
    low, high = float(region.low.lo[0, 0]), float(region.high.hi[0, 0])
    first, last = region.ranges[name]
    coordinate = point[name]
    on_left = not (coordinate is first or proved_sign_of_gap(coordinate, first) == 0)
    on_right = not (coordinate is last or proved_sign_of_gap(coordinate, last) == 0)
    left_sign = sign if order % 2 == 0 else -sign
    if (on_left and left_sign < 0) or (on_right and sign < 0):
        return Contact(point, None, falls=-1 if on_left and left_sign < 0 else 1)
    span = high - low if np.isfinite(high - low) else max(1.0, abs(ends[0]))
    walk = Wide(formula, {name: arb(0)})
    for step in range(1, HALVINGS):
        reach = span * 2.0**-step
        bottom = max(low, ends[0] - reach) if on_left else ends[0]
        top = min(high, ends[1] + reach) if on_right else ends[1]
        walk.move({name: interval_ball(bottom, top)})
        series = walk.series({name: 1}, order, BITS)
        if isinstance(series, arb_series) and series[order] * sign > 0:
            return Contact(point, Interval(np.array([[bottom]]), np.array([[top]])))
    return Contact(point, None)


def _convex(
    lower: Lower, point: Mapping[str, Coordinate], ends: Sequence[tuple[float, float]]
) -> Contact:
    """Return a box on which the formula is convex, with no way down from the point."""
    region = lower.region
    for name, coordinate in point.items():
        slope = derivative(lower.formula, name)
        sign = None if slope is None else proved_sign(slope, point)
        first, last = region.ranges[name]
        at_low = coordinate is first or proved_sign_of_gap(coordinate, first) == 0
        at_high = coordinate is last or proved_sign_of_gap(coordinate, last) == 0
        fits = sign == 0 or (sign == 1 and at_low) or (sign == -1 and at_high)
        if not fits:
            return Contact(point, None)
    low, high = region.low.lo[:, 0], region.high.hi[:, 0]
    spans = np.where(np.isfinite(high - low), high - low, 1.0)
    pairs = Pairs(len(ends), 2)
    bottom = np.array([end[0] for end in ends])
    top = np.array([end[1] for end in ends])
    for step in range(1, HALVINGS):
        box = _box(bottom - spans * 2.0**-step, top + spans * 2.0**-step, low, high)
        with np.errstate(all="ignore"):
            jet = lower.bounds.jet(box.lo, box.hi, 2)
            if jet.domain[0] < 1:
                continue
            if jet.hessian is None or semidefinite(jet.hessian, pairs).all():
                return Contact(point, box)
    return Contact(point, None)


def _box(bottom: Array, top: Array, low: Array, high: Array) -> Interval:
    return Interval(np.maximum(bottom, low)[:, None], np.minimum(top, high)[:, None])


def proved_sign_of_gap(coordinate: Coordinate, end: Node) -> int | None:
    """Return the sign of a coordinate minus an end, where it is proved."""
    here = as_constant(coordinate)
    try:
        return proved_sign(node("add", here, node("neg", end)), {})
    except DiffcliError:
        return None
