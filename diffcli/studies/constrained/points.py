"""Solutions of Lagrange's system as points: exact where they can be, feasible, and of what kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flint import arb, fmpq

from diffcli.engines.balls.guards import Trouble
from diffcli.engines.balls.signs import proved_sign
from diffcli.engines.balls.walk import working
from diffcli.engines.enclosure import constant_value
from diffcli.engines.remote import Partials
from diffcli.engines.terms.spelling import constant_text, spelling_of
from diffcli.language.expression import Node
from diffcli.language.function import Function
from diffcli.studies.constrained.multipliers import Lagrange, Stationary
from diffcli.studies.constrained.problem import Problem
from diffcli.studies.constrained.second_order import Curvature, curvature
from diffcli.studies.constrained.singular import Exceptional
from diffcli.studies.critical.exact import exact_root, text_at
from diffcli.studies.critical.kinds import PointKind
from diffcli.studies.critical.notable_points import NotablePoint, Tag, as_bounds, as_float
from diffcli.studies.critical.systems import FINE_BITS
from diffcli.studies.critical.wide import Wide


@dataclass(frozen=True)
class ConstrainedPoint:
    """A point that may be an extremum under constraints.

    ``active`` are places among the constraints, ``multipliers`` theirs, as numbers and, where they
    are known exactly, as text; a singular point has none. ``value`` encloses f there.
    """

    point: NotablePoint
    active: tuple[int, ...]
    value: arb
    multipliers: Mapping[int, float] | None = None
    exact_multipliers: Mapping[int, str] | None = None


class SolutionClassifier:
    """Says what the solutions of one problem's Lagrange systems are."""

    def __init__(self, problem: Problem, deadline: float) -> None:
        self.problem, self.deadline = problem, deadline

    def at_solution(self, lagrange: Lagrange, found: Stationary) -> ConstrainedPoint | None:
        """Return the point of a solution; None if it isn't feasible or its multipliers clash."""
        system, size, at = lagrange.system, lagrange.size, found.root.at
        partials = Partials(Function((), (system.output,), system.names), self.deadline)
        exact = exact_root(partials, system.equations, at, found.root.region)
        nodes = None if exact is None else dict(zip(self.problem.variables, exact, strict=False))
        feasible = self._is_feasible(found.active, at[:size], nodes)
        if feasible is False:
            return None
        bent = self._curvature(lagrange, at, exact)
        kind = PointKind.DEGENERATE
        if bent is not None:
            if bent.fits == (False, False):
                return None
            kind = bent.kind() if feasible else kind
            if kind is PointKind.SADDLE and self._has_more_active(found.active, nodes):
                # Other active constraints may bar the ways up and down.
                kind = PointKind.DEGENERATE
        point = self._point(at[:size], nodes, kind, partials, exact, is_proved=bool(feasible))
        spelling = spelling_of(self.problem)
        return ConstrainedPoint(
            point,
            found.active,
            self._value(at[:size]),
            {place: as_float(ball) for place, ball in zip(found.active, at[size:], strict=True)},
            None
            if exact is None
            else {
                place: constant_text(each, spelling)
                for place, each in zip(found.active, exact[size:], strict=True)
            },
        )

    def at_exceptional(self, found: Exceptional) -> ConstrainedPoint:
        """Return an exact point that isn't a simple solution of Lagrange's system."""
        exact = tuple(found.at.values())
        at = [constant_value(each, FINE_BITS) for each in exact]
        function = Function((), self.problem.outputs, self.problem.variables)
        partials = Partials(function, self.deadline)
        point = self._point(at, found.at, found.kind, partials, exact, is_proved=True)
        return ConstrainedPoint(point, found.active, self._value(at))

    def _is_feasible(
        self, active: Sequence[int], at: Sequence[arb], nodes: Mapping[str, Node] | None
    ) -> bool | None:
        proved: bool | None = True
        for place, each in enumerate(self.problem.constraints):
            if place in active:
                continue
            sign = self._sign(each.side, at, nodes)
            if sign is None:
                proved = None
            elif sign * each.sense > 0:
                return False
        return proved

    def _has_more_active(self, active: Sequence[int], nodes: Mapping[str, Node] | None) -> bool:
        others = [
            each.side for place, each in enumerate(self.problem.constraints) if place not in active
        ]
        return nodes is not None and any(proved_sign(side, nodes) == 0 for side in others)

    def _sign(self, side: Node, at: Sequence[arb], nodes: Mapping[str, Node] | None) -> int | None:
        if nodes is not None:
            return proved_sign(side, nodes)
        value = value_over(side, self.problem.variables, at)
        if value is None or value.contains(0):
            return None
        return 1 if value > 0 else -1

    def _curvature(
        self, lagrange: Lagrange, at: Sequence[arb], exact: Sequence[Node] | None
    ) -> Curvature | None:
        constraints = [self.problem.constraints[place] for place in lagrange.active]
        pushes: list[int | None] = []
        for row, each in enumerate(constraints):
            ball = at[lagrange.size + row]
            sign = None if ball.contains(0) else (1 if ball > 0 else -1)
            if sign is None and exact and proved_sign(exact[lagrange.size + row], {}) == 0:
                sign = 0
            pushes.append(None if sign is None else sign * (each.sense or 1))
        equalities = [constraint.sense == 0 for constraint in constraints]
        try:
            return curvature(lagrange.system, at, lagrange.size, pushes, equalities)
        except Trouble:
            return None

    def _point(
        self,
        at: Sequence[arb],
        nodes: Mapping[str, Node] | None,
        kind: PointKind,
        partials: Partials,
        exact: Sequence[Node] | None,
        *,
        is_proved: bool,
    ) -> NotablePoint:
        names, spelling = self.problem.variables, spelling_of(self.problem)
        value = self._value(at)
        tag = Tag.EXACT if exact else Tag.CERTIFIED
        texts = None
        if nodes is not None:
            texts = {name: constant_text(each, spelling) for name, each in nodes.items()}
        return NotablePoint(
            at=dict(zip(names, map(as_float, at), strict=True)),
            value=as_float(value) if value.is_finite() else None,
            kind=kind,
            tag=tag if is_proved else Tag.NUMERIC,
            bounds=dict(zip(names, map(as_bounds, at), strict=True)),
            exact=texts,
            exact_value=text_at(partials, exact) if exact else None,
        )

    def _value(self, at: Sequence[arb]) -> arb:
        value = value_over(self.problem.outputs[0], self.problem.variables, at)
        return arb(0, "inf") if value is None else value


def value_over(formula: Node, names: Sequence[str], at: Sequence[arb]) -> arb | None:
    """Return bounds of a formula over a product of balls; None where there are none."""
    balls = dict(zip(names, at, strict=True))
    with working(FINE_BITS):
        value = Wide(formula, balls).value(FINE_BITS)
    return arb(value) if isinstance(value, arb | fmpq) else None
