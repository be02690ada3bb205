"""Formulas of a complex variable at a branch cut: what they are on each of its sides.

On a cut the logarithm of w is log(−w) + iπ on one side and log(−w) − iπ on the other, both of them
analytic. A formula whose normal form is the same with either sign is smooth there, whatever the
logarithm does: e^(log z) is z. Where the two differ by proof, it isn't differentiable.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from flint import acb, acb_series

from diffcli.engines.balls.decimals import python_fraction
from diffcli.engines.balls.guards import Difficult, Undefined
from diffcli.engines.balls.holomorphic import DEFINITIONS, definition_of, series
from diffcli.engines.balls.sums import (
    ARITHMETIC,
    MINUS_ONE,
    PI,
    I,
    Sum,
    Weight,
    applied,
    atom,
    exponential,
    unit,
    whole,
)
from diffcli.language.expression import (
    CONSTANT,
    NUMBER,
    VARIABLE,
    Node,
    node,
    postorder,
    substituted,
    variable,
)
from diffcli.language.rationals import fraction_of

MAX_CUTS = 4
"""Functions that lie on their cuts at one point."""
MAX_ZEROS = 8
"""Coefficients of a function that may be 0 before it counts as constant."""

Sides = Mapping[Node, int]
"""On which side of its cut each function is taken: 1 above, −1 below."""


@dataclass(frozen=True)
class Crossing:
    """What a formula does at a cut: the ``smooth`` formula that it is on all sides, or a jump.

    ``is_jump`` says that two sides that are both met near the point differ by proof.
    """

    smooth: Node | None = None
    is_jump: bool = False


class _MetError(Exception):
    def __init__(self, function: Node) -> None:
        super().__init__()
        self.function = function


class Cuts:
    """A formula at a complex point, as its variable ``name`` moves, with Taylor series to t^order.

    ``point`` has balls of ``bits`` of precision.
    """

    def __init__(
        self, output: Node, point: Mapping[str, acb], name: str, order: int, bits: int
    ) -> None:
        self._output, self._at, self._name = output, point, name
        self._order, self._bits = order, bits

    def crossing(self) -> Crossing:
        """Compare the formula's branches on all sides. Raises Trouble where none is found."""
        branches: list[_Branch] = []
        pending: list[dict[Node, int]] = [{}]
        while pending:
            branch = _Branch(self, pending.pop())
            try:
                branch.formula = branch.of(self._output)
            except _MetError as met:
                if len(branch.sides) == MAX_CUTS:
                    raise Difficult("on too many branch cuts at once") from None
                pending += [{**branch.sides, met.function: side} for side in (-1, 1)]
            else:
                branches.append(branch)
        first, *rest = [branch for branch in branches if self._is_met(branch)]
        gaps = [first.formula + branch.formula.scaled(MINUS_ONE) for branch in rest]
        if all(self._is_zero(gap) for gap in gaps):
            return Crossing(first.formula.node())
        is_crossed = all(self._is_crossed(branch) for branch in (first, *rest))
        return Crossing(is_jump=is_crossed and any(self._is_jump(gap) for gap in gaps))

    def _is_zero(self, gap: Sum) -> bool:
        """Whether two branches are proved to be the same, as far as the derivative is concerned.

        A first derivative at one point alone takes no more than a double zero there.
        """
        if not gap.terms:
            return True
        point = self._at[self._name]
        if self._order > 1 or not point.is_exact():
            return False
        weight = Weight(python_fraction(point.real.fmpq()), python_fraction(point.imag.fmpq()))
        return all(
            polynomial.vanishes(weight, self._order + 1)
            for polynomial in gap.polynomials(self._name)
        )

    def _is_jump(self, gap: Sum) -> bool:
        last = self._order if self._order <= 1 else MAX_ZEROS
        series = self.series_of(gap.node(), last)
        return any(not series[k].contains(0) for k in range(last + 1))

    def lies_on_cut(self, argument: Node) -> bool:
        """Whether an argument lies on the negative axis, as far as the precision tells.

        Raises Trouble where it isn't certain that it isn't 0.
        """
        value = self.series_of(argument, 0)[0]
        if value.contains(0):
            raise Difficult("at a branch point?")
        return bool(value.imag.contains(0) and not value.real > 0)

    def require_nonzero(self, divisor: Sum) -> None:
        """Refuse a divisor that may be 0: it doesn't cancel."""
        value = self.series_of(divisor.node(), 0)[0]
        if value.contains(0):
            raise (
                Undefined("division by zero") if value.is_zero() else Difficult("division by zero?")
            )

    def moves(self, term: Node) -> bool:
        """Whether a term depends on the variable that moves."""
        return any(
            inner.op == VARIABLE and inner.value == self._name for inner in postorder([term])
        )

    def series_of(self, term: Node, order: int) -> acb_series:
        """Return a term's Taylor series. Raises Trouble."""
        return series(term, self._at, self._name, order, self._bits)

    def _is_met(self, branch: _Branch) -> bool:
        """Whether points near this one may have a function each on these sides.

        Arguments that are real on the real axis change sides together, or not at all.
        """
        signs = self._signs(branch)
        if signs is None:
            return True
        sides = branch.sides.values()
        along = [side * sign for side, sign in zip(sides, signs, strict=True)]
        return len(set(along)) <= 1 or set(sides) == {1}

    def _signs(self, branch: _Branch) -> list[int] | None:
        """Return the signs of the arguments' slopes along the real axis, if they are real there."""
        result = []
        for side in branch.sides:
            if not self._is_real(branch.arguments[side]):
                return None
            slope = self.series_of(branch.arguments[side], 1)[1].real
            if slope.contains(0):
                return None
            result.append(1 if slope > 0 else -1)
        return result

    def _is_real(self, term: Node) -> bool:
        """Whether a term is real where the variable is, near the point."""
        if not self._at[self._name].imag.is_zero():
            return False
        return all(self._keeps_real(inner) for inner in postorder([term]))

    def _keeps_real(self, term: Node) -> bool:
        if term.op == VARIABLE:
            return bool(self._at[str(term.value)].imag.is_zero())
        if term.op in ("log", "sqrt", "pow", "loggamma"):
            if term.op == "pow" and term.args[1].op in (NUMBER, "neg"):
                exponent = fraction_of(term.args[1])
                if exponent is not None and exponent.denominator == 1:
                    return True
            return bool(self.series_of(term.args[0], 0)[0].real > 0)
        return term.op not in DEFINITIONS and term is not I

    def _is_crossed(self, branch: _Branch) -> bool:
        """Whether the sides are those of regions that the point borders on, by proof."""
        for side in branch.sides:
            series = self.series_of(branch.arguments[side], MAX_ZEROS)
            if not (series[0].imag.is_zero() and series[0].real < 0):
                return False
            if all(series[k].contains(0) for k in range(1, MAX_ZEROS + 1)):
                return False
        return len(branch.sides) <= 1 or self._signs(branch) is not None


