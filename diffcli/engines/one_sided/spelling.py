"""Coefficients written as constants of the language, as a person would write them: sqrt(2)/3."""

from __future__ import annotations

from flint import fmpq

from diffcli.engines.balls.decimals import python_fraction
from diffcli.engines.one_sided.atoms import Exponent, Product
from diffcli.engines.one_sided.coefficients import Coefficient
from diffcli.language.algebra import ONE, Algebra
from diffcli.language.builder import Builder
from diffcli.language.expression import Node, constant, node, number
from diffcli.language.rationals import ROOT_NAMES

MAX_TERMS = 4
"""Terms of a coefficient that is written exactly; a longer one is shown as a decimal."""
MAX_DIGITS = 40
"""Decimal digits of a numerator or denominator that is written exactly."""

_E = node("exp", number(1))


def spelled(coefficient: Coefficient) -> Node | None:
    """Return a coefficient as a constant; None where an atom has no name, or it is long."""
    if len(coefficient.terms) > MAX_TERMS:
        return None
    algebra = Algebra(Builder())
    terms = [_product(algebra, *pair) for pair in coefficient.terms.items()]
    known = [term for term in terms if term is not None]
    return algebra.add(*known) if len(known) == len(terms) else None


def _product(algebra: Algebra, powers: Product, size: fmpq) -> Node | None:
    """Return a rational multiple of powers of atoms, those with negative exponents below a line."""
    exact = python_fraction(size)
    if max(abs(exact.numerator), exact.denominator) >= 10**MAX_DIGITS:
        return None
    above, below = [number(exact.numerator)], [number(exact.denominator)]
    for atom, exponent in powers:
        base = atom.term()
        if base is None:
            return None
        base = constant("e") if base is _E else base
        if exponent > 0:
            above.append(_power(base, exponent))
        else:
            below.append(_power(base, -exponent))
    upper, lower = algebra.mul(*above), algebra.mul(*below)
    return upper if lower is ONE else algebra.div(upper, lower)


def _power(base: Node, exponent: Exponent) -> Node:
    if exponent == 1:
        return base
    exact = python_fraction(exponent)
    named = ROOT_NAMES.get(exact)
    return node(named, base) if named else node("pow", base, number(exact))
