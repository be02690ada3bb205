"""One component of a large formula of tensors as a formula of numbers, with what matters to it.

What is added up and doesn't depend on the component to differentiate by has no part in the
derivative: of a sum of a million terms the two or three remain that have one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from diffcli.engines.expansions import EXPANSIONS, Nodes, as_array
from diffcli.engines.matrices.patterns import Places, places_in
from diffcli.engines.shapes import Shape, axis_of, index_of
from diffcli.errors import LimitError
from diffcli.language.algebra import ZERO
from diffcli.language.expression import VARIABLE, Node, node, number, variable
from diffcli.language.function import Function
from diffcli.language.tensors import Static, rule_for

MOST_PLACES = 5_000
"""Components of terms that one component may be made of."""

Matters = Callable[[Node, Places], NDArray[np.bool_]]
"""Which of a term's components, by their places, depend on what is differentiated by."""


@dataclass(frozen=True)
class Piece:
    """How a component comes about: from which places of each argument, and by what.

    ``whole`` tells of each argument whether all of it is wanted, or what matters alone.
    """

    places: tuple[Places, ...]
    build: Callable[..., Node]
    whole: tuple[bool, ...]


class Pieces:
    """Components of a function's terms, one at a time; ``shapes`` are those of its nodes.

    ``names`` gives a variable's component its name, of the variable and the place.
    """

    def __init__(
        self, function: Function, shapes: Mapping[Node, Shape], names: Callable[[str, int], str]
    ) -> None:
        self._function, self.shapes, self._names = function, shapes, names
        self._indices: dict[Node, Places] = {}

    def component(self, output: Node, place: int, matters: Matters) -> Node:
        """Return one component, without the added terms that don't matter.

        Its derivatives in what matters are right, its value is not. Raises LimitError where it is
        made of too many components.
        """
        wanted: dict[Node, dict[tuple[int, bool], Piece | None]] = {output: {(place, False): None}}
        count = 0
        for each in reversed(self._function.nodes):
            for key in wanted.get(each, {}):
                if each.is_leaf:
                    continue
                piece = wanted[each][key] = self._piece(each, *key, matters)
                for arg, places, whole in zip(each.args, piece.places, piece.whole, strict=True):
                    count += places.size
                    _check(count)
                    wanted.setdefault(arg, {}).update(
                        dict.fromkeys((int(inner), whole) for inner in places.flat)
                    )
        made: dict[tuple[Node, int, bool], Node] = {}
        for each in self._function.nodes:
            for (inner, whole), found in wanted.get(each, {}).items():
                made[each, inner, whole] = self._made(each, inner, found, made)
        return made[output, place, False]

    def _made(
        self,
        each: Node,
        place: int,
        piece: Piece | None,
        made: Mapping[tuple[Node, int, bool], Node],
    ) -> Node:
        if piece is None:
            return variable(self._names(str(each.value), place)) if each.op == VARIABLE else each
        arguments = [
            as_array((made[arg, int(inner), whole] for inner in places.flat), places.shape)
            for arg, places, whole in zip(each.args, piece.places, piece.whole, strict=True)
        ]
        return piece.build(*arguments)

    def _piece(self, each: Node, place: int, whole: bool, matters: Matters) -> Piece:
        piece = rule_for(each.op, _PIECES, _elementwise)(self, each, place)
        if whole:
            return piece
        inner = [matters(arg, places) for arg, places in zip(each.args, piece.places, strict=True)]
        return _SHARES.get(each.op, _unshared)(piece, inner)

    def index(self, each: Node) -> Places:
        """Return where each component of an indexed tensor comes from."""
        if each not in self._indices:
            everything = places_in(self.shapes[each.args[0]])
            self._indices[each] = everything[index_of(each)].reshape(-1)
        return self._indices[each]


def _check(count: int) -> None:
    if count > MOST_PLACES:
        raise LimitError(f"it is made of more than {MOST_PLACES:,} components")


