"""The sympy functions of the project: their base, and how the table writes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from types import new_class
from typing import Any, ClassVar

import mpmath
from sympy import Expr, Float, Function, Rational
from sympy.core.function import ArgumentIndexError
from sympy.printing.precedence import PRECEDENCE

from diffcli.engines.terms.precision import mpmath_precision
from diffcli.language.functions import TABLE, Row
from diffcli.language.latex.printer import template

GUARD_BITS = 20

_PLACE = re.compile(r"\{(?:(?P<all>all)|(?P<index>\d))\}(?=(?P<touched>\^|!| \\bmod|$)?)")


def fill(template: str, arguments: Sequence[Expr], printer: Any) -> str:
    r"""Return a row's LaTeX template with the arguments' LaTeX in its places.

    A place that a power, a factorial or a remainder touches brackets what isn't an atom; braces
    around a number that is no argument's index (``\log_{2}``) are LaTeX.
    """

    def place(match: re.Match[str]) -> str:
        if match["all"]:
            return ", ".join(printer._print(argument) for argument in arguments)
        index = int(match["index"])
        if index >= len(arguments):
            return match[0]
        level = PRECEDENCE["Atom" if match["touched"] is not None else "Lambda"]
        return str(printer.parenthesize(arguments[index], level, strict=True))

    return _PLACE.sub(place, template)


def template_of(row: Row, arguments: Sequence[Expr]) -> str:
    """Return how a function of these arguments is written in LaTeX, its places open."""
    is_bare = bool(arguments) and arguments[0].is_Atom and not arguments[-1].is_Symbol
    return template(row, is_bare=is_bare)


def without_defaults(row: Row, arguments: Sequence[Expr]) -> tuple[Expr, ...]:
    """Return the arguments less the trailing ones that are the row's defaults."""
    kept = list(arguments)
    for default in reversed(row.defaults):
        value = Fraction(default)
        if kept[-1] != Rational(value.numerator, value.denominator):
            break
        kept.pop()
    return tuple(kept)


class RealFunction(Function):
    """A real function, with partials that are closed or None."""

    is_extended_real = True
    row: ClassVar[Row]
    partials: ClassVar[tuple[Callable[..., Expr] | None, ...]]
    definition: ClassVar[Callable[..., Any]]
    poles: ClassVar[tuple[Expr, ...]] = ()
    """Terms whose zeros take the value away, of which its row's operation doesn't know."""

    def fdiff(self, argindex: int = 1) -> Expr:
        """Return the partial in the argument of this 1-based index."""
        partial = dict(enumerate(self.partials, 1)).get(argindex)
        if partial is None:
            raise ArgumentIndexError(self, argindex)
        return partial(*self.args)

    def _eval_evalf(self, prec: int) -> Expr | None:
        with mpmath_precision(prec + GUARD_BITS):
            args = [mpmath.mpf(arg._to_mpmath(prec + GUARD_BITS)) for arg in self.args]
            try:
                value = type(self).definition(*args)
            except (ValueError, ZeroDivisionError):  # how mpmath reports a pole
                return None
        return Float._new(value._mpf_, prec) if isinstance(value, mpmath.mpf) else None

    def _sympystr(self, printer: Any) -> str:
        shown = map(printer._print, without_defaults(self.row, self.args))
        return f"{self.row.name}({', '.join(shown)})"

    def _latex(self, printer: Any, exp: str | None = None) -> str:
        shown = without_defaults(self.row, self.args)
        latex = fill(template_of(self.row, shown), shown, printer)
        return latex if exp is None else rf"\left({latex}\right)^{{{exp}}}"


def real_function(
    name: str, definition: Callable[..., Any], *partials: Callable[..., Expr] | None
) -> type[RealFunction]:
    """Return the sympy function of a row, given its meaning in mpmath and its partials.

    None stands for a partial without a closed form.
    """
    row = next(row for row in TABLE.values() if row.sympy == f"symbols:{name}")
    members = {
        "__module__": "diffcli.engines.terms.symbols",
        "__doc__": f"{row.meaning}.",
        "nargs": row.arity[0],
        "row": row,
        "definition": staticmethod(definition),
        "partials": partials,
    }
    kind: type[RealFunction] = new_class(
        name, (RealFunction,), exec_body=lambda ns: ns.update(members)
    )
    return kind
