"""The readable form of sympy terms: the shortest of a few cheap rewritings, as text and LaTeX.

What is printed is measured first: a shared DAG may be exponentially longer as text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import comb, prod
from typing import Any

import sympy
from sympy import Add, Basic, Expr, Mul, Pow, S

from diffcli.clock import now
from diffcli.engines.terms.dag import depth, postorder, tree_size
from diffcli.engines.terms.printing import latex_of, text_of, text_writer
from diffcli.engines.terms.rewriting import (
    factored,
    nested_fractions,
    of_positive_orders,
    over_powers,
    unsigned,
    with_secants,
)
from diffcli.engines.terms.spelling import AS_CALLS, Spelling, spelled
from diffcli.language.formula import Formula

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
    write = text_writer()
    try:
        for form in _forms(evaluated(term, deadline)):
            if not texts or not form.has(*_NOT_REAL):
                texts.setdefault(write(form), form)
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
    real: set[Basic] = set()
    for inner in postorder([term]):
        args = [results[id(arg)] for arg in inner.args]
        if not args:
            results[id(inner)] = (values or {}).get(inner, inner)
            continue
        is_huge = all(arg.is_Number for arg in args) and _is_huge(inner, args)
        is_late = deadline is not None and now() > deadline
        form = None if is_huge or is_late else _constructed(inner, args)
        if form is None or not _is_real(form, real):
            form = inner.func(*args, evaluate=False)
        results[id(inner)] = form
    return results[id(term)]


def _is_real(form: Basic, real: set[Basic]) -> bool:
    """Whether a form has no part that sympy writes for a complex or infinite value.

    ``real`` are terms that have none, to which those of such a form are added.
    """
    stack, parts = [form], set[Basic]()
    while stack:
        part = stack.pop()
        if part in _NOT_REAL:
            return False
        if part not in real and part not in parts:
            parts.add(part)
            stack.extend(part.args)
    real |= parts
    return True


def _constructed(term: Basic, args: list[Any]) -> Any:
    """Return what sympy makes of a term, a root and a logarithm of numbers as they are here."""
    special = _real_root(term, args)
    if special is None:
        special = _whole_logarithm(term, args)
    return term.func(*args) if special is None else special


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
_NOT_REAL = frozenset({S.ImaginaryUnit, S.NaN, S.ComplexInfinity})
