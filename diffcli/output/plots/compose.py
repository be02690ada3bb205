"""What was asked for → the picture of it: which kind of plot a Function makes, and over what."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np

from diffcli.derivation import derive
from diffcli.engines.exact import nearest
from diffcli.errors import NoDerivativeError, UsageError
from diffcli.language.expression import Node
from diffcli.language.function import Function
from diffcli.language.points import Point
from diffcli.operators import Grad
from diffcli.output.plots import pictures
from diffcli.output.plots.frame import Frame, Line, Straight
from diffcli.output.plots.labels import equation_of, lines_of
from diffcli.output.plots.typed import math_name
from diffcli.studies.critical.points import critical_points
from diffcli.studies.critical.proofs import smoothness, truth
from diffcli.studies.curves import plane as planes
from diffcli.studies.curves.features import ORDER, Feature, Search, Spot
from diffcli.studies.curves.line import Range, curve_range, default_range, evaluator
from diffcli.studies.curves.sampling import Evaluate, Samples, sample

Ends = tuple[float, float]

MOST_CRITICAL = 50
"""Critical points that are marked: more are a curve."""
QUIET = (Feature.EXTREMUM,)
"""What is marked without being asked for; poles have their asymptotes anyway."""


@dataclass(frozen=True)
class Request:
    """What a plot is to show; ranges by variable, None where the function is to decide.

    ``features`` None marks a few quietly. ``at``, ``tangents`` and ``normals`` are places of the
    one variable.
    """

    kind: str | None = None
    orders: tuple[int, ...] = (0, 1)
    ranges: Mapping[str, Ends] = field(default_factory=dict)
    y_range: Ends | None = None
    features: Sequence[Feature] | None = None
    tangents: Sequence[Node] = ()
    normals: Sequence[Node] = ()
    at: Sequence[float] = ()
    fill: bool = False
    log: bool = False

    @property
    def on_lines(self) -> list[str]:
        """What is asked for that only lines have, as options of the command line."""
        asked = {
            "mark": self.features is not None,
            "tangent": self.tangents,
            "normal": self.normals,
            "at": self.at,
            "fill": self.fill,
            "log": self.log,
            "y-range": self.y_range,
        }
        return [option for option, value in asked.items() if value]


@dataclass(frozen=True)
class Composed:
    """A picture, and the ranges that were chosen for it, as they are typed."""

    picture: pictures.Picture
    chosen: str | None


# What overflows is missing from a line, as where it has no value.
@np.errstate(all="ignore")
def compose(function: Function, request: Request) -> Composed:
    """Sample a Function, and lay out its picture.

    Raises UsageError where it has too many variables, or can't be drawn in the way asked for.
    """
    kinds = kinds_of(function)
    kind = request.kind or kinds[0]
    if kind not in kinds:
        raise UsageError(f"this formula can't be drawn as {kind}", hint=f"as {' or '.join(kinds)}")
    if kind != "lines" and request.on_lines:
        hint = "--kind lines" if "lines" in kinds else "leave it out"
        raise UsageError(f"--{request.on_lines[0]} is for lines, and this is a {kind}", hint=hint)
    return _COMPOSE[kind](function, request, kind)


def kinds_of(function: Function) -> tuple[str, ...]:
    """Return the ways in which a Function can be drawn, the usual one first."""
    outputs, names = len(function.outputs), function.variables
    if len(names) > 2:
        raise UsageError(
            f"a plot shows one or two variables, and the formula has {', '.join(names)}",
            hint=f"give the others a value: --let {names[-1]}=1",
        )
    if len(names) == 2 and outputs > 2:
        raise UsageError(
            f"a plot shows one or two functions of {' and '.join(names)}, not {outputs}",
            hint="leave some out",
        )
    if len(names) == 2:
        return ("field", "surface", "stream") if function.is_scalar else ("field", "stream")
    if outputs == 2:
        return ("curve", "lines") if len(function.text) == 1 else ("lines", "curve")
    return ("lines",)


def _lines(function: Function, request: Request, _: str) -> Composed:
    variable = function.variables[0] if function.variables else "x"
    needed = [ORDER[feature] for feature in _features(request) if feature in ORDER]
    evaluate = evaluator(function, max([*request.orders, *needed, 1]))
    chosen = None if request.ranges else default_range(function, evaluate)
    x_range = request.ranges[variable] if chosen is None else (chosen.low, chosen.high)
    samples = sample(
        evaluate,
        *x_range,
        orders=request.orders,
        smooth=smoothness(function),
        truth=truth(function),
        y_range=request.y_range,
    )
    lines = lines_of(function, variable, request.orders)
    frame = Frame(variable, math_name(variable), x_range, request.y_range, log=request.log)
    picture = pictures.Lines(
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
    )
    return Composed(picture, _told([chosen]) if chosen else None)


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
) -> list[Spot]:
    return Search(evaluate, samples, truth(function)).spots(_features(request))


def _features(request: Request) -> Sequence[Feature]:
    return QUIET if request.features is None else request.features


def _straight(function: Function, place: Node, name: str) -> Straight:
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
    return Straight(name, 0, x, height, slope)


def _trace(function: Function, request: Request, _: str) -> Composed:
    variable = function.variables[0] if function.variables else "t"
    evaluate = evaluator(function, 1)
    chosen = None if request.ranges else curve_range(function, evaluate)
    ends = request.ranges[variable] if chosen is None else (chosen.low, chosen.high)
    samples = sample(evaluate, *ends, orders=(0,), smooth=smoothness(function))
    picture = pictures.Trace(samples, variable, *equation_of(function))
    return Composed(picture, _told([chosen]) if chosen else None)


def _field(function: Function, request: Request, kind: str) -> Composed:
    evaluate = planes.evaluator(function)
    found = planes.default_ranges(function, evaluate) if len(request.ranges) < 2 else []
    named = dict(zip(function.variables, found, strict=False))
    ends = [
        request.ranges.get(name) or (named[name].low, named[name].high)
        for name in function.variables
    ]
    plane = planes.sample_plane(evaluate, ends)
    critical = critical_points(function, tuple(ends)).points if function.is_scalar else ()
    first, second = function.variables
    picture = pictures.Field(
        plane,
        kind,
        (first, second),
        *equation_of(function),
        critical if len(critical) <= MOST_CRITICAL else (),
    )
    told = [
        Range(r.low, r.high, f"{n}={r.text}") for n, r in named.items() if n not in request.ranges
    ]
    return Composed(picture, _told(told))


def _told(ranges: Sequence[Range]) -> str | None:
    return ",".join(each.text for each in ranges) or None


_COMPOSE: Mapping[str, Callable[[Function, Request, str], Composed]] = MappingProxyType(
    {"lines": _lines, "curve": _trace, "field": _field, "surface": _field, "stream": _field}
)
KINDS = tuple(_COMPOSE)
"""Every kind of plot."""
