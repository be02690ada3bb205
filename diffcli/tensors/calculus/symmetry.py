"""Which matrices are symmetric or orthogonal: what is assumed of variables, and what follows."""

from __future__ import annotations

from collections.abc import Mapping

from diffcli.language.expression import Node, node, postorder, variable
from diffcli.tensors.calculus.networks import Space, is_unit

SYMMETRIC = frozenset({"symmetric", "posdef", "diagonal"})
"""What is assumed of matrices that are symmetric."""


def symmetric_in(facts: Mapping[str, str]) -> frozenset[Node]:
    """Return the variables that are symmetric, of what is assumed by name."""
    return frozenset(variable(name) for name, fact in facts.items() if fact in SYMMETRIC)


def orthogonal_in(facts: Mapping[str, str]) -> frozenset[Node]:
    """Return the variables that are orthogonal matrices."""
    return frozenset(variable(name) for name, fact in facts.items() if fact == "orthogonal")


def is_symmetric(space: Space, term: Node) -> bool:
    """Whether a matrix equals its transpose, as far as that is seen from how it is made.

    Sums and inverses of symmetric matrices are symmetric, and so is ``X.T @ S @ X``.
    """
    known = space.known_symmetric
    for inner in postorder([term]):
        if inner not in known:
            known[inner] = _follows(space, inner)
    return known[term]


def _follows(space: Space, term: Node) -> bool:
    known = space.known_symmetric
    if term in space.symmetric or is_unit(term):
        return True
    if term.is_leaf or len(space.shape(term)) != 2:
        return False
    inner = [known[arg] or not space.shape(arg) for arg in term.args]
    match term.op:
        case "add" | "neg" | "inv" | "mul" | "div" | "transpose":
            return all(inner) and len(set(space.shape(term))) == 1
        case "outer":
            return term.args[0] is term.args[1]
        case "diag":
            return True
        case "matmul":
            factors = _factors(term)
            return factors == [_transposed(space, factor) for factor in reversed(factors)]
    return False


def _factors(term: Node) -> list[Node]:
    """Return the factors of a matrix product, from left to right."""
    result: list[Node] = []
    stack = [term]
    while stack:
        inner = stack.pop()
        if inner.op == "matmul":
            stack += reversed(inner.args)
        else:
            result.append(inner)
    return result


def _transposed(space: Space, factor: Node) -> Node:
    if space.known_symmetric[factor]:
        return factor
    return factor.args[0] if factor.op == "transpose" else node("transpose", factor)
