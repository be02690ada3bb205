"""What matplotlib draws over a plane: the axes, their heading, contours, arrows and marks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap, Normalize
from matplotlib.contour import ContourSet
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from diffcli.errors import LimitError
from diffcli.output.plots.canvas import faint
from diffcli.output.plots.scales import levels_of, set_ticks, ticks_across
from diffcli.output.plots.typed import math_name
from diffcli.output.plots.typeset import Label, named, plain
from diffcli.studies.critical.kinds import PointKind
from diffcli.studies.critical.notable_points import NotablePoint
from diffcli.studies.curves.breaks import Floats
from diffcli.studies.curves.plane import Plane

ARROWS = 19
"""Arrows along each side."""
LONGEST = 1.1
"""The longest arrow, as a part of the distance between two."""
LIGHTEST, PALEST = 0.72, 0.3
"""Parts of the colour map: what lies under dark arrows, and what is seen on the ground itself."""
SHORT, WIDEST = 0.5, 0.95
"""What a short title takes of the figure's width, and the longest."""
UNEQUAL = 5
"""A plane longer than so many times its other side isn't drawn to scale."""

MARKS: Mapping[PointKind, str] = MappingProxyType(
    {
        PointKind.MINIMUM: "o",
        PointKind.MAXIMUM: "^",
        PointKind.SADDLE: "X",
        PointKind.DEGENERATE: "s",
    }
)


def head(figure: Figure, axes: Axes, equation: str, latex: str | None) -> None:
    """Write an equation above the axes: in their middle where it is long, its name if longer."""
    room = 72 * figure.get_figwidth()
    label = named(latex, equation)
    if label.width > WIDEST * room:
        label = plain(equation.partition(" = ")[0])
    if label.width < SHORT * room:
        label.write(axes.set_title("", pad=5, verticalalignment="bottom"))
    else:
        # A title of the axes would be kept within their width.
        label.write(figure.suptitle(""))


def variable(name: str) -> Label:
    """Return the label of a variable's axis."""
    return named(math_name(name), name)


def axes_of(figure: Figure, plane: Plane, variables: Sequence[str]) -> Axes:
    """Return empty axes for a plane, to scale where that is possible."""
    axes = figure.subplots()
    axes.grid(visible=False)
    for axis, name in zip((axes.xaxis, axes.yaxis), variables, strict=True):
        variable(name).write(axis.label)
    axes.set(xlim=plane.x[[0, -1]], ylim=plane.y[[0, -1]])
    width, height = np.ptp(plane.x), np.ptp(plane.y)
    if max(width, height) <= UNEQUAL * min(width, height):
        axes.set_aspect("equal")
        figure.set_layout_engine("compressed")
    for axis, ends in ((axes.xaxis, plane.x), (axes.yaxis, plane.y)):
        most = ticks_across(figure, axes, 7) if axis is axes.xaxis else 7
        set_ticks(axis, (float(ends[0]), float(ends[-1])), most)
    return axes


_EXTEND: Mapping[tuple[bool, bool], Literal["neither", "max", "min", "both"]] = MappingProxyType(
    {(False, False): "neither", (False, True): "max", (True, False): "min", (True, True): "both"}
)
"""What matplotlib calls values below and above all levels."""


LARGEST_LEVEL = 1e249
"""Beyond 1e250 stand what matplotlib takes for the levels that are below and above all others."""


def contours(figure: Figure, axes: Axes, plane: Plane) -> ContourSet:
    """Fill the axes with the contours of a function, its scale beside it."""
    (values,) = plane.values
    levels = levels_of(values)
    cmap = colours_of(0.0, LIGHTEST)
    known = values[np.isfinite(values)]
    if levels[0] < -LARGEST_LEVEL or levels[-1] > LARGEST_LEVEL:
        raise LimitError(
            f"contours of values beyond ±{LARGEST_LEVEL:g} can't be drawn",
            hint="divide the formula",
        )
    extend = _EXTEND[bool((known < levels[0]).any()), bool((known > levels[-1]).any())]
    filled = axes.contourf(
        plane.x, plane.y, np.ma.masked_invalid(values), levels=levels, extend=extend,
        cmap=cmap, norm=BoundaryNorm(levels, cmap.N, extend=extend),
    )  # fmt: skip
    axes.contour(
        plane.x, plane.y, np.ma.masked_invalid(values), levels=levels,
        colors=[faint(axes)], linewidths=0.5, linestyles="solid",
    )  # fmt: skip
    figure.colorbar(
        filled,
        ax=axes,
        shrink=0.85,
        ticks=levels[::2],
        spacing="uniform",
        format=FuncFormatter(_short),
    )
    return filled


def _short(level: float, _: int | None = None) -> str:
    text = f"{float(f'{level:.3g}'):g}"
    if "e" in text:
        mantissa, exponent = text.split("e")
        return rf"${mantissa}\times 10^{{{int(exponent)}}}$"
    return text.replace("-", "−")


def arrows(figure: Figure, axes: Axes, plane: Plane, field: Floats, ink: str | None = None) -> None:
    """Draw a vector field, its arrows shortened by the square root; their colour is the length."""
    count = len(plane.x)
    pick = np.linspace(0, count - 1, ARROWS + 2).round().astype(int)[1:-1]
    u, v = field[:, pick[:, None], pick]
    size = np.hypot(u, v)
    longest = np.nanmax(size, initial=0.0)
    if not longest > 0:
        return
    step = LONGEST * min(np.ptp(plane.x), np.ptp(plane.y)) / (ARROWS + 1)
    shrink = step * np.sqrt(size / longest) / np.where(size > 0, size, 1.0)
    place: dict[str, Any] = {
        "angles": "xy",
        "scale_units": "xy",
        "scale": 1,
        "pivot": "mid",
        "width": 0.0028,
    }
    spots = plane.x[pick], plane.y[pick], u * shrink, v * shrink
    if ink:
        axes.quiver(*spots, color=ink, alpha=0.75, **place)
        return
    drawn = axes.quiver(*spots, size, norm=lengths(size), cmap=colours_of(PALEST, 1.0), **place)
    figure.colorbar(drawn, ax=axes, label="length", shrink=0.85)


def lengths(size: Floats) -> Normalize:
    """Return a scale for lengths that leaves out what a pole makes endless."""
    return Normalize(0, float(np.nanquantile(size, 0.99)) or 1.0, clip=True)


def colours_of(first: float, last: float) -> ListedColormap:
    """Return a part of the style's colour map."""
    return ListedColormap(mpl.colormaps[mpl.rcParams["image.cmap"]](np.linspace(first, last, 256)))


def mark(axes: Axes, critical: Sequence[NotablePoint]) -> None:
    """Mark the critical points, each kind with a sign of its own, named below the axes."""
    ink, ground = mpl.rcParams["text.color"], axes.get_facecolor()
    kinds = [kind for kind in MARKS if any(each.kind is kind for each in critical)]
    for kind in kinds:
        spots = [tuple(each.at.values()) for each in critical if each.kind is kind]
        axes.plot(
            *np.transpose(spots), MARKS[kind], color=ground, markeredgecolor=ink,
            markeredgewidth=1.2, markersize=8, label=kind.value, linestyle="none", clip_on=False,
        )  # fmt: skip
    if kinds:
        axes.legend(loc="upper left", bbox_to_anchor=(0, -0.12), ncols=len(kinds), handlelength=1)
