"""A function over a plane as a surface, its contours below."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from diffcli.language.function import Function
from diffcli.output.plots.pictures import PlotKind
from diffcli.output.plots.plane import PlanePicture, compose

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FACETS = 45
"""Facets along each side."""


class Surface(PlanePicture):
    """A surface over a plane."""

    def paint(self, figure: Figure) -> None:
        """Draw a function as a surface, its contours below."""
        import matplotlib as mpl
        from matplotlib.ticker import FixedLocator, MaxNLocator

        from diffcli.output.plots.canvas import faint
        from diffcli.output.plots.plane_axes import LIGHTEST, PALEST, colours_of, head, variable
        from diffcli.output.plots.scales import levels_of
        from diffcli.output.plots.ticks import ROUND

        axes = figure.add_subplot(projection="3d")
        plane = self.plane
        (values,) = plane.values
        levels = levels_of(values)
        low, high = levels[0], levels[-1]
        shown = np.clip(values, low, high)
        x, y = np.meshgrid(plane.x, plane.y)
        colours = mpl.colormaps[mpl.rcParams["image.cmap"]]
        height = np.interp(shown, levels, np.linspace(0, LIGHTEST, levels.size))
        axes.plot_surface(
            x, y, shown, facecolors=colours(height), rcount=FACETS, ccount=FACETS, shade=False,
            linewidth=0.25, edgecolor=faint(axes),
        )  # fmt: skip
        floor = low - 0.35 * (high - low)
        axes.contour(
            x, y, shown, levels=levels, zdir="z", offset=floor, cmap=colours_of(PALEST, 1.0)
        )
        axes.zaxis.set_major_locator(
            FixedLocator([tick for tick in axes.get_zticks() if tick >= low])
        )
        axes.set(xlim=plane.x[[0, -1]], ylim=plane.y[[0, -1]], zlim=(floor, high))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(nbins=5, steps=ROUND))
        axes.view_init(elev=28, azim=-58)
        for axis, name in zip((axes.xaxis, axes.yaxis), self.variables, strict=True):
            variable(name).write(axis.label)
        head(figure, axes, self.equation, self.latex)


def _suits(function: Function) -> int:
    return int(len(function.variables) == 2 and function.is_scalar)


KIND = PlotKind(_suits, partial(compose, Surface))
