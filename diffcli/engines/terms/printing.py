"""Sympy terms as text in the language itself, which can be typed in again, and as LaTeX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy
from sympy import Add, Basic, Expr, Mul, Pow, S, Symbol
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from diffcli.engines.terms.dag import tree_size
from diffcli.engines.terms.functions import fill, template_of, without_defaults
from diffcli.engines.terms.spelling import AS_CALLS, LAST, Spelling
from diffcli.language.functions import TABLE, Row, resolve
from diffcli.language.latex.printer import slashed
from diffcli.language.tokens import GREEK_NAMES

MAX_CONSTANT = 10
"""Terms of a constant whose value is worked out to order a sum."""


def text_of(term: Expr, spelling: Spelling = AS_CALLS) -> str:
    """Return a term in the language's own syntax."""
    return text_writer(spelling)(term)


def text_writer(spelling: Spelling = AS_CALLS) -> Callable[[Expr], str]:
    """Return :func:`text_of` for several terms, which writes a part that they share once."""
    printer = _TextPrinter()
    printer.has_fractional_powers = spelling.has_fractional_powers
    return lambda term: str(printer.doprint(term))


def latex_of(term: Expr, spelling: Spelling = AS_CALLS) -> str:
    """Return a term in LaTeX, its functions such that the language reads them again."""
    roots = not spelling.has_fractional_powers
    printer = _LatexPrinter({"root_notation": roots, "fold_frac_powers": True})
    printer.has_own_e = spelling.has_own_e
    return str(printer.doprint(term))


#: The rows that are written as a call, by their sympy class.
_ROWS: dict[type[Basic], Row] = {
    kind: row
    for row in TABLE.values()
    if not row.boolean
    and row.sympy
    and isinstance(kind := resolve(row.sympy), type)
    and kind not in (Add, Mul, Pow, sympy.Piecewise)
}
_SIGNS = {
    sympy.StrictLessThan: "<",
    sympy.LessThan: "<=",
    sympy.StrictGreaterThan: ">",
    sympy.GreaterThan: ">=",
    sympy.Equality: "==",
    sympy.Unequality: "!=",
}


def _piecewise_text(printer: Any, term: Any) -> str:
    pairs = (
        f"({printer._print(value)}, {printer._print(condition)})" for value, condition in term.args
    )
    return f"piecewise({', '.join(pairs)})"


def _relation_text(printer: Any, term: Any) -> str:
    return f"{printer._print(term.lhs)} {_SIGNS[type(term)]} {printer._print(term.rhs)}"


def _logic_text(word: str) -> Callable[[Any, Any], str]:
    def write(printer: Any, term: Any) -> str:
        nested = (sympy.And, sympy.Or)
        shown = ((arg, printer._print(arg)) for arg in term.args)
        return word.join(f"({text})" if isinstance(arg, nested) else text for arg, text in shown)

    return write


def _power_text(printer: Any, term: Any, **options: Any) -> str:
    if term.exp.is_Rational and term.exp < 0:
        inverse = Pow(term.base, -term.exp, evaluate=False) if term.exp != -1 else term.base
        return f"1/{printer.parenthesize(inverse, PRECEDENCE['Pow'], strict=True)}"
    options = {"rational": printer.has_fractional_powers, **options}
    return str(StrPrinter._print_Pow(printer, term, **options))


def _power_latex(printer: Any, term: Any, **options: Any) -> str:
    if not term.exp.is_Rational and (raised := _raised(printer, term.exp)):
        term = Pow(term.base, Symbol(LAST + raised), evaluate=False)
    return str(LatexPrinter._print_Pow(printer, term, **options))


def _raised(printer: Any, exponent: Any) -> str | None:
    """Return a quotient in an exponent with a slash; None for what isn't one, or is too tall."""
    above, below = sympy.fraction(exponent)
    if below is S.One:
        return None
    return slashed(_apart(printer, above, (Add,)), _apart(printer, below, (Add, Mul)))


def _apart(printer: Any, term: Any, loose: tuple[type, ...]) -> str:
    """Return a part of a quotient, bracketed if it is of a kind that is ``loose`` there."""
    written = str(printer._print(term))
    latex = f"-{written[2:]}" if written.startswith("- ") else written
    return rf"\left({latex}\right)" if isinstance(term, loose) else latex


