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


def is_symmetric(space: Space, each: Node) -> bool:
    """Whether a matrix equals its transpose, as far as that is seen from how it is made.

    Sums and inverses of symmetric matrices are symmetric, and so is ``X.T @ S @ X``.
    """
    known = space.known_symmetric
    for inner in postorder([each]):
        if inner not in known:
            known[inner] = _follows(space, inner)
    return known[each]


def _follows(space: Space, each: Node) -> bool:
    known = space.known_symmetric
    if each in space.symmetric or is_unit(each):
        return True
    if each.is_leaf or len(space.shape(each)) != 2:
        return False
    inner = [known[arg] or not space.shape(arg) for arg in each.args]
    match each.op:
        case "add" | "neg" | "inv" | "mul" | "div" | "transpose":
            return all(inner) and len(set(space.shape(each))) == 1
        case "outer":
            return each.args[0] is each.args[1]
        case "diag":
            return True
        case "matmul":
            factors = _factors(each)
            return factors == [_transposed(space, factor) for factor in reversed(factors)]
    return False


def _factors(each: Node) -> list[Node]:
    """Return the factors of a matrix product, from left to right."""
    found: list[Node] = []
    stack = [each]
    while stack:
        inner = stack.pop()
        if inner.op == "matmul":
            stack += reversed(inner.args)
        else:
            found.append(inner)
    return found


def _transposed(space: Space, factor: Node) -> Node:
    if space.known_symmetric[factor]:
        return factor
    return factor.args[0] if factor.op == "transpose" else node("transpose", factor)
