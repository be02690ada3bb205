"""Integrals as sympy functions of their bounds and parameters.

The module has a member for each operation of an integral, under the operation's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from types import new_class
from typing import Any, ClassVar

import mpmath
from mpmath import mpf
from sympy import Basic, Expr, S, Symbol
from sympy.printing.precedence import PRECEDENCE

from diffcli.engines.symbolic import expression, symbol
from diffcli.engines.terms.chain import Differentiator
from diffcli.engines.terms.definitions import OutsideRealsError
from diffcli.engines.terms.functions import RealFunction
from diffcli.engines.terms.numeric import GUARD_BITS, Pass, Rounded
from diffcli.language.expression import Function
from diffcli.language.functions import TABLE
from diffcli.language.integrals import integrand_of, is_integral, unused


class Primitive(RealFunction):
    """The integral of ``body`` in the first of ``symbols``, from the first argument to the second.

    The other symbols stand for the other arguments.
    """

    body: ClassVar[Expr]
    symbols: ClassVar[tuple[Symbol, ...]]

    def opened(self) -> tuple[Expr, Symbol]:
        """Return the integrand with the arguments in their places, and its variable."""
        variable, *parameters = self.symbols
        taken = set[Basic]().union(*(arg.free_symbols for arg in self.args[2:]))
        free = symbol(unused(variable.name, {str(each) for each in taken}))
        places = zip(parameters, self.args[2:], strict=True)
        return self.body.xreplace({variable: free, **dict(places)}), free

    def _sympystr(self, printer: Any) -> str:
        body, variable = self.opened()
        low, high = map(printer._print, self.args[:2])
        return f"integrate({printer._print(body)}, {variable.name}={low}..{high})"

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        body, variable = self.opened()
        low, high = map(printer._print, self.args[:2])
        within = printer.parenthesize(body, PRECEDENCE["Mul"], strict=True)
        latex = rf"\int_{{{low}}}^{{{high}}} {within} \, d{printer._print(variable)}"
        return latex if exp is None else rf"\left({latex}\right)^{{{exp}}}"


@cache
def primitive(body: Expr, symbols: tuple[Symbol, ...], op: str) -> type[Primitive]:
    """Return the class of an integral whose operation, or that it is a derivative of, is ``op``."""
    members = {
        "row": TABLE[op],
        "nargs": len(symbols) + 1,
        "body": body,
        "symbols": symbols,
        "definition": staticmethod(partial(_value, body, symbols)),
        "partials": (
            partial(_at_low, body, symbols),
            partial(_at_high, body, symbols),
            *(partial(_under_the_sign, body, symbols, op, each) for each in symbols[1:]),
        ),
    }
    made: type[Primitive] = new_class(
        "integral", (Primitive,), exec_body=lambda namespace: namespace.update(members)
    )
    return made


def _at_high(body: Expr, symbols: tuple[Symbol, ...], *args: Expr) -> Expr:
    places: Mapping[Symbol, Expr] = dict(zip(symbols, args[1:], strict=True))
    return body.xreplace(places)


def _at_low(body: Expr, symbols: tuple[Symbol, ...], *args: Expr) -> Expr:
    return -_at_high(body, symbols, S.Zero, args[0], *args[2:])


def _under_the_sign(
    body: Expr, symbols: tuple[Symbol, ...], op: str, wrt: Symbol, *args: Expr
) -> Expr:
    slope = Differentiator().partial(body, [wrt])
    return S.Zero if slope is S.Zero else primitive(slope, symbols, op)(*args)


def _value(body: Expr, symbols: tuple[Symbol, ...], *args: mpf) -> mpf:
    """Return the integral by the tanh-sinh rule (Takahasi and Mori 1974), to the working precision.

    Raises OutsideRealsError where the integrand isn't real and finite, or the rule doesn't settle.
    """
    low, high, *others = args
    precision = mpmath.mp.prec

    def at(place: mpf) -> mpf:
        point = {each.name: x for each, x in zip(symbols, (place, *others), strict=True)}
        return _Pass(point, mpmath.mp.prec - GUARD_BITS).value([body], None).number

    with mpmath.extraprec(GUARD_BITS):
        found, error = mpmath.quad(at, [low, high], error=True)
    if error > abs(found) * mpf(2) ** (GUARD_BITS - precision):
        raise OutsideRealsError("the integral's quadrature doesn't settle")
    return found


class _Pass(Pass):
    """A pass at numbers of the working precision."""

    def _leaf(self, term: Basic) -> Any:
        if isinstance(term, Symbol):
            return Rounded(self.point[term.name], mpf(0))
        return super()._leaf(term)


@cache
def _integral(op: str) -> type[Primitive]:
    found = integrand_of(op)
    (body,) = expression(Function(text=(), outputs=(found.body,), variables=found.names))
    return primitive(body, tuple(map(symbol, found.names)), op)


def __getattr__(op: str) -> type[Primitive]:
    if is_integral(op):
        return _integral(op)
    raise AttributeError(op)
