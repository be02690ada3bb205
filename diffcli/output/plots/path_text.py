"""The path of a descent with characters, as it grows: over shades, along a curve, or by steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from diffcli.language.function import Function
from diffcli.output.plots.frame import with_margin
from diffcli.output.plots.kinds.surface import Surface
from diffcli.output.plots.labels import equation_of
from diffcli.output.plots.movie import FRAMES
from diffcli.output.plots.path import curve_along, path_of, range_around, values_along
from diffcli.output.plots.terminal import Series, series_text
from diffcli.studies.curves.breaks import Floats
from diffcli.studies.curves.plane import evaluator, grid_size, sample_plane

STEP, START, LAST = "o", "S", "@"
"""The characters of steps, of the first and of the last."""
KEY = f"  {START} start  {STEP} steps  {LAST} step"
NARROW = 0.05
"""Margin above and below a curve, as a part of its height."""


def path_texts(
    function: Function,
    points: Sequence[Sequence[float]],
    columns: int,
    rows: int,
    *,
    colour: bool,
) -> Iterator[str]:
    """Yield the pictures of a path that grows, each as text that fits a terminal.

    ``points`` are the steps, the start first. Raises UsageError where a variable is a vector.
    """
    path = path_of(function, points)
    ends = np.unique(np.linspace(1, path.shape[1], FRAMES).round().astype(int)).tolist()
    if len(function.variables) == 2:
        yield from _over_shades(function, path, ends, columns, rows)
        return
    if len(function.variables) == 1:
        curve = np.array(curve_along(function, path)).T
        steps = np.array([path[0], values_along(function, path)]).T
    else:
        values = values_along(function, path)
        curve = np.empty((0, 2))
        steps = np.array([np.arange(values.size), values]).T
    equation = equation_of(function)[0]
    view = tuple(_ends(side) for side in np.concatenate([curve, steps]).T)
    for end in ends:
        gone = Series(steps[:end], "red", is_line=not curve.size)
        x, y = steps[end - 1].tolist()
        here = Series(np.array([[x, view[1][0]], [x, y]]), "green")
        series = [*([Series(curve, "blue")] if curve.size else []), gone, here]
        remark = f"step {end - 1}: {equation.partition(' = ')[0]} = {steps[end - 1, 1]:.6g}"
        keys = [(equation, "blue")]
        yield series_text(series, (view[0], view[1]), keys, [remark], columns, rows, colour=colour)


def _ends(side: Floats) -> tuple[float, float]:
    known = side[np.isfinite(side)]
    low, high = float(known.min()), float(known.max())
    return with_margin(low, high if high > low else low + 1, NARROW)


def _over_shades(
    function: Function, path: Floats, ends: Sequence[int], columns: int, rows: int
) -> Iterator[str]:
    plane = sample_plane(evaluator(function), range_around(path), grid_size(function))
    first, second = function.variables
    picture = Surface(plane, (first, second), *equation_of(function))
    ground, legend = picture.characters(columns, rows - 1)
    height, width = ground.shape
    sides = ((path[0], plane.x, width), (path[1], plane.y, height))
    across, up = (
        np.rint((side - grid[0]) / (grid[-1] - grid[0]) * (count - 1)).astype(int)
        for side, grid, count in sides
    )
    for end in ends:
        cells = ground.copy()
        cells[height - 1 - up[:end], across[:end]] = STEP
        cells[height - 1 - up[0], across[0]] = START
        cells[height - 1 - up[end - 1], across[end - 1]] = LAST
        yield picture.boxed(cells, [*legend, f"{KEY} {end - 1}"])
