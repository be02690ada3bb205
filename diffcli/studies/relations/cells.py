"""Which cells a curve meets, proved: by intervals from blocks of cells down to parts of a cell.

A cell is empty where bounds exclude 0 on all of it. It is crossed where the factor is continuous
on a part of it and has both signs at that part's corners, or is 0 at an exact point.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from diffcli.engines.boxes.arithmetic import Interval, Mask
from diffcli.studies.relations.bounding import MOST_ENCLOSED, ComponentBounds, Signs, picked
from diffcli.studies.relations.components import Component
from diffcli.studies.relations.exact_points import ExactPoint, exact_points
from diffcli.studies.relations.grid import Grid, Index, clusters

DEPTH = 7
"""How often a cell is cut in four before it is left undecided."""
MOST_PARTS = 50_000
"""Parts of cells that are looked at in one round: more are left undecided."""
MOST_OPEN = 20_000
"""Undecided cells, at most, in which exact points are looked for."""
MOST_CLUSTERS, MOST_OF_A_POINT = 200, 16
"""Clusters of undecided cells in which an exact point is looked for, and their cells at most."""


class State(IntEnum):
    """The proved state of a cell."""

    EMPTY = 0
    CROSSED = 1
    UNDECIDED = 2


States = NDArray[np.int8]


@dataclass(frozen=True)
class Cells:
    """The states of a grid's cells (rows, columns), and the exact points in those left over.

    ``is_limited`` where a limit of work left cells undecided.
    """

    states: States
    points: tuple[ExactPoint, ...] = ()
    is_limited: bool = False

    def of(self, state: State) -> tuple[Index, Index]:
        """Return the rows and the columns of the cells of a state."""
        rows, columns = np.nonzero(self.states == state)
        return rows, columns


@dataclass(frozen=True)
class _Parts:
    """Boxes (2, n), and the cell of which each is a part."""

    boxes: Interval
    owner: Index

    def kept(self, which: Mask) -> _Parts:
        return _Parts(picked(self.boxes, which), self.owner[which])

    def quartered(self) -> _Parts:
        low, high = self.boxes
        middle = low + (high - low) / 2
        ends = [(low, middle), (middle, high)]
        quarters = [(x, y) for x in ends for y in ends]
        lows = [np.array([x[0][0], y[0][1]]) for x, y in quarters]
        highs = [np.array([x[1][0], y[1][1]]) for x, y in quarters]
        boxes = Interval(np.concatenate(lows, axis=1), np.concatenate(highs, axis=1))
        return _Parts(boxes, np.tile(self.owner, len(quarters)))


def decide(component: Component, grid: Grid) -> Cells:
    """Return the states of a grid's cells for one component."""
    bounds = ComponentBounds(component, MOST_ENCLOSED)
    rows, columns = _candidates(bounds, grid)
    states = np.zeros(grid.shape, np.int8)
    crossed, left = _settled(bounds, _Parts(grid.cells(rows, columns), np.arange(rows.size)))
    states[rows[crossed], columns[crossed]] = State.CROSSED
    open_ = np.unique(left.owner)
    states[rows[open_], columns[open_]] = State.UNDECIDED
    points = []
    for box in _hulls(rows, columns, left):
        for point in exact_points([component.factor], component, box):
            states[grid.holding(*point.floats)] = State.CROSSED
            points.append(point)
    return Cells(states, tuple(points), bounds.is_spent and bool(open_.size))


def _candidates(bounds: ComponentBounds, grid: Grid) -> tuple[Index, Index]:
    """Return the rows and the columns of the cells in which no block was proved empty."""
    blocks = grid.blocks()
    while True:
        blocks = blocks.kept(~bounds.look(blocks.boxes).empty)
        if blocks.size == 1:
            return blocks.rows, blocks.columns
        blocks = blocks.quartered()


def _settled(bounds: ComponentBounds, parts: _Parts) -> tuple[Index, _Parts]:
    """Return the cells that are crossed, and the parts that are left of undecided ones."""
    crossed = np.zeros(parts.owner.size, bool)
    for depth in range(DEPTH + 1):
        look = bounds.look(parts.boxes)
        signs = _corner_signs(bounds, parts.boxes, look.continuous & ~look.empty)
        both = (signs.max(axis=0) > 0) & (signs.min(axis=0) < 0)
        crossed[parts.owner[both]] = True
        parts = parts.kept(~look.empty & ~crossed[parts.owner])
        if not parts.owner.size or depth == DEPTH or 4 * parts.owner.size > MOST_PARTS:
            break
        parts = parts.quartered()
    return np.nonzero(crossed)[0], parts


def _corner_signs(bounds: ComponentBounds, boxes: Interval, wanted: Mask) -> Signs:
    """Return the signs at the corners (4, boxes) of some boxes; 0 at those of the others."""
    found = np.zeros((4, wanted.size), np.int8)
    chosen = picked(boxes, wanted)
    points = np.concatenate([np.array([x[0], y[1]]) for x in chosen for y in chosen], axis=1)
    # Neighbours share their corners.
    unique, inverse = np.unique(points[0] + 1j * points[1], return_inverse=True)
    signs = bounds.signs(np.array([unique.real, unique.imag]))
    found[:, wanted] = signs[inverse].reshape(4, -1)
    return found


def _hulls(rows: Index, columns: Index, left: _Parts) -> Iterator[Interval]:
    """Yield the hull (2, 1) of what is left of each cluster of touching cells."""
    open_ = np.unique(left.owner)
    if open_.size > MOST_OPEN:
        return
    small = (
        cluster
        for cluster in clusters(rows[open_], columns[open_])
        if len(cluster) <= MOST_OF_A_POINT
    )
    for members in islice(small, MOST_CLUSTERS):
        boxes = left.kept(np.isin(left.owner, open_[members])).boxes
        yield Interval(boxes.lo.min(axis=1, keepdims=True), boxes.hi.max(axis=1, keepdims=True))
