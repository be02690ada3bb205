"""What each function means, for exact fractions and for the numbers of mpmath."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import mpmath
import sympy
from mpmath import mpf
from sympy import Basic, integer_nthroot

from diffcli.engines.terms.functions import RealFunction
from diffcli.engines.terms.meanings import precise
from diffcli.language.functions import TABLE, resolve

MAX_CACHED = 1024
"""Meanings that are kept; an integral is a class of its own."""

MAX_EXACT_BITS = 4096
"""Of the numerator and the denominator of what is computed exactly."""


class OutsideRealsError(ArithmeticError):
    """A step of the formula isn't real and finite."""


def bits(number: Fraction) -> int:
    """Return the length of a fraction."""
    return number.numerator.bit_length() + number.denominator.bit_length()


def real_value(name: str, define: Callable[..., Any], numbers: Sequence[mpf]) -> mpf | None:
    """Return the function's value if it is real and finite."""
    if name in ("polygamma", "digamma") and numbers[-1] < -10_000:
        raise OutsideRealsError(f"{name} so far below zero takes too long")
    try:
        value = define(*numbers)
    except (ValueError, ZeroDivisionError):  # how mpmath reports a pole
        return None
    except OverflowError as error:
        raise OutsideRealsError(f"{name} of too large a number") from error
    except mpmath.mp.NoConvergence as error:
        raise OutsideRealsError(f"{name}: its series takes too many terms") from error
    if isinstance(value, mpmath.mpc) and value.imag == 0:
        value = value.real
    value = mpf(value) if isinstance(value, int) else value
    return value if isinstance(value, mpf) and mpmath.isfinite(value) else None


def exact_power(base: Fraction, p: int, q: int) -> Fraction | None:
    """Return the base to the p/q, where it is a rational number that isn't huge."""
    if bits(base) * abs(p) > MAX_EXACT_BITS * q or (base < 0 and q % 2 == 0):
        return None
    if q == 1:
        return base**p
    if q > MAX_EXACT_BITS:
        return None
    root, is_exact = zip(
        *(integer_nthroot(part, q) for part in (abs(base.numerator), base.denominator)), strict=True
    )
    if not all(is_exact):
        return None
    power = Fraction(*map(int, root)) ** p
    return -power if base < 0 and p % 2 else power


def rational_power(x: mpf, p: int, q: int) -> mpf:
    """Return x^(p/q): the real root where q is odd."""
    if q == 1:
        return x**p
    if x < 0 and q % 2:
        return (-1 if p % 2 else 1) * mpmath.power(-x, mpf(p) / q)
    return mpmath.power(x, mpf(p) / q)


def positive_power(x: mpf, y: mpf) -> mpf:
    """Return x^y. Raises ValueError unless x is positive."""
    if x <= 0:
        raise ValueError("a real power of what isn't positive")
    return mpmath.power(x, y)


def _sign(x: Any) -> Any:
    return (x > 0) - (x < 0)


def _floor_of(x: Any) -> Any:
    return x // 1 if isinstance(x, Fraction) else mpmath.floor(x)


def _heaviside(x: Any, at_zero: Any) -> Any:
    return at_zero if x == 0 else int(x > 0)


#: Functions that are rational where their arguments are; they hold for Fraction and mpf alike.
EXACT: Mapping[type[Basic], Callable[..., Any]] = MappingProxyType(
    {
        sympy.Abs: abs,
        sympy.sign: _sign,
        sympy.floor: _floor_of,
        sympy.ceiling: lambda x: -_floor_of(-x),
        sympy.frac: lambda x: x - _floor_of(x),
        sympy.Mod: lambda x, y: x - y * _floor_of(x / y),
        sympy.Max: max,
        sympy.Min: min,
        sympy.Heaviside: _heaviside,
        sympy.DiracDelta: lambda *_: 0,
        resolve("symbols:detach"): lambda x: x,
        resolve("symbols:relu"): lambda x: max(x, type(x)(0)),
        resolve("symbols:clamp"): lambda x, a, b: min(max(x, a), b),
        resolve("symbols:hardtanh"): lambda x: min(max(x, type(x)(-1)), type(x)(1)),
        resolve("symbols:round_half_even"): round,
    }
)


def _polygamma(n: Any, x: Any) -> Any:
    return mpmath.psi(int(n), x)


def _beta(x: Any, y: Any) -> Any:
    with precise(x, y):
        return mpmath.beta(x, y)


def _binomial(n: Any, k: Any) -> Any:
    with precise(n, k):
        return mpmath.binomial(n, k)


_OWN: Mapping[type[Basic], Callable[..., Any]] = MappingProxyType(
    {sympy.beta: _beta, sympy.binomial: _binomial, sympy.polygamma: _polygamma}
)
"""What mpmath has under another name, or without the digits."""


@lru_cache(MAX_CACHED)
def definition(kind: Any) -> Callable[..., Any]:
    """Return a function's mathematical definition in mpmath."""
    if issubclass(kind, RealFunction):
        own: Callable[..., Any] = kind.definition
        return own
    if kind in EXACT:
        return EXACT[kind]
    if kind in _OWN:
        return _OWN[kind]
    name: str = next(row.name for row in TABLE.values() if row.sympy == f"sympy:{kind.__name__}")
    meaning: Callable[..., Any] = getattr(mpmath, name)
    return meaning
