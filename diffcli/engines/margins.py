"""The margins of an operation: terms of its arguments that are 0 at its kinks, jumps and edges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from types import MappingProxyType

from diffcli.language.expression import NUMBER, Node, node, number


def margins_of(each: Node) -> list[Node]:
    """Return the margins of a term that works element by element; none where it has no kink."""
    margins = _MARGINS.get(each.op)
    return margins(*each.args) if margins else []


def _itself(x: Node, *_: Node) -> list[Node]:
    return [x]


def _minus(x: Node, y: Node) -> Node:
    return node("add", x, node("neg", y))


def _difference(x: Node, y: Node) -> list[Node]:
    return [_minus(x, y)]


def _gap(best: str, other: str) -> Callable[..., list[Node]]:
    """Return the margin of the best of some terms: how far it is from the second best."""

    def margins(first: Node, *rest: Node) -> list[Node]:
        second: Node | None = None
        for each in rest:
            beaten = node(other, first, each)
            second = beaten if second is None else node(best, second, beaten)
            first = node(best, first, each)
        return [] if second is None else [_minus(first, second)]

    return margins


def _bounds(x: Node, *bounds: Node) -> list[Node]:
    return [_minus(x, bound) for bound in bounds or (number(-1), number(1))]


def _from_integers(x: Node, *_: Node) -> list[Node]:
    return [_minus(x, node("round", x))]


def _base(x: Node, exponent: Node) -> list[Node]:
    is_whole = exponent.op == NUMBER and Fraction(exponent.value or 0).denominator == 1
    return [] if is_whole else [x]


_MARGINS: Mapping[str, Callable[..., list[Node]]] = MappingProxyType(
    {
        **dict.fromkeys("abs sign heaviside relu leaky_relu elu selu acot atan2".split(), _itself),
        **dict.fromkeys("floor ceil frac".split(), _from_integers),
        **dict.fromkeys("lt le gt ge eq ne".split(), _difference),
        "max": _gap("max", "min"),
        "min": _gap("min", "max"),
        **dict.fromkeys("clamp hardtanh".split(), _bounds),
        **dict.fromkeys("sqrt cbrt".split(), _itself),
        **dict.fromkeys("asin acos".split(), _bounds),
        "pow": _base,
        "mod": lambda x, y: _from_integers(node("div", x, y)),
        "round": lambda x: _from_integers(node("add", x, number(Fraction(1, 2)))),
        "hypot": lambda *terms: [node("hypot", *terms)],
    }
)
