"""Cells: sets of points on which certain terms have certain signs, and what follows from these."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import sympy
from sympy import Add, Dummy, Expr, Mul, Poly, Rational, S, fraction, together

from diffcli.engines.terms.atoms import ROOT, VARIABLE, Atoms
from diffcli.engines.terms.formulas import expanded_terms
from diffcli.errors import LimitError

MAX_EXPANDED = 1000
"""Terms of a numerator once it is multiplied out."""
MAX_FACTORED = 100
"""Terms of a polynomial that is taken apart into factors."""
SIGN_DIGITS = 40
"""Digits to which a constant is evaluated for its sign."""

SIGN, WHOLE = "sign", "whole"
Question = tuple[str, Expr]
"""The sign of a form, or whether it is a whole number (1) or not (-1)."""
Answers = Mapping[Question, int]


class NowhereError(Exception):
    """A term has no value at any point of the cell."""


class UndecidedError(Exception):
    """The cell has to be cut by a question."""

    def __init__(self, question: Question) -> None:
        super().__init__(question)
        self.question = question


class UnknownError(Exception):
    """There is no rule that tells what a term is."""


@dataclass
class Signs:
    """The points where questions have certain answers, and the signs that forms have there."""

    atoms: Atoms
    answers: Answers

    @cached_property
    def solved(self) -> tuple[dict[Expr, Expr], tuple[Expr, ...]]:
        """The variables that the zeros determine, and the zeros that determine none."""
        solutions: dict[Expr, Expr] = {}
        others: list[Expr] = []
        for (kind, form), answer in self.answers.items():
            if kind != SIGN or answer:
                continue
            zero = form.xreplace(solutions).expand()
            if zero is S.Zero:
                continue
            if zero.is_number:
                raise NowhereError
            solution = self._linear(zero)
            if solution is None:
                others.append(zero)
                continue
            variable, value = solution
            solutions = {
                name: solution.xreplace({variable: value}) for name, solution in solutions.items()
            }
            solutions[variable] = value
        return solutions, tuple(others)

    def _linear(self, zero: Expr) -> tuple[Expr, Expr] | None:
        """Solve a polynomial of variables alone for one that is linear with a constant factor."""
        names = sorted(zero.free_symbols, key=str)
        if any(self.atoms.kind(name) != VARIABLE for name in names):
            return None
        for name in names:
            poly = Poly(zero, name)
            if poly.degree() == 1 and poly.LC().is_Rational:
                return name, (-poly.nth(0) / poly.LC()).expand()
        return None

    def _bounds(self, name: Expr) -> tuple[Any, Any]:
        """Return the open interval in which linear signs hold a variable; None for no end."""
        low, high = None, None
        for (kind, form), answer in self.answers.items():
            if kind != SIGN or not answer or form.free_symbols != {name}:
                continue
            poly = Poly(form, name)
            if poly.degree() != 1 or not all(
                coefficient.is_Rational for coefficient in poly.coeffs()
            ):
                continue
            end = -poly.nth(0) / poly.LC()
            if (poly.LC() > 0) == (answer > 0):
                low = end if low is None else max(low, end)
            else:
                high = end if high is None else min(high, end)
        return low, high

    def factors(self, form: Expr) -> tuple[Expr, list[tuple[Expr, Rational]]]:
        """Return a constant and the irreducible factors of a form, each with its power."""
        form = self.reduced(form)
        if form not in self.atoms.factors:
            self.atoms.factors[form] = _factors(form)
        return self.atoms.factors[form]

    def sign(self, form: Expr) -> int:
        """Return the sign that a form has on all of the cell."""
        constant, factors = self.factors(form)
        constant_sign = sign_of_number(constant)
        signs = [(self.factor_sign(factor), power) for factor, power in factors]
        if any(sign == 0 and power < 0 for sign, power in signs):
            raise NowhereError
        return constant_sign * prod(sign if power % 2 else sign * sign for sign, power in signs)

    def factor_sign(self, factor: Expr) -> int:
        """Return the sign of an irreducible factor. Raises UndecidedError."""
        question = SIGN, factor
        if question in self.answers:
            return self.answers[question]
        result = self._plain_sign(factor) or self._sign_on_interval(factor)
        if not result:
            raise UndecidedError(question)
        return result

    def _plain_sign(self, factor: Expr) -> int:
        """Return the sign of a sum whose terms all have one, or are 0, but not all of them."""
        signs = [self._sign_of_term(term) for term in Add.make_args(factor)]
        known = [sign for sign in signs if sign is not None]
        if len(known) < len(signs) or not any(is_strict for _, is_strict in known):
            return 0
        first = known[0][0]
        return first if all(sign == first for sign, _ in known) else 0

    def _sign_of_term(self, term: Expr) -> tuple[int, bool] | None:
        """Return the sign of a product, and whether it is never 0; None where it isn't known."""
        number, rest = term.as_coeff_Mul()
        if not number.is_real:
            return None
        sign, is_strict = sign_of_number(number), True
        for base, power in (argument.as_base_exp() for argument in Mul.make_args(rest)):
            known = 1 if base.is_positive else self.answers.get((SIGN, base), 0)
            is_even = power.is_Integer and power % 2 == 0
            if not known and not is_even:
                return None
            is_strict = is_strict and bool(known)
            sign *= 1 if is_even or known > 0 else -1
        return sign, is_strict

    def _sign_on_interval(self, factor: Expr) -> int:
        """Return the sign of a polynomial of one variable that has no root where that is held."""
        names = factor.free_symbols
        if len(names) != 1 or self.atoms.kind(name := next(iter(names))) != VARIABLE:
            return 0
        poly = Poly(factor, name)
        if not all(coefficient.is_Rational for coefficient in poly.coeffs()):
            return 0
        low, high = self._bounds(name)
        if (low is not None and high is not None and low >= high) or poly.count_roots(low, high):
            return 0
        return int(sympy.sign(poly.eval(self.inside(name))))

    def inside(self, name: Expr) -> Expr:
        """Return a rational number within the bounds of a variable."""
        low, high = self._bounds(name)
        match low, high:
            case None, None:
                return S.Zero
            case None, _:
                return high - 1
            case _, None:
                return low + 1
        return (low + high) / 2

    def reduced(self, form: Expr) -> Expr:
        """Return a form with the whole powers of its roots written out."""
        if not any(self.atoms.kind(atom) == ROOT for atom in form.atoms(Dummy)):
            return form
        return self.without_roots(form.expand(), lambda inner: inner)

    def without_roots(self, form: Expr, rewritten: Callable[[Expr], Expr]) -> Expr:
        """Return a sum with |a|^n, n whole, as a polynomial of a, ``rewritten``."""
        terms = Add.make_args(form)
        rootless = [self._without_root(term, rewritten) for term in terms]
        return form if all(a is b for a, b in zip(rootless, terms, strict=True)) else Add(*rootless)

    def _without_root(self, term: Expr, rewritten: Callable[[Expr], Expr]) -> Expr:
        outside = S.One
        for factor in Mul.make_args(term):
            base, power = factor.as_base_exp()
            if self.atoms.kind(base) != ROOT or not power.is_Rational or 0 < power < 1:
                continue
            (inner,) = self.atoms.args(base)
            whole = sympy.floor(power)
            outside *= rewritten(self.factor_sign(inner) * inner) ** whole * base**-whole
        return term if outside is S.One else term * outside


