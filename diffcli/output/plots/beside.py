"""The plot beside an answer: what its function usually is as a picture, with the points."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import isfinite
from types import MappingProxyType

import numpy as np

from diffcli.engines.exact import nearest
from diffcli.errors import DiffcliError, NoDerivativeError, PointError, UsageError
from diffcli.language.expression import Node
from diffcli.language.function import Function
from diffcli.language.points import Point
from diffcli.output.document import Mark
from diffcli.output.plots.compose import compose, kinds_of
from diffcli.output.plots.frame import LinesShown, straights_of
from diffcli.output.plots.inline import MOST_TOLD, described, inline_figure
from diffcli.output.plots.inline_svg import svg_figure
from diffcli.output.plots.kinds.curve import Curve
from diffcli.output.plots.kinds.field import Field
from diffcli.output.plots.kinds.relation import RelationPicture
from diffcli.output.plots.labels import equation_of
from diffcli.output.plots.pictures import Ends, Request
from diffcli.studies.critical.kinds import PointKind
from diffcli.studies.critical.notable_points import NotablePoint, Tag
from diffcli.studies.curves import plane as planes
from diffcli.studies.curves.breaks import Floats
from diffcli.studies.curves.iterated import is_iterated
from diffcli.studies.curves.line import default_range, evaluator
from diffcli.studies.curves.samples import Evaluate

Exact = Mapping[str, Node]
"""A point by its variables' exact numbers."""
ROOM = 0.75
"""Half a range that is widened for several points, as a part of their distance."""
MOST_NODES = 400
"""Terms of a formula that is drawn without being asked for: it takes about a second."""
MOST_POINTS = 50
CLOSER = 8
"""Powers of ten by which the range about a point narrows until the line is seen there."""
PROBES = 101
BULK = (0.05, 0.95)
"""Quantiles of the values that a range shows."""
SEEN = 0.02
"""The least part of the height by which a line rises or falls about a point that is seen."""
CONDITIONS = frozenset({"lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not"})


def figure_beside(
    function: Function, points: Sequence[Point], marks: Sequence[Mark] = ()
) -> str | None:
    """Return a figure of HTML; None where nothing can be drawn, or not in about a second.

    ``marks`` are critical points, which contours show.
    """
    if function.has_tensors or len(function.nodes) > MOST_NODES or is_iterated(function):
        return None
    if any(output.op in CONDITIONS for output in function.outputs):
        return None
    exact = _numbers_of(points)
    if exact is None:
        return None
    try:
        draw = _DRAWN.get(kinds_of(function)[0])
        return draw(function, exact, marks) if draw else None
    except (DiffcliError, ArithmeticError):
        return None


def _contours(function: Function, points: Sequence[Exact], marks: Sequence[Mark]) -> str | None:
    """Return the contours of a function with points, or the arrows of a field."""
    evaluate = planes.evaluator(function)
    dots = [_pair(function, point) for point in points if len(point) == 2]
    spots = [tuple(at.values()) for _, at in marks] or dots
    with np.errstate(all="ignore"):
        usual = [(ends.low, ends.high) for ends in planes.default_ranges(function, evaluate)]
        ends = _showing(usual, spots)
        plane = planes.sample_plane(evaluate, ends, planes.grid_size(function))
    if not np.isfinite(plane.values).any():
        return None
    first, second = function.variables
    critical = [NotablePoint(at, None, PointKind(kind), Tag.NUMERIC) for kind, at in marks]
    picture = Field(plane, (first, second), *equation_of(function), critical, dots)
    what = "Contours" if function.is_scalar else "Arrows"
    words = [f"{what} of {picture.equation} for {_spoken(function.variables, ends)}"]
    words += [f"dot at ({x:.6g}, {y:.6g})" for x, y in dots[:MOST_TOLD]]
    words += [
        f"{kind} at ({', '.join(f'{x:.6g}' for x in at.values())})"
        for kind, at in marks[:MOST_TOLD]
    ]
    return svg_figure(picture.paint, f"{'; '.join(words)}.", is_filled=function.is_scalar)


def _lines(function: Function, points: Sequence[Exact], _: Sequence[Mark]) -> str | None:
    """Return f and f′, or several functions, with the points."""
    places = [nearest(value) for point in points for value in point.values()]
    if not all(map(isfinite, places)):
        return None
    names, is_alone = function.variables, function.is_scalar
    with np.errstate(all="ignore"):
        evaluate = evaluator(function, 1)
        ranges = {name: _range(function, evaluate, places) for name in names}
    # The derivatives of several functions would hide them.
    request = Request(ranges=ranges, at=places, orders=(0, 1) if is_alone else (0,))
    picture = compose(function, request).picture
    if not isinstance(picture, LinesShown) or not np.isfinite(picture.samples.values[:, 0]).any():
        return None
    return inline_figure(picture) if is_alone else svg_figure(picture.paint, described(picture))


