"""How a teacher would write a term: rewritings that sympy doesn't make, and which form is liked.

Each is an identity wherever both of its sides have a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import sympy
from sympy import Add, Basic, Expr, Integer, Mul, Pow

from diffcli.engines.terms.dag import tree_size
from diffcli.language.functions import TABLE, resolve

MAX_FACTORED = 300
"""Terms of a formula whose sums are factored."""
_OUTSIDE, _FACTOR, _SUMMAND = range(3)
"""Where a term stands: in no fraction, a factor of one, or in a sum that is a factor of one."""
_REFLECTED: Mapping[type[Basic], int] = MappingProxyType(
    {
        resolve(TABLE[name].sympy): sign
        for name, sign in {"besselj": -1, "bessely": -1, "besseli": 1, "besselk": 1}.items()
    }
)
"""Bessel functions by the sign to the power n that an order -n gives; DLMF 10.4.1, 10.27."""
_INVERSES: Mapping[type[Basic], type[Expr]] = MappingProxyType(
    {sympy.cos: sympy.sec, sympy.sin: sympy.csc}
)


def nested_fractions(term: Basic, position: int = _OUTSIDE) -> int:
    """Return how many fractions stand in a sum above or below the line of another one."""
    if isinstance(term, Pow) and term.exp.is_Integer:
        below = _is_below(term)
        inner = nested_fractions(term.base, max(position, _FACTOR) if below else position)
        return inner + (below and position == _SUMMAND)
    if isinstance(term, Add):
        position = _SUMMAND if position else _OUTSIDE
    elif isinstance(term, Mul):
        position = max(position, _FACTOR if any(map(_is_below, term.args)) else _OUTSIDE)
    else:
        position = _OUTSIDE
    return sum(nested_fractions(arg, position) for arg in term.args)


def _is_below(factor: Basic) -> bool:
    return isinstance(factor, Pow) and bool(factor.exp.is_Rational and factor.exp < 0)


def unsigned(term: Expr) -> Expr:
    """Return the term with abs(u)/u for each sign(u) that this cancels against something."""
    other = term.replace(sympy.sign, lambda u: sympy.Abs(u) / u)
    signed = (sign.args[0] for sign in term.atoms(sympy.sign))
    powers = other.atoms(Pow)
    left = (u for u in signed if other.has(sympy.Abs(u)))
    return term if any(_is_below(p) and p.base == u for u in left for p in powers) else other


def of_positive_orders(term: Expr) -> Expr:
    """Return the term with its Bessel functions of the orders -1, -2, … reflected."""
    return term.replace(
        lambda inner: inner.func in _REFLECTED and isinstance(inner.args[0], Integer),
        lambda inner: _reflected(inner.func, *inner.args),
    )


def _reflected(bessel: type[Expr], order: Integer, x: Expr) -> Expr:
    sign = _REFLECTED[bessel] ** order if order < 0 else 1
    return sign * bessel(abs(order), x)


def with_secants(term: Expr) -> Expr:
    """Return the term with secants and cosecants where it divides by cosines and sines."""
    return term.replace(
        lambda inner: _is_below(inner) and inner.base.func in _INVERSES,
        lambda inner: _INVERSES[inner.base.func](*inner.base.args) ** -inner.exp,
    )


def over_powers(term: Expr) -> Expr:
    """Return a fraction with the sums above its line multiplied out, and powers below it."""
    above, below = sympy.fraction(term)
    factors = (
        argument.expand() if isinstance(argument, Add) else argument
        for argument in Mul.make_args(above)
    )
    divisors = (sympy.sqf(argument) for argument in Mul.make_args(factored(below)))
    return Mul(factored(Mul(*factors)), *(1 / divisor for divisor in divisors))


def factored(term: Expr) -> Expr:
    """Return a term with common factors taken out of its sums; a long one as it is.

    Arguments of calls that were multiplied out may have made it long.
    """
    return sympy.factor_terms(term) if tree_size(term) <= MAX_FACTORED else term
