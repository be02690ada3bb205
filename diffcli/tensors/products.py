"""The records of the products of vectors and matrices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from diffcli.language.expression import Node, node
from diffcli.tensors.components import as_array, total
from diffcli.tensors.pieces import only, piece_of
from diffcli.tensors.rules import (
    Kept,
    MismatchError,
    Nodes,
    Pairs,
    Patterns,
    Piece,
    Positions,
    Shape,
    Shapes,
    TensorRule,
    smooth,
)
from diffcli.tensors.sparsity import (
    gathered,
    lines_of,
    positions_in,
    taken,
    united,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def _shape_of_dot(_: Node, shapes: Sequence[Shape]) -> Shape:
    if len(shapes[0]) != 1 or shapes[0] != shapes[1]:
        raise MismatchError("dot takes two vectors of one length")
    return ()


def _shape_of_outer(_: Node, shapes: Sequence[Shape]) -> Shape:
    if [len(shape) for shape in shapes] != [1, 1]:
        raise MismatchError("outer takes two vectors")
    return (*shapes[0], *shapes[1])


def _shape_of_matmul(_: Node, shapes: Sequence[Shape]) -> Shape:
    left, right = shapes
    if not (1 <= len(left) <= 2 and 1 <= len(right) <= 2) or left[-1] != right[0]:
        raise MismatchError("@ takes as many columns on its left as rows on its right")
    return (*left[:-1], *right[1:])


def _shape_of_kron(_: Node, shapes: Sequence[Shape]) -> Shape:
    left, right = shapes
    if len(left) != len(right) or len(left) not in (1, 2):
        raise MismatchError("kron takes two vectors or two matrices")
    return tuple(a * b for a, b in zip(left, right, strict=True))


def _inner(x: Nodes, y: Nodes) -> Node:
    """Return the inner product of two lines."""
    return total([node("mul", a, b) for a, b in zip(x.flat, y.flat, strict=True)])


def _dot(_: Node, x: Nodes, y: Nodes) -> Nodes:
    return as_array([_inner(x, y)], ())


def _outer(_: Node, x: Nodes, y: Nodes) -> Nodes:
    return as_array((node("mul", a, b) for a in x for b in y), (len(x), len(y)))


def _kron(new: Node, x: Nodes, y: Nodes) -> Nodes:
    left, right = _sources_of_kron(x.shape, y.shape)
    pairs = zip(left, right, strict=True)
    entries = (node("mul", x.flat[i], y.flat[j]) for i, j in pairs)
    return as_array(entries, _shape_of_kron(new, [x.shape, y.shape]))


def _sources_of_kron(left: Shape, right: Shape) -> tuple[Positions, Positions]:
    """Return for each entry of the product its positions in both factors."""
    first, second = positions_in(left), positions_in(right)
    across = np.kron(first, np.ones_like(second)), np.kron(np.ones_like(first), second)
    return across[0].reshape(-1), across[1].reshape(-1)


def written_matmul(_: Node, x: Nodes, y: Nodes) -> Nodes:
    """Return a matrix product, of vectors too, written out."""
    rows, columns = x.reshape(-1, x.shape[-1]), y.reshape(y.shape[0], -1).T
    entries = (_inner(row, column) for row in rows for column in columns)
    return as_array(entries, (*x.shape[:-1], *y.shape[1:]))


def _sides(node: Node, shapes: Shapes, parts: Patterns, axes: tuple[int, int]) -> list[csr_array]:
    """Return both operands' patterns, gathered along one axis each; vectors are matrices."""
    left, right = (shapes[arg] for arg in node.args)
    matrices = (left if len(left) == 2 else (1, *left), right if len(right) == 2 else (*right, 1))
    return [
        gathered(part, lines_of(shape, axis), shape[1 - axis])
        for part, shape, axis in zip(parts, matrices, axes, strict=True)
    ]


def _depends_on_both(node: Node, shapes: Shapes, parts: Patterns) -> csr_array:
    rows, columns = _sides(node, shapes, parts, (1, 0))
    i, j = np.indices((rows.shape[0], columns.shape[0])).reshape(2, -1)
    return taken(rows, i) + taken(columns, j)


def _depends_on_pair(node: Node, shapes: Shapes, parts: Patterns) -> csr_array:
    i, j = np.indices(shapes[node]).reshape(2, -1)
    return taken(parts[0], i) + taken(parts[1], j)


def _depends_on_factors(node: Node, shapes: Shapes, parts: Patterns) -> csr_array:
    i, j = _sources_of_kron(*(shapes[arg] for arg in node.args))
    return taken(parts[0], i) + taken(parts[1], j)


def _meets_along(node: Node, shapes: Shapes, parts: Patterns) -> Pairs:
    columns, rows = _sides(node, shapes, parts, (0, 1))
    yield columns, rows


def _meets_all_pairs(_: Node, __: Shapes, parts: Patterns) -> Pairs:
    left, right = (united([part]) for part in parts)
    yield left, right


def _piece_of_product(term: Node, shapes: Shapes, position: int) -> Piece:
    right = shapes[term.args[1]]
    columns = prod(right[1:])
    row, column = divmod(position, columns)
    length = right[0]
    across, down = row * length + np.arange(length), column + columns * np.arange(length)
    return piece_of(_inner, across, down)


def _piece_of_outer(term: Node, shapes: Shapes, position: int) -> Piece:
    row, column = divmod(position, shapes[term][1])
    return piece_of(_inner, only(row), only(column))


def _piece_of_kron(term: Node, shapes: Shapes, position: int) -> Piece:
    i, j = (own[position] for own in _sources_of_kron(*(shapes[arg] for arg in term.args)))
    return piece_of(_inner, only(i), only(j))


def _share_of_product(piece: Piece, kept: Kept) -> Piece:
    either = kept[0] | kept[1]
    return Piece(tuple(position[either] for position in piece.positions), piece.build, piece.whole)


RULES: Mapping[str, TensorRule] = MappingProxyType(
    {
        "dot": smooth(
            shape=_shape_of_dot,
            expand=_dot,
            depends=_depends_on_both,
            meets=_meets_along,
            piece=_piece_of_product,
            share=_share_of_product,
        ),
        "outer": smooth(
            shape=_shape_of_outer,
            expand=_outer,
            depends=_depends_on_pair,
            meets=_meets_all_pairs,
            piece=_piece_of_outer,
            share=None,
        ),
        "kron": smooth(
            shape=_shape_of_kron,
            expand=_kron,
            depends=_depends_on_factors,
            meets=_meets_all_pairs,
            piece=_piece_of_kron,
            share=None,
        ),
        "matmul": smooth(
            shape=_shape_of_matmul,
            expand=written_matmul,
            depends=_depends_on_both,
            meets=_meets_along,
            piece=_piece_of_product,
            share=_share_of_product,
        ),
    }
)
