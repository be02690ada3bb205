"""Products simplified by exact identities, and equal ones collected.

Unit matrices rename labels, a matrix times its inverse is a unit matrix, the entries of a softmax
sum to 1; products that differ in the names of their labels alone are one product.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import product as pairs

from diffcli.language.algebra import as_power
from diffcli.language.expression import NUMBER, Node, number
from diffcli.tensors.calculus.networks import Factor, Product, Space, is_unit
from diffcli.tensors.calculus.symmetry import is_symmetric
from diffcli.tensors.rules import axis_of

MOST_TRIES = 64
"""Orders of labels that are tried to tell whether two products are equal."""
_CANCELLING = frozenset({"norm", "std", "det", "exp", "sigmoid", "cosh", "softmax"})
"""Numbers that cancel: their differential divides by what a power of theirs brings above the line.

The formula without them continues the derivative to where they are 0, if they ever are.
"""
Key = tuple[object, ...]
"""What two products have in common exactly where they differ in a number alone."""


def simplified(space: Space, product: Product) -> Product:
    """Return the product without what cancels, and without what is summed and occurs nowhere."""
    rules = (
        *(_without_unit, _without_inverse, _without_rotation),
        *(_without_softmax, _without_number, _without_power),
    )
    product = _turned(space, product)
    changed = True
    while changed:
        changed = False
        for rule in rules:
            result = rule(space, product)
            if result is not None:
                product, changed = result, True
    used = {label for factor in product.factors for label in factor.labels}
    idle = product.summed - used
    lengths = [space.length(label) for label in sorted(idle)]
    return space.counted(replace(product, summed=product.summed & used), lengths)


def _turned(space: Space, product: Product) -> Product:
    """Return the product with the labels of symmetric matrices in order."""
    factors = tuple(
        replace(factor, labels=tuple(sorted(factor.labels)))
        if len(factor.labels) == 2 and is_symmetric(space, factor.node)
        else factor
        for factor in product.factors
    )
    return replace(product, factors=factors)


def _without(product: Product, *factors: Factor) -> tuple[Factor, ...]:
    """Return the product's factors, each of some left out once."""
    rest = list(product.factors)
    for factor in factors:
        rest.remove(factor)
    return tuple(rest)


def _without_unit(_: Space, product: Product) -> Product | None:
    for factor in product.factors:
        if not is_unit(factor.node) or factor.below:
            continue
        row, column = factor.labels
        rest = replace(product, factors=_without(product, factor))
        if row == column:
            return rest
        old, new = (row, column) if row in product.summed else (column, row)
        if old in product.summed:
            rest = replace(rest, summed=rest.summed - {old})
            return rest.renamed({old: new})
    return None


def _without_inverse(space: Space, product: Product) -> Product | None:
    """Cancel a matrix and its inverse that meet in a label which nothing else has."""
    inverses = [term for term in product.factors if term.node.op == "inv" and not term.below]
    for inverse in inverses:
        for matrix in product.factors:
            if matrix.node is not inverse.node.args[0] or matrix.below:
                continue
            sides = pairs((0, 1), (0, 1)) if is_symmetric(space, matrix.node) else ((0, 1), (1, 0))
            for side, opposite in sides:
                shared = inverse.labels[side]
                count = sum(term.labels.count(shared) for term in product.factors)
                meets = shared == matrix.labels[opposite] and shared in product.summed
                if meets and count == 2:
                    ends = inverse.labels[1 - side], matrix.labels[1 - opposite]
                    factors = (*_without(product, inverse, matrix), *space.eye(*ends).factors)
                    return replace(product, factors=factors, summed=product.summed - {shared})
    return None


def _without_rotation(space: Space, product: Product) -> Product | None:
    """Cancel an orthogonal matrix and its transpose, which meet in a label of both alone."""
    rotations = [
        term for term in product.factors if term.node in space.orthogonal and not term.below
    ]
    for start, first in enumerate(rotations):
        for second in rotations[start + 1 :]:
            for side in (0, 1):
                shared = first.labels[side]
                count = sum(term.labels.count(shared) for term in product.factors)
                is_same = second.node is first.node and second.labels[side] == shared
                if is_same and shared in product.summed and count == 2:
                    ends = first.labels[1 - side], second.labels[1 - side]
                    factors = (*_without(product, first, second), *space.eye(*ends).factors)
                    return replace(product, factors=factors, summed=product.summed - {shared})
    return None


def _without_softmax(_: Space, product: Product) -> Product | None:
    """Leave out a softmax that is summed along its axis alone."""
    for factor in product.factors:
        if factor.node.op != "softmax" or factor.below or not factor.labels:
            continue
        label = factor.labels[axis_of(factor.node) or 0]
        if (
            label in product.summed
            and sum(term.labels.count(label) for term in product.factors) == 1
        ):
            rest = _without(product, factor)
            return replace(product, factors=rest, summed=product.summed - {label})
    return None


