"""Products of tensors in index notation, and the space that their labels belong to.

A product is a number times factors, each a node of the language with a label for each of its axes;
a label that is ``summed`` is summed over, as in Einstein's notation but said explicitly. In this
notation a transpose is an order of labels, a trace a label that stands twice, and the derivative of
a variable in itself a unit matrix, so that products that are equal become the same product
(Laue, Mitterreiter and Giesen, Computing higher order derivatives of matrix and tensor
expressions, NeurIPS 2018).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from diffcli.language.algebra import ONE, Algebra
from diffcli.language.builder import Builder
from diffcli.language.expression import NUMBER, Node, node, number, postorder, variable
from diffcli.tensors.calculus.errors import NoClosedFormError, no_closed_form
from diffcli.tensors.calculus.sizes import made_of
from diffcli.tensors.rules import Shape, Shapes
from diffcli.tensors.shapes import shape_of

Labels = tuple[int, ...]
"""A label for each axis."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A node with a label for each of its axes; one that is ``below`` divides."""

    node: Node
    labels: Labels
    below: bool = False


@dataclass(frozen=True, slots=True)
class Product:
    """A number times factors, summed over some labels.

    A label that no factor has stands for an axis along which all entries are equal. ``decimal``
    says that the number was typed as a decimal.
    """

    size: Fraction = Fraction(1)
    factors: tuple[Factor, ...] = ()
    summed: frozenset[int] = frozenset()
    decimal: bool = False

    def times(self, *others: Product) -> Product:
        """Return the product with others, whose summed labels are different ones."""
        size, factors, summed, decimal = self.size, self.factors, self.summed, self.decimal
        for other in others:
            size, decimal = size * other.size, decimal or other.decimal
            factors, summed = factors + other.factors, summed | other.summed
        return Product(size, factors, summed, decimal)

    def scaled(self, size: Fraction | int) -> Product:
        """Return the product times a number."""
        return replace(self, size=self.size * size)

    def over(self, labels: Iterable[int]) -> Product:
        """Return the product summed over more labels."""
        return replace(self, summed=self.summed | frozenset(labels))

    def renamed(self, names: Mapping[int, int]) -> Product:
        """Return the product with other labels."""
        factors = tuple(
            replace(factor, labels=tuple(names.get(label, label) for label in factor.labels))
            for factor in self.factors
        )
        summed = frozenset(names.get(label, label) for label in self.summed)
        return replace(self, factors=factors, summed=summed)


@dataclass(frozen=True, slots=True)
class Kink:
    """What a term is where a function that was differentiated has a kink or a jump.

    ``by_line`` says that it is so of each line of the term.
    """

    kind: str
    term: Node
    by_line: bool = False


UNIT = Product()
"""The product of nothing."""


class Space:
    """The labels and nodes of one derivation: their lengths, shapes and order.

    ``shapes`` are those of the formula's nodes. ``names`` gives lengths that stand for any length
    the name by which they are written, ``symmetric`` and ``orthogonal`` hold the variables
    that are so.
    """

    def __init__(
        self,
        shapes: Shapes,
        names: Mapping[int, str] | None = None,
        symmetric: frozenset[Node] = frozenset(),
        orthogonal: frozenset[Node] = frozenset(),
    ) -> None:
        self.shapes, self.names = dict(shapes), dict(names or {})
        self.symmetric, self.orthogonal = symmetric, orthogonal
        self.known_symmetric: dict[Node, bool] = {}
        """Whether each matrix is symmetric, of those that were looked at."""
        self.algebra = Algebra(Builder(_fail))
        self.solves = any(tensor.op == "solve" for tensor in shapes)
        """Whether the formula itself solves, so that its derivatives are written so too."""
        self.kinks: dict[Kink, None] = {}
        """Where what was differentiated so far has no derivative."""
        self.nonzero: set[Node] = set()
        """Terms that the formula takes the logarithm of, so that it has no value where one is 0."""
        self.counts: dict[Node, int] = {}
        """How many factors each node has as a product."""
        self._lengths: list[int] = []
        self._axes: dict[Node, Labels] = {}
        self._ranks: dict[Node, int] = {}

    def label(self, length: int) -> int:
        """Return a new label of an axis of this length."""
        self._lengths.append(length)
        return len(self._lengths) - 1

    def length(self, label: int) -> int:
        """Return the length of the axis that a label belongs to."""
        return self._lengths[label]

    def labels(self, shape: Shape) -> Labels:
        """Return new labels for the axes of a shape."""
        return tuple(map(self.label, shape))

    def axes(self, tensor: Node) -> Labels:
        """Return the labels that a node's own axes have wherever it is differentiated."""
        if tensor not in self._axes:
            self._axes[tensor] = self.labels(self.shape(tensor))
        return self._axes[tensor]

    def shape(self, tensor: Node) -> Shape:
        """Return the shape of a node, of the formula or made of its nodes."""
        return shape_of(tensor, self.shapes, self.names)

    def rank(self, tensor: Node) -> int:
        """Return the place of a node in the order in which nodes were first met."""
        return self._ranks.setdefault(tensor, len(self._ranks))

    def count(self, length: int) -> Node:
        """Return a length as a number, or as the name that stands for it."""
        new = made_of(length, self.names) if self.names else None
        if new is None:
            return number(length)
        factors = (variable(self.names[factor]) for factor in new.factors)
        return self.algebra.add(self.algebra.mul(*factors), number(new.more))

    def eye(self, row: int, column: int) -> Product:
        """Return the unit matrix."""
        return Product(factors=(Factor(unit(self.length(row)), (row, column)),))

    def fresh(self, product: Product) -> Product:
        """Return the product with new labels where it sums."""
        names = {label: self.label(self.length(label)) for label in sorted(product.summed)}
        return product.renamed(names)

    def minus(self, left: Node, right: Node) -> Node:
        """Return a difference of nodes."""
        return self.algebra.add(left, self.algebra.neg(right))

    def counted(self, product: Product, lengths: Iterable[int]) -> Product:
        """Return the product times some lengths."""
        for length in lengths:
            product = product.times(of_number(self.count(length)))
        return product


def _fail(message: str, **_: Any) -> NoClosedFormError:
    return no_closed_form(message)


def unit(length: int) -> Node:
    """Return the unit matrix of a length."""
    return node("eye", ONE, static=(length,))


def is_unit(tensor: Node) -> bool:
    """Whether a node is a unit matrix."""
    return tensor.op == "eye" and tensor.args[0] is ONE


def filled(shape: Sequence[int], entry: Node = ONE) -> Node:
    """Return the tensor of a shape that has one number everywhere."""
    return node("full", entry, static=tuple(shape)) if shape else entry


def of_number(value: Node) -> Product:
    """Return a number or a factor that is one number as a product."""
    if value.op == NUMBER:
        exact = Fraction(value.value or 0)
        return Product(exact, decimal=exact.denominator > 1)
    return Product(factors=(Factor(value, ()),))


def depends(roots: Iterable[Node], on: Iterable[Node]) -> set[Node]:
    """Return the nodes below some roots that depend on some variables; a detached one doesn't."""
    result = set(on)
    for tensor in postorder(roots):
        if tensor.op != "detach" and result.intersection(tensor.args):
            result.add(tensor)
    return result


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a differential: a coefficient times the differential of a node, at labels.

    Over the labels that are neither the whole's nor summed in the coefficient the piece is summed.
    """

    coefficient: Product
    of: Node
    labels: Labels


Rule = Callable[[Space, Node, Labels], list[Piece]]
