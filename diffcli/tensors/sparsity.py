"""Which entries of a Jacobian or a Hessian may differ from zero, read off the formula.

Every component of every term is followed to the components of the variables that it depends on:
a boolean matrix a term, a row a component. Second derivatives are where a term that isn't linear
brings two variables together (Walther, "Computing sparse Hessians with automatic differentiation",
ACM Transactions on Mathematical Software 34 (2008)). Nothing is cancelled: ``x - x`` depends on x.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from itertools import combinations
from math import prod
from operator import add
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diffcli.errors import LimitError
from diffcli.language.expression import VARIABLE, Node
from diffcli.language.function import Function
from diffcli.language.functions import TABLE
from diffcli.language.tensors import TENSORS
from diffcli.tensors.rules import Pairs, Patterns, Positions, Shape, Shapes, rule_of

if TYPE_CHECKING:
    from scipy.sparse import csr_array

MAX_ENTRIES = 20_000_000
"""Entries of one pattern; a matrix with more is no sparse one."""


class Dependence:
    """What every term of a function depends on.

    ``shapes`` are those of its nodes, ``variables`` those of its variables, in order. ``columns``
    are the components of the variables that are looked at, by their positions among all; all of
    them unless said. Raises LimitError where a pattern has too many entries.
    """

    def __init__(
        self,
        function: Function,
        shapes: Shapes,
        variables: Mapping[str, Shape],
        columns: Positions | None = None,
    ) -> None:
        self._function, self.shapes = function, shapes
        sizes = [prod(shape) for shape in variables.values()]
        self._starts = dict(zip(variables, np.cumsum([0, *sizes]).tolist(), strict=False))
        self.width = sum(sizes)
        rows = np.arange(self.width) if columns is None else np.asarray(columns, dtype=np.int64)
        self._whole = incidence(rows, np.arange(len(rows)), (self.width, len(rows)))
        self.of: dict[Node, csr_array] = {}
        for node in function.nodes:
            self.of[node] = self._pattern(node)

    def rows(self, term: Node, column: int) -> NDArray[np.bool_]:
        """Return which components of a term depend on one of the columns."""
        pattern = self.of[term]
        inside = np.zeros(prod(self.shapes[term]), dtype=bool)
        entries = np.flatnonzero(pattern.indices == column)
        inside[np.searchsorted(pattern.indptr, entries, side="right") - 1] = True
        return inside

    def _pattern(self, node: Node) -> csr_array:
        if node.op == VARIABLE:
            start = self._starts[str(node.value)]
            return self._whole[start : start + prod(self.shapes[node])]
        parts = [self.of[arg] for arg in node.args]
        if node.op in _CONSTANT or not any(part.nnz for part in parts):
            return incidence([], [], (prod(self.shapes[node]), self._whole.shape[1]))
        rule = rule_of(node.op).depends if node.op in TENSORS else _elementwise
        return rule(node, self.shapes, parts)

    def jacobian(self) -> csr_array:
        """Return the pattern of the Jacobian, a row a component of the outputs."""
        return _stacked([self.of[output] for output in self._function.outputs])

    def hessian(self) -> csr_array:
        """Return the pattern of the sum of all outputs' Hessians."""
        pattern = incidence([], [], (self._whole.shape[1],) * 2)
        for node in self._live():
            parts = [self.of[arg] for arg in node.args]
            meets = _MEETINGS.get(node.op, _all_together)
            if node.op in TENSORS:
                meets = rule_of(node.op).meets
            if meets is not None and any(part.nnz for part in parts):
                for left, right in meets(node, self.shapes, parts):
                    met = _product(left, right)
                    pattern = pattern + met + met.T
        return pattern.tocsr()

    def _live(self) -> Iterator[Node]:
        """Yield the operations that an output's derivatives go through."""
        live = set(self._function.outputs)
        for node in reversed(self._function.nodes):
            if node in live and not node.is_leaf and node.op not in _CONSTANT:
                yield node
                live.update(node.args)


# -- patterns --------------------------------------------------------------------------------


