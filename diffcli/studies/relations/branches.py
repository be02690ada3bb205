"""The lines of a curve: points on the edges of the cells that it crosses, joined cell by cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

import numpy as np

from diffcli.engines.boxes.arithmetic import Array, Interval, Mask
from diffcli.studies.relations.bounding import ComponentBounds
from diffcli.studies.relations.cells import Cells, State
from diffcli.studies.relations.components import Component
from diffcli.studies.relations.exact_points import hole_in
from diffcli.studies.relations.grid import Grid, Index, clusters

STEPS = 40
"""Steps of the search for a point on an edge, at most."""
MOST_OF_A_POINT = 4
"""Touching cells in which one point may lie."""
MOST_HOLES, MOST_OF_A_HOLE = 50, 16
"""Clusters of cells in which a missing point is looked for, and their cells at most."""
CLOSE = 2.0**-50
"""A step that ends the search, as a part of the edge."""


@dataclass(frozen=True)
class Branches:
    """A curve's lines, each (points, 2); points (n, 2) of it that lie on none; and rows of cells.

    In the ``cells`` (n, 2) the curve is known to be, but not how it runs: next to a domain's edge.
    At ``holes`` (n, 2) a line is missing one point, where the equation has no value.
    """

    lines: tuple[Array, ...]
    dots: Array
    cells: Array
    holes: Array = field(default_factory=lambda: np.empty((0, 2)))


def trace(component: Component, grid: Grid, cells: Cells, within: Mask | None = None) -> Branches:
    """Return the lines of a component through the cells that it is proved to cross.

    ``within`` are the cells (rows, columns) in which it is drawn, all by default.
    """
    rows, columns = cells.of(State.CROSSED)
    if within is not None:
        wanted = within[rows, columns]
        rows, columns = rows[wanted], columns[wanted]
    bounds = ComponentBounds(component)
    edges = _Edges(bounds, grid, rows, columns)
    segments, owners = _segments(bounds, grid, (rows, columns), edges)
    has_line = np.zeros(grid.shape, bool)
    has_line[rows[owners], columns[owners]] = True
    lone = ~_widened(has_line)[rows, columns]
    dots, strips = _lone(grid, rows[lone], columns[lone], cells)
    lines, holes = _chained(segments, edges.points), _holes(bounds, grid, rows, columns)
    return Branches(tuple(_parted(lines, holes)), dots, strips, holes)


def _holes(bounds: ComponentBounds, grid: Grid, rows: Index, columns: Index) -> Array:
    """Return the exact points (n, 2) of a line at which the equation has no value."""
    if not bounds.component.divisors or not rows.size:
        return _as_points([])
    broken = ~bounds.look(grid.cells(rows, columns)).continuous
    rows, columns = rows[broken], columns[broken]
    groups = (group for group in clusters(rows, columns) if len(group) <= MOST_OF_A_HOLE)
    points = []
    for members in islice(groups, MOST_HOLES):
        low, high = grid.cells(rows[members], columns[members])
        hull = Interval(low.min(axis=1, keepdims=True), high.max(axis=1, keepdims=True))
        if (hole := hole_in(bounds.component, hull)) is not None:
            points.append(hole.floats)
    return _as_points(points)


def _parted(lines: Sequence[Array], holes: Array) -> Iterator[Array]:
    """Yield lines, parted at the holes that lie on them."""
    for line in lines:
        steps = np.diff(line, axis=0)
        lengths = np.maximum((steps**2).sum(axis=1), np.finfo(float).tiny)
        cuts = []
        for hole in holes:
            along = ((hole - line[:-1]) * steps).sum(axis=1) / lengths
            off = hole - (line[:-1] + np.clip(along, 0, 1)[:, None] * steps)
            nearest = int((off**2).sum(axis=1).argmin())
            if (off[nearest] ** 2).sum() <= lengths[nearest]:
                cuts.append(nearest + 1)
        parts = np.split(line, sorted(cuts))
        is_closed = len(line) > 2 and bool((line[0] == line[-1]).all())
        if cuts and is_closed:
            parts = [*parts[1:-1], np.concatenate([parts[-1], parts[0][1:]])]
        yield from (part for part in parts if len(part) > 1)


def _lone(grid: Grid, rows: Index, columns: Index, cells: Cells) -> tuple[Array, Array]:
    """Return the points of cells without a line, and the middles of cells that stand in rows.

    A point is an exact one, else the middle of its cell.
    """
    dots, strips = list[tuple[float, float]](), list[tuple[float, float]]()
    for members in clusters(rows, columns):
        middles = list(zip(*_middles(grid, rows[members], columns[members]).tolist(), strict=True))
        if len(members) > MOST_OF_A_POINT:
            strips += middles
            continue
        low, high = grid.cells(rows[members], columns[members])
        exact = [
            (x, y)
            for x, y in (point.floats for point in cells.points)
            if ((low[0] <= x) & (x <= high[0]) & (low[1] <= y) & (y <= high[1])).any()
        ]
        dots += exact or middles
    return _as_points(dots), _as_points(strips)


def _as_points(pairs: Sequence[tuple[float, float]]) -> Array:
    return np.array(pairs, np.float64).reshape(-1, 2)


class _Edges:
    """The edges of cells at whose ends a factor's signs differ, and its zero on each.

    An edge's number is that of its lower left corner, those of upright edges after all others.
    """

    def __init__(self, bounds: ComponentBounds, grid: Grid, rows: Index, columns: Index) -> None:
        wide = grid.x.size
        corner = rows * wide + columns
        self._upright = wide * grid.y.size
        corners = np.array([corner, corner + 1, corner + wide + 1, corner + wide])
        known = np.unique(corners)
        points = np.array([grid.x[known % wide], grid.y[known // wide]])
        signs = np.where(bounds.values(points) >= 0, 1, -1)
        self.signs = signs[np.searchsorted(known, corners)]
        """The signs at the corners (4, cells): around the cell, from the lower left one."""
        self.around = np.array(
            [corner, corner + 1 + self._upright, corner + wide, corner + self._upright]
        )
        """The numbers of the edges (4, cells): below, right, above, left."""
        changed = self.signs != np.roll(self.signs, -1, axis=0)
        self.numbers = np.unique(self.around[changed])
        first = self.numbers % self._upright
        last = first + np.where(self.numbers < self._upright, 1, wide)
        ends = np.array(
            [[grid.x[corner % wide], grid.y[corner // wide]] for corner in (first, last)]
        )
        self.points, proved = _zeros(bounds, *ends)
        self.changed = changed & np.isin(self.around, self.numbers[proved])

    def places_of(self, numbers: Index) -> Index:
        """Return where the points of edges stand; anything for an edge that has none."""
        return np.minimum(np.searchsorted(self.numbers, numbers), max(self.numbers.size - 1, 0))


def _zeros(bounds: ComponentBounds, first: Array, last: Array) -> tuple[Array, Mask]:
    """Return a factor's zeros between points (2, n) of different signs, and which are proved.

    By the Illinois method (Dowell and Jarratt, "A modified regula falsi method for computing the
    root of an equation", BIT 11, 1971). A factor that is continuous has a zero between two signs.
    """
    low, high = np.zeros(first.shape[1]), np.ones(first.shape[1])
    below, above = bounds.values(first), bounds.values(last)
    position, side = np.where(above == 0, 1.0, 0.0), np.zeros(low.size)
    left = np.nonzero((below != 0) & (above != 0))[0]
    for _ in range(STEPS):
        with np.errstate(all="ignore"):
            share = (low * above - high * below)[left] / (above - below)[left]
        inside = (share > low[left]) & (share < high[left])
        share = np.where(inside, share, (low[left] + high[left]) / 2)
        moved = np.abs(share - position[left])
        position[left] = share
        value = bounds.values(first[:, left] + (last - first)[:, left] * share)
        is_low = (value >= 0) == (below[left] >= 0)
        ups, downs = left[is_low], left[~is_low]
        low[ups], below[ups] = share[is_low], value[is_low]
        high[downs], above[downs] = share[~is_low], value[~is_low]
        # An end that stays twice is given half its weight.
        above[ups] *= np.where(side[ups] > 0, 0.5, 1.0)
        below[downs] *= np.where(side[downs] < 0, 0.5, 1.0)
        side[ups], side[downs] = 1, -1
        left = left[(moved > CLOSE) & (value != 0)]
        if not left.size:
            break
    whole = Interval(np.minimum(first, last), np.maximum(first, last))
    return first + (last - first) * position, bounds.look(whole).continuous


def _segments(
    bounds: ComponentBounds, grid: Grid, cells: tuple[Index, Index], edges: _Edges
) -> tuple[Index, Index]:
    """Return pairs (n, 2) of edges' points that are joined, and the cell of each pair."""
    points = edges.places_of(edges.around)
    counts = edges.changed.sum(axis=0)
    two, four = (np.nonzero(counts == count)[0] for count in (2, 4))
    order = np.argsort(~edges.changed[:, two], axis=0, kind="stable")[:2]
    # The middle is joined to the lower left corner and its opposite, or to the two others.
    middles = _middles(grid, cells[0][four], cells[1][four])
    joined = (bounds.values(middles) >= 0) == (edges.signs[0, four] > 0)
    below, right, above, left = points[:, four]
    pairs = [
        points[order, two],
        np.array([below, np.where(joined, right, left)]),
        np.array([above, np.where(joined, left, right)]),
    ]
    return np.concatenate(pairs, axis=1).T, np.concatenate([two, four, four])


def _chained(segments: Index, points: Array) -> list[Array]:
    """Return lines (n, 2) of segments that share their ends; an end has at most two segments."""
    near: dict[int, list[int]] = {}
    for first, last in segments.tolist():
        near.setdefault(first, []).append(last)
        near.setdefault(last, []).append(first)
    lines = []
    # The ends of open lines come first; what is left is closed.
    for start in sorted(near, key=lambda end: len(near[end])):
        while near[start]:
            line = [start]
            while near[line[-1]]:
                here = line[-1]
                there = near[here].pop()
                near[there].remove(here)
                line.append(there)
            lines.append(points[:, line].T)
    return lines


def _middles(grid: Grid, rows: Index, columns: Index) -> Array:
    """Return the middles (2, n) of cells."""
    low, high = grid.cells(rows, columns)
    return np.asarray((low + high) / 2)


def _widened(mask: Mask) -> Mask:
    """Return a mask and all its neighbours."""
    padded = np.pad(mask, 1)
    height, width = mask.shape
    widened = np.zeros_like(mask)
    for i in range(3):
        for j in range(3):
            widened |= padded[i : i + height, j : j + width]
    return widened
