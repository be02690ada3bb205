"""Equations as curves and conditions as regions, proved cell by cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from diffcli.language.equations import Residuals
from diffcli.language.function import Function
from diffcli.output.plots.pictures import Picture, PlotKind, PlotPlan, Request, chosen
from diffcli.studies.curves.breaks import Floats
from diffcli.studies.curves.line import Range
from diffcli.studies.relations.notable import notable_points
from diffcli.studies.relations.ranges import default_ranges
from diffcli.studies.relations.reading import POSITIVE, has_variable_power, relations_of
from diffcli.studies.relations.scene import Scene, curves_of, scene_over
from diffcli.studies.relations.tangents import tangent_at

if TYPE_CHECKING:
    from matplotlib.figure import Figure

AXES = ("x", "y")
"""The variables of the plane in which a relation of one variable is drawn."""

MOST_LISTED = 6
"""Missing points of curves that a note lists."""


@dataclass(frozen=True)
class RelationPicture(Picture):
    """Curves and regions in a plane."""

    scene: Scene
    notes: Sequence[str] = ()

    def paint(self, figure: Figure) -> None:
        """Draw the curves and the regions to scale; undecided cells in a colour of their own."""
        from diffcli.output.plots.relation_axes import draw

        draw(figure, self.scene, self.notes)

    def text(self, columns: int, rows: int, *, colour: bool) -> str:
        """Return the curves and the regions drawn in braille."""
        from diffcli.output.plots.terminal import relations_text

        return relations_text(self.scene, self.notes, columns, rows, colour=colour)

    def columns(self) -> Iterator[tuple[str, Floats]]:
        """Yield the numbers of the relation and of its branch, and the branches' points."""
        points, numbers = [np.empty((0, 2))], [np.empty((0, 2), np.int64)]
        for number, shown in enumerate(self.scene.shown, start=1):
            branches = [line for edge in shown.edges for line in edge.branches.lines]
            branches += [dot[None] for edge in shown.edges for dot in edge.branches.dots]
            points += branches
            numbers += [
                np.broadcast_to([number, branch], line.shape)
                for branch, line in enumerate(branches, start=1)
            ]
        relation, branch = np.concatenate(numbers).T
        x, y = np.concatenate(points).T
        names = ("relation", "branch", *self.scene.names)
        yield from zip(names, (relation, branch, x, y), strict=True)


def _compose(function: Function, request: Request) -> PlotPlan:
    relations = relations_of(function) or []
    names = _names(function, request)
    curves = [curve for relation in relations for curve in curves_of(relation, names)]
    told: list[Range] = []
    ends = dict(request.ranges)
    if len(ends) < len(names):
        has_regions = any(relation.condition is not None for relation in relations)
        usual = default_ranges(function, curves, names, edges=has_regions)
        for name, range_ in zip(names, usual, strict=True):
            if name not in ends:
                ends[name] = range_.low, range_.high
                told.append(Range(range_.low, range_.high, f"{name}={range_.text}"))
    scene = scene_over(relations, names, (ends[names[0]], ends[names[1]]))
    notes = notes_of(function, scene)
    if request.notable:
        parts = [
            part
            for relation in relations
            if relation.residual
            for part in curves_of(relation, names)[0]
        ]
        search = notable_points(parts, scene.grid, request.notable)
        scene = replace(scene, notable=search.found)
        if search.undecided:
            notes += (f"undecided whether there are more points to mark: {search.undecided}",)
    tangents = [tangent_at(relations, names, at) for at in request.touching]
    scene = replace(scene, tangents=tuple(tangents))
    return PlotPlan(RelationPicture(scene, notes), chosen(told), notes)


def _names(function: Function, request: Request) -> tuple[str, str]:
    """Return the variables across and up: x and y beside one that stands alone."""
    names = [*function.variables, *(n for n in request.ranges if n not in function.variables)]
    names += [name for name in AXES if name not in names]
    if len(function.variables) == 1 and names[0] == AXES[1]:
        return AXES
    return names[0], names[1]


def notes_of(function: Function, scene: Scene) -> tuple[str, ...]:
    """Return what is said of curves and regions: what is undecided, and where they are read."""
    notes = []
    if scene.undecided:
        rows, columns = scene.grid.shape
        why = ": the limit of work is reached; a smaller range shows more" * scene.is_limited
        notes.append(f"{scene.undecided:,} of {rows * columns:,} cells are undecided{why}")
    # Of a region, cells at a domain's edge may be neither inside nor undecided.
    is_empty = not any(
        shown.inside is not None or shown.crossed.any() or shown.undecided.any()
        for shown in scene.shown
    )
    if is_empty and not any(has_variable_power(output) for output in function.outputs):
        notes.append("proved: no point lies in this range")
    holes = [hole for shown in scene.shown for edge in shown.edges for hole in edge.branches.holes]
    if holes:
        listed = ", ".join(f"({x:.6g}, {y:.6g})" for x, y in holes[:MOST_LISTED])
        more = f" and {len(holes) - MOST_LISTED} more" if len(holes) > MOST_LISTED else ""
        notes.append(f"no point of the curve at {listed}{more}, where the equation isn't defined")
    if any(has_variable_power(output) for output in function.outputs):
        notes.append(POSITIVE)
    return tuple(notes)


def _suits(function: Function) -> int:
    if len(function.variables) > 2 or relations_of(function) is None:
        return 0
    # A condition on one variable is a line at 0 and 1.
    return 3 if len(function.variables) == 2 or isinstance(function, Residuals) else 1


KIND = PlotKind(_suits, _compose, takes_curves=True)