def _piece(op: str, *places: Places, static: Static = (), pick: int = 0) -> Piece:
    """Return what an operation of tensors makes of some places; ``pick`` is a place in that."""

    def build(*arguments: Nodes) -> Node:
        # The rules look at the axis alone.
        made = EXPANSIONS[op](node(op, *(ZERO for _ in arguments), static=static), *arguments)
        component: Node = made.reshape(-1)[pick]
        return component

    return Piece(places, build, (True,) * len(places))


def _elementwise(at: Pieces, each: Node, place: int) -> Piece:
    whole = at.shapes[each]
    index = np.unravel_index(place, whole)
    places = tuple(_broadcast_from(at.shapes[arg], index) for arg in each.args)

    def build(*arguments: Nodes) -> Node:
        return node(each.op, *(argument.item() for argument in arguments))

    return Piece(places, build, (True,) * len(places))


def _broadcast_from(shape: Shape, index: Sequence[np.intp]) -> Places:
    """Return the place that an index of a broadcast tensor comes from."""
    own = index[len(index) - len(shape) :]
    clipped = [0 if length == 1 else int(part) for part, length in zip(own, shape, strict=True)]
    return _only(np.ravel_multi_index(clipped, shape)) if shape else _only(0)


def _only(place: int | np.intp) -> Places:
    return np.array([place], dtype=np.int64)


def _line(shape: Shape, axis: int | None, place: int) -> Places:
    """Return the line along an axis (None: everything) that a place of the reduced tensor is of."""
    if axis is None or not shape:
        return places_in(shape).reshape(-1)
    axis %= len(shape)
    rest = (*shape[:axis], *shape[axis + 1 :])
    index = [int(part) for part in np.unravel_index(place, rest)] if rest else []
    stride = prod(shape[axis + 1 :])
    first = int(np.ravel_multi_index([*index[:axis], 0, *index[axis:]], shape))
    return first + stride * np.arange(shape[axis])


def _reduction(at: Pieces, each: Node, place: int) -> Piece:
    line = _line(at.shapes[each.args[0]], axis_of(each), place)
    return _piece(each.op, line, static=(None,))


def _along(at: Pieces, each: Node, place: int) -> Piece:
    line, pick = _own_line(at.shapes[each], axis_of(each), place)
    return _piece(each.op, line, static=(0,), pick=pick)


def _own_line(shape: Shape, axis: int | None, place: int) -> tuple[Places, int]:
    """Return the line along an axis that a place stands in, and where in it."""
    if not shape:
        return _only(0), 0
    axis = (axis or 0) % len(shape)
    index = [int(part) for part in np.unravel_index(place, shape)]
    pick = index.pop(axis)
    rest = (*shape[:axis], *shape[axis + 1 :])
    return _line(shape, axis, int(np.ravel_multi_index(index, rest)) if rest else 0), pick


def _running(at: Pieces, each: Node, place: int) -> Piece:
    line, pick = _own_line(at.shapes[each], axis_of(each), place)
    return _piece("sum", line[: pick + 1], static=(None,))


def _neighbours(at: Pieces, each: Node, place: int) -> Piece:
    whole = at.shapes[each.args[0]]
    axis = (axis_of(each) or 0) % len(whole)
    index = [int(part) for part in np.unravel_index(place, at.shapes[each])]
    first = int(np.ravel_multi_index(index, whole))
    pair = np.array([first, first + prod(whole[axis + 1 :])])
    return _piece("differences", pair, static=(0,))


def _transposed(at: Pieces, each: Node, place: int) -> Piece:
    index = np.unravel_index(place, at.shapes[each])
    source = np.ravel_multi_index(index[::-1], at.shapes[each.args[0]]) if index else 0
    return _piece("sum", _only(source), static=(None,))


def _indexed(at: Pieces, each: Node, place: int) -> Piece:
    return _piece("sum", at.index(each)[place : place + 1], static=(None,))


