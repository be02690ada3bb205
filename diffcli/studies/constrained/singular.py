"""Points at which Newton's method says nothing: kinks, multiple roots, dependent gradients.

An extremum may lie where the gradients of the active constraints are dependent though no
multipliers exist: x is least on y² = x³ at 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, islice, product

from diffcli.engines import difficult
from diffcli.engines.balls.signs import proved_sign
from diffcli.engines.exact import rational
from diffcli.engines.polynomials import polynomial
from diffcli.language.expression import Node, node
from diffcli.studies.constrained.blowup import Condition, is_alone
from diffcli.studies.constrained.problem import Problem
from diffcli.studies.critical.boxes import Box
from diffcli.studies.critical.exact import simple
from diffcli.studies.critical.kinds import PointKind
from diffcli.studies.prove.touching import derivative

MOST_TRIED = 12
"""Exact points that are tried in a box."""
Point = dict[str, Node]


@dataclass(frozen=True)
class Exceptional:
    """An exact feasible point: of dependent gradients, of a kink, or a degenerate solution."""

    at: Point
    active: tuple[int, ...]
    kind: PointKind


def exceptional_point(problem: Problem, box: Box, deadline: float) -> Exceptional | None:
    """Return an exact point of a narrow box that may be an extremum, if one is proved."""
    guesses = [list(simple(low, high)) for low, high in box]
    for nodes in islice(product(*guesses), MOST_TRIED):
        point = dict(zip(problem.variables, nodes, strict=True))
        active = _active(problem, point)
        if active is None:
            continue
        if _has_kink(problem, point, deadline):
            return Exceptional(point, active, PointKind.KINK)
        rows = [_gradient(problem, problem.constraints[place].side) for place in active]
        slopes = _gradient(problem, problem.outputs[0])
        if slopes is None or None in rows:
            continue
        known = [row for row in rows if row is not None]
        if active and _vanish(_minors(known), point):
            return Exceptional(point, active, PointKind.SINGULAR)
        if _vanish(_minors([slopes, *known]), point):
            return Exceptional(point, active, PointKind.DEGENERATE)
    return None


def _active(problem: Problem, point: Point) -> tuple[int, ...] | None:
    """Return the constraints that are active at a point; None where it isn't proved feasible."""
    active = []
    for place, each in enumerate(problem.constraints):
        sign = proved_sign(each.side, point)
        if sign == 0:
            active.append(place)
        elif sign is None or each.sense == 0 or sign * each.sense > 0:
            return None
    return tuple(active)


def _vanish(formulas: Sequence[Node], point: Point) -> bool:
    return all(proved_sign(formula, point) == 0 for formula in formulas)


def _has_kink(problem: Problem, point: Point, deadline: float) -> bool:
    (output,) = problem.outputs
    return any(
        difficult.classify(output, point, (name,), deadline=deadline).kind is difficult.Kind.KINK
        for name in problem.variables
    )


def is_isolated(problem: Problem, active: Sequence[int], point: Point, box: Box) -> bool:
    """Whether no other point of a box satisfies the condition of Fritz John, for polynomials.

    ``active`` are the constraints that may be active in the box.
    """
    at: dict[str, Fraction] = {}
    for name, place in point.items():
        exact = rational(place)
        if exact is None:
            return False
        at[name] = exact
    pairs = zip(at.values(), box, strict=True)
    reaches = [max(float(x) - low, high - float(x)) * (1 + 1e-9) for x, (low, high) in pairs]
    equal = [place for place in active if not problem.constraints[place].sense]
    free = [place for place in active if problem.constraints[place].sense]
    for count in range(len(free) + 1):
        for chosen in combinations(free, count):
            conditions = _conditions(problem, (*equal, *chosen), free, at)
            if conditions is None or not is_alone(conditions, reaches):
                return False
    return True


def _conditions(
    problem: Problem, active: Sequence[int], free: Sequence[int], at: dict[str, Fraction]
) -> list[Condition] | None:
    """Return Fritz John's condition for some active constraints; None where it's no polynomial."""
    sides = [problem.constraints[place].side for place in active]
    rows = [_gradient(problem, each) for each in (problem.outputs[0], *sides)]
    if None in rows:
        return None
    formulas = [(each, 0) for each in (*sides, *_minors([row for row in rows if row is not None]))]
    formulas += [
        (problem.constraints[place].side, problem.constraints[place].sense)
        for place in free
        if place not in active
    ]
    found = []
    for formula, sense in formulas:
        terms = polynomial(formula, at)
        if terms is None:
            return None
        found.append(Condition(terms, sense))
    return found


def _gradient(problem: Problem, formula: Node) -> list[Node] | None:
    slopes = [derivative(formula, name) for name in problem.variables]
    return None if None in slopes else [slope for slope in slopes if slope is not None]


def _minors(rows: Sequence[Sequence[Node]]) -> list[Node]:
    """Return the determinants of all square parts of as many columns; none if there are too few."""
    size = len(rows)
    return [
        _determinant([[row[place] for place in columns] for row in rows])
        for columns in combinations(range(len(rows[0])), size)
    ]


def _determinant(rows: Sequence[Sequence[Node]]) -> Node:
    if len(rows) == 1:
        return rows[0][0]
    return node("add", *_expanded(rows))


def _expanded(rows: Sequence[Sequence[Node]]) -> Iterator[Node]:
    for place, factor in enumerate(rows[0]):
        rest = [[*row[:place], *row[place + 1 :]] for row in rows[1:]]
        term = node("mul", factor, _determinant(rest))
        yield term if place % 2 == 0 else node("neg", term)
