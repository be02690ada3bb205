"""Functions of one variable far away, as t^k·g(t) with t = ±1/x and g smooth at 0.

Where that can be written, g's Taylor series at 0 proves the line that the function nears: for
k = −1 it is g(0)·x + g′(0). What nears a limit faster than any power of t, as tanh does, is that
limit and a rest, whose sign tells on which side it stays: floor(tanh(x)) is 0 for every x > 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from math import ceil, prod
from types import MappingProxyType
from typing import NamedTuple

from flint import arb, arb_series, fmpq

from diffcli.engines.balls.decimals import python_fraction
from diffcli.engines.balls.walk import Walk, working
from diffcli.engines.exact import rational
from diffcli.engines.margins import rough_places
from diffcli.errors import LimitError
from diffcli.language.expression import (
    VARIABLE,
    Node,
    constant,
    names_in,
    node,
    number,
    postorder,
    variable,
)
from diffcli.language.integrals import KINKED

BITS = 256
_T = "t"
_NOWHERE: Mapping[str, float] = MappingProxyType({_T: 0.0})
ZERO, ONE, MINUS = number(0), number(1), number(-1)


class Far(NamedTuple):
    """A term t^k·g(t) and a rest that is smaller than any power of t, for small t > 0.

    ``rest`` is the sign that the rest has for all of them, 0 where there is none, None where its
    sign isn't known.
    """

    power: Fraction
    factor: Node
    rest: int | None = 0


_LIMITS: Mapping[str, tuple[tuple[Node, int] | None, tuple[Node, int] | None]] = MappingProxyType(
    {
        "exp": ((ZERO, 1), None),
        "tanh": ((MINUS, 1), (ONE, -1)),
        "coth": ((MINUS, -1), (ONE, 1)),
        "sech": ((ZERO, 1), (ZERO, 1)),
        "csch": ((ZERO, -1), (ZERO, 1)),
        "erf": ((MINUS, 1), (ONE, -1)),
        "erfc": ((number(2), -1), (ZERO, 1)),
        "sigmoid": ((ZERO, 1), (ONE, -1)),
    }
)
"""Their limits at −∞ and ∞, neared faster than any power, and the side from which."""
_CONTINUOUS = KINKED | {"hypot"}
"""Operations that have kinks, and no jumps nor edges: a limit goes through them."""


def line_at_infinity(output: Node, towards: int) -> tuple[arb, arb] | None:
    """Return slope and intercept of the line that a function nears for its variable → ±∞.

    They are proved. None where the function isn't a power of t times a smooth one, or nears none.
    """
    far = _far(output, towards)
    if far is None:
        return None
    power, factor = far.power, far.factor
    order = max(0, ceil(-power))
    series = Walk(factor, _NOWHERE).series({_T: 1}, order, BITS)
    if isinstance(series, fmpq | arb):
        series = arb_series([arb(series)])
    if not isinstance(series, arb_series):
        return None
    terms = {power + i: series[i] for i in range(order + 1)}
    if any(value != 0 for k, value in terms.items() if k < 0 and k != -1):
        return None
    slope, intercept = (terms.get(Fraction(k), arb(0)) for k in (-1, 0))
    with working(BITS):
        return towards * slope, intercept


def _far(output: Node, towards: int) -> Far | None:
    known: dict[Node, Far] = {}
    for term in postorder([output]):
        if term.op == VARIABLE:
            far: Far | None = Far(Fraction(-1), number(towards))
        elif term.is_leaf:
            far = Far(Fraction(0), term)
        else:
            far = _RULES.get(term.op, _call)(term, [known[arg] for arg in term.args])
        if far is None:
            return None
        known[term] = far
    return known[output]


def _one_sign(rests: Iterable[int | None]) -> int | None:
    """Return the sign of a sum of rests."""
    signs = {rest for rest in rests if rest != 0}
    return 0 if not signs else signs.pop() if len(signs) == 1 else None


def _times(rest: int | None, sign: int) -> int | None:
    """Return the sign of a rest times a factor, whose own is 0 where it isn't known."""
    return rest and (rest * sign or None)


