"""The first terms of the expansion that proves a limit, as a formula: 1 - x²/6 + O(x⁴)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from flint import fmpq

from diffcli.engines.balls.decimals import python_fraction
from diffcli.engines.balls.guards import Difficult
from diffcli.engines.one_sided.atoms import working_in
from diffcli.engines.one_sided.germs import UNIT, Expansion, Order, Scale
from diffcli.engines.one_sided.limits import Approach, Approaches
from diffcli.engines.one_sided.spelling import spelled
from diffcli.language.algebra import ONE, Algebra
from diffcli.language.builder import Builder
from diffcli.language.expression import Node, node, number, variable
from diffcli.language.latex.printer import node_latex
from diffcli.language.printer import text_of
from diffcli.language.rationals import ROOT_NAMES
from diffcli.output.document import Math
from diffcli.studies.limit.place import Place

if TYPE_CHECKING:
    from diffcli.engines.one_sided.coefficients import Coefficient

MAX_TERMS = 3
"""Terms that are shown."""
MAX_WIDTH = 24
"""Characters of an exact coefficient; a longer one is shown as a decimal of 6 digits."""
DIGITS = 6


def math(term: Node, names: Sequence[str] = ()) -> Math:
    """Return a term as text and in LaTeX."""
    return Math(text_of(term), node_latex(term, None, names))


@dataclass(frozen=True)
class Shown:
    """The terms of an expansion, the order of what follows, and the side on which it holds.

    The side is 0 for both; where it ``is_alone`` no other is in the domain.
    """

    terms: Node
    order: Node | None
    is_rounded: bool
    side: int
    is_alone: bool = True

    @property
    def math(self) -> Math:
        """The expansion in the language and in LaTeX."""
        found = math(self.terms)
        if self.order is None:
            return found
        order = math(self.order)
        return Math(
            f"{found.text} + O({order.text})", rf"{found.latex} + O\left({order.latex}\right)"
        )


def shown(found: Approaches, place: Place) -> list[Shown]:
    """Return the expansion of each side in the domain, or one that holds on both."""
    known = [each for each in found.inside if isinstance(each.germ, Expansion)]
    with working_in(found.field):
        try:
            if len(known) == 2 and _is_regular(known[0], known[1]):
                known = known[1:]
                return [each for each in [_written(known[0], place, 0)] if each]
            one = len(known) == 1
            written = (_written(side, place, side.side) for side in known)
            return [replace(each, is_alone=one) for each in written if each]
        except Difficult:
            return []


def _is_regular(left: Approach, right: Approach) -> bool:
    """Whether both sides have the expansion in whole powers of the signed distance."""
    terms = [each.germ.terms if isinstance(each.germ, Expansion) else () for each in (left, right)]
    if len(terms[0]) != len(terms[1]):
        return False
    for (scale, coefficient), (other, value) in zip(*terms, strict=True):
        is_whole = scale[0].q == 1 and scale[1:] == UNIT[1:]
        sense = fmpq(-1 if scale[0].p % 2 else 1)
        if not is_whole or scale != other or not (coefficient - value.times(sense)).is_nothing:
            return False
    return True


def _written(side: Approach, place: Place, which: int) -> Shown | None:
    germ = side.germ
    if not isinstance(germ, Expansion) or not germ.terms:
        return None
    writer = _Writer(place, which)
    kept, left = germ.terms[:MAX_TERMS], germ.terms[MAX_TERMS:]
    terms, is_rounded = [], False
    for scale, coefficient in kept:
        if not coefficient.sign():
            continue
        exact = _short(coefficient)
        is_rounded = is_rounded or exact is None
        terms.append(writer.term(exact or _decimal(coefficient), scale))
    rest = left[0][0] if left else germ.rest.scale if isinstance(germ.rest, Order) else None
    if not terms or (rest is None and germ.rest is not None):
        return None
    order = None if rest is None else _without_sign(writer.term(ONE, rest))
    return Shown(writer.algebra.add(*terms), order, is_rounded, which)


def _without_sign(term: Node) -> Node:
    return term.args[0] if term.op == "neg" else term


def _short(coefficient: Coefficient) -> Node | None:
    found = spelled(coefficient)
    return found if found is not None and len(text_of(found)) <= MAX_WIDTH else None


def _decimal(coefficient: Coefficient) -> Node:
    return number(Fraction(coefficient.ball.str(DIGITS, radius=False)))


class _Writer:
    """Writes powers of the distance from the point and of its logarithm."""

    def __init__(self, place: Place, side: int) -> None:
        self.algebra = Algebra(Builder())
        x, add, neg = variable(place.name), self.algebra.add, self.algebra.neg
        if place.infinite:
            self._base, self._sense = (x if place.infinite > 0 else neg(x)), -1
        else:
            self._base = add(place.point, neg(x)) if side < 0 else add(x, neg(place.point))
            self._sense = 1
        self._log = node("log", self._base)

    def term(self, coefficient: Node, scale: Scale) -> Node:
        """Return c·h^a·L^b·M^d with h as the distance, or 1 over it at infinity."""
        power, *logs = scale
        b, d = (Fraction(-int(each.p), int(each.q)) for each in logs)
        # log(1/h) is log x at infinity, and -log h next to a point.
        log = self._log if self._sense < 0 else self.algebra.neg(self._log)
        above, below = [coefficient], [ONE]
        for base, exponent in (
            (self._base, self._sense * python_fraction(power)),
            (log, b),
            (node("log", log), d),
        ):
            if exponent:
                side = above if exponent > 0 else below
                side.append(self._power(base, abs(exponent)))
        return self.algebra.div(self.algebra.mul(*above), self.algebra.mul(*below))

    def _power(self, base: Node, exponent: Fraction) -> Node:
        if root := ROOT_NAMES.get(exponent):
            return node(root, base)
        if base.op == "neg" and exponent.denominator == 1:
            power = self.algebra.pow(base.args[0], number(exponent))
            return self.algebra.neg(power) if exponent % 2 else power
        return self.algebra.pow(base, number(exponent))
