"""The range of an integral, cut where its integrand has kinks and jumps that parameters may move.

On a stretch where every margin has a sign the integrand is a smooth formula. A stretch on which a
margin is strictly monotonic and changes sign holds one zero of it, a simple one, which is cut out
by the interval Newton method (Neumaier, Interval Methods for Systems of Equations, 1990, 5.1) and
moves analytically with the parameters (the implicit function theorem).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flint import arb, arb_series, ctx

from diffcli.engines.balls.branches import Floor, Sign, UnsettledMargin, direction, settled
from diffcli.engines.balls.decimals import python_fraction
from diffcli.engines.balls.guards import Difficult, Trouble, Value, ball, centre, check_deadline
from diffcli.engines.balls.precision import working
from diffcli.engines.balls.walk import Term, Walk
from diffcli.language.expression import (
    VARIABLE,
    Node,
    minus,
    number,
    postorder,
    substituted,
    variable,
)

MAX_PIECES = 64
MAX_CUTS = 400
"""Stretches that are looked at before the range is given up."""
MAX_HALVINGS = 40
"""A stretch so many times halved, of which nothing is known, isn't halved again."""
MAX_STEPS = 16
"""Integers that a term may pass on a stretch; beyond, it is halved first."""

_AT_AN_END = "perhaps a kink or a jump of the integrand at a bound, or where another one is"

Known = Mapping[object, int]
"""The signs of margins on a stretch, by their directions."""


class Body(Walk):
    """A formula by the rules of the enclosure, at numbers and Taylor series."""

    def __init__(self, body: Node, names: Sequence[str]) -> None:
        super().__init__(body, dict.fromkeys(names, 0.0))

    def facts_for(self, arguments: Sequence[Term]) -> None:
        """Return none: the variables are in no one place."""

    def at(self, values: Mapping[str, Value]) -> Value:
        """Return the value where the variables are in their places; raises Trouble."""
        terms: list[Term] = []
        for i, node in enumerate(self.nodes):
            rule = self._rules[i]
            if rule is not None:
                terms.append(self.apply(node, rule, [terms[a] for a in self._arguments[i]]))
            elif node.op == VARIABLE:
                terms.append(values[str(node.value)])
            else:
                terms.append(self.number(i, node))
        result = terms[-1]
        if isinstance(result, Trouble):
            raise result
        if isinstance(result, bool):
            raise Difficult("a condition, not a number")
        return result


@dataclass(frozen=True)
class End:
    """An end of a stretch: where it is, as a number or a Taylor series.

    ``term`` is a node that is the same number, wherever the parameters are.
    """

    value: Value
    term: Node | None = None

    @property
    def number(self) -> arb:
        """The end at the point itself."""
        return ball(centre(self.value))


@dataclass(frozen=True)
class Piece:
    """A stretch of the range, and the smooth formula that the integrand is there."""

    body: Node
    low: End
    high: End


