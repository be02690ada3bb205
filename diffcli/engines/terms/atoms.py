"""Symbols that stand for what isn't a rational function of others: variables, calls, roots."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

from sympy import Abs, Add, Dummy, Expr, I, Rational, S, cos, cosh, exp, log, pi, sin

VARIABLE, ROOT, LOG, FORMAL = "variable", "root", "log", "formal"
"""Kinds of atoms that are no calls: |a| to a fractional power, log|a|, and e^m or e^(i·m)."""
_POSITIVE = (ROOT, FORMAL, exp, cosh)


@dataclass
class Atoms:
    """One symbol for each variable, and each function of the same arguments.

    Positive ones may have fractional exponents, which sympy adds up. Of the others there are
    integer powers alone, whose algebra holds wherever nothing is divided by 0.
    """

    factors: dict[Expr, tuple[Expr, list[tuple[Expr, Rational]]]] = field(default_factory=dict)
    """Forms of atoms that were taken apart, each as a constant and powers of irreducible ones."""
    _symbols: dict[Hashable, Dummy] = field(default_factory=dict)
    _known: dict[Dummy, tuple[Any, ...]] = field(default_factory=dict)

    def of(self, kind: Any, *args: Any) -> Dummy:
        """Return the symbol of a kind and its arguments."""
        key = (kind, *args)
        if key not in self._symbols:
            assumed = {"positive": True} if kind in _POSITIVE else {"real": True}
            symbol = self._symbols[key] = Dummy(f"a{len(self._symbols)}", **assumed)
            self._known[symbol] = key
        return self._symbols[key]

    def kind(self, atom: Expr) -> Any:
        """Return what an atom is; None for what is none."""
        return self._known.get(atom, (None,))[0]

    def args(self, atom: Expr) -> tuple[Any, ...]:
        """Return the arguments of an atom."""
        return self._known[atom][1:]

    def variables(self, form: Expr) -> set[Dummy]:
        """Return the variables among the atoms of a form."""
        return {atom for atom in form.atoms(Dummy) if self.kind(atom) == VARIABLE}

    def written(self, form: Expr) -> Expr:
        """Return a form with what its atoms stand for."""
        while dummies := form.atoms(Dummy) & self._known.keys():
            form = form.xreplace({atom: self._meaning(atom) for atom in dummies})
        return form

    def _meaning(self, atom: Dummy) -> Expr:
        kind, *args = self._known[atom]
        match kind:
            case "variable":
                return args[0]
            case "root":
                return Abs(args[0])
            case "log":
                return log(Abs(args[0]))
            case "formal":
                return exp(args[0] * args[1])
        return kind(*args)

    def power(self, exponent: Expr, unit: Expr = S.One) -> Expr:
        """Return e^(unit·exponent), of a unit 1 or i, as a product of one power a summand.

        e^(q·m) is the power q of e^m, which is a homomorphism for the rationals q, of i·m too.
        """
        result: Expr = S.One
        for summand in Add.make_args(exponent.expand()):
            share, term = summand.as_coeff_Mul()
            if not share.is_Rational:
                share, term = S.One, summand
            if unit is I and term is pi:
                result *= cos(share * pi) + I * sin(share * pi)
            elif unit is S.One and self.kind(term) == LOG:
                result *= self.of(ROOT, *self.args(term)) ** share
            elif unit is S.One and isinstance(term, log) and term.args[0].is_Integer:
                result *= Rational(term.args[0]) ** share
            else:
                result *= self.of(FORMAL, unit, term) ** share
        return result
