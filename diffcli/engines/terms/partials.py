"""The partials that the table states as formulas, for the engines that compute with them.

A row's ``partials`` are texts of the language in ``x y z``; they are read once, and become sympy
terms for the formula and a torch program for the number.
"""

from __future__ import annotations

from functools import cache

from sympy import Expr, Symbol

from diffcli.engines.lambdify import lambdify
from diffcli.engines.program import Program
from diffcli.engines.symbolic import expression, symbol
from diffcli.language.functions import TABLE
from diffcli.language.parser import parse


def arguments(name: str) -> tuple[str, ...]:
    """Return the variables in which a row's partials are written."""
    return ("x", "y", "z")[: TABLE[name].arity[0]]


@cache
def term(name: str, index: int) -> tuple[Expr, tuple[Symbol, ...]]:
    """Return a row's partial in an argument as a sympy term, and the symbols of the arguments."""
    names = arguments(name)
    (found,) = expression(parse(TABLE[name].partials[index], variables=names))
    return found, tuple(map(symbol, names))


@cache
def program(name: str, index: int) -> Program:
    """Return a row's partial in an argument as a torch program of the arguments."""
    found, symbols = term(name, index)
    return lambdify([found], symbols)
