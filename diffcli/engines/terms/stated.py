"""The formulas that the table states, partials among them, as sympy terms.

They are texts of the language in ``x y z``; each is read once.
"""

from __future__ import annotations

from functools import cache

from sympy import Expr, Symbol

from diffcli.engines.symbolic import expression, symbol
from diffcli.language.parser import parse
from diffcli.language.rules import ARGUMENTS


def stated(text: str, *arguments: Expr) -> Expr:
    """Return a formula of the table with a function's arguments in it."""
    formula, symbols = _read(text, ARGUMENTS[: len(arguments)])
    return formula.xreplace(dict(zip(symbols, arguments, strict=True)))


@cache
def _read(text: str, names: tuple[str, ...]) -> tuple[Expr, tuple[Symbol, ...]]:
    (formula,) = expression(parse(text, variables=names))
    return formula, tuple(map(symbol, names))
