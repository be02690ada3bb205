"""Anybody's sympy expression as terms of the table's functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Basic, Float, NumberSymbol, Rational, S
from sympy.functions.elementary.piecewise import ExprCondPair

from diffcli.engines.terms.dag import TermTable, postorder
from diffcli.engines.terms.functions import RealFunction
from diffcli.errors import UsageError
from diffcli.language.functions import TABLE, resolve

DIGITS = 60
"""Decimal digits of a constant that has no exact value, such as Euler's."""

_SAME_NAMES = (
    "besselj bessely besseli besselk airyai airybi airyaiprime airybiprime fresnels fresnelc "
    "erfinv erfcinv expint Ei Si Ci Shi Chi li zeta polylog loggamma legendre hermite laguerre "
    "chebyshevt chebyshevu gegenbauer"
).split()
"""Functions of sympy that are the project's of the same name."""


def adopted(expressions: Iterable[Basic]) -> list[Any]:
    """Return expressions whose functions and numbers are those that the project computes with.

    A decimal is taken for the exact number that it stores. Nothing else is evaluated. Raises
    UsageError for what has no function in the table.
    """
    terms = TermTable(max_terms=None)
    roots = list(expressions)
    results: dict[int, Any] = {}
    order = postorder(roots)
    for term in reversed(order):  # the outermost is the one that was written
        if term.args and type(term) not in _KNOWN and not isinstance(term, RealFunction):
            raise UsageError(
                f"{type(term).__name__} has no torch function",
                hint="doit() and rewrite() may write it in functions that have one",
            )
    for term in order:
        results[id(term)] = _adopted(terms, term, [results[id(arg)] for arg in term.args])
    return [results[id(root)] for root in roots]


def _adopted(terms: TermTable, term: Basic, args: Sequence[Any]) -> Any:
    if isinstance(term, Float):
        return terms.leaf(Rational(term))
    if isinstance(term, NumberSymbol) and term not in (S.Pi, S.Exp1):
        return terms.leaf(Rational(term.evalf(DIGITS)))
    if not args:
        return terms.leaf(term)
    kind = type(term)
    if kind in _BUILT:
        return _BUILT[kind](*args)
    if kind in _ROWS:
        return _row(_ROWS[kind], *args)
    return terms(kind, *args)


def _row(name: str, *args: Basic) -> Any:
    """Return the function of a row, with the row's defaults in place of missing arguments."""
    row = TABLE[name]
    missing = row.arity[0] - len(args)
    if not 0 <= missing <= len(row.defaults):
        raise UsageError(f"{name} of {len(args)} arguments has no torch function")
    defaults = map(Rational, row.defaults[len(row.defaults) - missing :])
    return Basic.__new__(resolve(row.sympy), *args, *defaults)


_ROWS: Mapping[type[Basic], str] = MappingProxyType(
    {
        getattr(sympy, name): row
        for name, row in {
            "jn": "sphericalj",
            "yn": "sphericaly",
            "LambertW": "lambertw",
            "elliptic_k": "ellipk",
            "elliptic_f": "ellipf",
            "elliptic_pi": "ellippi",
            **{name: name for name in _SAME_NAMES},
        }.items()
    }
)
_BUILT: Mapping[type[Basic], Callable[..., Any]] = MappingProxyType(
    {
        sympy.elliptic_e: lambda *args: _row("ellipe" if len(args) == 1 else "ellipeinc", *args),
        sympy.lowergamma: lambda a, x: sympy.gamma(a) * _row("gammainc", a, x),
        sympy.uppergamma: lambda a, x: sympy.gamma(a) * _row("gammaincc", a, x),
        sympy.assoc_laguerre: lambda n, a, x: _row("laguerre", n, x, a),
        sympy.betainc_regularized: lambda a, b, low, high: (
            _row("betainc", a, b, high) - _row("betainc", a, b, low)
        ),
    }
)
"""The functions of sympy that are written with functions of the project."""
_KNOWN = frozenset(
    {
        *(kind for row in TABLE.values() if isinstance(kind := resolve(row.sympy), type)),
        *(ExprCondPair, sympy.DiracDelta, *_ROWS, *_BUILT),
    }
)
