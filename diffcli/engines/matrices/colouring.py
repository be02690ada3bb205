"""Few products with vectors for a sparse matrix: columns that share no row are taken together.

A product with the sum of such columns' unit vectors has all their entries, each in a row of its
own (Curtis, Powell and Reid, "On the estimation of sparse Jacobian matrices", J. Inst. Maths.
Applics. 13 (1974)). Rows that are dense would set every column apart, so each of them is taken
alone, by a product from its other side; in a symmetric matrix that is the product with its own
column (Coleman and Moré, "Estimation of sparse Hessian matrices and graph coloring problems",
Math. Programming 28 (1984)).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Colouring:
    """Which products give a matrix of so many rows: those taken alone, and each column's colour.

    A column without an entry in the other rows has colour −1: no product is needed for it.
    """

    rows: int
    alone: Places
    colours: Places

    @property
    def count(self) -> int:
        """The number of colours."""
        return int(self.colours.max(initial=-1)) + 1

    @property
    def products(self) -> int:
        """The number of products."""
        return len(self.alone) + self.count


def coloured(pattern: csr_array, *, alone: bool = True, symmetric: bool = False) -> Colouring:
    """Colour the columns of a pattern; linear in its entries, and greedy.

    ``alone`` allows rows taken alone; of a symmetric matrix their columns need no colour.
    """
    counts = np.diff(pattern.indptr)
    dense = _dense(counts) if alone else np.zeros(0, dtype=np.int64)
    rest = np.ones(len(counts), dtype=bool)
    rest[dense] = False
    rows = np.repeat(np.arange(len(counts)), counts)
    kept = rest[rows]
    if symmetric:
        kept &= rest[pattern.indices]
    left = csr_array(
        (np.ones(int(kept.sum()), dtype=bool), (rows[kept], pattern.indices[kept])), pattern.shape
    )
    result = Colouring(len(counts), dense, _greedy(left))
    every = np.flatnonzero(counts).astype(np.int64)
    if alone and len(every) < result.products:
        # What is greedy may take more colours than there are rows.
        return Colouring(len(counts), every, np.full_like(result.colours, -1))
    return result


def _dense(counts: NDArray[np.int32]) -> Places:
    """Return the rows to be taken alone: k with k + (the fullest of the others) least."""
    order = np.argsort(-counts, kind="stable")
    needed = np.arange(len(counts) + 1) + np.append(counts[order], 0)
    return np.sort(order[: int(np.argmin(needed))]).astype(np.int64)


def _greedy(pattern: csr_array) -> Places:
    """Give each column, the fullest first, the first colour that no row of it has seen."""
    by_column = pattern.tocsc()
    starts, rows = by_column.indptr.tolist(), by_column.indices.tolist()
    seen = [0] * pattern.shape[0]
    colours = np.full(pattern.shape[1], -1, dtype=np.int64)
    for column in np.argsort(-np.diff(by_column.indptr), kind="stable").tolist():
        own = rows[starts[column] : starts[column + 1]]
        if not own:
            break
        taken = 0
        for row in own:
            taken |= seen[row]
        free = ~taken & (taken + 1)
        for row in own:
            seen[row] |= free
        colours[column] = free.bit_length() - 1
    return colours
