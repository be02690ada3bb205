"""Lines: functions of one variable and their derivatives, with what is marked on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from diffcli.differentiation import derive
from diffcli.engines.exact import nearest
from diffcli.errors import NoDerivativeError, UsageError
from diffcli.language.expression import Node
from diffcli.language.function import Function
from diffcli.language.points import Point
from diffcli.operators import Grad
from diffcli.output.plots.frame import Frame, Line, LinesShown, StraightLine, shown_lines
from diffcli.output.plots.labels import lines_of
from diffcli.output.plots.pictures import Picture, PlotKind, PlotPlan, Request, chosen
from diffcli.output.plots.typed import math_name
from diffcli.studies.critical.proofs import smoothness, truth
from diffcli.studies.curves.breaks import Floats
from diffcli.studies.curves.enclosure import Band, band
from diffcli.studies.curves.features import ORDER, Feature, FeaturePoint, Search
from diffcli.studies.curves.iterated import is_iterated, no_errors, said
from diffcli.studies.curves.line import default_range, evaluator
from diffcli.studies.curves.sampling import COARSE, FEW, Evaluate, Samples, sample

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUIET = (Feature.EXTREMUM,)
"""What is marked without being asked for; poles have their asymptotes anyway."""


@dataclass(frozen=True)
class Lines(LinesShown, Picture):
    """Functions of one variable and their derivatives."""

    def paint(self, figure: Figure) -> None:
        """Draw the lines against their variable."""
        from diffcli.output.plots.line_axes import draw

        draw(figure, self)

    def text(self, columns: int, rows: int, *, colour: bool) -> str:
        """Return the lines drawn in braille."""
        from diffcli.output.plots.terminal import lines_text

        return lines_text(self, columns, rows, colour=colour)

    def columns(self) -> Iterator[tuple[str, Floats]]:
        """Yield the variable, each line, and 1 where float64 lost digits and they were proved."""
        yield self.frame.variable, self.samples.x
        for line in self.lines:
            name = line.name.removesuffix(f"({self.frame.variable})")
            yield name, self.samples.values[line.output, line.order]
        if self.samples.enclosed:
            yield "enclosed", np.isin(self.samples.x, list(self.samples.enclosed)).astype(float)


def _compose(function: Function, request: Request) -> PlotPlan:
    variable = function.variables[0] if function.variables else "x"
    needed = [ORDER[feature] for feature in _features(request) if feature in ORDER]
    evaluate = evaluator(function, max([*request.orders, *needed, 1]))
    default = None if request.ranges else default_range(function, evaluate)
    x_range = request.ranges[variable] if default is None else (default.low, default.high)
    is_slow, proved = is_iterated(function), truth(function)
    samples = sample(
        evaluate,
        *x_range,
        orders=request.orders,
        smooth=smoothness(function),
        truth=replace(proved, bounds=no_errors) if is_slow else proved,
        y_range=request.y_range,
        coarse=FEW if is_slow else COARSE,
    )
    if request.equal and request.log:
        raise UsageError("--equal and --log don't go together", hint="leave one out")
    lines = lines_of(function, variable, request.orders)
    frame = Frame(
        variable,
        math_name(variable),
        x_range,
        request.y_range,
        log=request.log,
        equal=request.equal,
    )
    picture = Lines(
        samples,
        lines,
        frame,
        straights=[
            _straight(function, place, name)
            for name, places in (("tangent", request.tangents), ("normal", request.normals))
            for place in places
        ],
        points=_points(evaluate, lines, request.at),
        spots=_spots(function, evaluate, samples, request) if 0 in request.orders else (),
        quiet=request.features is None,
        fill=request.fill,
        bands=_bands(function, variable, x_range) if request.proved else (),
    )
    drawn = shown_lines(samples, lines, frame)
    notes = [f"{line.name} has no positive value to draw" for line in lines if line not in drawn]
    notes += said(function, samples.x.size)
    return PlotPlan(picture, chosen([default]) if default else None, tuple(notes))


def _bands(function: Function, variable: str, x_range: tuple[float, float]) -> list[Band]:
    found = (band(row, each, variable, *x_range) for row, each in enumerate(function.outputs))
    return [each for each in found if each is not None]


def _points(
    evaluate: Evaluate, lines: Sequence[Line], at: Sequence[float]
) -> list[tuple[Line, float, float]]:
    if not at:
        return []
    values = evaluate(np.array(at, dtype=np.float64))
    return [
        (line, x, float(y))
        for line in lines
        for x, y in zip(at, values[line.output, line.order], strict=True)
    ]


def _spots(
    function: Function, evaluate: Evaluate, samples: Samples, request: Request
) -> list[FeaturePoint]:
    return Search(evaluate, samples, truth(function)).spots(_features(request))


def _features(request: Request) -> Sequence[Feature]:
    return QUIET if request.features is None else request.features


def _straight(function: Function, place: Node, name: str) -> StraightLine:
    """Return the tangent or the normal at a place. Raises NoDerivativeError where there is none."""
    if not function.is_scalar or not function.variables:
        raise UsageError(f"a {name} is drawn to one formula of one variable", hint="plot it alone")
    (variable,) = function.variables
    (result,) = derive(Grad(), function, [Point({variable: place})]).results
    slope, height, x = result.derivative[variable], result.value, nearest(place)
    if slope is None or not isinstance(height, float):
        reasons = {check.reason for check in result.checks if check.reason}
        raise NoDerivativeError(
            f"no {name} at {x:g}: {'; '.join(sorted(reasons)) or 'there is no derivative'}",
            hint="choose a point where the function has a derivative",
        )
    if name == "normal":
        slope = -1 / slope if slope else float("inf")
    return StraightLine(name, 0, x, height, slope)


def _suits(function: Function) -> int:
    return int(len(function.variables) < 2)


KIND = PlotKind(_suits, _compose, takes_marks=True)
