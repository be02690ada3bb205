"""What a plot shows, one class a kind: drawn by matplotlib, in the terminal, or as numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from diffcli.output.plots.frame import Frame, Line, Straight
from diffcli.studies.curves.breaks import Floats
from diffcli.studies.curves.plane import Plane
from diffcli.studies.curves.sampling import Samples

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from diffcli.studies.critical.landmarks import Landmark
    from diffcli.studies.curves.features import Spot


class Picture(ABC):
    """A plot, knowing nothing of where it goes."""

    @abstractmethod
    def paint(self, figure: Figure) -> None:
        """Draw into an empty matplotlib figure, within a style."""

    @abstractmethod
    def text(self, columns: int, rows: int, *, colour: bool) -> str:
        """Return the plot drawn with characters, to fit a terminal."""

    @abstractmethod
    def columns(self) -> Iterator[tuple[str, Floats]]:
        """Yield every column of the samples, with its heading; nan is no value."""


@dataclass(frozen=True)
class Lines(Picture):
    """Functions of one variable and their derivatives.

    ``points`` are dots on lines: the line, x and y. ``quiet`` features are marked in passing.
    """

    samples: Samples
    lines: Sequence[Line]
    frame: Frame
    straights: Sequence[Straight] = ()
    points: Sequence[tuple[Line, float, float]] = ()
    spots: Sequence[Spot] = ()
    quiet: bool = True
    fill: bool = False

    def paint(self, figure: Figure) -> None:
        """Draw the lines against their variable."""
        from diffcli.output.plots.curve import draw

        draw(figure, self)

    def text(self, columns: int, rows: int, *, colour: bool) -> str:
        """Return the lines drawn in braille."""
        from diffcli.output.plots.terminal import lines_text

        return lines_text(self, columns, rows, colour=colour)

    def columns(self) -> Iterator[tuple[str, Floats]]:
        """Yield the variable, each line, and 1 where float64 lost digits and they were proved."""
        yield self.frame.variable, self.samples.x
        for line in self.lines:
            name = line.name.removesuffix(f"({self.frame.variable})")
            yield name, self.samples.values[line.output, line.order]
        if self.samples.enclosed:
            yield "enclosed", np.isin(self.samples.x, list(self.samples.enclosed)).astype(float)


@dataclass(frozen=True)
class Trace(Picture):
    """A curve in the plane, [x(t), y(t)]; ``equation`` is what the legend says, in LaTeX too."""

    samples: Samples
    variable: str
    equation: str
    latex: str | None

    def paint(self, figure: Figure) -> None:
        """Draw the curve with its tangents."""
        from diffcli.output.plots.trace import draw

        draw(figure, self)

    def text(self, columns: int, rows: int, *, colour: bool) -> str:
        """Return the curve drawn in braille."""
        from diffcli.output.plots.terminal import trace_text

        return trace_text(self, columns, rows, colour=colour)

    def columns(self) -> Iterator[tuple[str, Floats]]:
        """Yield the parameter, both coordinates and their derivatives."""
        yield self.variable, self.samples.x
        for order in range(2):
            for output in range(2):
                yield f"f{output + 1}" + "'" * order, self.samples.values[output, order]


@dataclass(frozen=True)
class Field(Picture):
    """A function or a vector field over a plane, in one of the ways of ``field.DRAW``."""

    plane: Plane
    kind: str
    variables: tuple[str, str]
    equation: str
    latex: str | None
    critical: Sequence[Landmark] = ()

    def paint(self, figure: Figure) -> None:
        """Draw contours, arrows, stream lines or a surface."""
        from diffcli.output.plots.field import DRAW

        DRAW[self.kind](figure, self)

    def text(self, columns: int, rows: int, *, colour: bool) -> str:  # noqa: ARG002  (shades)
        """Return a function in shades, a vector field in arrows."""
        from diffcli.output.plots.shades import field_text

        return field_text(self, columns, rows)

    def columns(self) -> Iterator[tuple[str, Floats]]:
        """Yield both variables, and each output with its partials."""
        grid = np.meshgrid(self.plane.x, self.plane.y)
        for name, side in zip(self.variables, grid, strict=True):
            yield name, side.ravel()
        several = len(self.plane.values) > 1
        for output, values in enumerate(self.plane.values):
            label = f"f{output + 1}" if several else "f"
            yield label, values.ravel()
            for name, partial in zip(self.variables, self.plane.gradients[output], strict=True):
                yield f"{label}_{name}", partial.ravel()
