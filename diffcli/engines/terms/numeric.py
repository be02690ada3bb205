"""The value of sympy terms at a point: one memoised pass in real numbers, with an error bound.

A value is an exact Fraction as long as it can be, then a number of some working precision with a
running bound of its rounding error. Where too few digits are left, the pass runs again with twice
as many. What leaves the real numbers at any step has no value; a branch not taken is not entered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from operator import add, mul
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

import mpmath
import sympy
from mpmath import mpf
from sympy import Basic, Expr

from diffcli.clock import now
from diffcli.engines.terms.definitions import (
    EXACT,
    MAX_EXACT_BITS,
    OutsideRealsError,
    bits,
    definition,
    exact_power,
    positive_power,
    rational_power,
    real_value,
)
from diffcli.engines.terms.precision import mpmath_precision
from diffcli.errors import OutOfTimeError

DIGITS = 30
MOST_DIGITS = 480
WANTED_DIGITS = 20
"""A value is given once it has this many digits."""
GUARD_BITS = 20
"""Computed with, but not counted on: what a function of mpmath may lose."""
MAX_MAGNITUDE = 1 << 11
"""Of the binary exponent of a function's argument: beyond float64's range, where mpmath hangs."""


class UndecidedError(ArithmeticError):
    """The working precision doesn't tell a sign or a domain."""


class Rounded(NamedTuple):
    """A number of the working precision and a bound of its absolute error."""

    number: mpf
    error: mpf


Number: TypeAlias = Fraction | Rounded


@dataclass(frozen=True)
class Value:
    """A number that is right to within ``error``, or None and the ``reason``."""

    number: mpf | None
    error: mpf
    reason: str | None = None


def evaluate(
    roots: Sequence[Expr],
    point: Mapping[str, float | Fraction],
    *,
    wanted: int = WANTED_DIGITS,
    deadline: float | None = None,
    passes: dict[int, Pass] | None = None,
) -> Value:
    """Return the value of the last root where every root has one.

    The others are what its domain depends on: the function that it is the derivative of. A float
    of the point stands for its exact dyadic value. ``passes`` are those made for other roots at
    the same point, which share terms with these. Raises OutOfTimeError past the deadline, a
    reading of :func:`diffcli.clock.now`.
    """
    passes = {} if passes is None else passes
    digits, reason = max(DIGITS, wanted + 10), "no digit is certain"
    while digits <= max(MOST_DIGITS, 2 * wanted):
        precision = int(digits * 3.33)
        with mpmath_precision(precision + GUARD_BITS):
            try:
                numbers = passes.setdefault(precision, Pass(point, precision)).value(
                    roots, deadline
                )
            except OutsideRealsError as error:
                return Value(None, mpf("inf"), str(error))
            except UndecidedError as error:
                reason = str(error)
            else:
                if not numbers.error or abs(numbers.number) > numbers.error * mpf(10) ** wanted:
                    return Value(numbers.number, numbers.error)
                reason = "the terms cancel"
        digits *= 2
    return Value(None, mpf("inf"), reason)