def _sum(_: Node, args: Sequence[Far]) -> Far:
    least = min(arg.power for arg in args)
    terms = [_scaled(arg.factor, arg.power - least) for arg in args]
    return Far(least, node("add", *terms), _one_sign(arg.rest for arg in args))


def _scaled(factor: Node, power: Fraction) -> Node:
    """Return t^power·factor."""
    if not power:
        return factor
    t = variable(_T)
    return node("mul", t if power == 1 else node("pow", t, number(power)), factor)


def _product(_: Node, args: Sequence[Far]) -> Far:
    sides = [_side(arg.factor) for arg in args]
    # A product of two rests is far smaller than either, but not than a limit of 0 times it.
    rests = (_times(arg.rest, prod(sides[:i] + sides[i + 1 :])) for i, arg in enumerate(args))
    return Far(
        sum((arg.power for arg in args), Fraction(0)),
        node("mul", *(arg.factor for arg in args)),
        _one_sign(rests),
    )


def _quotient(_: Node, args: Sequence[Far]) -> Far:
    above, below = args
    rest = None if below.rest != 0 else _times(above.rest, _side(below.factor))
    return Far(above.power - below.power, node("div", above.factor, below.factor), rest)


def _negative(term: Node, args: Sequence[Far]) -> Far:
    (arg,) = args
    return Far(arg.power, node(term.op, arg.factor), _times(arg.rest, -1))


def _absolute(term: Node, args: Sequence[Far]) -> Far:
    (arg,) = args
    return Far(arg.power, node(term.op, arg.factor), _times(arg.rest, _side(arg.factor)))


def _sign(term: Node, args: Sequence[Far]) -> Far | None:
    (arg,) = args
    return _stepped(term, [Far(Fraction(0), arg.factor, arg.rest)])


def _power(term: Node, args: Sequence[Far]) -> Far | None:
    base, exponent = args[0], term.args[1]
    if exponent.op in ("number", "neg", "div") and not names_in([exponent]):
        exact = rational(exponent)
        if exact is None:
            return None
        # A limit of 0 that is neared from below, or is divided by, may be outside the domain.
        is_inside = exact > 0 and (exact.denominator == 1 or base.rest == 1)
        if base.rest != 0 and not is_inside and not _side(base.factor):
            return None
        rest = _times(base.rest, 0)
        return Far(base.power * exact, node("pow", base.factor, exponent), rest)
    if names_in([term.args[0]]):
        return None
    # A constant to a power is e^(power·log constant).
    growth = node("mul", args[1].factor, node("log", term.args[0]))
    return _called("exp", [Far(args[1].power, growth, _times(args[1].rest, 0))])


def _root(degree: int) -> Callable[[Node, Sequence[Far]], Far | None]:
    def root(term: Node, args: Sequence[Far]) -> Far | None:
        (arg,) = args
        if arg.rest not in (0, 1) and degree % 2 == 0 and not _side(arg.factor):
            return None
        return Far(arg.power / degree, node(term.op, arg.factor), _times(arg.rest, 0))

    return root


def _atan(_: Node, args: Sequence[Far]) -> Far | None:
    (arg,) = args
    if arg.power >= 0:
        return _called("atan", args)
    # atan(u) = ±π/2 − atan(1/u)
    quarter = node("div", constant("pi"), number(2))
    ends = {1: quarter, -1: node("neg", quarter)}
    inverse = _scaled(node("div", ONE, arg.factor), -arg.power)
    end = ends.get(_side(arg.factor))
    if end is None:
        return None
    factor = node("add", end, node("neg", node("atan", inverse)))
    return Far(Fraction(0), factor, _times(arg.rest, 0))


def _call(term: Node, args: Sequence[Far]) -> Far | None:
    return _stepped(term, args) if term.op in _STEPS else _called(term.op, args)


def _called(op: str, args: Sequence[Far]) -> Far | None:
    if all(arg.power >= 0 for arg in args):
        call = node(op, *(_scaled(arg.factor, arg.power) for arg in args))
        is_exact = all(arg.rest == 0 for arg in args)
        if not is_exact and op not in _CONTINUOUS and _is_at_edge(call):
            return None
        return Far(Fraction(0), call, 0 if is_exact else None)
    limits = _LIMITS.get(op)
    side = _side(args[0].factor) if limits else 0
    limit = limits[side > 0] if limits and side else None
    return None if limit is None else Far(Fraction(0), *limit)


