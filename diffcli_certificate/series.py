"""Truncated power series, whose coefficients are Reals or series in another variable.

A series in t that stands for a function of one variable gives its derivatives; a series of series
gives mixed ones. The recurrences are those of Griewank and Walther, "Evaluating Derivatives",
chapter 13. A one-sided series is a function of s > 0, with t = s⁶ or t = −s⁶, in which the square
and cube roots of t are powers too (a Puiseux series): the sign of its first term decides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from operator import mul
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
        lengths = range(1, min(len(a), len(b)) + 1)
        return self.of([sum(map(mul, a[:n], reversed(b[:n])), ZERO) for n in lengths])

    __rmul__ = __mul__

    def __pow__(self, exponent: int) -> Value:
        result: Value = ONE
        for bit in f"{exponent:b}":
            result = result * result
            result = result * self if bit == "1" else result
        return result

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
        return self.of([*[ZERO] * -count, *self.coefficients[max(count, 0) :]])


Value: TypeAlias = Any
"""A Real, or a Series."""


def _level(value: Value) -> int:
    return value.level if isinstance(value, Series) else 0


def coefficients(value: Value, level: int, order: int) -> Sequence[Value]:
    """Return the coefficients of a value in a variable, on which it need not depend."""
    if _level(value) == level:
        return cast("Series", value).coefficients
    return [value, *[ZERO] * order]


def head(value: Value) -> Real:
    """Return the value at the point itself."""
    while isinstance(value, Series):
        value = value.coefficients[0]
    return cast("Real", value)


def over(a: Value, b: Value) -> Value:
    """Return the quotient of two values."""
    if isinstance(b, Real):
        return a * b.reciprocal()
    if b.is_one_sided and (zeros := b.order()):
        if isinstance(a, Real) or any(c.sign() for c in a.coefficients[:zeros]):
            raise Undecided("a pole on one side")
        return over(a.shifted(zeros), b.shifted(zeros))
    inverse = [over(ONE, b.coefficients[0])]
    while len(inverse) < len(b.coefficients):
        known = sum(map(mul, b.coefficients[1:], reversed(inverse)), ZERO)
        inverse.append(-(known * inverse[0]))
    return a * b.of(inverse)


def _next(u: Series, slope: Sequence[Value]) -> Value:
    """Return the next coefficient of a function of u whose derivative in u is known so far."""
    k = len(slope)
    parts = [Real(Fraction(j, k)) * u.coefficients[j] * slope[k - j] for j in range(1, k + 1)]
    return sum(parts, ZERO)


def by_recurrence(function: Callable[[Real], Real], slope: Callable[[Any, Any], Any]) -> Any:
    """Return a function on values, from that on numbers and its derivative.

    ``slope(u, known)`` is the derivative, of the terms of u that the known ones of the function
    rest on.
    """

    def extended(u: Value) -> Value:
        if isinstance(u, Real):
            return function(u)
        result = [extended(u.coefficients[0])]
        while len(result) < len(u.coefficients):
            known = u.of(list(u.coefficients[: len(result)])), u.of(result)
            result.append(_next(u, slope(*known).coefficients))
        return u.of(result)

    return extended


exp = by_recurrence(reals.exp, lambda _, known: known)
log = by_recurrence(reals.log, lambda u, _: over(ONE, u))
atan = by_recurrence(reals.atan, lambda u, _: over(ONE, ONE + u * u))
erf = by_recurrence(reals.erf, lambda u, _: exp(-(u * u)) * Real(None, 2 / iv.sqrt(iv.pi)))


def sin_cos(u: Value) -> tuple[Value, Value]:
    """Return the sine and the cosine."""
    if isinstance(u, Real):
        return reals.sin_cos(u)
    sines, cosines = ([first] for first in sin_cos(u.coefficients[0]))
    while len(sines) < len(u.coefficients):
        sine, cosine = _next(u, cosines), -_next(u, sines)
        sines, cosines = [*sines, sine], [*cosines, cosine]
    return u.of(sines), u.of(cosines)


def power(u: Value, exponent: Fraction) -> Value:
    """Return a value to a rational power, a real root where the denominator is odd."""
    if exponent.denominator == 1:
        return u**exponent.numerator if exponent >= 0 else over(ONE, power(u, -exponent))
    sign = u.sign()  # undecided of a series that is 0 at the point: a root isn't smooth there
    if sign == 0 and exponent > 0:
        return ZERO
    if sign == 0 or (sign < 0 and exponent.denominator % 2 == 0):
        raise Undefined("a root outside its domain")
    size, zeros = u * Real(sign), u.order() if isinstance(u, Series) and u.is_one_sided else 0
    moved = zeros * exponent
    if moved.denominator != 1 or moved < 0:
        raise Undecided("a pole, or a root that is no power of the sixth root, on one side")
    size = size.shifted(zeros) if zeros else size
    root = exp(Real(exponent) * log(size)) * Real(sign ** abs(exponent.numerator))
    return root.shifted(-moved.numerator) if zeros else root
