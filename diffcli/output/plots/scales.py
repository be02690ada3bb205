"""Round numbers for matplotlib: where an axis has its ticks, and the levels of contours.

There are as many levels in a valley as on the slopes around it.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, floor, log, log10

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator
from numpy.typing import NDArray

from diffcli.output.plots.ticks import ROUND, pi_label, pi_ticks

TICKS_AN_INCH = 1.6
COUNT = 14
"""Levels of contours."""
EVEN = 2.5
"""Values whose median lies lower than by this power of the height, or higher, are uneven."""
STEEPEST = 3.0
TAILS = (0.005, 0.995)
"""What lies beyond these quantiles is a pole's, or nearly: it is drawn as the outermost level."""
OUTSIDE = 3.0
"""How many times as high as the rest it must be for that."""


def set_ticks(axis: Axis, ends: tuple[float, float], most: int = 10) -> None:
    """Put the ticks at round numbers, or at multiples of π where the range ends at them."""
    ticks = pi_ticks(ends)
    if ticks is None:
        axis.set_major_locator(MaxNLocator(nbins=most, steps=ROUND))
        return
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_major_formatter(FuncFormatter(lambda x, _: f"${pi_label(x)}$"))


def ticks_across(figure: Figure, axes: Axes, most: int) -> int:
    """Return how many ticks, 2 or more, have room along an x axis; its ends must be set."""
    width, height = figure.get_size_inches()
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    room = width
    if axes.get_aspect() == 1:
        room = min(width, height * (right - left) / (top - bottom))
    return min(max(int(room * TICKS_AN_INCH), 2), most)


def levels_of(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return increasing levels that cover the values; at least two, whatever the values are."""
    known = values[np.isfinite(values)]
    if not known.size:
        return np.array([0.0, 1.0])
    low, high = _bulk(known)
    if high - low <= 1e-12 * max(abs(low), abs(high), 1e-300):
        return np.array([low - 1.0, low + 1.0]) if abs(low) < 1e12 else np.array([0.9, 1.1]) * low
    share = (float(np.median(known)) - low) / (high - low)
    # x^power is the share half way.
    power = min(log(max(min(share, 1 - share), 1e-9)) / log(0.5), STEEPEST)
    if power < EVEN:
        return np.asarray(MaxNLocator(nbins=COUNT, steps=ROUND).tick_values(low, high))
    steps = np.linspace(0, 1, COUNT) ** power
    raw = low + (high - low) * (steps if share < 0.5 else 1 - steps[::-1])
    ways: list[Callable[[float], int]] = [floor, *[round] * (COUNT - 2), ceil]
    return np.unique([_rounded(*each) for each in zip(raw, np.gradient(raw), ways, strict=True)])


def _bulk(known: NDArray[np.float64]) -> tuple[float, float]:
    low, high = float(known.min()), float(known.max())
    first, last = (float(each) for each in np.quantile(known, TAILS))
    height = last - first
    return (
        first if first - low > OUTSIDE * height else low,
        last if high - last > OUTSIDE * height else high,
    )


def _rounded(level: float, gap: float, way: Callable[[float], int]) -> float:
    """Return a level rounded to 1, 2 or 5 at a digit, by less than half the gap around it."""
    unit = 10.0 ** floor(log10(gap / 2))
    step = max(factor * unit for factor in (1, 2, 5) if factor * unit <= gap / 2)
    return float(f"{way(level / step) * step:.12g}")
