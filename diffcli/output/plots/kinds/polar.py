"""Polar curves, r = r(θ), with dr/dθ and the slope dy/dx."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from diffcli.language.expression import Node, node, variable
from diffcli.language.function import Function
from diffcli.output.plots.kinds.curve import Curve, curve_of
from diffcli.output.plots.labels import lines_of
from diffcli.output.plots.pictures import PlotKind, PlotPlan, Request
from diffcli.studies.curves.breaks import Floats
from diffcli.studies.curves.line import evaluator

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


def _suits(function: Function) -> int:
    is_polar = function.called == RADIUS and function.is_scalar
    return 3 * (is_polar and len(function.variables) == 1 and function.variables[0] in ANGLES)


KIND = PlotKind(_suits, _compose, takes=frozenset({"tangent"}))
