"""The part of the plane that a plot shows: the bulk of the values, whatever the poles do."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from diffcli.studies.curves.samples import Samples

OUTER_FENCE = 3.0
"""Values farther from the quartiles than this many interquartile ranges are far out (Tukey)."""
NEAR = 0.25
"""The same for a derivative with a pole, which is not to flatten its function."""
TALLER = 20.0
"""How many times taller than the function a derivative is shown whole, or as far away at all."""
HUGE = 1e100
"""A line that reaches this far has overflowed, or is about to."""


def visible_range(samples: Samples, orders: Sequence[int]) -> tuple[float, float]:
    """Return the range of y that shows the bulk of these orders' lines.

    A line is shown whole, one with a pole within its fences. A higher order widens the range of
    the lower ones; if it is far taller within its fences, if it has a pole little more than by its
    middle half.
    """
    low, high = np.inf, -np.inf
    for order in sorted(orders):
        base = low, high
        for output, row in enumerate(samples.values[:, order]):
            finite = row[np.isfinite(row)]
            unbounded = samples.has_pole(output, order)
            if finite.size == 0:
                continue
            # The value at a jump may lie on neither side of it.
            values = [break_.value for break_ in samples.breaks_of(output, order) if order == 0]
            finite = np.append(finite, [value for value in values if isfinite(value)])
            bottom, top = float(finite.min()), float(finite.max())
            higher = base[0] < base[1]
            taller = higher and top - bottom > TALLER * (base[1] - base[0])
            if unbounded or taller or max(-bottom, top) > HUGE:
                reach = NEAR if higher and unbounded else OUTER_FENCE
                first, third = fences(samples.x, row, reach)
                bottom, top = max(bottom, first), min(top, third)
            if higher and max(bottom - base[1], base[0] - top) > TALLER * (base[1] - base[0]):
                continue
            low, high = min(low, bottom), max(high, top)
    return widened(low, high)


def widened(low: float, high: float) -> tuple[float, float]:
    """Return a range that is not empty: around a constant line as far as the line is from 0."""
    if not low <= high:
        return -1.0, 1.0
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        reach = abs(low) or 1.0
        return low - reach, high + reach
    return low, high


def fences(
    x: NDArray[np.float64], row: NDArray[np.float64], reach: float = OUTER_FENCE
) -> tuple[float, float]:
    """Return what lies ``reach`` interquartile ranges beyond the quartiles of a line's values.

    Each value is weighted by its share of ``x``. A fence beyond the floats is infinite.
    """
    known = np.isfinite(row)
    widths = np.where(known[1:] & known[:-1], np.diff(x), 0.0)
    share = np.append(widths, 0.0) + np.append(0.0, widths)
    order = np.argsort(row[known])
    values, weights = row[known][order], share[known][order].cumsum()
    first, third = np.interp(np.array([0.25, 0.75]) * weights[-1], weights, values)
    beyond = reach * (float(third) - float(first))
    return float(first) - beyond, float(third) + beyond
