"""Claims about square roots without one of them: p + q√b ≥ 0 by p² against q²b.

Where p ≥ 0, it holds if p² ≥ q²b; where q ≥ 0, if q²b ≥ p². Both are claims with a root less, in
which equal terms cancel: √(x + y) ≤ √x + √y becomes 2√x√y ≥ 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from diffcli.engines.boxes.region import Region
from diffcli.engines.polynomials import Terms, added, multiplied, polynomial, quotient
from diffcli.language.expression import (
    Node,
    number,
    postorder,
    substituted,
    unused,
    variable,
)
from diffcli.studies.prove.factors import formula_of

MOST_ROOTS = 4
MOST_TERMS = 40
"""Terms of a claim that is looked at: of longer ones the squares only cost time."""


@dataclass(frozen=True)
class Squared:
    """What has to be nowhere negative, and what has to keep the claim, for the claim to hold."""

    not_negative: Node
    claim: Node


def squarings(formula: Node, region: Region) -> Iterator[Squared]:
    """Yield claims from which follows that a formula of square roots isn't negative."""
    roots = [term for term in postorder([formula]) if term.op == "sqrt"]
    if not 0 < len(roots) <= MOST_ROOTS:
        return
    names = list(region.names)
    marks: dict[str, Node] = {}
    for root in roots:
        marks[unused("r", [*names, *marks])] = root
    form = _Form(names, marks)
    terms = form.terms(formula)
    if terms is None:
        return
    for name in marks:
        split = form.split(terms, name)
        if split is None:
            continue
        rest, factor, inside = split
        above, below = form.times(rest, rest), form.times(factor, factor, inside)
        if above is None or below is None:
            continue
        apart = form.reduced(added([above, form.negated(below)]))
        if apart is None or len(apart) > MOST_TERMS:
            continue
        yield Squared(form.formula(rest), form.formula(apart))
        yield Squared(form.formula(factor), form.formula(form.negated(apart)))


class _Form:
    """Polynomials in the variables and in marks that stand for the roots."""

    def __init__(self, names: Sequence[str], marks: Mapping[str, Node]) -> None:
        self.marks = marks
        self.names = [*names, *marks]
        zero = dict.fromkeys(self.names, Fraction(0))
        inside = {
            name: polynomial(self._marked(root.args[0]), zero) for name, root in marks.items()
        }
        self._inside = {name: terms for name, terms in inside.items() if terms is not None}

    def _marked(self, formula: Node) -> Node:
        return substituted(formula, {root: variable(name) for name, root in self.marks.items()})

    def terms(self, formula: Node) -> Terms | None:
        """Return a polynomial of a formula's sign, with no power of a root; None for others."""
        parts = quotient(self._marked(formula), self.names)
        if parts is None or len(self._inside) < len(self.marks):
            return None
        whole = self.times(*parts)
        return None if whole is None else self.reduced(whole)

    def reduced(self, terms: Terms) -> Terms | None:
        """Return a polynomial in which squares of roots are what stands under them."""
        for _ in range(8):
            parts: list[Terms] = []
            for key, value in terms.items():
                places = [i for i, name in enumerate(self.names) if name in self.marks]
                high = [i for i in places if key[i] > 1]
                if not high:
                    parts.append({key: value})
                    continue
                lower = tuple(power - 2 * (i == high[0]) for i, power in enumerate(key))
                whole = multiplied(
                    [{lower: value}, self._inside[self.names[high[0]]]], len(self.names)
                )
                if whole is None:
                    return None
                parts.append(whole)
            if all(len(part) == 1 and key in part for part, key in zip(parts, terms, strict=True)):
                return terms
            terms = added(parts)
        return None

    def split(self, terms: Terms, name: str) -> tuple[Terms, Terms, Terms] | None:
        """Return p, q and b of p + q√b; None where the root isn't in it."""
        place = self.names.index(name)
        rest = {key: value for key, value in terms.items() if not key[place]}
        factor = {
            (*key[:place], 0, *key[place + 1 :]): value
            for key, value in terms.items()
            if key[place]
        }
        return (rest, factor, self._inside[name]) if factor else None

    def times(self, *parts: Terms) -> Terms | None:
        """Return a product; None where it is too large."""
        return multiplied(parts, len(self.names))

    def negated(self, terms: Terms) -> Terms:
        """Return the opposite polynomial."""
        return {key: -value for key, value in terms.items()}

    def formula(self, terms: Terms) -> Node:
        """Return a polynomial as a formula, the roots in their places."""
        if not terms:
            return number(0)
        roots = {variable(name): root for name, root in self.marks.items()}
        return substituted(formula_of(terms, self.names), roots)
