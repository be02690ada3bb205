"""Round numbers: where an axis has its ticks, and the levels of contours.

Ticks are at multiples of π where the range ends at them. There are as many levels in a valley as
on the slopes around it.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor, log, log10, pi
from typing import Any

import numpy as np
from matplotlib.axis import Axis
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator
from numpy.typing import NDArray

PI_STEPS = (*(Fraction(1, parts) for parts in (12, 10, 8, 6, 5, 4, 3, 2, 1)), Fraction(2))
MOST_TICKS = 9
ROUND = (1, 2, 2.5, 5, 10)
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
    step = _pi_step(ends)
    if step is None:
        axis.set_major_locator(MaxNLocator(nbins=most, steps=ROUND))
        return
    first, last = (x / pi / step for x in ends)
    ticks: NDArray[Any] = np.arange(ceil(first - 1e-9), floor(last + 1e-9) + 1) * float(step) * pi
    axis.set_major_locator(FixedLocator(ticks.tolist()))
    axis.set_major_formatter(FuncFormatter(lambda x, _: _pi_label(x)))


def _pi_step(x_range: tuple[float, float]) -> Fraction | None:
    turns = [x / pi for x in x_range]
    parts = [Fraction(turn).limit_denominator(12) for turn in turns]
    if any(abs(part - turn) > 1e-12 for part, turn in zip(parts, turns, strict=True)):
        return None
    steps = [step for step in PI_STEPS if (parts[1] - parts[0]) / step < MOST_TICKS]
    even = (step for step in steps if all((part / step).denominator == 1 for part in parts))
    return next(even, steps[0] if steps else None)


def _pi_label(x: float) -> str:
    part = Fraction(x / pi).limit_denominator(12)
    if part == 0:
        return "$0$"
    sign, top = "-" if part < 0 else "", abs(part.numerator)
    over = "" if part.denominator == 1 else f"/{part.denominator}"
    return rf"${sign}{'' if top == 1 else top}\pi{over}$"


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
