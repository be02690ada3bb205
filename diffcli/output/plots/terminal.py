"""Lines and curves, drawn with characters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle
from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np
import uniplot
from numpy.typing import NDArray

from diffcli.output.plots.frame import Line, frame_range
from diffcli.studies.curves.features import Feature
from diffcli.studies.curves.sampling import Samples

if TYPE_CHECKING:
    from diffcli.output.plots.pictures import Lines, Trace

COLOURS = {"blue": 34, "red": 31, "green": 32, "magenta": 35, "cyan": 36, "yellow": 33}
"""By name, with their codes on a terminal."""
AROUND = 12
"""Columns that the box and its labels take."""
LEAST, MOST = (20, 6), (160, 48)
"""The least and the largest picture, in columns and lines."""
MOST_LISTED = 8
"""Features of a kind that the legend lists."""
DOTTED = 1
"""Columns between the dots of a derivative."""


def lines_text(plot: Lines, columns: int, rows: int, *, colour: bool) -> str:
    """Return lines as text that fits a terminal, the legend below.

    Without colour a derivative is a row of dots.
    """
    frame, lines = plot.frame, plot.lines
    legend = [line.equation for line in lines] + [each.text for each in plot.straights]
    features = _features(plot, columns)
    width, height = _room(columns, rows, len(legend) + len(features))
    view = frame_range(plot.samples, lines, frame)
    drawn = [
        _points(plot.samples, line, view, None if colour or not line.order else width)
        for line in lines
    ]
    drawn += [each.line(frame.x_range, view) for each in plot.straights]
    if frame.log:
        drawn = [(x, np.where(y > 0, y, np.nan)) for x, y in drawn]
    solid = [colour or not line.order for line in lines] + [True] * len(plot.straights)
    colours = [name for name, _ in zip(cycle(COLOURS), legend, strict=False)]
    picture = uniplot.plot_to_string(
        [y for _, y in drawn],
        [x for x, _ in drawn],
        lines=solid,
        color=colours if colour else False,
        character_set="braille",
        width=width,
        height=height,
        x_min=frame.x_range[0],
        x_max=frame.x_range[1],
        y_min=view[0],
        y_max=view[1],
        y_as_log=frame.log,
    )
    keys = _legend(legend, solid, colours if colour else None)
    return "\n".join([picture, *keys, *features])


def trace_text(plot: Trace, columns: int, rows: int, *, colour: bool) -> str:
    """Return a curve in the plane as text that fits a terminal."""
    width, height = _room(columns, rows, 1)
    (x, _), (y, _) = plot.samples.values
    picture = uniplot.plot_to_string(
        y, x, lines=True, color=["blue"] if colour else False, character_set="braille",
        width=width, height=height,
    )  # fmt: skip
    return "\n".join([picture, *_legend([plot.equation], [True], ["blue"] if colour else None)])


def _room(columns: int, rows: int, legend: int) -> tuple[int, int]:
    """Return the columns and lines that are left for the picture itself."""
    width, height = (
        min(max(given, least), most)
        for given, least, most in zip(
            (columns - AROUND, rows - legend - 5), LEAST, MOST, strict=True
        )
    )
    return width, height


def _points(
    samples: Samples, line: Line, view: tuple[float, float], columns: int | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = samples.x, samples.values[line.output, line.order]
    if columns is not None:
        dots = np.linspace(x[0], x[-1], columns // DOTTED + 1)
        x, y = dots, np.interp(dots, x, y)
    height = view[1] - view[0]
    return x, np.clip(y, view[0] - height, view[1] + height)


def _legend(
    texts: Sequence[str], solid: Sequence[bool], colours: Sequence[str] | None
) -> Iterator[str]:
    for index, text in enumerate(texts):
        key = "───" if solid[index] else "···"
        if colours is not None:
            key = f"\x1b[{COLOURS[colours[index]]}m{key}\x1b[0m"
        yield f"  {key} {text}"


def _features(plot: Lines, columns: int) -> list[str]:
    """Return the places of each kind of feature that was asked for, in lines that fit."""
    found: list[str] = []
    for feature in Feature if not plot.quiet else ():
        places = [f"{spot.x:.12g}" for spot in plot.spots if spot.feature is feature]
        more = ["…"] if len(places) > MOST_LISTED else []
        if places:
            text = f"{feature.value}: {', '.join(places[:MOST_LISTED] + more)}"
            found += wrap(text, columns, initial_indent="  ", subsequent_indent="    ")
    return found
