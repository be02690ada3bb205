"""Tangents at points of a curve, by the proved dy/dx of an implicit function, or dx/dy = 0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

from diffcli.differentiation import Settings
from diffcli.engines.exact import nearest
from diffcli.errors import NoDerivativeError, PointError
from diffcli.language.expression import Node
from diffcli.language.function import Function
from diffcli.language.points import Point
from diffcli.studies.implicit.derivatives import derivatives
from diffcli.studies.implicit.formulas import Unknowns
from diffcli.studies.relations.reading import Relation

SETTINGS = Settings(engines=("autograd", "enclosure"))
"""No formula of the slope is needed."""


@dataclass(frozen=True)
class Tangent:
    """A tangent at (``x``, ``y``) of a relation, by its place; an upright one has slope ∞."""

    relation: int
    x: float
    y: float
    slope: float


def tangent_at(
    relations: Sequence[Relation], names: tuple[str, str], point: Mapping[str, Node]
) -> Tangent:
    """Return the tangent at a point of one of the curves.

    Raises PointError where it is on none of them, NoDerivativeError where there is no tangent.
    """
    missing = [name for name in names if name not in point]
    if missing:
        raise PointError(
            f"the point of a tangent gives {missing[0]} no value",
            hint=f"a point of the curve: {', '.join(f'{name}=1' for name in names)}",
        )
    trouble: PointError | None = None
    for index, relation in enumerate(relations):
        if relation.residual is None:
            continue
        function = Function((relation.text,), (relation.residual,), names)
        try:
            slope = _slope(function, names, point)
        except PointError as error:
            trouble = error
            continue
        x, y = (nearest(point[name]) for name in names)
        return Tangent(index, x, y, slope)
    raise trouble or PointError("a tangent is drawn to a curve", hint="add an equation")


def _slope(function: Function, names: tuple[str, str], point: Mapping[str, Node]) -> float:
    across, up = names
    reasons = []
    for of, wrt in ((up, across), (across, up)):
        ((derivative,),) = derivatives(
            function, Unknowns((of,), (wrt,)), [Point(dict(point))], SETTINGS
        )
        check = derivative.check
        if check is None:
            continue
        if isinstance(check.value, float):
            if of == up:
                return check.value
            if check.value == 0:
                return inf
        reasons.append(check.reason)
    known = "; ".join(dict.fromkeys(reason for reason in reasons if reason))
    where = ", ".join(f"{name} = {nearest(coordinate):g}" for name, coordinate in point.items())
    raise NoDerivativeError(
        f"no tangent at {where}: {known or 'its slope is not proved'}",
        hint="choose another point of the curve",
    )