class Pass:
    """One pass at one point and precision. The values of terms by their identity."""

    def __init__(self, point: Mapping[str, float | Fraction], precision: int) -> None:
        self.point = point
        self.unit = mpf(2) ** -precision
        self.values: dict[int, Any] = {}

    def value(self, roots: Sequence[Expr], deadline: float | None) -> Rounded:
        """Return the last root's value, to the precision that mpmath works with."""
        values = self.values
        for root in roots:
            stack: list[Any] = [root]
            while stack:
                term = stack[-1]
                needed = [arg for arg in self._needed(term) if id(arg) not in values]
                if needed:
                    stack.extend(needed)
                    continue
                stack.pop()
                if id(term) not in values:
                    if deadline is not None and now() > deadline:
                        raise OutOfTimeError("the time for the formula's value ran out")
                    values[id(term)] = self._compute(term)
        return self._rounded(values[id(roots[-1])])

    def _needed(self, term: Any) -> Sequence[Any]:
        """Return the arguments whose values are wanted next; a branch only once it is taken."""
        if isinstance(term, sympy.Piecewise):
            for value, condition in (pair.args for pair in term.args):
                truth = self.values.get(id(condition))
                if truth is None:
                    return [condition]
                if truth:
                    return [value]
        elif isinstance(term, (sympy.And, sympy.Or)):
            for arg in term.args:
                truth = self.values.get(id(arg))
                if truth is None:
                    return [arg]
                if truth is isinstance(term, sympy.Or):
                    return ()
        else:
            args: Sequence[Any] = term.args
            return args
        return ()

    def _compute(self, term: Basic) -> Any:
        kind: Any = type(term)
        if kind in _CHOICES:
            return _CHOICES[kind](self, term)
        args = [self.values[id(arg)] for arg in term.args]
        if not args:
            return self._leaf(term)
        if kind in _ARITHMETIC:
            return _ARITHMETIC[kind](self, args)
        exact = EXACT.get(kind)
        if exact and all(isinstance(arg, Fraction) for arg in args):
            return self._exactly(exact, args)
        if kind in _PERIODIC:
            self._require_turn(args)
        return self._apply(kind.__name__, definition(kind), args)

    def _require_turn(self, args: Sequence[Number]) -> None:
        """Refuse a remainder whose quotient isn't certain: it tells nothing of its own error."""
        x, period = (self._rounded(arg) for arg in (*args, Fraction(1))[:2])
        if 8 * x.error > abs(period.number):
            raise UndecidedError("the precision doesn't decide a remainder")

    def _exactly(self, exact: Callable[..., Any], args: Sequence[Fraction]) -> Fraction:
        try:
            return Fraction(exact(*args))
        except ZeroDivisionError as error:
            raise OutsideRealsError("division by zero") from error

    def _leaf(self, term: Basic) -> Any:
        if isinstance(term, sympy.Symbol):
            return Fraction(self.point[term.name])
        if isinstance(term, sympy.Rational):
            return Fraction(term.p, term.q)
        if term in (sympy.true, sympy.false):
            return bool(term)
        if term in _CONSTANTS:
            number = +_CONSTANTS[term]
            return Rounded(number, number * self.unit)
        raise OutsideRealsError(f"{term} isn't a real number")

    def _rounded(self, number: Number) -> Rounded:
        if isinstance(number, Rounded):
            return number
        p, q = number.as_integer_ratio()
        value = mpf(p) / q
        exact = mpmath.mpf(value) * q == p and q & (q - 1) == 0 and p.bit_length() < mpmath.mp.prec
        return Rounded(value, mpf(0) if exact else abs(value) * self.unit)

    def _apply(self, name: str, define: Callable[..., Any], args: Sequence[Number]) -> Rounded:
        """Apply a function; each argument's error passes on as what a shift by it changes."""
        rounded = [self._rounded(arg) for arg in args]
        numbers = [arg.number for arg in rounded]
        if any(abs(mpmath.mag(number)) > MAX_MAGNITUDE for number in numbers if number):
            raise OutsideRealsError(f"{name} of too large or too small a number")
        if len(numbers) > 1 and any(mpmath.mag(number) > mpmath.mp.prec for number in numbers):
            # In x + y, which mpmath may take, x would be lost.
            raise UndecidedError(f"{name} of numbers of so different size")
        value = real_value(name, define, numbers)
        if value is None:
            if any(arg.error for arg in rounded):
                shown = ", ".join(mpmath.nstr(number, 6) for number in numbers)
                if all(v is None for v in self._shifted(name, define, rounded)):
                    raise OutsideRealsError(f"{name}({shown}) isn't real and finite")
                raise UndecidedError(f"the domain of {name} at {shown}")
            shown = ", ".join(mpmath.nstr(number, 6) for number in numbers)
            raise OutsideRealsError(f"{name}({shown}) isn't real and finite")
        error = abs(value) * self.unit
        for shifted in self._shifted(name, define, rounded):
            if shifted is None:
                raise UndecidedError(f"the domain of {name}")
            error += abs(shifted - value)
        return Rounded(value, error)

    def _shifted(
        self, name: str, define: Callable[..., Any], args: Sequence[Rounded]
    ) -> list[mpf | None]:
        numbers = [arg.number for arg in args]
        return [
            real_value(name, define, [*numbers[:index], arg.number + shift, *numbers[index + 1 :]])
            for index, arg in enumerate(args)
            if arg.error
            for shift in (arg.error, -arg.error)
        ]

    def _fold(
        self,
        args: Sequence[Number],
        combine: Callable[[Any, Any], Any],
        spread: Callable[[Rounded, Rounded], mpf],
    ) -> Number:
        def two(a: Number, b: Number) -> Number:
            if isinstance(a, Fraction) and isinstance(b, Fraction):
                exact: Fraction = combine(a, b)
                return exact if bits(exact) <= MAX_EXACT_BITS else self._rounded(exact)
            x, y = self._rounded(a), self._rounded(b)
            number = combine(x.number, y.number)
            return Rounded(number, spread(x, y) + abs(number) * self.unit)

        return reduce(two, args)

    def add(self, args: Sequence[Number]) -> Number:
        """Return the sum."""
        return self._fold(args, add, lambda x, y: x.error + y.error)

    def mul(self, args: Sequence[Number]) -> Number:
        """Return the product."""
        return self._fold(
            args,
            mul,
            lambda x, y: abs(x.number) * y.error + abs(y.number) * x.error + x.error * y.error,
        )

    def pow(self, args: Sequence[Number]) -> Number:
        """Return the power: real for a positive base, an integer exponent, or an odd root."""
        base, exponent = args
        if base == 0 and self._rounded(exponent).number > 0:
            return Fraction(0)
        if not isinstance(exponent, Fraction):
            return self._apply("power", positive_power, args)
        p, q = exponent.as_integer_ratio()
        if base == 0 and p < 0:
            raise OutsideRealsError("division by zero")
        if isinstance(base, Fraction):
            exact = exact_power(base, p, q)
            if exact is not None:
                return exact
        shown = mpmath.nstr(self._rounded(exponent).number, 6)
        return self._apply(f"power {shown} of ", lambda x: rational_power(x, p, q), [base])


