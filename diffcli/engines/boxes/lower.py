"""Lower bounds of a formula over boxes: by its range, by mean values, by growth, by convexity.

Where a partial derivative has one sign the least value lies on a face, which takes the box's
place. The mean-value form is Moore's ("Interval Analysis", 1966); a convex function lies above its
tangents, so that a box around a minimum is closed at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from diffcli.engines.boxes.arithmetic import (
    Array,
    Interval,
    Mask,
    add,
    exactly,
    mul,
    sub,
)
from diffcli.engines.boxes.bounds import Bounds
from diffcli.engines.boxes.definite import semidefinite
from diffcli.engines.boxes.jets import Jet, Pairs
from diffcli.engines.boxes.region import Region
from diffcli.engines.boxes.rules import Domain
from diffcli.language.expression import Node

NEWTON_STEPS = 3
Codes = NDArray[np.int8]


class Test(IntEnum):
    """What gave the bound of a box."""

    RANGE = 0
    MEAN_VALUE = 1
    GROWTH = 2
    CONVEXITY = 3


@dataclass(frozen=True)
class Bounded:
    """Boxes that hold the least values of some boxes, and what is known of these.

    ``upper`` bounds the value at ``points``, which are inside; it is ∞ where that isn't defined.
    ``steep`` says in which variable to cut.
    """

    box: Interval
    lower: Array
    test: Codes
    domain: Domain
    points: Array
    upper: Array
    steep: Array


class Lower:
    """Lower bounds of one formula over boxes within a region."""

    def __init__(self, formula: Node, region: Region, *, is_defined: bool = False) -> None:
        """``is_defined`` says that the formula is proved to have a value in all of the region."""
        self.formula, self.region, self.is_defined = formula, region, is_defined
        self.bounds = Bounds([formula], region.names)
        self.size = len(self.bounds.nodes)

    def over(self, box: Interval, *, curved: bool) -> Bounded:
        """Bound the formula from below over boxes; ``curved`` tries convexity too."""
        with np.errstate(all="ignore"):
            return self._over(box, curved=curved)

    def _over(self, box: Interval, *, curved: bool) -> Bounded:
        domain = np.ones(box.lo.shape[1], np.int8)
        lower = np.full(box.lo.shape[1], -np.inf)
        test: Codes = np.zeros(box.lo.shape[1], np.int8)
        grown = np.zeros(box.lo.shape[1], bool)
        jet = self._jet(box, 1)
        domain = jet.domain
        for _ in range(3):
            lower, test = _better(lower, jet.value.lo, test, grown * Test.GROWTH)
            reduced = self._reduced(box, jet)
            if reduced is None:
                break
            box, moved = reduced
            grown |= moved
            jet = self._jet(box, 1)
        lower, test = _better(lower, jet.value.lo, test, grown * Test.GROWTH)
        points = self.region.middles(box)
        here = self.bounds.jet(points, points)
        gradient = _gradient(jet, box)
        reach = Interval(
            sub(box, Interval(points, points)).lo, sub(box, Interval(points, points)).hi
        )
        change = mul(gradient, reach)
        sure = jet.domain > 0
        slanted = np.where(sure & (here.domain > 0), _total(here.value, change).lo, -np.inf)
        lower, test = _better(lower, slanted, test, Test.MEAN_VALUE)
        upper = self._upper(points, here)
        if curved:
            lower, test, points, upper = self._curved(box, sure, lower, test, points, upper)
        width = np.where(np.isfinite(box.hi - box.lo), box.hi - box.lo, 1e300)
        slope = np.minimum(np.maximum(-gradient.lo, gradient.hi), 1e300)
        return Bounded(box, lower, test, domain, points, upper, width * (slope + 1e-12))

    def _upper(self, points: Array, here: Jet) -> Array:
        """Return bounds of the least value by that at points; ∞ where a point may be outside."""
        usable = (here.domain > 0) & self.region.contains(points)
        return np.where(usable, here.value.hi, np.inf)

    def value_at(self, points: Array) -> Array:
        """Return bounds of the least value by that at points, ∞ where they give none."""
        with np.errstate(all="ignore"):
            return self._upper(points, self.bounds.jet(points, points))

    def _jet(self, box: Interval, order: int) -> Jet:
        jet = self.bounds.jet(box.lo, box.hi, order)
        return replace(jet, domain=np.ones_like(jet.domain)) if self.is_defined else jet

    def _reduced(self, box: Interval, jet: Jet) -> tuple[Interval, Mask] | None:
        """Return the faces where the least values lie, and whose boxes are smaller for it."""
        if jet.gradient is None:
            return None
        sure = jet.domain > 0
        first, last = self.region.face(box)
        rises, falls = sure & (jet.gradient.lo >= 0), sure & (jet.gradient.hi <= 0)
        # Beyond all floats there is no face on which a least value could be attained.
        rises, falls = rises & np.isfinite(box.lo), falls & ~rises & np.isfinite(box.hi)
        small = Interval(np.where(falls, last.lo, box.lo), np.where(rises, first.hi, box.hi))
        moved = np.asarray(((small.lo > box.lo) | (small.hi < box.hi)).any(axis=0))
        return (small, moved) if moved.any() else None

    def _curved(
        self,
        box: Interval,
        sure: Mask,
        lower: Array,
        test: Codes,
        points: Array,
        upper: Array,
    ) -> tuple[Array, Codes, Array, Array]:
        """Return better bounds where the formula is convex: by a tangent next to the minimum."""
        pairs = Pairs(box.lo.shape[0], 2)
        jet = self._jet(box, 2)
        sure = sure & (jet.domain > 0)
        free = box.lo < box.hi
        if jet.hessian is None:
            convex = sure
        else:
            rows = len(pairs.places[0])
            hessian = Interval(
                np.broadcast_to(jet.hessian.lo, (rows, sure.size)),
                np.broadcast_to(jet.hessian.hi, (rows, sure.size)),
            )
            convex = sure & semidefinite(hessian, pairs, free)
        convex &= np.isfinite(box.lo).all(axis=0) & np.isfinite(box.hi).all(axis=0)
        chosen = np.flatnonzero(convex)
        if not chosen.size:
            return lower, test, points, upper
        inner = Interval(box.lo[:, chosen], box.hi[:, chosen])
        bounds = self.descended(inner, points[:, chosen], pairs)
        here = self.bounds.jet(bounds, bounds, 1)
        gradient = _gradient(here, inner)
        change = mul(gradient, sub(inner, Interval(bounds, bounds)))
        tangent = np.where(here.domain > 0, _total(here.value, change).lo, -np.inf)
        lower, test = lower.copy(), test.copy()
        lower[chosen], test[chosen] = _better(lower[chosen], tangent, test[chosen], Test.CONVEXITY)
        value = self._upper(bounds, here)
        better = value < upper[chosen]
        points, upper = points.copy(), upper.copy()
        upper[chosen] = np.where(better, value, upper[chosen])
        points[:, chosen] = np.where(better, bounds, points[:, chosen])
        return lower, test, points, upper

    def descended(self, box: Interval, points: Array, pairs: Pairs) -> Array:
        """Return points nearer to the least values in boxes, by Newton's method in floats."""
        inside = Interval(
            np.maximum(box.lo, self.region.low.hi), np.minimum(box.hi, self.region.high.lo)
        )
        first, second = pairs.places
        size = pairs.count
        for _ in range(NEWTON_STEPS):
            jet = self.bounds.jet(points, points, 2)
            if jet.gradient is None:
                break
            slope = np.nan_to_num(0.5 * (jet.gradient.lo + jet.gradient.hi))
            slope = np.broadcast_to(slope, points.shape)
            matrices = np.zeros((points.shape[1], size, size))
            if jet.hessian is not None:
                middle = np.nan_to_num(0.5 * (jet.hessian.lo + jet.hessian.hi))
                middle = np.broadcast_to(middle, (len(first), points.shape[1]))
                for row, (i, j) in enumerate(zip(first, second, strict=True)):
                    matrices[:, i, j] = matrices[:, j, i] = middle[row]
            # At an end that the slope leads out of, the others move alone.
            stuck = ((points <= inside.lo) & (slope > 0)) | ((points >= inside.hi) & (slope < 0))
            stuck |= box.lo >= box.hi
            for i in range(size):
                matrices[stuck[i], i, :] = 0.0
                matrices[stuck[i], :, i] = 0.0
                matrices[stuck[i], i, i] = 1.0
            scale = np.abs(matrices).max(axis=(1, 2), initial=1e-300)
            matrices += 1e-13 * scale[:, None, None] * np.eye(size)
            right = np.where(stuck, 0.0, slope).T[:, :, None]
            try:
                step = np.linalg.solve(matrices, right)[:, :, 0].T
            except np.linalg.LinAlgError:
                break
            moved = np.clip(points - np.nan_to_num(step), inside.lo, inside.hi)
            points = np.clip(moved, box.lo, box.hi)
        return points


def _better(
    lower: Array, other: Array, test: Codes, by: Array | Codes | int
) -> tuple[Array, Codes]:
    """Return the greater lower bounds, and which test gave them."""
    other = np.where(np.isnan(other), -np.inf, other)
    return np.maximum(lower, other), np.where(other > lower, by, test).astype(np.int8)


def _gradient(jet: Jet, box: Interval) -> Interval:
    if jet.gradient is None:
        return exactly(0.0, box.lo)
    return Interval(
        np.broadcast_to(jet.gradient.lo, box.lo.shape),
        np.broadcast_to(jet.gradient.hi, box.lo.shape),
    )


def _total(value: Interval, changes: Interval) -> Interval:
    for row in range(changes.lo.shape[0]):
        value = add(value, Interval(changes.lo[row], changes.hi[row]))
    return value
