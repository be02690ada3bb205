"""Lines of one variable, drawn by matplotlib: a function and its derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from diffcli.output.plots.canvas import faint, ink
from diffcli.output.plots.frame import Line, frame_range
from diffcli.output.plots.marks import draw_marks
from diffcli.output.plots.style import ASYMPTOTE, DASHES, DOT, FONT_SIZE, WIDTHS
from diffcli.output.plots.ticks import ROUND, set_ticks
from diffcli.output.plots.typeset import Label, named, plain, typeset
from diffcli.studies.curves.breaks import Kind
from diffcli.studies.curves.sampling import Samples

if TYPE_CHECKING:
    from diffcli.output.plots.pictures import Lines

MARGINS, KEY = 50, 4.5 * FONT_SIZE
"""What surrounds the axes, and what stands before a legend's text, in points."""
MOST_MARKED = 50
"""Jumps of a line that are marked: more would be a row of rings."""


def draw(figure: Figure, plot: Lines) -> None:
    """Draw lines into an empty figure.

    To be called within :func:`~diffcli.output.plots.canvas.styled`.
    """
    axes, samples, lines, frame = figure.subplots(), plot.samples, plot.lines, plot.frame
    view = frame_range(samples, lines, frame)
    axes.set(xlim=frame.x_range, ylim=view)
    named(frame.latex, frame.variable).write(axes.set_xlabel(""))
    set_ticks(axes.xaxis, frame.x_range)
    if frame.log:
        axes.set_yscale("log")
    else:
        axes.yaxis.set_major_locator(MaxNLocator(nbins=7, steps=ROUND))
        axes.axhline(0, color=faint(axes), linewidth=0.7, zorder=1.5)
    for line in lines:
        _draw_line(axes, samples, line, ink(line, lines), view)
    if plot.fill:
        _fill(axes, plot, view)
    _draw_uprights(axes, samples, lines)
    draw_marks(axes, plot)
    # Above the axes matplotlib writes the common factor of the ticks, such as ×10⁹.
    magnitude = 0 if frame.log else log10(max(map(abs, view)))
    room = 72 * figure.get_figwidth() - MARGINS
    handles, names = axes.get_legend_handles_labels()
    equations = {line.name: _label(line, room - KEY) for line in lines}
    labels = [equations.get(name) or plain(name) for name in names]
    legend = axes.legend(
        handles,
        names,
        loc="lower left",
        bbox_to_anchor=(0, 1.01 if -4 < magnitude < 5 else 1.06),
        borderaxespad=0,
        ncols=_columns(labels, len({line.order for line in lines}), room),
    )
    for text, label in zip(legend.get_texts(), labels, strict=True):
        label.write(text)


def _draw_line(
    axes: Axes, samples: Samples, line: Line, colour: str, view: tuple[float, float]
) -> None:
    reach = 10 * (view[1] - view[0])
    axes.plot(
        samples.x,
        np.clip(samples.values[line.output, line.order], view[0] - reach, view[1] + reach),
        color=colour,
        linestyle=DASHES[line.order % len(DASHES)],
        linewidth=WIDTHS[min(line.order, 1)],
        label=line.name,
        zorder=3 + 0.1 * line.order,
    )
    _draw_ends(axes, samples, line, colour)


def _fill(axes: Axes, plot: Lines, view: tuple[float, float]) -> None:
    """Shade what lies between a function and 0."""
    floor = view[0] if plot.frame.log else 0.0
    for line in plot.lines:
        if line.order == 0:
            row = np.clip(plot.samples.values[line.output, 0], *view)
            axes.fill_between(
                plot.samples.x, row, floor, color=ink(line, plot.lines), alpha=0.15, linewidth=0
            )


def _draw_ends(axes: Axes, samples: Samples, line: Line, colour: str) -> None:
    """Mark the ends at jumps: a ring where the line ends, a dot where its value is."""
    breaks = samples.breaks_of(line.output, line.order)
    jumps = [each for each in breaks if each.kind in (Kind.JUMP, Kind.HOLE)]
    if len(jumps) > MOST_MARKED:
        return
    row = samples.values[line.output, line.order]
    for side in ("low", "high"):
        ends = row[samples.x.searchsorted([getattr(each, side) for each in jumps])]
        axes.plot(
            [each.at for each in jumps],
            ends,
            "o",
            color=colour,
            markerfacecolor=axes.get_facecolor(),
            **DOT,
        )
    if line.order == 0:
        places = [each.at for each in jumps], [each.value for each in jumps]
        axes.plot(*places, "o", color=colour, **{**DOT, "zorder": 3.6})


def _draw_uprights(axes: Axes, samples: Samples, lines: Sequence[Line]) -> None:
    """Draw an asymptote at each pole, and the axis unless there is one."""
    poles = {
        each.at
        for line in lines
        for each in samples.breaks_of(line.output, line.order)
        if each.kind is Kind.POLE
    }
    if 0 not in poles:
        axes.axvline(0, color=faint(axes), linewidth=0.7, zorder=1.5)
    for at in sorted(poles):
        axes.axvline(at, color=faint(axes), linewidth=0.8, linestyle=ASYMPTOTE, zorder=2)


def _label(line: Line, room: float) -> Label:
    """Return a line's equation typeset, or as text where matplotlib can't, or its name alone."""
    formula = typeset(line.latex) if line.latex and line.short else None
    choices = [plain(line.equation), plain(line.name)]
    choices = [formula, *choices] if formula else choices
    return next((each for each in choices if each.width <= room), choices[-1])


def _columns(labels: Sequence[Label], orders: int, room: float) -> int:
    """Return the legend's columns: one row if it fits, else a function's orders below another."""
    fits = int(room / max(label.width + KEY for label in labels))
    if len(labels) <= fits:
        return len(labels)
    return max(1, min(fits, -(-len(labels) // orders)))
