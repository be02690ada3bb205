"""Matrices: the numbers of a Jacobian or a Hessian as a heat map, where they are not zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import matplotlib as mpl
import numpy as np
from matplotlib.colors import ListedColormap, Normalize, to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, StrMethodFormatter
from numpy.typing import ArrayLike, NDArray

from diffcli.errors import UsageError
from diffcli.layouts import Matrix, SparseMatrix
from diffcli.output.plots.canvas import colours, render
from diffcli.output.plots.frame import LONG
from diffcli.output.plots.style import Canvas
from diffcli.output.plots.ticks import ROUND
from diffcli.output.report import Report
from diffcli.output.text import raised

DIVERGING = "RdBu_r"
MOST_NUMBERS = 144
"""Entries whose numbers are written into the map."""
MOST_LABELS = 40
"""Rows or columns that are named each."""
DIGITS = 4
MOST_CELLS = 600
"""Cells along a side of a pattern: they are pixels, or nearly."""
LONGEST = 4
"""How many times as long as high, or as high as long, a pattern is drawn to scale."""
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
    matrices = [layout for layout in layouts if isinstance(layout, Matrix | SparseMatrix)]
    if len(layouts) != 1 or len(matrices) != 1:
        raise UsageError(
            f"a picture shows one matrix, and {report.command} gives none or several",
            hint="jacobian or hessian at one point; other files: -o answer.json --json",
        )
    (found,) = matrices
    canvas = canvas or Canvas()
    title = f"{report.command.capitalize()} of {raised(report.read_as)}"
    if canvas.title is None and len(title) <= LONG:
        canvas = replace(canvas, title=title)
    if isinstance(found, SparseMatrix):
        rows, columns, values = np.array(found["entries"], dtype=np.float64).reshape(-1, 3).T
        shape = (len(found["rows"]), len(found["columns"]))
        return spy_figure(rows, columns, shape, values, canvas)
    return matrix_figure(found["matrix"], found["rows"], found["columns"], canvas)


def spy_figure(
    rows: ArrayLike,
    columns: ArrayLike,
    shape: tuple[int, int],
    values: ArrayLike | None = None,
    canvas: Canvas | None = None,
) -> bytes:
    """Return where a sparse matrix isn't zero, the bytes of a file; its title counts the entries.

    ``rows`` and ``columns`` (n,) are the places of the entries, from 0; ``values`` (n,) leaves out
    those that are 0. A matrix larger than the picture is drawn coarser: no entry is lost.
    """
    places = np.array([rows, columns], dtype=np.int64).reshape(2, -1)
    if values is not None:
        places = places[:, np.asarray(values) != 0]
    return render(lambda figure: _spy(figure, places, shape), canvas or Canvas())


def pattern(places: NDArray[np.int64], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Return which cells of a picture hold one of the places (2, n) of a matrix of some shape."""
    cells = [min(size, MOST_CELLS) for size in shape]
    drawn = np.zeros(cells, dtype=np.bool_)
    row, column = (at * cell // size for at, cell, size in zip(places, cells, shape, strict=True))
    drawn[row, column] = True
    return drawn


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


def _spy(figure: Figure, places: NDArray[np.int64], shape: tuple[int, int]) -> None:
    axes = figure.subplots()
    axes.grid(visible=False)
    axes.spines[:].set_visible(True)
    longer, shorter = max(shape), min(shape)
    axes.imshow(
        np.ma.masked_equal(pattern(places, shape), 0),
        cmap=ListedColormap([colours()[0]]),
        interpolation="nearest",
        extent=(-0.5, shape[1] - 0.5, shape[0] - 0.5, -0.5),
        aspect="equal" if longer <= LONGEST * shorter else "auto",
    )
    axes.xaxis.tick_top()
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=8, steps=ROUND, integer=True))
        axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
    count, size = places.shape[1], shape[0] * shape[1]
    axes.set_title(
        f"{count:,} of {size:,} entries are not zero ({100 * count / size:.2g}%)", pad=24
    )
