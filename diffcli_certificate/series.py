"""Truncated power series, whose coefficients are Reals or series in another variable.

A series in t that stands for a function of one variable gives its derivatives; a series of series
gives mixed ones. The recurrences are those of Griewank and Walther, "Evaluating Derivatives",
chapter 13. A one-sided series is a function of s > 0, with t = s⁶ or t = −s⁶, in which the square
and cube roots of t are powers too (a Puiseux series): the sign of its first term decides.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias, cast

from mpmath import iv

from diffcli_certificate import reals
from diffcli_certificate.reals import ONE, ZERO, Real, Undecided, Undefined

ROOT = 6
"""The power of s that t is, in a one-sided series."""


@dataclass(frozen=True)
class Series:
    """The coefficients of the powers of the ``level``-th variable."""

    level: int
    coefficients: tuple[Any, ...]
    is_one_sided: bool = False

    def of(self, coefficients: list[Any]) -> Series:
        """Return another series in the same variable."""
        return Series(self.level, tuple(coefficients), self.is_one_sided)

    def __add__(self, other: Any) -> Any:
        if _level(other) > self.level:
            return other + self
        first, *rest = self.coefficients
        if _level(other) < self.level:
            return self.of([first + other, *rest])
        return self.of([a + b for a, b in zip(self.coefficients, other.coefficients)])  # noqa: B905

    __radd__ = __add__

    def __mul__(self, other: Any) -> Any:
        if _level(other) > self.level:
            return other * self
        if _level(other) < self.level:
            return self.of([a * other for a in self.coefficients])
        a, b = self.coefficients, other.coefficients
        return self.of(
            [total([a[i] * b[k - i] for i in range(k + 1)]) for k in range(min(len(a), len(b)))]
        )

    __rmul__ = __mul__

    def __neg__(self) -> Value:
        return self * Real(-1)

    def order(self) -> int:
        """Return the position of the first term that isn't 0, for a one-sided series."""
        for position, coefficient in enumerate(self.coefficients):
            if coefficient.sign():
                return position
        raise Undecided("a series that may be 0")

    def sign(self) -> int:
        """Return the sign on all of a neighbourhood, or of all small s > 0."""
        if self.is_one_sided:
            return int(self.coefficients[self.order()].sign())
        if sign := head(self).sign():
            return sign
        raise Undecided("a term that is 0 at the point")

    def shifted(self, count: int) -> Series:
        """Return the series over s to the power of ``count``, which may be negative."""
        zeros = [ZERO] * -count
        return self.of([*zeros, *self.coefficients[max(count, 0) :]])


Value: TypeAlias = Any
"""A Real, or a Series."""


def _level(value: Value) -> int:
    return value.level if isinstance(value, Series) else 0


def head(value: Value) -> Real:
    """Return the value at the point itself."""
    while isinstance(value, Series):
        value = value.coefficients[0]
    return cast("Real", value)


def total(values: list[Any]) -> Any:
    """Return the sum of a list that isn't empty."""
    result = values[0]
    for value in values[1:]:
        result = result + value
    return result


def over(a: Value, b: Value) -> Value:
    """Return the quotient of two values."""
    if isinstance(b, Real):
        return a * b.reciprocal()
    if b.is_one_sided and (zeros := b.order()):
        if isinstance(a, Real) or any(c.sign() for c in a.coefficients[:zeros]):
            raise Undecided("a pole on one side")
        return over(a.shifted(zeros), b.shifted(zeros))
    inverse = [over(ONE, b.coefficients[0])]
    for k in range(1, len(b.coefficients)):
        inner = total([b.coefficients[j] * inverse[k - j] for j in range(1, k + 1)])
        inverse.append(-(inner * inverse[0]))
    return a * b.of(inverse)


def by_recurrence(function: Callable[[Real], Real], slope: Callable[[Any, list[Any]], Any]) -> Any:
    """Return a function on values, from that on numbers and the series of its derivative.

    ``slope(u, known)`` gives the derivative in u, as a series, of what is known so far.
    """

    def extended(u: Value) -> Value:
        if isinstance(u, Real):
            return function(u)
        result = [extended(u.coefficients[0])]
        for k in range(1, len(u.coefficients)):
            derivative = slope(u, result)
            parts = [
                Real(Fraction(j, k)) * u.coefficients[j] * derivative[k - j]
                for j in range(1, k + 1)
            ]
            result.append(total(parts))
        return u.of(result)

    return extended


def _of_series(function: Callable[[Series], Any]) -> Callable[[Series, list[Any]], Any]:
    """Return a slope that is itself a function of the series, as far as it is needed."""
    return lambda u, known: function(u.of(list(u.coefficients[: len(known)]))).coefficients


exp = by_recurrence(reals.exp, lambda _, known: known)
log = by_recurrence(reals.log, _of_series(lambda u: over(ONE, u)))
atan = by_recurrence(reals.atan, _of_series(lambda u: over(ONE, ONE + u * u)))
erf = by_recurrence(reals.erf, _of_series(lambda u: exp(-(u * u)) * Real(None, 2 / iv.sqrt(iv.pi))))


def sin_cos(u: Value) -> tuple[Value, Value]:
    """Return the sine and the cosine."""
    if isinstance(u, Real):
        return reals.sin_cos(u)
    first = sin_cos(u.coefficients[0])
    sines, cosines = [first[0]], [first[1]]
    for k in range(1, len(u.coefficients)):
        slopes = [Real(Fraction(j, k)) * u.coefficients[j] for j in range(1, k + 1)]
        sine = total([slope * cosines[-j] for j, slope in enumerate(slopes, 1)])
        cosines.append(-total([slope * sines[-j] for j, slope in enumerate(slopes, 1)]))
        sines.append(sine)
    return u.of(sines), u.of(cosines)


def power(u: Value, exponent: Fraction) -> Value:
    """Return a value to a rational power, a real root where the denominator is odd."""
    if isinstance(u, Real):
        return reals.power(u, exponent)
    if exponent.denominator == 1:
        if exponent < 0:
            return over(ONE, power(u, -exponent))
        result: Value = ONE
        for bit in f"{exponent.numerator:b}":
            result = result * result
            result = result * u if bit == "1" else result
        return result
    if not u.is_one_sided:
        u.sign()  # a root isn't smooth at 0
    zeros = u.order() if u.is_one_sided else 0
    moved = zeros * exponent
    if moved.denominator != 1:
        raise Undecided("a root that is no power of the sixth root")
    if moved < 0:
        raise Undecided("a pole on one side")
    rest = u.shifted(zeros)
    c = rest.coefficients
    if head(c[0]).sign() < 0 and exponent.denominator % 2 == 0:
        raise Undefined("an even root of negative numbers")
    result_terms = [power(c[0], exponent)]
    for k in range(1, len(c)):
        parts = [Real(exponent * j - (k - j)) * c[j] * result_terms[k - j] for j in range(1, k + 1)]
        result_terms.append(over(total(parts), Real(k) * c[0]))
    return rest.of(result_terms).shifted(-moved.numerator)
