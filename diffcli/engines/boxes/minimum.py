"""The least value of a formula over a region, between two bounds, and points next to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diffcli.engines.boxes.arithmetic import Array, Interval
from diffcli.engines.boxes.lower import Lower
from diffcli.engines.boxes.search import (
    BATCH,
    Effort,
    Frontier,
    first_step,
    next_step,
    worst,
)
from diffcli.language.expression import Node
from diffcli.language.functions import TABLE

MOST_POINTS = 64
"""Points of a minimum that are told apart."""
SAME = 1e-6
"""Points nearer than this part of the region are one."""
POLISH_EVERY = 4
AT_POLE = 2.0**-26
"""Width, as a part of the region, at which a box without a bound isn't cut further."""
FAR = 2.0**40
"""An endless box that begins here isn't cut further."""
NOISE = 2.0**-40
"""Part of the region by which a coordinate of an extremum may be moved to 0."""
MOST_BOXES = 400_000
"""Boxes that are kept at once."""


@dataclass(frozen=True)
class Minimum:
    """Bounds of the least value, and points whose values are next to it.

    ``is_defined`` says that the formula has a value everywhere; None where that isn't decided.
    ``is_attained`` says that some point is proved to have the least value.
    """

    low: float
    high: float
    points: tuple[tuple[float, ...], ...]
    is_defined: bool | None
    is_settled: bool
    is_attained: bool
    places: Interval


def least(lower: Lower, tolerance: float, effort: Effort) -> Minimum:
    """Return the least value to a relative tolerance, or as near as the effort allows."""
    found, front = first_step(lower, effort)
    best, point = np.inf, front.box.lo[:, 0]
    best, point = _best(found.upper, found.points, best, point)
    defined: bool | None = True
    rounds = 0
    settled = False
    while True:
        if rounds % POLISH_EVERY == 0 and np.isfinite(best):
            best, point = _polished(lower, point, best)
        # Where the formula certainly has no value, it has no least one.
        kept = (front.lower <= best) & (front.domain >= 0)
        effort.close(front.test[~kept])
        if (front.domain[~kept] < 1).any():
            defined = None
        front = front.kept(kept)
        goal = best - tolerance * max(abs(best), tolerance)
        waiting = front.lower < goal
        if not waiting.any():
            settled = True
            break
        if effort.is_over or front.count > MOST_BOXES:
            break
        if rounds % POLISH_EVERY == 0 and _is_at_poles(lower, front):
            break
        done, todo = front.kept(~waiting), front.kept(waiting)
        chosen, rest = worst(todo, BATCH // 2)
        (found, halves), can = next_step(lower, chosen, effort)
        if not can.any():
            break
        front = done.joined(rest).joined(chosen.kept(~can)).joined(halves)
        best, point = _best(found.upper, found.points, best, point)
        rounds += 1
        if rounds > 20_000:
            break
    if (front.domain < 1).any():
        defined = None
    low = float(front.lower.min()) if front.count else best
    points = _points(lower, front, best, tolerance, point) if settled else (tuple(point.tolist()),)
    attained = min(low, best) == best < np.inf or _is_attained(lower, front)
    return Minimum(min(low, best), best, points, defined, settled, attained, front.box)


def _is_attained(lower: Lower, front: Frontier) -> bool:
    """Whether the formula is continuous on the boxes that may hold the least value, all bounded.

    Then it is attained, by the theorem of Weierstrass. A formula is Lipschitz where its slopes are
    bounded, and one without jumps is continuous wherever it has a value.
    """
    ends = np.isfinite(front.box.lo) & np.isfinite(front.box.hi)
    if not front.count or not ends.all() or (front.domain < 1).any():
        return False
    if not any(map(_jumps, lower.bounds.nodes)):
        return True
    with np.errstate(all="ignore"):
        gradient = lower.bounds.jet(front.box.lo, front.box.hi, 1).gradient
    return gradient is None or bool(np.isfinite([gradient.lo, gradient.hi]).all())


def _jumps(each: Node) -> bool:
    return each.op == "piecewise" or (each.op in TABLE and bool(TABLE[each.op].jumps))


def _is_at_poles(lower: Lower, front: Frontier) -> bool:
    """Whether boxes are left without a bound, all very narrow or far: more cuts bound nothing."""
    endless = front.lower == -np.inf
    span = np.minimum(lower.region.high.hi - lower.region.low.lo, 1e300)
    far = (front.box.lo > FAR) | (front.box.hi < -FAR)
    with np.errstate(invalid="ignore"):
        narrow = (front.box.hi - front.box.lo <= AT_POLE * span) & np.isfinite(span)
    narrow = np.asarray((narrow | far).all(axis=0))
    return bool(endless.any() and narrow[endless].all())


def _best(upper: Array, points: Array, best: float, point: Array) -> tuple[float, Array]:
    position = int(np.argmin(upper)) if upper.size else 0
    if upper.size and upper[position] < best:
        return float(upper[position]), points[:, position]
    return best, point


def _polished(lower: Lower, point: Array, best: float) -> tuple[float, Array]:
    """Return a better point where Newton's method leads to one."""
    column = point[:, None]
    region = lower.region
    inside = Interval(np.maximum(region.low.lo, -1e300), np.minimum(region.high.hi, 1e300))
    from diffcli.engines.boxes.jets import Pairs

    with np.errstate(all="ignore"):
        moved = lower.descended(inside, column, Pairs(len(point), 2))
    value = float(lower.value_at(moved)[0])
    return (value, moved[:, 0]) if value < best else (best, point)


def _points(
    lower: Lower, front: Frontier, best: float, tolerance: float, point: Array
) -> tuple[tuple[float, ...], ...]:
    """Return the points in the last boxes that come within the tolerance of the least value."""
    from diffcli.engines.boxes.jets import Pairs

    order = np.argsort(front.lower, kind="stable")[: 8 * MOST_POINTS]
    box = Interval(front.box.lo[:, order], front.box.hi[:, order])
    pairs = Pairs(box.lo.shape[0], 2)
    with np.errstate(all="ignore"):
        middles = lower.descended(box, lower.region.middles(box), pairs)
    spans = np.minimum(lower.region.high.hi - lower.region.low.lo, 1e6)
    middles = np.where(np.abs(middles) <= NOISE * spans, np.clip(0.0, box.lo, box.hi), middles)
    near = lower.value_at(middles) <= best + 2 * tolerance * max(abs(best), tolerance)
    points: list[Array] = [point]
    for column in np.flatnonzero(near):
        coordinates = middles[:, column]
        if all((np.abs(coordinates - other) > SAME * spans[:, 0]).any() for other in points):
            points.append(coordinates)
        if len(points) > MOST_POINTS:
            break
    return tuple(tuple(point.tolist()) for point in points)
