"""The records of the reductions: one number of each line along an axis, or of all components.

By the definitions, not by what torch computes: a variance is the mean of squared deviations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np

from diffcli.language.expression import Node, minus, node, number
from diffcli.tensors.components import as_array, product, total
from diffcli.tensors.pieces import added, linear, piece_of
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
    axis_of,
    checked_axis,
)
from diffcli.tensors.sparsity import gathered, lines_of, positions_in

if TYPE_CHECKING:
    from scipy.sparse import csr_array


def _shape(node: Node, shapes: Sequence[Shape]) -> Shape:
    (shape,) = shapes
    axis = checked_axis(node, shape)
    if axis is None:
        return ()
    axis %= len(shape)
    return (*shape[:axis], *shape[axis + 1 :])


def _shape_of_some(node: Node, shapes: Sequence[Shape]) -> Shape:
    shape = _shape(node, shapes)
    if 0 in shapes[0]:
        raise MismatchError("there is no entry")
    return shape


def _expanded(of: Callable[[Sequence[Node]], Node]) -> Callable[[Node, Nodes], Nodes]:
    def expand(new: Node, x: Nodes) -> Nodes:
        axis = axis_of(new)
        if axis is None or not x.ndim:
            return as_array([of(list(x.flat))], ())
        lines = np.moveaxis(x, axis, -1)
        shape = lines.shape[:-1]
        return as_array((of(list(lines[index])) for index in np.ndindex(shape)), shape)

    return expand


def _depends(node: Node, shapes: Shapes, parts: Patterns) -> csr_array:
    lines = lines_of(shapes[node.args[0]], axis_of(node))
    return gathered(parts[0], lines, prod(shapes[node]))


def meets_in_lines(node: Node, shapes: Shapes, parts: Patterns) -> Pairs:
    """Yield all that a line depends on, together with itself."""
    lines = lines_of(shapes[node.args[0]], axis_of(node))
    union = gathered(parts[0], lines, int(lines.max(initial=0)) + 1)
    yield union, union


def line(shape: Shape, axis: int | None, position: int) -> Positions:
    """Return the line along an axis (None: everything) that becomes a component when reduced."""
    if axis is None or not shape:
        return positions_in(shape).reshape(-1)
    axis %= len(shape)
    rest = (*shape[:axis], *shape[axis + 1 :])
    index = [int(part) for part in np.unravel_index(position, rest)] if rest else []
    stride = prod(shape[axis + 1 :])
    first = int(np.ravel_multi_index([*index[:axis], 0, *index[axis:]], shape))
    return first + stride * np.arange(shape[axis])


def _piece_by(
    of: Callable[[Sequence[Node]], Node],
) -> Callable[[Node, Shapes, int], Piece]:
    def piece(tensor: Node, shapes: Shapes, position: int) -> Piece:
        own = line(shapes[tensor.args[0]], axis_of(tensor), position)
        return piece_of(lambda terms: of(list(terms.flat)), own)

    return piece


# -- what the operations are -------------------------------------------------------------------


def _mean(terms: Sequence[Node]) -> Node:
    return node("div", total(terms), number(len(terms)))


def _variance(terms: Sequence[Node]) -> Node:
    mean = _mean(terms)
    squares = [_square(minus(term, mean)) for term in terms]
    return node("div", total(squares), number(len(terms) - 1))


def _square(x: Node) -> Node:
    return node("pow", x, number(2))


def _norm(terms: Sequence[Node]) -> Node:
    return node("sqrt", total([_square(term) for term in terms]))


def _extreme(row: str, terms: Sequence[Node]) -> Node:
    return node(row, *terms) if len(terms) > 1 else terms[0]


def logsumexp(terms: Sequence[Node]) -> Node:
    """Return log(sum(exp(x)))."""
    return node("log", total([node("exp", term) for term in terms]))


# -- the records -----------------------------------------------------------------------------------


def _reduction(
    of: Callable[[Sequence[Node]], Node],
    *,
    share: Callable[[Piece, Kept], Piece] | None = None,
    kink: Literal["zero", "greatest", "least"] | None = None,
    of_none: bool = True,
) -> TensorRule:
    """Return the record of what ``of`` makes of a line; linear operations share it out.

    With ``of_none`` it takes a line without components.
    """
    return TensorRule(
        shape=_shape if of_none else _shape_of_some,
        expand=_expanded(of),
        depends=_depends,
        meets=None if share else meets_in_lines,
        piece=_piece_by(of),
        share=share,
        kink=kink,
        is_factored=False,
    )


_AVERAGED = partial(linear, lambda _, count: Fraction(1, count))

RULES: Mapping[str, TensorRule] = MappingProxyType(
    {
        "sum": _reduction(total, share=added),
        "mean": _reduction(_mean, share=_AVERAGED),
        "prod": _reduction(product),
        "var": _reduction(_variance, of_none=False),
        "std": _reduction(
            lambda terms: node("sqrt", _variance(terms)),
            kink="zero",
            of_none=False,
        ),
        "norm": _reduction(_norm, kink="zero"),
        "amax": _reduction(partial(_extreme, "max"), kink="greatest", of_none=False),
        "amin": _reduction(partial(_extreme, "min"), kink="least", of_none=False),
        "logsumexp": _reduction(logsumexp),
    }
)
