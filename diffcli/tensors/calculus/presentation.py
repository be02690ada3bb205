"""Formulas of tensors as they are printed: numbers and signs stand before a product, not around it.

``2*(X.T @ r)`` is written ``2*X.T @ r``, which has the same value; what is computed stays as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction

from diffcli.language.expression import CONSTANT, NUMBER, Node, node, number, postorder
from diffcli.language.functions import TABLE
from diffcli.language.printer import text_of
from diffcli.tensors.calculus.sizes import length_names

LONG = 80
"""Characters from which on a formula's repeated terms get names."""
SHORTER = 0.75
"""How long a formula with named terms is at most, beside it without."""
MOST_NAMES = 3
DEFAULTS = {name: TABLE[name].defaults for name in ("heaviside", "normcdf", "normpdf")}
"""The last arguments of functions that closed forms hold, where the language fills them in."""
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
            term: (counts[term] - 1) * len(text_of(term, own, lengths=lengths))
            for term in order
            if not term.is_leaf and term not in own and counts.get(term, 0) > 1
        }
        chosen = max(gains, key=lambda term: gains[term], default=whole)
        name = called.get(chosen) or next((x for x in LETTERS if x not in taken), None)
        if chosen is whole or name is None:
            break
        more = {**own, chosen: name}
        result = _defined(whole, [term for term in order if term in more], more, lengths)
        if len(result) > len(best):
            break
        best, own, called[chosen] = result, more, name
        taken.add(name)
    return best if len(best) <= SHORTER * len(plain) else plain


def _defined(
    whole: Node, terms: Sequence[Node], own: Mapping[Node, str], lengths: Mapping[int, str]
) -> str:
    """Return the definitions of some terms, each after those in it, and a formula of them."""
    parts = [
        f"{own[term]} = {text_of(term, {x: own[x] for x in own if x is not term}, lengths=lengths)}"
        for term in terms
    ]
    return "; ".join([*parts, text_of(whole, dict(own), lengths=lengths)])


def _counts(root: Node, named: Collection[Node]) -> dict[Node, int]:
    """Return how often each term is written, where those with a name are written once."""
    counts = {root: 1}
    for term in reversed(postorder([root])):
        times = 1 if term in named else counts.get(term, 0)
        for arg in term.args:
            counts[arg] = counts.get(arg, 0) + times
    return counts


def presented(root: Node, numbers: Collection[Node]) -> Node:
    """Return a formula with its numbers moved into its products from the left."""
    new: dict[Node, Node] = {}
    for term in postorder([root]):
        if term.is_leaf:
            new[term] = term
            continue
        args = [new[arg] for arg in term.args]
        new[term] = _moved(term, _without_defaults(term.op, args), numbers)
    return _signed(new[root])


def _without_defaults(op: str, args: list[Node]) -> list[Node]:
    """Return a function's arguments without those that it has by default."""
    defaults = [number(Fraction(text)) for text in DEFAULTS.get(op, ())]
    count = len(args) - len(defaults)
    return args[:count] if defaults and args[count:] == defaults else args


def _moved(term: Node, args: list[Node], numbers: Collection[Node]) -> Node:
    if term.op == "pow" and (power := _power_of_root(*args)) is not None:
        return power
    is_scaled = term.op == "mul" and args[-1].op == "matmul"
    if is_scaled and all(_is_short(arg, numbers) for arg in args[:-1]):
        return _scaled(args[:-1], args[-1])
    if term.op == "neg" and args[0].op == "matmul" and args[0].args[0].op == "neg":
        (left, right) = args[0].args
        return node("matmul", left.args[0], right)
    return node(term.op, *args, static=term.static)


def _power_of_root(base: Node, exponent: Node) -> Node | None:
    """Return sqrt(u)^2n as u^n, where the formula itself says that u is at least 0."""
    if base.op != "sqrt" or not isinstance(exponent.value, (int, Fraction)) or exponent.value % 2:
        return None
    (inner,), half = base.args, number(exponent.value / Fraction(2))
    return inner if half is number(1) else node("pow", inner, half)


def _is_short(term: Node, numbers: Collection[Node]) -> bool:
    """Whether a factor is a number, typed or by name: a tensor multiplies entry by entry."""
    inner = term.args[0] if term.op == "neg" else term
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
