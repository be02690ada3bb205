"""Stream lines of a vector field over a plane, or of a function's gradient."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from diffcli.language.function import Function
from diffcli.output.plots.pictures import PlotKind
from diffcli.output.plots.plane import PlanePicture, compose

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Stream(PlanePicture):
    """Stream lines over a plane."""

    def paint(self, figure: Figure) -> None:
        """Draw stream lines, those of a gradient over its function's contours."""
        import matplotlib as mpl

        from diffcli.output.plots.plane_axes import (
            PALEST,
            axes_of,
            colours_of,
            contours,
            head,
            lengths,
            mark,
        )

        plane = self.plane
        axes = axes_of(figure, plane, self.variables)
        head(figure, axes, self.equation, self.latex)
        scalar = len(plane.values) == 1
        u, v = plane.gradients[0] if scalar else plane.values
        if scalar:
            contours(figure, axes, plane)
        size = np.hypot(u, v)
        lines = axes.streamplot(
            plane.x,
            plane.y,
            u,
            v,
            color=mpl.rcParams["text.color"] if scalar else size,
            norm=None if scalar else lengths(size),
            cmap=None if scalar else colours_of(PALEST, 1.0),
            linewidth=0.9,
            arrowsize=0.9,
            density=1.3,
        )
        if not scalar:
            figure.colorbar(lines.lines, ax=axes, label="length", shrink=0.8)
        mark(axes, self.critical)


def _suits(function: Function) -> int:
    return int(len(function.variables) == 2)


KIND = PlotKind(_suits, partial(compose, Stream))
