"""Elementary functions on arrays of intervals, of nothing but operations that IEEE 754 defines.

numpy's own exp, sin and their like have no proven error, and differ between machines. Here each is
an argument reduction in two or three parts (Cody and Waite, "Software Manual for the Elementary
Functions", 1980), then a Taylor polynomial in Horner's scheme. Truncation is below 2^−56, the
rounding of the reduction and of Horner's scheme below 40 units of 2^−53 (Higham, "Accuracy and
Stability of Numerical Algorithms", 2nd ed., 5.1); the results are widened by ``SLACK``, 2^−46,
which is three times that of the longest composition here.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import factorial

import numpy as np

from diffcli.engines.boxes.arithmetic import (
    Array,
    Interval,
    Mask,
    down,
    neg,
    up,
)

SLACK = 2.0**-46
"""Relative error that every function is widened by."""
TURN_SLACK = 2.0**-49
"""Absolute error of a sine whose argument was reduced."""
MOST_TURN = 2.0**20
"""Greatest argument whose sine is computed: beyond it, [−1, 1]."""

_LOG2_HEAD, _LOG2_TAIL = 6.93147180369123816490e-01, 1.90821492927058770002e-10
"""ln 2 = head + tail + ε, |ε| < 2^−86; the head has 32 bits (fdlibm, e_exp.c)."""
_PIO2 = (1.57079632673412561417e00, 6.07710050630396597660e-11, 2.02226624879595063154e-21)
"""π/2 in three parts, the first two of 33 bits; the rest is below 2^−117 (fdlibm, e_rem_pio2.c)."""
HALF_PI_DOWN, HALF_PI_UP = 1.5707963267948966, float(np.nextafter(1.5707963267948966, 2))
"""π/2 = 1.57079632679489661923… lies between these two floats."""


def _series(x: Array, coefficients: list[Fraction]) -> Array:
    """Return a polynomial by Horner's scheme, the coefficients from degree 0 on."""
    total = np.full_like(x, float(coefficients[-1]))
    for coefficient in reversed(coefficients[:-1]):
        total = total * x + float(coefficient)
    return total


_EXP = [Fraction(1, factorial(k)) for k in range(15)]
_EXPM1 = [Fraction(1, factorial(k + 1)) for k in range(15)]
_ATANH = [Fraction(1, 2 * k + 1) for k in range(12)]
_ATAN = [Fraction((-1) ** k, 2 * k + 1) for k in range(15)]
_SIN = [Fraction((-1) ** k, factorial(2 * k + 1)) for k in range(10)]
_COS = [Fraction((-1) ** k, factorial(2 * k)) for k in range(11)]
_ATAN_HALF = 0.46364760900080611621
"""atan(1/2)."""


def exp_at(x: Array, doublings: int = 0) -> Array:
    """Return e^x, times a power of 2."""
    inside = np.clip(x, -800.0, 800.0)
    k = np.rint(inside * 1.4426950408889634)
    r = (inside - k * _LOG2_HEAD) - k * _LOG2_TAIL
    return np.ldexp(_series(r, _EXP), k.astype(np.int32) + doublings)


def expm1_at(x: Array) -> Array:
    """Return e^x − 1."""
    near = np.abs(x) < 0.35
    small = np.where(near, x, 0.0)
    return np.where(near, small * _series(small, _EXPM1), exp_at(x) - 1.0)


def log_at(x: Array) -> Array:
    """Return the natural logarithm of x ≥ 0."""
    usable = (x > 0) & np.isfinite(x)
    m, k = np.frexp(np.where(usable, x, 1.0))
    low = m < 0.7071067811865476
    m, k = np.where(low, 2.0 * m, m), np.where(low, k - 1, k).astype(np.float64)
    s = (m - 1.0) / (m + 1.0)
    logarithm = k * _LOG2_HEAD + (k * _LOG2_TAIL + 2.0 * s * _series(s * s, _ATANH))
    return np.where(usable, logarithm, np.where(x > 0, np.inf, -np.inf))


def log1p_at(x: Array) -> Array:
    """Return log(1 + x) of x ≥ −1."""
    near = np.abs(x) < 0.17
    s = np.where(near, x / (2.0 + np.where(near, x, 0.0)), 0.0)
    return np.where(near, 2.0 * s * _series(s * s, _ATANH), log_at(1.0 + x))


def _reduced(x: Array) -> tuple[Array, Array]:
    """Return x − kπ/2 and k, for |x| ≤ MOST_TURN."""
    k = np.rint(x * 0.6366197723675814)
    return ((x - k * _PIO2[0]) - k * _PIO2[1]) - k * _PIO2[2], k


