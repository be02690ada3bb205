"""Derivatives of a matrix in a matrix as one matrix: Kronecker products, vectors and diagonals.

Both matrices are taken row by row, so that V ↦ L V R is ``kron(L, R.T)``; where columns are stacked
the factors change places (Magnus and Neudecker, Matrix Differential Calculus, 3rd ed., 2.4).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from diffcli.language.algebra import ZERO
from diffcli.language.expression import Node, node
from diffcli.tensors.calculus.contraction import transposed
from diffcli.tensors.calculus.errors import no_closed_form
from diffcli.tensors.calculus.networks import Labels, Product, Space, is_unit, unit
from diffcli.tensors.calculus.simplifying import collected
from diffcli.tensors.calculus.sums import node_of


def as_matrix(space: Space, products: Iterable[Product], rows: Labels, columns: Labels) -> Node:
    """Return a sum of products as a matrix, of the labels of two matrices.

    Raises NoClosedFormError where a product is neither a Kronecker product, nor one of two vectors,
    nor diagonal: a transpose ``V.T`` takes a permutation that the language has no name for.
    """
    (first, second), (third, last) = rows, columns
    lefts: dict[Node, list[Product]] = {}
    terms: list[Node] = []
    diagonal: list[Product] = []
    for product in collected(space, products):
        if parts := _split(product, (first, third), (second, last)):
            right = node_of(space, [parts[1]], (second, last))
            lefts.setdefault(right, []).append(parts[0])
        elif parts := _split(product, rows, columns):
            terms.append(_outer(space, parts, (rows, columns)))
        else:
            diagonal.append(_on_diagonal(product, rows, columns))
    for right, left_parts in lefts.items():
        terms.append(_kron(space, node_of(space, left_parts, (first, third)), right))
    if diagonal:
        terms.append(node("diag", _row_by_row(space, node_of(space, diagonal, rows))))
    return space.algebra.add(*terms) if terms else ZERO


def _outer(space: Space, parts: Sequence[Product], labels: Sequence[Labels]) -> Node:
    """Return the outer product of two matrices, row by row, with the numbers before it."""
    first, second = parts
    numbers = tuple(factor for factor in first.factors if not factor.labels)
    tensors = tuple(factor for factor in first.factors if factor.labels)
    scale = node_of(space, [replace(first, factors=numbers, summed=frozenset())], ())
    sides = zip((Product(factors=tensors, summed=first.summed), second), labels, strict=True)
    vectors = (_row_by_row(space, node_of(space, [part], own)) for part, own in sides)
    return space.algebra.mul(scale, node("outer", *vectors))


def _split(product: Product, left: Labels, right: Labels) -> tuple[Product, Product] | None:
    """Return a product of two, each with some of the free labels; None where factors join these."""
    behind = _connected(product, right)
    if behind.intersection(left):
        return None
    second = tuple(factor for factor in product.factors if behind.intersection(factor.labels))
    first = tuple(factor for factor in product.factors if factor not in second)
    whole = replace(product, factors=first, summed=product.summed - behind)
    return whole, Product(factors=second, summed=product.summed & behind)


def _connected(product: Product, labels: Labels) -> set[int]:
    """Return the labels that factors connect some with, and these."""
    reached = set(labels)
    for _ in product.factors:
        for factor in product.factors:
            if reached.intersection(factor.labels):
                reached.update(factor.labels)
    return reached


def _on_diagonal(product: Product, rows: Labels, columns: Labels) -> Product:
    """Return what stands on the diagonal: the product without the unit matrices that say so."""
    factors = list(product.factors)
    for pair in zip(rows, columns, strict=True):
        one = next((x for x in factors if is_unit(x.node) and {*x.labels} == {*pair}), None)
        if one is None or one.below:
            raise no_closed_form("a matrix of derivatives that is no Kronecker product")
        factors.remove(one)
    rest = replace(product, factors=tuple(factors))
    return rest.renamed(dict(zip(columns, rows, strict=True)))


def _row_by_row(space: Space, matrix: Node) -> Node:
    return node("vec", transposed(space, matrix))


def _kron(space: Space, left: Node, right: Node) -> Node:
    """Return a Kronecker product, with the numbers of its left factor before it."""
    if left.op == "neg":
        return space.algebra.neg(_kron(space, left.args[0], right))
    if left.op == "div" and not space.shape(left.args[1]):
        return space.algebra.div(_kron(space, left.args[0], right), left.args[1])
    if left.op == "mul" and not any(map(space.shape, left.args[:-1])):
        return space.algebra.mul(*left.args[:-1], _kron(space, left.args[-1], right))
    if is_unit(left) and is_unit(right):
        return unit(space.shape(left)[0] * space.shape(right)[0])
    return node("kron", left, right)
