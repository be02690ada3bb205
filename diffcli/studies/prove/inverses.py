"""Claims about a monotone function of a formula, as claims about the formula itself.

c + atan(u) > 0 holds where u > tan(−c). With a quotient u = p/q of which q > 0, it is
p > tan(−c)·q, a formula with neither the function nor the division.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import NamedTuple

from flint import arb

from diffcli.engines.balls.precision import working
from diffcli.engines.boxes.arb import ends_of
from diffcli.engines.boxes.region import Region
from diffcli.engines.enclosure import constant_value
from diffcli.errors import DiffcliError
from diffcli.language.expression import Node, names_in, node, number
from diffcli.studies.prove.domain import sign_by_form

BITS = 128


class _Inverse(NamedTuple):
    """How a function is undone, for which of its values, and whether it rises (1) or falls."""

    undo: Callable[[arb], arb]
    has: Callable[[arb], bool]
    sense: int = 1


def _is_between(low: Callable[[], arb], high: Callable[[], arb]) -> Callable[[arb], bool]:
    return lambda t: bool(t > low() and t < high())


_QUARTER = _is_between(lambda: -arb.pi() / 2, lambda: arb.pi() / 2)
_INVERSES: Mapping[str, _Inverse] = MappingProxyType(
    {
        "atan": _Inverse(arb.tan, _QUARTER),
        "asin": _Inverse(arb.sin, _QUARTER),
        "acos": _Inverse(arb.cos, _is_between(lambda: arb(0), arb.pi), -1),
        "log": _Inverse(arb.exp, lambda _: True),
        "exp": _Inverse(arb.log, lambda t: bool(t > 0)),
        "sqrt": _Inverse(lambda t: t * t, lambda t: bool(t > 0)),
        "tanh": _Inverse(arb.atanh, _is_between(lambda: arb(-1), lambda: arb(1))),
        "sinh": _Inverse(arb.asinh, lambda _: True),
        "asinh": _Inverse(arb.sinh, lambda _: True),
    }
)


def undone(formula: Node, region: Region) -> Node | None:
    """Return a formula that is positive only where another is, without its outermost function.

    Where it isn't negative, neither is the other. None is for formulas without such a function.
    """
    constants: list[Node] = []
    inner, sense = formula, 1
    while inner.op in ("add", "neg"):
        moving = [arg for arg in inner.args if names_in([arg])]
        if len(moving) != 1:
            return None
        sense = -sense if inner.op == "neg" else sense
        rest = [arg for arg in inner.args if arg is not moving[0]]
        constants += rest if sense > 0 else [node("neg", arg) for arg in rest]
        (inner,) = moving
    if inner.op not in _INVERSES or not constants:
        return None
    inverse = _INVERSES[inner.op]
    limit = _limit(inverse, constants, sense)
    return None if limit is None else _apart(inner.args[0], limit, sense * inverse.sense, region)


def _limit(inverse: _Inverse, constants: list[Node], sense: int) -> Fraction | None:
    """Return what the argument must not be below, or above: on the safe side by a rounding."""
    try:
        with working(BITS):
            total = arb(0)
            for constant in constants:
                total += arb(constant_value(constant, BITS))
            value = -total if sense > 0 else total
            if not inverse.has(value):
                return None
            low, high = ends_of(inverse.undo(value))
    except (DiffcliError, ValueError):
        return None
    return Fraction(high if sense * inverse.sense > 0 else low)


def _apart(argument: Node, limit: Fraction, sense: int, region: Region) -> Node:
    """Return u − t or t − u, times the divisor of u where that is positive."""
    above, below = argument, number(1)
    if argument.op == "div" and sign_by_form(argument.args[1], region) is not None:
        above, below = argument.args
    level = node("mul", number(limit), below)
    return (
        node("add", above, node("neg", level))
        if sense > 0
        else node("add", level, node("neg", above))
    )
