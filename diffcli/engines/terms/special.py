"""The special functions as sympy functions: meanings in mpmath, partials from the table.

A partial without a closed form stays unevaluated, as in sympy's own functions.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from sympy import Add, Expr, Integer, Rational, polygamma
from sympy.core.function import ArgumentIndexError

from diffcli.engines.terms.functions import RealFunction, real_function
from diffcli.engines.terms.meanings import MEANINGS
from diffcli.language.functions import TABLE

LARGEST_DIMENSION = 100
"""Of a multivariate gamma function whose derivative is written out."""


def _partial(name: str, index: int, *args: Expr) -> Expr:
    # It needs the sympy functions of the whole table.
    from diffcli.engines.terms.stated import stated

    return stated(TABLE[name].partials[index], *args)


def _special(name: str) -> type[RealFunction]:
    closed: list[Callable[..., Expr] | None] = [
        partial(_partial, name, index) if text else None
        for index, text in enumerate(TABLE[name].partials)
    ]
    return real_function(name, MEANINGS[name], *closed)


def _multigammaln_slope(a: Expr, d: Expr) -> Expr:
    if not (isinstance(d, Integer) and d <= LARGEST_DIMENSION):
        raise ArgumentIndexError(multigammaln, 1)
    return Add(*(polygamma(0, a - Rational(j, 2)) for j in range(int(d))))


globals().update({name: _special(name) for name in MEANINGS if name in TABLE})
multigammaln = real_function("multigammaln", MEANINGS["multigammaln"], _multigammaln_slope)


def _of_order(name: str, order: int) -> Callable[[Expr], Expr]:
    def composite(x: Expr) -> Expr:
        return globals()[name](order, x)

    return composite


j0, j1 = _of_order("besselj", 0), _of_order("besselj", 1)
y0, y1 = _of_order("bessely", 0), _of_order("bessely", 1)
i0, i1 = _of_order("besseli", 0), _of_order("besseli", 1)
k0, k1 = _of_order("besselk", 0), _of_order("besselk", 1)


def trigamma(x: Expr) -> Expr:
    """Return ψ′(x)."""
    return polygamma(1, x)
