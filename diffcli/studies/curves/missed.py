"""Features that the samples of a line miss: bumps narrower than a cell, missing points."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from math import isnan

import numpy as np

from diffcli.studies.curves.breaks import Floats, simplest

ROUNDS = 24
"""How often a cell is halved in search of a bump."""
MOST_BUMP_CELLS = 8_000
"""Cells that are looked at in one round: more, and the bounds say too little."""

RESOLVED = 2.0**-48
"""The narrowest cell, as a part of the range."""
APART = 1e-4
"""How far from a break, as a part of the range, a point is looked for."""
MOST_HOLE_CELLS = 40
"""Cells that aren't proved smooth: more, and nothing can be proved of the function."""

Ranges = Callable[[Floats, Floats], tuple[Floats, Floats]]
"""Ends of intervals (n,) → bounds of a function over them (n,), infinite where there are none."""


def bumps(
    ranges: Ranges, value: Callable[[Floats], Floats], x: Floats, row: Floats, least: float
) -> Floats:
    """Return points where a function lies more than ``least`` from the chords of its samples.

    ``row`` are its values at ``x``, nan where it breaks. A cell whose bounds keep to its chord
    has no such point; any other is halved and looked at again. Cells that are next to a break are
    left out.
    """
    known = np.isfinite(row)
    inner = np.nonzero(known[:-1] & known[1:])[0]
    low, high = x[inner], x[inner + 1]
    points = [np.empty(0)]
    for _ in range(ROUNDS):
        if not 0 < low.size <= MOST_BUMP_CELLS:
            break
        bottom, top = ranges(low, high)
        ends = np.interp(low, x, row), np.interp(high, x, row)
        rises = (top > np.maximum(*ends) + least) | (bottom < np.minimum(*ends) - least)
        low, high = low[rises], high[rises]
        middle = (low + high) / 2
        away = np.abs(value(middle) - np.interp(middle, x, row)) > least
        points.append(middle[away])
        # Where a bump is found the line is refined anyway.
        cell = np.searchsorted(x, middle)
        left = ~np.isin(cell, cell[away])
        low = np.concatenate([low[left], middle[left]])
        high = np.concatenate([middle[left], high[left]])
    return np.unique(np.concatenate(points))


def missing(
    smooth: Callable[[float, float], bool],
    value: Callable[[float], float],
    low: float,
    high: float,
    breaks: Iterable[tuple[float, float]],
) -> list[float]:
    """Return the points between ``low`` and ``high`` that are away from breaks and have no value.

    A line would go on but for such a point: sin(x)/x at 0.

    Cells that ``smooth`` doesn't prove to be so are halved down to points, and ``value`` decides.
    """
    span = high - low
    ends = sorted(chain([low, high], *breaks))
    pairs = zip(ends[::2], ends[1::2], strict=True)
    apart = [(first + APART * span, last - APART * span) for first, last in pairs]
    cells = [(first, last) for first, last in apart if first < last]
    while any(last - first > RESOLVED * span for first, last in cells):
        halves = [
            half
            for first, last in cells
            for half in ((first, (first + last) / 2), ((first + last) / 2, last))
        ]
        cells = [cell for cell in halves if not smooth(*cell)]
        if len(cells) > MOST_HOLE_CELLS:
            return []
    return sorted({point for cell in cells if isnan(value(point := simplest(*cell)))})
