"""Polar curves: r = r(θ) with dr/dθ and the slope dy/dx, and equations of r and θ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from math import pi

import numpy as np

from diffcli.engines.boxes.arithmetic import Mask
from diffcli.language.expression import Node, node, variable
from diffcli.language.function import Function
from diffcli.output.plots.kinds.curve import MARGIN, Curve, curve_of
from diffcli.output.plots.kinds.relation import RelationPicture, notes_of
from diffcli.output.plots.labels import lines_of
from diffcli.output.plots.pictures import PlotKind, PlotPlan, Request, chosen
from diffcli.studies.curves.breaks import Floats
from diffcli.studies.curves.line import Range, evaluator
from diffcli.studies.relations.branches import Branches
from diffcli.studies.relations.grid import grid_over
from diffcli.studies.relations.ranges import default_ranges
from diffcli.studies.relations.reading import relations_of
from diffcli.studies.relations.scene import MOST_CELLS, Scene, curves_of, scene_over

RADIUS, ANGLES = "r", ("theta", "phi")
"""The names of the radius and of the angle in a polar equation."""


@dataclass(frozen=True)
class Polar(Curve):
    """A polar curve; ``radii`` (2, n) are r and dr/dθ at the samples."""

    radii: Floats = field(default_factory=lambda: np.empty((2, 0)))

    def columns(self) -> Iterator[tuple[str, Floats]]:
        """Yield the angle, r, dr/dθ, both coordinates and the slope dy/dx."""
        (x, dx), (y, dy) = self.samples.values
        with np.errstate(all="ignore"):
            slope = np.where(dx == 0, np.nan, dy / dx)
        names = (self.variable, RADIUS, f"{RADIUS}'", "x", "y", "dy/dx")
        yield from zip(names, (self.samples.x, *self.radii, x, y, slope), strict=True)


def cartesian(function: Function) -> Function:
    """Return a polar curve as [r·cos θ, r·sin θ]."""
    (radius,), angle = function.outputs, variable(_angle(function))

    def side(wave: str) -> Node:
        return node("mul", radius, node(wave, angle))

    return Function(function.text, (side("cos"), side("sin")), (_angle(function),))


def _angle(function: Function) -> str:
    return function.variables[0] if function.variables else ANGLES[0]


def _compose(function: Function, request: Request) -> PlotPlan:
    if _is_equation(function):
        return _compose_equation(function, request)
    plan, curve = curve_of(cartesian(function), request)
    lines = lines_of(function, _angle(function), (0, 1))
    radii = evaluator(function, 1)(curve.samples.x)[0]
    picture = Polar(
        curve.samples,
        curve.variable,
        lines[0].equation,
        lines[0].latex,
        curve.motions,
        tuple(line for line in lines[1:] if line.short),
        radii,
    )
    return replace(plan, picture=picture)


def _compose_equation(function: Function, request: Request) -> PlotPlan:
    """Trace an equation of r and θ in their own plane, cell by cell, and wind it up."""
    relations = relations_of(function) or []
    angle = next(name for name in function.variables if name != RADIUS)
    names = (angle, RADIUS)
    ends, told = dict(request.ranges), []
    if angle not in ends:
        ends[angle] = 0.0, 2 * pi
        told.append(Range(*ends[angle], f"{angle}=0:2pi"))
    if RADIUS not in ends:
        curves = [curve for relation in relations for curve in curves_of(relation, names)]
        _, radii = default_ranges(function, curves, names)
        ends[RADIUS] = radii.low, radii.high
        told.append(Range(*ends[RADIUS], f"{RADIUS}={radii.text}"))
    flat = scene_over(relations, names, (ends[angle], ends[RADIUS]))
    notes = notes_of(function, flat)
    return PlotPlan(RelationPicture(_wound(flat), notes), chosen(told), notes)


def _wound(flat: Scene) -> Scene:
    """Return a scene over θ and r as one over x and y."""
    edges = [edge for shown in flat.shown for edge in shown.edges]
    parts = [part for edge in edges for part in (*edge.branches.lines, edge.branches.dots)]
    points = _cartesian(np.concatenate([np.zeros((1, 2)), *parts]))
    reach = MARGIN * float(np.ptp(points, axis=0).max()) or 1.0
    (low_x, low_y), (high_x, high_y) = points.min(axis=0) - reach, points.max(axis=0) + reach
    grid = grid_over(((low_x, high_x), (low_y, high_y)), MOST_CELLS)

    def wound(mask: Mask) -> Mask:
        low, high = flat.grid.cells(*np.nonzero(mask))
        x, y = _cartesian(((low + high) / 2).T).T
        counts, _, _ = np.histogram2d(y, x, bins=(grid.y, grid.x))
        return np.asarray(counts > 0)

    shown = tuple(
        replace(
            region,
            edges=tuple(
                replace(
                    edge,
                    branches=Branches(
                        tuple(map(_cartesian, edge.branches.lines)),
                        _cartesian(edge.branches.dots),
                        _cartesian(edge.branches.cells),
                        _cartesian(edge.branches.holes),
                    ),
                )
                for edge in region.edges
            ),
            undecided=wound(region.undecided),
            crossed=wound(region.crossed),
        )
        for region in flat.shown
    )
    return Scene(grid, ("x", "y"), shown)


def _cartesian(points: Floats) -> Floats:
    """Return points (n, 2) of θ and r as x and y."""
    angles, radii = points.T
    return np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=-1)


def _is_equation(function: Function) -> bool:
    """Whether there are equations of r and an angle, which no formula gives as r of it."""
    if set(function.variables) not in ({RADIUS, angle} for angle in ANGLES):
        return False
    relations = relations_of(function)
    return bool(relations) and all(relation.condition is None for relation in relations or ())


def _suits(function: Function) -> int:
    if _is_equation(function):
        return 4
    is_polar = function.called == RADIUS and function.is_scalar
    return 3 * (is_polar and len(function.variables) == 1 and function.variables[0] in ANGLES)


KIND = PlotKind(_suits, _compose, takes=frozenset({"tangent"}))
