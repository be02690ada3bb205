"""Branch and bound over boxes, best first, thousands at a time.

The same question gives the same boxes on every machine: work is counted in nodes of the formula
times boxes, and time only cuts it off.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from math import inf
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from diffcli.clock import now
from diffcli.engines.boxes.arithmetic import Array, Interval, Mask
from diffcli.engines.boxes.lower import Bounded, Codes, Lower, Test
from diffcli.engines.boxes.region import Region
from diffcli.engines.boxes.rules import Domain

BATCH = 2048
"""Boxes that are bounded in one go."""
FIRST_BOXES = 64
"""Boxes that the region is cut into before the first bound, for speed."""
MOST_APART = 400
"""Boxes that are told apart by which of them touch; more are one cluster."""
CURVED_WORK = 1 << 14
"""Boxes times pairs of variables up to which convexity is tried in a round."""


@dataclass
class Frontier:
    """The boxes that are left, a column each; ``share`` is their part of the region.

    ``test`` is what gave their bounds.
    """

    box: Interval
    lower: Array
    test: Codes
    domain: Domain
    steep: Array
    depth: Array
    share: Array

    @property
    def count(self) -> int:
        """How many boxes there are."""
        return int(self.lower.size)

    def kept(self, mask: Mask | NDArray[np.int64]) -> Frontier:
        """Return some of the boxes."""
        return Frontier(
            Interval(self.box.lo[:, mask], self.box.hi[:, mask]),
            self.lower[mask],
            self.test[mask],
            self.domain[mask],
            self.steep[:, mask],
            self.depth[mask],
            self.share[mask],
        )

    def joined(self, other: Frontier) -> Frontier:
        """Return the boxes of both."""
        return Frontier(
            Interval(
                np.concatenate([self.box.lo, other.box.lo], axis=1),
                np.concatenate([self.box.hi, other.box.hi], axis=1),
            ),
            np.concatenate([self.lower, other.lower]),
            np.concatenate([self.test, other.test]),
            np.concatenate([self.domain, other.domain]),
            np.concatenate([self.steep, other.steep], axis=1),
            np.concatenate([self.depth, other.depth]),
            np.concatenate([self.share, other.share]),
        )


@dataclass
class Effort:
    """The boxes that were bounded, by which test each was closed, and how much is allowed.

    ``deadline`` is a reading of :func:`~diffcli.clock.now`, ``end`` one of the clock on the wall.
    """

    work_left: float
    deadline: float
    end: float = inf
    boxes: int = 0
    closed: Counter[str] = field(default_factory=Counter)

    @property
    def is_over(self) -> bool:
        """Whether the work or the time is used up."""
        return self.work_left <= 0 or now() > self.deadline or perf_counter() > self.end

    def close(self, tests: Codes) -> None:
        """Count boxes that were closed by some tests."""
        for test, count in zip(*np.unique(tests, return_counts=True), strict=True):
            self.closed[Test(int(test)).name.lower().replace("_", " ")] += int(count)


def first_boxes(box: Interval, count: int = FIRST_BOXES) -> Interval:
    """Return a box cut in equal parts, about as many as are asked for."""
    dimension = box.lo.shape[0]
    cuts = max(1, round(count ** (1 / dimension))) if dimension <= 6 else 1
    edges = []
    for low, high in zip(box.lo[:, 0], box.hi[:, 0], strict=True):
        if np.isfinite(high - low) and low < high:
            middle = low + (high - low) * (np.arange(1, cuts) / cuts)
            edges.append(np.unique(np.concatenate([[low], middle, [high]])))
        else:
            edges.append(np.array([low, high]))
    lows = np.meshgrid(*(edge[:-1] for edge in edges), indexing="ij")
    highs = np.meshgrid(*(edge[1:] for edge in edges), indexing="ij")
    return Interval(
        np.array([each.ravel() for each in lows]), np.array([each.ravel() for each in highs])
    )


def cut(lower: Lower, boxes: Frontier) -> tuple[Interval, Mask]:
    """Return both halves of each box, and which could be cut at all; by the steepest variable."""
    lo, hi = boxes.box
    middle = lower.region.middles(boxes.box)
    divisible = (middle > lo) & (middle < hi)
    score = np.where(divisible, boxes.steep, -1.0)
    # In turn, a wide variable is cut even where the slope in it seems small.
    widths = np.where(divisible, np.minimum(hi - lo, 1e300), -1.0)
    score = np.where((boxes.depth % 4 == 3)[None, :], widths, score)
    axis = np.argmax(score, axis=0)
    columns = np.arange(lo.shape[1])
    can = divisible[axis, columns]
    low_hi, high_lo = hi.copy(), lo.copy()
    low_hi[axis, columns] = np.where(can, middle[axis, columns], hi[axis, columns])
    high_lo[axis, columns] = np.where(can, middle[axis, columns], lo[axis, columns])
    halves = Interval(np.concatenate([lo, high_lo], axis=1), np.concatenate([low_hi, hi], axis=1))
    return halves, can


def bounded(lower: Lower, box: Interval, effort: Effort, *, curved: bool) -> Bounded:
    """Bound boxes from below, and count the work."""
    pairs, count = box.lo.shape
    effort.boxes += count
    effort.work_left -= count * lower.size * (1 + pairs * (1 + 0.5 * pairs * curved))
    return lower.over(box, curved=curved)


Step = tuple[Bounded, Frontier]
"""Bounds of some boxes, and the frontier that they are if all are kept."""


def first_step(lower: Lower, effort: Effort) -> Step:
    """Return the bounds of the boxes that the region is cut into first."""
    start = first_boxes(lower.region.start())
    bounds = bounded(lower, start, effort, curved=True)
    count = start.lo.shape[1]
    return bounds, _frontier(bounds, np.zeros(count, np.int64), np.full(count, 1.0 / count))


def next_step(lower: Lower, chosen: Frontier, effort: Effort) -> tuple[Step, Mask]:
    """Return the bounds of the halves of some boxes, and which boxes could be cut."""
    halves, can = cut(lower, chosen)
    both = np.concatenate([can, can])
    box = Interval(halves.lo[:, both], halves.hi[:, both])
    depth = np.tile(chosen.depth + 1, 2)[both]
    share = np.tile(0.5 * chosen.share, 2)[both]
    pairs = box.lo.shape[0] * (box.lo.shape[0] + 1) // 2
    curved = box.lo.shape[1] * pairs <= CURVED_WORK
    bounds = bounded(lower, box, effort, curved=curved)
    # A bound of the whole box holds for its halves.
    inherited = np.tile(chosen.lower, 2)[both]
    bounds = replace(bounds, lower=np.maximum(bounds.lower, inherited))
    return (bounds, _frontier(bounds, depth, share)), can


def _frontier(bounds: Bounded, depth: Array, share: Array) -> Frontier:
    return Frontier(
        bounds.box, bounds.lower, bounds.test, bounds.domain, bounds.steep, depth, share
    )


def worst(front: Frontier, count: int = BATCH) -> tuple[Frontier, Frontier]:
    """Return the boxes with the least bounds, and the others."""
    if front.count <= count:
        return front, front.kept(np.zeros(front.count, bool))
    order = np.argsort(front.lower, kind="stable")
    first, others = (np.sort(part).astype(np.int64) for part in (order[:count], order[count:]))
    return front.kept(first), front.kept(others)


def halved(box: Interval, share: Array, region: Region) -> tuple[Interval, Array]:
    """Return both halves of boxes, cut in the widest variable, and their shares."""
    middle = region.middles(box)
    span = np.where(np.isfinite(box.hi - box.lo), box.hi - box.lo, 1e300)
    inside = (middle > box.lo) & (middle < box.hi)
    axis = np.argmax(np.where(inside, span, -1.0), axis=0)
    columns = np.arange(share.size)
    can = inside[axis, columns]
    first, second = box.hi.copy(), box.lo.copy()
    first[axis, columns] = np.where(can, middle[axis, columns], first[axis, columns])
    second[axis, columns] = np.where(can, middle[axis, columns], second[axis, columns])
    kept = np.concatenate([np.ones(share.size, bool), can])
    lo = np.concatenate([box.lo, second], axis=1)[:, kept]
    hi = np.concatenate([np.where(can, first, box.hi), box.hi], axis=1)[:, kept]
    part = np.where(can, 0.5, 1.0) * share
    return Interval(lo, hi), np.concatenate([part, part])[kept]


def clusters(box: Interval) -> list[Interval]:
    """Return the hulls of boxes that touch, each as one column; the first ones first."""
    lo, hi = box
    count = lo.shape[1]
    if count > MOST_APART:
        return [Interval(lo.min(axis=1)[:, None], hi.max(axis=1)[:, None])]
    left = list(range(count))
    hulls = []
    while left:
        group = [left.pop(0)]
        low, high = lo[:, group[0]].copy(), hi[:, group[0]].copy()
        grown = True
        while grown:
            gap = 1e-9 * np.maximum(np.abs(low), np.abs(high)) + 1e-300
            near = [
                box
                for box in left
                if (lo[:, box] <= high + gap).all() and (hi[:, box] >= low - gap).all()
            ]
            grown = bool(near)
            for each in near:
                low, high = np.minimum(low, lo[:, each]), np.maximum(high, hi[:, each])
            left = [box for box in left if box not in near]
        hulls.append(Interval(low[:, None], high[:, None]))
    return hulls