def _is_at_edge(call: Node) -> bool:
    """Whether an operation may have an edge, a kink or a jump at its arguments' limits."""
    try:
        points = rough_places(call)
    except LimitError:
        return True
    for term, is_whole in points:
        value = Walk(term, _NOWHERE).value(BITS)
        if not isinstance(value, fmpq | arb):
            return True
        if arb(value).contains_integer() if is_whole else arb(value).contains(0):
            return True
    return False


def _stepped(term: Node, args: Sequence[Far]) -> Far | None:
    """Return an operation with jumps of limits that are neared from one side."""
    if all(arg.rest == 0 for arg in args) or any(arg.power < 0 for arg in args):
        return _called(term.op, args)
    first, *others = args
    if others and term.op != "heaviside":
        # A comparison looks at the difference.
        (other,) = others
        first = _sum(term, [first, _negative(node("neg", ONE), [other])])
    value = Walk(first.factor, _NOWHERE).value(BITS)
    if names_in([first.factor]) or first.power or not first.rest or not isinstance(value, fmpq):
        return _called(term.op, args)
    step = _STEPS[term.op](value, first.rest, [arg.factor for arg in others])
    return None if step is None else Far(Fraction(0), *step)


Step = tuple[Node, int | None]


def _below(value: fmpq, rest: int) -> int:
    return int(value.floor()) - (value.q == 1 and rest < 0)


def _floor(value: fmpq, rest: int, _: Sequence[Node]) -> Step:
    return number(_below(value, rest)), 0


def _ceiling(value: fmpq, rest: int, _: Sequence[Node]) -> Step:
    return number(-_below(-value, -rest)), 0


def _fraction(value: fmpq, rest: int, _: Sequence[Node]) -> Step:
    return number(python_fraction(value) - _below(value, rest)), rest


def _rounded(value: fmpq, rest: int, others: Sequence[Node]) -> Step:
    return _floor(value + fmpq(1, 2), rest, others)


def _sign_of(value: fmpq, rest: int, _: Sequence[Node]) -> Step:
    return number(_side_of(value) or rest), 0


def _heaviside(value: fmpq, rest: int, _: Sequence[Node]) -> Step:
    return number(int((_side_of(value) or rest) > 0)), 0


def _compared(*signs: int) -> Callable[[fmpq, int, Sequence[Node]], Step]:
    def compared(value: fmpq, rest: int, _: Sequence[Node]) -> Step:
        return constant("true" if (_side_of(value) or rest) in signs else "false"), 0

    return compared


def _side_of(value: fmpq) -> int:
    return int(value > 0) - int(value < 0)


_STEPS: Mapping[str, Callable[[fmpq, int, Sequence[Node]], Step]] = MappingProxyType(
    {
        "floor": _floor,
        "ceil": _ceiling,
        "frac": _fraction,
        "round": _rounded,
        "sign": _sign_of,
        "heaviside": _heaviside,
        **dict.fromkeys(["lt", "le"], _compared(-1)),
        **dict.fromkeys(["gt", "ge"], _compared(1)),
        "eq": _compared(),
        "ne": _compared(-1, 1),
    }
)
"""Operations with jumps, of a rational limit and the sign of the rest, which isn't 0."""


def _side(factor: Node) -> int:
    """Return the sign of a factor at t = 0, 0 where that isn't certain."""
    value = Walk(factor, _NOWHERE).value(BITS)
    if not isinstance(value, fmpq | arb):
        return 0
    return int(arb(value) > 0) - int(arb(value) < 0)


_RULES: Mapping[str, Callable[[Node, Sequence[Far]], Far | None]] = MappingProxyType(
    {
        "add": _sum,
        "mul": _product,
        "div": _quotient,
        "neg": _negative,
        "abs": _absolute,
        "sign": _sign,
        "pow": _power,
        "sqrt": _root(2),
        "cbrt": _root(3),
        "atan": _atan,
    }
)
