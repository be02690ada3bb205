"""Functions of one number over intervals: the value, the first two derivatives, the domain.

The derivatives hold in the sense of measures, which is what bounds need: at a kink the slope is
Clarke's generalized gradient and the curvature has the kink's sign with no bound, at a jump the
slope has the jump's sign with no bound (Clarke, "Optimization and Nonsmooth Analysis", 1983, 2.2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from diffcli.engines.boxes import elementary
from diffcli.engines.boxes.arithmetic import (
    Array,
    Interval,
    Mask,
    add,
    choose,
    div,
    down,
    exactly,
    hull,
    magnitudes,
    mul,
    neg,
    power,
    sqrt,
    sub,
    up,
    whole,
)

Domain = NDArray[np.int8]
"""1 where something is defined on the whole of a box, 0 where it may not be, −1 where nowhere."""


class Rule(NamedTuple):
    """A function of one number; the derivatives take the argument and the value."""

    value: Callable[[Interval], Interval]
    slope: Callable[[Interval, Interval], Interval]
    curvature: Callable[[Interval, Interval], Interval]
    domain: Callable[[Interval], Domain] | None = None


def ternary(sure: Mask, never: Mask) -> Domain:
    """Return what is certain of a domain."""
    return np.where(sure, 1, np.where(never, -1, 0)).astype(np.int8)


def _one(x: Interval) -> Interval:
    return exactly(1.0, x.lo)


def _scaled(x: Interval, factor: float) -> Interval:
    """Return x times a power of 2, or minus one."""
    ends = Interval(x.lo * factor, x.hi * factor)
    return ends if factor > 0 else Interval(ends.hi, ends.lo)


def _reciprocal(x: Interval) -> Interval:
    return div(_one(x), x)


def _one_minus_square(x: Interval) -> Interval:
    one = _one(x)
    return mul(sub(one, x), add(one, x))


def _one_plus_square(x: Interval) -> Interval:
    return add(_one(x), power(x, 2))


def _square_minus_one(x: Interval) -> Interval:
    one = _one(x)
    return mul(sub(x, one), add(x, one))


def _not_negative(x: Interval) -> Interval:
    return Interval(np.maximum(x.lo, 0.0), np.maximum(x.hi, 0.0))


def _three_halves(x: Interval) -> Interval:
    inside = _not_negative(x)
    return mul(inside, sqrt(inside))


def _within(low: float, high: float, *, closed: bool) -> Callable[[Interval], Domain]:
    def domain(x: Interval) -> Domain:
        if closed:
            return ternary((x.lo >= low) & (x.hi <= high), (x.hi < low) | (x.lo > high))
        return ternary((x.lo > low) & (x.hi < high), (x.hi <= low) | (x.lo >= high))

    return domain


def _tan(x: Interval) -> Interval:
    return elementary.tan(x)[0]


def _tan_domain(x: Interval) -> Domain:
    smooth = elementary.tan(x)[1]
    return ternary(smooth, np.zeros_like(smooth))


def _abs_slope(x: Interval, _: Interval) -> Interval:
    return Interval(np.where(x.lo >= 0, 1.0, -1.0), np.where(x.hi <= 0, -1.0, 1.0))


def _abs_curvature(x: Interval, _: Interval) -> Interval:
    kink = (x.lo <= 0) & (x.hi >= 0)
    return Interval(np.zeros_like(x.lo), np.where(kink, np.inf, 0.0))


def _step(function: Callable[[Array], Array], jumps: Callable[[Interval], Mask]) -> Rule:
    """Return the rule of a function that rises by jumps alone."""

    def slope(x: Interval, _: Interval) -> Interval:
        return Interval(np.zeros_like(x.lo), np.where(jumps(x), np.inf, 0.0))

    def curvature(x: Interval, _: Interval) -> Interval:
        bound = np.where(jumps(x), np.inf, 0.0)
        return Interval(-bound, bound)

    return Rule(lambda x: Interval(function(x.lo), function(x.hi)), slope, curvature)


def _between(offset: float) -> Callable[[Interval], Mask]:
    """Return whether an integer, moved by an offset, may lie in an interval."""

    def jumps(x: Interval) -> Mask:
        return np.ceil(down(x.lo - offset)) <= np.floor(up(x.hi - offset))

    return jumps


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "exp": Rule(elementary.exp, lambda _x, v: v, lambda _x, v: v),
        "expm1": Rule(
            elementary.expm1, lambda x, _v: elementary.exp(x), lambda x, _v: elementary.exp(x)
        ),
        "log": Rule(
            elementary.log,
            lambda x, _v: _reciprocal(_not_negative(x)),
            lambda x, _v: neg(_reciprocal(power(_not_negative(x), 2))),
            _within(0.0, np.inf, closed=False),
        ),
        "log1p": Rule(
            elementary.log1p,
            lambda x, _v: _reciprocal(_not_negative(add(_one(x), x))),
            lambda x, _v: neg(_reciprocal(power(_not_negative(add(_one(x), x)), 2))),
            _within(-1.0, np.inf, closed=False),
        ),
        "sqrt": Rule(
            sqrt,
            lambda _x, v: _scaled(_reciprocal(v), 0.5),
            lambda x, v: _scaled(_reciprocal(mul(v, _not_negative(x))), -0.25),
            lambda x: ternary(x.lo >= 0, x.hi < 0),
        ),
        "sin": Rule(elementary.sin, lambda x, _v: elementary.cos(x), lambda _x, v: neg(v)),
        "cos": Rule(elementary.cos, lambda x, _v: neg(elementary.sin(x)), lambda _x, v: neg(v)),
        "tan": Rule(
            _tan,
            lambda _x, v: _one_plus_square(v),
            lambda _x, v: _scaled(mul(v, _one_plus_square(v)), 2.0),
            _tan_domain,
        ),
        "atan": Rule(
            elementary.atan,
            lambda x, _v: _reciprocal(_one_plus_square(x)),
            lambda x, _v: _scaled(div(x, power(_one_plus_square(x), 2)), -2.0),
        ),
        "asin": Rule(
            elementary.asin,
            lambda x, _v: _reciprocal(sqrt(_one_minus_square(x))),
            lambda x, _v: div(x, _three_halves(_one_minus_square(x))),
            _within(-1.0, 1.0, closed=True),
        ),
        "acos": Rule(
            elementary.acos,
            lambda x, _v: neg(_reciprocal(sqrt(_one_minus_square(x)))),
            lambda x, _v: neg(div(x, _three_halves(_one_minus_square(x)))),
            _within(-1.0, 1.0, closed=True),
        ),
        "sinh": Rule(elementary.sinh, lambda x, _v: elementary.cosh(x), lambda _x, v: v),
        "cosh": Rule(elementary.cosh, lambda x, _v: elementary.sinh(x), lambda _x, v: v),
        "tanh": Rule(
            elementary.tanh,
            lambda _x, v: _not_negative(_one_minus_square(v)),
            lambda _x, v: _scaled(mul(v, _not_negative(_one_minus_square(v))), -2.0),
        ),
        "asinh": Rule(
            elementary.asinh,
            lambda x, _v: _reciprocal(sqrt(_one_plus_square(x))),
            lambda x, _v: neg(div(x, _three_halves(_one_plus_square(x)))),
        ),
        "acosh": Rule(
            elementary.acosh,
            lambda x, _v: _reciprocal(sqrt(_square_minus_one(x))),
            lambda x, _v: neg(div(x, _three_halves(_square_minus_one(x)))),
            lambda x: ternary(x.lo >= 1, x.hi < 1),
        ),
        "atanh": Rule(
            elementary.atanh,
            lambda x, _v: _reciprocal(_not_negative(_one_minus_square(x))),
            lambda x, _v: _scaled(div(x, power(_not_negative(_one_minus_square(x)), 2)), 2.0),
            _within(-1.0, 1.0, closed=False),
        ),
        "abs": Rule(magnitudes, _abs_slope, _abs_curvature),
        "sign": _step(np.sign, lambda x: (x.lo <= 0) & (x.hi >= 0)),
        "floor": _step(np.floor, _between(0.0)),
        "ceil": _step(np.ceil, _between(0.0)),
        "round": _step(np.rint, _between(0.5)),
    }
)
"""The functions that have rules of their own."""


def rational_power(x: Interval, exponent: Fraction) -> tuple[Interval, Domain]:
    """Return x^q for a fraction q that is no integer, and where it is defined.

    An odd denominator gives the real root of a negative number.
    """
    above = _positive_power(_not_negative(x), exponent)
    rises = exponent > 0
    if exponent.denominator % 2 == 0:
        sure = x.lo >= 0 if rises else x.lo > 0
        never = x.hi < 0 if rises else x.hi <= 0
        return choose(never, whole(x.lo), above), ternary(sure, never)
    below = _positive_power(_not_negative(neg(x)), exponent)
    below = neg(below) if exponent.numerator % 2 else below
    power = choose(x.lo >= 0, above, choose(x.hi <= 0, below, hull(above, below)))
    apart = (x.lo > 0) | (x.hi < 0)
    sure = np.ones_like(apart) if rises else apart
    never = np.zeros_like(apart) if rises else (x.lo == 0) & (x.hi == 0)
    return power, ternary(sure, never)


def _positive_power(x: Interval, exponent: Fraction) -> Interval:
    """Return x^q for x ≥ 0: the part of x that is positive, and 0 where q is."""
    size = abs(exponent)
    if size.denominator == 2 and size.numerator < 8:
        result = power(sqrt(x), size.numerator)
    else:
        near = float(size)
        q = Interval(np.full_like(x.lo, near), np.full_like(x.lo, near))
        if Fraction(near) != size:
            q = Interval(down(q.lo), up(q.hi))
        logs = elementary.log(x)
        result = elementary.exp(mul(q, logs))
        result = Interval(
            np.where(x.lo == 0, 0.0, np.where(x.lo == 1, 1.0, result.lo)),
            np.where(x.hi == 0, 0.0, np.where(x.hi == 1, 1.0, result.hi)),
        )
    return _reciprocal(result) if exponent < 0 else result
