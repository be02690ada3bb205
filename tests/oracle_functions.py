"""The functions of a formula, each from its mathematical definition, in mpmath's real numbers.

A number is exact (an int or a Fraction) while it can be, an mpf of the working precision from the
first irrational function on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from numbers import Rational
from typing import Any

from mpmath import mp, mpf
from oracle_special import SPECIAL

Number = Any


class OutsideDomainError(ValueError):
    """The formula isn't real and finite there."""


def apply(name: str, args: list[Number]) -> Number:
    """Return the function's value; raise OutsideDomainError where it isn't real and finite."""
    args += DEFAULTS.get(name, ())[len(args) - FIRST.get(name, 1) :]
    if name in EXACT:
        result = EXACT[name](*alike(*args))
        return Fraction(result) if isinstance(result, int) else result
    try:
        result = SMOOTH[name](*map(inexact, args))
    except ValueError as error:
        raise OutsideDomainError(f"{name}: {error}") from error
    if not isinstance(result, mpf) or not mp.isfinite(result):
        raise OutsideDomainError(
            f"{name}({', '.join(map(mp.nstr, map(inexact, args)))}) isn't real"
        )
    return result


def inexact(number: Number) -> Number:
    """Return the number as an mpf of the working precision."""
    if isinstance(number, Rational):
        return mpf(number.numerator) / number.denominator
    return +number


def alike(*numbers: Number) -> tuple[Number, ...]:
    """Return the numbers as they are if all are exact, else all as mpf."""
    exact = all(isinstance(number, Rational) for number in numbers)
    return numbers if exact else tuple(map(inexact, numbers))


def typed_power(base: Number, exponent: Number) -> Number:
    """Raise to a power; an exact one with an odd denominator is real for every base."""
    if not isinstance(exponent, Fraction):
        return _power(*alike(base, exponent))
    p, q = exponent.as_integer_ratio()
    if q == 1:
        return base**p
    if base < 0 and q % 2:
        return (-1 if p % 2 else 1) * _power(inexact(-base), inexact(exponent))
    return _power(inexact(base), inexact(exponent))


def _power(base: Number, exponent: Number) -> Number:
    if base < 0 and exponent != mp.floor(exponent):
        raise OutsideDomainError(f"{base}**{exponent}")
    return base**exponent


def _root(x: Number, n: Number) -> Number:
    odd = n == mp.floor(n) and int(n) % 2 == 1
    return -_power(-x, 1 / n) if x < 0 and odd else _power(x, 1 / n)


def modulo(x: Number, y: Number) -> Number:
    """Return the remainder with the divisor's sign; Fractions stay Fractions."""
    return x - y * _floor(x / y)


def _exactly(rule: Callable[[Any], int], rounded: Callable[[Number], Number]) -> Any:
    def apply_to(x: Number) -> Number:
        if isinstance(x, Rational):
            return rule(x)
        gap = abs(x - mp.nint(x))
        if mp.mag(x) > mp.prec or 0 < gap < 8 * abs(x) * mp.eps:
            raise ArithmeticError("an inexact number too near an integer to be rounded")
        return rounded(x)

    return apply_to


_floor = _exactly(math.floor, mp.floor)


def _angle(y: Number, x: Number) -> Number:
    if x == y == 0:
        raise ValueError("the origin has no angle")
    return mp.atan2(y, x)


def _polygamma(n: Number, x: Number) -> Number:
    if n < 0 or n != mp.floor(n):
        raise ValueError("the order is a natural number")
    return mp.psi(int(n), x)


def _beta(x: Number, y: Number) -> Number:
    # Of a huge argument gamma(y) and gamma(x + y) must be told apart.
    with mp.extraprec(2 * max(0, *(int(mp.mag(each)) for each in (x, y) if each))):
        return mp.gamma(x) * mp.gamma(y) * mp.rgamma(x + y)


def _normal(standard: Callable[[Number, Number], Number]) -> Callable[..., Number]:
    def scaled(x: Number, mean: Number, deviation: Number) -> Number:
        if deviation <= 0:
            raise ValueError("the deviation is positive")
        return standard((x - mean) / deviation, deviation)

    return scaled


def _normcdf(x: Number) -> Number:
    return mp.erfc(-x / mp.sqrt(2)) / 2


def _softplus(x: Number) -> Number:
    return max(x, mpf(0)) + mp.log1p(mp.exp(-abs(x)))


SELU = "1.6732632423543772848170429916717", "1.0507009873554804934193349852946"
"""Alpha and lambda of Klambauer et al. 2017, to the digits that torch's documentation gives."""


def _selu(x: Number) -> Number:
    alpha, scale = map(mpf, SELU)
    return scale * (x if x > 0 else alpha * mp.expm1(x))