def _sine(r: Array) -> Array:
    return r * _series(r * r, _SIN)


def _cosine(r: Array) -> Array:
    return _series(r * r, _COS)


def sin_cos_at(x: Array) -> tuple[Array, Array, Array]:
    """Return sin(x), cos(x) and an absolute error of both beyond SLACK, for |x| ≤ MOST_TURN."""
    r, k = _reduced(x)
    quadrant = np.mod(k, 4.0)
    s, c = _sine(r), _cosine(r)
    odd = (quadrant == 1) | (quadrant == 3)
    sine, cosine = np.where(odd, c, s), np.where(odd, s, c)
    error = np.where(k == 0, 0.0, TURN_SLACK)
    return (
        np.where(quadrant >= 2, -sine, sine),
        np.where((quadrant == 1) | (quadrant == 2), -cosine, cosine),
        error,
    )


def atan_at(x: Array) -> Array:
    """Return the inverse tangent."""
    size = np.abs(x)
    large = size > 1.0
    t = np.where(large, 1.0 / np.where(large, size, 1.0), size)
    middle, top = (t >= 0.25) & (t < 0.75), t >= 0.75
    reduced = np.where(middle, (t - 0.5) / (1.0 + 0.5 * t), np.where(top, (t - 1) / (t + 1), t))
    base = np.where(middle, _ATAN_HALF, np.where(top, 0.5 * HALF_PI_DOWN, 0.0))
    angle = base + reduced * _series(reduced * reduced, _ATAN)
    return np.copysign(np.where(large, HALF_PI_DOWN - angle, angle), x)


def _asin_at(x: Array) -> Array:
    return atan_at(x / np.sqrt((1.0 - x) * (1.0 + x)))


def _acos_at(x: Array) -> Array:
    return 2.0 * atan_at(np.sqrt((1.0 - x) / (1.0 + x)))


def _sinh_at(x: Array) -> Array:
    size = np.abs(x)
    e = expm1_at(size)
    near = 0.5 * (e + e / (e + 1.0))
    return np.copysign(np.where(size > 30.0, exp_at(size, -1), near), x)


def _cosh_at(x: Array) -> Array:
    size = np.abs(x)
    large = size > 30.0
    e = exp_at(np.where(large, 0.0, size))
    return np.where(large, exp_at(size, -1), 0.5 * (e + 1.0 / e))


def _tanh_at(x: Array) -> Array:
    size = np.abs(x)
    e = expm1_at(2.0 * np.minimum(size, 30.0))
    return np.copysign(np.where(size > 30.0, 1.0, e / (e + 2.0)), x)


def _asinh_at(x: Array) -> Array:
    size = np.minimum(np.abs(x), 1e150)
    square = size * size
    near = log1p_at(size + square / (1.0 + np.sqrt(1.0 + square)))
    far = log_at(np.abs(x)) + 0.6931471805599453
    return np.copysign(np.where(np.abs(x) > 1e9, far, near), x)


def _acosh_at(x: Array) -> Array:
    t = np.minimum(x, 1e150) - 1.0
    near = log1p_at(t + np.sqrt(t * (t + 2.0)))
    return np.where(x > 1e9, log_at(x) + 0.6931471805599453, near)


def _atanh_at(x: Array) -> Array:
    size = np.abs(x)
    return np.copysign(0.5 * log1p_at(2.0 * size / (1.0 - size)), x)


Point = Callable[[Array], Array]


def widened(y: Array, sense: int, extra: Array | float = 0.0) -> Array:
    """Return a bound of what was computed as y, below it or above."""
    error = np.abs(y) * SLACK + extra
    return up(y + error) if sense > 0 else down(y - error)


def rising(
    point: Point,
    exact: tuple[float, float],
    domain: tuple[float, float] = (-np.inf, np.inf),
    bounds: tuple[float, float] = (-np.inf, np.inf),
) -> Callable[[Interval], Interval]:
    """Return the rule of a function that never falls, cut to its domain.

    ``exact`` is a point and the value there, which no rounding widens.
    """

    def end(x: Array, sense: int) -> Array:
        inside = np.clip(x, *domain)
        bound = widened(point(inside), sense)
        bound = np.where(inside == exact[0], exact[1], bound)
        bound = np.where(np.isnan(bound), np.inf * sense, bound)
        return np.clip(bound, *bounds)

    return lambda x: Interval(end(x.lo, -1), end(x.hi, 1))


