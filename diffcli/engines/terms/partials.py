"""The partials that the table states as formulas, as sympy terms.

A row's ``partials`` are texts of the language in ``x y z``; each is read once.
"""

from __future__ import annotations

from functools import cache

from sympy import Expr, Symbol

from diffcli.engines.symbolic import expression, symbol
from diffcli.language.functions import TABLE
from diffcli.language.parser import parse
from diffcli.language.rules import ARGUMENTS


@cache
def term(name: str, index: int) -> tuple[Expr, tuple[Symbol, ...]]:
    """Return a row's partial in an argument as a sympy term, and the symbols of the arguments."""
    row = TABLE[name]
    names = ARGUMENTS[: row.arity[0]]
    (partial,) = expression(parse(row.partials[index], variables=names))
    return partial, tuple(map(symbol, names))
