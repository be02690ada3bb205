"""Where a line would go on, but for a point: sin(x)/x at 0."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from math import isnan

from diffcli.studies.curves.breaks import simplest

RESOLVED = 2.0**-48
"""The narrowest cell, as a part of the range."""
APART = 1e-4
"""How far from a break, as a part of the range, a point is looked for."""
MOST_CELLS = 40
"""Cells that aren't proved smooth: more, and nothing can be proved of the function."""


def missing(
    smooth: Callable[[float, float], bool],
    value: Callable[[float], float],
    low: float,
    high: float,
    breaks: Iterable[tuple[float, float]],
) -> list[float]:
    """Return the points between ``low`` and ``high`` that are away from breaks and have no value.

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
        if len(cells) > MOST_CELLS:
            return []
    return sorted({at for cell in cells if isnan(value(at := simplest(*cell)))})
