"""Formulas of tensors as they are printed: numbers and signs stand before a product, not around it.

``2*(X.T @ r)`` is written ``2*X.T @ r``, which has the same value; what is computed stays as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction

from diffcli.language.expression import CONSTANT, NUMBER, Node, node, number, postorder
from diffcli.language.printer import text_of
from diffcli.tensors.calculus.sizes import length_names

LONG = 80
"""Characters from which on a formula's repeated terms get names."""
SHORTER = 0.75
"""How long a formula with named terms is at most, beside it without."""
MOST_NAMES = 3
_HALF = number(Fraction(1, 2))
LETTERS = ("R", "U", "Z", "K", "H", "L", "P")
"""The names of repeated terms, in turn."""


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


def shared_text(
    root: Node,
    names: Mapping[int, str],
    numbers: Collection[Node],
    called: dict[Node, str],
    taken: set[str],
) -> str:
    """Return a formula as :func:`text`, with names for repeated terms where that is shorter.

    ``R = X @ w - y; 2*X.T @ R`` is in the language. ``called`` holds the names that were given, and
    gets more; ``taken`` are those that nothing may have.
    """
    whole = presented(root, numbers)
    lengths = length_names([whole], names)
    plain = text_of(whole, lengths=lengths)
    if len(plain) < LONG:
        return plain
    order, best = postorder([whole]), plain
    own: dict[Node, str] = {}
    for _ in range(MOST_NAMES):
        counts = _counts(whole, own)
        gains = {
            each: (counts[each] - 1) * len(text_of(each, own, lengths=lengths))
            for each in order
            if not each.is_leaf and each not in own and counts.get(each, 0) > 1
        }
        chosen = max(gains, key=lambda each: gains[each], default=whole)
        name = called.get(chosen) or next((x for x in LETTERS if x not in taken), None)
        if chosen is whole or name is None:
            break
        more = {**own, chosen: name}
        found = _defined(whole, [each for each in order if each in more], more, lengths)
        if len(found) > len(best):
            break
        best, own, called[chosen] = found, more, name
        taken.add(name)
    return best if len(best) <= SHORTER * len(plain) else plain


def _defined(
    whole: Node, terms: Sequence[Node], own: Mapping[Node, str], lengths: Mapping[int, str]
) -> str:
    """Return the definitions of some terms, each after those in it, and a formula of them."""
    parts = [
        f"{own[each]} = {text_of(each, {x: own[x] for x in own if x is not each}, lengths=lengths)}"
        for each in terms
    ]
    return "; ".join([*parts, text_of(whole, dict(own), lengths=lengths)])


def _counts(root: Node, named: Collection[Node]) -> dict[Node, int]:
    """Return how often each term is written, where those with a name are written once."""
    counts = {root: 1}
    for each in reversed(postorder([root])):
        times = 1 if each in named else counts.get(each, 0)
        for arg in each.args:
            counts[arg] = counts.get(arg, 0) + times
    return counts


def presented(root: Node, numbers: Collection[Node]) -> Node:
    """Return a formula with its numbers moved into its products from the left."""
    made: dict[Node, Node] = {}
    for each in postorder([root]):
        if each.is_leaf:
            made[each] = each
            continue
        args = [made[arg] for arg in each.args]
        made[each] = _moved(each, _without_defaults(each.op, args), numbers)
    return _signed(made[root])


def _without_defaults(op: str, args: list[Node]) -> list[Node]:
    """Return a step function's arguments without the one that it has by default."""
    return args[:1] if op == "heaviside" and args[1] is _HALF else args


def _moved(each: Node, args: list[Node], numbers: Collection[Node]) -> Node:
    if each.op == "pow" and (power := _power_of_root(*args)) is not None:
        return power
    is_scaled = each.op == "mul" and args[-1].op == "matmul"
    if is_scaled and all(_is_short(arg, numbers) for arg in args[:-1]):
        return _scaled(args[:-1], args[-1])
    return node(each.op, *args, static=each.static)


def _power_of_root(base: Node, exponent: Node) -> Node | None:
    """Return sqrt(u)^2n as u^n, where the formula itself says that u is at least 0."""
    if base.op != "sqrt" or not isinstance(exponent.value, (int, Fraction)) or exponent.value % 2:
        return None
    (inner,), half = base.args, number(exponent.value / Fraction(2))
    return inner if half is number(1) else node("pow", inner, half)


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
