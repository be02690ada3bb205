"""Rows that choose by a sign: absolute values, roundings, conditions, pieces.

What decides is the sign of a germ next to the point. Where that isn't known, the result is one of
those that each sign gives, and what they have in common is kept: so x²·sign(sin(1/x)) has a bound.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from types import MappingProxyType

from flint import arb, fmpq

from diffcli.engines.balls.guards import Difficult, Trouble, Undefined
from diffcli.engines.balls.special import SELU_ALPHA, SELU_SCALE
from diffcli.engines.one_sided.coefficients import Coefficient, rational
from diffcli.engines.one_sided.germs import (
    NOTHING,
    Germ,
    bounded,
    exact,
    integer,
    is_bounded,
    sign,
    split,
)
from diffcli.engines.one_sided.series import exp, mul
from diffcli.engines.one_sided.sums import add, hull, neg, sub
from diffcli.language.expression import Node
from diffcli.language.functions import TABLE
from diffcli.language.rules import formula

_SIGNS = (-1, 0, 1)


def by_sign(x: Germ, choice: Callable[[int], Germ]) -> Germ:
    """Return the choice for the sign of a germ, or what the choices for every sign share."""
    try:
        known_sign = sign(x)
    except Difficult:
        return hull(map(choice, _SIGNS))
    return choice(known_sign)


def absolute(x: Germ) -> Germ:
    """Return |x|."""
    return by_sign(x, lambda where: neg(x) if where < 0 else x)


def greatest(*germs: Germ) -> Germ:
    """Return the greatest of some germs."""
    return reduce(lambda x, y: by_sign(_gap(x, y), lambda where: y if where < 0 else x), germs)


def least(*germs: Germ) -> Germ:
    """Return the least of some germs."""
    return reduce(lambda x, y: by_sign(_gap(x, y), lambda where: y if where > 0 else x), germs)


def _gap(x: Germ, y: Germ) -> Germ:
    return NOTHING if x is y else sub(x, y)


def _selu(x: Germ) -> Germ:
    below = mul(exact(rational(SELU_ALPHA)), sub(exp(x), integer(1)))
    return mul(by_sign(x, lambda where: x if where >= 0 else below), exact(rational(SELU_SCALE)))


def _heaviside(x: Germ, at_zero: Germ) -> Germ:
    return by_sign(x, lambda where: (at_zero, integer(1), NOTHING)[where])


# Roundings.


def _rounded(x: Germ, choice: Callable[[fmpq, int], fmpq]) -> Germ:
    """Return the choice for the integer that x goes to, or is near, and the side it is on."""
    try:
        limit, small = split(x)
    except Difficult:
        return bounded() if is_bounded(x) else add(x, bounded())
    nearest = _nearest(limit)
    where = (limit - rational(nearest)).sign()
    if where:
        return exact(rational(choice(nearest, where)))
    return by_sign(small, lambda side: exact(rational(choice(nearest, side))))


def _nearest(limit: Coefficient) -> fmpq:
    ball = limit.enclosed()
    integer = (ball.mid() + arb(0.5)).floor().unique_fmpz()
    if integer is None or not abs(ball - integer) < 1:
        raise Difficult("not certain to the unit at this precision")
    return fmpq(integer)


def floor(x: Germ) -> Germ:
    """Return the greatest integer not above x."""
    return _rounded(x, lambda nearest, where: nearest - 1 if where < 0 else nearest)


def _round(x: Germ) -> Germ:
    def even(nearest: fmpq, where: int) -> fmpq:
        return nearest - 1 if where < 0 or (where == 0 and nearest.p % 2) else nearest

    return _rounded(add(x, exact(rational(fmpq(1, 2)))), even)


# Conditions.


def _comparison(holds: Callable[[int], bool]) -> Callable[[Germ, Germ], bool]:
    return lambda x, y: holds(sign(_gap(x, y)))


Term = Germ | bool | Trouble
"""What a node comes to next to the point."""


def piecewise(*branches: Term) -> Germ | bool:
    """Return the first value whose condition holds, or what those share whose may hold."""
    candidates: list[Term] = []
    for value, condition in zip(branches[::2], branches[1::2], strict=True):
        if condition is False:
            continue
        if isinstance(condition, Undefined):
            raise condition
        candidates.append(value)
        if condition is True:
            break
    else:
        if candidates:
            raise Difficult("whether a condition holds next to the point isn't known")
        raise Undefined("no condition holds")
    if len(candidates) == 1:
        return decided(candidates[0])
    germs = [value for value in candidates if not isinstance(value, bool | Trouble)]
    if len(germs) < len(candidates):
        raise Difficult("whether a condition holds next to the point isn't known")
    return hull(germs)


def decided(value: Term) -> Germ | bool:
    """Return what is known of a node. Raises the Trouble that it is otherwise."""
    if isinstance(value, Trouble):
        raise value
    return value


def _joined(conditions: tuple[Term, ...], settles: bool) -> bool:
    """Return ``and`` or ``or`` of conditions, which one that ``settles`` it may decide alone."""
    if any(condition is settles for condition in conditions):
        return settles
    for condition in sorted(conditions, key=lambda condition: isinstance(condition, Undefined)):
        decided(condition)
    return not settles


CHOICES: Mapping[str, Callable[..., Germ | bool]] = MappingProxyType(
    {
        "abs": absolute,
        "sign": lambda x: by_sign(x, integer),
        "max": greatest,
        "min": least,
        "selu": _selu,
        "heaviside": _heaviside,
        "floor": floor,
        "round": _round,
        "lt": _comparison(lambda where: where < 0),
        "le": _comparison(lambda where: where <= 0),
        "gt": _comparison(lambda where: where > 0),
        "ge": _comparison(lambda where: where >= 0),
        "eq": _comparison(lambda where: where == 0),
        "ne": _comparison(lambda where: where != 0),
        "and": lambda *conditions: _joined(conditions, False),
        "or": lambda *conditions: _joined(conditions, True),
        "not": lambda condition: not condition,
        "piecewise": piecewise,
    }
)
"""The rules of rows that choose; others that do are taken by the table's definition."""
DEFINED: Mapping[str, Node] = MappingProxyType(
    {
        row.name: formula(row.definition)
        for row in TABLE.values()
        if row.is_defined_by_cases and not row.is_smooth and row.name not in CHOICES
    }
)
"""Definitions, in the names of the arguments, of the other rows that choose."""
