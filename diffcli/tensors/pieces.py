"""One component of a large formula of tensors as a formula of numbers, with what matters to it.

What is added up and doesn't depend on the component to differentiate by has no part in the
derivative: of a sum of a million terms the two or three remain that have one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from diffcli.errors import LimitError
from diffcli.language.expression import VARIABLE, Node, node, number, variable
from diffcli.language.function import Function
from diffcli.language.tensors import TENSORS
from diffcli.tensors.components import as_array, total
from diffcli.tensors.rules import Kept, Nodes, Piece, Positions, Shape, Shapes, rule_of

MAX_POSITIONS = 5_000
"""Components of terms that one component may be made of."""

Matters = Callable[[Node, Positions], NDArray[np.bool_]]
"""Which of a term's components, by their positions, depend on what is differentiated by."""


class Pieces:
    """Components of a function's terms, one at a time; ``shapes`` are those of its nodes.

    ``names`` gives a variable's component its name, of the variable and the position.
    """

    def __init__(
        self, function: Function, shapes: Shapes, names: Callable[[str, int], str]
    ) -> None:
        self._function, self.shapes, self._names = function, shapes, names

    def component(self, output: Node, position: int, matters: Matters) -> Node:
        """Return one component, without the added terms that don't matter.

        Its derivatives in what matters are right, its value is not. Raises LimitError where it is
        made of too many components.
        """
        wanted: dict[Node, dict[tuple[int, bool], Piece | None]] = {
            output: {(position, False): None}
        }
        count = 0
        for tensor in reversed(self._function.nodes):
            for key in wanted.get(tensor, {}):
                if tensor.is_leaf:
                    continue
                piece = wanted[tensor][key] = self._piece(tensor, *key, matters)
                for arg, inner, whole in zip(
                    tensor.args, piece.positions, piece.whole, strict=True
                ):
                    count += inner.size
                    if count > MAX_POSITIONS:
                        raise LimitError(f"it is made of more than {MAX_POSITIONS:,} components")
                    keys = ((int(part), whole) for part in inner.flat)
                    wanted.setdefault(arg, {}).update(dict.fromkeys(keys))
        new: dict[tuple[Node, int, bool], Node] = {}
        for tensor in self._function.nodes:
            for (own, whole), known in wanted.get(tensor, {}).items():
                new[tensor, own, whole] = self._made(tensor, own, known, new)
        return new[output, position, False]

    def _made(
        self,
        tensor: Node,
        position: int,
        piece: Piece | None,
        new: Mapping[tuple[Node, int, bool], Node],
    ) -> Node:
        if piece is None:
            return (
                variable(self._names(str(tensor.value), position))
                if tensor.op == VARIABLE
                else tensor
            )
        arguments = [
            as_array((new[arg, int(part), whole] for part in inner.flat), inner.shape)
            for arg, inner, whole in zip(tensor.args, piece.positions, piece.whole, strict=True)
        ]
        return piece.build(*arguments)

    def _piece(self, tensor: Node, position: int, whole: bool, matters: Matters) -> Piece:
        rule = rule_of(tensor.op) if tensor.op in TENSORS else None
        piece = (rule.piece if rule else _elementwise)(tensor, self.shapes, position)
        share = rule.share if rule else _SHARES.get(tensor.op)
        if whole or share is None:
            return piece
        inner = zip(tensor.args, piece.positions, strict=True)
        return share(piece, [matters(arg, positions) for arg, positions in inner])


def _elementwise(tensor: Node, shapes: Shapes, position: int) -> Piece:
    index = np.unravel_index(position, shapes[tensor])
    positions = tuple(_broadcast_from(shapes[arg], index) for arg in tensor.args)

    def build(*arguments: Nodes) -> Node:
        return node(tensor.op, *(argument.item() for argument in arguments))

    return piece_of(build, *positions)


def _broadcast_from(shape: Shape, index: Sequence[np.intp]) -> Positions:
    """Return the position that an index of a broadcast tensor comes from."""
    own = index[len(index) - len(shape) :]
    clipped = [0 if length == 1 else int(part) for part, length in zip(own, shape, strict=True)]
    return only(np.ravel_multi_index(clipped, shape)) if shape else only(0)


def piece_of(build: Callable[..., Node], *positions: Positions) -> Piece:
    """Return a component that is built of components that are wanted whole."""
    return Piece(positions, build, (True,) * len(positions))


def only(position: int | np.intp) -> Positions:
    """Return one position alone."""
    return np.array([position], dtype=np.int64)


def sum_of(*positions: Positions) -> Piece:
    """Return the sum of some components of the one argument."""
    return piece_of(lambda parts: total(list(parts.flat)), *positions)


# -- what is left where only what matters is wanted --------------------------------------------


def _product_of_one(piece: Piece, kept: Kept) -> Piece:
    """Share a product among its factors, where one of them alone matters."""
    if sum(map(np.count_nonzero, kept)) != 1:
        return piece
    return Piece(piece.positions, piece.build, tuple(not tensor.any() for tensor in kept))


def _quotient(piece: Piece, kept: Kept) -> Piece:
    return piece if kept[1].any() else Piece(piece.positions, piece.build, (False, True))


def linear(weight: Callable[[int, int], Fraction | int], piece: Piece, kept: Kept) -> Piece:
    """Return the share of a linear operation, which weighs the k-th of n terms of an argument."""
    weights = [weight(int(k), tensor.size) for tensor in kept for k in np.flatnonzero(tensor)]
    positions = tuple(own[tensor] for own, tensor in zip(piece.positions, kept, strict=True))

    def build(*arguments: Nodes) -> Node:
        parts = [part for argument in arguments for part in argument.flat]
        return total([_weighted(*tensor) for tensor in zip(weights, parts, strict=True)])

    return Piece(positions, build, (False,) * len(positions))


def _weighted(weight: Fraction | int, term: Node) -> Node:
    if weight == 1:
        return term
    return node("neg", term) if weight == -1 else node("mul", number(weight), term)


added = partial(linear, lambda *_: 1)
"""The share of a sum."""

_SHARES: Mapping[str, Callable[[Piece, Kept], Piece]] = MappingProxyType(
    {
        "add": added,
        "neg": partial(linear, lambda *_: -1),
        "mul": _product_of_one,
        "div": _quotient,
    }
)
