"""The differentials of operations along the lines of a tensor: reductions, softmax, sums."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from diffcli.language.algebra import ONE, ZERO
from diffcli.language.expression import VARIABLE, Node, constant, node, number, postorder
from diffcli.language.tensors import LAST
from diffcli.tensors.calculus.errors import no_closed_form
from diffcli.tensors.calculus.kinks import note_tie
from diffcli.tensors.calculus.networks import (
    UNIT,
    Labels,
    Piece,
    Product,
    Rule,
    Space,
    unit,
)
from diffcli.tensors.calculus.opening import (
    along_axis,
    atom,
    inverted,
    opened,
)
from diffcli.tensors.lines import SHIFT_OF_VARIANCE
from diffcli.tensors.rules import axis_of

# -- reductions ----------------------------------------------------------------------------------


def _reduction(gradient: Callable[[Space, Node, Node, Labels, Labels], Product]) -> Rule:
    """Return the rule of a reduction, of its gradient in each line.

    ``gradient`` takes the node, its argument, the labels of the argument and those of the node.
    """

    def rule(space: Space, term: Node, labels: Labels) -> list[Piece]:
        (arg,) = term.args
        own, _ = along_axis(space, term, labels)
        return [Piece(gradient(space, term, arg, own, labels), arg, own)]

    return rule


def _of_norm(space: Space, term: Node, arg: Node, own: Labels, labels: Labels) -> Product:
    return opened(space, arg, own).times(inverted(atom(term, labels), term, labels))


def _of_prod(space: Space, term: Node, arg: Node, own: Labels, labels: Labels) -> Product:
    return atom(term, labels).times(inverted(opened(space, arg, own), arg, own))


def _against(space: Space, arg: Node, line: Node, term: Node, make: Callable[..., Node]) -> Node:
    """Return what is made of a tensor and a number for each of its lines, entry by entry."""
    shape, axis = space.shape(arg), axis_of(term)
    if axis is not None and len(shape) == 2 and axis % 2 == 1:
        return node("transpose", make(node("transpose", arg), line))
    if axis is not None and len(shape) > 1 and axis % len(shape):
        raise no_closed_form("a line of a tensor of three axes")
    return make(arg, line)


def _deviation(space: Space, arg: Node, term: Node) -> Node:
    mean = node("mean", arg, static=term.static)
    return _against(space, arg, mean, term, space.minus)


def _of_var(space: Space, term: Node, arg: Node, own: Labels, labels: Labels) -> Product:
    _, along = along_axis(space, term, labels)
    whole = opened(space, _deviation(space, arg, term), own).scaled(2)
    return whole.times(_less_one(space, term, along))


def _of_std(space: Space, term: Node, arg: Node, own: Labels, labels: Labels) -> Product:
    _, along = along_axis(space, term, labels)
    whole = opened(space, _deviation(space, arg, term), own)
    return whole.times(_less_one(space, term, along), inverted(atom(term, labels), term, labels))


def _less_one(space: Space, term: Node, along: Labels) -> Product:
    """Return one over the length of a line less one."""
    lengths = space.algebra.mul(*(space.count(space.length(label)) for label in along))
    less = space.minus(lengths, ONE)
    if less is ZERO:
        raise no_closed_form("the variance of one number")
    return inverted(opened(space, less, ()), term, ())


def _of_extreme(space: Space, term: Node, arg: Node, own: Labels, labels: Labels) -> Product:
    def marked(tensor: Node, extreme: Node) -> Node:
        return node("piecewise", ONE, node("eq", tensor, extreme), ZERO, constant("true"))

    note_tie(space, term)
    marks = _against(space, arg, term, term, marked)
    if _is_generic(space, arg):
        return opened(space, marks, own)
    # Where entries are equal at whole regions their derivatives are the same: the mean is taken.
    count = node("sum", marks, static=term.static)
    return opened(space, marks, own).times(inverted(atom(count, labels), count, labels))


def _is_generic(space: Space, arg: Node) -> bool:
    """Whether entries of a tensor are equal only where its variables have special values."""
    shape = space.shape(arg)
    while arg.op in ("abs", "neg", "transpose", "index"):
        arg = arg.args[0]
    if arg.op == "mul":
        arg = next((part for part in arg.args if space.shape(part)), arg)
        return space.shape(arg) == shape and arg.op == VARIABLE
    if arg.op == "add":
        # A variable of its own in each entry makes the sums different.
        own = [part.args[0] if part.op == "neg" else part for part in arg.args]
        return any(
            part.op == VARIABLE
            and space.shape(part) == space.shape(arg)
            and sum(part in postorder([other]) for other in own) == 1
            for part in own
        )
    return arg.op == VARIABLE or (arg.op == "matmul" and arg.args[0].op == VARIABLE)


def _of_logsumexp(space: Space, term: Node, arg: Node, own: Labels, _: Labels) -> Product:
    axis = axis_of(term)
    if axis is None and len(own) > 1:
        return atom(node("exp", space.minus(arg, term)), own)
    return atom(_softmax_of(arg, axis, len(own)), own)


# -- softmax, normalisation, running sums --------------------------------------------------------


def _softmax_of(arg: Node, axis: int | None, order: int) -> Node:
    """Return softmax along an axis, the last one as it is written without an axis."""
    last = axis is None or axis % max(order, 1) == order - 1
    return node("softmax", arg, static=(LAST if last else axis,))


def _softmax(space: Space, term: Node, labels: Labels) -> list[Piece]:
    (arg,) = term.args
    others = _other_entry(space, term, labels)
    own = atom(term, labels)
    pair = own.times(atom(term, others)).scaled(-1)
    return [Piece(own, arg, labels), Piece(pair, arg, others)]


def _log_softmax(space: Space, term: Node, labels: Labels) -> list[Piece]:
    (arg,) = term.args
    others = _other_entry(space, term, labels)
    weights = atom(_softmax_of(arg, axis_of(term), len(labels)), others).scaled(-1)
    return [Piece(UNIT, arg, labels), Piece(weights, arg, others)]


def _layernorm(space: Space, term: Node, labels: Labels) -> list[Piece]:
    """Return (dx - mean(dx) - y mean(y dx))/σ, σ the root that the entries are divided by."""
    (arg,) = term.args
    others = _other_entry(space, term, labels)
    square = node("pow", _deviation(space, arg, term), number(2))
    mean = node("mean", square, static=term.static)
    sigma = node("sqrt", space.algebra.add(mean, SHIFT_OF_VARIANCE))
    axis = (axis_of(term) or 0) % len(labels)
    along = (*labels[:axis], *labels[axis + 1 :])
    own = inverted(atom(sigma, along), sigma, along)
    count = opened(space, space.count(space.length(labels[axis])), ())
    share = own.times(inverted(count, term, ())).scaled(-1)
    pair = share.times(atom(term, labels), atom(term, others))
    return [Piece(own, arg, labels), Piece(share, arg, others), Piece(pair, arg, others)]


def _other_entry(space: Space, term: Node, labels: Labels) -> Labels:
    """Return the labels of another entry of the same line."""
    if not labels:
        raise no_closed_form(f"{term.op} of a number")
    axis = (axis_of(term) or 0) % len(labels)
    return (*labels[:axis], space.label(space.length(labels[axis])), *labels[axis + 1 :])


def _linear_along(op: str) -> Rule:
    """Return the rule of an operation that is a matrix times each line."""

    def rule(space: Space, term: Node, labels: Labels) -> list[Piece]:
        (arg,) = term.args
        shape = space.shape(arg)
        if not shape:
            return [Piece(UNIT, arg, ())]
        axis = (axis_of(term) or 0) % len(shape)
        label = space.label(shape[axis])
        matrix = node(op, unit(shape[axis]), static=(0,))
        own = (*labels[:axis], label, *labels[axis + 1 :])
        return [Piece(atom(matrix, (labels[axis], label)), arg, own)]

    return rule


ALONG_LINES: Mapping[str, Rule] = MappingProxyType(
    {
        "norm": _reduction(_of_norm),
        "prod": _reduction(_of_prod),
        "var": _reduction(_of_var),
        "std": _reduction(_of_std),
        "amax": _reduction(_of_extreme),
        "amin": _reduction(_of_extreme),
        "logsumexp": _reduction(_of_logsumexp),
        "softmax": _softmax,
        "log_softmax": _log_softmax,
        "layernorm": _layernorm,
        "cumsum": _linear_along("cumsum"),
        "differences": _linear_along("differences"),
    }
)
"""The rules of these operations."""
