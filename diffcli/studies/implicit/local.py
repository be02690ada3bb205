"""A plane curve near one of its points: its real half-branches, counted with proof.

Where the equation has kinks or jumps at the point, each combination of the signs of their margins
gives a curve of its own, of which those half-branches count on which the margins have these signs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from operator import mul

from flint import arb

from diffcli.engines.balls.branches import Floor, Sign, UnsettledMargin, direction, settled
from diffcli.engines.balls.guards import Difficult
from diffcli.engines.balls.precision import working
from diffcli.engines.balls.signs import Facts
from diffcli.language.expression import Node, minus, number, postorder
from diffcli.language.rationals import fraction_of
from diffcli.studies.implicit.germs import (
    BITS,
    Chart,
    Germ,
    R,
    UnknownGermError,
    chart,
    coefficients,
)
from diffcli.studies.implicit.puiseux import (
    HalfBranch,
    Terms,
    UnknownBranchesError,
    are_opposite,
    half_branches,
    reflected,
    sign_along,
)

MAX_CASES = 64
"""Combinations of signs at the point."""


@dataclass(frozen=True)
class Side:
    """A half-branch on one side of the point, as y ~ c·|x|^e; no ``exponent`` says that y is 0."""

    branch: HalfBranch
    exponent: Fraction | None
    slope: arb | None
    """The one-sided derivative, None where it is infinite."""
    goes_up: bool
    """Whether an infinite slope is positive."""


@dataclass(frozen=True)
class Local:
    """The half-branches on the left and on the right, and the vertical ones: 1 above, −1 below."""

    left: tuple[Side, ...]
    right: tuple[Side, ...]
    vertical: tuple[int, ...]

    def has_one_slope(self) -> bool | None:
        """Whether the slopes of the first branches on both sides are equal; None if unknown."""
        left, right = self.left[0], self.right[0]
        if left.slope is None or right.slope is None:
            return False
        if 1 not in (left.exponent, right.exponent):
            return True
        if left.exponent == right.exponent:
            return are_opposite(right.branch, left.branch)
        return False


def local(equation: Node, point: Mapping[str, Node], x: str, y: str) -> Local | None:
    """Return the half-branches of a curve at a point on it; None where they aren't known."""
    coordinates = {name: fraction_of(typed) for name, typed in point.items()}
    known = {name: coordinate for name, coordinate in coordinates.items() if coordinate is not None}
    if len(known) < len(coordinates) or any(node.op == "round" for node in postorder([equation])):
        return None
    try:
        with working(BITS):
            return _Curve(equation, point, chart([equation], known, x, y)).local()
    except (UnknownGermError, UnknownBranchesError, Difficult):
        return None


