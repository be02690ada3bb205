"""The record of one tensor operation: all that the engines know of it, but for its torch function.

There is no default: an operation without an entry for a question can't be made, as the answer for
what works element by element would be wrong for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from diffcli.language.expression import Node
from diffcli.language.tensors import TENSORS, Slice

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

Shape = tuple[int, ...]
Shapes = Mapping[Node, Shape]
"""The shape of each node."""
Nodes: TypeAlias = "NDArray[Any]"
"""An array of nodes."""
Positions: TypeAlias = "NDArray[np.int64]"
"""Positions of components in row-major order."""
Patterns: TypeAlias = "Sequence[csr_array]"
"""What the components of each argument depend on."""
Pairs: TypeAlias = "Iterator[tuple[csr_array, csr_array]]"
"""Patterns whose columns meet row by row."""
Kept: TypeAlias = "Sequence[NDArray[np.bool_]]"
"""Which components of each argument matter."""


class MismatchError(Exception):
    """An operation doesn't take these shapes; the text is the remedy."""


@dataclass(frozen=True, slots=True)
class Piece:
    """How one component comes about: the positions of the arguments' components, and what of them.

    ``whole`` says of each argument whether its components are wanted whole, or without the terms
    that don't matter.
    """

    positions: tuple[Positions, ...]
    build: Callable[..., Node]
    whole: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class TensorRule:
    """One tensor operation.

    - ``shape`` returns the result's shape, of a node and its arguments' shapes; raises
      MismatchError.
    - ``expand`` returns the components of the result, of a node and the arguments' components, by
      the operation's definition.
    - ``depends`` returns what each component depends on, of a node, the shapes of all nodes and
      the arguments' patterns (:mod:`diffcli.tensors.sparsity`); ``meets`` yields the patterns that
      a second derivative brings together, and is None for a linear operation.
    - ``piece`` returns how one component comes about, of a node, all shapes and the position;
      ``share`` what is left of it where only what matters is wanted, None if all of it is.
    - ``kink`` says where the operation has one: ``"zero"`` where its value is 0, ``"greatest"`` or
      ``"least"`` where two components of a line are, None nowhere.
    - ``is_factored`` says whether LAPACK factors the first argument, which errs in norm.
    """

    shape: Callable[[Node, Sequence[Shape]], Shape]
    expand: Callable[..., Nodes]
    depends: Callable[[Node, Shapes, Patterns], csr_array]
    meets: Callable[[Node, Shapes, Patterns], Pairs] | None
    piece: Callable[[Node, Shapes, int], Piece]
    share: Callable[[Piece, Kept], Piece] | None
    kink: Literal["zero", "greatest", "least"] | None
    is_factored: bool


smooth = partial(TensorRule, kink=None, is_factored=False)
"""The record of an operation without kinks, for which nothing is factored."""


def rule_of(op: str) -> TensorRule:
    """Return the record of a tensor operation, from the file that its row names.

    Raises NotImplementedError where there is none.
    """
    rules: Mapping[str, TensorRule] = import_module(f"diffcli.tensors.{TENSORS[op].rules}").RULES
    if op not in rules:
        raise NotImplementedError(f"the tensor operation {op} has no rule")
    return rules[op]


def axis_of(node: Node) -> int | None:
    """Return the axis of a node, None for all."""
    (axis,) = node.static
    return axis if isinstance(axis, int) else None


def checked_axis(node: Node, shape: Shape) -> int | None:
    """Return the axis of a node, None for all. Raises MismatchError where there is no such axis."""
    axis = axis_of(node)
    if axis is None or -len(shape) <= axis < len(shape):
        return axis
    if axis == TENSORS[node.op].default and not shape:
        return None
    raise MismatchError(f"there is no axis {axis}")


def index_of(node: Node) -> tuple[int | slice, ...]:
    """Return the index of an ``index`` node as numpy and torch take it."""
    return tuple(
        slice(*part) if isinstance(part, Slice) else part
        for part in node.static
        if part is not None
    )
