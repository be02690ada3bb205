"""Interval arithmetic on arrays: each operation is rounded outwards.

IEEE 754 rounds + − × ÷ √ to the nearest float, so the next float on either side bounds the true
result; no step is taken where the result is known to be exact. An end may be infinite, no interval
is empty, and 0·∞ is 0, as an interval holds finite numbers alone (Hickey, Ju and van Emden,
"Interval arithmetic: from principles to implementation", J. ACM 48, 2001).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Interval(NamedTuple):
    """The lower and the upper ends of intervals, arrays of one shape."""

    lo: Array
    hi: Array


def down(x: Array) -> Array:
    """Return the next float below."""
    return np.nextafter(x, -np.inf)


def up(x: Array) -> Array:
    """Return the next float above."""
    return np.nextafter(x, np.inf)


def whole(like: Array) -> Interval:
    """Return the whole line, in the shape of an array."""
    return Interval(np.full_like(like, -np.inf), np.full_like(like, np.inf))


def exactly(value: float, like: Array) -> Interval:
    """Return one float as intervals, in the shape of an array."""
    filled = np.full_like(like, value)
    return Interval(filled, filled)


def neg(x: Interval) -> Interval:
    """Return −x."""
    return Interval(-x.hi, -x.lo)


def _sum(a: Array, b: Array) -> tuple[Array, Array]:
    """Return the rounded sum and its exact error (Knuth's TwoSum); NaN where it overflows."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def add(x: Interval, y: Interval) -> Interval:
    """Return x + y; an exact sum isn't widened."""
    low, low_error = _sum(x.lo, y.lo)
    high, high_error = _sum(x.hi, y.hi)
    # An error that is not a number stands for an overflow, or an infinite end.
    return Interval(
        np.where(low_error >= 0, low, down(low)), np.where(high_error <= 0, high, up(high))
    )


def sub(x: Interval, y: Interval) -> Interval:
    """Return x − y."""
    return add(x, neg(y))


def is_short(x: Array) -> Mask:
    """Whether floats have 24 bits at most, so that the product of two of them is exact."""
    return np.asarray(x.astype(np.float32) == x)


def _zero_where_nan(x: Array) -> Array:
    return np.where(np.isnan(x), 0.0, x)


def mul(x: Interval, y: Interval) -> Interval:
    """Return x·y."""
    ends = [_zero_where_nan(a * b) for a in x for b in y]
    low = np.minimum(np.minimum(ends[0], ends[1]), np.minimum(ends[2], ends[3]))
    high = np.maximum(np.maximum(ends[0], ends[1]), np.maximum(ends[2], ends[3]))
    exact = is_short(x.lo) & is_short(x.hi) & is_short(y.lo) & is_short(y.hi)
    exact |= ((x.lo == 0) & (x.hi == 0)) | ((y.lo == 0) & (y.hi == 0))
    positive = ((x.lo >= 0) & (y.lo >= 0)) | ((x.hi <= 0) & (y.hi <= 0))
    negative = ((x.lo >= 0) & (y.hi <= 0)) | ((x.hi <= 0) & (y.lo >= 0))
    return _clipped(
        np.where(exact, low, down(low)), np.where(exact, high, up(high)), positive, negative
    )


def _clipped(low: Array, high: Array, positive: Mask, negative: Mask) -> Interval:
    """Return an interval cut at 0 where its numbers have one sign."""
    return Interval(
        np.where(positive, np.maximum(low, 0.0), low),
        np.where(negative, np.minimum(high, 0.0), high),
    )


def div(x: Interval, y: Interval) -> Interval:
    """Return x/y, for the y that aren't 0; the whole line where 0 is inside of y."""
    ends = [_zero_where_nan(a / b) for a in x for b in y]
    low = np.minimum(np.minimum(ends[0], ends[1]), np.minimum(ends[2], ends[3]))
    high = np.maximum(np.maximum(ends[0], ends[1]), np.maximum(ends[2], ends[3]))
    above, below = y.lo >= 0, y.hi <= 0
    positive = ((x.lo >= 0) & above) | ((x.hi <= 0) & below)
    negative = ((x.hi <= 0) & above) | ((x.lo >= 0) & below)
    apart = (y.lo > 0) | (y.hi < 0)
    quotient = _clipped(
        np.where(apart, down(low), -np.inf), np.where(apart, up(high), np.inf), positive, negative
    )
    # Next to a pole one end is finite: that at the far end of the divisor.
    far = np.where(above, y.hi, y.lo)
    near_pole = ~apart & (above | below) & (far != 0)
    least = np.where(positive, np.where(x.lo >= 0, x.lo, x.hi), 0.0)
    bound = down(np.abs(_zero_where_nan(least / far)))
    most = np.where(negative, np.where(x.hi <= 0, x.hi, x.lo), 0.0)
    cap = -down(np.abs(_zero_where_nan(most / far)))
    return Interval(
        np.where(near_pole & positive, np.maximum(bound, 0.0), quotient.lo),
        np.where(near_pole & negative, np.minimum(cap, 0.0), quotient.hi),
    )


def magnitudes(x: Interval) -> Interval:
    """Return |x|."""
    nearest = np.maximum(np.maximum(x.lo, -x.hi), 0.0)
    return Interval(nearest, np.maximum(-x.lo, x.hi))


def _power(x: Array, n: int, product: Callable[[Array, Array], Array]) -> Array:
    """Return a bound of x^n for x ≥ 0, of products that are rounded one way."""
    result, square = np.ones_like(x), x
    while n:
        if n % 2:
            result = product(result, square)
        n //= 2
        square = product(square, square) if n else square
    return result


def _product_down(x: Array, y: Array) -> Array:
    product = _zero_where_nan(x * y)
    return np.where(is_short(x) & is_short(y), product, np.maximum(down(product), 0.0))


def _product_up(x: Array, y: Array) -> Array:
    product = _zero_where_nan(x * y)
    exact = (is_short(x) & is_short(y)) | (x == 0) | (y == 0)
    return np.where(exact, product, up(product))


def power(x: Interval, n: int) -> Interval:
    """Return x^n for an integer n ≥ 0."""
    if n == 0:
        return exactly(1.0, x.lo)
    if n == 1:
        return x
    if n % 2 == 0:
        least, most = magnitudes(x)
        return Interval(_power(least, n, _product_down), _power(most, n, _product_up))
    size_low, size_high = np.abs(x.lo), np.abs(x.hi)
    low = np.where(x.lo >= 0, _power(size_low, n, _product_down), -_power(size_low, n, _product_up))
    high = np.where(
        x.hi >= 0, _power(size_high, n, _product_up), -_power(size_high, n, _product_down)
    )
    return Interval(low, high)


def sqrt(x: Interval) -> Interval:
    """Return √x of the part of x that isn't negative."""
    low, high = (np.sqrt(np.maximum(end, 0.0)) for end in x)

    def exact(root: Array, of: Array) -> Mask:
        return np.asarray(is_short(root) & (root * root == np.maximum(of, 0.0)))

    return Interval(
        np.where(exact(low, x.lo), low, np.maximum(down(low), 0.0)),
        np.where(exact(high, x.hi), high, up(high)),
    )


def hull(x: Interval, y: Interval) -> Interval:
    """Return the least interval that holds both."""
    return Interval(np.minimum(x.lo, y.lo), np.maximum(x.hi, y.hi))


def choose(where: Mask, x: Interval, y: Interval) -> Interval:
    """Return x where a condition holds, else y."""
    return Interval(np.where(where, x.lo, y.lo), np.where(where, x.hi, y.hi))


def meet(x: Interval, y: Interval) -> Interval:
    """Return the part of x that is in y; the caller must know that there is some."""
    return Interval(np.maximum(x.lo, y.lo), np.minimum(x.hi, y.hi))
