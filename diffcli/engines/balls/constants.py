"""The functions of the language on exact constants.

Arithmetic, powers, exponentials, logarithms and angles have normal forms; functions that are
defined by these follow, and those of choice and rounding decide by proved signs. The error function
and its like are written by what is left to their limits, erf(x) = 1 − erfc(x), so that nothing
cancels next to those. Every other function is a number without identities.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import reduce
from math import factorial, floor
from types import MappingProxyType

from flint import arb

from diffcli.engines.balls.field import Field
from diffcli.engines.balls.forms import Form, number
from diffcli.engines.balls.precision import working
from diffcli.engines.balls.values import FIRST_BITS, MAX_BITS, Unknown
from diffcli.language.expression import Node
from diffcli.language.functions import TABLE
from diffcli.language.rules import formula

MAX_GAMMA = 300
"""Greatest argument of a gamma function that is written out as a product."""
MAX_TURNS = 60
"""Greatest denominator of a multiple of π that an inverse function is tried to be."""

Function = Callable[..., Form]


def whole_below(field: Field, x: Form) -> tuple[int, int]:
    """Return an integer next to x and the sign of x minus it, proved."""
    if x.rational is not None:
        nearest = floor(x.rational + Fraction(1, 2))
    else:
        integer = _nearest_integer(x)
        if integer is None:
            raise Unknown
        nearest = integer
    return nearest, field.certain_sign(x - number(nearest))


def _nearest_integer(x: Form) -> int | None:
    for bits in (FIRST_BITS, MAX_BITS):
        with working(bits, 0):
            ball = x.value()
            if abs(ball) < arb(2) ** bits and ball.rad() < 0.1:
                integer = (ball.mid() + 0.5).floor().unique_fmpz()
                return None if integer is None else int(integer)
    return None


def _floor(field: Field, x: Form) -> Form:
    nearest, side = whole_below(field, x)
    return number(nearest - 1 if side < 0 else nearest)


def _round(field: Field, x: Form) -> Form:
    nearest, side = whole_below(field, x + number(Fraction(1, 2)))
    return number(nearest - 1 if side < 0 or (side == 0 and nearest % 2) else nearest)


def _sign(field: Field, x: Form) -> Form:
    return number(field.certain_sign(x))


def _abs(field: Field, x: Form) -> Form:
    return -x if field.certain_sign(x) < 0 else x


def _greater(field: Field, x: Form, y: Form) -> Form:
    return y if field.certain_sign(x - y) < 0 else x


def _max(field: Field, *values: Form) -> Form:
    return reduce(lambda x, y: _greater(field, x, y), values)


def _min(field: Field, *values: Form) -> Form:
    return -_max(field, *(-value for value in values))


def _pow(field: Field, x: Form, y: Form) -> Form:
    exponent = y.rational
    if exponent is not None:
        return field.power(x, exponent)
    if field.certain_sign(x) <= 0:
        raise Unknown
    return field.exp(y * field.log(x))


def _root(field: Field, x: Form, n: Form) -> Form:
    return _pow(field, x, field.divide(number(1), n))


def _asin(field: Field, x: Form) -> Form:
    if field.certain_sign(x) < 0:
        return -_asin(field, -x)
    left = number(1) - x
    if field.certain_sign(left) < 0:
        raise Unknown
    turns = _turns(x, arb.asin)
    if turns is not None:
        angle = field.pi * number(turns)
        if field.sign(field.circular(angle)[1] - x) == 0:
            return angle
    if field.sign(x - number(Fraction(3, 4))) != 1:
        return field.call("asin", [x])
    # Near 1 nothing is to cancel next to π/2.
    half = number(Fraction(1, 2))
    root = field.power(left * half, Fraction(1, 2))
    return field.pi * half - number(2) * field.call("asin", [root])


def _acos(field: Field, x: Form) -> Form:
    return field.pi * number(Fraction(1, 2)) - _asin(field, x)


def _atan(field: Field, x: Form) -> Form:
    if field.certain_sign(x) < 0:
        return -_atan(field, -x)
    turns = _turns(x, arb.atan)
    if turns is not None:
        angle = field.pi * number(turns)
        cosine, sine = field.circular(angle)
        if field.sign(cosine * x - sine) == 0:
            return angle
    if field.sign(x - number(1)) == 1:
        # Far out nothing is to cancel next to π/2.
        right = field.pi * number(Fraction(1, 2))
        return right - field.call("atan", [field.divide(number(1), x)])
    return field.call("atan", [x])


def _turns(x: Form, inverse: Callable[[arb], arb]) -> Fraction | None:
    """Return the simple multiple of π that an inverse function may be; none for most numbers."""
    if not all(generator.is_algebraic for generator in x.above.generators | x.below.generators):
        return None
    with working(FIRST_BITS, 0):
        angle = inverse(x.value()) / arb.pi()
        if not angle.rad() < arb(2) ** -40:
            # The edge of asin: its ball may reach beyond 1.
            return Fraction(1, 2) if abs(x.value() - 1) < arb(2) ** -40 else None
        near = Fraction(float(angle.mid())).limit_denominator(MAX_TURNS)
        return near if abs(angle - arb(near.numerator) / near.denominator) < arb(2) ** -40 else None


def _atan2(field: Field, y: Form, x: Form) -> Form:
    above, right = field.certain_sign(y), field.certain_sign(x)
    if right > 0:
        return _atan(field, field.divide(y, x))
    if above:
        quarter = field.pi * number(Fraction(above, 2))
        return quarter - _atan(field, field.divide(x, y))
    if right == 0:
        raise Unknown
    return field.pi


def _erfc(field: Field, x: Form) -> Form:
    sign = field.certain_sign(x)
    if sign == 0:
        return number(1)
    return field.call("erfc", [x]) if sign > 0 else number(2) - field.call("erfc", [-x])


def _erf(field: Field, x: Form) -> Form:
    return number(1) - _erfc(field, x)


def _gamma(field: Field, x: Form) -> Form:
    exact = x.rational
    if exact is None or exact.denominator > 2 or not 0 < exact <= MAX_GAMMA:
        return field.call("gamma", [x])
    if exact.denominator == 1:
        return number(factorial(int(exact) - 1))
    n = int(exact - Fraction(1, 2))
    root = field.power(field.pi, Fraction(1, 2))
    return root * number(Fraction(factorial(2 * n), 4**n * factorial(n)))


def _gammainc(field: Field, a: Form, x: Form) -> Form:
    return number(1) - field.call("gammaincc", [a, x])


FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        "add": lambda _, *terms: reduce(Form.__add__, terms),
        "mul": lambda _, *factors: reduce(Form.__mul__, factors),
        "neg": lambda _, x: -x,
        "div": lambda field, x, y: field.divide(x, y),
        "pow": _pow,
        "root": _root,
        "exp": lambda field, x: field.exp(x),
        "log": lambda field, x: field.log(x),
        "sin": lambda field, x: field.circular(x)[1],
        "cos": lambda field, x: field.circular(x)[0],
        "asin": _asin,
        "acos": _acos,
        "atan": _atan,
        "atan2": _atan2,
        "erf": _erf,
        "erfc": _erfc,
        "gamma": _gamma,
        "gammainc": _gammainc,
        "abs": _abs,
        "sign": _sign,
        "floor": _floor,
        "ceil": lambda field, x: -_floor(field, -x),
        "round": _round,
        "max": _max,
        "min": _min,
        "detach": lambda _, x: x,
    }
)
"""What the rows make of constants; DEFINITIONS hold more, and any other is a mere number."""

DEFINITIONS: Mapping[str, str] = MappingProxyType(
    {
        row.name: row.definition
        for row in TABLE.values()
        if row.definition and row.name not in FUNCTIONS
    }
)
"""Functions by others, on the whole of their domains."""


def definition(op: str) -> Node:
    """Return what defines a function, in the variables x, y and z."""
    return formula(DEFINITIONS[op])


COMPARISONS: Mapping[str, Callable[[int], bool]] = MappingProxyType(
    {
        "lt": lambda sign: sign < 0,
        "le": lambda sign: sign <= 0,
        "gt": lambda sign: sign > 0,
        "ge": lambda sign: sign >= 0,
        "eq": lambda sign: sign == 0,
        "ne": lambda sign: sign != 0,
    }
)
"""What the sign of x − y says of the two."""
