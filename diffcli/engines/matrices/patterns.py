"""Which entries of a Jacobian or a Hessian may differ from zero, read off the formula.

Every component of every term is followed to the components of the variables that it depends on:
a boolean matrix a term, a row a component. Second derivatives are where a term that isn't linear
brings two variables together (Walther, "Computing sparse Hessians with automatic differentiation",
ACM Transactions on Mathematical Software 34 (2008)). Nothing is cancelled: ``x - x`` depends on x.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import reduce
from itertools import combinations
from math import prod
from operator import add
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, eye_array, vstack

from diffcli.engines.shapes import Shape, axis_of, index_of
from diffcli.errors import LimitError
from diffcli.language.expression import VARIABLE, Node
from diffcli.language.function import Function
from diffcli.language.functions import TABLE
from diffcli.language.tensors import rule_for

Places = NDArray[np.int64]

MOST_ENTRIES = 20_000_000
"""Of one pattern; a matrix with more is no sparse one."""


class Dependence:
    """What every term of a function depends on.

    ``shapes`` are those of its nodes, ``variables`` those of its variables, in order. ``columns``
    are the components of the variables that are looked at, by their places among all; all of
    them unless said. Raises LimitError where a pattern has too many entries.
    """

    def __init__(
        self,
        function: Function,
        shapes: Mapping[Node, Shape],
        variables: Mapping[str, Shape],
        columns: Places | None = None,
    ) -> None:
        self._function, self.shapes = function, shapes
        sizes = [prod(shape) for shape in variables.values()]
        self._starts = dict(zip(variables, np.cumsum([0, *sizes]).tolist(), strict=False))
        self.width = sum(sizes)
        self._whole = self._identity(columns)
        self.of: dict[Node, csr_array] = {}
        for node in function.nodes:
            self.of[node] = self._pattern(node)

    def _identity(self, columns: Places | None) -> csr_array:
        if columns is None:
            return eye_array(self.width, dtype=bool, format="csr")
        rows = np.asarray(columns, dtype=np.int64)
        places = (rows, np.arange(len(rows)))
        return csr_array((np.ones(len(rows), dtype=bool), places), (self.width, len(rows)))

    def _pattern(self, node: Node) -> csr_array:
        if node.op == VARIABLE:
            start = self._starts[str(node.value)]
            return self._whole[start : start + prod(self.shapes[node])]
        parts = [self.of[arg] for arg in node.args]
        if node.op in _CONSTANT or not any(part.nnz for part in parts):
            return csr_array((prod(self.shapes[node]), self._whole.shape[1]), dtype=bool)
        return rule_for(node.op, _RULES, _elementwise)(self, node, parts)

    def jacobian(self) -> csr_array:
        """Return the pattern of the Jacobian, a row a component of the outputs."""
        return vstack([self.of[output] for output in self._function.outputs], format="csr")

    def hessian(self) -> csr_array:
        """Return the pattern of the sum of all outputs' Hessians."""
        total = csr_array((self._whole.shape[1],) * 2, dtype=bool)
        for node in self._live():
            parts = [self.of[arg] for arg in node.args]
            if node.op not in _LINEAR and any(part.nnz for part in parts):
                meetings = rule_for(node.op, _MEETINGS, _all_together)
                for left, right in meetings(self, node, parts):
                    met = _product(left, right)
                    total = total + met + met.T
        return csr_array(total)

    def _live(self) -> Iterator[Node]:
        """Yield the operations that an output's derivatives go through."""
        live = set(self._function.outputs)
        for node in reversed(self._function.nodes):
            if node in live and not node.is_leaf and node.op not in _CONSTANT:
                yield node
                live.update(node.args)


def taken(pattern: csr_array, rows: Places) -> csr_array:
    """Return rows of a pattern. Raises LimitError where they have too many entries."""
    if len(rows) == pattern.shape[0] and (rows == np.arange(len(rows))).all():
        return pattern
    _check(int(np.diff(pattern.indptr)[rows].sum(dtype=np.int64)))
    return pattern[rows]


def _check(entries: int) -> None:
    if entries > MOST_ENTRIES:
        raise LimitError(
            f"{entries:,} entries may differ from zero", hint="products with vectors: jvp, vjp, hvp"
        )


