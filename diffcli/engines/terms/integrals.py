"""Integrals as sympy functions of their bounds and parameters.

The module has a member for each operation of an integral, under the operation's name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from itertools import pairwise
from types import new_class
from typing import Any, ClassVar

import mpmath
from mpmath import mpf
from sympy import Basic, Expr, S, Symbol
from sympy.printing.precedence import PRECEDENCE

from diffcli.engines.symbolic import expression, symbol
from diffcli.engines.terms import moving
from diffcli.engines.terms.chain import Differentiator
from diffcli.engines.terms.definitions import OutsideRealsError
from diffcli.engines.terms.functions import RealFunction
from diffcli.engines.terms.numeric import GUARD_BITS, Pass, Rounded
from diffcli.engines.terms.printing import text_of
from diffcli.language.expression import INTEGRAL_SIGN, is_integral, unused
from diffcli.language.function import Function
from diffcli.language.functions import TABLE
from diffcli.language.parser import integrand_named

MAX_CACHED = 1024
"""Classes of integrals that are kept; their integrands are typed."""

PLACES = 33
"""Points at which a term is tried for zeros."""
HALVINGS = 40
"""Steps towards the least of its values."""
SMALL = 1e-9
"""What is less, over the greatest of the values, may be a zero."""


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
        free = symbol(unused(variable.name, {str(name) for name in taken}))
        pairs = zip(parameters, self.args[2:], strict=True)
        return self.body.xreplace({variable: free, **dict(pairs)}), free

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


@lru_cache(MAX_CACHED)
def primitive(
    body: Expr, symbols: tuple[Symbol, ...], op: str, poles: tuple[Expr, ...] = ()
) -> type[Primitive]:
    """Return the class of an integral whose operation is ``op``.

    It has no value where one of the ``poles`` is 0 between the bounds, which the operation doesn't
    know.
    """
    members = {
        "row": TABLE[op],
        "nargs": len(symbols) + 1,
        "body": body,
        "symbols": symbols,
        "poles": poles,
        "definition": staticmethod(partial(_value, body, symbols, poles)),
        "partials": (
            partial(_at_low, body, symbols),
            partial(_at_high, body, symbols),
            *(partial(_under_the_sign, body, symbols, poles, symbol) for symbol in symbols[1:]),
        ),
    }
    kind: type[Primitive] = new_class(
        "integral", (Primitive,), exec_body=lambda namespace: namespace.update(members)
    )
    return kind


def _at_high(body: Expr, symbols: tuple[Symbol, ...], *args: Expr) -> Expr:
    values: Mapping[Symbol, Expr] = dict(zip(symbols, args[1:], strict=True))
    return body.xreplace(values)


def _at_low(body: Expr, symbols: tuple[Symbol, ...], *args: Expr) -> Expr:
    return -_at_high(body, symbols, S.Zero, args[0], *args[2:])


def _under_the_sign(
    body: Expr,
    symbols: tuple[Symbol, ...],
    poles: tuple[Expr, ...],
    wrt: Symbol,
    *args: Expr,
) -> Expr:
    variable = symbols[0]
    if moving.jumps(body, variable, wrt) or moving.hidden_poles(body, variable, wrt):
        raise moving.moving_jump(wrt)
    slope = Differentiator().partial(body, [wrt])
    poles = tuple(dict.fromkeys((*poles, *moving.poles(body, variable, wrt))))
    if slope is not S.Zero:
        return primitive(slope, symbols, _named(slope, symbols), poles)(*args)
    if poles:
        raise moving.moving_jump(wrt)
    return S.Zero


def _named(body: Expr, symbols: tuple[Symbol, ...]) -> str:
    """Return the name of the operation that integrates a term."""
    return f"{INTEGRAL_SIGN} {','.join(symbol.name for symbol in symbols)}: {text_of(body)}"


def _value(body: Expr, symbols: tuple[Symbol, ...], poles: tuple[Expr, ...], *args: mpf) -> mpf:
    """Return the integral by the tanh-sinh rule (Takahasi and Mori 1974), to the working precision.

    Raises OutsideRealsError where the integrand isn't real and finite, or the rule doesn't settle.
    """
    low, high, *others = args
    precision = mpmath.mp.prec

    def value(term: Expr, coordinate: mpf) -> mpf:
        point = {symbol.name: x for symbol, x in zip(symbols, (coordinate, *others), strict=True)}
        return _Pass(point, mpmath.mp.prec - GUARD_BITS).value([term], None).number

    with mpmath.extraprec(GUARD_BITS):
        for pole in poles:
            if _vanishes(partial(value, pole), low, high):
                raise OutsideRealsError("the integrand may jump between the bounds")
        integral, error = mpmath.quad(partial(value, body), [low, high], error=True)
    if error > abs(integral) * mpf(2) ** (GUARD_BITS - precision):
        raise OutsideRealsError("the integral's quadrature doesn't settle")
    return integral


def _vanishes(term: Callable[[mpf], mpf], low: mpf, high: mpf) -> bool:
    """Return whether a term seems to come to 0 between two numbers, from values at points."""
    points = [low + (high - low) * (2 * k + 1) / (2 * PLACES) for k in range(PLACES)]
    values = [term(point) for point in points]
    if any(x * y <= 0 for x, y in pairwise(values)):
        return True
    middle = min(range(PLACES), key=lambda k: abs(values[k]))
    left, right = points[max(middle - 1, 0)], points[min(middle + 1, PLACES - 1)]
    for _ in range(HALVINGS):
        third = (right - left) / 3
        if abs(term(left + third)) < abs(term(right - third)):
            right -= third
        else:
            left += third
    return bool(abs(term((left + right) / 2)) <= SMALL * max(map(abs, values)))


class _Pass(Pass):
    """A pass at numbers of the working precision."""

    def _leaf(self, term: Basic) -> Any:
        if isinstance(term, Symbol):
            return Rounded(self.point[term.name], mpf(0))
        return super()._leaf(term)


@lru_cache(MAX_CACHED)
def _integral(op: str) -> type[Primitive]:
    integrand = integrand_named(op)
    (body,) = expression(Function(text=(), outputs=(integrand.body,), variables=integrand.names))
    return primitive(body, tuple(map(symbol, integrand.names)), op)


def __getattr__(op: str) -> type[Primitive]:
    if is_integral(op):
        return _integral(op)
    raise AttributeError(op)
