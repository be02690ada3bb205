"""Lines of one variable, drawn by matplotlib: a function, its derivatives, and what is marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan, log10
from types import MappingProxyType

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from diffcli.output.plots.canvas import colours, faint, ink
from diffcli.output.plots.frame import (
    Line,
    LinesShown,
    frame_range,
    line_ends,
    linear_part,
    poles_of,
    shown_lines,
)
from diffcli.output.plots.scales import set_ticks
from diffcli.output.plots.style import ASYMPTOTE, DASHES, DOT, FONT_SIZE, WIDTHS
from diffcli.output.plots.ticks import ROUND
from diffcli.output.plots.typeset import Label, named, plain, typeset
from diffcli.studies.curves.features import Feature, FeaturePoint
from diffcli.studies.curves.samples import Samples

MARGINS, KEY = 50, 4.5 * FONT_SIZE
"""What surrounds the axes, and what stands before a legend's text, in points."""
SIGNS: Mapping[Feature, str] = MappingProxyType(
    {
        Feature.ZERO: "o",
        Feature.EXTREMUM: "D",
        Feature.INFLECTION: "s",
        Feature.POLE: "x",
        Feature.KINK: "^",
    }
)
SIZES = MappingProxyType({Feature.ZERO: 5.5, Feature.KINK: 9.5})
"""In points, where it isn't the usual: an extremum is seen within the kink that it is."""
MOST_NAMED = 6
"""Marks of a kind whose places the legend lists."""
MOST_QUIET = 60
"""Marks that nobody asked for, if the lines aren't full of them."""


def draw(figure: Figure, plot: LinesShown) -> None:
    """Draw lines into an empty figure.

    To be called within :func:`~diffcli.output.plots.canvas.styled`.
    """
    panels, frame = plot.panels, plot.frame
    if frame.layout == "twin" and len(panels) > 1:
        first = figure.subplots()
        all_axes = [first, first.twinx()]
    else:
        all_axes = list(np.atleast_1d(figure.subplots(len(panels), 1, sharex=True)))
    for axes, panel in zip(all_axes, panels, strict=True):
        _draw_panel(axes, panel, is_twin=axes is not all_axes[0] and frame.layout == "twin")
    named(frame.latex, frame.variable).write(all_axes[-1].set_xlabel(""))
    if frame.layout == "twin" and len(panels) > 1:
        named(frame.latex, frame.variable).write(all_axes[0].set_xlabel(""))
        _colour_axis(all_axes[0], panels[0], "left")
        _colour_axis(all_axes[1], panels[1], "right")
    if frame.equal:
        all_axes[0].set_aspect("equal")
        figure.set_layout_engine("compressed")
    _draw_legend(figure, all_axes, plot)


def _draw_panel(axes: Axes, plot: LinesShown, *, is_twin: bool) -> None:
    """Draw lines and what is marked on them; twin axes leave the ground to the others."""
    samples, lines, frame = plot.samples, plot.lines, plot.frame
    view = frame_range(samples, lines, frame)
    if frame.log_x:
        axes.set_xscale("log")
    else:
        set_ticks(axes.xaxis, frame.x_range)
    axes.set(xlim=frame.x_range, ylim=view)
    if frame.log:
        axes.set_yscale("log")
    elif frame.symlog:
        axes.set_yscale("symlog", linthresh=linear_part(samples, lines))
    else:
        axes.yaxis.set_major_locator(MaxNLocator(nbins=7, steps=ROUND))
    if is_twin:
        axes.grid(visible=False)
        axes.spines["right"].set_visible(True)
    elif not frame.log:
        axes.axhline(0, color=faint(axes), linewidth=0.7, zorder=1.5)
    for line in shown_lines(samples, lines, frame):
        _draw_line(axes, samples, line, ink(line, lines), view)
    if plot.fill:
        _fill(axes, plot, view)
    _draw_bands(axes, plot, view)
    _draw_uprights(axes, samples, lines)
    _draw_marks(axes, plot)


def _colour_axis(axes: Axes, plot: LinesShown, side: str) -> None:
    """Write the numbers of an axis in the colour of its line, if it has but one."""
    if len({ink(line, plot.lines) for line in plot.lines}) == 1:
        colour = ink(plot.lines[0], plot.lines)
        axes.tick_params(axis="y", labelcolor=colour)
        axes.spines[side].set_edgecolor(colour)