def _gathered(pattern: csr_array, groups: Places, count: int) -> csr_array:
    """Return the union of the rows of each of ``count`` groups."""
    places = (groups, np.arange(len(groups)))
    joining = csr_array((np.ones(len(groups), dtype=bool), places), (count, len(groups)))
    return joining @ pattern


def _product(left: csr_array, right: csr_array) -> csr_array:
    """Return every pair of columns that meet in a row."""
    counts = (np.diff(part.indptr).astype(np.int64) for part in (left, right))
    _check(int(np.prod(list(counts), axis=0).sum()))
    return left.T @ right


def places_in(shape: Shape) -> Places:
    """Return the place of each component in row-major order."""
    return np.arange(prod(shape)).reshape(shape)


def source_of(shape: Shape, whole: Shape) -> Places:
    """Return for each component of a broadcast tensor where it comes from."""
    return np.broadcast_to(places_in(shape), whole).reshape(-1)


def lines_of(shape: Shape, axis: int | None) -> Places:
    """Return the line along an axis (None: all) that each component belongs to."""
    if axis is None or not shape:
        return np.zeros(prod(shape), dtype=np.int64)
    rest = tuple(np.delete(shape, axis).tolist())
    lines = np.expand_dims(places_in(rest), axis % len(shape))
    return np.broadcast_to(lines, shape).reshape(-1)


def _elementwise(at: Dependence, node: Node, parts: Sequence[csr_array]) -> csr_array:
    return reduce(add, _aligned(at, node, parts))


def _aligned(at: Dependence, node: Node, parts: Sequence[csr_array]) -> list[csr_array]:
    """Return the arguments' patterns, a row a component of the node."""
    whole = at.shapes[node]
    return [
        part if at.shapes[arg] == whole else taken(part, source_of(at.shapes[arg], whole))
        for arg, part in zip(node.args, parts, strict=True)
    ]


def _reduced(at: Dependence, node: Node, parts: Sequence[csr_array]) -> csr_array:
    lines = lines_of(at.shapes[node.args[0]], axis_of(node))
    return _gathered(parts[0], lines, prod(at.shapes[node]))


def _along(at: Dependence, node: Node, parts: Sequence[csr_array]) -> csr_array:
    """Return what each component of a line depends on: the whole line."""
    lines = lines_of(at.shapes[node], axis_of(node))
    return taken(_gathered(parts[0], lines, int(lines.max(initial=0)) + 1), lines)


