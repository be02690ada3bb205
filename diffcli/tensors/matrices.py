"""The records of matrices: determinants, solutions, transposes and indices.

By the definitions, not by what torch computes: a determinant is Laplace's expansion (Horn and
Johnson, Matrix Analysis, 2nd ed., 0.3.1).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from diffcli.errors import LimitError
from diffcli.language.expression import Node, node, number
from diffcli.tensors.components import as_array, product, total
from diffcli.tensors.pieces import added, only, piece_of, sum_of
from diffcli.tensors.products import written_matmul
from diffcli.tensors.rules import (
    MismatchError,
    Nodes,
    Pairs,
    Patterns,
    Piece,
    Shape,
    Shapes,
    TensorRule,
    index_of,
    smooth,
)
from diffcli.tensors.sparsity import (
    positions_in,
    taken,
    united,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_array

MAX_ORDER = 6
"""Order up to which a determinant is written out."""


# -- what is made of a whole matrix --------------------------------------------------------------


def square(shape: Shape) -> Shape:
    """Return the shape of a square matrix. Raises MismatchError for another one."""
    if len(shape) != 2 or shape[0] != shape[1]:
        raise MismatchError("it takes a square matrix")
    return shape


def _number_of_square(_: Node, shapes: Sequence[Shape]) -> Shape:
    square(shapes[0])
    return ()


def shape_of_square(_: Node, shapes: Sequence[Shape]) -> Shape:
    """Return the shape of a result that is as large as its square matrix."""
    return square(shapes[0])


def _shape_of_solve(_: Node, shapes: Sequence[Shape]) -> Shape:
    matrix, right = square(shapes[0]), shapes[1]
    if not 1 <= len(right) <= 2 or right[0] != matrix[0]:
        raise MismatchError("solve(A, b) takes as many rows in b as in A")
    return right


def _minors(x: Nodes) -> dict[tuple[int, ...], Node]:
    """Return the determinant of the last rows of a matrix with any as many of its columns."""
    size = len(x)
    if size > MAX_ORDER:
        raise LimitError(f"a determinant of order {size} is too long to be written out")
    minors: dict[tuple[int, ...], Node] = {(): number(1)}
    for count in range(1, size + 1):
        row = x[size - count]
        for columns in combinations(range(size), count):
            terms = []
            for i, column in enumerate(columns):
                rest = columns[:i] + columns[i + 1 :]
                term = product([row[column], minors[rest]] if rest else [row[column]])
                terms.append(node("neg", term) if i % 2 else term)
            minors[columns] = total(terms)
    return minors


def _determinant(x: Nodes) -> Node:
    return _minors(x)[tuple(range(len(x)))]


def _det(_: Node, x: Nodes) -> Nodes:
    return as_array([_determinant(x)], ())


def _logdet(_: Node, x: Nodes) -> Nodes:
    return as_array([node("log", _determinant(x))], ())


def _inv(_: Node, x: Nodes) -> Nodes:
    """Return the adjugate divided by the determinant."""
    whole, size = _determinant(x), len(x)
    inverse = np.empty_like(x)
    for i, j in np.ndindex(x.shape):
        minor = _determinant(np.delete(np.delete(x, j, 0), i, 1)) if size > 1 else number(1)
        inverse[i, j] = node("div", node("neg", minor) if (i + j) % 2 else minor, whole)
    return inverse


def _solve(new: Node, a: Nodes, b: Nodes) -> Nodes:
    return written_matmul(new, _inv(new, a), b)


def _depends_on_all(node: Node, shapes: Shapes, parts: Patterns) -> csr_array:
    return taken(united(parts), np.zeros(prod(shapes[node]), dtype=np.int64))


def _meets_all(_: Node, __: Shapes, parts: Patterns) -> Pairs:
    union = united(parts)
    yield union, union


def factored(
    shape: Callable[[Node, Sequence[Shape]], Shape],
    expand: Callable[..., Nodes],
) -> TensorRule:
    """Return the record of an operation for which LAPACK factors its first argument."""

    def piece(tensor: Node, shapes: Shapes, position: int) -> Piece:
        def build(*arguments: Nodes) -> Node:
            component: Node = expand(tensor, *arguments).reshape(-1)[position]
            return component

        return piece_of(build, *(positions_in(shapes[arg]) for arg in tensor.args))

    return TensorRule(
        shape=shape,
        expand=expand,
        depends=_depends_on_all,
        meets=_meets_all,
        piece=piece,
        share=None,
        kink=None,
        is_factored=True,
    )


# -- components of the argument, as they are -----------------------------------------------------


def _shape_of_transpose(_: Node, shapes: Sequence[Shape]) -> Shape:
    return shapes[0][::-1]


def _shape_of_index(node: Node, shapes: Sequence[Shape]) -> Shape:
    try:
        return np.broadcast_to(0, shapes[0])[index_of(node)].shape
    except IndexError:
        raise MismatchError("the index is out of range") from None


def _trace(_: Node, x: Nodes) -> Nodes:
    return as_array([total(list(x.diagonal()))], ())


def _transpose(_: Node, x: Nodes) -> Nodes:
    return x.T


def _index(new: Node, x: Nodes) -> Nodes:
    part = x[index_of(new)]
    return part if isinstance(part, np.ndarray) else as_array([part], ())


def _depends_on_diagonal(node: Node, shapes: Shapes, parts: Patterns) -> csr_array:
    return united([taken(parts[0], positions_in(shapes[node.args[0]]).diagonal())])


def _depends_on_transposed(node: Node, shapes: Shapes, parts: Patterns) -> csr_array:
    return taken(parts[0], positions_in(shapes[node.args[0]]).T.reshape(-1))


def _depends_on_part(node: Node, shapes: Shapes, parts: Patterns) -> csr_array:
    return taken(parts[0], positions_in(shapes[node.args[0]])[index_of(node)].reshape(-1))


def _piece_of_trace(tensor: Node, shapes: Shapes, _: int) -> Piece:
    return sum_of(positions_in(shapes[tensor.args[0]]).diagonal())


def _piece_of_transpose(tensor: Node, shapes: Shapes, position: int) -> Piece:
    index = np.unravel_index(position, shapes[tensor])
    source = np.ravel_multi_index(index[::-1], shapes[tensor.args[0]]) if index else 0
    return sum_of(only(source))


def _piece_of_index(tensor: Node, shapes: Shapes, position: int) -> Piece:
    """Return the component of the argument, found without a list of all of them."""
    whole, own = shapes[tensor.args[0]], iter(np.unravel_index(position, shapes[tensor]))
    index = index_of(tensor)
    source = [
        range(length)[part] if isinstance(part, int) else range(length)[part][int(next(own))]
        for part, length in zip((*index, *[slice(None)] * len(whole)), whole, strict=False)
    ]
    return sum_of(only(np.ravel_multi_index(source, whole) if whole else 0))


RULES: Mapping[str, TensorRule] = MappingProxyType(
    {
        "det": factored(_number_of_square, _det),
        "logdet": factored(_number_of_square, _logdet),
        "inv": factored(shape_of_square, _inv),
        "solve": factored(_shape_of_solve, _solve),
        "trace": smooth(
            shape=_number_of_square,
            expand=_trace,
            depends=_depends_on_diagonal,
            meets=None,
            piece=_piece_of_trace,
            share=added,
        ),
        "transpose": smooth(
            shape=_shape_of_transpose,
            expand=_transpose,
            depends=_depends_on_transposed,
            meets=None,
            piece=_piece_of_transpose,
            share=added,
        ),
        "index": smooth(
            shape=_shape_of_index,
            expand=_index,
            depends=_depends_on_part,
            meets=None,
            piece=_piece_of_index,
            share=added,
        ),
    }
)
