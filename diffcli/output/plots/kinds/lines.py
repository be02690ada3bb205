"""Lines: functions of one variable and their derivatives, with what is marked on them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import isfinite, log10
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
from diffcli.studies.curves.line import Range, default_range, evaluator
from diffcli.studies.curves.samples import Evaluate, Samples
from diffcli.studies.curves.sampling import COARSE, FEW, sample
from diffcli.studies.curves.viewing import TALLER, visible_range

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DECADES = Range(0.01, 100.0, "0.01:100")
"""The default range of a logarithmic axis."""
MOST_PIECES = 12
"""Pieces at most in which such a range is sampled."""
FLAT = 1e-9
"""A line that rises by less than this part of its size is level."""
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
    if request.equal and (request.log or request.symlog):
        raise UsageError("--equal goes with even axes alone", hint="leave --log and --symlog out")
    variable = function.variables[0] if function.variables else "x"
    needed = [ORDER[feature] for feature in _features(request) if feature in ORDER]
    evaluate = evaluator(function, max([*request.orders, *needed, 1]))
    default = None if request.ranges else _default_range(function, evaluate, request)
    x_range = request.ranges[variable] if default is None else (default.low, default.high)
    samples = _sampled(function, evaluate, x_range, request)
    lines = _named(lines_of(function, variable, request.orders), function.called, request.family)
    frame = Frame(
        variable,
        math_name(variable),
        x_range,
        request.y_range,
        log="y" in request.log,
        equal=request.equal,
        log_x="x" in request.log,
        symlog=request.symlog,
        layout=_layout(samples, lines) if request.layout == "auto" else request.layout,
    )
    picture = Lines(
        samples,
        lines,
        frame,
        straights=[
            straight_line(function, place, name)
            for name, places in (("tangent", request.tangents), ("normal", request.normals))
            for place in places
        ],
        points=_points(evaluate, samples, lines, request.at),
        spots=_spots(function, evaluate, samples, request) if 0 in request.orders else (),
        quiet=request.features is None,
        fill=request.fill,
        bands=_bands(function, variable, x_range) if request.proved else (),
    )
    drawn = shown_lines(samples, lines, frame)
    notes = [f"{line.name} has no positive value to draw" for line in lines if line not in drawn]
    notes += said(function, samples.x.size)
    return PlotPlan(picture, chosen([default]) if default else None, tuple(notes))


def _default_range(function: Function, evaluate: Evaluate, request: Request) -> Range:
    return DECADES if "x" in request.log else default_range(function, evaluate)


def _sampled(
    function: Function, evaluate: Evaluate, x_range: tuple[float, float], request: Request
) -> Samples:
    """Sample a Function over a range, decade by decade where that is what its axis shows.

    Raises UsageError where a range of logarithms isn't positive.
    """
    is_slow, proved = is_iterated(function), truth(function)
    low, high = x_range
    ends = [low, high]
    if "x" in request.log:
        if low <= 0:
            raise UsageError(f"{low:g} has no logarithm", hint="a positive range: --range 0.01:100")
        count = min(max(round(log10(high / low)), 1), MOST_PIECES)
        ends = np.geomspace(low, high, count + 1).tolist()
        ends[0], ends[-1] = low, high
    pieces = [
        sample(
            evaluate,
            *pair,
            orders=request.orders,
            smooth=smoothness(function),
            truth=replace(proved, bounds=no_errors) if is_slow else proved,
            y_range=request.y_range,
            coarse=FEW if is_slow or len(ends) > 2 else COARSE,
        )
        for pair in pairwise(ends)
    ]
    return pieces[0] if len(pieces) == 1 else _joined(pieces)


def _joined(pieces: Sequence[Samples]) -> Samples:
    """Return the samples of ranges that follow one another; each begins where one ended."""
    starts = [0, *[1] * (len(pieces) - 1)]
    return Samples(
        np.concatenate([each.x[start:] for each, start in zip(pieces, starts, strict=True)]),
        np.concatenate(
            [each.values[..., start:] for each, start in zip(pieces, starts, strict=True)], axis=2
        ),
        tuple(one for piece in pieces for one in piece.breaks),
        frozenset().union(*(piece.enclosed for piece in pieces)),
        frozenset().union(*(piece.restless for piece in pieces)),
    )


def _named(lines: Sequence[Line], called: str, family: Sequence[str]) -> list[Line]:
    """Return the lines of a family, each called by its parameter's value."""
    if not family:
        return list(lines)
    return [
        replace(
            line,
            name=line.name.replace(f"f{line.output + 1}", called, 1) + f", {family[line.output]}",
            text=None,
            latex=None,
        )
        for line in lines
    ]


def _layout(samples: Samples, lines: Sequence[Line]) -> str:
    """Return where derivatives stand: on the functions' axes unless one of both would be flat."""
    heights = []
    for order in sorted({line.order for line in lines}):
        low, high = visible_range(samples, [order])
        rows = samples.values[:, order]
        known = rows[np.isfinite(rows)]
        # A level line is seen on any axes that reach it.
        if known.size and np.ptp(known) > FLAT * np.abs(known).max():
            heights.append(high - low)
    if not heights or max(heights) <= TALLER * min(heights):
        return "overlay"
    is_pair = {line.order for line in lines} == {0, 1} and len(lines) == 2
    return "twin" if is_pair else "stacked"


def _bands(function: Function, variable: str, x_range: tuple[float, float]) -> list[Band]:
    found = (band(row, each, variable, *x_range) for row, each in enumerate(function.outputs))
    return [each for each in found if each is not None]


def _points(
    evaluate: Evaluate, samples: Samples, lines: Sequence[Line], at: Sequence[float]
) -> list[tuple[Line, float, float]]:
    """Return the dots on the lines; where a line breaks it has but the function's own value."""
    if not at:
        return []
    values = evaluate(np.array(at, dtype=np.float64))

    def height(line: Line, x: float, y: float) -> float:
        broken = [each for each in samples.breaks_of(line.output, line.order) if each.is_about(x)]
        own = [each.value for each in broken if line.order == 0]
        return next(iter(own), np.nan) if broken else y

    return [
        (line, x, y)
        for line in lines
        for x, computed in zip(at, values[line.output, line.order].tolist(), strict=True)
        if isfinite(y := height(line, x, computed))
    ]


def _spots(
    function: Function, evaluate: Evaluate, samples: Samples, request: Request
) -> list[FeaturePoint]:
    return Search(evaluate, samples, truth(function)).spots(_features(request))


def _features(request: Request) -> Sequence[Feature]:
    return QUIET if request.features is None else request.features


def straight_line(function: Function, place: Node, name: str) -> StraightLine:
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
