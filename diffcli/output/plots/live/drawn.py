"""What a page draws, as the data that its code reads: lines, curves or a surface."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import isfinite, isinf
from typing import Any

import numpy as np

from diffcli.errors import UsageError
from diffcli.export.routines import Index
from diffcli.language.function import Function
from diffcli.output.html import math
from diffcli.output.plots.frame import Line, LinesShown, frame_range
from diffcli.output.plots.kinds.curve import Curve
from diffcli.output.plots.kinds.relation import RelationPicture
from diffcli.output.plots.kinds.surface import Surface
from diffcli.output.plots.labels import equation_of, lines_of
from diffcli.output.plots.live.planar import curves_data
from diffcli.output.plots.pictures import Picture
from diffcli.output.plots.scales import levels_of
from diffcli.studies.curves import plane as planes
from diffcli.studies.curves.line import evaluator
from diffcli.studies.curves.parameters import Slider, holding

ENDS = (0.02, 0.98)
"""The quantiles between which the numbers at a slider's end are shown."""
TALLEST = 4.0
"""How many times as high as at first the view becomes to show them."""
PROBES = 201
"""Points at which a slider's end is looked at."""
SPARSE = 7
"""Of a surface every so manieth point is."""


@dataclass(frozen=True)
class Drawn:
    """What a page draws: ``indices`` are the entries of the function that it computes.

    ``coordinates`` are the variables that are drawn along, ``fields`` is what its code reads.
    A page without indices computes nothing.
    """

    kind: str
    coordinates: tuple[str, ...]
    indices: tuple[Index, ...]
    fields: Mapping[str, Any]

    @property
    def data(self) -> dict[str, Any]:
        """All that the page's code reads."""
        return {"kind": self.kind, "coordinates": self.coordinates, **self.fields}


def drawn(
    function: Function, picture: Picture, orders: Sequence[int], sliders: Sequence[Slider]
) -> Drawn:
    """Return what a page draws of a picture.

    Raises UsageError where it is one of arrows or in space, or where a slider would move a curve
    that the page doesn't compute.
    """
    if isinstance(picture, LinesShown):
        return _lines(function, picture, orders, sliders)
    if isinstance(picture, Surface):
        return _surface(function, picture, sliders)
    if isinstance(picture, RelationPicture | Curve):
        if sliders:
            raise UsageError(
                "a page moves lines and surfaces, and shows curves as they are",
                hint="--animate a=0:2 -o plot.gif",
            )
        return Drawn("plane", (), (), curves_data(picture))
    raise UsageError(
        "a page shows lines, curves and regions in a plane, and surfaces", hint="-o plot.svg"
    )


def _lines(
    function: Function, picture: LinesShown, orders: Sequence[int], sliders: Sequence[Slider]
) -> Drawn:
    frame = picture.frame
    name, several = frame.variable, len(function.outputs) > 1
    # The derivative is there for the tangent too; a constant has none but 0.
    computed = range(max(1, *orders) + 1) if name in function.variables else range(1)
    indices = [
        (output, (name,) * order) for output in range(len(function.outputs)) for order in computed
    ]
    entries = {(output, len(by)): entry for entry, (output, by) in enumerate(indices)}

    def line_data(line: Line) -> dict[str, Any]:
        return {
            "name": line.name.replace("'", "′"),
            "entry": entries.get((line.output, line.order)),
            "order": line.order,
            "colour": line.output if several else line.order,
            "slope": entries.get((line.output, 1)) if line.order == 0 else None,
            "label": math(line.latex) if line.latex and line.short else escape(line.equation),
        }

    points = [(spot.x, spot.y) for spot in picture.spots]
    points += [(x, y) for _, x, y in picture.points]
    fields = {
        "x": frame.x_range,
        "y": _view_of_lines(function, picture, orders, sliders),
        "log": frame.log,
        # Those of the picture have a number where a slider stands.
        "lines": [
            line_data(line)
            for line in (lines_of(function, name, orders) if sliders else picture.lines)
        ],
        "marks": [{"x": x, "y": y} for x, y in points if isfinite(y)],
        "straights": [
            {
                "x": straight.x,
                "y": straight.y,
                "slope": None if isinf(straight.slope) else straight.slope,
            }
            for straight in picture.straights
        ],
    }
    return Drawn("lines", (name,), tuple(indices), fields)


@np.errstate(all="ignore")
def _view_of_lines(
    function: Function, picture: LinesShown, orders: Sequence[int], sliders: Sequence[Slider]
) -> tuple[float, float]:
    frame = picture.frame
    view = frame_range(picture.samples, picture.lines, frame)
    if frame.log or frame.y_range:
        return view
    x = np.linspace(*frame.x_range, PROBES)
    numbers = (evaluator(end, max(orders))(x) for end in _at_the_ends(function, sliders))
    return _widened(*view, [rows[:, order] for rows in numbers for order in orders])


def _surface(function: Function, picture: Surface, sliders: Sequence[Slider]) -> Drawn:
    called, plane, (first, second) = function.called, picture.plane, picture.variables
    levels = levels_of(plane.values[0])
    grid = np.array([side.ravel()[::SPARSE] for side in np.meshgrid(plane.x, plane.y)])
    heights = [planes.evaluator(end)(grid)[0] for end in _at_the_ends(function, sliders)]
    text, latex = equation_of(function)
    fields = {
        "x": plane.x[[0, -1]].tolist(),
        "y": plane.y[[0, -1]].tolist(),
        "z": _widened(float(levels[0]), float(levels[-1]), heights),
        "names": [called, f"∂{called}/∂{first}", f"∂{called}/∂{second}"],
        "marks": [dict(zip("xy", point.at.values(), strict=True)) for point in picture.critical],
        "label": math(latex) if latex else escape(text),
    }
    return Drawn("surface", (first, second), ((0, ()), (0, (first,)), (0, (second,))), fields)


def _at_the_ends(function: Function, sliders: Sequence[Slider]) -> Iterator[Function]:
    """Yield the Function at the ends of each slider, the others where they stand at first."""
    starts = {slider.name: slider.node for slider in sliders}
    for slider in sliders:
        for end in (slider.low, slider.high):
            yield holding(function, {**starts, slider.name: Slider(slider.name, 0, 0, end).node})


def _widened(low: float, high: float, rows: Sequence[np.ndarray]) -> tuple[float, float]:
    """Return a range that shows the bulk of other numbers too, if that isn't far higher."""
    reach = (TALLEST - 1) / 2 * (high - low)
    floor, ceiling = low - reach, high + reach
    for row in rows:
        known = row[np.isfinite(row)]
        if known.size:
            first, last = np.quantile(known, ENDS)
            low, high = min(low, max(float(first), floor)), max(high, min(float(last), ceiling))
    return low, high
