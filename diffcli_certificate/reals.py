"""A real number that is known exactly, as a fraction, or within an interval."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from mpmath import iv

MAX_HALVINGS = 64
"""How often an argument of the inverse tangent is made smaller; any number needs four."""


class Undefined(Exception):
    """The formula has no real value here: that is proved."""


class Undecided(Exception):
    """Nothing is proved at this precision, or by this checker."""


class Real:
    """A number: ``exact``, a Fraction, or None and an interval ``ball`` that holds it."""

    __slots__ = ("_ball", "exact")

    def __init__(self, exact: Fraction | int | None, ball: Any = None) -> None:
        self.exact = None if exact is None else Fraction(exact)
        self._ball = ball

    @property
    def ball(self) -> Any:
        """An interval that holds the number, at the present precision."""
        if self.exact is None:
            return self._ball
        return iv.mpf(self.exact.numerator) / iv.mpf(self.exact.denominator)

    def __add__(self, other: Any) -> Any:
        if not isinstance(other, Real):
            return NotImplemented
        if self.exact is not None and other.exact is not None:
            return Real(self.exact + other.exact)
        return Real(None, self.ball + other.ball)

    def __mul__(self, other: Any) -> Any:
        if not isinstance(other, Real):
            return NotImplemented
        if self.exact is not None and other.exact is not None:
            return Real(self.exact * other.exact)
        if 0 in (self.exact, other.exact):
            return ZERO
        return Real(None, self.ball * other.ball)

    def __neg__(self) -> Real:
        return Real(-self.exact) if self.exact is not None else Real(None, -self._ball)

    def __pow__(self, exponent: int) -> Real:
        if self.exact is not None:
            return Real(self.exact**exponent)
        return Real(None, self.ball**exponent)

    def reciprocal(self) -> Real:
        """Return 1 over the number. Raises Undefined at 0, Undecided where it may be 0."""
        if self.sign() == 0:
            raise Undefined("a division by 0")
        return Real(None, 1 / self.ball) if self.exact is None else Real(1 / self.exact)

    def sign(self) -> int:
        """Return −1, 0 or 1. Raises Undecided where the interval holds numbers of both signs."""
        if self.exact is not None:
            return (self.exact > 0) - (self.exact < 0)
        if self._ball.a > 0 or self._ball.b < 0:
            return 1 if self._ball.a > 0 else -1
        raise Undecided("the sign of a number")

    def hull(self, other: Real) -> Real:
        """Return an interval that holds both numbers."""
        ends = self.ball, other.ball
        return Real(None, iv.mpf([min(end.a for end in ends), max(end.b for end in ends)]))

    def widened(self, radius: Fraction) -> Real:
        """Return an interval that holds all numbers as near as the radius."""
        return Real(None, self.ball + _around(Real(radius).ball))

    def lies_within(self, low: Fraction, high: Fraction) -> bool:
        """Whether the number is proved to lie in an interval."""
        if self.exact is not None:
            return low <= self.exact <= high
        return bool((self.ball - Real(low).ball).a >= 0 and (Real(high).ball - self.ball).a >= 0)


ZERO, ONE = Real(0), Real(1)


def exp(x: Real) -> Real:
    """Return e to the power of x."""
    return ONE if x.exact == 0 else Real(None, iv.exp(x.ball))


def log(x: Real) -> Real:
    """Return the natural logarithm. Raises Undefined where x isn't positive."""
    if x.sign() <= 0:
        raise Undefined("the logarithm of a number that isn't positive")
    return ZERO if x.exact == 1 else Real(None, iv.log(x.ball))


def sin_cos(x: Real) -> tuple[Real, Real]:
    """Return the sine and the cosine."""
    return (ZERO, ONE) if x.exact == 0 else (Real(None, iv.sin(x.ball)), Real(None, iv.cos(x.ball)))


def atan(x: Real) -> Real:
    """Return the inverse tangent, by its series for small x (DLMF 4.24.3)."""
    if x.exact == 0:
        return ZERO
    ball, halvings = x.ball, 0
    while not (ball.b < 0.125 and ball.a > -0.125):
        if halvings == MAX_HALVINGS:
            raise Undecided("the inverse tangent of a wide interval")
        ball, halvings = ball / (1 + iv.sqrt(1 + ball**2)), halvings + 1
    total, term, square = iv.mpf(0), ball, ball**2
    for odd in range(1, iv.prec, 2):  # a term is at most 1/64 of the one before
        total, term = total + term / odd, -term * square
    return Real(None, (total + _around(term)) * 2**halvings)


def erf(x: Real) -> Real:
    """Return erf by its power series (DLMF 7.6.1), whose later terms shrink by half and more."""
    if x.exact == 0:
        return ZERO
    ball = x.ball
    if not -16 < ball.a <= ball.b < 16:
        raise Undecided("erf of a large number")
    total, term, square, n = iv.mpf(0), ball, ball**2, 0
    while n < 2 * square.b or n < iv.prec:
        total, term, n = total + term / (2 * n + 1), -term * square / (n + 1), n + 1
    return Real(None, 2 * (total + _around(2 * term)) / iv.sqrt(iv.pi))


def _around(bound: Any) -> Any:
    """Return an interval around 0 that holds all numbers no larger than the bound."""
    return iv.mpf([-1, 1]) * bound
