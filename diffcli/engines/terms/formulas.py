"""The readable form of sympy terms: the shortest of a few cheap rewritings, as text and LaTeX.

The text is in the language itself, so that it can be typed in again. What is printed is measured
first: a shared DAG may be exponentially longer as text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import comb, prod
from typing import Any

import sympy
from sympy import Add, Basic, Expr, Mul, Pow, S, Symbol
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from diffcli.clock import now
from diffcli.engines.terms.dag import depth, postorder, tree_size
from diffcli.engines.terms.functions import fill, without_defaults
from diffcli.engines.terms.rewriting import (
    factored,
    nested_fractions,
    of_positive_orders,
    over_powers,
    unsigned,
    with_secants,
)
from diffcli.engines.terms.spelling import AS_CALLS, LAST, Spelling, spelled
from diffcli.language.formula import Formula
from diffcli.language.functions import TABLE, Row, resolve
from diffcli.language.latex.printer import slashed, template
from diffcli.language.tokens import GREEK_NAMES

MAX_PRINTED = 3_000
"""Terms of a formula that is printed."""
MAX_DEPTH = 60
"""Of a formula that is printed: sympy's printers are recursive."""
MAX_REWRITTEN = 300
MAX_GENERATORS = 4
"""Letters and calls of a formula for which identities of sines and cosines are tried: sympy factors
polynomials in them, and how long that takes grows by a power of how many they are."""
MAX_CANCELLED = 60
"""Terms of a formula that is put over one denominator, which may take long."""
MAX_EXPANDED = 30
"""Terms of a sum that an expansion may make."""
MAX_POLYNOMIAL = 300
"""Terms, multiplied out, of polynomials that are divided."""
MAX_DEGREE = 20
MAX_NUMBER_BITS = 4096
NESTED = 6
"""How many letters a fraction within a fraction counts for."""
MAX_CONSTANT = 10
"""Terms of a constant whose value is worked out to order a sum."""
_SYMPY_FAILURES = (
    ArithmeticError,
    AttributeError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What sympy raises from within where a constant is infinite, complex or takes too many digits."""


def readable(
    term: Expr,
    deadline: float | None = None,
    spelling: Spelling = AS_CALLS,
    *,
    simplified: bool = True,
) -> Formula:
    """Return a term as a formula that a person would write, or why there is none."""
    size = tree_size(term)
    if size > MAX_PRINTED:
        shown = size if size < 10**9 else f"10^{len(str(size)) - 1}"
        return Formula(reason=f"the formula has about {shown} terms: too long to print")
    if depth(term) > MAX_DEPTH:
        return Formula(reason=f"the formula is nested more than {MAX_DEPTH} deep")
    texts: dict[str, Expr] = {}
    try:
        for form in _forms(evaluated(term, deadline)):
            if not texts or not form.has(*_NOT_REAL):
                texts.setdefault(text_of(form), form)
            if not simplified or (deadline is not None and now() > deadline):
                break
    except _SYMPY_FAILURES as error:
        if not texts:
            return Formula(reason=f"sympy fails to write the formula: {type(error).__name__}")
    text = min(texts, key=lambda text: _length(text, texts[text]))
    form = spelled(texts[text], spelling)
    return Formula(text_of(form, spelling), latex_of(form, spelling))


def _length(text: str, form: Expr) -> tuple[int, int]:
    """Return how long a form reads, and among the equally long how many lines it has."""
    return len(text) + NESTED * nested_fractions(form), text.count("/")


def text_of(term: Expr, spelling: Spelling = AS_CALLS) -> str:
    """Return a term in the language's own syntax."""
    printer = _TextPrinter()
    printer.has_fractional_powers = spelling.has_fractional_powers
    return str(printer.doprint(term))


def latex_of(term: Expr, spelling: Spelling = AS_CALLS) -> str:
    """Return a term in LaTeX, its functions such that the language reads them again."""
    roots = not spelling.has_fractional_powers
    printer = _LatexPrinter({"root_notation": roots, "fold_frac_powers": True})
    printer.has_own_e = spelling.has_own_e
    return str(printer.doprint(term))


def _forms(form: Expr) -> Iterator[Expr]:
    """Yield rewritings of a term, each only where it is sure to be quick."""
    yield form
    if tree_size(form) > MAX_REWRITTEN:
        return
    for start in dict.fromkeys((form, unsigned(of_positive_orders(form)))):
        for arranged in _arranged(start):
            yield from dict.fromkeys((arranged, with_secants(arranged)))


def _arranged(form: Expr) -> Iterator[Expr]:
    """Yield arrangements of a term, the costliest last."""
    yield form
    yield factored(form)
    if expanded_terms(form) <= MAX_EXPANDED:
        expanded = form.expand(power_base=False, power_exp=False, log=False)
        yield expanded
        yield factored(expanded)
    if form.has(sympy.Piecewise) or _degree(form) > MAX_DEGREE:
        return
    together = sympy.together(form)
    above, below = sympy.fraction(together)
    if expanded_terms(above) <= MAX_EXPANDED:
        yield factored(above.expand()) / below
    if tree_size(form) > MAX_CANCELLED:
        return
    yield together
    yield factored(sympy.powsimp(form))
    is_short = (
        tree_size(together) <= MAX_REWRITTEN
        and max(expanded_terms(above), expanded_terms(below)) <= MAX_POLYNOMIAL
    )
    if is_short:
        yield over_powers(factored(together))
    if form.has(*_CIRCULAR):
        generators = form.atoms(sympy.Function, sympy.Symbol)
        if len(generators) <= MAX_GENERATORS and not any(call.is_number for call in generators):
            yield sympy.trigsimp(form)
    elif is_short:
        cancelled = sympy.cancel(together)
        yield factored(cancelled)
        yield over_powers(cancelled)


def evaluated(
    term: Expr, deadline: float | None = None, values: Mapping[Basic, Expr] | None = None
) -> Expr:
    """Return the term rebuilt by sympy's own constructors, which collect and cancel.

    What they would make complex or infinite (``log(-2)``) stays as it is, and so does what they
    have no time for. ``values`` are what stands for symbols.
    """
    results: dict[int, Any] = {}
    for inner in postorder([term]):
        args = [results[id(arg)] for arg in inner.args]
        if not args:
            results[id(inner)] = (values or {}).get(inner, inner)
            continue
        is_huge = all(arg.is_Number for arg in args) and _is_huge(inner, args)
        is_late = deadline is not None and now() > deadline
        form = None if is_huge or is_late else _constructed(inner, args)
        if form is None or form.has(*_NOT_REAL):
            form = inner.func(*args, evaluate=False)
        results[id(inner)] = form
    return results[id(term)]


def _constructed(term: Basic, args: list[Any]) -> Any:
    """Return what sympy makes of a term, a root and a logarithm of numbers as they are here."""
    found = _real_root(term, args)
    if found is None:
        found = _whole_logarithm(term, args)
    return term.func(*args) if found is None else found


_BASES = {"log2": 2, "log10": 10}


def _whole_logarithm(term: Basic, args: list[Any]) -> Any:
    """Return log2 of a power of 2, log10 of a power of 10; None for anything else."""
    base = _BASES.get(type(term).__name__)
    if base is None or not args[0].is_Rational or args[0] <= 0 or 1 not in (args[0].p, args[0].q):
        return None
    exponent, is_whole = sympy.integer_log(max(args[0].p, args[0].q), base)
    sign = -1 if args[0].p == 1 else 1
    return sympy.Integer(sign * exponent) if is_whole else None


def _real_root(term: Basic, args: list[Any]) -> Any:
    """Return a root of odd degree of a negative number, which is real here; None for others."""
    if not isinstance(term, Pow) or not all(arg.is_Rational for arg in args):
        return None
    base, exponent = args
    if base >= 0 or exponent.q == 1 or exponent.q % 2 == 0:
        return None
    return (-1) ** (exponent.p % 2) * Pow(-base, exponent)


def _is_huge(term: Basic, args: list[Any]) -> bool:
    """Whether a number that sympy would write out has too many digits."""
    bits = [abs(arg.p).bit_length() + arg.q.bit_length() for arg in args if arg.is_Rational]
    if isinstance(term, Pow):
        return len(bits) == 2 and bits[0] * abs(args[1]) > MAX_NUMBER_BITS
    return not isinstance(term, (Add, Mul)) and max(bits, default=0) > 10


def expanded_terms(form: Expr) -> int:
    """Return about how many terms the form has when its products are multiplied out."""
    counts: dict[int, int] = {}
    for term in postorder([form]):
        inner = [counts[id(arg)] for arg in term.args]
        if isinstance(term, Add):
            count = sum(inner)
        elif isinstance(term, Mul):
            count = prod(inner)
        elif isinstance(term, Pow) and term.exp.is_Integer and inner[0] > 1:
            count = comb(min(abs(int(term.exp)), 1000) + inner[0] - 1, inner[0] - 1)
        else:
            count = max(inner) if inner and max(inner) > MAX_EXPANDED else 1
        counts[id(term)] = min(count, 10**6)
    return counts[id(form)]


def _degree(form: Expr) -> int:
    """Return the largest number in an exponent or an argument: the degree, in e^x too."""
    inner = {power.exp for power in form.atoms(Pow)}
    inner |= {arg for call in form.atoms(sympy.Function) for arg in call.args}
    numbers = {number for degree in inner for number in degree.atoms(sympy.Rational)}
    return max((max(abs(number.p), number.q) for number in numbers), default=0)


_CIRCULAR = (sympy.sin, sympy.cos, sympy.tan, sympy.cot, sympy.sec, sympy.csc)
_NOT_REAL = (S.ImaginaryUnit, S.NaN, S.ComplexInfinity)
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
        form = template(row)
        latex = fill(form, without_defaults(row, term.args), printer)
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
    if any(tree_size(part) > MAX_CONSTANT and part.is_number for part in factors):
        return list(term.args)
    ordered = list(term.as_ordered_terms(order=order or printer.order))
    first = next((part for part in ordered if not part.could_extract_minus_sign()), ordered[0])
    return sorted(ordered, key=lambda part: part is not first)


def _printer(base: type, write: Callable[[Row], Callable[..., str]], **others: Any) -> type[Any]:
    """Return a printer of sympy's that writes the functions of the language as the table does."""
    rows = {f"_print_{kind.__name__}": write(row) for kind, row in _ROWS.items()}
    methods = {f"_print_{name}": method for name, method in others.items()}
    own = {"_print_polygamma": _polygamma(write), "_as_ordered_terms": _ordered_terms}
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