CONSTANTS: Mapping[str, Callable[[], Number]] = {
    "pi": lambda: +mp.pi,
    "e": lambda: +mp.e,
    "E": lambda: +mp.e,
    "tau": lambda: 2 * mp.pi,
}

DEFAULTS: Mapping[str, tuple[Number, ...]] = {
    "heaviside": (Fraction(1, 2),),
    "normpdf": (Fraction(0), Fraction(1)),
    "normcdf": (Fraction(0), Fraction(1)),
    "leaky_relu": (Fraction(1, 100),),
    "elu": (Fraction(1),),
    "zeta": (Fraction(1),),
    "lambertw": (Fraction(0),),
    "laguerre": (Fraction(0),),
}
"""The values of trailing arguments left out."""

FIRST: Mapping[str, int] = {"laguerre": 2}
"""How many arguments can't be left out, where that is more than one."""

EXACT: Mapping[str, Callable[..., Number]] = {
    "abs": abs,
    "sign": lambda x: int(x > 0) - int(x < 0),
    "floor": _floor,
    "ceil": _exactly(math.ceil, mp.ceil),
    "round": _exactly(round, mp.nint),
    "frac": lambda x: x - _floor(x),
    "min": min,
    "max": max,
    "clamp": lambda x, low, high: min(max(x, low), high),
    "heaviside": lambda x, at_zero: int(x > 0) if x else at_zero,
    "mod": modulo,
    "relu": lambda x: max(x, 0),
    "leaky_relu": lambda x, slope: x if x > 0 else slope * x,
    "hardtanh": lambda x: max(-1, min(x, 1)),
}
"""Functions that are rational at rational points: Fractions stay Fractions, so kinks are exact."""

SMOOTH: Mapping[str, Callable[..., Number]] = {
    "sin": mp.sin,
    "cos": mp.cos,
    "tan": mp.tan,
    "cot": mp.cot,
    "sec": mp.sec,
    "csc": mp.csc,
    "sinc": lambda x: mp.sin(x) / x if x else mpf(1),
    "asin": mp.asin,
    "arcsin": mp.asin,
    "acos": mp.acos,
    "arccos": mp.acos,
    "atan": mp.atan,
    "arctan": mp.atan,
    "acot": lambda x: mp.atan(1 / x),
    "asec": lambda x: mp.acos(1 / x),
    "acsc": lambda x: mp.asin(1 / x),
    "atan2": _angle,
    "hypot": lambda x, y: mp.sqrt(x**2 + y**2),
    "sinh": mp.sinh,
    "cosh": mp.cosh,
    "tanh": mp.tanh,
    "coth": lambda x: mp.cosh(x) / mp.sinh(x),
    "sech": lambda x: 1 / mp.cosh(x),
    "csch": lambda x: 1 / mp.sinh(x),
    "asinh": mp.asinh,
    "acosh": mp.acosh,
    "atanh": mp.atanh,
    "acoth": lambda x: mp.atanh(1 / x),
    "asech": lambda x: mp.acosh(1 / x),
    "acsch": lambda x: mp.asinh(1 / x),
    "exp": mp.exp,
    "expm1": mp.expm1,
    "log": mp.log,
    "ln": mp.log,
    "log2": lambda x: mp.log(x) / mp.log(2),
    "log10": lambda x: mp.log(x) / mp.log(10),
    "log1p": mp.log1p,
    "sqrt": mp.sqrt,
    "cbrt": lambda x: _root(x, mpf(3)),
    "root": _root,
    "gamma": mp.gamma,
    "lgamma": lambda x: mp.re(mp.loggamma(x)),
    "digamma": mp.digamma,
    "polygamma": _polygamma,
    "beta": _beta,
    "factorial": lambda x: mp.gamma(x + 1),
    "binomial": lambda n, k: mp.gamma(n + 1) * mp.rgamma(k + 1) * mp.rgamma(n - k + 1),
    "erf": mp.erf,
    "erfc": mp.erfc,
    "erfi": mp.erfi,
    "normpdf": _normal(lambda z, scale: mp.exp(-(z**2) / 2) / (scale * mp.sqrt(2 * mp.pi))),
    "normcdf": _normal(lambda z, _: _normcdf(z)),
    **SPECIAL,
    "elu": lambda x, a: x if x > 0 else a * mp.expm1(x),
    "selu": _selu,
    "gelu": lambda x: x * _normcdf(x),
    "silu": lambda x: x / (1 + mp.exp(-x)),
    "mish": lambda x: x * mp.tanh(_softplus(x)),
    "softplus": _softplus,
    "softsign": lambda x: x / (1 + abs(x)),
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "logit": lambda x: mp.log(x / (1 - x)),
    "logsigmoid": lambda x: -_softplus(-x),
}
"""Functions that lead to irrational numbers."""
