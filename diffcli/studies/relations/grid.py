"""The cells of a plane that a picture is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from diffcli.engines.boxes.arithmetic import Array, Interval, Mask

Index = NDArray[np.int64]

SHIFT = (0.3819, 0.2764)
"""How far the inner edges lie before round numbers, as a part of a cell, in x and in y.

Curves like round numbers: a line along an edge would meet the cells on both sides of it, and one
through corners would touch cells in a single point.
"""


BLOCK = 32
"""Cells along each side of the blocks that are looked at first."""


@dataclass(frozen=True)
class Grid:
    """Closed cells between the edges ``x`` (columns + 1,) and ``y`` (rows + 1,)."""

    x: Array
    y: Array

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and of columns."""
        return self.y.size - 1, self.x.size - 1

    def cells(self, rows: Index, columns: Index) -> Interval:
        """Return some cells as boxes."""
        return Blocks(self, 1, rows, columns).boxes

    def blocks(self) -> Blocks:
        """Return blocks of cells that cover the grid."""
        height, width = self.shape
        corners = np.arange(0, height, BLOCK), np.arange(0, width, BLOCK)
        rows, columns = np.meshgrid(*corners, indexing="ij")
        return Blocks(self, BLOCK, rows.ravel(), columns.ravel())

    def holding(self, x: float, y: float) -> tuple[Index, Index]:
        """Return the rows and the columns of all cells that hold a point."""
        rows = np.nonzero((self.y[:-1] <= y) & (y <= self.y[1:]))[0]
        columns = np.nonzero((self.x[:-1] <= x) & (x <= self.x[1:]))[0]
        both = np.meshgrid(rows, columns, indexing="ij")
        return both[0].ravel(), both[1].ravel()


@dataclass(frozen=True)
class Blocks:
    """Squares of ``size`` cells a side, cut off at the grid's edges, by their lower left cells."""

    grid: Grid
    size: int
    rows: Index
    columns: Index

    @property
    def boxes(self) -> Interval:
        """The blocks as boxes (2, blocks)."""
        (height, width), size = self.grid.shape, self.size
        x, y = self.grid.x, self.grid.y
        above = np.minimum(self.rows + size, height)
        right = np.minimum(self.columns + size, width)
        return Interval(np.array([x[self.columns], y[self.rows]]), np.array([x[right], y[above]]))

    def kept(self, which: Mask) -> Blocks:
        """Return some of the blocks."""
        return replace(self, rows=self.rows[which], columns=self.columns[which])

    def quartered(self) -> Blocks:
        """Return the blocks of half the size."""
        (height, width), size = self.grid.shape, self.size // 2
        rows = np.concatenate([self.rows, self.rows, self.rows + size, self.rows + size])
        columns = np.concatenate([self.columns, self.columns + size] * 2)
        return Blocks(self.grid, size, rows, columns).kept((rows < height) & (columns < width))

    def fill(self, plane: NDArray[np.int8], values: NDArray[np.int8]) -> None:
        """Write a value into all cells of each block."""
        if self.size == 1:
            plane[self.rows, self.columns] = values
            return
        for row, column, value in zip(self.rows, self.columns, values, strict=True):
            plane[row : row + self.size, column : column + self.size] = value


def grid_over(ranges: tuple[tuple[float, float], tuple[float, float]], most: int) -> Grid:
    """Return a grid over the ranges of x and y, with ``most`` cells along the longer side."""
    lengths = [high - low for low, high in ranges]
    counts = [max(MIN_COUNT, round(most * length / max(lengths))) for length in lengths]
    x, y = (
        _edges(*ends, count, shift)
        for ends, count, shift in zip(ranges, counts, SHIFT, strict=True)
    )
    return Grid(x, y)


MIN_COUNT = 64
"""Cells along the shorter side, at least."""


def _edges(low: float, high: float, count: int, shift: float) -> Array:
    steps = np.arange(count + 1) - shift
    edges = low + (high - low) / count * steps
    edges[0], edges[-1] = low, high
    return np.asarray(edges)


def clusters(rows: Index, columns: Index) -> Iterator[list[int]]:
    """Yield clusters of cells that touch, at a corner at least, each as places in the arrays."""
    left = {cell: k for k, cell in enumerate(zip(rows.tolist(), columns.tolist(), strict=True))}
    while left:
        cell, first = left.popitem()
        queue, members = [cell], [first]
        while queue:
            row, column = queue.pop()
            for near in ((row + i, column + j) for i in (-1, 0, 1) for j in (-1, 0, 1)):
                if near in left:
                    queue.append(near)
                    members.append(left.pop(near))
        yield members