class Range:
    """An integrand over a range, the parameters being numbers or Taylor series.

    ``names`` are the variable of integration and the parameters, whose places are ``others``.
    """

    def __init__(self, body: Node, names: Sequence[str], others: Sequence[Value]) -> None:
        self._body, self._names = body, names
        self._t = variable(names[0])
        self._series = dict(zip(names[1:], others, strict=True))
        self._numbers: dict[str, Value] = {
            name: ball(centre(series)) for name, series in self._series.items()
        }
        self._is_moving = any(isinstance(series, arb_series) for series in others)
        self._bodies: dict[Node, Body] = {}

    def pieces(self, low: End, high: End) -> list[Piece]:
        """Return the pieces from the lower end to the higher one. Raises Trouble."""
        done: list[Piece] = []
        self._least = (high.number - low.number) / 2**MAX_HALVINGS
        pending: list[tuple[End, End, Known]] = [(low, high, {})]
        for _ in range(MAX_CUTS):
            if not pending:
                return done
            check_deadline()
            start, end, known = pending.pop()
            stretch = start.number.union(end.number)
            try:
                piece = settled(self._body, *self._signs(stretch, known))
            except UnsettledMargin as unsettled:
                pending += reversed(self._cut(start, end, known, unsettled.margin))
            else:
                done.append(Piece(piece, start, end))
            if len(done) > MAX_PIECES:
                raise Difficult(f"an integrand with more than {MAX_PIECES} kinks or jumps")
        raise Difficult("an integrand whose kinks or jumps aren't separated")

    def _signs(self, stretch: arb, known: Known) -> tuple[Sign, Floor]:
        """Return what decides signs and integer parts on a stretch."""

        def sign(margin: Node) -> int:
            line, factor = direction(margin)
            if not factor:
                return 0
            if line in known:
                return factor * known[line]
            middle = ball(centre(self._value(margin, stretch)))
            if middle > 0 or middle < 0:
                return 1 if middle > 0 else -1
            if not self._depends(margin):
                if middle == 0 and not self._is_moving:
                    return 0
                raise Difficult(
                    "perhaps a kink or a jump of the integrand for all values of its variable"
                )
            raise UnsettledMargin(margin)

        def floor(term: Node) -> int:
            enclosed = ball(centre(self._value(term, stretch)))
            least, most = (_whole(end.floor()) for end in (enclosed.lower(), enclosed.upper()))
            if most - least > MAX_STEPS:
                raise UnsettledMargin(minus(term, number((most + least) // 2)))
            result = least - 1 if enclosed.contains(least) else least
            for step in range(result + 1, most + 1):
                where = sign(minus(term, number(step)))
                if where == 0:
                    raise Difficult("a jump of the integrand for all values of its variable")
                if where < 0:
                    break
                result = step
            return result

        return sign, floor

    def _depends(self, term: Node) -> bool:
        return self._t in postorder([term])

    def _value(self, term: Node, value: Value, *, moving: bool = False) -> Value:
        if term not in self._bodies:
            self._bodies[term] = Body(term, self._names)
        values = self._series if moving else self._numbers
        return self._bodies[term].at({**values, self._names[0]: value})

    def _cut(self, low: End, high: End, known: Known, margin: Node) -> list[tuple[End, End, Known]]:
        """Cut a stretch at the zero of a margin, in halves, or not at all if the sign is found."""
        if any(term.op == "detach" and self._depends(term) for term in postorder([margin])):
            raise Difficult("a kink or a jump that depends on a detached variable of integration")
        line, factor = direction(margin)
        stretch = low.number.union(high.number)
        slope = self._slope(margin, stretch)
        if slope > 0 or slope < 0:
            before, after = self._sign_at(margin, low), self._sign_at(margin, high)
            if before and after and before != after:
                root = self._root(margin, low.number, high.number)
                return [
                    (low, root, {**known, line: factor * before}),
                    (root, high, {**known, line: factor * after}),
                ]
            if (cut := before or after) and {before, after} <= {cut, 0}:
                return [(low, high, {**known, line: factor * cut})]
            raise Difficult(_AT_AN_END)
        middle = ((low.number + high.number) / 2).mid()
        if not low.number < middle < high.number or high.number - low.number < self._least:
            raise Difficult("an integrand whose kinks or jumps aren't separated")
        half = End(middle)
        return [(low, half, known), (half, high, known)]

    def _slope(self, margin: Node, stretch: arb) -> arb:
        """Return a margin's derivative over a stretch; what isn't finite where there is none."""
        with working(ctx.prec, 1):
            try:
                series = self._value(margin, arb_series([stretch, 1]))
            except Trouble:
                return arb.nan()
            return series[1] if isinstance(series, arb_series) else arb(0)

    def _sign_at(self, margin: Node, end: End) -> int | None:
        """Return a margin's sign at an end: 0 only where it is 0 wherever the parameters are."""
        if end.term is not None:
            _, factor = direction(substituted(margin, {self._t: end.term}))
            if not factor:
                return 0
        middle = ball(centre(self._value(margin, end.number)))
        if middle == 0 and not self._is_moving and not isinstance(end.value, arb_series):
            return 0
        return 1 if middle > 0 else -1 if middle < 0 else None

    def _root(self, margin: Node, low: arb, high: arb) -> End:
        """Return the only zero of a margin on a stretch, and how it moves with the parameters."""
        root = low.union(high)
        while True:
            width, middle, slope = root.rad(), root.mid(), self._slope(margin, root)
            rise = ball(centre(self._value(margin, middle)))
            root = root.intersection(middle - rise / slope)
            if not root.rad() < width / 2:
                break
        if not low < root < high:
            raise Difficult(_AT_AN_END)
        return End(self._moved(margin, root, slope) if self._is_moving else root)

    def _moved(self, margin: Node, ball: arb, slope: arb) -> arb_series:
        """Return a simple zero's Taylor series, coefficient by coefficient."""
        ends = [ball]
        for degree in range(1, ctx.cap):
            value = self._value(margin, arb_series(ends), moving=True)
            rest = value[degree] if isinstance(value, arb_series) else arb(0)
            ends.append(-rest / slope)
        return arb_series(ends)


def _whole(integer: arb) -> int:
    whole = integer.unique_fmpz()
    if whole is None:
        raise Difficult("an integrand that may be unbounded on a part of the range")
    return int(whole)


def bound(value: Value, names: Sequence[str], others: Sequence[Value]) -> End:
    """Return an end at a bound of the integral; it may be one of the parameters, or a number."""
    for name, other in zip(names[1:], others, strict=True):
        if other is value and isinstance(value, arb_series):
            return End(value, variable(name))
    if isinstance(value, arb) and value.is_exact() and value.bits() + abs(_exponent(value)) < 512:
        exact = value.fmpq()
        return End(value, number(python_fraction(exact)))
    return End(value)


def _exponent(ball: arb) -> int:
    return int(ball.man_exp()[1])
