"""Signs on an open stretch that runs from a point, or from infinity, where intervals are endless.

A formula that is monotone there lies between its limit at the end and its value at the other one,
and it is monotone where its derivative has a sign, which is the same question of a formula that is
often simpler: first its factors are told apart, then each is bounded, or differentiated again. For
exponentials, logarithms, powers and their like this comes to an end (Rosenlicht, "Hardy fields",
J. Math. Anal. Appl. 93, 1983); the expansions of :mod:`diffcli.engines.one_sided` prove the limits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import ceil, inf, isfinite, log2

import numpy as np

from diffcli.engines.balls.constants import definition
from diffcli.engines.balls.guards import Trouble
from diffcli.engines.balls.signs import Coordinate, proved_sign
from diffcli.engines.boxes.arb import ends_of
from diffcli.engines.boxes.arithmetic import Interval
from diffcli.engines.boxes.bounds import Bounds, simplified
from diffcli.engines.enclosure import constant_value
from diffcli.engines.exact import rational
from diffcli.engines.one_sided.atoms import working_in
from diffcli.engines.one_sided.limits import Approaches, Behaviour, Limits
from diffcli.errors import DiffcliError
from diffcli.language.expression import Node, names_in, node, postorder, substituted, variable
from diffcli.language.functions import TABLE
from diffcli.studies.prove.atoms import Product, product_of
from diffcli.studies.prove.domain import obligations
from diffcli.studies.prove.touching import derivative

MOST_DEPTH = 7
"""Derivatives that are taken one of another."""
MOST_NODES = 250
MOST_ASKED = 60
"""Formulas whose signs are looked at for the sign of one."""
END_BITS = 192
REACHES = (0, 1, 2, 3, 5, 8, 12, 20, 30)
"""Exponents of 2 of the distances at which a stretch is tried to end."""
_ARITHMETIC = frozenset({"add", "neg", "mul", "div"})
_QUOTIENTS = frozenset({"tan", "cot", "sec", "csc"})
_EDGED = frozenset({"sqrt", "asin", "acos", "acosh"})
"""Functions that are smooth inside of their domains, which :func:`obligations` tells."""


@dataclass(frozen=True)
class End:
    """Where a stretch begins, and on which side of that it lies; ``point`` is None at infinity."""

    name: str
    point: Node | None
    side: int

    @cached_property
    def floats(self) -> tuple[float, float]:
        """Floats around the end."""
        if self.point is None:
            return (-inf, -inf) if self.side > 0 else (inf, inf)
        return ends_of(constant_value(self.point, END_BITS))

    def junctions(self, other: float) -> Iterator[float]:
        """Yield where the stretch may end, the longest first, before the other end of a range."""
        low, high = self.floats
        for reach in REACHES:
            if self.point is None:
                yield _beyond(-self.side * other, 2.0**reach) * -self.side
            else:
                near = high if self.side > 0 else low
                span = abs(other - near) if isfinite(other) else 1.0
                yield near + self.side * span * 2.0**-reach

    def box(self, junction: float) -> Interval:
        """Return an interval that holds the stretch, as one column."""
        low, high = (self.floats[0], junction) if self.side > 0 else (junction, self.floats[1])
        return Interval(np.array([[low]]), np.array([[high]]))


def _beyond(other: float, step: float) -> float:
    """Return a float of few digits beyond an end, if that is finite, and at least a step."""
    if not isfinite(other) or other < 0.5 * step:
        return step
    return float(2.0 ** ceil(log2(other) + 0.1)) * step


class Tail:
    """Formulas of one variable on open stretches from one end."""

    def __init__(self, end: End) -> None:
        self.end = end
        self._products: dict[Node, Product | None] = {}
        self._slopes: dict[Node, Node | None] = {}
        self._bounds: dict[Node, Bounds] = {}
        self._limits: dict[Node, Approaches | None] = {}
        self._signs: dict[tuple[Node, float], int | None] = {}
        self._asked = 0

    def sign(self, formula: Node, junction: float, depth: int = 0) -> int | None:
        """Return the sign that a formula has wherever it has a value, on all of an open stretch."""
        key = formula, junction
        if key not in self._signs:
            # An answer that rests on itself is none.
            self._signs[key] = None
            self._signs[key] = self._sign(formula, junction, depth)
        return self._signs[key]

    def is_smooth(self, formula: Node, junction: float, depth: int = 0) -> bool:
        """Whether a formula is proved to have a value and a derivative on all of a stretch."""
        (plain,) = simplified([formula])
        for term in postorder([plain]):
            if not self._is_smooth(term, junction, depth):
                return False
        needed = obligations(plain)
        if needed is None:
            return self._jet(plain, junction)[2] > 0
        return all(self.sign(part, junction, depth + 1) == 1 for part, _ in needed)

    def _is_smooth(self, term: Node, junction: float, depth: int) -> bool:
        if term.is_leaf or term.op in _ARITHMETIC or term.op in _EDGED:
            return True
        if term.op == "pow":
            exponent = None if names_in([term.args[1]]) else rational(term.args[1])
            if exponent is None or exponent.denominator == 1:
                return True
            return self.sign(term.args[0], junction, depth + 1) is not None
        if term.op == "cbrt":
            return self.sign(term.args[0], junction, depth + 1) in (-1, 1)
        return term.op in TABLE and TABLE[term.op].is_smooth

    def _jet(self, formula: Node, junction: float) -> tuple[float, float, int]:
        """Return bounds of a formula on a stretch, and whether it has a value there."""
        if formula not in self._bounds:
            self._bounds[formula] = Bounds([formula], [self.end.name])
        box = self.end.box(junction)
        jet = self._bounds[formula].jet(box.lo, box.hi)
        return float(jet.value.lo[0]), float(jet.value.hi[0]), int(jet.domain[0])

    def _sign(self, formula: Node, junction: float, depth: int) -> int | None:
        if not names_in([formula]):
            return proved_sign(formula, {})
        if depth == 0:
            self._asked = 0
        self._asked += 1
        if depth > MOST_DEPTH or self._asked > MOST_ASKED or len(postorder([formula])) > MOST_NODES:
            return None
        if self._is_positive(formula, junction, depth):
            return 1
        low, high, _ = self._jet(formula, junction)
        if low > 0 or high < 0:
            return 1 if low > 0 else -1
        product = self._product(formula)
        sign = None if product is None else self._sign_of_product(product, junction, depth)
        return self._sign_by_growth(formula, junction, depth) if sign is None else sign

    def _is_positive(self, formula: Node, junction: float, depth: int) -> bool:
        """Whether every value of the outermost function is positive."""
        if formula.op == "pow" and names_in([formula.args[1]]):
            return self.sign(formula.args[0], junction, depth + 1) == 1
        return formula.op in TABLE and TABLE[formula.op].range.startswith(("(0,", "[1,"))

    def _product(self, formula: Node) -> Product | None:
        if formula not in self._products:
            self._products[formula] = product_of(formula, [self.end.name])
        return self._products[formula]

    def _sign_of_product(self, product: Product, junction: float, depth: int) -> int | None:
        sign = product.sign
        for index, factor in enumerate((*product.odd, *product.even)):
            own = self.sign(factor, junction, depth)
            if not own:
                return own
            sign *= own if index < len(product.odd) else 1
        return sign

    def _sign_by_growth(self, formula: Node, junction: float, depth: int) -> int | None:
        """Return the sign of a monotone formula by its limit at the end, or its other end."""
        slope = self.slope(formula)
        if slope is None or not self.is_smooth(formula, junction, depth):
            return None
        growth = self.sign(slope, junction, depth + 1)
        if growth is None:
            return None
        here = self._sign_at(formula, junction)
        if growth == 0:
            return here
        leaving = growth * self.end.side
        if here is not None and here * leaving <= 0:
            return -leaving
        limit = self.limit_sign(formula)
        return leaving if limit is not None and limit * leaving >= 0 else None

    def slope(self, formula: Node) -> Node | None:
        """Return the derivative; None where there is no closed one."""
        if formula not in self._slopes:
            self._slopes[formula] = derivative(formula, self.end.name)
        return self._slopes[formula]

    def _sign_at(self, formula: Node, junction: float) -> int | None:
        try:
            return proved_sign(formula, {self.end.name: junction})
        except DiffcliError:
            return None

    def approaches(self, formula: Node) -> Approaches | None:
        """Return what a formula does as the variable nears the end; None where that fails."""
        if formula not in self._limits:
            self._limits[formula] = self._approaches(formula)
        return self._limits[formula]

    def _approaches(self, formula: Node) -> Approaches | None:
        name, point = self.end.name, self.end.point
        at: dict[str, Coordinate] = {} if point is None else {name: point}
        try:
            limits = Limits(formula, at, name, 0 if point is not None else -self.end.side)
            return limits.approaches((self.end.side,))
        except (DiffcliError, Trouble):
            return None

    def limit_sign(self, formula: Node) -> int | None:
        """Return the sign of the limit at the end, 0 only of a limit that is exactly 0."""
        known = self.approaches(formula)
        if known is None:
            return None
        (side,) = known.sides
        if side.behaviour is Behaviour.INFINITE:
            return side.sense
        if side.behaviour is not Behaviour.FINITE:
            return None
        try:
            with working_in(known.field):
                return side.number.sign()
        except Trouble:
            return None

    def limit(self, formula: Node) -> tuple[float, float] | None:
        """Return bounds of the limit at the end, be it infinite; None where none is known."""
        known = self.approaches(formula)
        if known is None:
            return None
        (side,) = known.sides
        if side.behaviour is Behaviour.INFINITE:
            return side.sense * inf, side.sense * inf
        if side.behaviour is not Behaviour.FINITE:
            return None
        low, high = ends_of(side.number.ball)
        return (low, high) if isfinite(low) and isfinite(high) else None


def resolved(formula: Node, tail: Tail, junction: float) -> Node:
    """Return a formula without the kinks whose sides are known on a stretch.

    Quotients of sines and cosines are written as such, as their poles are the divisors' zeros.
    """
    for _ in range(MOST_DEPTH):
        quotients = [term for term in postorder([formula]) if term.op in _QUOTIENTS]
        if not quotients:
            break
        term = quotients[0]
        written = substituted(definition(term.op), {variable("x"): term.args[0]})
        formula = substituted(formula, {term: written})
    sides: dict[Node, Node] = {}
    for term in postorder([formula]):
        if term.op == "abs":
            sign = tail.sign(term.args[0], junction)
            if sign is not None:
                sides[term] = term.args[0] if sign >= 0 else node("neg", term.args[0])
        elif term.op in ("max", "min") and len(term.args) == 2:
            apart = node("add", term.args[0], node("neg", term.args[1]))
            sign = tail.sign(apart, junction)
            if sign is not None:
                sides[term] = term.args[0 if (sign >= 0) == (term.op == "max") else 1]
    return substituted(formula, sides) if sides else formula