class _Branch:
    """A formula in its normal form, each function on its cut being taken on one side."""

    def __init__(self, cuts: Cuts, sides: Sides) -> None:
        self._cuts, self.sides = cuts, sides
        self.arguments: dict[Node, Node] = {}
        self.formula = whole(0)
        self._made: dict[Node, Sum] = {}

    def of(self, term: Node) -> Sum:
        for inner in postorder([term]):
            if inner not in self._made:
                self._made[inner] = self._normal(inner)
        return self._made[term]

    def _normal(self, term: Node) -> Sum:
        if term.op == NUMBER:
            return whole(Fraction(term.value or 0))
        if term is I:
            return unit()
        if term.op == CONSTANT and term.value == "tau":
            return atom(PI).scaled(Weight(Fraction(2)))
        if term.is_leaf:
            return atom(term)
        if term.op == "detach" or not self._cuts.moves(term):
            return self._still(term)
        arguments = [self._made[arg] for arg in term.args]
        if term.op == "div":
            self._cuts.require_nonzero(arguments[1])
        if term.op in ARITHMETIC:
            return ARITHMETIC[term.op](*arguments)
        if term.op in DEFINITIONS:
            # The arguments stand for themselves: what they are made of is in normal form already.
            return self.of(substituted(definition_of(term.op), self._places(term)))
        if term.op == "pow" and (exponent := fraction_of(term.args[1])) is not None:
            if exponent.denominator == 1:
                if exponent < 0:
                    self._cuts.require_nonzero(arguments[0])
                return arguments[0].power(int(exponent))
            return self._on_side(term, arguments[0], exponent)
        if term.op == "pow":
            return exponential(arguments[1] * self.of(node("log", term.args[0])))
        if term.op in ("log", "sqrt", "loggamma"):
            return self._on_side(term, arguments[0], Fraction(1, 2))
        return applied(term.op, arguments)

    def _places(self, term: Node) -> Mapping[Node, Node]:
        return {variable(x): arg for x, arg in zip("xyz", term.args, strict=False)}

    def _still(self, term: Node) -> Sum:
        """Return what doesn't move as it is: it has the principal value on a cut."""
        if term.op in ARITHMETIC:
            return ARITHMETIC[term.op](*(self._made[arg] for arg in term.args))
        return atom(term)

    def _on_side(self, term: Node, argument: Sum, exponent: Fraction) -> Sum:
        """Return a logarithm, a root or a power, on its side of the cut where it lies on it."""
        inner = argument.node()
        if not self._cuts.lies_on_cut(inner):
            return atom(node(term.op, inner, *term.args[1:]))
        if term.op == "loggamma":
            raise Difficult("on the branch cut of loggamma")
        if term not in self.sides:
            raise _MetError(term)
        self.arguments[term] = inner
        turn = unit() * atom(PI).scaled(Weight(Fraction(self.sides[term])))
        across = node(term.op, argument.scaled(MINUS_ONE).node(), *term.args[1:])
        if term.op == "log":
            return atom(across) + turn
        return atom(across) * exponential(turn.scaled(Weight(exponent)))
