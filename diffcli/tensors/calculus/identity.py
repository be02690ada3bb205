"""Whether two formulas of tensors are equal whatever the lengths: both become the same products.

Products are distributed over sums, then simplified and collected as derivatives are; equal ones
cancel. Where something is left nothing is said: the formulas may be equal for another reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product as combinations
from math import prod

from diffcli.language.expression import Node, node, postorder
from diffcli.tensors.calculus.networks import Labels, Space
from diffcli.tensors.calculus.opening import aligned, terms
from diffcli.tensors.calculus.simplifying import collected

MOST_TERMS = 200
"""Terms that a formula is distributed into."""
_IN_EACH = frozenset({"mul", "matmul", "dot", "outer", "kron"})
"""Operations that are linear in each operand."""
_IN_FIRST = frozenset({"neg", "transpose", "trace", "sum", "mean", "diag", "vec", "index", "div"})
"""Operations that are linear in the first operand."""


def are_equal(space: Space, left: Node, right: Node, axes: Labels) -> bool:
    """Whether two formulas that broadcast to these axes are seen to be equal."""
    signed = [(part, 1) for part in distributed(space, left)]
    signed += [(part, -1) for part in distributed(space, right)]
    result = [
        product.scaled(sign).over(set(own).difference(axes))
        for part, sign in signed
        for own in (aligned(space, part, axes),)
        for product in terms(space, part, own, inside=False)
    ]
    return not collected(space, result)


def distributed(space: Space, root: Node) -> Sequence[Node]:
    """Return a formula as terms without sums in their products, as far as these aren't too many."""
    known: dict[Node, Sequence[Node]] = {}
    for term in postorder([root]):
        known[term] = _of(space, term, known)
    return known[root]


def _of(space: Space, term: Node, known: dict[Node, Sequence[Node]]) -> Sequence[Node]:
    if term.op == "add":
        parts = [part for arg in term.args for part in known[arg]]
        return parts if len(parts) <= MOST_TERMS else [term]
    if term.op not in _IN_EACH | _IN_FIRST:
        return [term]
    count = len(term.args) if term.op in _IN_EACH else 1
    operands = [_whole(space, arg, known) for arg in term.args[:count]]
    if prod(map(len, operands)) > MOST_TERMS:
        return [term]
    return [
        node(term.op, *chosen, *term.args[count:], static=term.static)
        for chosen in combinations(*operands)
    ]


def _whole(space: Space, arg: Node, known: dict[Node, Sequence[Node]]) -> Sequence[Node]:
    """Return an operand's terms where all of them have its shape, or the operand."""
    parts = known[arg]
    shape = space.shape(arg)
    return parts if all(space.shape(part) == shape for part in parts) else [arg]
