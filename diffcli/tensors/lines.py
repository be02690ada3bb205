"""The records of the operations along an axis: a line of each line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from itertools import pairwise
from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from diffcli.language.expression import Node, minus, node, number
from diffcli.tensors.components import as_array, total
from diffcli.tensors.pieces import added, linear, only, piece_of, sum_of
from diffcli.tensors.reductions import line, logsumexp, meets_in_lines
from diffcli.tensors.rules import (
    MismatchError,
    Nodes,
    Patterns,
    Piece,
    Positions,
    Shape,
    Shapes,
    TensorRule,
    axis_of,
    checked_axis,
    smooth,
)
from diffcli.tensors.sparsity import (
    check_entries,
    gathered,
    incidence,
    lines_of,
    positions_in,
    taken,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_array

SHIFT_OF_VARIANCE = number(Fraction(1, 100_000))
"""What a layer norm adds to the variance, as torch.nn.functional.layer_norm does."""


def _same_shape(node: Node, shapes: Sequence[Shape]) -> Shape:
    checked_axis(node, shapes[0])
    return shapes[0]


def _expanded(
    of: Callable[[Sequence[Node]], Sequence[Node]],
) -> Callable[[Node, Nodes], Nodes]:
    def expand(new: Node, x: Nodes) -> Nodes:
        if not x.ndim:
            return as_array(of(list(x.flat)), ())
        lines = np.moveaxis(x, axis_of(new) or 0, -1)
        results = [list(of(list(lines[index]))) for index in np.ndindex(lines.shape[:-1])]
        length = len(results[0]) if results else lines.shape[-1]
        flat = as_array((tensor for own in results for tensor in own), (*lines.shape[:-1], length))
        return np.moveaxis(flat, -1, axis_of(new) or 0)

    return expand


def _own_line(shape: Shape, axis: int | None, position: int) -> tuple[Positions, int]:
    """Return the line along an axis that a component belongs to, and where in it."""
    if not shape:
        return only(0), 0
    axis = (axis or 0) % len(shape)
    index = [int(part) for part in np.unravel_index(position, shape)]
    pick = index.pop(axis)
    rest = (*shape[:axis], *shape[axis + 1 :])
    return line(shape, axis, int(np.ravel_multi_index(index, rest)) if rest else 0), pick


# -- running sums --------------------------------------------------------------------------------


def _running(terms: Sequence[Node]) -> list[Node]:
    sums = list(terms[:1])
    for term in terms[1:]:
        sums.append(node("add", sums[-1], term))
    return sums


def _depends_on_those_before(node: Node, shapes: Shapes, parts: Patterns) -> csr_array:
    shape = shapes[node]
    axis = axis_of(node) or 0
    length = shape[axis] if shape else 1
    check_entries(prod(shape) * (length + 1) // 2)
    lines = np.moveaxis(positions_in(shape), axis, -1).reshape(-1, length) if shape else [[0]]
    after, before = np.tril_indices(length)
    rows, columns = (np.asarray(lines)[:, tensor].reshape(-1) for tensor in (after, before))
    return incidence(rows, columns, (prod(shape),) * 2) @ parts[0]


def _piece_of_running(tensor: Node, shapes: Shapes, position: int) -> Piece:
    own, pick = _own_line(shapes[tensor], axis_of(tensor), position)
    return sum_of(own[: pick + 1])


# -- differences of neighbours -------------------------------------------------------------------


def _one_shorter(node: Node, shapes: Sequence[Shape]) -> Shape:
    (shape,) = shapes
    axis = checked_axis(node, shape)
    if axis is None:
        raise MismatchError("a number has no neighbours")
    axis %= len(shape)
    return (*shape[:axis], max(shape[axis] - 1, 0), *shape[axis + 1 :])


def _differences(terms: Sequence[Node]) -> list[Node]:
    return [minus(after, before) for before, after in pairwise(terms)]


def _depends_on_two(node: Node, shapes: Shapes, parts: Patterns) -> csr_array:
    axis = axis_of(node) or 0
    lines = np.moveaxis(positions_in(shapes[node.args[0]]), axis, -1)
    ends = (
        np.moveaxis(tensor, -1, axis).reshape(-1) for tensor in (lines[..., 1:], lines[..., :-1])
    )
    after, before = (taken(parts[0], end) for end in ends)
    return after + before


def _piece_of_differences(tensor: Node, shapes: Shapes, position: int) -> Piece:
    whole = shapes[tensor.args[0]]
    axis = (axis_of(tensor) or 0) % len(whole)
    index = [int(part) for part in np.unravel_index(position, shapes[tensor])]
    first = int(np.ravel_multi_index(index, whole))
    pair = np.array([first, first + prod(whole[axis + 1 :])])
    return piece_of(lambda terms: minus(terms[1], terms[0]), pair)


# -- softmax -------------------------------------------------------------------------------------


def _softmax(terms: Sequence[Node]) -> list[Node]:
    powers = [node("exp", term) for term in terms]
    sum_of_all = total(powers)
    return [node("div", power, sum_of_all) for power in powers]


def _log_softmax(terms: Sequence[Node]) -> list[Node]:
    log_of_sum = logsumexp(terms)
    return [minus(term, log_of_sum) for term in terms]


def _layernorm(terms: Sequence[Node]) -> list[Node]:
    count = number(len(terms))
    mean = node("div", total(terms), count)
    deviations = [minus(term, mean) for term in terms]
    squares = total([node("pow", deviation, number(2)) for deviation in deviations])
    below = node("sqrt", node("add", node("div", squares, count), SHIFT_OF_VARIANCE))
    return [node("div", deviation, below) for deviation in deviations]


def _depends_on_line(node: Node, shapes: Shapes, parts: Patterns) -> csr_array:
    lines = lines_of(shapes[node], axis_of(node))
    return taken(gathered(parts[0], lines, int(lines.max(initial=0)) + 1), lines)


def _normalised(
    of: Callable[[Sequence[Node]], Sequence[Node]],
) -> TensorRule:
    """Return the record of an operation every component of which depends on its whole line."""

    def piece(tensor: Node, shapes: Shapes, position: int) -> Piece:
        own, pick = _own_line(shapes[tensor], axis_of(tensor), position)
        return piece_of(lambda terms: of(list(terms.flat))[pick], own)

    return smooth(
        shape=_same_shape,
        expand=_expanded(of),
        depends=_depends_on_line,
        meets=meets_in_lines,
        piece=piece,
        share=None,
    )


RULES: Mapping[str, TensorRule] = MappingProxyType(
    {
        "cumsum": smooth(
            shape=_same_shape,
            expand=_expanded(_running),
            depends=_depends_on_those_before,
            meets=None,
            piece=_piece_of_running,
            share=added,
        ),
        "differences": smooth(
            shape=_one_shorter,
            expand=_expanded(_differences),
            depends=_depends_on_two,
            meets=None,
            piece=_piece_of_differences,
            share=partial(linear, lambda k, _: 2 * k - 1),
        ),
        "layernorm": _normalised(_layernorm),
        "softmax": _normalised(_softmax),
        "log_softmax": _normalised(_log_softmax),
    }
)
