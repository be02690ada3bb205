"""One product written in the language: matrix products, scalings of rows and columns, traces.

A summed label disappears in a product of the tensors that have it: of a vector alone as a sum, of a
matrix and a vector as a matrix times a vector, of two matrices as their product. What is on one
pair of labels, or on one label, is multiplied entry by entry before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from diffcli.language.expression import Node, node, number, postorder
from diffcli.tensors.calculus.errors import no_closed_form
from diffcli.tensors.calculus.networks import (
    Factor,
    Labels,
    Product,
    Space,
    filled,
    is_unit,
    unit,
)
from diffcli.tensors.calculus.symmetry import is_symmetric
from diffcli.tensors.rules import Shape


@dataclass(frozen=True, slots=True)
class Written:
    """A product as a node; ``order`` is 2 where it has both axes of a matrix, and so on.

    With ``is_row`` only the first axis of a matrix matters: it is a vector that is the same in
    every column.
    """

    node: Node
    is_row: bool = False


def written(space: Space, product: Product, free: Labels) -> Written:
    """Return a simplified product as a node whose axes are the free labels.

    It has fewer axes where it broadcasts to them. Raises NoClosedFormError where it has no form.
    """
    return _Contraction(space, product, free).result()


@dataclass
class _Contraction:
    """The parts of one product, by the labels that they are on."""

    space: Space
    product: Product
    free: Labels
    scalars: list[Factor] = field(default_factory=list)
    vectors: dict[int, list[Factor]] = field(default_factory=dict)
    matrices: dict[Labels, list[Factor]] = field(default_factory=dict)

    def result(self) -> Written:
        if len(self.free) > 2:
            return self._entrywise()
        for factor in self.product.factors:
            self._add(factor)
        left = sorted(self.product.summed, key=self._first_place)
        while left:
            if pair := self._alone(left):
                self._number(pair)
                left = [label for label in left if label not in pair]
            else:
                label = min(left, key=self._cost)
                self._eliminate(label)
                left.remove(label)
        return self._whole()

    def _entrywise(self) -> Written:
        """Return a product whose factors all have the free labels, or none."""
        labels = {factor.labels for factor in self.product.factors}
        if self.product.summed or not labels <= {(), self.free}:
            raise no_closed_form("a tensor of more than two axes")
        self.scalars = list(self.product.factors)
        return Written(self._times_scalars(None))

    def _first_place(self, label: int) -> int:
        places = (i for i, term in enumerate(self.product.factors) if label in term.labels)
        return next(places, 0)

    def _add(self, factor: Factor) -> None:
        labels = factor.labels
        if not labels:
            self.scalars.append(factor)
        elif len(labels) == 1:
            self.vectors.setdefault(labels[0], []).append(factor)
        elif len(labels) > 2:
            raise no_closed_form("a tensor of more than two axes")
        elif labels[0] == labels[1]:
            diagonal = node("diag", factor.node)
            self._add(Factor(diagonal, labels[:1], factor.below))
        else:
            key = labels if labels in self.matrices else labels[::-1]
            self.matrices.setdefault(key if key in self.matrices else labels, []).append(factor)

    # -- summed labels ---------------------------------------------------------------------------

    def _ends(self, label: int) -> list[Labels]:
        return [pair for pair in self.matrices if label in pair]

    def _cost(self, label: int) -> tuple[int, ...]:
        """Return what it takes to sum over a label: vectors first, then the smaller matrices."""
        ends = self._ends(label)
        if len(ends) < 2:
            turned = any(self._own_order(pair)[0] == label for pair in ends)
            return len(ends), turned and label in self.vectors, 0
        sizes = [self.space.length(_other(pair, label)) for pair in ends]
        size = self.space.length(label)
        for term in sizes:
            size *= term
        return len(ends), size, self._first_place(label)

    def _eliminate(self, label: int) -> None:
        ends = self._ends(label)
        if len(ends) > 2:
            raise no_closed_form("three matrices meet in one index")
        vector = self._vector(label)
        self.vectors.pop(label, None)
        if not ends:
            if vector is None:
                raise no_closed_form("nothing has an index that is summed")
            self._scalar(vector)
        elif len(ends) == 1:
            (pair,) = ends
            other = _other(pair, label)
            if vector is None:
                matrix, axis = self._summed(pair, label)
                self._add(Factor(node("sum", matrix, static=(axis,)), (other,)))
            else:
                matrix = self._matrix(pair, (other, label))
                self._add(Factor(self._product(matrix, vector), (other,)))
            del self.matrices[pair]
        else:
            self._joined(label, ends, vector)

    def _scalar(self, vector: Node) -> None:
        """Note the sum of a vector's entries as a number."""
        if vector.op == "index" and is_unit(vector.args[0]) and isinstance(vector.static[0], int):
            # The entries of a unit vector sum to 1.
            return
        factors = list(vector.args) if vector.op == "mul" else [vector]
        vectors = [term for term in factors if self.space.shape(term)]
        self.scalars += [Factor(term, ()) for term in factors if term not in vectors]
        if len(vectors) == 2:
            answer = node("dot", *vectors)
        elif len(vectors) == 1 and vector.op == "pow" and vector.args[1] is number(2):
            answer = node("dot", vector.args[0], vector.args[0])
        elif vector.op == "diag" and len(self.space.shape(vector.args[0])) == 2:
            answer = node("trace", vector.args[0])
        else:
            answer = node("sum", self.space.algebra.mul(*vectors), static=(None,))
        self.scalars.append(Factor(answer, ()))

    def _summed(self, pair: Labels, label: int) -> tuple[Node, int]:
        """Return a matrix and the axis of a label in it, in the order that takes no transpose."""
        order = self._own_order(pair)
        return self._matrix(pair, order), order.index(label)

    def _own_order(self, pair: Labels) -> Labels:
        """Return the pair in the order in which most of its matrices have it."""
        turned = sum(factor.labels != pair for factor in self.matrices[pair])
        return pair[::-1] if 2 * turned > len(self.matrices[pair]) else pair

    def _joined(self, label: int, ends: Sequence[Labels], vector: Node | None) -> None:
        """Multiply the two matrices that meet in a label, scaled by the vector on it."""
        first, last = (_other(pair, label) for pair in ends)
        ordered = list(ends)
        if self._comes_last(first, last, ends):
            first, last, ordered = last, first, ordered[::-1]
        left = self._matrix(ordered[0], (first, label))
        right = self._matrix(ordered[1], (label, last))
        if vector is not None:
            left = self.space.algebra.mul(left, vector)
        for pair in ends:
            del self.matrices[pair]
        self._add(Factor(self._product(left, right), (first, last)))

    def _comes_last(self, first: int, last: int, ends: Sequence[Labels]) -> bool:
        """Whether the product reads better from its second matrix to its first."""
        if len(self.free) == 2:
            row, column = self.free
            if first in (row, column) or last in (row, column):
                return first == column or last == row
        label = next(term for term in ends[0] if term in ends[1])
        straight = [self._own_order(ends[0])[1] == label, self._own_order(ends[1])[0] == label]
        return not any(straight)

    def _product(self, left: Node, right: Node) -> Node:
        """Return a matrix product; of an inverse as the formula has it."""
        is_inverse = left.op == "inv" and self.space.solves
        if is_inverse:
            return node("solve", left.args[0], right)
        if left.op == "transpose" and left.args[0].op == "inv" and self.space.solves:
            return node("solve", transposed(self.space, left.args[0].args[0]), right)
        chosen = self._chosen(left, right)
        return chained(self.space, left, right) if chosen is None else chosen

    def _chosen(self, left: Node, right: Node) -> Node | None:
        """Return rows, running sums or differences, where the left matrix is one of a unit."""
        if left.op == "transpose" and left.args[0].op == "cumsum" and is_unit(left.args[0].args[0]):
            return self._sums_from_behind(right)
        if not left.args or not is_unit(left.args[0]):
            return None
        if left.op == "index":
            return node("index", right, static=left.static)
        if left.op in ("cumsum", "differences") and left.static == (0,):
            order = len(self.space.shape(right))
            return node(left.op, right, static=(-1,) if order == 1 else (0,))
        return None

    def _sums_from_behind(self, right: Node) -> Node:
        """Return the sums from each entry to the last, of a matrix of each column."""
        order = len(self.space.shape(right))
        total = node("sum", right, static=(None,) if order == 1 else (0,))
        before = node("cumsum", right, static=(-1,) if order == 1 else (0,))
        return self.space.algebra.add(total, self.space.algebra.neg(before), right)

    def _alone(self, left: Sequence[int]) -> Labels | None:
        """Return a pair of summed labels that matrices have and nothing else, if there is."""
        for pair in self.matrices:
            if all(
                label in left and label not in self.vectors and len(self._ends(label)) == 1
                for label in pair
            ):
                return pair
        return None

    def _number(self, pair: Labels) -> None:
        """Write the sum over both labels of matrices as a trace of two, or as a sum of entries."""
        factors = self.matrices[pair]
        if len(factors) != 2 or any(factor.below for factor in factors):
            return self._total(pair)
        first, second = factors
        left, right = first.node, second.node
        if first.labels == second.labels:
            turned, other = self._turned(first), self._turned(second)
            if turned is None and other is None:
                return self._total(pair)
            left, right = turned or left, right if turned else other or right
        del self.matrices[pair]
        self.scalars.append(Factor(node("trace", chained(self.space, left, right)), ()))
        return None

    def _total(self, pair: Labels) -> None:
        whole = self._matrix(pair, self._own_order(pair))
        del self.matrices[pair]
        self.scalars.append(Factor(node("sum", whole, static=(None,)), ()))

    def _turned(self, factor: Factor) -> Node | None:
        """Return a product's transpose, if that has fewer transposes in it."""
        if factor.node.op != "matmul":
            return None
        turned = transposed(self.space, factor.node)
        return turned if _transposes(turned) < _transposes(factor.node) else None

    # -- what is on one label, or one pair --------------------------------------------------------

    def _vector(self, label: int) -> Node | None:
        """Return the product of what is on a label."""
        factors = self.vectors.get(label)
        if not factors:
            return None
        return self._entry_by_entry([(term.node, term.below) for term in factors])

    def _matrix(self, pair: Labels, order: Labels) -> Node:
        """Return the product of what is on a pair of labels, in an order of them."""
        parts = [
            (term.node if term.labels == order else transposed(self.space, term.node), term.below)
            for term in self.matrices[pair]
        ]
        return self._entry_by_entry(parts)

    def _entry_by_entry(self, parts: Sequence[tuple[Node, bool]]) -> Node:
        algebra = self.space.algebra
        above = [part for part, below in parts if not below]
        below = [part for part, below in parts if below]
        whole = algebra.mul(*above)
        return algebra.div(whole, algebra.mul(*below)) if below else whole

    # -- the free labels -------------------------------------------------------------------------

    def _whole(self) -> Written:
        if not self.free:
            return Written(self._times_scalars(None))
        if len(self.free) == 1:
            return Written(self._times_scalars(self._vector(self.free[0])))
        row, column = self.free
        if row == column:
            raise no_closed_form("a matrix that is a diagonal")
        rows, columns = self._vector(row), self._vector(column)
        pairs = self._ends(row)
        if not pairs:
            if rows is not None and columns is not None:
                return Written(self._times_scalars(outer(self.space, rows, columns)))
            return Written(self._times_scalars(rows or columns), is_row=rows is not None)
        (pair,) = pairs
        units = [term for term in self.matrices[pair] if is_unit(term.node)]
        if units:
            return Written(self._times_scalars(self._diagonal(pair, units[0], rows, columns)))
        matrix = self._matrix(pair, self.free)
        if columns is not None:
            matrix = self.space.algebra.mul(matrix, columns)
        if rows is not None:
            matrix = scaled_rows(self.space, rows, matrix)
        return Written(self._times_scalars(matrix))

    def _diagonal(self, pair: Labels, one: Factor, rows: Node | None, columns: Node | None) -> Node:
        """Return the diagonal matrix of what is on the diagonal."""
        rest = list(self.matrices[pair])
        rest.remove(one)
        parts = [(node("diag", term.node), term.below) for term in rest if not is_unit(term.node)]
        parts += [(term, False) for term in (rows, columns) if term is not None]
        if not parts:
            return unit(self.space.length(pair[0]))
        return node("diag", self._entry_by_entry(parts))

    def _times_scalars(self, tensor: Node | None) -> Node:
        """Return a tensor times the numbers of the product."""
        size, decimal = self.product.size, self.product.decimal
        algebra = self.space.algebra
        exact = size if decimal else size.numerator
        above = [number(exact), *(term.node for term in self.scalars if not term.below)]
        below = [term.node for term in self.scalars if term.below]
        if not decimal:
            below = [number(size.denominator), *below]
        whole = algebra.mul(*above, *([] if tensor is None else [tensor]))
        return algebra.div(whole, algebra.mul(*below)) if below else whole