exp = rising(exp_at, (0.0, 1.0), bounds=(0.0, np.inf))
expm1 = rising(expm1_at, (0.0, 0.0), bounds=(-1.0, np.inf))
log = rising(log_at, (1.0, 0.0), (0.0, np.inf))
log1p = rising(log1p_at, (0.0, 0.0), (-1.0, np.inf))
atan = rising(atan_at, (0.0, 0.0), bounds=(-HALF_PI_UP, HALF_PI_UP))
asin = rising(_asin_at, (0.0, 0.0), (-1.0, 1.0), (-HALF_PI_UP, HALF_PI_UP))
sinh = rising(_sinh_at, (0.0, 0.0))
tanh = rising(_tanh_at, (0.0, 0.0), bounds=(-1.0, 1.0))
asinh = rising(_asinh_at, (0.0, 0.0))
acosh = rising(_acosh_at, (1.0, 0.0), (1.0, np.inf), (0.0, np.inf))
atanh = rising(_atanh_at, (0.0, 0.0), (-1.0, 1.0))
_falling_acos = rising(lambda x: _acos_at(-x), (-1.0, 0.0), (-1.0, 1.0), (0.0, 2 * HALF_PI_UP))
_cosh_of_size = rising(_cosh_at, (0.0, 1.0), bounds=(1.0, np.inf))


def acos(x: Interval) -> Interval:
    """Return the inverse cosine of the part within [−1, 1]."""
    return _falling_acos(neg(x))


def cosh(x: Interval) -> Interval:
    """Return the hyperbolic cosine."""
    nearest = np.maximum(np.maximum(x.lo, -x.hi), 0.0)
    return _cosh_of_size(Interval(nearest, np.maximum(-x.lo, x.hi)))


def _peaks(x: Interval, offset: float) -> Mask:
    """Whether some π/2·(offset + 4n) may lie in each interval."""
    low, high = x.lo * 0.6366197723675814, x.hi * 0.6366197723675814
    margin = 1e-9  # far above the rounding of quotients below 2^20
    return np.floor((high + margin - offset) / 4.0) >= np.ceil((low - margin - offset) / 4.0)


def _wave(x: Interval, which: int, peak: float) -> Interval:
    usable = (np.abs(x.lo) <= MOST_TURN) & (np.abs(x.hi) <= MOST_TURN)
    inside = Interval(np.where(usable, x.lo, 0.0), np.where(usable, x.hi, 0.0))
    first, last = sin_cos_at(inside.lo), sin_cos_at(inside.hi)
    low = np.minimum(widened(first[which], -1, first[2]), widened(last[which], -1, last[2]))
    high = np.maximum(widened(first[which], 1, first[2]), widened(last[which], 1, last[2]))
    if which == 0:
        # sin(0) is 0; elsewhere no float has an exact sine.
        zero = (inside.lo == 0) & (inside.hi >= 0)
        low = np.where(zero & (inside.hi < 3), np.maximum(low, 0.0), low)
        ends_at_zero = (inside.hi == 0) & (inside.lo <= 0) & (inside.lo > -3)
        high = np.where(ends_at_zero, np.minimum(high, 0.0), high)
    low = np.where(usable & ~_peaks(inside, peak + 2.0), low, -1.0)
    high = np.where(usable & ~_peaks(inside, peak), high, 1.0)
    return Interval(np.maximum(low, -1.0), np.minimum(high, 1.0))


def sin(x: Interval) -> Interval:
    """Return the sine."""
    return _wave(x, 0, 1.0)


def cos(x: Interval) -> Interval:
    """Return the cosine."""
    return _wave(x, 1, 0.0)


def tan(x: Interval) -> tuple[Interval, Mask]:
    """Return the tangent, and where no pole is in the interval; the whole line where one may be."""
    usable = (np.abs(x.lo) <= MOST_TURN) & (np.abs(x.hi) <= MOST_TURN)
    inside = Interval(np.where(usable, x.lo, 0.0), np.where(usable, x.hi, 0.0))
    smooth = usable & ~_peaks(inside, 1.0) & ~_peaks(inside, 3.0)

    def end(array: Array, sense: int) -> Array:
        s, c, error = sin_cos_at(array)
        quotient = s / np.where(c == 0, 1.0, c)
        # |cos| > 10⁻⁹ away from the poles.
        relative = error * (1.0 + np.abs(quotient)) / np.abs(np.where(c == 0, 1.0, c))
        bound = widened(quotient, sense, 2.0 * relative + 4.0 * np.abs(quotient) * SLACK)
        return np.where(array == 0, 0.0, bound)

    return (
        Interval(
            np.where(smooth, end(inside.lo, -1), -np.inf),
            np.where(smooth, end(inside.hi, 1), np.inf),
        ),
        smooth,
    )
