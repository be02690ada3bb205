"""Relations over a part of the plane, as they are drawn: lines, points, regions, open cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from diffcli.engines.boxes.arithmetic import Mask
from diffcli.studies.relations.branches import Branches, trace
from diffcli.studies.relations.cells import Cells, State, decide
from diffcli.studies.relations.components import Component, components
from diffcli.studies.relations.grid import Grid, grid_over
from diffcli.studies.relations.notable import Notable
from diffcli.studies.relations.reading import Condition, Relation, comparisons_in
from diffcli.studies.relations.regions import signs_of, truth_of
from diffcli.studies.relations.tangents import Tangent

MOST_CELLS = 800
"""Cells along the longer side of the plane."""


@dataclass(frozen=True)
class Edge:
    """Lines of a curve, or of an edge of a region; a strict edge is no part of it."""

    branches: Branches
    is_strict: bool = False


@dataclass(frozen=True)
class Shown:
    """A relation as it is drawn: its lines, the cells inside a region, and the undecided cells.

    ``is_limited`` where a limit of work left them undecided.
    """

    relation: Relation
    edges: tuple[Edge, ...]
    undecided: Mask
    crossed: Mask
    inside: Mask | None = None
    is_limited: bool = False


@dataclass(frozen=True)
class Scene:
    """Relations over the cells of a grid; ``names`` are the variables across and up."""

    grid: Grid
    names: tuple[str, str]
    shown: tuple[Shown, ...]
    notable: tuple[Notable, ...] = ()
    tangents: tuple[Tangent, ...] = ()

    @property
    def undecided(self) -> int:
        """How many cells are undecided."""
        return int(np.logical_or.reduce([relation.undecided for relation in self.shown]).sum())

    @property
    def is_limited(self) -> bool:
        """Whether a limit of work left some of them undecided."""
        return any(relation.is_limited for relation in self.shown)


def curves_of(relation: Relation, names: tuple[str, str]) -> list[list[Component]]:
    """Return a relation's curves by their components: of a region, those of its comparisons."""
    if relation.condition is None:
        return [components(relation.residual, names)] if relation.residual is not None else []
    return [
        components(comparison.residual, names) for comparison in comparisons_in(relation.condition)
    ]


def scene_over(
    relations: Sequence[Relation],
    names: tuple[str, str],
    ranges: tuple[tuple[float, float], tuple[float, float]],
    most: int = MOST_CELLS,
) -> Scene:
    """Return relations over the ranges of both variables, decided cell by cell."""
    grid = grid_over(ranges, most)
    return Scene(grid, names, tuple(_shown(relation, names, grid) for relation in relations))


def _shown(relation: Relation, names: tuple[str, str], grid: Grid) -> Shown:
    if relation.condition is not None:
        return _region(relation, relation.condition, names, grid)
    (parts,) = curves_of(relation, names)
    decided = [decide(part, grid) for part in parts]
    crossed, undecided = _together(decided, grid)
    edges = (Edge(trace(part, grid, cells)) for part, cells in zip(parts, decided, strict=True))
    is_limited = any(cells.is_limited for cells in decided)
    return Shown(relation, tuple(edges), undecided & ~crossed, crossed, None, is_limited)


def _together(decided: Sequence[Cells], grid: Grid) -> tuple[Mask, Mask]:
    """Return which cells some component crosses, and of which some is undecided."""
    crossed, undecided = np.zeros(grid.shape, bool), np.zeros(grid.shape, bool)
    for cells in decided:
        crossed |= cells.states == State.CROSSED
        undecided |= cells.states == State.UNDECIDED
    return crossed, undecided


def _region(relation: Relation, condition: Condition, names: tuple[str, str], grid: Grid) -> Shown:
    """Return a region: the cells inside, and its edge, which lies in the cells that are mixed."""
    comparisons = comparisons_in(condition)
    parts = dict(zip(comparisons, curves_of(relation, names), strict=True))
    decided = {
        comparison: [decide(part, grid) for part in parts[comparison]] for comparison in comparisons
    }
    truth = truth_of(
        condition,
        {
            comparison: signs_of(comparison, parts[comparison], grid, names)
            for comparison in comparisons
        },
    )
    mixed = truth == 0
    crossed, undecided = np.zeros(grid.shape, bool), np.zeros(grid.shape, bool)
    edges = []
    for comparison in comparisons:
        own, open_ = _together(decided[comparison], grid)
        crossed |= own
        undecided |= open_
        edges += [
            Edge(trace(part, grid, cells, mixed), comparison.is_strict)
            for part, cells in zip(parts[comparison], decided[comparison], strict=True)
        ]
    return Shown(
        relation,
        tuple(edges),
        undecided & mixed & ~crossed,
        crossed & mixed,
        truth > 0,
        any(cells.is_limited for parts_of in decided.values() for cells in parts_of),
    )
