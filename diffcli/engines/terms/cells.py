"""Values of terms at all points where some signs are known: there, every term is an algebraic form.

A *cell* is the set of points where certain terms are positive, negative or 0, and certain ones
whole numbers or not. On it abs, sign, max, floor and every condition become the branch that is
taken; what is a power or a logarithm of a positive number obeys all of their laws. What a cell
doesn't decide is asked for by :class:`UndecidedError`, and the cell is cut.

Every rule here holds at each point where the term as typed has a value, not merely at almost all.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import sympy
from sympy import Add, Dummy, Expr, I, Rational, S, exp, fraction, log, together

from diffcli.engines.terms.atoms import LOG, ROOT, VARIABLE
from diffcli.engines.terms.formulas import expanded_terms
from diffcli.engines.terms.signs import (
    MAX_EXPANDED,
    WHOLE,
    NowhereError,
    Signs,
    UndecidedError,
    expanded,
)

MAX_CANCELLED = 40
"""Terms of a form that is put in lowest terms, to tell whether two arguments are the same."""
ROUNDS = 6
"""How often roots are taken out of a form until nothing changes."""


class UnknownError(Exception):
    """There is no rule that tells what a term is."""


@dataclass
class Cell(Signs, ABC):
    """The points where questions have certain answers, and what terms are there."""

    places: Mapping[Expr, Expr] = field(default_factory=dict)
    """What stands for variables."""
    _values: dict[int, Any] = field(default_factory=dict)
    _kept: list[Any] = field(default_factory=list)

    def value(self, term: Any) -> Any:
        """Return a term's form on the cell, or whether a condition holds on it."""
        if id(term) not in self._values:
            self._values[id(term)] = self._value(term)
            self._kept.append(term)
        return self._values[id(term)]

    @abstractmethod
    def _value(self, term: Any) -> Any:
        """Return the form of a term that isn't known yet."""

    def leaf(self, term: Any) -> Any:
        """Return the form of a term without arguments."""
        if term in (S.true, S.false):
            return term is S.true
        if self.atoms.kind(term) is not None:
            return term
        if term in self.places:
            return self.value(self.places[term])
        if term.is_Symbol:
            atom = self.atoms.of(VARIABLE, term)
            return self.solved[0].get(atom, atom)
        if term is S.Exp1:
            return self.exp(S.One)
        if term.is_Rational or term is S.Pi:
            return term
        raise UnknownError(term)

    def canonical(self, form: Expr) -> Expr:
        """Return a form by which equal ones are known, as far as lowest terms tell."""
        form = self.reduced(form)
        above, below = fraction(together(form))
        if expanded_terms(above) + expanded_terms(below) <= MAX_CANCELLED and not below.is_number:
            above, below = fraction(sympy.cancel(form))
        return expanded(above) / expanded(below)

    def exp(self, form: Expr) -> Expr:
        """Return the exponential of a form."""
        form = self.canonical(form)
        return S.One if form is S.Zero else self.atoms.of(exp, form)

    def log(self, form: Expr) -> Expr:
        """Return log of a form as a sum over its factors; none where it isn't positive."""
        if self.sign(form) <= 0:
            raise NowhereError
        constant, factors = self.factors(form)
        return Add(_log_of_number(abs(constant)), *(k * self._log_of_atom(a) for a, k in factors))

    def _log_of_atom(self, factor: Expr) -> Expr:
        is_power = self.atoms.kind(factor) is exp
        return self.atoms.args(factor)[0] if is_power else self.atoms.of(LOG, factor)

    def power(self, form: Expr, exponent: Rational) -> Expr:
        """Return the real power of a form to a rational exponent."""
        if exponent.is_Integer:
            if exponent < 0 and self.reduced(form) is S.Zero:
                raise NowhereError
            return form**exponent
        sign = self.sign(form)
        if not sign:
            if exponent < 0:
                raise NowhereError
            return S.Zero
        if sign < 0 and exponent.q % 2 == 0:
            raise NowhereError
        constant, factors = self.factors(form)
        result = abs(constant) ** exponent
        if sign < 0 and exponent.p % 2:
            result = -result
        for factor, power in factors:
            result *= self._power_of_atom(factor, power * exponent)
        return result

    def _power_of_atom(self, factor: Expr, exponent: Rational) -> Expr:
        """Return |factor| to a rational exponent, whose whole part is written out."""
        if self.atoms.kind(factor) is exp:
            return self.exp(exponent * self.atoms.args(factor)[0])
        if self.atoms.kind(factor) == ROOT:
            return self._power_of_atom(self.atoms.args(factor)[0], exponent)
        whole = sympy.floor(exponent)
        outside = (self.factor_sign(factor) * factor) ** whole
        return outside * self.atoms.of(ROOT, factor) ** (exponent - whole)

    def whole(self, form: Expr) -> bool:
        """Return whether a form is a whole number on all of the cell."""
        if form.is_Rational:
            return bool(form.is_Integer)
        question = WHOLE, form
        if question not in self.answers:
            raise UndecidedError(question)
        return self.answers[question] > 0

    # Whether a form is 0.

    def is_zero(self, form: Expr) -> bool:
        """Return whether a form is proved to be 0 on all of the cell. False proves nothing."""
        form = self._exponentials(form)
        for _ in range(ROUNDS):
            above = fraction(together(form))[0]
            if expanded_terms(above) > MAX_EXPANDED:
                return False
            above = above.expand()
            if above is S.Zero:
                return True
            form = self.without_roots(above, self._exponentials)
            if form is above:
                break
        return any(_is_multiple(above, zero) for zero in self.solved[1])

    def _exponentials(self, form: Expr) -> Expr:
        """Return a form with circular and hyperbolic functions as powers of e."""
        exponentials = {}
        for atom in form.atoms(Dummy):
            kind = self.atoms.kind(atom)
            if kind in _WAVES:
                (angle,) = self.atoms.args(atom)
                exponentials[atom] = _WAVES[kind](
                    self._wave(angle, I if kind in _CIRCULAR else S.One)
                )
        return form.xreplace(exponentials) if exponentials else form

    def _wave(self, angle: Expr, unit: Expr) -> Expr:
        """Return e^(unit·angle), of a unit 1 or i; of i·asin(u) and i·atan(u) by u."""
        result: Expr = S.One
        for summand in Add.make_args(angle.expand()):
            share, term = summand.as_coeff_Mul()
            kind = self.atoms.kind(term)
            if unit is I and share.is_Integer and kind in _INVERSE:
                (u,) = self.atoms.args(term)
                real, imaginary = _INVERSE[kind](self, u)
                result *= (real + I * imaginary) ** share
            else:
                result *= self.atoms.power(summand, unit)
        return result


