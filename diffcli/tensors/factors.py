"""The records of what is computed from the symmetric part of a matrix: its factor, its eigenvalues.

Both are defined for any square matrix, so that its entries are variables of their own; of a
symmetric matrix they are what every book says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from diffcli.errors import LimitError
from diffcli.language.expression import Node, minus, node, number
from diffcli.tensors.components import as_array, total
from diffcli.tensors.matrices import factored, shape_of_square, square
from diffcli.tensors.rules import Nodes, Shape, TensorRule

MAX_FACTORED = 12
"""Order up to which a Cholesky factor is written out."""
_TWO = number(2)


def _symmetric(x: Nodes) -> Nodes:
    """Return the symmetric part of a matrix; a diagonal entry stays as it is."""
    part = np.empty_like(x)
    for i, j in np.ndindex(x.shape):
        first, second = x[max(i, j), min(i, j)], x[min(i, j), max(i, j)]
        same = first is second
        part[i, j] = first if same else node("div", node("add", first, second), _TWO)
    return part


def _cholesky(_: Node, x: Nodes) -> Nodes:
    """Return the factor row by row (Golub and Van Loan, Matrix Computations, 4th ed., 4.2.5)."""
    size = len(x)
    if size > MAX_FACTORED:
        raise LimitError(f"a Cholesky factor of order {size} is too long to be written out")
    part, factor = _symmetric(x), as_array([number(0)] * size**2, x.shape)
    for i in range(size):
        for j in range(i + 1):
            products = [node("mul", factor[i, k], factor[j, k]) for k in range(j)]
            rest = minus(part[i, j], total(products)) if products else part[i, j]
            factor[i, j] = node("sqrt", rest) if i == j else node("div", rest, factor[j, j])
    return factor


def _shape_of_eigenvalues(_: Node, shapes: Sequence[Shape]) -> Shape:
    return square(shapes[0])[:1]


def _eigenvalues(_: Node, x: Nodes) -> Nodes:
    """Return the roots of the characteristic polynomial of a matrix of order 1 or 2."""
    if len(x) > 2:
        raise LimitError(f"eigenvalues of order {len(x)} have no formula that is written out")
    if len(x) == 1:
        return as_array([x[0, 0]], (1,))
    part = _symmetric(x)
    middle = node("div", node("add", part[0, 0], part[1, 1]), _TWO)
    halves = [minus(part[0, 0], part[1, 1]), node("mul", _TWO, part[0, 1])]
    squares = [node("pow", half, _TWO) for half in halves]
    radius = node("div", node("sqrt", total(squares)), _TWO)
    return as_array([minus(middle, radius), node("add", middle, radius)], (2,))


RULES: Mapping[str, TensorRule] = MappingProxyType(
    {
        "cholesky": factored(shape_of_square, _cholesky),
        "eigvalsh": factored(_shape_of_eigenvalues, _eigenvalues),
    }
)