class _Curve:
    def __init__(self, equation: Node, point: Mapping[str, Node], coordinates: Chart) -> None:
        self._equation, self._chart = equation, coordinates
        self._facts = Facts(point)

    def local(self) -> Local:
        sides: dict[int, list[Side]] = {-1: [], 1: []}
        vertical: list[int] = []
        for formula, conditions in self._cases():
            curve = self._curve(formula, conditions)
            if curve is None:
                continue
            strict = [(condition, sign) for condition, sign in conditions if sign]
            if curve.is_whole and coefficients(curve) and self._divides(curve):
                vertical += [end for end in (-1, 1) if _holds_above(strict, end)]
                curve = Germ(_without(curve, Germ(R)).terms)
            for sense in (-1, 1):
                sides[sense] += self._sides(curve, strict, sense)
        return Local(tuple(sides[-1]), tuple(sides[1]), tuple(sorted(vertical)))

    def _cases(self) -> Iterator[tuple[Node, list[tuple[Germ, int]]]]:
        """Yield the smooth formulas at the point, and the signs of margins where they hold."""
        pending: list[dict[Node, int]] = [{}]
        for _ in range(MAX_CASES):
            if not pending:
                return
            signs = pending.pop()
            try:
                formula = settled(self._equation, *self._decide(signs))
            except UnsettledMargin as found:
                pending += [{**signs, found.margin: sign} for sign in (-1, 0, 1)]
            else:
                yield formula, [(self._chart.germ(margin), sign) for margin, sign in signs.items()]
        raise UnknownBranchesError

    def _decide(self, signs: Mapping[Node, int]) -> tuple[Sign, Floor]:
        lines = {}
        for margin, assumed in signs.items():
            line, factor = direction(margin)
            lines[line] = factor * assumed

        def sign(margin: Node) -> int:
            line, factor = direction(margin)
            if not factor:
                return 0
            if line in lines:
                return factor * lines[line]
            sign = self._facts.sign(margin)
            if sign is None:
                raise UnknownBranchesError
            if sign == 0:
                raise UnsettledMargin(margin)
            return sign

        def floor(term: Node) -> int:
            value = self._chart.germ(term).constant
            below = int(value.floor())
            if value != below:
                return below
            return below if sign(minus(term, number(below))) >= 0 else below - 1

        return sign, floor

    def _curve(self, formula: Node, conditions: Sequence[tuple[Germ, int]]) -> Germ | None:
        """Return the curve of a case without multiple components; None where there is none."""
        germ = self._chart.germ(formula)
        if germ.constant != 0:
            return None
        zeros = [margin for margin, sign in conditions if not sign]
        parts = [part for part in (germ, *zeros) if not part.terms.is_zero()]
        if not all(part.is_whole for part in (*zeros, *(germ,) * bool(conditions))):
            raise UnknownBranchesError
        if not parts or (germ.terms.is_zero() and not germ.is_whole):
            raise UnknownBranchesError
        curve = Germ(reduce(lambda a, b: a.gcd(b), (part.terms for part in parts)), germ.is_whole)
        for margin, sign in conditions:
            if sign:
                curve = _without(curve, margin)
        if curve.terms.is_constant():
            return None
        if not curve.is_whole:
            return curve
        return Germ(reduce(mul, (factor for factor, _ in curve.terms.factor_squarefree()[1])))

    def _divides(self, curve: Germ) -> bool:
        return min(i for i, _ in coefficients(curve)) > 0

    def _sides(
        self, curve: Germ, conditions: Sequence[tuple[Germ, int]], sense: int
    ) -> Iterator[Side]:
        def seen(germ: Germ) -> Terms:
            terms = coefficients(germ)
            return terms if sense > 0 else reflected(terms)

        terms = seen(curve)
        if not terms or curve.constant != 0:
            return
        for branch in half_branches(terms, is_whole=curve.is_whole):
            if all(sign_along(seen(margin), branch) == sign for margin, sign in conditions):
                exponent = branch.exponent
                if exponent is not None:
                    exponent = exponent * self._chart.q / self._chart.p
                rise = sense * branch.coefficient**self._chart.q
                yield Side(branch, exponent, _slope(exponent, rise), bool(rise > 0))


def _slope(exponent: Fraction | None, rise: arb) -> arb | None:
    """Return the one-sided derivative of ±c·|x|^e, None where it is infinite."""
    if exponent is None or exponent > 1:
        return arb(0)
    return rise if exponent == 1 else None


def _without(curve: Germ, margin: Germ) -> Germ:
    """Return a curve without the components that it shares with a margin."""
    terms = curve.terms
    while not (common := terms.gcd(margin.terms)).is_constant():
        terms = terms / common
    return Germ(terms)


def _holds_above(conditions: Sequence[tuple[Germ, int]], end: int) -> bool:
    """Whether margins have their signs on the vertical line, above the point or below it."""
    for margin, sign in conditions:
        on_line = {j: weight for (i, j), weight in coefficients(margin).items() if i == 0}
        if not on_line:
            return False
        lowest = min(on_line)
        if (1 if on_line[lowest] > 0 else -1) * end**lowest != sign:
            return False
    return True
