"""Curves and regions in a plane, drawn by matplotlib."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap, to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from diffcli.output.plots.canvas import colours, faint
from diffcli.output.plots.frame import marks_of, straights_of
from diffcli.output.plots.line_axes import KEY, MARGINS, columns_of
from diffcli.output.plots.plane_axes import UNEQUAL, variable
from diffcli.output.plots.scales import set_ticks, ticks_across
from diffcli.output.plots.style import FONT_SIZE, WIDTHS
from diffcli.output.plots.typed import relation_latex
from diffcli.output.plots.typeset import Label, named, plain
from diffcli.studies.relations.notable import NotableKind
from diffcli.studies.relations.scene import Edge, Scene, Shown

SIGNS: Mapping[NotableKind, str] = MappingProxyType(
    {
        NotableKind.HORIZONTAL: "s",
        NotableKind.VERTICAL: "D",
        NotableKind.CROSSING: "X",
        NotableKind.CUSP: "^",
        NotableKind.ISOLATED: "o",
    }
)
SHADE = 0.18
"""How much of a region's colour covers the ground."""
STRICT = (0, (4, 2.5))
"""The dashes of an edge that is no part of its region."""
DOT, CELL = 5.0, 1.6
"""The sizes of a point and of a single cell, in points."""
UNDECIDED = "#E69F00"
"""The colour of cells of which nothing is proved."""


def draw(figure: Figure, scene: Scene, notes: Sequence[str]) -> None:
    """Draw curves and regions into an empty figure.

    To be called within :func:`~diffcli.output.plots.canvas.styled`.
    """
    axes = figure.subplots()
    _frame(axes, scene, figure)
    inks = colours()
    for place, shown in enumerate(scene.shown):
        _draw_relation(axes, scene, shown, inks[place % len(inks)])
    undecided = np.logical_or.reduce([each.undecided for each in scene.shown])
    axes.plot(*_middles(scene, undecided), "s", color=UNDECIDED, markersize=CELL, zorder=5)
    for straight in straights_of(scene):
        ends = straight.line(axes.get_xlim(), axes.get_ylim())
        colour = inks[len(scene.shown) % len(inks)]
        axes.plot(*ends, color=colour, linewidth=1.1, label=straight.text, zorder=2.5)
        axes.plot([straight.x], [straight.y], "o", color=colour, markersize=DOT, zorder=4)
    _draw_marks(axes, scene)
    _draw_legend(figure, axes, scene, inks)
    if notes:
        axes.annotate(
            "\n".join(notes), (0, 0), (0, -38), xycoords="axes fraction",
            textcoords="offset points", fontsize=FONT_SIZE - 3, color=faint(axes), va="top",
            parse_math=False,
        )  # fmt: skip


def _frame(axes: Axes, scene: Scene, figure: Figure) -> None:
    """Set the axes' ends and ticks, to scale where that is possible."""
    grid = scene.grid
    axes.set(xlim=grid.x[[0, -1]], ylim=grid.y[[0, -1]])
    width, height = np.ptp(grid.x), np.ptp(grid.y)
    if max(width, height) <= UNEQUAL * min(width, height):
        axes.set_aspect("equal")
        figure.set_layout_engine("compressed")
    for axis, name, ends in zip(
        (axes.xaxis, axes.yaxis), scene.names, (grid.x, grid.y), strict=True
    ):
        variable(name).write(axis.label)
        most = ticks_across(figure, axes, 8) if axis is axes.xaxis else 8
        set_ticks(axis, (float(ends[0]), float(ends[-1])), most)
    for zero in (axes.axhline, axes.axvline):
        zero(0, color=faint(axes), linewidth=0.7, zorder=1.5)


def _draw_relation(axes: Axes, scene: Scene, shown: Shown, colour: str) -> None:
    if shown.inside is not None:
        ground = ListedColormap([(0, 0, 0, 0), to_rgba(colour, SHADE)])
        image = axes.pcolorfast(
            scene.grid.x, scene.grid.y, shown.inside.astype(float), cmap=ground, vmin=0, vmax=1
        )
        image.set_zorder(1)
    for edge in shown.edges:
        _draw_edge(axes, edge, colour)


def _draw_edge(axes: Axes, edge: Edge, colour: str) -> None:
    style = STRICT if edge.is_strict else "solid"
    axes.add_collection(
        LineCollection(
            list(edge.branches.lines), colors=[colour], linewidths=WIDTHS[0], linestyles=[style],
            zorder=3, capstyle="round", joinstyle="round",
        ),
        autolim=False,
    )  # fmt: skip
    axes.plot(*edge.branches.dots.T, "o", color=colour, markersize=DOT, zorder=4)
    axes.plot(
        *edge.branches.holes.T, "o", color=axes.get_facecolor(), markeredgecolor=colour,
        markeredgewidth=WIDTHS[0], markersize=DOT, zorder=4,
    )  # fmt: skip
    axes.plot(*edge.branches.cells.T, "s", color=colour, markersize=CELL, zorder=3)


def _draw_marks(axes: Axes, scene: Scene) -> None:
    for kind, text in marks_of(scene).items():
        x, y = np.array([[each.x, each.y] for each in scene.notable if each.kind is kind]).T
        axes.plot(
            x, y, SIGNS[kind], color=axes.get_facecolor(), markeredgewidth=1.1, markersize=6,
            markeredgecolor=mpl.rcParams["text.color"], linestyle="none", zorder=6, label=text,
        )  # fmt: skip


def _middles(scene: Scene, mask: np.ndarray) -> np.ndarray:
    low, high = scene.grid.cells(*np.nonzero(mask))
    return np.asarray((low + high) / 2)


def _draw_legend(figure: Figure, axes: Axes, scene: Scene, inks: Sequence[str]) -> None:
    room = 72 * figure.get_figwidth() - MARGINS
    handles: list[Artist] = []
    labels: list[Label] = []
    for place, shown in enumerate(scene.shown):
        ink = inks[place % len(inks)]
        label = named(relation_latex(shown.relation.sides), shown.relation.text)
        labels.append(label if label.width <= room - KEY else plain(shown.relation.text))
        handles.append(
            Line2D([], [], color=ink, linewidth=WIDTHS[0])
            if shown.inside is None
            else Patch(facecolor=to_rgba(ink, SHADE), edgecolor=ink)
        )
    others, texts = axes.get_legend_handles_labels()
    handles += others
    labels += map(plain, texts)
    legend = axes.legend(
        handles, [label.text for label in labels], loc="lower left", bbox_to_anchor=(0, 1.01),
        borderaxespad=0, ncols=columns_of(labels, 1, room),
    )  # fmt: skip
    for text, label in zip(legend.get_texts(), labels, strict=True):
        label.write(text)
