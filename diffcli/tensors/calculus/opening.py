"""Nodes of the language opened into products and sums of products in index notation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from types import MappingProxyType

from diffcli.language.expression import NUMBER, Node, postorder
from diffcli.language.tensors import TENSORS
from diffcli.tensors.calculus.networks import UNIT, Factor, Labels, Product, Space, of_number
from diffcli.tensors.rules import axis_of

MOST_FACTORS = 24
"""Factors of one product; a longer one stays closed, as products of products grow without bound."""


def aligned(space: Space, term: Node, labels: Labels) -> Labels:
    """Return the labels of an operand that is broadcast to a result with these labels."""
    shape = space.shape(term)
    own = labels[len(labels) - len(shape) :]
    return tuple(
        label if space.length(label) == length else space.label(length)
        for label, length in zip(own, shape, strict=True)
    )


def atom(term: Node, labels: Labels) -> Product:
    """Return a node as a product of one factor."""
    return Product(factors=(Factor(term, labels),))


def opened(space: Space, term: Node, labels: Labels, *, inside: bool = True) -> Product:
    """Return a node as one product: sums, and numbers ``inside`` of others, stay closed."""
    rule = OPENERS.get(term.op)
    if rule is None or (inside and not labels and term.op in TENSORS):
        return atom(term, labels)
    if _count(space, term) > MOST_FACTORS:
        return atom(term, labels)
    return rule(space, term, labels)


def _count(space: Space, term: Node) -> int:
    """Return how many factors a node would be opened into at most."""
    counts = space.counts
    if term not in counts:
        for inner in postorder([term]):
            opens = inner.op in OPENERS and inner.args
            counts[inner] = sum(counts[arg] for arg in inner.args) if opens else 1
    return counts[term]


def terms(space: Space, term: Node, labels: Labels, *, inside: bool = True) -> list[Product]:
    """Return a node as a sum of products; ``inside`` is as in :func:`opened`."""
    if term.op == "add":
        result: list[Product] = []
        for arg in term.args:
            own = aligned(space, arg, labels)
            result += _broadcast(terms(space, arg, own), own, labels)
        return result
    if term.op == "neg":
        return [product.scaled(-1) for product in terms(space, term.args[0], labels)]
    if term.op == "transpose":
        return terms(space, term.args[0], labels[::-1])
    if term.op == "mul" and sum(arg.op != NUMBER for arg in term.args) == 1:
        (other,) = (arg for arg in term.args if arg.op != NUMBER)
        scale = UNIT.times(*(of_number(arg) for arg in term.args if arg is not other))
        return [scale.times(product) for product in terms(space, other, labels)]
    if term.op == "div" and term.args[1].op == NUMBER and term.args[1].value:
        size = 1 / Fraction(term.args[1].value)
        return [product.scaled(size) for product in terms(space, term.args[0], labels)]
    return [opened(space, term, labels, inside=inside)]


def inverted(product: Product, whole: Node, labels: Labels) -> Product:
    """Return one over a product; one that sums, or is 0, stays closed."""
    if product.summed or not product.size:
        return Product(factors=(Factor(whole, labels, below=True),))
    flipped = tuple(replace(factor, below=not factor.below) for factor in product.factors)
    return replace(product, size=1 / product.size, factors=flipped)


def _operand(space: Space, term: Node, labels: Labels) -> Product:
    """Return an operand that is broadcast to a result with these labels."""
    own = aligned(space, term, labels)
    (product,) = _broadcast([opened(space, term, own)], own, labels)
    return product


def _broadcast(products: Iterable[Product], own: Labels, labels: Labels) -> list[Product]:
    """Return products summed over their axes of length 1 that the result hasn't."""
    return [product.over(set(own).difference(labels)) for product in products]


def _number(_: Space, term: Node, __: Labels) -> Product:
    return of_number(term)


def _neg(space: Space, term: Node, labels: Labels) -> Product:
    return opened(space, term.args[0], labels).scaled(-1)


def _mul(space: Space, term: Node, labels: Labels) -> Product:
    return UNIT.times(*(_operand(space, arg, labels) for arg in term.args))


def _div(space: Space, term: Node, labels: Labels) -> Product:
    above, below = term.args
    own = aligned(space, below, labels)
    under = inverted(opened(space, below, own), below, own)
    return _operand(space, above, labels).times(*_broadcast([under], own, labels))


def _transpose(space: Space, term: Node, labels: Labels) -> Product:
    return opened(space, term.args[0], labels[::-1])


def _matmul(space: Space, term: Node, labels: Labels) -> Product:
    left, right = term.args
    across = len(space.shape(left)) - 1
    middle = space.label(space.shape(left)[-1])
    first = opened(space, left, (*labels[:across], middle))
    return first.times(opened(space, right, (middle, *labels[across:]))).over([middle])


def _outer(space: Space, term: Node, labels: Labels) -> Product:
    left, right = term.args
    return opened(space, left, labels[:1]).times(opened(space, right, labels[1:]))


def _sum(space: Space, term: Node, labels: Labels) -> Product:
    (arg,) = term.args
    own, along = along_axis(space, term, labels)
    return opened(space, arg, own).over(along)


def _mean(space: Space, term: Node, labels: Labels) -> Product:
    (arg,) = term.args
    own, along = along_axis(space, term, labels)
    lengths = space.counted(UNIT, map(space.length, along))
    return opened(space, arg, own).over(along).times(inverted(lengths, term, ()))


def _trace(space: Space, term: Node, _: Labels) -> Product:
    (arg,) = term.args
    label = space.label(space.shape(arg)[0])
    return opened(space, arg, (label, label)).over([label])


def _diag(space: Space, term: Node, labels: Labels) -> Product:
    (arg,) = term.args
    if len(labels) == 2:
        row, column = labels
        return opened(space, arg, (row,)).times(space.eye(row, column))
    if len(set(space.shape(arg))) > 1:
        return atom(term, labels)
    return opened(space, arg, labels * 2)


def _eye(space: Space, term: Node, labels: Labels) -> Product:
    return opened(space, term.args[0], ()).times(space.eye(*labels))


def _full(space: Space, term: Node, _: Labels) -> Product:
    return opened(space, term.args[0], ())


def along_axis(space: Space, term: Node, labels: Labels) -> tuple[Labels, Labels]:
    """Return the labels of a reduction's argument, and those among them that it reduces."""
    shape, axis = space.shape(term.args[0]), axis_of(term)
    if axis is None or not shape:
        own = space.labels(shape)
        return own, own
    axis %= len(shape)
    label = space.label(shape[axis])
    return (*labels[:axis], label, *labels[axis:]), (label,)


OPENERS: Mapping[str, Callable[[Space, Node, Labels], Product]] = MappingProxyType(
    {
        NUMBER: _number,
        "neg": _neg,
        "mul": _mul,
        "div": _div,
        "transpose": _transpose,
        "matmul": _matmul,
        "dot": _matmul,
        "outer": _outer,
        "sum": _sum,
        "mean": _mean,
        "trace": _trace,
        "diag": _diag,
        "eye": _eye,
        "full": _full,
    }
)
"""Writes an operation that multiplies and sums as a product, of a node and its labels."""