def _transposes(term: Node) -> int:
    return sum(inner.op == "transpose" for inner in postorder([term]))


def chained(space: Space, left: Node, right: Node) -> Node:
    """Return a matrix product, of three matrices from the left where that takes no more work."""
    shapes = space.shape(left), space.shape(right)
    if right.op == "matmul" and len(shapes[0]) == len(shapes[1]) == 2:
        middle, last = right.args
        p, q = shapes[0]
        r, s = space.shape(last)
        if p * q * r + p * r * s <= q * r * s + p * q * s:
            return node("matmul", chained(space, left, middle), last)
    return node("matmul", left, right)


def _other(pair: Labels, label: int) -> int:
    return pair[1] if pair[0] == label else pair[0]


def scaled_rows(space: Space, rows: Node, matrix: Node) -> Node:
    """Return a matrix whose rows are multiplied by a vector's entries."""
    if matrix.op == "matmul":
        left, right = matrix.args
        if len(space.shape(left)) == 2 and len(space.shape(right)) == 2:
            return node("matmul", scaled_rows(space, rows, left), right)
    return node("transpose", space.algebra.mul(rows, transposed(space, matrix)))


def outer(space: Space, rows: Node, columns: Node) -> Node:
    """Return an outer product, with a minus before it instead of in it."""
    if rows.op == "neg":
        return space.algebra.neg(outer(space, rows.args[0], columns))
    if columns.op == "neg":
        return space.algebra.neg(outer(space, rows, columns.args[0]))
    return node("outer", rows, columns)


