"""The use of a rule of differentiation, and the products and sums that it is made of.

A rule is a function of parts and of their derivatives, written once: letters in their places make
its statement, the parts of a formula make the line that a pupil writes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain

from diffcli.language.algebra import ONE, ZERO
from diffcli.language.expression import Node, node, postorder

Nodes = Sequence[Node]
Moves = Callable[[Node], bool]
"""Whether a term depends on the variable."""

ITSELF = ""
"""The role of a part that stands in the rule as it is, without a letter."""
PART, FACTOR, EXPONENT, BASE = "u", "c", "n", "a"
"""The roles of the other parts: what moves, and the constants."""
PRIME = "′"
"""After a letter: its derivative."""


@dataclass(frozen=True)
class RuleUse:
    """A rule, and a term's parts with their roles.

    ``shape`` makes the term of its parts; ``slope`` its derivative of the parts and of theirs, as
    it stands before any tidying. ``logarithm``, for logarithmic differentiation, makes ln of the
    term and its derivative. ``shown`` is how many parts the statement has; 0 is none.
    """

    rule: str
    parts: tuple[tuple[str, Node], ...]
    shape: Callable[..., Node]
    slope: Callable[[Nodes, Nodes], Node]
    logarithm: Callable[[Nodes, Nodes], tuple[Node, Node]] | None = None
    shown: int | None = None
    note: str | None = None


def times(*factors: Node) -> Node:
    """Return the product, less its ones."""
    parts = list(chain.from_iterable(f.args if f.op == "mul" else (f,) for f in factors))
    kept = [part for part in parts if part is not ONE]
    if ZERO in kept:
        return ZERO
    return kept[0] if len(kept) == 1 else node("mul", *kept) if kept else ONE


def plus(*terms: Node) -> Node:
    """Return the sum, less its zeros."""
    kept = [term for term in terms if term is not ZERO]
    return kept[0] if len(kept) == 1 else node("add", *kept) if kept else ZERO


def over(above: Node, below: Node) -> Node:
    """Return the quotient; 0 above the line is 0."""
    return ZERO if above is ZERO else node("div", above, below)


def negative(term: Node) -> Node:
    """Return the negation; 0 stays 0."""
    return ZERO if term is ZERO else node("neg", term)


def scaled(partial: Node, slope: Node) -> Node:
    """Return a partial times a slope, which goes above the line of a quotient."""
    if partial.op == "neg":
        return negative(scaled(partial.args[0], slope))
    if partial.op == "div":
        return over(times(partial.args[0], slope), partial.args[1])
    return times(partial, slope)


def named(part: Node, x: Node) -> tuple[str, Node]:
    """Return a moving part with its role: the variable itself has no letter."""
    return (ITSELF if part is x else PART), part


def dependence(*moving: Node) -> Moves:
    """Return what tells whether a term depends on a variable of some; ``detach`` holds still."""
    known: dict[Node, bool] = {}

    def moves(term: Node) -> bool:
        if term not in known:
            for part in postorder([term]):
                still = part.op == "detach"
                known[part] = part in moving or (not still and any(known[arg] for arg in part.args))
        return known[term]

    return moves
