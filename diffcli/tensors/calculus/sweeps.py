"""Derivatives of a formula of tensors, forward along its DAG and backward.

A derivative of a node is a sum of products in the node's own labels and those of what it is
differentiated in. One of several products is written as a node at once where the language has such
nodes, so that the next step multiplies one factor and no formula grows with the depth.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from heapq import heappop, heappush

from diffcli.language.expression import VARIABLE, Node, postorder, variable
from diffcli.tensors.calculus.differentials import differential
from diffcli.tensors.calculus.errors import no_closed_form
from diffcli.tensors.calculus.networks import UNIT, Factor, Labels, Product, Space, depends, unit
from diffcli.tensors.calculus.opening import atom, opened
from diffcli.tensors.calculus.simplifying import collected
from diffcli.tensors.calculus.sums import node_of

MOST_PRODUCTS = 60
"""Products of one derivative that no node can be written for."""
_LARGEST_ORDER = 2
"""Axes of the tensors that the language multiplies."""


def moved(space: Space, product: Product, old: Labels, new: Labels) -> Product:
    """Return a product with new labels where it sums, and others on its axes.

    A label that stands twice among the old ones becomes a unit matrix.
    """
    product = space.fresh(product)
    names: dict[int, int] = {}
    for label, other in zip(old, new, strict=True):
        if label in names:
            product = product.times(space.eye(names[label], other))
        else:
            names[label] = other
    return product.renamed({label: name for label, name in names.items() if label != name})


def compact(space: Space, products: Iterable[Product], free: Labels) -> list[Product]:
    """Return a sum of products as one factor, if it is of several and has at most two axes."""
    left = collected(space, products)
    if len(left) < 2 or len(free) > _LARGEST_ORDER:
        if len(left) > MOST_PRODUCTS:
            raise no_closed_form("a sum of too many products")
        return left
    built = node_of(space, left, free)
    return [opened(space, built, free)] if built.op != "add" else [atom(built, free)]


class Forward:
    """The derivative of nodes: in one variable, or along a direction.

    ``seeds`` gives each variable's own derivative, whose labels are the variable's axes and then
    ``extra``.
    """

    def __init__(self, space: Space, seeds: Mapping[Node, Product], extra: Labels = ()) -> None:
        self._space, self._seeds, self.extra = space, seeds, extra
        self._known: dict[Node, list[Product]] = {}

    def derivative(self, root: Node) -> list[Product]:
        """Return the derivative of a node in its axes and ``extra``."""
        varying = depends([root], self._seeds)
        for term in _needed(self._space, root, varying):
            if term not in self._known:
                self._known[term] = self._of(term, varying)
        return self._known.get(root, [])

    def _of(self, term: Node, varying: set[Node]) -> list[Product]:
        if term in self._seeds:
            return [self._seeds[term]]
        space, axes = self._space, self._space.axes(term)
        result: list[Product] = []
        for piece in differential(space, term, axes, varying):
            inner = space.axes(piece.of)
            along = set(piece.labels).difference(axes)
            coefficient = piece.coefficient
            for product in self._known[piece.of]:
                there = space.fresh(product).renamed(dict(zip(inner, piece.labels, strict=True)))
                result.append(coefficient.times(there).over(along))
        return compact(space, result, (*axes, *self.extra))


def _needed(space: Space, root: Node, varying: set[Node]) -> Sequence[Node]:
    """Return the nodes whose derivatives the root's takes, each after those that it takes."""
    if root not in varying:
        return ()
    order: list[Node] = []
    done: set[Node] = set()
    stack: list[tuple[Node, bool]] = [(root, False)]
    while stack:
        term, is_ready = stack.pop()
        if is_ready:
            order.append(term)
        elif term not in done:
            done.add(term)
            stack.append((term, True))
            if term.op != VARIABLE:
                pieces = differential(space, term, space.axes(term), varying)
                stack += [(piece.of, False) for piece in pieces if piece.of not in done]
    return order


class Backward:
    """The cotangents of a formula's nodes: what the output changes by with each of them."""

    def __init__(self, space: Space, root: Node, seed: Product, wrt: Sequence[str]) -> None:
        self._space, self._wrt = space, [variable(name) for name in wrt]
        self._varying = depends([root], self._wrt)
        self._heights = heights_of(root)
        self._known: dict[Node, list[Product]] = {root: [seed]}

    def gradients(self) -> dict[str, list[Product]]:
        """Return the gradient in each variable that the formula depends on, in its axes."""
        waiting = [(-self._heights[term], self._space.rank(term), term) for term in self._known]
        queued = set(self._known)
        while waiting:
            _, _, term = heappop(waiting)
            if term.op == VARIABLE or term not in self._varying:
                continue
            for of in self._pulled(term):
                if of not in queued:
                    queued.add(of)
                    heappush(waiting, (-self._heights[of], self._space.rank(of), of))
        return {
            str(term.value): collected(self._space, self._known[term])
            for term in self._wrt
            if term in self._known
        }

    def _pulled(self, term: Node) -> list[Node]:
        """Add what a node's cotangent gives to those below, and return these."""
        space, axes = self._space, self._space.axes(term)
        cotangent = compact(space, self._known[term], axes)
        result = []
        for piece in differential(space, term, axes, self._varying):
            along = set(axes).difference(piece.labels)
            known = self._known.setdefault(piece.of, [])
            for product in cotangent:
                there = space.fresh(product).times(piece.coefficient).over(along)
                known.append(moved(space, there, piece.labels, space.axes(piece.of)))
            result.append(piece.of)
        return result


def heights_of(root: Node) -> dict[Node, int]:
    """Return how many operations stand below each node at most."""
    heights: dict[Node, int] = {}
    for term in postorder([root]):
        heights[term] = 1 + max((heights[arg] for arg in term.args), default=0)
    return heights


def own_derivative(space: Space, term: Node, extra: Labels) -> Product:
    """Return the derivative of a variable in itself, whose axes there are ``extra``."""
    pairs = zip(space.axes(term), extra, strict=True)
    return UNIT.times(
        *(
            Product(factors=(Factor(unit(space.length(row)), (row, column)),))
            for row, column in pairs
        )
    )
