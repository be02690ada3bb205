"""Operations that are others in disguise: the trace of a Kronecker product, sums of eigenvalues.

What a reduction makes of a rearrangement is what it makes of its parts (Magnus and Neudecker,
Matrix Differential Calculus, 3rd ed., 2.2 to 2.4 and 1.13); the parts have differentials.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from diffcli.language.expression import NUMBER, Node, node, number, postorder
from diffcli.language.functions import TABLE
from diffcli.tensors.calculus.entrywise import entrywise


def rewritten(root: Node) -> Node:
    """Return a formula of the same value, reductions of rearrangements written by the parts."""
    known: dict[Node, Node] = {}
    for term in postorder([root]):
        if term.is_leaf:
            known[term] = term
            continue
        new = node(term.op, *(known[arg] for arg in term.args), static=term.static)
        rule = _RULES.get((new.op, new.args[0].op))
        is_whole = new.static in ((), (None,))
        known[term] = rule(new) if rule is not None and is_whole else _outside(entrywise(new))
    return known[root]


def _outside(term: Node) -> Node:
    """Return an operation entry by entry on a matrix in one vector as that of the operation."""
    kinds = {arg.op for arg in term.args}
    if term.op not in TABLE or "vec" not in kinds or not kinds <= {"vec", NUMBER}:
        return term
    inside = (arg.args[0] if arg.op == "vec" else arg for arg in term.args)
    return node("vec", node(term.op, *inside))


def _of_parts(term: Node) -> Node:
    """Return the product of what a reduction makes of each factor of a Kronecker product."""
    (product,) = term.args
    return node("mul", *(node(term.op, part, static=term.static) for part in product.args))


def _of_matrix(term: Node) -> Node:
    """Return what a reduction makes of the matrix whose columns stand in a vector."""
    (vector,) = term.args
    return node(term.op, *vector.args, static=term.static)


def _dot(term: Node) -> Node:
    left, right = term.args
    if right.op != "vec":
        return term
    entries = node("mul", *left.args, *right.args)
    return node("sum", entries, static=(None,))


def _sum_of_eigenvalues(term: Node) -> Node:
    return node("trace", *term.args[0].args)


def _product_of_eigenvalues(term: Node) -> Node:
    (matrix,) = term.args[0].args
    whole = node("add", matrix, node("transpose", matrix))
    return node("det", node("div", whole, number(2)))


_RULES: Mapping[tuple[str, str], Callable[[Node], Node]] = MappingProxyType(
    {
        ("trace", "kron"): _of_parts,
        ("sum", "kron"): _of_parts,
        ("norm", "kron"): _of_parts,
        ("sum", "vec"): _of_matrix,
        ("mean", "vec"): _of_matrix,
        ("norm", "vec"): _of_matrix,
        ("dot", "vec"): _dot,
        ("sum", "eigvalsh"): _sum_of_eigenvalues,
        ("prod", "eigvalsh"): _product_of_eigenvalues,
    }
)
"""Writes an operation on another by its parts."""
