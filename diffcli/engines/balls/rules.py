"""The rules of the enclosure: for each row of the table, a function on balls.

Every rule takes numbers or Taylor series (see :mod:`diffcli.engines.balls.guards`) and returns an
enclosure of its value, a series where an argument is one; conditions give booleans. Where a rule
doesn't hold on the whole argument it raises Difficult or Undefined. The rules of this file are
exact on exact numbers; those of the files that it gathers take balls alone.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from functools import reduce
from operator import add as _add
from operator import mul as _mul

from flint import arb, arb_series, fmpq

from diffcli.engines.balls.bessel import *  # noqa: F403  (one namespace for the table)
from diffcli.engines.balls.elementary import *  # noqa: F403  (one namespace for the table)
from diffcli.engines.balls.gamma import *  # noqa: F403  (one namespace for the table)
from diffcli.engines.balls.guards import (
    EXACT_BITS,
    HALF,
    Difficult,
    Number,
    Trouble,
    Undefined,
    Value,
    ball,
    centre,
    exact_integer,
    locate,
    nonzero,
    short,
    side,
)
from diffcli.engines.balls.hypergeometric import *  # noqa: F403  (one namespace for the table)
from diffcli.engines.balls.integrals import *  # noqa: F403  (one namespace for the table)
from diffcli.engines.balls.special import *  # noqa: F403  (one namespace for the table)

# Arithmetic.


def add(*terms: Value) -> Value:
    """Return the sum."""
    return reduce(_kept_short(_add), terms)


def mul(*factors: Value) -> Value:
    """Return the product."""
    return reduce(_kept_short(_mul), factors)


def _kept_short(two: Callable[[Value, Value], Value]) -> Callable[[Value, Value], Value]:
    """Let an exact number that grows long become a ball before more is done to it."""

    def short_of(x: Value, y: Value) -> Value:
        text = two(x, y)
        return arb(text) if type(text) is fmpq and text.height_bits() > EXACT_BITS else text

    return short_of


def neg(x: Value) -> Value:
    """Return −x."""
    return -x


def div(x: Value, y: Value) -> Value:
    """Return x/y; a divisor that touches 0 is refused, even where a factor would cancel."""
    nonzero(y, "division by zero")
    return x / y


def pow(x: Value, y: Value) -> Value:  # noqa: A001  (the row's name)
    """Return x^y: an exact rational exponent with an odd denominator gives the real root."""
    y = exact_integer(y)
    if isinstance(y, fmpq):
        return _integer_power(x, int(y.p)) if y.q == 1 else _rational_power(x, y)
    where = side(x, "power of 0")
    if where > 0:
        return (ball(x).log() * y).exp()
    if where < 0:
        if ball(centre(y)).contains_integer():
            raise Difficult("a negative base with a varying exponent")
        raise Undefined("negative base of a non-integer power")
    growth = side(y, "power of 0 with an exponent of 0")
    if growth < 0:
        raise Undefined("division by zero")
    return fmpq(0 if growth else 1)


def _integer_power(x: Value, n: int) -> Value:
    if n < 0:
        return div(fmpq(1), _integer_power(x, -n))
    if isinstance(x, fmpq) and x == 0 and n:
        return x  # whatever the exponent, which may be too long for flint
    if isinstance(x, fmpq) and x.height_bits() * n <= EXACT_BITS:
        return x**n
    middle = centre(x)
    if middle > 0 or middle < 0:
        # Arb's own power takes exponents of one machine word.
        return ball(x) ** n if n < 2**62 else _rational_power(x, fmpq(n))
    # Its logarithm serves no ball around 0.
    power, square = ball(x) ** 0, ball(x)
    while n:
        power, square, n = power * square if n % 2 else power, square * square, n // 2
    return power


def _rational_power(x: Value, exponent: fmpq) -> Value:
    where = side(x, f"power {exponent} of 0")
    if where == 0:
        if exponent < 0:
            raise Undefined("division by zero")
        return fmpq(0)
    if where < 0 and exponent.q % 2 == 0:
        raise Undefined("negative base of a non-integer power")
    size = ball(x) * where
    power = size.sqrt() if exponent == HALF else (size.log() * exponent).exp()
    return -power if where < 0 and exponent.p % 2 else power


def root(x: Value, n: Value) -> Value:
    """Return the real n-th root of x: of a negative x only for an odd integer n."""
    n = exact_integer(n)
    nonzero(n, "root of order 0")
    if isinstance(n, fmpq) and n.q == 1:
        return pow(x, 1 / n)
    if side(x, "root of 0") < 0:
        if ball(centre(n)).contains_integer():
            raise Difficult("root of a negative number: is its order an odd integer?")
        raise Undefined("root of a negative number")
    return pow(x, 1 / ball(n))


def cbrt(x: Value) -> Value:
    """Return the real cube root."""
    return _rational_power(x, fmpq(1, 3))


def mod(x: Value, y: Value) -> Value:
    """Return x − y·floor(x/y), which has the sign of y."""
    return x - y * _floor(div(x, y), "mod jumps where the quotient is {}")


# Conditions. Python's keywords can't be names of functions: see the end of this section.


def lt(x: Value, y: Value) -> bool:
    """Decide x < y."""
    return _order(x, y) < 0


def le(x: Value, y: Value) -> bool:
    """Decide x ≤ y."""
    return _order(x, y) <= 0


def gt(x: Value, y: Value) -> bool:
    """Decide x > y."""
    return _order(x, y) > 0


def ge(x: Value, y: Value) -> bool:
    """Decide x ≥ y."""
    return _order(x, y) >= 0


def eq(x: Value, y: Value) -> bool:
    """Decide x = y."""
    return _order(x, y) == 0


def ne(x: Value, y: Value) -> bool:
    """Decide x ≠ y."""
    return _order(x, y) != 0


def _order(x: Value, y: Value) -> int:
    if x is y:
        # One term of the formula, compared with itself.
        return 0
    return side(x - y, f"the condition changes here: its sides both equal {short(x)}")


def _conjunction(*conditions: bool | Trouble) -> bool:
    if any(condition is False for condition in conditions):
        return False
    return all(_decided(condition) for condition in conditions)


def _disjunction(*conditions: bool | Trouble) -> bool:
    if any(condition is True for condition in conditions):
        return True
    return any(_decided(condition) for condition in conditions)


def _negation(condition: bool) -> bool:
    return not condition


globals().update({"and": _conjunction, "or": _disjunction, "not": _negation})


def _decided(value: bool | Value | Trouble) -> bool | Value:
    if isinstance(value, Trouble):
        raise value
    return value


def piecewise(*branches: Value | bool | Trouble) -> Value | bool:
    """Return the first value whose condition holds; what later branches hold doesn't matter."""
    for value, condition in zip(branches[::2], branches[1::2], strict=True):
        if _decided(condition):
            return _decided(value)
    raise Undefined("no condition holds")