def _compare(decide: Callable[[int], bool]) -> Callable[[Pass, Any], bool]:
    def compare(self: Pass, term: Any) -> bool:
        left, right = (self.values[id(arg)] for arg in term.args)
        if isinstance(left, Fraction) and isinstance(right, Fraction):
            return decide((left > right) - (left < right))
        x, y = self._rounded(left), self._rounded(right)
        gap, error = x.number - y.number, x.error + y.error
        if abs(gap) <= error and error:
            raise UndecidedError("the precision doesn't decide a condition")
        return decide(int(mpmath.sign(gap)))

    return compare


def _piecewise(self: Pass, term: Any) -> Any:
    for value, condition in (pair.args for pair in term.args):
        if self.values[id(condition)]:
            return self.values[id(value)]
    raise OutsideRealsError("no condition holds")


def _all(self: Pass, term: Any) -> bool:
    return all(self.values.get(id(arg), False) for arg in term.args)


def _any(self: Pass, term: Any) -> bool:
    return any(self.values.get(id(arg), False) for arg in term.args)


_CHOICES: Mapping[type[Basic], Callable[[Pass, Any], Any]] = MappingProxyType(
    {
        sympy.Piecewise: _piecewise,
        sympy.And: _all,
        sympy.Or: _any,
        sympy.Not: lambda self, term: not self.values[id(term.args[0])],
        sympy.StrictLessThan: _compare(lambda order: order < 0),
        sympy.LessThan: _compare(lambda order: order <= 0),
        sympy.StrictGreaterThan: _compare(lambda order: order > 0),
        sympy.GreaterThan: _compare(lambda order: order >= 0),
        sympy.Equality: _compare(lambda order: order == 0),
        sympy.Unequality: _compare(lambda order: order != 0),
    }
)
_ARITHMETIC: Mapping[type[Basic], Callable[[Pass, Sequence[Number]], Number]] = MappingProxyType(
    {sympy.Add: Pass.add, sympy.Mul: Pass.mul, sympy.Pow: Pass.pow}
)
_PERIODIC = (sympy.frac, sympy.Mod)
_CONSTANTS: Mapping[Basic, Any] = MappingProxyType({sympy.pi: mpmath.pi, sympy.E: mpmath.e})