def _exponential_latex(printer: Any, term: Any, exp: str | None = None) -> str:
    if printer.has_own_e:
        return str(_call_latex(TABLE["exp"])(printer, term, exp))
    (exponent,) = term.args
    latex = f"e^{{{_raised(printer, exponent) or printer._print(exponent)}}}"
    return latex if exp is None else rf"\left({latex}\right)^{{{exp}}}"


def _symbol_latex(printer: Any, term: Any, **options: Any) -> str:
    is_euler = term.name.startswith(LAST)
    shown = term.name[1:] if is_euler else LatexPrinter._print_Symbol(printer, term, **options)
    return str(shown)


def _call_text(row: Row) -> Callable[[Any, Any], str]:
    def write(printer: Any, term: Any) -> str:
        shown = map(printer._print, without_defaults(row, term.args))
        return f"{row.name}({', '.join(shown)})"

    return write


def _call_latex(row: Row) -> Callable[..., str]:
    def write(printer: Any, term: Any, exp: str | None = None) -> str:
        shown = without_defaults(row, term.args)
        form = template_of(row, shown)
        latex = fill(form, shown, printer)
        if exp is None:
            return latex
        command, bracket, rest = latex.partition(r"\left(")
        if form.endswith(r"\left({all}\right)") and row.name not in GREEK_NAMES:
            return f"{command}^{{{exp}}}{bracket}{rest}"
        return rf"\left({latex}\right)^{{{exp}}}"

    return write


def _polygamma(write: Callable[[Row], Callable[..., str]]) -> Callable[..., str]:
    of_order, of_zero = write(TABLE["polygamma"]), write(TABLE["digamma"])

    def write_polygamma(printer: Any, term: Any, **options: Any) -> str:
        order, x = term.args
        if order is S.Zero:
            return of_zero(printer, sympy.digamma(x, evaluate=False), **options)
        return of_order(printer, term, **options)

    return write_polygamma


def _ordered_terms(printer: Any, term: Any, order: str | None = None) -> list[Any]:
    # Sympy orders by the values of constant factors, and works out at length what is nested.
    factors = (factor for arg in term.args for factor in Mul.make_args(arg))
    if any(part.is_number and tree_size(part) > MAX_CONSTANT for part in factors):
        return list(term.args)
    ordered = list(term.as_ordered_terms(order=order or printer.order))
    first = next((part for part in ordered if not part.could_extract_minus_sign()), ordered[0])
    return sorted(ordered, key=lambda part: part is not first)


def _printed_once(base: type[Any]) -> Callable[..., Any]:
    """Return a printer's dispatch that writes a part once, however often a term contains it."""

    def dispatch(printer: Any, term: Any, **options: Any) -> Any:
        if options or not isinstance(term, Basic):
            return base._print(printer, term, **options)
        texts = printer.__dict__.setdefault("texts", {})
        if term not in texts:
            texts[term] = base._print(printer, term)
        return texts[term]

    return dispatch


def _printer(base: type, write: Callable[[Row], Callable[..., str]], **others: Any) -> type[Any]:
    """Return a printer of sympy's that writes the functions of the language as the table does."""
    rows = {f"_print_{kind.__name__}": write(row) for kind, row in _ROWS.items()}
    methods = {f"_print_{name}": method for name, method in others.items()}
    own: dict[str, Callable[..., Any]] = {
        "_print": _printed_once(base),
        "_print_polygamma": _polygamma(write),
        "_as_ordered_terms": _ordered_terms,
    }
    return type(base.__name__, (base,), rows | own | methods)


_TextPrinter = _printer(
    StrPrinter,
    _call_text,
    Piecewise=_piecewise_text,
    Relational=_relation_text,
    And=_logic_text(" and "),
    Or=_logic_text(" or "),
    Not=lambda printer, term: f"not ({printer._print(term.args[0])})",
    Pow=_power_text,
    Symbol=lambda _, term: term.name.removeprefix(LAST),
    Exp1=lambda _, __: "exp(1)",
    Infinity=lambda _, __: "inf",
)
_LatexPrinter = _printer(
    LatexPrinter, _call_latex, Symbol=_symbol_latex, Pow=_power_latex, exp=_exponential_latex
)
