"""The path of a descent: over the contours of a function, along its curve, or its values alone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from diffcli.errors import UsageError
from diffcli.language.function import Function
from diffcli.output.plots.canvas import colours, render
from diffcli.output.plots.inline_svg import svg_figure
from diffcli.output.plots.labels import equation_of
from diffcli.output.plots.movie import FRAMES, MOVING, movie
from diffcli.output.plots.plane_axes import axes_of, contours, head, variable
from diffcli.output.plots.style import Canvas
from diffcli.studies.curves.breaks import Floats
from diffcli.studies.curves.plane import evaluator, grid_size, sample_plane

MARGIN = 0.25
"""Around the path, as a part of the longer side of what it covers."""
LEAST = 0.4
"""The shorter side of the picture, as a part of the longer one."""
FEW = 60
"""Steps that are dotted each."""
CURVE = 801


def path_figure(
    function: Function, points: Sequence[Sequence[float]], canvas: Canvas | None = None
) -> bytes:
    """Return the picture of a path as the bytes of a file.

    ``points`` are the steps, the start first, each with a coordinate for every variable of the
    function. In two variables the path lies over the contours, in one on the curve, else the
    function's value is drawn against the step. Steps beyond float64 are left out. In a gif
    or an mp4 the path grows.
    Raises UsageError where a variable is a vector.
    """
    path = path_of(function, points)
    draw = _DRAWN.get(len(function.variables), _values)
    canvas = canvas or Canvas()
    if canvas.kind in MOVING:
        ends = np.unique(np.linspace(1, path.shape[1], FRAMES).round().astype(int))
        return movie([partial(draw, function=function, path=path, end=end) for end in ends], canvas)
    return render(partial(draw, function=function, path=path, end=path.shape[1]), canvas)


def path_html(function: Function, points: Sequence[Sequence[float]]) -> str:
    """Return the picture of a path as a figure of HTML. Raises UsageError as path_figure does."""
    path = path_of(function, points)
    count = len(function.variables)
    draw = _DRAWN.get(count, _values)
    first, last = (", ".join(f"{x:.6g}" for x in path[:, end]) for end in (0, -1))
    words = f"Path of {path.shape[1] - 1} steps from ({first}) to ({last})"
    words += f" on {equation_of(function)[0]}."
    paint = partial(draw, function=function, path=path, end=path.shape[1])
    return svg_figure(paint, words, is_filled=count == 2)


def path_of(function: Function, points: Sequence[Sequence[float]]) -> Floats:
    """Return the steps within float64, a row a variable. Raises UsageError for a vector's."""
    path = np.array(points, dtype=np.float64)
    path = path[np.isfinite(path).all(axis=1)]
    if path.shape[1] != len(function.variables):
        raise UsageError(
            "the path of a vector can't be drawn", hint="write its components: x1^2 + x2^2"
        )
    return path.T


def curve_along(function: Function, path: Floats) -> tuple[Floats, Floats]:
    """Return the points of a function of one variable over what a path covers, with a margin."""
    (along,) = path
    reach = MARGIN * np.ptp(along) or 1.0
    x = np.linspace(along.min() - reach, along.max() + reach, CURVE)
    return x, values_along(function, x[None])


def _over_contours(figure: Figure, function: Function, path: Floats, end: int) -> None:
    plane = sample_plane(evaluator(function), range_around(path), grid_size(function))
    axes = axes_of(figure, plane, function.variables)
    contours(figure, axes, plane)
    head(figure, axes, *equation_of(function))
    _draw_path(axes, path[:, :end])
    axes.legend(loc="upper left", bbox_to_anchor=(0, -0.12), ncols=2)


def _on_curve(figure: Figure, function: Function, path: Floats, end: int) -> None:
    (along,) = path
    axes = figure.subplots()
    axes.plot(*curve_along(function, path), color=mpl.rcParams["text.color"], linewidth=1)
    axes.set_xlabel("")
    head(figure, axes, *equation_of(function))
    variable(function.variables[0]).write(axes.xaxis.label)
    _draw_path(axes, np.array([along, values_along(function, path)])[:, :end])
    axes.legend()


def _values(figure: Figure, function: Function, path: Floats, end: int) -> None:
    axes = figure.subplots()
    values = values_along(function, path)
    axes.plot(values[:end], ".-", color=colours()[0], linewidth=1)
    axes.plot(values, alpha=0)  # what is still to come keeps its place
    axes.set(xlabel="step", ylabel="f")
    head(figure, axes, *equation_of(function))
    if (values > 0).all() and values.max() > 100 * values.min():
        axes.set_yscale("log")


def _draw_path(axes: Axes, path: Floats) -> None:
    """Draw the steps, their start and their end."""
    line = colours()[1]
    mark: dict[str, Any] = {"markeredgecolor": axes.get_facecolor(), "linestyle": "none"}
    dots = "o-" if path.shape[1] <= FEW else "-"
    axes.plot(*path, dots, color=line, markersize=2.6, linewidth=1.5)
    ink = mpl.rcParams["text.color"]
    axes.plot(*path[:, :1], "o", color=ink, markersize=7, label="start", **mark)
    axes.plot(*path[:, -1:], "*", color=line, markersize=14, label="end", **mark)


def range_around(path: Floats) -> list[tuple[float, float]]:
    """Return the range of each coordinate that shows the path with a margin."""
    sizes = np.ptp(path, axis=1)
    longest = float(sizes.max()) or 1.0
    halves = np.maximum(sizes, LEAST * longest) / 2 + MARGIN * longest
    middles = (path.min(axis=1) + path.max(axis=1)) / 2
    return [(m - half, m + half) for m, half in zip(middles.tolist(), halves.tolist(), strict=True)]


def values_along(function: Function, points: Floats) -> Floats:
    """Return a function's values at points (variables, n)."""
    values: Floats = evaluator(function)(points)[0][0]
    return values


_DRAWN = {1: _on_curve, 2: _over_contours}
"""What draws the path of so many variables; of more the values are drawn."""
