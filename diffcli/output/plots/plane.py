"""What the kinds of plots over a plane share: the samples, and how characters draw them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from diffcli.language.function import Function
from diffcli.output.plots.labels import equation_of
from diffcli.output.plots.pictures import Ends, Picture, PlotPlan, Request, chosen
from diffcli.studies.critical.notable_points import NotablePoint
from diffcli.studies.critical.points import critical_points
from diffcli.studies.curves import plane as planes
from diffcli.studies.curves.breaks import Floats
from diffcli.studies.curves.iterated import said
from diffcli.studies.curves.line import Range

MAX_CRITICAL = 50
"""Critical points that are marked: more are a curve."""
SHADES = " ·░▒▓█"
ARROWS = "→↗↑↖←↙↓↘"
NOTHING = " "
AROUND = (14, 6)
"""Columns and lines that the box, its labels and the legend take."""
LEAST, MOST = (16, 6), (96, 40)


@dataclass(frozen=True)
class PlanePicture(Picture):
    """A function or a vector field over a plane; each kind paints it in its own way.

    ``critical`` are marked by their kinds, ``dots`` are points that were asked for.
    """

    plane: planes.Plane
    variables: tuple[str, str]
    equation: str
    latex: str | None
    critical: Sequence[NotablePoint] = ()
    dots: Sequence[Ends] = ()

    def text(self, columns: int, rows: int, *, colour: bool) -> str:  # noqa: ARG002  (shades)
        """Return a function as shades, the denser the higher; a vector field as arrows."""
        return self.boxed(*self.characters(columns, rows))

    def characters(self, columns: int, rows: int) -> tuple[np.ndarray, list[str]]:
        """Return the characters (rows, columns) of a picture that fits, and its legend."""
        from diffcli.output.plots.scales import levels_of

        plane = self.plane
        width, height = (
            min(max(given - around, least), most)
            for given, around, least, most in zip((columns, rows), AROUND, LEAST, MOST, strict=True)
        )
        across = np.linspace(0, len(plane.x) - 1, width).round().astype(int)
        up = np.linspace(len(plane.y) - 1, 0, height).round().astype(int)
        picked = plane.values[:, up[:, None], across]
        if len(picked) == 2:
            return _arrows(*picked), []
        levels = np.quantile(levels_of(picked), np.linspace(0, 1, len(SHADES) + 1)[1:-1])
        cells = np.array([*SHADES, NOTHING])[
            np.where(np.isfinite(picked[0]), levels.searchsorted(picked[0]), len(SHADES))
        ]
        scale = [f"{shade} {level:.3g}" for shade, level in zip(SHADES, levels, strict=False)]
        return cells, [f"  {' '.join(scale)} {SHADES[-1]}"]

    def boxed(self, cells: np.ndarray, legend: Sequence[str]) -> str:
        """Return characters in a box with the ends of both axes, the legend below."""
        height, width = cells.shape
        (left, right), (low, high) = self.plane.x[[0, -1]], self.plane.y[[0, -1]]
        ends = {0: f" {high:.3g}", height - 1: f" {low:.3g}"}
        body = [f"│{''.join(row)}│{ends.get(index, '')}" for index, row in enumerate(cells)]
        first, last = f"{left:.3g}", f"{right:.3g}"
        return "\n".join(
            [
                f"┌{'─' * width}┐",
                *body,
                f"└{'─' * width}┘",
                f" {first}{last.rjust(width - len(first))}",
                *legend,
                f"  {self.equation}",
            ]
        )

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


def _arrows(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    turn = np.nan_to_num(np.arctan2(v, u) / (np.pi / 4)).round().astype(int) % len(ARROWS)
    moving = np.isfinite(u) & np.isfinite(v) & ((u != 0) | (v != 0))
    cells = np.where(moving, np.array([*ARROWS])[turn], "·")
    cells[:, 1::2] = NOTHING
    return cells


def compose(make: Callable[..., PlanePicture], function: Function, request: Request) -> PlotPlan:
    """Sample a Function over a plane, and lay out the picture that ``make`` returns."""
    evaluate = planes.evaluator(function)
    defaults = planes.default_ranges(function, evaluate) if len(request.ranges) < 2 else []
    named = dict(zip(function.variables, defaults, strict=False))
    ends = [
        request.ranges.get(name) or (named[name].low, named[name].high)
        for name in function.variables
    ]
    plane = planes.sample_plane(evaluate, ends, planes.grid_size(function))
    critical = critical_points(function, tuple(ends)).points if function.is_scalar else ()
    first, second = function.variables
    picture = make(
        plane,
        (first, second),
        *equation_of(function),
        critical if len(critical) <= MAX_CRITICAL else (),
    )
    told = [
        Range(r.low, r.high, f"{n}={r.text}") for n, r in named.items() if n not in request.ranges
    ]
    return PlotPlan(picture, chosen(told), said(function, plane.x.size * plane.y.size))
