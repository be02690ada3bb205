"""Critical points that aren't alone: the lines, curves and surfaces on which a gradient is 0.

Each partial derivative is 0 where one of its factors is. Where fewer equations than there are
variables make all of them 0, their solutions are no points: of ``(x - y)^2`` it's ``x - y = 0``.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from flint import arb
from sympy import Expr, Mul, S, factor

from diffcli.engines.balls.guards import Trouble
from diffcli.engines.remote import Partials
from diffcli.engines.symbolic import Symbolic
from diffcli.engines.terms.formulas import evaluated, readable
from diffcli.errors import LimitError
from diffcli.language.expression import Node
from diffcli.language.parser import parse
from diffcli.studies.critical.boxes import Box
from diffcli.studies.critical.systems import BITS, GradientSystem
from diffcli.studies.curves.breaks import Floats

MOST_FACTORS = 6
"""Factors of a partial derivative at most."""
NEAR = 1e-4
"""How far from a curve, as a part of the range, a point may be found that lies on it."""
APART = 1e-3
"""How far points are from each other, as a part of the range, that aren't one found twice."""
MOST_CUT, ROUNDS = 3, 20
"""Variables in which Newton's method starts from several places, and its steps."""

Place = tuple[float, ...]

Continuum = tuple[Node, ...]
"""The terms that are 0 at its points, fewer than there are variables."""


def inhabited(
    partials: Partials, box: Box, points: Sequence[Place]
) -> dict[Continuum, list[Place]]:
    """Return the continua that a box has points of, each with those of some critical points.

    Newton's method leads there from all over the box; where it ends far apart, there are many.
    """
    names = partials.function.variables
    sides = [np.linspace(low, high, 3) for low, high in box[:MOST_CUT]]
    middle = [(low + high) / 2 for low, high in box[MOST_CUT:]]
    starts = [np.array([*corner, *middle]) for corner in product(*sides)]
    points_of: dict[Continuum, list[Place]] = {}
    for continuum in continua(partials):
        curve = _Curve(continuum, names, box)
        if _is_spread([end for start in starts if (end := curve.approached(start))], box):
            points_of[continuum] = [point for point in points if curve.is_near(point)]
    return points_of


def continua(partials: Partials) -> list[Continuum]:
    """Return equations that make the gradient 0 and leave a variable free; shortest first.

    They may have no solution at all. None are found where the time runs out first.
    """
    names = partials.function.variables
    try:
        texts = partials.ask(_factors)
    except LimitError:
        return []
    choices = {frozenset(choice) for choice in product(*filter(None, texts))}
    least = [one for one in choices if len(one) < len(names) and not any(c < one for c in choices)]
    return [
        tuple(parse(text, variables=names).outputs[0] for text in sorted(factors))
        for factors in sorted(least, key=sorted)
        if factors
    ]


def _factors(symbolic: Symbolic) -> list[list[str]]:
    """Return the texts of each partial's factors with variables; none where it is 0 everywhere."""
    return [_bases(symbolic, name) for name in symbolic.function.variables]


def _bases(symbolic: Symbolic, name: str) -> list[str]:
    slope = factor(evaluated(symbolic.partial((name,)), symbolic.deadline))
    if slope is S.Zero:
        return []
    pairs = (factor.as_base_exp() for factor in Mul.make_args(slope))
    bases: list[Expr] = [base for base, k in pairs if base.free_symbols and k.is_positive]
    spelling = symbolic.spelling
    texts = [readable(b, symbolic.deadline, spelling).text for b in bases[:MOST_FACTORS]]
    # A partial that is never 0, as exp(x), keeps every point from being critical.
    return [text for text in texts if text] or ["1"]


class _Curve:
    """The solutions of a continuum's equations in a box."""

    def __init__(self, terms: Continuum, names: Sequence[str], box: Box) -> None:
        self._systems = [GradientSystem(term, names, [(name,) for name in names]) for term in terms]
        self._indices = [(), *((name,) for name in names)]
        self._low, self._high = np.array(box).T

    def approached(self, start: Floats) -> Place | None:
        """Return the solution in the box to which the shortest of Newton's steps lead, if any."""
        point = start
        for _ in range(ROUNDS):
            linear = self._linear(point.tolist())
            if linear is None or not np.isfinite(linear).all():
                return None
            step = np.linalg.lstsq(linear[:, 1:], linear[:, 0], rcond=None)[0]
            point = np.clip(point - step, self._low, self._high)
        return tuple(point.tolist()) if self.is_near(point.tolist()) else None

    def is_near(self, point: Sequence[float]) -> bool:
        """Whether a solution is near a point, to first order."""
        linear = self._linear(point)
        if linear is None:
            return False
        reach = np.abs(linear[:, 1:]) @ (self._high - self._low)
        return bool((np.abs(linear[:, 0]) <= NEAR * reach).all())

    def _linear(self, point: Sequence[float]) -> Floats | None:
        """Return each term's value and slopes at a point, a row a term."""
        balls = [*map(arb, point)]
        try:
            rows = [system.values(balls, self._indices, BITS) for system in self._systems]
        except Trouble:
            return None
        return np.array([[float(number) for number in row] for row in rows])


def _is_spread(points: Sequence[Place], box: Box) -> bool:
    """Whether points are too far from each other to be one."""
    return bool(points) and any(
        max(side) - min(side) > APART * (high - low)
        for side, (low, high) in zip(zip(*points, strict=True), box, strict=True)
    )
