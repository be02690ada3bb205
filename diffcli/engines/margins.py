"""The margins of an operation: terms of its arguments that are 0 at its kinks, jumps and edges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from types import MappingProxyType

from diffcli.errors import LimitError
from diffcli.language.expression import (
    NUMBER,
    Node,
    integrand_of,
    is_integral,
    is_unknown,
    minus,
    node,
    postorder,
)
from diffcli.language.functions import TABLE
from diffcli.language.rules import stated


def kink_terms(term: Node) -> list[Node]:
    """Return the margins of a term that works element by element; none where it has no kink."""
    if term.op in BY_ARGUMENTS:
        return BY_ARGUMENTS[term.op](*term.args)
    row = TABLE.get(term.op)
    if row is None:
        return []
    if row.jumps_at:
        whole = stated(row.jumps_at, term)
        return [minus(whole, node("round", whole))]
    return [stated(text, term) for text in row.kinks_at]


def edges_of(term: Node) -> list[Node]:
    """Return the terms at whose zeros an operation isn't smooth, though it has no kink there."""
    if term.op in EDGES_BY_ARGUMENTS:
        return EDGES_BY_ARGUMENTS[term.op](*term.args)
    row = TABLE.get(term.op)
    return [stated(text, term) for text in row.edges_at] if row else []


def has_jumps_at_whole_values(op: str) -> bool:
    """Whether an operation has a jump wherever a term of its arguments is a whole number."""
    return op in TABLE and bool(TABLE[op].jumps_at)


def rough_places(term: Node) -> list[tuple[Node, bool]]:
    """Return terms outside of whose zeros an operation is smooth wherever it has a value.

    With True it is the whole values of the term that count. Edges of the domain are among them.
    Raises LimitError for an integral whose integrand isn't smooth, KeyError for an operation of
    which nothing is known.
    """
    if is_integral(term.op):
        if any(rough_places(inner) for inner in postorder([integrand_of(term).body])):
            raise LimitError("the integrand isn't smooth")
        return []
    if term.is_leaf or is_unknown(term.op) or TABLE[term.op].is_smooth:
        return []
    if text := TABLE[term.op].jumps_at:
        return [(stated(text, term), True)]
    if term.op not in EDGES_BY_ARGUMENTS.keys() | BY_ARGUMENTS.keys():
        row = TABLE[term.op]
        if not row.kinks_at and not row.edges_at:
            raise KeyError(term.op)
    has_edges = term.op in EDGES_BY_ARGUMENTS or bool(TABLE[term.op].edges_at)
    return [(margin, False) for margin in (edges_of(term) if has_edges else kink_terms(term))]


def divisors(term: Node) -> list[Node]:
    """Return the terms at whose zeros an operation has a pole, or no value."""
    match term.op, term.args:
        case "div", (_, below):
            return [below]
        case "pow", (base, exponent):
            return [] if exponent.op == NUMBER else [base]
        case (("log" | "log2" | "log10"), (x,)):
            return [x]
    return []


def _gap(best: str, other: str) -> Callable[..., list[Node]]:
    """Return the margin of the best of some terms: how far it is from the second best."""

    def margins(first: Node, *rest: Node) -> list[Node]:
        second: Node | None = None
        for argument in rest:
            beaten = node(other, first, argument)
            second = beaten if second is None else node(best, second, beaten)
            first = node(best, first, argument)
        return [] if second is None else [minus(first, second)]

    return margins


def _base(x: Node, exponent: Node) -> list[Node]:
    is_whole = exponent.op == NUMBER and Fraction(exponent.value or 0).denominator == 1
    return [] if is_whole else [x]


def _of_order(order: Node, x: Node) -> list[Node]:
    return _base(x, order)


BY_ARGUMENTS: Mapping[str, Callable[..., list[Node]]] = MappingProxyType(
    {"pow": _base, "max": _gap("max", "min"), "min": _gap("min", "max")}
)
"""The margins that depend on how many arguments there are, or on which number one of them is."""
EDGES_BY_ARGUMENTS: Mapping[str, Callable[..., list[Node]]] = MappingProxyType(
    dict.fromkeys(("besselj", "besseli"), _of_order)
)
"""The edges that do."""
