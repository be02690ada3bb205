"""Curves in space, [x(t), y(t), z(t)], with arrows along their tangents."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from diffcli.language.function import Function
from diffcli.output.plots.frame import HIGHEST
from diffcli.output.plots.kinds.curve import coordinate_ends
from diffcli.output.plots.labels import equation_of
from diffcli.output.plots.pictures import Picture, PlotKind, PlotPlan, Request, chosen
from diffcli.studies.critical.proofs import smoothness
from diffcli.studies.curves.breaks import Floats
from diffcli.studies.curves.line import curve_range, evaluator
from diffcli.studies.curves.samples import Samples
from diffcli.studies.curves.sampling import sample

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ARROWS = 10
LENGTH = 0.12
"""The length of an arrow, as a part of the longest side."""
VIEW = (np.radians(25), np.radians(-60))
"""The height and the direction from which the curve is seen, in radians."""
FLAT = 0.2
"""The shortest side of the box around the curve, as a part of the longest."""


@dataclass(frozen=True)
class Space(Picture):
    """A curve in space; ``equation`` is what the legend says, in LaTeX too."""

    samples: Samples
    variable: str
    equation: str
    latex: str | None

    @property
    def _places(self) -> tuple[Floats, Floats]:
        """The points and the velocities, each (3, n); nan for none and for what is too far."""
        values = self.samples.values
        shown = np.where(np.abs(values) <= HIGHEST, values, np.nan)
        return shown[:, 0], shown[:, 1]

    def paint(self, figure: Figure) -> None:
        """Draw the curve in perspective, to scale; its start is dotted."""
        import matplotlib as mpl
        from matplotlib.ticker import MaxNLocator

        from diffcli.output.plots.canvas import colours
        from diffcli.output.plots.plane_axes import head
        from diffcli.output.plots.ticks import ROUND

        axes = figure.add_subplot(projection="3d")
        places, velocities = self._places
        line, arrow = colours()[:2]
        axes.plot(*places, color=line, linewidth=1.5)
        sides = np.nanmax(places, axis=1) - np.nanmin(places, axis=1)
        longest = float(sides.max()) or 1.0
        steps = np.sqrt((np.diff(places, axis=1) ** 2).sum(axis=0))
        along = np.append(0, np.nancumsum(steps))
        picked = along.searchsorted(np.arange(ARROWS) / ARROWS * along[-1])
        size = np.sqrt((velocities**2).sum(axis=0))
        picked = picked[size[picked] > 0]
        unit = velocities[:, picked] / size[picked] * LENGTH * longest
        axes.quiver(*places[:, picked], *unit, color=arrow, linewidth=1.4)
        axes.plot(*places[:, :1], "o", color=mpl.rcParams["text.color"], markersize=5)
        axes.set_box_aspect(np.maximum(sides, FLAT * longest))
        for axis, name in zip((axes.xaxis, axes.yaxis, axes.zaxis), "xyz", strict=True):
            axis.set_major_locator(MaxNLocator(nbins=5, steps=ROUND))
            axis.label.set_text(name)
        axes.view_init(*map(float, np.degrees(VIEW)))
        head(figure, axes, self.equation, self.latex)

    def text(self, columns: int, rows: int, *, colour: bool) -> str:
        """Return the curve, as it is seen from the same direction, drawn in braille."""
        from diffcli.output.plots.terminal import curve_text

        (x, y, z), _ = self._places
        height, turn = VIEW
        across = y * np.cos(turn) - x * np.sin(turn)
        towards = x * np.cos(turn) + y * np.sin(turn)
        seen = np.array([across, z * np.cos(height) - towards * np.sin(height)])
        flat = Samples(self.samples.x, np.stack([seen, seen], axis=1), ())
        view = coordinate_ends(flat, 0), coordinate_ends(flat, 1)
        return curve_text(flat, view, [self.equation], (), (), columns, rows, colour=colour)

    def columns(self) -> Iterator[tuple[str, Floats]]:
        """Yield the parameter, the coordinates and their derivatives."""
        yield self.variable, self.samples.x
        for order in range(2):
            for output in range(3):
                yield f"f{output + 1}" + "'" * order, self.samples.values[output, order]


def _compose(function: Function, request: Request) -> PlotPlan:
    variable = function.variables[0] if function.variables else "t"
    evaluate = evaluator(function, 1)
    default = None if request.ranges else curve_range(function, evaluate)
    ends = request.ranges[variable] if default is None else (default.low, default.high)
    samples = sample(evaluate, *ends, orders=(0,), smooth=smoothness(function))
    picture = Space(samples, variable, *equation_of(function))
    return PlotPlan(picture, chosen([default]) if default else None)


def _suits(function: Function) -> int:
    is_one = len(function.variables) == 1 and len(function.text) == 1
    return 2 * (is_one and len(function.outputs) == 3)


KIND = PlotKind(_suits, _compose)
