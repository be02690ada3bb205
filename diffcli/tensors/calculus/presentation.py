"""Formulas of tensors as they are printed: numbers and signs stand before a product, not around it.

``2*(X.T @ r)`` is written ``2*X.T @ r``, which has the same value; what is computed stays as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from diffcli.language.expression import CONSTANT, NUMBER, Node, node, postorder
from diffcli.language.printer import text_of
from diffcli.tensors.calculus.sizes import length_names


def text(
    root: Node,
    names: Mapping[int, str] | None = None,
    numbers: Collection[Node] = frozenset(),
) -> str:
    """Return a formula of tensors as text that the language reads back, with the same value.

    ``names`` are those of lengths that stand for any length, which no number of the formula is;
    ``numbers`` are the variables that are numbers.
    """
    whole = presented(root, numbers)
    return text_of(whole, lengths=length_names([whole], names or {}))


def presented(root: Node, numbers: Collection[Node]) -> Node:
    """Return a formula with its numbers moved into its products from the left."""
    made: dict[Node, Node] = {}
    for each in postorder([root]):
        if each.is_leaf:
            made[each] = each
            continue
        args = [made[arg] for arg in each.args]
        made[each] = _moved(each, args, numbers)
    return _signed(made[root])


def _moved(each: Node, args: list[Node], numbers: Collection[Node]) -> Node:
    is_scaled = each.op == "mul" and args[-1].op == "matmul"
    if is_scaled and all(_is_short(arg, numbers) for arg in args[:-1]):
        return _scaled(args[:-1], args[-1])
    return node(each.op, *args, static=each.static)


def _is_short(each: Node, numbers: Collection[Node]) -> bool:
    """Whether a factor is a number, typed or by name: a tensor multiplies entry by entry."""
    inner = each.args[0] if each.op == "neg" else each
    return inner.op in (NUMBER, CONSTANT) or inner in numbers


def _scaled(scale: list[Node], product: Node) -> Node:
    """Return a matrix product whose first factor is multiplied."""
    left, right = product.args
    if left.op == "matmul":
        return node("matmul", _scaled(scale, left), right)
    factors = left.args if left.op == "mul" else (left,)
    return node("matmul", node("mul", *scale, *factors), right)


def _signed(root: Node) -> Node:
    """Return a formula whose minus stands before its first factor."""
    if root.op == "add":
        return node("add", _signed(root.args[0]), *root.args[1:])
    if root.op != "neg":
        return root
    (inner,) = root.args
    if inner.op in ("mul", "div", "matmul"):
        first = _signed(node("neg", inner.args[0]))
        return node(inner.op, first, *inner.args[1:])
    return root
