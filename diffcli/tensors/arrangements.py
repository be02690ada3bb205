"""The records of what puts entries where they weren't: diagonals, columns below each other, eye.

``vec`` stacks the columns, as in Magnus and Neudecker, Matrix Differential Calculus (3rd ed.,
2019), section 2.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from diffcli.language.expression import Node, number
from diffcli.tensors.components import as_array
from diffcli.tensors.pieces import added, only, sum_of
from diffcli.tensors.rules import (
    MismatchError,
    Nodes,
    Patterns,
    Piece,
    Positions,
    Shape,
    Shapes,
    TensorRule,
    smooth,
)
from diffcli.tensors.sparsity import incidence, positions_in

if TYPE_CHECKING:
    from scipy.sparse import csr_array

NOWHERE = -1
"""The position of an entry that is always 0."""


def _shape_of_diag(_: Node, shapes: Sequence[Shape]) -> Shape:
    (shape,) = shapes
    if len(shape) == 1:
        return shape * 2
    if len(shape) != 2:
        raise MismatchError("diag takes a vector or a matrix")
    return (min(shape),)


def _shape_of_vec(_: Node, shapes: Sequence[Shape]) -> Shape:
    if not 1 <= len(shapes[0]) <= 2:
        raise MismatchError("vec takes a matrix")
    return (prod(shapes[0]),)


def _shape_of_eye(term: Node, shapes: Sequence[Shape]) -> Shape:
    return _shape_of_full(term, shapes) * 2


def _shape_of_full(term: Node, shapes: Sequence[Shape]) -> Shape:
    if shapes[0]:
        raise MismatchError("each entry is one number")
    return tuple(size for size in term.static if isinstance(size, int))


def _sources_of_diag(_: Node, shape: Shape) -> Positions:
    if len(shape) == 2:
        return positions_in(shape).diagonal()
    sources = np.full(shape * 2, NOWHERE)
    np.fill_diagonal(sources, positions_in(shape))
    return sources


def _sources_of_vec(_: Node, shape: Shape) -> Positions:
    return positions_in(shape).T.reshape(-1)


def _sources_of_eye(term: Node, _: Shape) -> Positions:
    (size,) = term.static
    return np.eye(int(str(size)), dtype=np.int64) - 1


def _sources_of_full(term: Node, _: Shape) -> Positions:
    return np.zeros(_shape_of_full(term, [()]), dtype=np.int64)


_SOURCES = MappingProxyType(
    {
        "diag": _sources_of_diag,
        "vec": _sources_of_vec,
        "eye": _sources_of_eye,
        "full": _sources_of_full,
    }
)
"""Returns for each entry of the result its position in the argument, by operation."""


def _expand(new: Node, x: Nodes) -> Nodes:
    sources = _SOURCES[new.op](new, x.shape)
    entries = [*x.flat, number(0)]
    return as_array((entries[source] for source in sources.flat), sources.shape)


def _depends(term: Node, shapes: Shapes, parts: Patterns) -> csr_array:
    sources = _SOURCES[term.op](term, shapes[term.args[0]]).reshape(-1)
    rows = np.flatnonzero(sources != NOWHERE)
    return incidence(rows, sources[rows], (len(sources), parts[0].shape[0])) @ parts[0]


def _piece(term: Node, shapes: Shapes, position: int) -> Piece:
    source = _SOURCES[term.op](term, shapes[term.args[0]]).reshape(-1)[position]
    return sum_of(np.empty(0, dtype=np.int64) if source == NOWHERE else only(source))


RULES: Mapping[str, TensorRule] = MappingProxyType(
    {
        op: smooth(
            shape=shape,
            expand=_expand,
            depends=_depends,
            meets=None,
            piece=_piece,
            share=added,
        )
        for op, shape in (
            ("diag", _shape_of_diag),
            ("vec", _shape_of_vec),
            ("eye", _shape_of_eye),
            ("full", _shape_of_full),
        )
    }
)
