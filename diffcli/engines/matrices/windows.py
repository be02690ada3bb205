"""Sums over a window that moves along vectors, such as sum((x[1:] - x[:-1])^2), piece by piece.

The same formula of a part of the vectors is the part of the sum that belongs to it, so that its
derivatives take the memory of a part.
"""

from __future__ import annotations

from collections.abc import Mapping

from diffcli.language.expression import VARIABLE, Node
from diffcli.language.function import Function
from diffcli.language.tensors import TENSORS, Slice
from diffcli.tensors.rules import Shape

_NUMBER, _TERMS, _TOTAL = "number", "terms", "total"
"""What a node is: the same for every part, a vector of terms, or their sum."""


def window_of(function: Function, shapes: Mapping[Node, Shape]) -> tuple[int, int] | None:
    """Return how many terms a sum over a moving window has, and by how much vectors are longer.

    None where the formula is no such sum. ``shapes`` are those of its nodes.
    """
    if len(function.outputs) != 1:
        return None
    vectors = {shapes[node] for node in function.nodes if node.op == VARIABLE and shapes[node]}
    summed = {
        shapes[node.args[0]] for node in function.nodes if node.op in _SUMS and shapes[node.args[0]]
    }
    if len(vectors) != 1 or len(summed) != 1:
        return None
    whole, terms = vectors.pop(), summed.pop()
    if len(whole) != 1 or len(terms) != 1:
        return None
    kinds: dict[Node, str | None] = {}
    for node in function.nodes:
        kinds[node] = _kind(node, kinds, shapes, terms[0])
    return (terms[0], whole[0] - terms[0]) if kinds[function.outputs[0]] == _TOTAL else None


def _kind(
    node: Node, kinds: Mapping[Node, str | None], shapes: Mapping[Node, Shape], terms: int
) -> str | None:
    """Return what a node is, None for what isn't the same piece by piece."""
    inner = [kinds[arg] for arg in node.args]
    if node.is_leaf:
        return _TERMS if shapes[node] else _NUMBER
    if node.op == "index":
        return _TERMS if inner == [_TERMS] and _slides(node) else None
    if node.op in _SUMS:
        whole = all(shapes[arg] == (terms,) for arg in node.args)
        return _TOTAL if whole and set(inner) == {_TERMS} else None
    if node.op in TENSORS or None in inner:
        return None
    if _TOTAL not in inner:
        return _TERMS if _TERMS in inner else _NUMBER
    return _TOTAL if _is_linear(node, inner) else None


def _slides(node: Node) -> bool:
    """Whether a slice keeps its distance from both ends of its vector."""
    (start, *more) = node.static
    if more or not isinstance(start, Slice) or start.step not in (None, 1):
        return False
    return (start.start or 0) >= 0 and (start.stop is None or start.stop < 0)


def _is_linear(node: Node, inner: list[str | None]) -> bool:
    """Whether what is made of sums is the sum of what is made of their parts."""
    if node.op in ("add", "neg"):
        return set(inner) == {_TOTAL}
    if node.op == "mul":
        return inner.count(_TOTAL) == 1 and inner.count(_NUMBER) == len(inner) - 1
    return node.op == "div" and inner == [_TOTAL, _NUMBER]


_SUMS = ("sum", "dot")