def _diagonal(at: Pieces, each: Node, _: int) -> Piece:
    diagonal = places_in(at.shapes[each.args[0]]).diagonal()
    return _piece("sum", diagonal, static=(None,))


def _product(at: Pieces, each: Node, place: int) -> Piece:
    right = at.shapes[each.args[1]]
    columns = prod(right[1:])
    row, column = divmod(place, columns)
    length = right[0]
    across, down = row * length + np.arange(length), column + columns * np.arange(length)
    return _piece("dot", across, down)


def _outer(at: Pieces, each: Node, place: int) -> Piece:
    row, column = divmod(place, at.shapes[each][1])
    return _piece("dot", _only(row), _only(column))


def _whole(at: Pieces, each: Node, place: int) -> Piece:
    return _piece(each.op, *(places_in(at.shapes[arg]) for arg in each.args), pick=place)


_PIECES: Mapping[str, Callable[[Pieces, Node, int], Piece]] = MappingProxyType(
    {
        **dict.fromkeys("sum prod mean var std norm amax amin logsumexp".split(), _reduction),
        **dict.fromkeys(["softmax", "log_softmax"], _along),
        **dict.fromkeys(["det", "inv", "solve"], _whole),
        **dict.fromkeys(["dot", "matmul"], _product),
        "cumsum": _running,
        "differences": _neighbours,
        "outer": _outer,
        "trace": _diagonal,
        "transpose": _transposed,
        "index": _indexed,
    }
)
"""How a component comes about, where the operation isn't element by element."""

Kept = Sequence[NDArray[np.bool_]]


def _unshared(piece: Piece, _: Kept) -> Piece:
    return piece


def _product_of_one(piece: Piece, kept: Kept) -> Piece:
    """Share a product among its factors, where one of them alone matters."""
    if sum(map(np.count_nonzero, kept)) != 1:
        return piece
    return Piece(piece.places, piece.build, tuple(not each.any() for each in kept))


def _quotient(piece: Piece, kept: Kept) -> Piece:
    if kept[1].any():
        return piece
    return Piece(piece.places, piece.build, (False, True))


def _inner_product(piece: Piece, kept: Kept) -> Piece:
    either = kept[0] | kept[1]
    return Piece(tuple(each[either] for each in piece.places), piece.build, piece.whole)


def _linear(weight: Callable[[int, int], Fraction | int]) -> Callable[[Piece, Kept], Piece]:
    """Return the share of a linear operation, which weighs the k-th of n terms of an argument."""

    def share(piece: Piece, kept: Kept) -> Piece:
        weights = [weight(int(k), each.size) for each in kept for k in np.flatnonzero(each)]
        places = tuple(own[each] for own, each in zip(piece.places, kept, strict=True))

        def build(*arguments: Nodes) -> Node:
            parts = [part for argument in arguments for part in argument.flat]
            terms = [_weighted(*each) for each in zip(weights, parts, strict=True)]
            return node("add", *terms) if len(terms) > 1 else (terms[0] if terms else ZERO)

        return Piece(places, build, (False,) * len(places))

    return share


def _weighted(weight: Fraction | int, term: Node) -> Node:
    if weight == 1:
        return term
    return node("neg", term) if weight == -1 else node("mul", number(weight), term)


_SHARES: Mapping[str, Callable[[Piece, Kept], Piece]] = MappingProxyType(
    {
        **dict.fromkeys("add sum cumsum transpose index trace".split(), _linear(lambda *_: 1)),
        "neg": _linear(lambda *_: -1),
        "mean": _linear(lambda _, count: Fraction(1, count)),
        "differences": _linear(lambda k, _: 2 * k - 1),
        "mul": _product_of_one,
        "div": _quotient,
        "dot": _inner_product,
        "matmul": _inner_product,
    }
)
"""What is left of a component where only what matters is wanted."""
