"""Sums of products written in the language, with what they have in common taken out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

from diffcli.language.algebra import ONE, ZERO
from diffcli.language.expression import NUMBER, Node, node, number, variable
from diffcli.tensors.calculus.contraction import Written, transposed, whole, written
from diffcli.tensors.calculus.networks import Factor, Labels, Product, Space, is_unit
from diffcli.tensors.calculus.simplifying import Key, collected, common_size, key_of

_MARK = variable("the label that is common")
"""A vector that marks a label, which no formula has."""
_SHARING = ("matmul", "outer", "solve")
"""Operations that are linear in both operands, or in the last."""


def sum_of(space: Space, products: Iterable[Product], free: Labels) -> Written:
    """Return a sum of products as a node whose axes are the free labels; 0 of none.

    The node has fewer axes where it broadcasts to them. Raises NoClosedFormError where the
    language has no short form for a product.
    """
    left = merged(space, collected(space, products))
    if not left:
        return Written(ZERO)
    if len(left) == 1:
        return written(space, left[0], free)
    size = common_size(left)
    common = _common(left, free)
    if size != 1 or common:
        rest = [_divided(product, common).scaled(1 / size) for product in left]
        return _taken_out(space, Product(size, common), rest, free)
    return _added(space, [written(space, product, free) for product in left], free)


def merged(space: Space, products: Sequence[Product]) -> list[Product]:
    """Return a sum of products, those that differ in what is on one summed label as one.

    ``X.T*a @ X + X.T*b @ X`` takes two products of matrices, and ``X.T*(a + b) @ X`` one.
    """
    groups: dict[Key, list[tuple[Product, int]]] = {}
    for product in products:
        for label in sorted(product.summed):
            core, rest = _split_at(product, label)
            if core.factors and rest.factors:
                marked = replace(core, factors=(*core.factors, Factor(_MARK, (label,))))
                groups.setdefault(key_of(space, marked), []).append((product, label))
    left = list(products)
    for members in groups.values():
        inside = [(product, label) for product, label in members if product in left]
        if len({product for product, _ in inside}) < 2:
            continue
        core, _ = _split_at(*inside[0])
        (first, label), *_ = inside
        rests, taken = [], []
        for product, own in inside:
            if product not in taken:
                taken.append(product)
                rests.append(_split_at(product, own)[1].renamed({own: label}))
        vector = node_of(space, rests, (label,), full=False)
        labels = (label,) if space.shape(vector) else ()
        whole = replace(core, factors=(*core.factors, Factor(vector, labels)))
        left[left.index(first)] = whole
        left = [product for product in left if product not in taken]
    return left


def _split_at(product: Product, label: int) -> tuple[Product, Product]:
    """Return what a product has on other labels, and the vectors on one, with the numbers."""
    own = tuple(term for term in product.factors if set(term.labels) <= {label})
    core = tuple(term for term in product.factors if not set(term.labels) <= {label})
    rest = replace(product, factors=own, summed=frozenset())
    return Product(factors=core, summed=product.summed), rest


def node_of(space: Space, products: Iterable[Product], free: Labels, *, full: bool = True) -> Node:
    """Return a sum of products as a node; with ``full`` it has an axis for each free label."""
    result = sum_of(space, products, free)
    shape = tuple(map(space.length, free))
    if result.is_row or full:
        return result.node if result.node is ZERO else whole(space, result, shape)
    return result.node


def _common(products: Sequence[Product], free: Labels) -> tuple[Factor, ...]:
    """Return the factors that all products have, on labels that none of them sums over."""
    # Where one product is diagonal, diag(s) - outer(s, s) reads better than what scales it.
    diagonal = any(is_unit(term.node) for product in products for term in product.factors)
    usable = {()} if diagonal else {(), free, *((label,) for label in free)}
    counts = [
        Counter(factor for factor in product.factors if factor.labels in usable)
        for product in products
    ]
    shared = counts[0]
    for term in counts[1:]:
        shared &= term
    return tuple(shared.elements())


def _divided(product: Product, common: Sequence[Factor]) -> Product:
    rest = list(product.factors)
    for factor in common:
        rest.remove(factor)
    return replace(product, factors=tuple(rest))


def _taken_out(space: Space, common: Product, rest: Sequence[Product], free: Labels) -> Written:
    """Return a common product times the sum of what is left."""
    inner = sum_of(space, rest, free)
    order = len(space.shape(inner.node))
    labels = free[:order] if inner.is_row else free[len(free) - order :]
    if common.factors or inner.node.op in ("add", "transpose"):
        return written(space, common.times(Product(factors=(Factor(inner.node, labels),))), free)
    return Written(_times(space, common.size, inner.node), inner.is_row)


def _times(space: Space, size: Fraction, term: Node) -> Node:
    above = space.algebra.mul(number(size.numerator), term)
    return space.algebra.div(above, number(size.denominator))


def _added(space: Space, parts: Sequence[Written], free: Labels) -> Written:
    """Return the sum of written products, row by row where one of them is the same in a row."""
    rows = [part for part in parts if part.is_row]
    if not rows:
        return Written(joined(space, [part.node for part in parts]))
    orders = {len(space.shape(part.node)) for part in parts if not part.is_row}
    if orders <= {0}:
        return Written(joined(space, [part.node for part in parts]), is_row=True)
    shape = tuple(map(space.length, free))
    if 1 in orders:
        full = (whole(space, part, shape) if part.is_row else part.node for part in parts)
        return Written(joined(space, list(full)))
    turned = [part.node if part.is_row else transposed(space, part.node) for part in parts]
    return Written(node("transpose", joined(space, turned)))


def joined(space: Space, parts: Sequence[Node]) -> Node:
    """Return a sum, products with one side in common taken together."""
    for side in (1, 0):
        parts = _by_side(space, parts, side)
    return space.algebra.add(*parts)


def _by_side(space: Space, parts: Sequence[Node], side: int) -> list[Node]:
    groups: dict[object, list[tuple[Node, Node, Node]]] = {}
    for part in parts:
        scale, body = _split(space, part)
        shares = body.op in _SHARING and not (body.op == "solve" and side)
        key = (body.op, body.args[side]) if shares else (part, len(groups))
        groups.setdefault(key, []).append((part, scale, body))
    new: list[Node] = []
    for members in groups.values():
        if len(members) == 1:
            new.append(members[0][0])
            continue
        body = members[0][2]
        others = [space.algebra.mul(scale, term.args[1 - side]) for _, scale, term in members]
        args = [joined(space, others)] * 2
        args[side] = body.args[side]
        new.append(node(body.op, *args))
    return new


def _split(space: Space, part: Node) -> tuple[Node, Node]:
    """Return a number and a product of tensors that a node is the product of."""
    if part.op == "neg":
        scale, body = _split(space, part.args[0])
        return space.algebra.neg(scale), body
    if part.op == "mul" and part.args[-1].op in _SHARING:
        head = part.args[:-1]
        if all(term.op == NUMBER or not space.shape(term) for term in head):
            return space.algebra.mul(*head), part.args[-1]
    return ONE, part