def _draw_legend(figure: Figure, all_axes: Sequence[Axes], plot: LinesShown) -> None:
    view = frame_range(plot.samples, plot.panels[0].lines, plot.frame)
    is_linear = not (plot.frame.log or plot.frame.symlog)
    # Above the axes matplotlib writes the common factor of the ticks, such as ×10⁹.
    magnitude = log10(max(map(abs, view))) if is_linear else 0
    room = 72 * figure.get_figwidth() - MARGINS
    handles: list[Artist] = []
    names: list[str] = []
    for axes in all_axes:
        more_handles, more_names = axes.get_legend_handles_labels()
        handles += more_handles
        names += more_names
    equations = {line.name: _label(line, room - KEY) for line in plot.lines}
    labels = [equations.get(name) or plain(name) for name in names]
    legend = all_axes[0].legend(
        handles,
        names,
        loc="lower left",
        bbox_to_anchor=(0, 1.01 if -4 < magnitude < 5 else 1.06),
        borderaxespad=0,
        ncols=columns_of(labels, len({line.order for line in plot.lines}), room),
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


def _fill(axes: Axes, plot: LinesShown, view: tuple[float, float]) -> None:
    """Shade what lies between a function and 0."""
    floor = view[0] if plot.frame.log else 0.0
    for line in plot.lines:
        if line.order == 0:
            row = np.clip(plot.samples.values[line.output, 0], *view)
            axes.fill_between(
                plot.samples.x, row, floor, color=ink(line, plot.lines), alpha=0.15, linewidth=0
            )


def _draw_bands(axes: Axes, plot: LinesShown, view: tuple[float, float]) -> None:
    """Shade what is proved to hold a function, stretch by stretch, edged so that it is seen."""
    functions = {line.output: line for line in plot.lines if line.order == 0}
    for band in plot.bands:
        if band.output not in functions:
            continue
        low, high = (np.clip(end, *view) for end in (band.low, band.high))
        axes.fill_between(
            band.edges, np.append(low, low[-1:]), np.append(high, high[-1:]), step="post",
            color=ink(functions[band.output], plot.lines), alpha=0.28, linewidth=0.6, zorder=1.8,
            label=f"proved bounds of {functions[band.output].name}",
        )  # fmt: skip


def _draw_ends(axes: Axes, samples: Samples, line: Line, colour: str) -> None:
    """Mark the ends at jumps: a ring where the line ends, a dot where its value is."""
    rings, dots = line_ends(samples, line)
    ground = axes.get_facecolor()
    for spots, style in ((rings, {"markerfacecolor": ground}), (dots, {"zorder": 3.6})):
        axes.plot(*np.reshape(spots, (-1, 2)).T, "o", color=colour, **{**DOT, **style})


def _draw_uprights(axes: Axes, samples: Samples, lines: Sequence[Line]) -> None:
    """Draw an asymptote at each pole, and the axis unless there is one."""
    poles = poles_of(samples, lines)
    if 0 not in poles and axes.get_xscale() == "linear":
        axes.axvline(0, color=faint(axes), linewidth=0.7, zorder=1.5)
    for pole in poles:
        axes.axvline(pole, color=faint(axes), linewidth=0.8, linestyle=ASYMPTOTE, zorder=2)


def _label(line: Line, room: float) -> Label:
    """Return a line's equation typeset, or as text where matplotlib can't, or its name alone."""
    formula = typeset(line.latex) if line.latex and line.short else None
    choices = [plain(line.equation), plain(line.name)]
    choices = [formula, *choices] if formula else choices
    return next((choice for choice in choices if choice.width <= room), choices[-1])


def columns_of(labels: Sequence[Label], orders: int, room: float) -> int:
    """Return the legend's columns: one row if it fits, else a function's orders below another."""
    fits = int(room / max(label.width + KEY for label in labels))
    if len(labels) <= fits:
        return len(labels)
    return max(1, min(fits, -(-len(labels) // orders)))


def _draw_marks(axes: Axes, plot: LinesShown) -> None:
    """Draw a plot's tangents, points and features; quiet features are small dots."""
    inks = colours()
    # Beside a function that stands alone, its derivative's colour is taken.
    first = len(plot.lines) + (plot.frame.layout != "overlay")
    for number, straight in enumerate(plot.straights, start=first):
        ends = straight.line(axes.get_xlim(), axes.get_ylim(), log_x=plot.frame.log_x)
        colour = inks[number % len(inks)]
        axes.plot(*ends, color=colour, linewidth=1.1, label=straight.text, zorder=2.5)
        axes.plot([straight.x], [straight.y], "o", color=colour, markersize=5, zorder=4)
    for line, x, y in plot.points:
        axes.plot([x], [y], "o", color=ink(line, plot.lines), markersize=5.5, zorder=4)
    if plot.quiet:
        _draw_dots(axes, plot)
        return
    for feature in Feature:
        _draw_feature(axes, feature, [spot for spot in plot.spots if spot.feature is feature])


def _draw_dots(axes: Axes, plot: LinesShown) -> None:
    """Mark what nobody asked for, unless it would fill the lines."""
    functions = {line.output: line for line in plot.lines if line.order == 0}
    for spot in plot.spots if len(plot.spots) <= MOST_QUIET else ():
        colour = ink(functions[spot.output], plot.lines)
        axes.plot([spot.x], [spot.y], "o", color=colour, markersize=3.2, zorder=3.4)


def _draw_feature(axes: Axes, feature: Feature, spots: Sequence[FeaturePoint]) -> None:
    if not spots:
        return
    edge, ground = mpl.rcParams["text.color"], axes.get_facecolor()
    floor = axes.get_ylim()[0]
    heights = [floor if isnan(spot.y) else spot.y for spot in spots]
    axes.plot(
        [spot.x for spot in spots], heights, SIGNS[feature], color=ground, markeredgecolor=edge,
        markeredgewidth=1.1, markersize=SIZES.get(feature, 5.5), linestyle="none",
        zorder=4 if feature is not Feature.KINK else 3.9,
        label=_listed(feature, spots), clip_on=feature is not Feature.POLE,
    )  # fmt: skip


def _listed(feature: Feature, spots: Sequence[FeaturePoint]) -> str:
    """Return a feature with its places, if they are few."""
    places = ", ".join(f"{spot.x:.4g}" for spot in spots)
    few = len(spots) <= MOST_NAMED
    return f"{feature.value}: {places}".replace("-", "−") if few else feature.value
