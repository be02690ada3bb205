"""What a function of one variable becomes far away: t^k·g(t) with t = ±1/x, g smooth at 0.

Where that can be written, g's Taylor series at 0 proves the line that the function nears: for
k = −1 it is g(0)·x + g′(0).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import ceil
from types import MappingProxyType

from flint import arb, arb_series, fmpq

from diffcli.engines.balls.walk import Walk, working
from diffcli.language.expression import VARIABLE, Node, constant, node, number, postorder, variable

BITS = 256
_T = "t"
_NOWHERE: Mapping[str, float] = MappingProxyType({_T: 0.0})
ZERO, ONE, MINUS = number(0), number(1), number(-1)

Far = tuple[Fraction, Node]
"""k and g of a term t^k·g(t)."""

_LIMITS: Mapping[str, tuple[Node | None, Node | None]] = MappingProxyType(
    {
        "exp": (ZERO, None),
        "tanh": (MINUS, ONE),
        "coth": (MINUS, ONE),
        "sech": (ZERO, ZERO),
        "csch": (ZERO, ZERO),
        "erf": (MINUS, ONE),
        "erfc": (number(2), ZERO),
        "sigmoid": (ZERO, ONE),
    }
)
"""What these near for −∞ and ∞, faster than any power: None is no number."""


def line_at_infinity(output: Node, towards: int) -> tuple[arb, arb] | None:
    """Return slope and intercept of the line that a function nears for its variable → ±∞.

    They are proved. None where the function isn't a power of t times a smooth one, or nears none.
    """
    far = _far(output, towards)
    if far is None:
        return None
    power, factor = far
    order = max(0, ceil(-power))
    found = Walk(factor, _NOWHERE).series({_T: 1}, order, BITS)
    if isinstance(found, fmpq | arb):
        found = arb_series([arb(found)])
    if not isinstance(found, arb_series):
        return None
    terms = {power + i: found[i] for i in range(order + 1)}
    if any(value != 0 for k, value in terms.items() if k < 0 and k != -1):
        return None
    slope, intercept = (terms.get(Fraction(k), arb(0)) for k in (-1, 0))
    with working(BITS):
        return towards * slope, intercept


def _far(output: Node, towards: int) -> Far | None:
    made: dict[Node, Far] = {}
    for each in postorder([output]):
        if each.op == VARIABLE:
            found: Far | None = Fraction(-1), number(towards)
        elif each.is_leaf:
            found = Fraction(0), each
        else:
            found = _RULES.get(each.op, _call)(each, [made[arg] for arg in each.args])
        if found is None:
            return None
        made[each] = found
    return made[output]


def _sum(_: Node, args: Sequence[Far]) -> Far:
    least = min(power for power, _ in args)
    terms = [_scaled(factor, power - least) for power, factor in args]
    return least, node("add", *terms)


def _scaled(factor: Node, power: Fraction) -> Node:
    """Return t^power·factor."""
    if not power:
        return factor
    t = variable(_T)
    return node("mul", t if power == 1 else node("pow", t, number(power)), factor)


def _product(_: Node, args: Sequence[Far]) -> Far:
    return sum((power for power, _ in args), Fraction(0)), node("mul", *(g for _, g in args))


def _quotient(_: Node, args: Sequence[Far]) -> Far:
    (above, f), (below, g) = args
    return above - below, node("div", f, g)


def _even(each: Node, args: Sequence[Far]) -> Far:
    """Apply what t > 0 passes through: a minus, an absolute value."""
    power, factor = args[0]
    return power, node(each.op, factor)


def _sign(each: Node, args: Sequence[Far]) -> Far:
    return Fraction(0), node(each.op, args[0][1])


def _power(each: Node, args: Sequence[Far]) -> Far | None:
    (power, factor), exponent = args[0], each.args[1]
    if exponent.op in ("number", "neg", "div") and not _moves(exponent):
        exact = _exact(exponent)
        return None if exact is None else (power * exact, node("pow", factor, exponent))
    if _moves(each.args[0]):
        return None
    # A constant to a power is e^(power·log constant).
    growth = node("mul", args[1][1], node("log", each.args[0]))
    return _called("exp", [(args[1][0], growth)])


def _root(degree: int) -> Callable[[Node, Sequence[Far]], Far]:
    def root(each: Node, args: Sequence[Far]) -> Far:
        power, factor = args[0]
        return power / degree, node(each.op, factor)

    return root


def _atan(_: Node, args: Sequence[Far]) -> Far | None:
    power, factor = args[0]
    if power >= 0:
        return _called("atan", args)
    # atan(u) = ±π/2 − atan(1/u)
    quarter = node("div", constant("pi"), number(2))
    ends = {1: quarter, -1: node("neg", quarter)}
    inverse = _scaled(node("div", ONE, factor), -power)
    end = ends.get(_side(factor))
    if end is None:
        return None
    return Fraction(0), node("add", end, node("neg", node("atan", inverse)))


def _call(each: Node, args: Sequence[Far]) -> Far | None:
    return _called(each.op, args)


def _called(op: str, args: Sequence[Far]) -> Far | None:
    if all(power >= 0 for power, _ in args):
        return Fraction(0), node(op, *(_scaled(g, power) for power, g in args))
    limits = _LIMITS.get(op)
    side = _side(args[0][1]) if limits else 0
    limit = limits[side > 0] if limits and side else None
    return None if limit is None else (Fraction(0), limit)


def _side(factor: Node) -> int:
    """Return the sign of a factor at t = 0, 0 where that isn't certain."""
    value = Walk(factor, _NOWHERE).value(BITS)
    if not isinstance(value, fmpq | arb):
        return 0
    return int(arb(value) > 0) - int(arb(value) < 0)


def _moves(term: Node) -> bool:
    return any(each.op == VARIABLE for each in postorder([term]))


def _exact(exponent: Node) -> Fraction | None:
    value = Walk(exponent, {}).value(BITS)
    return Fraction(int(value.p), int(value.q)) if isinstance(value, fmpq) else None


_RULES: Mapping[str, Callable[[Node, Sequence[Far]], Far | None]] = MappingProxyType(
    {
        "add": _sum,
        "mul": _product,
        "div": _quotient,
        "neg": _even,
        "abs": _even,
        "sign": _sign,
        "pow": _power,
        "sqrt": _root(2),
        "cbrt": _root(3),
        "atan": _atan,
    }
)
