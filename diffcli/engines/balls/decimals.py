"""Numbers of Flint read as floats, decimals and fractions: rounded only where a whole ball is."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import (
    MAX_EMAX,
    MIN_EMIN,
    ROUND_CEILING,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    Context,
    Decimal,
)
from fractions import Fraction
from math import inf
from types import MappingProxyType

from flint import arb, fmpq

from diffcli.engines.balls.precision import working

FORMATS: Mapping[str, tuple[int, int, int]] = MappingProxyType(
    {"float64": (53, -1074, 1024), "float32": (24, -149, 128)}
)
"""IEEE 754 formats: bits of the significand, exponent of the least subnormal, of the overflow."""


def certain_float(ball: arb, significand: int, least: int, overflow: int) -> float | None:
    """Return the float to which every number of the ball rounds (half to even), or None."""
    if not ball.is_finite():
        return None
    with working(ball.bits() + 64, None):
        ends = ball.lower(), ball.upper()
    low, high = (_rounded(end, significand, least, overflow) for end in ends)
    return low if low == high else None


def _rounded(exact: arb, significand: int, least: int, overflow: int) -> float:
    mantissa, exponent = (int(part) for part in exact.man_exp())
    size = mantissa.bit_length() + exponent
    if mantissa == 0 or size < least:
        return 0.0
    if size > overflow:
        return inf if mantissa > 0 else -inf
    unit = max(size - significand, least)
    rounded = round(Fraction(mantissa) * Fraction(2) ** (exponent - unit))
    if rounded.bit_length() + unit > overflow:
        return inf if mantissa > 0 else -inf
    return float(rounded * Fraction(2) ** unit)


def certain_digits(ball: arb, count: int) -> str | None:
    """Return ``count`` significant digits to which every number of the ball rounds, or None."""
    context = _context(count)
    low, high = (
        context.plus(_decimals(ball, end, count + 10, rounding)) for end, rounding in _OUTWARD
    )
    return _text(low) if low == high else None


def outward(ball: arb, count: int = 20) -> tuple[str, str]:
    """Return decimals of ``count`` digits at most, one not above and one not below the ball.

    Beyond the exponents of decimals these are 0, the least or the greatest one, or Infinity.
    """
    low, high = (
        _text(_context(count, rounding).plus(_decimals(ball, end, count + 10, rounding)))
        for end, rounding in _OUTWARD
    )
    return low, high


def _context(digits: int, rounding: str = ROUND_HALF_EVEN) -> Context:
    # Balls go far beyond the exponents of Decimal's own context, and further.
    return Context(prec=digits, rounding=rounding, Emin=-_FARTHEST, Emax=_FARTHEST, traps=[])


_FARTHEST = 10**17
_OUTWARD = ((-1, ROUND_FLOOR), (1, ROUND_CEILING))


def _decimals(ball: arb, end: int, count: int, rounding: str) -> Decimal:
    middle, radius, exponent = (int(part) for part in ball.mid_rad_10exp(count))
    shift = max(-2 * _FARTHEST, min(exponent, 2 * _FARTHEST))
    return Decimal(middle + end * radius).scaleb(shift, _context(count + 20, rounding))


def _text(number: Decimal) -> str:
    if number == 0:
        return "0"
    digits = len(number.as_tuple().digits)
    plain = number.normalize(Context(prec=digits, Emin=MIN_EMIN, Emax=MAX_EMAX))
    return f"{plain:f}" if -6 <= plain.adjusted() < 21 else f"{plain:e}"


def flint_fraction(value: Fraction | float) -> fmpq:
    """Return a fraction, or the one that a float is, as Flint's."""
    return fmpq(*value.as_integer_ratio())


def python_fraction(value: fmpq | int) -> Fraction:
    """Return a fraction of Flint, or a whole number, as Python's."""
    return Fraction(int(value.numerator), int(value.denominator))