def _curve(function: Function, points: Sequence[Exact], _: Sequence[Mark]) -> str | None:
    """Return a curve in the plane or in space, with its tangents at the points."""
    times = [value for point in points for value in point.values()]
    try:
        picture = compose(function, Request(tangents=times)).picture
    except (NoDerivativeError, UsageError):
        picture = compose(function, Request()).picture
    words = f"Curve {equation_of(function)[0]}"
    remarks = picture.remarks if isinstance(picture, Curve) else []
    return svg_figure(picture.paint, f"{'; '.join([words, *remarks])}.")


def _relation(function: Function, points: Sequence[Exact], _: Sequence[Mark]) -> str | None:
    """Return the curve of an equation with its tangents at the points."""
    whole = [point for point in points if len(point) == 2]
    usual = compose(function, Request())
    picture = usual.picture
    if not isinstance(picture, RelationPicture):
        return None
    scene = picture.scene
    spots = [(nearest(point[scene.names[0]]), nearest(point[scene.names[1]])) for point in whole]
    ends = _showing([_ends(scene.grid.x), _ends(scene.grid.y)], spots)
    request = Request(ranges=dict(zip(scene.names, ends, strict=True)))
    for touching in (whole, []) if whole else ():
        try:
            picture = compose(function, replace(request, touching=touching)).picture
            break
        except (NoDerivativeError, PointError):
            continue
    texts = ", ".join(function.text)
    words = [f"Curve of {texts} for {_spoken(scene.names, ends)}"]
    if isinstance(picture, RelationPicture):
        words += [straight.text for straight in straights_of(picture.scene)]
    return svg_figure(picture.paint, f"{'; '.join(words)}.")


_DRAWN: Mapping[str, Callable[[Function, Sequence[Exact], Sequence[Mark]], str | None]] = (
    MappingProxyType(
        {
            "lines": _lines,
            "field": _contours,
            "curve": _curve,
            "space": _curve,
            "polar": _curve,
            "relation": _relation,
        }
    )
)
"""What draws a Function whose usual kind of plot is this, with the points of its answer."""


def _numbers_of(points: Sequence[Point]) -> list[Exact] | None:
    """Return the points by their exact numbers; None where one is a tensor, or they are many."""
    if sum(len(point.values) for point in points) > MOST_POINTS:
        return None
    exact: list[Exact] = []
    for point in points:
        numbers = {name: value for name, value in point.values.items() if isinstance(value, Node)}
        if len(numbers) < len(point.values):
            return None
        exact.append(numbers)
    return exact


def _pair(function: Function, point: Exact) -> Ends:
    first, second = (nearest(point[name]) for name in function.variables)
    return first, second


def _ends(side: Floats) -> Ends:
    return float(side[0]), float(side[-1])


def _spoken(names: Sequence[str], ends: Sequence[Ends]) -> str:
    sides = zip(names, ends, strict=True)
    return " and ".join(f"{name} from {low:.4g} to {high:.4g}" for name, (low, high) in sides)


def _showing(usual: Sequence[Ends], spots: Sequence[Sequence[float]]) -> list[Ends]:
    """Return the usual ranges of both variables, each moved and widened to show all spots."""
    sides = zip(*spots, strict=True) if spots else ((),) * len(usual)
    return [_widened(ends, side) for ends, side in zip(usual, sides, strict=True)]


def _widened(ends: Ends, side: Sequence[float]) -> Ends:
    low, high = ends
    if all(low < place < high for place in side):
        return ends
    distance = max(side) - min(side)
    half, middle = max((high - low) / 2, distance * ROOM), min(side) + distance / 2
    return middle - half, middle + half


def _range(function: Function, evaluate: Evaluate, places: Sequence[float]) -> Ends:
    """Return the usual range if it shows the points, else one about them."""
    usual = default_range(function, evaluate)
    if not places:
        return usual.low, usual.high
    least, most = min(places), max(places)
    half = (usual.high - usual.low) / 2
    has_all = usual.low <= least and most <= usual.high
    choices = [(usual.low, usual.high)] * has_all
    reach = (most - least) / 2
    middle = least + reach
    choices += [(middle - reach - h, middle + reach + h) for h in _halves(half, reach, middle)]
    return next((ends for ends in choices if _shows(evaluate, ends, places)), choices[0])


def _halves(half: float, reach: float, middle: float) -> Iterator[float]:
    for power in range(CLOSER + 1):
        nearer = max(half * 10.0**-power, reach / 2)
        if nearer > 1e-9 * abs(middle):
            yield nearer


def _shows(evaluate: Evaluate, ends: Ends, places: Sequence[float]) -> bool:
    """Whether the line is seen at each point: within the frame, and not flattened by the rest."""
    values = _known(evaluate(np.linspace(*ends, PROBES))[0, 0])
    if not values.size:
        return False
    low, high = np.quantile(values, BULK)
    height = float(high - low)
    near = (ends[1] - ends[0]) / 8
    for place in places:
        about = _known(evaluate(np.linspace(place - near, place + near, PROBES))[0, 0])
        own = _known(evaluate(np.array([place]))[0, 0])
        if own.size and not low - height <= own[0] <= high + height:
            return False
        if about.size and height and np.ptp(about) < SEEN * height:
            return False
    return True


def _known(row: Floats) -> Floats:
    return row[np.isfinite(row)]
