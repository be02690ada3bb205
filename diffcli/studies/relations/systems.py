"""Two equations in two variables: every root in some boxes, each proved to be alone in a region.

A box that Krawczyk's operator maps into its own inside has one root (Krawczyk, "Newton-Algorithmen
zur Bestimmung von Nullstellen mit Fehlerschranken", Computing 4, 1969); one that it maps beside
itself has none; any other is cut down or in four. All boxes are looked at together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np

from diffcli.engines.boxes.arithmetic import Array, Interval, Mask, add, mul, neg, sub
from diffcli.engines.boxes.bounds import Bounds
from diffcli.engines.boxes.jets import Jet
from diffcli.language.expression import Node
from diffcli.studies.relations.bounding import picked

ROUNDS = 30
"""Rounds of cutting."""
MOST_BOXES = 4000
"""Boxes that are looked at in one round: more are left undecided."""
WIDER = 0.1
"""How much wider a box is looked at, so that a root on its edge is inside of something."""
TINY = 2.0**-8
"""The width at which a box is left undecided, as a part of its first one."""
SAME = 2.0**-30
"""How near two roots are one, as a part of a first box."""


@dataclass(frozen=True)
class Roots:
    """Points (2, n), near each of which there is one root, and boxes (2, m) that are undecided."""

    points: Array
    undecided: Interval


def solve(equations: Sequence[Node], names: tuple[str, str], boxes: Interval) -> Roots:
    """Return the roots of two equations in some boxes (2, n)."""
    system = Bounds(equations, names)
    first = (boxes.hi - boxes.lo).max(axis=1, keepdims=True) if boxes.lo.size else np.ones((2, 1))
    left, solutions = boxes, list[Array]()
    for _ in range(ROUNDS):
        if not 0 < left.lo.shape[1] <= MOST_BOXES:
            break
        margin = WIDER * (left.hi - left.lo)
        wide = Interval(left.lo - margin, left.hi + margin)
        image, none = _mapped(system, wide)
        inside = ~none & ((image.lo > wide.lo) & (image.hi < wide.hi)).all(axis=0)
        solutions += list(_refined(system, picked(image, inside)).T)
        low, high = np.maximum(image.lo, left.lo), np.minimum(image.hi, left.hi)
        open_ = ~none & ~inside & (low <= high).all(axis=0)
        left = Interval(low[:, open_], high[:, open_])
        wide_enough = ((left.hi - left.lo) > TINY * first).any(axis=0)
        if not np.any(wide_enough):
            break
        left = _cut(left, np.asarray(wide_enough))
    return Roots(_distinct(solutions, SAME * first), left)


def _mapped(system: Bounds, boxes: Interval) -> tuple[Interval, Mask]:
    """Return Krawczyk's operator of boxes, and which boxes have no root.

    Where it isn't known the image is the whole plane.
    """
    with np.errstate(all="ignore"):
        jets = [cast(Jet, jet) for jet in system.over(*boxes, order=1)]
        none = np.logical_or.reduce(
            [(jet.value.lo > 0) | (jet.value.hi < 0) | (jet.domain < 0) for jet in jets]
        )
        middle = boxes.lo + (boxes.hi - boxes.lo) / 2
        here = [cast(Jet, jet).value for jet in system.over(middle, middle)]
        slopes = [[_row(jet, axis, middle) for axis in (0, 1)] for jet in jets]
        (a, b), (c, d) = [[(slope.lo + slope.hi) / 2 for slope in row] for row in slopes]
        determinant = a * d - b * c
        inverse = [[d / determinant, -b / determinant], [-c / determinant, a / determinant]]
        offset = sub(boxes, Interval(middle, middle))
        image = [_image(inverse[i], slopes, here, middle, offset, i) for i in (0, 1)]
        low, high = (np.array([interval[end] for interval in image]) for end in (0, 1))
    known = np.logical_and.reduce([jet.domain > 0 for jet in jets])
    known = known & np.isfinite(low).all(axis=0) & np.isfinite(high).all(axis=0)
    image_known = Interval(np.where(known, low, -np.inf), np.where(known, high, np.inf))
    beside = ((image_known.lo > boxes.hi) | (image_known.hi < boxes.lo)).any(axis=0)
    return image_known, none | beside


def _image(
    inverse: Sequence[Array],
    slopes: Sequence[Sequence[Interval]],
    here: Sequence[Interval],
    middle: Array,
    offset: Interval,
    row: int,
) -> Interval:
    """Return a coordinate of m − Y·F(m) + (1 − Y·J)·(X − m)."""
    factors = [Interval(number, number) for number in inverse]
    total = Interval(middle[row], middle[row])
    for factor, value in zip(factors, here, strict=True):
        total = add(total, neg(mul(factor, value)))
    for column in (0, 1):
        unit = Interval(*(np.full_like(middle[0], float(row == column)),) * 2)
        for factor, slope in zip(factors, slopes, strict=True):
            unit = sub(unit, mul(factor, slope[column]))
        total = add(total, mul(unit, Interval(offset.lo[column], offset.hi[column])))
    return total


def _row(jet: Jet, axis: int, like: Array) -> Interval:
    if jet.gradient is None:
        zero = np.zeros_like(like[0])
        return Interval(zero, zero)
    return Interval(jet.gradient.lo[axis], jet.gradient.hi[axis])


def _refined(system: Bounds, boxes: Interval) -> Array:
    """Return points of boxes that have one root each, as near to it as floats come."""
    for _ in range(8):
        image, _ = _mapped(system, boxes)
        low, high = np.maximum(image.lo, boxes.lo), np.minimum(image.hi, boxes.hi)
        kept = low <= high
        boxes = Interval(np.where(kept, low, boxes.lo), np.where(kept, high, boxes.hi))
    return np.asarray((boxes.lo + boxes.hi) / 2)


def _cut(boxes: Interval, which: Mask) -> Interval:
    """Return boxes, some of which are cut in two across their longer side."""
    low, high = boxes
    side = np.argmax(high - low, axis=0)
    columns = np.nonzero(which)[0]
    middle = (low + high) / 2
    first, last = high.copy(), low.copy()
    first[side[columns], columns] = middle[side[columns], columns]
    last[side[columns], columns] = middle[side[columns], columns]
    return Interval(
        np.concatenate([low, last[:, columns]], axis=1),
        np.concatenate([first, high[:, columns]], axis=1),
    )


def _distinct(points: Sequence[Array], near: Array) -> Array:
    """Return points (2, n), those that are nearly the same as one."""
    kept: list[Array] = []
    for point in points:
        if not any((np.abs(point - other) <= near[:, 0]).all() for other in kept):
            kept.append(point)
    return np.array(kept).reshape(-1, 2).T
