"""Formulas as rational functions of their transcendental terms, so that these have factors too.

x·e^(−x) has the derivative (1 − x)/E with E = e^x, of which every factor has an obvious sign.
Exponentials of multiples of one polynomial are powers of one atom, and powers of a root that are
free of it are written without it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd

from diffcli.engines.balls.constants import definition
from diffcli.engines.exact import rational
from diffcli.engines.polynomials import Terms, added, multiplied, polynomial, quotient
from diffcli.language.expression import (
    NUMBER,
    VARIABLE,
    Node,
    names_in,
    node,
    number,
    postorder,
    substituted,
    unused,
    variable,
)
from diffcli.studies.prove.factors import Factors, factors_of, formula_of

MOST_ATOMS = 8
MOST_NODES = 300
MOST_STEPS = 8
"""Rounds in which powers of roots are written without the roots."""


@dataclass(frozen=True)
class Product:
    """The sign of a number, and factors whose product has a formula's sign where it has a value.

    ``odd`` count by their sign, ``even`` are the numerator's squares, which may be 0;
    ``is_reduced`` is whether squares were left out.
    """

    sign: int
    odd: tuple[Node, ...]
    even: tuple[Node, ...]
    is_reduced: bool


def product_of(formula: Node, names: Sequence[str]) -> Product | None:
    """Return the factors of a formula; None where it has no more than one."""
    if len(postorder([formula])) > MOST_NODES:
        return None
    atoms = _Atoms(names)
    marked = atoms.marked(_in_exponentials(formula))
    if marked is None or len(atoms.marks) > MOST_ATOMS:
        return None
    everything = [*names, *atoms.marks]
    parts = quotient(marked, everything)
    if parts is None:
        return None
    above, below = (atoms.reduced(part, everything) for part in parts)
    found = factors_of(above, below, len(everything)) if above is not None and below else None
    if found is None:
        return None
    product = atoms.unmarked(found, everything)
    is_split = len(product.odd) != 1 or product.even or set(below or ()) != {(0,) * len(everything)}
    return product if is_split else None


_HYPERBOLIC = frozenset({"sinh", "cosh", "tanh", "sech", "csch", "coth"})


def _in_exponentials(formula: Node) -> Node:
    """Return a formula with hyperbolic functions written by the exponential."""
    for _ in range(MOST_STEPS):
        terms = [term for term in postorder([formula]) if term.op in _HYPERBOLIC]
        if not terms:
            break
        inner = terms[0]
        written = substituted(definition(inner.op), {variable("x"): inner.args[0]})
        formula = substituted(formula, {inner: written})
    return formula


class _Atoms:
    """Marks that stand for the terms that aren't made by arithmetic of others."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.marks: dict[str, Node] = {}
        self._roots: dict[str, tuple[Node, int]] = {}
        """What the power of so high an order of a mark is, marks and all."""

    def marked(self, formula: Node) -> Node | None:
        """Return a formula of arithmetic in variables and marks; None where it is none."""
        order = postorder([formula])
        steps = self._steps(order)
        result: dict[Node, Node] = {}
        for term in order:
            if term.op in (NUMBER, VARIABLE):
                result[term] = term
            elif term.op in ("add", "neg", "mul", "div"):
                result[term] = node(term.op, *(result[arg] for arg in term.args))
            elif term.op == "exp" and (parts := self._exponent(term.args[0])):
                key, size, rest = parts
                atom = self._mark(node("exp", _scaled(key, steps[key], self.names)))
                power = _power(atom, size / steps[key])
                constant = self._mark(node("exp", number(rest))) if rest else number(1)
                result[term] = node("mul", power, constant)
            elif (root := _root_of(term)) is not None:
                base, exponent = root
                inner = result[base]
                if exponent.denominator > 1:
                    inner = self._root(base, inner, exponent.denominator)
                result[term] = _power(inner, Fraction(exponent.numerator))
            else:
                result[term] = self._mark(term)
        return result[formula]

    def _exponent(self, inside: Node) -> tuple[tuple[object, ...], Fraction, Fraction] | None:
        """Return a polynomial's direction, its size along that, and its constant."""
        terms = polynomial(inside, dict.fromkeys(self.names, Fraction(0)))
        if terms is None:
            return None
        zero = (0,) * len(self.names)
        moving = sorted((key, value) for key, value in terms.items() if key != zero)
        if not moving:
            return None
        size = moving[-1][1]
        return tuple((key, value / size) for key, value in moving), size, terms.get(zero, _ZERO)

    def _steps(self, order: Sequence[Node]) -> dict[tuple[object, ...], Fraction]:
        """Return the greatest exponents of which all in one direction are whole multiples."""
        steps: dict[tuple[object, ...], Fraction] = {}
        for term in order:
            parts = self._exponent(term.args[0]) if term.op == "exp" else None
            if parts:
                key, size, _ = parts
                known = steps.get(key, _ZERO)
                below = known.denominator * size.denominator
                above = gcd(known.numerator * size.denominator, size.numerator * known.denominator)
                steps[key] = Fraction(above, below)
        return steps

    def _mark(self, term: Node) -> Node:
        for name, known in self.marks.items():
            if known is term:
                return variable(name)
        name = unused("t", [*self.names, *self.marks])
        self.marks[name] = term
        return variable(name)

    def _root(self, base: Node, inner: Node, order: int) -> Node:
        exact = node("sqrt", base) if order == 2 else node("pow", base, number(Fraction(1, order)))
        mark = self._mark(exact)
        self._roots[str(mark.value)] = inner, order
        return mark

    def reduced(self, terms: Terms, names: Sequence[str]) -> Terms | None:
        """Return a polynomial without the powers of roots that are free of the roots."""
        insides = {
            names.index(name): (polynomial(inner, dict.fromkeys(names, Fraction(0))), order)
            for name, (inner, order) in self._roots.items()
        }
        for _ in range(MOST_STEPS):
            parts: list[Terms] = []
            is_done = True
            for key, value in terms.items():
                high = [
                    (place, inside, order)
                    for place, (inside, order) in insides.items()
                    if inside is not None and key[place] >= order
                ]
                if not high:
                    parts.append({key: value})
                    continue
                place, inside, order = high[0]
                lower = tuple(power - order * (i == place) for i, power in enumerate(key))
                whole = multiplied([{lower: value}, inside], len(names))
                if whole is None:
                    return None
                is_done = False
                parts.append(whole)
            terms = added(parts)
            if is_done:
                break
        return terms

    def unmarked(self, found: Factors, names: Sequence[str]) -> Product:
        """Return factors with the terms in the places of the marks."""
        terms = {variable(name): term for name, term in self.marks.items()}
        odd, even = (
            tuple(substituted(formula_of(each, names), terms) for each in group)
            for group in (found.odd, found.even)
        )
        return Product(found.sign, odd, even, found.squares)


_ZERO = Fraction(0)
_ROOTS = {"sqrt": Fraction(1, 2), "cbrt": Fraction(1, 3)}


def _root_of(term: Node) -> tuple[Node, Fraction] | None:
    """Return the base and the exponent of a rational power of what varies."""
    if not names_in([term]):
        return None
    if term.op in _ROOTS:
        return term.args[0], _ROOTS[term.op]
    is_power = term.op == "pow" and not names_in([term.args[1]])
    exponent = rational(term.args[1]) if is_power else None
    return None if exponent is None else (term.args[0], exponent)


def _power(base: Node, exponent: Fraction) -> Node:
    power = base if abs(exponent) == 1 else node("pow", base, number(abs(exponent)))
    return power if exponent > 0 else node("div", number(1), power)


def _scaled(key: tuple[object, ...], size: Fraction, names: Sequence[str]) -> Node:
    terms: Mapping[tuple[int, ...], Fraction] = dict(key)  # type: ignore[arg-type]
    return formula_of({powers: value * size for powers, value in terms.items()}, names)
