"""The margins of an operation: terms of its arguments that are 0 at its kinks, jumps and edges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from types import MappingProxyType

from diffcli.errors import LimitError
from diffcli.language.expression import (
    NUMBER,
    Node,
    constant,
    integrand_of,
    is_integral,
    node,
    number,
    postorder,
)


def margins_of(each: Node) -> list[Node]:
    """Return the margins of a term that works element by element; none where it has no kink."""
    margins = _MARGINS.get(each.op)
    return margins(*each.args) if margins else []


def edges_of(each: Node) -> list[Node]:
    """Return the terms at whose zeros an operation isn't smooth, though it has no kink there."""
    edges = _EDGES.get(each.op)
    return edges(*each.args) if edges else []


def rough_places(each: Node) -> list[tuple[Node, bool]]:
    """Return terms outside of whose zeros an operation is smooth wherever it has a value.

    With True it is the whole values of the term that count. Edges of the domain are among them.
    Raises LimitError for an integral whose integrand isn't smooth.
    """
    if each.is_leaf or each.op in SMOOTH:
        return []
    if each.op in WHOLE:
        return [(WHOLE[each.op](*each.args), True)]
    if each.op in _EDGES:
        return [(margin, False) for margin in _EDGES[each.op](*each.args)]
    if is_integral(each.op):
        if any(rough_places(inner) for inner in postorder([integrand_of(each).body])):
            raise LimitError("the integrand isn't smooth")
        return []
    return [(margin, False) for margin in _MARGINS[each.op](*each.args)]


def divisors(each: Node) -> list[Node]:
    """Return the terms at whose zeros an operation has a pole, or no value."""
    match each.op, each.args:
        case "div", (_, below):
            return [below]
        case "pow", (base, exponent):
            return [] if exponent.op == NUMBER else [base]
        case (("log" | "log2" | "log10"), (x,)):
            return [x]
    return []


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


def _of_order(order: Node, x: Node) -> list[Node]:
    return _base(x, order)


def _minus_one(x: Node) -> list[Node]:
    return [_minus(x, number(1))]


def _branch(y: Node, x: Node) -> list[Node]:
    """Return the margin of an angle: y where x isn't positive."""
    return [node("piecewise", y, node("le", x, number(0)), number(1), constant("true"))]


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

WHOLE: Mapping[str, Callable[..., Node]] = MappingProxyType(
    {
        **dict.fromkeys("floor ceil frac".split(), lambda x: x),
        "mod": lambda x, y: node("div", x, y),
        "round": lambda x: node("add", x, number(Fraction(1, 2))),
    }
)
"""What has a jump where the term is a whole number."""
_EDGES: Mapping[str, Callable[..., list[Node]]] = MappingProxyType(
    {
        "atan2": _branch,
        "softsign": _itself,
        "root": _itself,
        **dict.fromkeys("acosh asech ellipe".split(), _minus_one),
        **dict.fromkeys("asec acsc".split(), _bounds),
        **dict.fromkeys("besselj besseli".split(), _of_order),
        **dict.fromkeys("gammainc gammaincc".split(), lambda _, x: [x]),
        "polylog": lambda _, x: _minus_one(x),
        "betainc": lambda *args: [args[2], *_minus_one(args[2])],
        "lambertw": lambda x, _: [node("add", node("mul", x, constant("e")), number(1))],
    }
)
"""What isn't smooth where the enclosure has no kink: at an edge, or from some derivative on."""
SMOOTH = frozenset(
    """
    add mul div neg and or not piecewise detach sin cos tan cot sec csc sinc atan sinh cosh tanh
    coth sech csch asinh atanh acoth acsch exp expm1 log log2 log10 log1p gamma lgamma digamma
    polygamma beta factorial binomial erf erfc erfi erfcx erfinv erfcinv dawson fresnels fresnelc
    expint e1 Ei Si Ci Shi Chi li loggamma trigamma lbeta multigammaln zeta bessely besselk j0 j1
    y0 y1 i0 i1 k0 k1 sphericalj sphericaly airyai airybi airyaiprime airybiprime legendre hermite
    laguerre chebyshevt chebyshevu gegenbauer ellipk ellipf ellipeinc ellippi normlogcdf normpdf
    normcdf gelu silu mish softplus sigmoid logit logsigmoid
    """.split()
)
"""What has all derivatives wherever it has a value; a piecewise has its conditions' margins."""
