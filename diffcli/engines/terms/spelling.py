"""How a formula is spelled, such that what is derived from it is spelled the same.

An exponential is a call or a power of e, a root is a call or a fractional power, and a tiny number
is a fraction or a decimal with an exponent.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import sympy
from sympy import Expr, Pow, Rational, Symbol

from diffcli.language.expression import CONSTANT, NUMBER, Node, constant, node, postorder
from diffcli.language.function import Function
from diffcli.language.printer import number_text, text_of

LONG_NUMBER = 15
"""Digits from which on a number that is shorter with an exponent is written so."""


LAST = "\uffff"
"""Begins the name of a symbol that is printed after other factors, without this character."""


@dataclass(frozen=True)
class Spelling:
    """The choices between two spellings of the same.

    ``euler`` is the letter of e where it is typed and no exponential is a call, else None.
    ``has_fractional_powers`` holds where roots are written as powers, ``has_own_e`` where e is a
    variable, so that LaTeX calls the exponential by name.
    """

    euler: str | None = None
    has_fractional_powers: bool = False
    has_own_e: bool = False


AS_CALLS = Spelling()
"""The spelling ``exp(x)`` and ``sqrt(x)``."""


def spelling_of(function: Function) -> Spelling:
    """Return the spelling of a Function; where it has both spellings, it is that of calls."""
    calls = {term.op for term in function.nodes}
    exponents = [term.args[1] for term in function.nodes if term.op == "pow"]
    has_euler = any(term.op == CONSTANT and term.value == "e" for term in function.nodes)
    has_fractions = any(map(_is_fraction, exponents))
    return Spelling(
        ("E" if "e" in function.variables else "e") if has_euler and "exp" not in calls else None,
        has_fractions and calls.isdisjoint({"sqrt", "cbrt", "root"}),
        "e" in function.variables,
    )


def _is_fraction(exponent: Node) -> bool:
    """Whether an exponent is a number that isn't whole: ``1/2``, ``0.5``, ``-3/2``."""
    leaves = [term for term in postorder([exponent]) if term.is_leaf]
    if not all(leaf.op == NUMBER for leaf in leaves):
        return False
    return exponent.op != "pow" and (
        any(term.op == "div" for term in postorder([exponent]))
        or any(Fraction(leaf.value or 0).denominator > 1 for leaf in leaves)
    )


def spelled(form: Expr, spelling: Spelling) -> Expr:
    """Return a form to print: its exponentials and long numbers are what is written for them."""
    numbers = {atom: short for atom in form.atoms(Rational) if (short := _short(atom))}
    form = form.xreplace(numbers)
    if spelling.euler is None or not form.has(sympy.exp, sympy.E):
        return form
    euler = Symbol(LAST + spelling.euler, positive=True)
    form = form.xreplace({sympy.E: euler})
    return form.replace(sympy.exp, lambda exponent: Pow(euler, exponent, evaluate=False))


def constant_text(value: Node, spelling: Spelling) -> str:
    """Return a constant as text, its exponentials spelled as those of the formula."""
    if spelling.euler is None:
        return text_of(value)
    texts: dict[Node, Node] = {}
    for term in postorder([value]):
        args = [texts[arg] for arg in term.args]
        if term.op == "exp":
            texts[term] = node("pow", constant("e"), *args)
        else:
            texts[term] = node(term.op, *args, value=term.value, static=term.static)
    return text_of(texts[value], euler=spelling.euler)


def _short(value: Rational) -> Expr | None:
    """Return what stands for a long number in print, as 1e-400; None for one that stays."""
    text = number_text(abs(Fraction(int(value.p), int(value.q))))
    is_shorter = "e" in text and len(text) < LONG_NUMBER < len(str(value))
    return (-1 if value < 0 else 1) * Symbol(text, positive=True) if is_shorter else None