# Rounding and choice.


def abs(x: Value) -> Value:  # noqa: A001  (the row's name)
    """Return |x|."""
    return _extreme((x, -x), 1, "abs at 0")


def sign(x: Value) -> Value:
    """Return −1, 0 or 1."""
    return fmpq(side(x, "sign jumps at 0"))


def floor(x: Value) -> fmpq:
    """Return the greatest integer not above x."""
    return _floor(x, "floor jumps at {}")


def _floor(x: Value, jump: str) -> fmpq:
    nearest, where = locate(x, jump)
    return nearest - 1 if where < 0 else nearest


def ceil(x: Value) -> fmpq:
    """Return the least integer not below x."""
    nearest, where = locate(x, "ceil jumps at {}")
    return nearest + 1 if where > 0 else nearest


def round(x: Value) -> fmpq:  # noqa: A001  (the row's name)
    """Return the nearest integer, and the even one of two that are equally near."""
    nearest, where = locate(x + HALF, "round jumps halfway below {}")
    return nearest - 1 if where < 0 or (where == 0 and nearest.p % 2) else nearest


def frac(x: Value) -> Value:
    """Return x − floor(x)."""
    return x - _floor(x, "frac jumps at {}")


def max(*values: Value) -> Value:  # noqa: A001  (the row's name)
    """Return the greatest of the values."""
    return _extreme(values, 1, "max: both arguments equal {}")


def min(*values: Value) -> Value:  # noqa: A001  (the row's name)
    """Return the least of the values."""
    return _extreme(values, -1, "min: both arguments equal {}")


def _extreme(values: Sequence[Value], sense: int, touching: str) -> Value:
    middles = [ball(centre(value) * sense).mid() for value in values]
    leader = values[middles.index(builtins.max(middles))]
    top = centre(leader) * sense
    rivals = [value for value in values if value is not leader and not top > centre(value) * sense]
    if not rivals:
        return leader
    if any(isinstance(value, arb_series) for value in (leader, *rivals)):
        for rival in rivals:
            if side((leader - rival) * sense, touching.format(short(leader))) < 0:
                leader = rival
        return leader
    exact = [value for value in (leader, *rivals) if isinstance(value, fmpq)]
    if len(exact) > len(rivals):
        # Their midpoints may have been rounded to one number.
        return builtins.max(exact) if sense > 0 else builtins.min(exact)
    numbers = [ball(centre(value)) for value in (leader, *rivals)]
    return reduce(arb.max if sense > 0 else arb.min, numbers)


def clamp(x: Value, low: Value, high: Value) -> Value:
    """Return x kept within low … high; ``high`` where low exceeds it."""
    return _extreme((_extreme((x, low), 1, "clamp at {}"), high), -1, "clamp at {}")


def hardtanh(x: Value) -> Value:
    """Return x kept within −1 … 1."""
    return clamp(x, fmpq(-1), fmpq(1))


def heaviside(x: Value, at_zero: Value) -> Value:
    """Return 0 before 0, 1 after, and ``at_zero`` at 0."""
    return (at_zero, fmpq(1), fmpq(0))[side(x, "heaviside jumps at 0")]


def relu(x: Value) -> Value:
    """Return max(x, 0)."""
    return _extreme((x, fmpq(0)), 1, "relu at {}")


def leaky_relu(x: Value, slope: Value) -> Value:
    """Return x above 0 and slope·x below."""
    return x if side(x, "leaky_relu at 0") >= 0 else x * slope


def elu(x: Value, scale: Value) -> Value:
    """Return x above 0 and scale·(e^x − 1) below."""
    return x if side(x, "elu at 0") >= 0 else expm1(ball(x)) * scale  # noqa: F405


def softsign(x: Value) -> Value:
    """Return x/(1 + |x|)."""
    return x / (1 + abs(x))


def detach(x: Value) -> Number:
    """Return the value at the point, which no derivative sees move."""
    return centre(x)


# fmt: off
EXACT = frozenset({
    "add", "mul", "neg", "div", "pow", "root", "cbrt", "mod", "lt",
    "le", "gt", "ge", "eq", "ne", "and", "or", "not", "piecewise",
    "abs", "sign", "floor", "ceil", "round", "frac", "max", "min", "clamp",
    "hardtanh", "heaviside", "relu", "leaky_relu", "elu", "softsign", "detach",
})
# fmt: on
"""The rows whose rules take exact numbers; every other rule is given balls."""

LAZY = frozenset({"piecewise", "and", "or"})
"""The rows whose rules are given the Trouble of an argument, and may pass over it."""