def incidence(rows: ArrayLike, columns: ArrayLike, shape: tuple[int, int]) -> csr_array:
    """Return the pattern with entries at these rows and columns."""
    from scipy.sparse import csr_array

    places = np.asarray(rows, dtype=np.int64), np.asarray(columns, dtype=np.int64)
    return csr_array((np.ones(len(places[0]), dtype=bool), places), shape)


def _stacked(patterns: Patterns) -> csr_array:
    from scipy.sparse import vstack

    return vstack(patterns, format="csr")


def taken(pattern: csr_array, rows: Positions) -> csr_array:
    """Return rows of a pattern. Raises LimitError where they have too many entries."""
    if len(rows) == pattern.shape[0] and (rows == np.arange(len(rows))).all():
        return pattern
    check_entries(int(np.diff(pattern.indptr)[rows].sum(dtype=np.int64)))
    return pattern[rows]


def check_entries(count: int) -> None:
    """Raise LimitError where a pattern would have too many entries."""
    if count > MAX_ENTRIES:
        raise LimitError(
            f"{count:,} entries may differ from zero", hint="products with vectors: jvp, vjp, hvp"
        )


def gathered(pattern: csr_array, groups: Positions, count: int) -> csr_array:
    """Return the union of the rows of each of ``count`` groups."""
    return incidence(groups, np.arange(len(groups)), (count, len(groups))) @ pattern


def united(patterns: Patterns) -> csr_array:
    """Return one row: the union of all."""
    every = _stacked(patterns)
    return gathered(every, np.zeros(every.shape[0], dtype=np.int64), 1)


def _product(left: csr_array, right: csr_array) -> csr_array:
    """Return every pair of columns that meet in a row."""
    counts = (np.diff(part.indptr).astype(np.int64) for part in (left, right))
    check_entries(int(np.prod(list(counts), axis=0).sum()))
    return left.T @ right


# -- positions of components -----------------------------------------------------------------


def positions_in(shape: Shape) -> Positions:
    """Return the position of each component in row-major order."""
    return np.arange(prod(shape)).reshape(shape)


def source_of(shape: Shape, whole: Shape) -> Positions:
    """Return for each component of a broadcast tensor where it comes from."""
    return np.broadcast_to(positions_in(shape), whole).reshape(-1)


def lines_of(shape: Shape, axis: int | None) -> Positions:
    """Return the line along an axis (None: all) that each component belongs to."""
    if axis is None or not shape:
        return np.zeros(prod(shape), dtype=np.int64)
    rest = tuple(np.delete(shape, axis).tolist())
    lines = np.expand_dims(positions_in(rest), axis % len(shape))
    return np.broadcast_to(lines, shape).reshape(-1)


# -- operations that work element by element ---------------------------------------------------


def _elementwise(node: Node, shapes: Shapes, parts: Patterns) -> csr_array:
    return reduce(add, _aligned(node, shapes, parts))


def _aligned(node: Node, shapes: Shapes, parts: Patterns) -> list[csr_array]:
    """Return the arguments' patterns, a row a component of the node."""
    whole = shapes[node]
    return [
        part if shapes[arg] == whole else taken(part, source_of(shapes[arg], whole))
        for arg, part in zip(node.args, parts, strict=True)
    ]


def _all_together(node: Node, shapes: Shapes, parts: Patterns) -> Pairs:
    union = _elementwise(node, shapes, parts)
    yield union, union


def _factors(node: Node, shapes: Shapes, parts: Patterns) -> Pairs:
    yield from combinations(_aligned(node, shapes, parts), 2)


def _quotient(node: Node, shapes: Shapes, parts: Patterns) -> Pairs:
    above, below = _aligned(node, shapes, parts)
    yield above, below
    yield below, below


_CONSTANT = frozenset({"detach", *(row.name for row in TABLE.values() if row.boolean)})
"""Operations whose derivative is zero: what they depend on doesn't count."""
_MEETINGS: Mapping[str, Callable[[Node, Shapes, Patterns], Pairs] | None] = MappingProxyType(
    {
        **dict.fromkeys(["add", "neg", "piecewise", "detach"]),
        "mul": _factors,
        "div": _quotient,
    }
)
"""Which patterns an operation brings together, None for a linear one."""