def _running(at: Dependence, node: Node, parts: Sequence[csr_array]) -> csr_array:
    shape = at.shapes[node]
    axis = axis_of(node) or 0
    length = shape[axis] if shape else 1
    _check(prod(shape) * (length + 1) // 2)
    lines = np.moveaxis(places_in(shape), axis, -1).reshape(-1, length) if shape else [[0]]
    after, before = np.tril_indices(length)
    rows, columns = (np.asarray(lines)[:, each].reshape(-1) for each in (after, before))
    joining = csr_array((np.ones(len(rows), dtype=bool), (rows, columns)), (prod(shape),) * 2)
    return joining @ parts[0]


def _neighbours(at: Dependence, node: Node, parts: Sequence[csr_array]) -> csr_array:
    axis = axis_of(node) or 0
    lines = np.moveaxis(places_in(at.shapes[node.args[0]]), axis, -1)
    ends = (np.moveaxis(each, -1, axis).reshape(-1) for each in (lines[..., 1:], lines[..., :-1]))
    after, before = (taken(parts[0], end) for end in ends)
    return after + before


def _transposed(at: Dependence, node: Node, parts: Sequence[csr_array]) -> csr_array:
    return taken(parts[0], places_in(at.shapes[node.args[0]]).T.reshape(-1))


def _indexed(at: Dependence, node: Node, parts: Sequence[csr_array]) -> csr_array:
    return taken(parts[0], places_in(at.shapes[node.args[0]])[index_of(node)].reshape(-1))


def _diagonal(at: Dependence, node: Node, parts: Sequence[csr_array]) -> csr_array:
    own = taken(parts[0], places_in(at.shapes[node.args[0]]).diagonal())
    return _gathered(own, np.zeros(own.shape[0], dtype=np.int64), 1)


def _whole(at: Dependence, node: Node, parts: Sequence[csr_array]) -> csr_array:
    rows = np.zeros(prod(at.shapes[node]), dtype=np.int64)
    return taken(_together(parts), rows)


def _together(parts: Sequence[csr_array]) -> csr_array:
    """Return one row: the union of all."""
    every = vstack(parts, format="csr")
    return _gathered(every, np.zeros(every.shape[0], dtype=np.int64), 1)


def _matrix_sides(
    at: Dependence, node: Node, parts: Sequence[csr_array], axes: tuple[int, int]
) -> list[csr_array]:
    """Return both operands' patterns, gathered along one axis each; vectors are matrices."""
    left, right = (at.shapes[arg] for arg in node.args)
    matrices = (left if len(left) == 2 else (1, *left), right if len(right) == 2 else (*right, 1))
    return [
        _gathered(part, lines_of(shape, axis), shape[1 - axis])
        for part, shape, axis in zip(parts, matrices, axes, strict=True)
    ]


def _matmul(at: Dependence, node: Node, parts: Sequence[csr_array]) -> csr_array:
    rows, columns = _matrix_sides(at, node, parts, (1, 0))
    i, j = np.indices((rows.shape[0], columns.shape[0])).reshape(2, -1)
    return taken(rows, i) + taken(columns, j)


def _outer(at: Dependence, node: Node, parts: Sequence[csr_array]) -> csr_array:
    i, j = np.indices(at.shapes[node]).reshape(2, -1)
    return taken(parts[0], i) + taken(parts[1], j)


_Rule = Callable[[Dependence, Node, Sequence[csr_array]], csr_array]
_CONSTANT = frozenset({"detach", *(row.name for row in TABLE.values() if row.boolean)})
"""Operations whose derivative is zero: what they depend on doesn't count."""
_REDUCTIONS = "sum prod mean var std norm amax amin logsumexp".split()
_RULES: Mapping[str, _Rule] = MappingProxyType(
    {
        **dict.fromkeys(_REDUCTIONS, _reduced),
        **dict.fromkeys(["softmax", "log_softmax"], _along),
        **dict.fromkeys(["det", "inv", "solve"], _whole),
        **dict.fromkeys(["dot", "matmul"], _matmul),
        "cumsum": _running,
        "differences": _neighbours,
        "outer": _outer,
        "trace": _diagonal,
        "transpose": _transposed,
        "index": _indexed,
    }
)
"""What an operation depends on, where it isn't element by element."""

Pairs = Iterator[tuple[csr_array, csr_array]]


def _all_together(at: Dependence, node: Node, parts: Sequence[csr_array]) -> Pairs:
    union = _elementwise(at, node, parts)
    yield union, union


def _factors(at: Dependence, node: Node, parts: Sequence[csr_array]) -> Pairs:
    yield from combinations(_aligned(at, node, parts), 2)


def _quotient(at: Dependence, node: Node, parts: Sequence[csr_array]) -> Pairs:
    above, below = _aligned(at, node, parts)
    yield above, below
    yield below, below


def _of_line(at: Dependence, node: Node, parts: Sequence[csr_array]) -> Pairs:
    lines = lines_of(at.shapes[node.args[0]], axis_of(node))
    union = _gathered(parts[0], lines, int(lines.max(initial=0)) + 1)
    yield union, union


def _of_all(_: Dependence, __: Node, parts: Sequence[csr_array]) -> Pairs:
    union = _together(parts)
    yield union, union


def _inner(at: Dependence, node: Node, parts: Sequence[csr_array]) -> Pairs:
    columns, rows = _matrix_sides(at, node, parts, (0, 1))
    yield columns, rows


def _each_with_each(_: Dependence, __: Node, parts: Sequence[csr_array]) -> Pairs:
    left, right = (_together([part]) for part in parts)
    yield left, right


_LINEAR = frozenset(
    "add neg sum mean cumsum differences trace transpose index piecewise detach".split()
)
_MEETINGS: Mapping[str, Callable[[Dependence, Node, Sequence[csr_array]], Pairs]] = (
    MappingProxyType(
        {
            **dict.fromkeys(set(_REDUCTIONS) - {"sum", "mean"}, _of_line),
            **dict.fromkeys(["softmax", "log_softmax"], _of_line),
            **dict.fromkeys(["det", "inv", "solve"], _of_all),
            **dict.fromkeys(["dot", "matmul"], _inner),
            "mul": _factors,
            "div": _quotient,
            "outer": _each_with_each,
        }
    )
)
"""Which patterns an operation that isn't linear brings together."""
