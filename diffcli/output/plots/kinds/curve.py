"""Curves in the plane, [x(t), y(t)], with arrows along their tangents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from diffcli.language.function import Function
from diffcli.output.plots.frame import HIGHEST, Line, StraightLine, with_margin
from diffcli.output.plots.labels import equation_of
from diffcli.output.plots.pictures import Ends, Picture, PlotKind, PlotPlan, Request, chosen
from diffcli.studies.critical.proofs import smoothness
from diffcli.studies.curves.breaks import Floats
from diffcli.studies.curves.iterated import is_iterated, said
from diffcli.studies.curves.line import curve_range, evaluator
from diffcli.studies.curves.motion import Motion, motion_at
from diffcli.studies.curves.samples import Samples
from diffcli.studies.curves.sampling import COARSE, FEW, sample
from diffcli.studies.curves.viewing import fences, widened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ARROWS = 12
LENGTH, LOWEST = 0.1, 0.4
"""Of an arrow, as a part of the larger side, and at most of the smaller one."""
STILL = 1e-6
"""A speed less than this part of the usual one has no direction that could be told."""
STRETCHED = 10
"""How many times as wide as high, or as high as wide, a curve may be to be drawn to scale."""
MARGIN = 0.06
ENDLESS = 100.0
"""How many times as wide as its fences a coordinate is that has no end."""


@dataclass(frozen=True)
class Curve(Picture):
    """A curve in the plane, [x(t), y(t)]; ``equation`` is what the legend says, in LaTeX too.

    ``motions`` are the values of the parameter at which it has a tangent, ``others`` lines of
    which the legend tells the equations.
    """

    samples: Samples
    variable: str
    equation: str
    latex: str | None
    motions: Sequence[Motion] = ()
    others: Sequence[Line] = ()

    @property
    def straights(self) -> list[StraightLine]:
        """The tangents."""
        return [StraightLine("tangent", 0, *motion.place, motion.slope) for motion in self.motions]

    @property
    def view(self) -> tuple[Ends, Ends]:
        """What is shown of both coordinates."""
        across, up = (coordinate_ends(self.samples, output) for output in range(2))
        return across, up

    @property
    def remarks(self) -> list[str]:
        """What is said of each tangent: its equation, the speed and the curvature."""
        texts = []
        for motion, straight in zip(self.motions, self.straights, strict=True):
            text = f"at {self.variable} = {motion.shown_t}: {straight.equation}"
            text += f", speed {motion.speed:.4g}"
            if motion.curvature is not None:
                text += f", curvature {motion.curvature:.4g}"
            texts.append(text.replace("-", "−"))
        return texts

    def paint(self, figure: Figure) -> None:
        """Draw the curve with its tangents, to scale if its sides allow it; its start is dotted."""
        import matplotlib as mpl
        from matplotlib.ticker import MaxNLocator

        from diffcli.output.plots.canvas import colours, faint
        from diffcli.output.plots.plane_axes import head
        from diffcli.output.plots.scales import ticks_across
        from diffcli.output.plots.ticks import ROUND
        from diffcli.output.plots.typeset import named

        axes = figure.subplots()
        values = self.samples.values
        (x, dx), (y, dy) = np.where(np.abs(values) <= HIGHEST, values, np.nan)
        ends = self.view
        smaller, larger = sorted(high - low for low, high in ends)
        is_equal = larger <= STRETCHED * smaller
        axes.set(xlim=ends[0], ylim=ends[1], aspect="equal" if is_equal else "auto")
        # As they are seen, axes that aren't equal are as long as each other.
        scales = [1.0 if is_equal else larger / (high - low) for low, high in ends]
        for axis in (axes.xaxis, axes.yaxis):
            most = ticks_across(figure, axes, 8) if axis is axes.xaxis else 8
            axis.set_major_locator(MaxNLocator(nbins=most, steps=ROUND))
        for name, axis in (("x", axes.xaxis), ("y", axes.yaxis)):
            named(name, name).write(axis.label)
        for zero in (axes.axhline, axes.axvline):
            zero(0, color=faint(axes), linewidth=0.7, zorder=1.5)
        line, arrow = colours()[:2]
        axes.plot(x, y, color=line, linewidth=1.7, zorder=3)
        size = np.hypot(dx * scales[0], dy * scales[1])
        seen = [np.clip(side, *pair) for side, pair in zip((x, y), ends, strict=True)]
        along = np.append(0, np.nancumsum(np.hypot(*map(np.diff, seen))))
        picked = along.searchsorted(np.arange(ARROWS) / ARROWS * along[-1])
        picked = picked[(seen[0][picked] == x[picked]) & (seen[1][picked] == y[picked])]
        usual = np.nanmedian(size) if np.isfinite(size).any() else 0.0
        picked = picked[np.isfinite(size[picked]) & (size[picked] > STILL * usual)]
        length = min(LENGTH * larger, LOWEST * smaller) if is_equal else LENGTH * larger
        unit = length / size[picked]
        axes.quiver(
            x[picked], y[picked], dx[picked] * unit, dy[picked] * unit,
            angles="xy", scale_units="xy", scale=1, color=arrow, width=0.006, zorder=4,
            clip_on=False, in_layout=False,
        )  # fmt: skip
        axes.plot(x[:1], y[:1], "o", color=mpl.rcParams["text.color"], markersize=5, zorder=5)
        head(figure, axes, self.equation, self.latex)
        self._paint_tangents(axes)

    def _paint_tangents(self, axes: Axes) -> None:
        from diffcli.output.plots.canvas import colours
        from diffcli.output.plots.typeset import named, plain

        inks, labels = colours()[2:], []
        for line in self.others:
            axes.plot([], [], linestyle="none", label=line.name)
            labels.append(named(line.latex, line.equation))
        for place, (straight, text) in enumerate(zip(self.straights, self.remarks, strict=True)):
            ends = straight.line(axes.get_xlim(), axes.get_ylim())
            ink = inks[place % len(inks)]
            axes.plot(*ends, color=ink, linewidth=1.1, zorder=2.5, label=text)
            axes.plot([straight.x], [straight.y], "o", color=ink, markersize=5, zorder=6)
            labels.append(plain(text))
        if labels:
            legend = axes.legend(loc="upper left", bbox_to_anchor=(0, -0.16), borderaxespad=0)
            for shown, label in zip(legend.get_texts(), labels, strict=True):
                label.write(shown)

    def text(self, columns: int, rows: int, *, colour: bool) -> str:
        """Return the curve drawn in braille."""
        from diffcli.output.plots.terminal import curve_text

        legend = [self.equation, *(line.equation for line in self.others)]
        return curve_text(
            self.samples,
            self.view,
            legend,
            self.straights,
            self.remarks,
            columns,
            rows,
            colour=colour,
        )

    def columns(self) -> Iterator[tuple[str, Floats]]:
        """Yield the parameter, both coordinates and their derivatives."""
        yield self.variable, self.samples.x
        for order in range(2):
            for output in range(2):
                yield f"f{output + 1}" + "'" * order, self.samples.values[output, order]


def coordinate_ends(samples: Samples, output: int) -> Ends:
    """Return what shows a coordinate whole; within its fences where it is endless."""
    side = samples.values[output, 0]
    known = side[np.isfinite(side) & (np.abs(side) <= HIGHEST)]
    if not known.size:
        return -1.0, 1.0
    low, high = float(known.min()), float(known.max())
    bottom, top = fences(samples.x, side)
    is_far = high - low > ENDLESS * (top - bottom) > 0
    if is_far or samples.has_pole(output, 0):
        low, high = max(low, bottom), min(high, top)
    return with_margin(*widened(low, high), MARGIN)


def curve_of(function: Function, request: Request) -> tuple[PlotPlan, Curve]:
    """Sample a curve; return the plan of its picture, and the picture."""
    variable = function.variables[0] if function.variables else "t"
    evaluate = evaluator(function, 1)
    default = None if request.ranges else curve_range(function, evaluate)
    ends = request.ranges[variable] if default is None else (default.low, default.high)
    coarse = FEW if is_iterated(function) else COARSE
    samples = sample(evaluate, *ends, orders=(0,), smooth=smoothness(function), coarse=coarse)
    motions = [motion_at(function, tangent) for tangent in request.tangents]
    picture = Curve(samples, variable, *equation_of(function), motions)
    notes = said(function, samples.x.size)
    return PlotPlan(picture, chosen([default]) if default else None, notes), picture


def _compose(function: Function, request: Request) -> PlotPlan:
    return curve_of(function, request)[0]


def _suits(function: Function) -> int:
    if len(function.variables) > 1 or len(function.outputs) != 2:
        return 0
    return 2 if len(function.text) == 1 else 1


KIND = PlotKind(_suits, _compose, takes=frozenset({"tangent"}))