def transposed(space: Space, term: Node) -> Node:
    """Return a matrix's transpose, with the transposes at the leaves; a vector is its own."""
    if len(space.shape(term)) != 2 or is_symmetric(space, term) or term.op in ("eye", "full"):
        return _full_turned(space, term)
    if term.op == "transpose":
        return term.args[0]
    if term.op == "outer":
        return node("outer", *term.args[::-1])
    if term.op == "matmul" and all(len(space.shape(arg)) == 2 for arg in term.args):
        left, right = term.args
        return chained(space, transposed(space, right), transposed(space, left))
    if term.op == "neg":
        return node("neg", transposed(space, term.args[0]))
    if term.op in ("mul", "div") and sum(bool(space.shape(arg)) for arg in term.args) == 1:
        return node(term.op, *(transposed(space, arg) for arg in term.args))
    return node("transpose", term)


def _full_turned(space: Space, term: Node) -> Node:
    if term.op == "full" and len(space.shape(term)) == 2:
        return filled(space.shape(term)[::-1], term.args[0])
    return term


def whole(space: Space, term: Written, shape: Shape) -> Node:
    """Return a written product with all axes of a shape."""
    have = space.shape(term.node)
    if have == shape:
        return term.node
    if term.is_row:
        return outer(space, term.node, filled(shape[1:]))
    return space.algebra.mul(term.node, filled(shape))
