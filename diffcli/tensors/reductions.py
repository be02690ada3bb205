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

from diffcli.language.algebra import ONE, ZERO
from diffcli.language.expression import Node, constant, node, number
from diffcli.language.tensors import LAST
from diffcli.tensors.closed_form import NoClosedFormError, Reverse
from diffcli.tensors.components import as_array, minus, product, total
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
    def expand(made: Node, x: Nodes) -> Nodes:
        axis = axis_of(made)
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
    def piece(each: Node, shapes: Shapes, position: int) -> Piece:
        own = line(shapes[each.args[0]], axis_of(each), position)
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


# -- their adjoints ------------------------------------------------------------------------------


def _to_sum(at: Reverse, each: Node, arg: Node, cotangent: Node) -> Node:
    axis = each.static[0]
    if axis is not None and axis not in (0, -len(at.shape(arg))) and at.shape(cotangent):
        raise NoClosedFormError("a sum along rows")
    return cotangent


def _to_mean(at: Reverse, each: Node, arg: Node, cotangent: Node) -> Node:
    count = prod(at.shape(arg)) // max(prod(at.shape(each)), 1)
    return at.algebra.div(_to_sum(at, each, arg, cotangent), number(count))


def _times(gradient: Callable[[Reverse, Node, Node], Node]) -> Callable[..., Node]:
    """Return the adjoint of a reduction of all components, which has this gradient."""

    def adjoint(at: Reverse, each: Node, arg: Node, cotangent: Node) -> Node:
        if each.static != (None,):
            raise NoClosedFormError("an axis")
        return at.algebra.cancelled(at.algebra.mul(cotangent, gradient(at, each, arg)), each)

    return adjoint


def _of_norm(at: Reverse, each: Node, arg: Node) -> Node:
    return at.algebra.div(arg, each)


def _of_logsumexp(at: Reverse, _: Node, arg: Node) -> Node:
    if len(at.shape(arg)) != 1:
        raise NoClosedFormError("of a matrix")
    return node("softmax", arg, static=(LAST,))


def _deviation(at: Reverse, arg: Node) -> Node:
    mean = node("mean", arg, static=(None,))
    return at.algebra.add(arg, at.algebra.neg(mean))


def _of_var(at: Reverse, _: Node, arg: Node) -> Node:
    twice = at.algebra.mul(number(2), _deviation(at, arg))
    return at.algebra.div(twice, number(prod(at.shape(arg)) - 1))


def _of_std(at: Reverse, each: Node, arg: Node) -> Node:
    below = at.algebra.mul(number(prod(at.shape(arg)) - 1), each)
    return at.algebra.div(_deviation(at, arg), below)


def _of_prod(at: Reverse, each: Node, arg: Node) -> Node:
    return at.algebra.div(each, arg)


def _of_extreme(_: Reverse, each: Node, arg: Node) -> Node:
    return node("piecewise", ONE, node("eq", arg, each), ZERO, constant("true"))


# -- the records -----------------------------------------------------------------------------------


def _reduction(
    of: Callable[[Sequence[Node]], Node],
    adjoint: Callable[..., Node],
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
        adjoint=adjoint,
        kink=kink,
        is_factored=False,
    )


_AVERAGED = partial(linear, lambda _, count: Fraction(1, count))

RULES: Mapping[str, TensorRule] = MappingProxyType(
    {
        "sum": _reduction(total, _to_sum, share=added),
        "mean": _reduction(_mean, _to_mean, share=_AVERAGED),
        "prod": _reduction(product, _times(_of_prod)),
        "var": _reduction(_variance, _times(_of_var), of_none=False),
        "std": _reduction(
            lambda terms: node("sqrt", _variance(terms)),
            _times(_of_std),
            kink="zero",
            of_none=False,
        ),
        "norm": _reduction(_norm, _times(_of_norm), kink="zero"),
        "amax": _reduction(
            partial(_extreme, "max"), _times(_of_extreme), kink="greatest", of_none=False
        ),
        "amin": _reduction(
            partial(_extreme, "min"), _times(_of_extreme), kink="least", of_none=False
        ),
        "logsumexp": _reduction(logsumexp, _times(_of_logsumexp)),
    }
)