_WAVES: Mapping[Any, Callable[[Expr], Expr]] = MappingProxyType(
    {
        exp: lambda w: w,
        sympy.sin: lambda w: (w - 1 / w) / (2 * I),
        sympy.cos: lambda w: (w + 1 / w) / 2,
        sympy.sinh: lambda w: (w - 1 / w) / 2,
        sympy.cosh: lambda w: (w + 1 / w) / 2,
    }
)
"""Functions by w = e^x, or e^(ix)."""
_CIRCULAR = (sympy.sin, sympy.cos)


def _of_tangent(cell: Cell, u: Expr) -> tuple[Expr, Expr]:
    secant = cell.power(1 + u**2, Rational(-1, 2))
    return secant, u * secant


_INVERSE: Mapping[Any, Callable[[Cell, Expr], tuple[Expr, Expr]]] = MappingProxyType(
    {
        sympy.asin: lambda cell, u: (cell.power(1 - u**2, Rational(1, 2)), u),
        sympy.atan: _of_tangent,
    }
)
"""Cosine and sine of an inverse function's value."""


def _log_of_number(number: Expr) -> Expr:
    if not number.is_Rational:
        return log(number)
    powers = sympy.factorint(number.p).items(), sympy.factorint(number.q).items()
    return Add(
        *(
            turn * k * log(p)
            for turn, side in zip((1, -1), powers, strict=True)
            for p, k in side
            if p != 1
        )
    )


def _is_multiple(form: Expr, zero: Expr) -> bool:
    """Whether a polynomial is a multiple of one that is 0."""
    names = sorted(zero.free_symbols, key=str)
    try:
        return bool(names) and sympy.reduced(form, [zero], *names)[1] is S.Zero
    except sympy.PolynomialError:
        return False
