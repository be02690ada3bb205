"""The part of the plane that shows relations: all of a bounded curve, else what is near 0."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, log10

import numpy as np

from diffcli.engines.boxes.arithmetic import Array, Interval
from diffcli.language.function import Function
from diffcli.studies.curves.line import Range, periods
from diffcli.studies.relations.bounding import ComponentBounds, picked
from diffcli.studies.relations.components import Component

FAR = 1000.0
"""A curve that stays within this distance of both axes is taken for a bounded one."""
NEAR = (8.0, 5.0)
"""Half the sides of the plane that is shown of an endless curve."""
MOST_BOXES = 20_000
ROUNDS = 9
"""Quarterings of a box in search of what a curve covers; fewer where there are many boxes."""
MOST_ENCLOSED = 2_000
"""Values of functions that Arb encloses in one search, at most."""
PASSES = 3
"""Searches, each in what the last one has left."""
MARGIN = 0.08
"""Around what is shown, as a part of its longer side."""
BESIDE = 0.5
"""The same where a curve goes on beyond the bounded ones that are shown."""
TINY = 1e-3
"""A side that is less than this part of its distance from 0, or of 1, is that of a point."""

Ends = tuple[float, float]


def default_ranges(
    function: Function,
    curves: Sequence[Sequence[Component]],
    names: tuple[str, str],
    *,
    edges: bool = False,
) -> list[Range]:
    """Return the ranges of both variables that show the curves, each given by its components.

    Waves show a period, bounded curves all of themselves, with those around them that aren't, and
    others the part near 0. Of ``edges`` of regions those that go on beyond a region don't count.
    """
    waves = [periods(function, name, turns=1) for name in names]
    if waves[0] is not None and waves[1] is not None:
        return [waves[0], waves[1]]
    whole = ((-FAR, FAR), (-FAR, FAR))
    covers = [_cover(parts, whole) for parts in curves]
    bounded = [cover for cover in covers if cover is not None and _is_inside(cover, whole)]
    if bounded:
        has_endless = not edges and len(bounded) < sum(cover is not None for cover in covers)
        return _rounded(_around(bounded), margin=BESIDE if has_endless else MARGIN)
    near = ((-NEAR[0], NEAR[0]), (-NEAR[1], NEAR[1]))
    covers = [_cover(parts, near) for parts in curves]
    shown = [cover for cover in covers if cover is not None]
    return _rounded(_around(shown), near) if shown else _rounded(near, near)


def _cover(components: Sequence[Component], box: tuple[Ends, Ends]) -> tuple[Ends, Ends] | None:
    """Return a box outside of which components are proved to have no point; None: nowhere."""
    cover = box
    for _ in range(PASSES):
        covers = [
            _searched(ComponentBounds(component, MOST_ENCLOSED), cover) for component in components
        ]
        known = [cover for cover in covers if cover is not None]
        if not known:
            return None
        cover = _around(known)
    return cover


def _searched(bounds: ComponentBounds, box: tuple[Ends, Ends]) -> tuple[Ends, Ends] | None:
    boxes = Interval(*(np.array([[side[end]] for side in box]) for end in (0, 1)))
    for _ in range(ROUNDS):
        boxes = _quartered(boxes)
        boxes = picked(boxes, ~bounds.look(boxes).empty)
        count = boxes.lo.shape[1]
        if not count:
            return None
        if 4 * count > MOST_BOXES:
            break
    low, high = boxes.lo.min(axis=1), boxes.hi.max(axis=1)
    return (float(low[0]), float(high[0])), (float(low[1]), float(high[1]))


def _quartered(boxes: Interval) -> Interval:
    low, high = boxes
    middle = low + (high - low) / 2
    halves = [(low, middle), (middle, high)]

    def sides(end: int) -> Array:
        return np.concatenate(
            [np.array([x[end][0], y[end][1]]) for x in halves for y in halves], axis=1
        )

    return Interval(sides(0), sides(1))


def _is_inside(cover: tuple[Ends, Ends], box: tuple[Ends, Ends]) -> bool:
    return all(
        low > least and high < most for (low, high), (least, most) in zip(cover, box, strict=True)
    )


def _around(covers: Sequence[tuple[Ends, Ends]]) -> tuple[Ends, Ends]:
    x, y = (
        (min(low for low, _ in sides), max(high for _, high in sides))
        for sides in zip(*covers, strict=True)
    )
    return x, y


def _widened(cover: tuple[Ends, Ends]) -> tuple[Ends, Ends]:
    x, y = ((middle - 1, middle + 1) for middle in (round((a + b) / 2, 3) for a, b in cover))
    return x, y


def _rounded(
    cover: tuple[Ends, Ends], most: tuple[Ends, Ends] | None = None, margin: float = MARGIN
) -> list[Range]:
    """Return ranges of short numbers around a box, within ``most``."""
    longer = max(high - low for low, high in cover)
    if longer < TINY * max(1.0, *(abs(end) for ends in cover for end in ends)):
        cover = _widened(cover)
        longer = 2.0
    unit = 10.0 ** floor(log10(longer) - 1)
    ranges = []
    for index, (low, high) in enumerate(cover):
        first = floor((low - margin * longer) / unit) * unit
        last = ceil((high + margin * longer) / unit) * unit
        if most is not None:
            first, last = max(first, most[index][0]), min(last, most[index][1])
        ends = [f"{end:.12g}" for end in (first, last)]
        ranges.append(Range(float(ends[0]), float(ends[1]), ":".join(ends)))
    return ranges
