"""The plot beside an answer: f and f′ with the points, in a range that shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite

import numpy as np

from diffcli.engines.exact import nearest
from diffcli.errors import DiffcliError
from diffcli.language.expression import Node
from diffcli.language.function import Function
from diffcli.language.points import Point, Tensor
from diffcli.output.plots.compose import compose
from diffcli.output.plots.frame import LinesShown
from diffcli.output.plots.inline import inline_figure
from diffcli.output.plots.pictures import Ends, Request
from diffcli.studies.curves.breaks import Floats
from diffcli.studies.curves.iterated import is_iterated
from diffcli.studies.curves.line import default_range, evaluator
from diffcli.studies.curves.samples import Evaluate

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


def figure_beside(function: Function, points: Sequence[Point]) -> str | None:
    """Return a figure of HTML; None where nothing can be drawn, or not in about a second.

    It shows one real formula of one variable.
    """
    places = _places(function, points)
    if places is None:
        return None
    try:
        evaluate = evaluator(function, 1)
        with np.errstate(all="ignore"):
            ends = _range(function, evaluate, places)
        picture = compose(
            function, Request(ranges={function.variables[0]: ends}, at=places)
        ).picture
    except (DiffcliError, ArithmeticError):
        return None
    if not isinstance(picture, LinesShown) or not np.isfinite(picture.samples.values[:, 0]).any():
        return None
    return inline_figure(picture)


def _places(function: Function, points: Sequence[Point]) -> list[float] | None:
    """Return the points on the line; None where the function isn't drawn."""
    if not function.is_scalar or len(function.variables) != 1 or is_iterated(function):
        return None
    if function.has_tensors or len(function.nodes) > MOST_NODES:
        return None
    if function.outputs[0].op in CONDITIONS:
        return None
    values = [value for point in points for value in point.values.values()]
    nodes: list[Node] = []
    for value in values:
        if not isinstance(value, Node | Tensor):
            return None
        nodes += value.entries if isinstance(value, Tensor) else [value]
    if len(nodes) > MOST_POINTS:
        return None
    return [place for place in map(nearest, nodes) if isfinite(place)]


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
