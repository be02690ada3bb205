"""Matrices: the numbers of a Jacobian or a Hessian as a heat map, where they are not zero."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.colors import Normalize, to_rgb
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from diffcli.errors import UsageError
from diffcli.output.plots.canvas import render
from diffcli.output.plots.style import Canvas
from diffcli.output.report import Report

DIVERGING = "RdBu_r"
MOST_NUMBERS = 144
"""Entries whose numbers are written into the map."""
MOST_LABELS = 40
"""Rows or columns that are named each."""
DIGITS = 4
DARK = 0.45
"""A ground of less light than this carries white numbers."""


def matrix_figure(
    values: Sequence[Sequence[float | None]],
    rows: Sequence[str],
    columns: Sequence[str],
    canvas: Canvas | None = None,
) -> bytes:
    """Return a matrix as a heat map, the bytes of a file; a missing number is a grey cell.

    ``rows`` and ``columns`` are their names. Red is positive, blue negative, 0 white.
    """
    matrix = np.array(values, dtype=np.float64)
    return render(lambda figure: _heat_map(figure, matrix, rows, columns), canvas or Canvas())


def report_figure(report: Report, canvas: Canvas | None = None) -> bytes:
    """Return the Jacobian or the Hessian of a report as a heat map, the bytes of a file.

    Raises UsageError unless the report holds one matrix.
    """
    layouts = [result.derivative for result in report.results]
    matrices = [each for each in layouts if isinstance(each, Mapping) and "matrix" in each]
    if len(layouts) != 1 or len(matrices) != 1:
        raise UsageError(
            f"a picture shows one matrix, and {report.command} gives none or several",
            hint="jacobian or hessian at one point; other files: -o answer.json --json",
        )
    (found,) = matrices
    return matrix_figure(found["matrix"], found["rows"], found["columns"], canvas)


def spy_figure(pattern: ArrayLike, canvas: Canvas | None = None) -> bytes:
    """Return where a matrix isn't zero, the bytes of a file; its title counts the entries."""
    matrix = np.asarray(pattern) != 0
    return render(lambda figure: _spy(figure, matrix), canvas or Canvas())


def _heat_map(
    figure: Figure, matrix: NDArray[np.float64], rows: Sequence[str], columns: Sequence[str]
) -> None:
    axes = figure.subplots()
    axes.grid(visible=False)
    axes.set_facecolor(mpl.rcParams["grid.color"])
    axes.spines[:].set_visible(False)
    known = matrix[np.isfinite(matrix)]
    largest = float(np.abs(known).max(initial=0.0)) or 1.0
    norm, cmap = Normalize(-largest, largest), mpl.colormaps[DIVERGING]
    image = axes.imshow(np.ma.masked_invalid(matrix), cmap=cmap, norm=norm, aspect="auto")
    figure.colorbar(image, ax=axes, shrink=0.85)
    axes.xaxis.tick_top()
    axes.tick_params(length=0)
    for axis, names in ((axes.xaxis, columns), (axes.yaxis, rows)):
        step = -(-len(names) // MOST_LABELS)
        axis.set_ticks(range(0, len(names), step), labels=list(names[::step]))
    if matrix.size > MOST_NUMBERS:
        return
    for (row, column), value in np.ndenumerate(matrix):
        missing = not np.isfinite(value)
        red, green, blue = to_rgb(mpl.rcParams["grid.color"] if missing else cmap(norm(value)))
        light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
        axes.text(
            column,
            row,
            "–" if missing else f"{value:.{DIGITS}g}".replace("-", "−"),
            ha="center",
            va="center",
            color="white" if light < DARK else "black",
        )


def _spy(figure: Figure, matrix: NDArray[np.bool_]) -> None:
    axes = figure.subplots()
    axes.grid(visible=False)
    axes.spines[:].set_visible(True)
    axes.imshow(
        np.ma.masked_equal(matrix, 0), cmap="binary", vmin=-1, vmax=1, interpolation="nearest"
    )
    axes.xaxis.tick_top()
    count = int(matrix.sum())
    axes.set_title(f"{count:,} of {matrix.size:,} entries are not zero ({count / matrix.size:.1%})")
