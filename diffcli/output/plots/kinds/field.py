"""A function over a plane as contours with its gradient; a vector field as arrows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from diffcli.language.function import Function
from diffcli.output.plots.pictures import PlotKind
from diffcli.output.plots.plane import PlanePicture, compose

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Field(PlanePicture):
    """Contours and arrows over a plane."""

    def paint(self, figure: Figure) -> None:
        """Draw a function as filled contours, its gradient as arrows; a vector field as arrows."""
        import matplotlib as mpl

        from diffcli.output.plots.canvas import colours
        from diffcli.output.plots.plane_axes import arrows, axes_of, contours, head, mark

        plane = self.plane
        axes = axes_of(figure, plane, self.variables)
        head(figure, axes, self.equation, self.latex)
        if len(plane.values) == 2:
            arrows(figure, axes, plane, plane.values)
        else:
            contours(figure, axes, plane)
            arrows(figure, axes, plane, plane.gradients[0], ink=mpl.rcParams["text.color"])
            mark(axes, self.critical)
        for x, y in self.dots:
            axes.plot([x], [y], "o", color=colours()[1], markersize=8, zorder=6)


def _suits(function: Function) -> int:
    return 2 * (len(function.variables) == 2)


KIND = PlotKind(_suits, partial(compose, Field))
