"""A derivative derived line by line by differentials, as textbooks do.

The first differential identification theorem (Magnus and Neudecker, Matrix Differential Calculus,
3rd ed., 5.8): where df = tr(Gᵀ dX), G is the gradient. Each line writes one more differential by
its rule, until only those of the variable are left.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heappop, heappush

from diffcli.language.expression import VARIABLE, Node, postorder, unused, variable
from diffcli.language.printer import text_of
from diffcli.tensors.calculus.differentials import differential
from diffcli.tensors.calculus.networks import Labels, Piece, Product, Space, depends
from diffcli.tensors.calculus.opening import OPENERS, atom
from diffcli.tensors.calculus.sums import node_of
from diffcli.tensors.calculus.sweeps import compact, heights_of, moved, own_derivative

LONGEST = 14
"""Characters of a term that stands in its differential; a longer one gets a name."""
_LETTERS = "uvpqrst"
_MULTILINEAR = frozenset({"add", *OPENERS})
"""Operations whose differentials are read through: each is a sum of products."""


@dataclass(frozen=True)
class Line:
    """One rule: the differential of a term by those of its parts, and what df is with it.

    ``rule`` and ``whole`` are formulas of the terms' differentials, which stand for variables.
    """

    term: Node
    rule: Node
    whole: Node


@dataclass(frozen=True)
class Derivation:
    """The lines in order; ``names`` are those of terms, ``differentials`` stand for theirs."""

    root: Node
    lines: tuple[Line, ...]
    names: dict[Node, Node]
    differentials: dict[Node, Node]


def derivation(space: Space, root: Node, name: str) -> Derivation:
    """Return how the differential of a formula in one variable comes about.

    Raises NoClosedFormError where a line has no short form.
    """
    return _Derivation(space, root, name).result()


class _Derivation:
    def __init__(self, space: Space, root: Node, name: str) -> None:
        self._space, self._root = space, root
        self._varying = depends([root], [variable(name)])
        self._names: dict[Node, Node] = {}
        self._differentials: dict[Node, Node] = {}
        known = {str(tensor.value) for tensor in postorder([root]) if tensor.op == VARIABLE}
        self._taken = {*known, *space.names.values()}

    def result(self) -> Derivation:
        space, root = self._space, self._root
        extra = space.labels(space.shape(root))
        pending = {root: [own_derivative(space, root, extra)]}
        heights = heights_of(root)
        waiting, queued = [(-heights[root], 0, root)], {root}
        lines: list[Line] = []
        while waiting:
            _, _, tensor = heappop(waiting)
            pieces = self._pieces(tensor)
            for of in (piece.of for piece in pieces if piece.of.op != VARIABLE):
                if of not in queued:
                    queued.add(of)
                    heappush(waiting, (-heights[of], space.rank(of), of))
            rule = node_of(space, self._of_pieces(tensor, pieces), space.axes(tensor), full=False)
            self._pull(tensor, pieces, pending, extra)
            whole = node_of(space, self._whole(pending, extra), extra, full=False)
            lines.append(Line(tensor, rule, whole))
        return Derivation(root, tuple(lines), self._names, self._differentials)

    def _pieces(self, tensor: Node) -> list[Piece]:
        """Return a differential's pieces, through products and sums of products and sums."""
        space, axes = self._space, self._space.axes(tensor)
        answer: list[Piece] = []
        waiting = differential(space, tensor, axes, self._varying)
        while waiting:
            piece = waiting.pop(0)
            if tensor.op not in _MULTILINEAR or piece.of.op not in _MULTILINEAR:
                answer.append(piece)
                continue
            along = set(piece.labels).difference(axes)
            for inner in differential(space, piece.of, piece.labels, self._varying):
                coefficient = piece.coefficient.times(inner.coefficient)
                summed = along.difference(inner.labels)
                waiting.append(Piece(coefficient.over(summed), inner.of, inner.labels))
        return answer

    def _pull(
        self,
        tensor: Node,
        pieces: list[Piece],
        pending: dict[Node, list[Product]],
        extra: Labels,
    ) -> None:
        """Replace a term's differential by those of its parts."""
        space, axes = self._space, self._space.axes(tensor)
        factors = compact(space, pending.pop(tensor), (*extra, *axes))
        for piece in pieces:
            along = set(axes).difference(piece.labels)
            known = pending.setdefault(piece.of, [])
            for product in factors:
                there = space.fresh(product).times(piece.coefficient).over(along)
                known.append(moved(space, there, piece.labels, space.axes(piece.of)))

    def _of_pieces(self, tensor: Node, pieces: list[Piece]) -> Iterator[Product]:
        axes = self._space.axes(tensor)
        for piece in pieces:
            along = set(piece.labels).difference(axes)
            change = atom(self._differential(piece.of), piece.labels)
            yield piece.coefficient.times(change).over(along)

    def _whole(self, pending: dict[Node, list[Product]], extra: Labels) -> Iterator[Product]:
        """Yield the products of the whole's differential, in the labels of the whole."""
        for tensor, products in pending.items():
            axes = self._space.axes(tensor)
            change = atom(self._differential(tensor), axes)
            for product in products:
                yield self._space.fresh(product).times(change).over(set(axes).difference(extra))

    def _differential(self, tensor: Node) -> Node:
        """Return what stands for the differential of a term: ``dX``, ``du``, ``d(norm(x))``."""
        if tensor not in self._differentials:
            text = text_of(tensor)
            if tensor.op == VARIABLE:
                name = f"d{text}"
            elif len(text) <= LONGEST:
                name = f"d({text})"
            else:
                letter = next((x for x in _LETTERS if x not in self._taken), None)
                letter = letter or unused("u", self._taken)
                self._taken.add(letter)
                self._names[tensor] = variable(letter)
                name = f"d{letter}"
            self._differentials[tensor] = variable(name)
            self._space.shapes[variable(name)] = self._space.shape(tensor)
        return self._differentials[tensor]
