"""Curves in the plane, drawn by matplotlib with arrows along their tangents."""

from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from diffcli.output.plots.canvas import colours, faint
from diffcli.output.plots.field import head
from diffcli.output.plots.frame import HIGHEST, with_margin
from diffcli.output.plots.ticks import ROUND
from diffcli.studies.curves.breaks import Floats
from diffcli.studies.curves.viewing import widened

if TYPE_CHECKING:
    from diffcli.output.plots.pictures import Trace

ARROWS = 12
LENGTH, LOWEST = 0.1, 0.4
"""Of an arrow, as a part of the larger side, and at most of the smaller one."""
STILL = 1e-6
"""A speed less than this part of the usual one has no direction that could be told."""
FLAT = 1e-9
"""A side less than this part of the other would be no side, to scale."""
MARGIN = 0.06


def draw(figure: Figure, plot: Trace) -> None:
    """Draw a curve into an empty figure, to scale; its start is dotted."""
    axes = figure.subplots()
    values = plot.samples.values
    (x, dx), (y, dy) = np.where(np.abs(values) <= HIGHEST, values, np.nan)
    ends = [_ends(side) for side in (x, y)]
    smaller, larger = sorted(high - low for low, high in ends)
    axes.set(xlim=ends[0], ylim=ends[1], aspect="equal" if smaller > FLAT * larger else "auto")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=8, steps=ROUND))
    for zero in (axes.axhline, axes.axvline):
        zero(0, color=faint(axes), linewidth=0.7, zorder=1.5)
    line, arrow = colours()[:2]
    axes.plot(x, y, color=line, linewidth=1.7, zorder=3)
    size = np.hypot(dx, dy)
    along = np.append(0, np.nancumsum(np.hypot(np.diff(x), np.diff(y))))
    picked = along.searchsorted(np.arange(ARROWS) / ARROWS * along[-1])
    usual = np.nanmedian(size) if np.isfinite(size).any() else 0.0
    picked = picked[np.isfinite(size[picked]) & (size[picked] > STILL * usual)]
    length = min(LENGTH * larger, LOWEST * smaller)
    unit = length / size[picked]
    axes.quiver(
        x[picked], y[picked], dx[picked] * unit, dy[picked] * unit,
        angles="xy", scale_units="xy", scale=1, color=arrow, width=0.006, zorder=4,
        clip_on=False, in_layout=False,
    )  # fmt: skip
    axes.plot(x[:1], y[:1], "o", color=mpl.rcParams["text.color"], markersize=5, zorder=5)
    head(figure, axes, plot.equation, plot.latex)


def _ends(side: Floats) -> tuple[float, float]:
    """Return what shows a coordinate whole; within its bulk where it is endless."""
    known = side[np.isfinite(side)]
    if not known.size:
        return -1.0, 1.0
    low, high = np.quantile(known, [0.02, 0.98])
    reach = 3 * (high - low)
    low, high = widened(max(known.min(), low - reach), min(known.max(), high + reach))
    return with_margin(float(low), float(high), MARGIN)