def _factors(form: Expr) -> tuple[Expr, list[tuple[Expr, Rational]]]:
    constant, powers = S.One, dict[Expr, Rational]()
    for part, turn in zip(fraction(together(form)), (1, -1), strict=True):
        for base, power in _split(part):
            number, factors = (base, ()) if base.is_number else sympy.factor_list(base)
            constant *= number ** (turn * power)
            for each, count in factors:
                lead = -1 if each.could_extract_minus_sign() else 1
                factor = (lead * each).expand()
                exponent = turn * count * power
                constant *= lead**exponent
                if factor.is_number:
                    constant *= factor**exponent
                else:
                    powers[factor] = powers.get(factor, S.Zero) + exponent
    return constant, [(factor, power) for factor, power in powers.items() if power]


def _split(part: Expr) -> Iterable[tuple[Expr, Rational]]:
    """Yield the factors of a product as written, each multiplied out, with its power."""
    for factor in Mul.make_args(part):
        base, power = factor.as_base_exp()
        # Only positive atoms have a power that isn't whole.
        if not power.is_Integer and not (power.is_Rational and base.is_Symbol):
            base, power = factor, S.One
        yield expanded(base, MAX_FACTORED), power


def expanded(form: Expr, most: int = MAX_EXPANDED) -> Expr:
    """Return a form multiplied out. Raises LimitError where it has too many terms."""
    if expanded_terms(form) > most:
        raise LimitError("the formula swells when it is multiplied out")
    return form.expand()


def sign_of_number(number: Expr) -> int:
    """Return the sign of a real constant, which its digits tell unless it is 0 as it stands."""
    if number.is_Rational:
        return int(sympy.sign(number))
    value = number.evalf(SIGN_DIGITS)
    if not value.is_Float or value._prec == 1 or abs(value) < Rational(10) ** (5 - SIGN_DIGITS):
        raise UnknownError(number)
    return 1 if value > 0 else -1
