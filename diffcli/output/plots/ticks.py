"""Round numbers on an axis: multiples of π where the range ends at them."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor, log10, pi

PI_STEPS = (*(Fraction(1, parts) for parts in (12, 10, 8, 6, 5, 4, 3, 2, 1)), Fraction(2))
MOST_TICKS = 9
ROUND = (1, 2, 2.5, 5, 10)
"""What a power of ten is multiplied by in a step between ticks."""
OFF = 1e-9
"""How far a tick may lie beyond the end of its axis, in steps."""


def ticks(ends: tuple[float, float], most: int) -> list[tuple[float, str]]:
    """Return at most so many round numbers of an axis, each with its label."""
    if (multiples := pi_ticks(ends)) is not None:
        return [(tick, pi_label(tick, "π").replace("-", "−")) for tick in multiples]
    step = _step((ends[1] - ends[0]) / most)
    first, last = ceil(ends[0] / step - OFF), floor(ends[1] / step + OFF)
    places = [float(f"{place * step:.12g}") for place in range(first, last + 1)]
    return [(tick, _number(tick)) for tick in places]


def _number(tick: float) -> str:
    return f"{tick:.12g}".replace("e+", "e").replace("-", "−")


def _step(rough: float) -> float:
    """Return the least round step that isn't smaller than another."""
    unit = 10.0 ** floor(log10(rough))
    return next(each * unit for each in ROUND if each * unit >= rough * (1 - OFF))


def pi_ticks(ends: tuple[float, float]) -> list[float] | None:
    """Return multiples of π, or None where the range doesn't end at such."""
    step = _pi_step(ends)
    if step is None:
        return None
    first, last = (x / pi / step for x in ends)
    places = range(ceil(first - OFF), floor(last + OFF) + 1)
    return [place * float(step) * pi for place in places]


def _pi_step(ends: tuple[float, float]) -> Fraction | None:
    turns = [x / pi for x in ends]
    parts = [Fraction(turn).limit_denominator(12) for turn in turns]
    if any(abs(part - turn) > 1e-12 for part, turn in zip(parts, turns, strict=True)):
        return None
    steps = [step for step in PI_STEPS if (parts[1] - parts[0]) / step < MOST_TICKS]
    even = (step for step in steps if all((part / step).denominator == 1 for part in parts))
    return next(even, steps[0] if steps else None)


def pi_label(x: float, written: str = r"\pi") -> str:
    """Return a multiple of π, which is written as is said."""
    part = Fraction(x / pi).limit_denominator(12)
    if part == 0:
        return "0"
    sign, top = "-" if part < 0 else "", abs(part.numerator)
    over = "" if part.denominator == 1 else f"/{part.denominator}"
    return f"{sign}{'' if top == 1 else top}{written}{over}"
