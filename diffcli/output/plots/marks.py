"""What is marked on lines: tangents, points that were asked for, zeros, turning points and such."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from types import MappingProxyType
from typing import TYPE_CHECKING

import matplotlib as mpl
from matplotlib.axes import Axes

from diffcli.output.plots.canvas import colours, ink
from diffcli.studies.curves.features import Feature, Spot

if TYPE_CHECKING:
    from diffcli.output.plots.pictures import Lines

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


def draw_marks(axes: Axes, plot: Lines) -> None:
    """Draw a plot's tangents, points and features; quiet features are small dots."""
    inks = colours()
    for number, straight in enumerate(plot.straights, start=len(plot.lines)):
        ends = straight.line(axes.get_xlim(), axes.get_ylim())
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


def _draw_dots(axes: Axes, plot: Lines) -> None:
    """Mark what nobody asked for, unless it would fill the lines."""
    functions = {line.output: line for line in plot.lines if line.order == 0}
    for spot in plot.spots if len(plot.spots) <= MOST_QUIET else ():
        colour = ink(functions[spot.output], plot.lines)
        axes.plot([spot.x], [spot.y], "o", color=colour, markersize=3.2, zorder=3.4)


def _draw_feature(axes: Axes, feature: Feature, spots: Sequence[Spot]) -> None:
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


def _listed(feature: Feature, spots: Sequence[Spot]) -> str:
    """Return a feature with its places, if they are few."""
    places = ", ".join(f"{spot.x:.4g}" for spot in spots)
    few = len(spots) <= MOST_NAMED
    return f"{feature.value}: {places}".replace("-", "−") if few else feature.value