def _without_number(space: Space, product: Product) -> Product | None:
    """Cancel a norm and its like, or a length, that stand above and below the line."""
    for factor in product.factors:
        is_length = factor.node.value in space.names.values()
        if factor.below or not (is_length or _cancels(space, as_power(factor.node)[0])):
            continue
        under = replace(factor, below=True)
        if under in product.factors:
            return replace(product, factors=_without(product, factor, under))
    return None


def _without_power(space: Space, product: Product) -> Product | None:
    """Cancel a factor with a higher power of it below the line, which has the same domain."""
    for upper in product.factors:
        base, above = as_power(upper.node)
        if upper.below or above < 1 or base.op == NUMBER:
            continue
        for lower in product.factors:
            same, below = as_power(lower.node)
            if not lower.below or same is not base or lower.labels != upper.labels:
                continue
            cancels = _cancels(space, base)
            if below > above or (cancels and below != above):
                rest = list(_without(product, upper, lower))
                left = space.algebra.pow(base, number(abs(below - above)))
                rest.append(Factor(left, upper.labels, below=below > above))
                return replace(product, factors=tuple(rest))
    return None


def _cancels(space: Space, base: Node) -> bool:
    """Whether a term above the line cancels with itself below, where it is no 0."""
    return base.op in _CANCELLING or base in space.nonzero


# -- equal products ------------------------------------------------------------------------------


def collected(space: Space, products: Iterable[Product]) -> list[Product]:
    """Return a sum of simplified products, those that differ by a number as one."""
    result: dict[Key, Product] = {}
    for product in (simplified(space, term) for term in products):
        key = key_of(space, product)
        if key in result:
            old = result[key]
            size, decimal = old.size + product.size, old.decimal or product.decimal
            result[key] = replace(old, size=size, decimal=decimal)
        else:
            result[key] = product
    return [product for product in result.values() if product.size]


def key_of(space: Space, product: Product) -> Key:
    """Return a key that two products share exactly where one is a number times the other.

    Summed labels are numbered by what they connect, and all numberings that this leaves open are
    tried; of too many the key is the product's own, and it is equal to none.
    """
    ranks = {factor: space.rank(factor.node) for factor in product.factors}
    summed = sorted(product.summed)
    free = {label for factor in product.factors for label in factor.labels}
    colours = {label: -1 - label for label in free} | dict.fromkeys(summed, 0)
    tries = [_refined(product, colours, ranks)]
    for _ in summed:
        if all(_open_class(term, summed) is None for term in tries):
            break
        tries = [
            _refined(product, more, ranks) for term in tries for more in _branches(term, summed)
        ]
        if len(tries) > MOST_TRIES:
            return (product,)
    return min(_written_key(product, term, ranks) for term in tries)


Colours = dict[int, int]


def _refined(product: Product, colours: Colours, ranks: dict[Factor, int]) -> Colours:
    """Return colours of the summed labels that tell apart those with different neighbours."""
    summed = sorted(product.summed)
    for _ in summed:
        signatures = {
            label: (
                colours[label],
                sorted(
                    (ranks[factor], factor.below, position, [colours[x] for x in factor.labels])
                    for factor in product.factors
                    for position, own in enumerate(factor.labels)
                    if own == label
                ),
            )
            for label in summed
        }
        order: list[tuple[object, ...]] = []
        for term in sorted(signatures.values()):
            if not order or order[-1] != term:
                order.append(term)
        new = {label: order.index(signatures[label]) + 1 for label in summed}
        if len(set(new.values())) == len({colours[label] for label in summed}):
            return colours | new
        colours = colours | new
    return colours


def _open_class(colours: Colours, summed: Sequence[int]) -> list[int] | None:
    """Return the first labels that have one colour, None where each has its own."""
    classes: dict[int, list[int]] = {}
    for label in summed:
        classes.setdefault(colours[label], []).append(label)
    for colour in sorted(classes):
        if len(classes[colour]) > 1:
            return classes[colour]
    return None


def _branches(colours: Colours, summed: Sequence[int]) -> list[Colours]:
    """Return the colourings in which one of the labels of one colour comes first."""
    labels = _open_class(colours, summed)
    if labels is None:
        return [colours]
    return [colours | {label: len(summed) + 1} for label in labels]


def _written_key(product: Product, colours: Colours, ranks: dict[Factor, int]) -> Key:
    return tuple(
        sorted(
            (ranks[factor], factor.below, tuple(colours[label] for label in factor.labels))
            for factor in product.factors
        )
    )


def common_size(products: Sequence[Product]) -> Fraction:
    """Return the number that all products of a sum have in common, with the sign of the first."""
    sizes = {abs(product.size) for product in products}
    first = products[0].size
    size = sizes.pop() if len(sizes) == 1 else Fraction(1)
    negative = all(product.size < 0 for product in products)
    return -size if negative and first < 0 else size
