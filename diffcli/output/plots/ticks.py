"""Where an axis has its ticks: at round numbers, or at multiples of π."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor, pi
from typing import Any

import numpy as np
from matplotlib.axis import Axis
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator
from numpy.typing import NDArray

PI_STEPS = (*(Fraction(1, parts) for parts in (12, 10, 8, 6, 5, 4, 3, 2, 1)), Fraction(2))
MOST_TICKS = 9
ROUND = (1, 2, 2.5, 5, 10)


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
