"""The shapes of a formula's terms, found from those of its variables before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from types import MappingProxyType

from diffcli.errors import LimitError, UsageError
from diffcli.language.expression import VARIABLE, Node, postorder
from diffcli.language.function import Function
from diffcli.language.limits import MAX_ELEMENTS
from diffcli.language.printer import text_of
from diffcli.language.tensors import TENSORS, Slice, rule_for

Shape = tuple[int, ...]
_LONGEST = 40


class _MismatchError(Exception):
    """Why an operation doesn't take these shapes."""


def shapes_of(function: Function, variables: Mapping[str, Shape]) -> dict[Node, Shape]:
    """Return the shape of every node.

    Raises UsageError where an operation doesn't take the shapes of its operands, LimitError
    where its result is too large.
    """
    found: dict[Node, Shape] = {}
    for node in function.nodes:
        if node.op == VARIABLE:
            found[node] = variables[str(node.value)]
        shape_of(node, found)
    return found


def shape_of(root: Node, known: dict[Node, Shape]) -> Shape:
    """Return the shape of a node whose variables are known; what is found on the way is kept.

    Raises UsageError where an operation doesn't take the shapes of its operands, LimitError
    where its result is too large.
    """
    if root not in known:
        for node in postorder([root]):
            shapes = [known[arg] for arg in node.args]
            try:
                known.setdefault(node, rule_for(node.op, _RULES, _broadcast)(node, shapes))
            except _MismatchError as error:
                raise UsageError(_message(node, shapes), hint=str(error)) from None
            if prod(known[node]) > MAX_ELEMENTS and node.op != VARIABLE:
                raise LimitError(
                    f"{_short(node)} has {prod(known[node]):,} numbers",
                    hint=f"at most {MAX_ELEMENTS:,} are computed",
                )
    return known[root]


def _message(node: Node, shapes: Sequence[Shape]) -> str:
    listed = " and ".join(_written(shape) for shape in shapes)
    return f"{_short(node)} doesn't go with {'shapes' if len(shapes) > 1 else 'shape'} {listed}"


def _short(node: Node) -> str:
    text = text_of(node)
    return text if len(text) <= _LONGEST else node.op


def _written(shape: Shape) -> str:
    return str(list(shape)) if shape else "[] (a number)"


def refuse_tensors(outputs: Sequence[Node]) -> None:
    """Raise UsageError where a formula that should be of numbers has operations on tensors."""
    for node in postorder(outputs):
        if node.op in TENSORS:
            raise UsageError(
                f"{text_of(node)[:_LONGEST]} is of tensors, and numbers are wanted here",
                hint="grad and jacobian take tensors",
            )


def index_of(node: Node) -> tuple[int | slice, ...]:
    """Return the index of an ``index`` node as numpy and torch take it."""
    return tuple(
        slice(*part) if isinstance(part, Slice) else part
        for part in node.static
        if part is not None
    )


def axis_of(node: Node) -> int | None:
    """Return the axis of a node, None for all."""
    (axis,) = node.static
    return axis if isinstance(axis, int) else None


def _broadcast(_: Node, shapes: Sequence[Shape]) -> Shape:
    import numpy as np

    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise _MismatchError("give them one length, or numbers") from None


def _checked_axis(node: Node, shape: Shape) -> int | None:
    axis = axis_of(node)
    if axis is None or -len(shape) <= axis < len(shape):
        return axis
    if axis == TENSORS[node.op].default and not shape:
        return None
    raise _MismatchError(f"there is no axis {axis}")


def _reduced(node: Node, shapes: Sequence[Shape]) -> Shape:
    (shape,) = shapes
    axis = _checked_axis(node, shape)
    if node.op in ("amax", "amin", "var", "std") and 0 in shape:
        raise _MismatchError("there is no entry")
    if axis is None:
        return ()
    axis %= len(shape)
    return (*shape[:axis], *shape[axis + 1 :])


def _same(node: Node, shapes: Sequence[Shape]) -> Shape:
    _checked_axis(node, shapes[0])
    return shapes[0]


def _differences(node: Node, shapes: Sequence[Shape]) -> Shape:
    (shape,) = shapes
    axis = _checked_axis(node, shape)
    if axis is None:
        raise _MismatchError("a number has no neighbours")
    axis %= len(shape)
    return (*shape[:axis], max(shape[axis] - 1, 0), *shape[axis + 1 :])


def _dot(_: Node, shapes: Sequence[Shape]) -> Shape:
    if len(shapes[0]) != 1 or shapes[0] != shapes[1]:
        raise _MismatchError("dot takes two vectors of one length")
    return ()


def _outer(_: Node, shapes: Sequence[Shape]) -> Shape:
    if [len(shape) for shape in shapes] != [1, 1]:
        raise _MismatchError("outer takes two vectors")
    return (*shapes[0], *shapes[1])


def _matmul(_: Node, shapes: Sequence[Shape]) -> Shape:
    left, right = shapes
    if not (1 <= len(left) <= 2 and 1 <= len(right) <= 2) or left[-1] != right[0]:
        raise _MismatchError("@ takes as many columns on its left as rows on its right")
    return (*left[:-1], *right[1:])


def _square(shape: Shape) -> Shape:
    if len(shape) != 2 or shape[0] != shape[1]:
        raise _MismatchError("it takes a square matrix")
    return shape


def _number_of_square(_: Node, shapes: Sequence[Shape]) -> Shape:
    _square(shapes[0])
    return ()


def _inverse(_: Node, shapes: Sequence[Shape]) -> Shape:
    return _square(shapes[0])


def _solve(_: Node, shapes: Sequence[Shape]) -> Shape:
    matrix, right = _square(shapes[0]), shapes[1]
    if not 1 <= len(right) <= 2 or right[0] != matrix[0]:
        raise _MismatchError("solve(A, b) takes as many rows in b as in A")
    return right


def _transpose(_: Node, shapes: Sequence[Shape]) -> Shape:
    return shapes[0][::-1]


def _index(node: Node, shapes: Sequence[Shape]) -> Shape:
    import numpy as np

    try:
        return np.broadcast_to(0, shapes[0])[index_of(node)].shape
    except IndexError:
        raise _MismatchError("the index is out of range") from None


_RULES: Mapping[str, Callable[[Node, Sequence[Shape]], Shape]] = MappingProxyType(
    {
        **dict.fromkeys("sum prod mean var std norm amax amin logsumexp".split(), _reduced),
        **dict.fromkeys(["cumsum", "softmax", "log_softmax"], _same),
        "differences": _differences,
        "dot": _dot,
        "outer": _outer,
        "matmul": _matmul,
        "trace": _number_of_square,
        "det": _number_of_square,
        "inv": _inverse,
        "solve": _solve,
        "transpose": _transpose,
        "index": _index,
    }
)
