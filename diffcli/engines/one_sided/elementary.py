"""Powers, logarithms, waves and their inverses on germs, wherever their arguments go.

A row that isn't analytic where its argument goes is written there by rows that are, or by powers,
logarithms and exponentials (DLMF chapter 4).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from flint import arb, fmpq

from diffcli.engines.balls.guards import HALF, Difficult, Undefined
from diffcli.engines.one_sided import series
from diffcli.engines.one_sided.analytic import Rule, analytic, bounded_or, either, value_of
from diffcli.engines.one_sided.choices import by_sign
from diffcli.engines.one_sided.coefficients import Coefficient, named, rational
from diffcli.engines.one_sided.germs import (
    Germ,
    bounded,
    constant_of,
    exact,
    integer,
    is_exactly_zero,
    is_tame,
    leading,
    sign,
    split,
)
from diffcli.engines.one_sided.nested import Inner, along_the_path
from diffcli.engines.one_sided.series import div, exp, inverse, mul
from diffcli.engines.one_sided.sums import add, neg, sub
from diffcli.language.expression import constant

_RIGHT_ANGLES = ((0, 1), (1, 0), (0, -1), (-1, 0))
"""The sine and the cosine of 0, π/2, π, 3π/2."""


def pi() -> Coefficient:
    """Return π."""
    return named("pi", arb.pi(), lambda: constant("pi"))


def times(x: Germ, factor: fmpq) -> Germ:
    """Return a rational multiple."""
    return mul(x, exact(rational(factor)))


# Powers and logarithms.


def power(x: Germ, y: Germ, *, varies: bool) -> Germ:
    """Return x^y; a rational exponent that varies with no variable gives the real root."""
    fixed = constant_of(y)
    exponent = None if fixed is None else fixed.whole()
    if exponent is not None and exponent.q == 1:
        if exponent < 0 and is_exactly_zero(x):
            raise Undefined("division by zero")
        return series.power(x, exponent)
    where = sign(x)
    if where == 0:
        growth = sign(y)
        if growth < 0:
            raise Undefined("division by zero")
        return integer(0 if growth else 1)
    if exponent is not None and (where > 0 or (exponent.q % 2 and not varies)):
        germ = series.power(x if where > 0 else neg(x), exponent)
        return neg(germ) if where < 0 and exponent.p % 2 else germ
    if where < 0:
        if not _is_no_integer(y):
            raise Difficult("a negative base with a varying exponent")
        raise Undefined("negative base of a non-integer power")
    return exp(mul(y, series.log(x)))


def _is_no_integer(x: Germ) -> bool:
    """Whether a germ is no integer next to the point: near none, or tame and not constant."""
    limit, small = split(x)
    moves = is_tame(x) and leading(small) is not None
    return moves or not limit.enclosed().contains_integer()


def _rational_power(x: Germ, exponent: fmpq, edge: str) -> Germ:
    where = sign(x)
    if where < 0 and exponent.q % 2 == 0:
        raise Undefined(edge)
    if where == 0:
        return integer(0)
    germ = series.power(x if where > 0 else neg(x), exponent)
    return neg(germ) if where < 0 and exponent.p % 2 else germ


def sqrt(x: Germ) -> Germ:
    """Return the square root."""
    return _rational_power(x, HALF, "sqrt of a negative number")


def root(x: Germ, n: Germ) -> Germ:
    """Return the real n-th root."""
    order = constant_of(n)
    if is_exactly_zero(n):
        raise Undefined("root of order 0")
    whole = None if order is None else order.whole()
    if whole is not None and whole.q == 1:
        return power(x, exact(rational(1 / whole)), varies=False)
    return power(x, inverse(n), varies=True)


def log(x: Germ) -> Germ:
    """Return the natural logarithm."""
    where = sign(x)
    if where <= 0:
        raise Undefined("log of a negative number" if where else "log of 0")
    return series.log(x)


def _log_to(base: int) -> Rule:
    return lambda x: mul(log(x), exact(rational(base).log().power(fmpq(-1))))


def log1p(x: Germ) -> Germ:
    """Return log(1 + x)."""
    return log(add(integer(1), x))


# Trigonometric functions.


def _angle(limit: Coefficient) -> tuple[Coefficient, Coefficient]:
    """Return the sine and the cosine of a number."""
    if isinstance(limit, Inner):
        with along_the_path():
            return Inner(sin(limit.germ)), Inner(cos(limit.germ))
    quarter = None
    if limit.rational == 0:
        quarter = fmpq(0)
    elif len(limit.terms) == 1:
        ((powers, size),) = limit.terms.items()
        ((own, _),) = pi().terms.items()
        quarter = 2 * size if powers == own else None
    if quarter is not None and quarter.q == 1:
        sine, cosine = _RIGHT_ANGLES[int(quarter.p) % 4]
        return rational(sine), rational(cosine)
    return value_of("sin", [limit]), value_of("cos", [limit])


def _wave(shift: int) -> Rule:
    """Return the sine, or with a shift of 1 the cosine: a germ, or bounded where it oscillates."""

    def wave(x: Germ) -> Germ:
        try:
            limit, small = split(x)
        except Difficult:
            return bounded()
        sine, cosine = _angle(limit)
        cycle = (sine, cosine, -sine, -cosine)

        def taylor(count: int) -> list[Coefficient]:
            size, coefficients = fmpq(1), []
            for k in range(count):
                size = size / max(k, 1)
                coefficients.append(cycle[(k + shift) % 4].times(size))
            return coefficients

        return series.compose(taylor, small)

    return wave


sin, cos = _wave(0), _wave(1)


def quotient(x: Germ, y: Germ, pole: str) -> Germ:
    """Return x/y, refusing a divisor that is 0 by the name of the pole."""
    if is_exactly_zero(y):
        raise Undefined(pole)
    return div(x, y)


def _acos(x: Germ) -> Germ:
    """Return the inverse cosine next to ±1, by half the angle."""
    if sign(x) < 0:
        return sub(exact(pi()), _near_one(neg(x)))
    return _near_one(x)


def _near_one(x: Germ) -> Germ:
    half = times(sub(integer(1), x), HALF)
    where = sign(half)
    if where < 0:
        raise Undefined("outside [−1, 1]")
    return times(analytic("asin", sqrt(half)), fmpq(2))


def _asin(x: Germ) -> Germ:
    return sub(exact(pi().times(HALF)), _acos(x))


asin, acos = either("asin", _asin, edges=(-1, 1)), either("acos", _acos, edges=(-1, 1))


def _atan(x: Germ) -> Germ:
    """Return the inverse tangent at infinity."""
    where = sign(x)
    return sub(exact(pi().times(fmpq(where, 2))), analytic("atan", inverse(x)))


atan = either("atan", bounded_or(_atan))


def _acot(x: Germ) -> Germ:
    return atan(quotient(integer(1), x, "acot at 0"))


def atan2(y: Germ, x: Germ) -> Germ:
    """Return the angle of the point (x, y)."""
    right = sign(x)
    if right == 0:
        above = sign(y)
        if above == 0:
            raise Undefined("atan2 at the origin")
        return exact(pi().times(fmpq(above, 2)))
    angle = atan(div(y, x))
    if right > 0:
        return angle
    half = exact(pi())
    return by_sign(y, lambda above: add(angle, half if above >= 0 else neg(half)))


# Hyperbolic functions, and what falls off like them.


def _tanh(x: Germ) -> Germ:
    """Return the hyperbolic tangent at infinity."""
    where = sign(x)
    w = exp(times(x, fmpq(-2 * where)))
    return times(div(sub(integer(1), w), add(integer(1), w)), fmpq(where))


def _exp_sum(x: Germ, sense: int) -> Germ:
    return times(add(exp(x), times(exp(neg(x)), fmpq(sense))), HALF)


def _asinh(x: Germ) -> Germ:
    where = sign(x)
    size = x if where > 0 else neg(x)
    return times(log(add(size, sqrt(add(mul(x, x), integer(1))))), fmpq(where))


def _acosh(x: Germ) -> Germ:
    return log(add(x, sqrt(sub(mul(x, x), integer(1)))))


def _asech(x: Germ) -> Germ:
    return acosh(quotient(integer(1), x, "pole of asech"))


def _atanh(x: Germ) -> Germ:
    return times(log(quotient(add(integer(1), x), sub(integer(1), x), "pole of atanh")), HALF)


def _acoth(x: Germ) -> Germ:
    above, below = add(x, integer(1)), sub(x, integer(1))
    return times(log(quotient(above, below, "pole of acoth")), HALF)


def _cosh(x: Germ) -> Germ:
    return _exp_sum(x, 1)


def _sinh(x: Germ) -> Germ:
    return _exp_sum(x, -1)


sinh, cosh = either("sinh", _sinh), either("cosh", _cosh)
tanh = either("tanh", bounded_or(_tanh))
acosh, asinh = either("acosh", _acosh, edges=(1,)), either("asinh", _asinh)

ELEMENTARY: Mapping[str, Rule] = MappingProxyType(
    {
        "add": add,
        "mul": mul,
        "neg": neg,
        "div": lambda x, y: quotient(x, y, "division by zero"),
        "sqrt": sqrt,
        "cbrt": lambda x: _rational_power(x, fmpq(1, 3), ""),
        "root": root,
        "exp": exp,
        "expm1": lambda x: sub(exp(x), integer(1)),
        "log": log,
        "log2": _log_to(2),
        "log10": _log_to(10),
        "log1p": log1p,
        "sin": sin,
        "cos": cos,
        "tan": either("tan", lambda x: quotient(sin(x), cos(x), "pole of tan")),
        "cot": either("cot", lambda x: quotient(cos(x), sin(x), "pole of cot")),
        "sec": either("sec", lambda x: quotient(integer(1), cos(x), "pole of sec")),
        "csc": either("csc", lambda x: quotient(integer(1), sin(x), "pole of csc")),
        "sinc": either("sinc", bounded_or(lambda x: div(sin(x), x))),
        "asin": asin,
        "acos": acos,
        "atan": atan,
        "acot": either("acot", _acot),
        "asec": either("asec", lambda x: acos(inverse(x)), edges=(-1, 1)),
        "acsc": either("acsc", lambda x: asin(inverse(x)), edges=(-1, 1)),
        "atan2": atan2,
        "hypot": lambda x, y: sqrt(add(mul(x, x), mul(y, y))),
        "sinh": sinh,
        "cosh": cosh,
        "tanh": tanh,
        "coth": either("coth", lambda x: quotient(integer(1), tanh(x), "pole of coth")),
        "sech": either("sech", bounded_or(lambda x: inverse(cosh(x)))),
        "csch": either("csch", lambda x: quotient(integer(1), sinh(x), "pole of csch")),
        "asinh": asinh,
        "acosh": acosh,
        "atanh": either("atanh", _atanh),
        "acoth": either("acoth", _acoth),
        "asech": either(
            "asech", lambda x: acosh(quotient(integer(1), x, "pole of asech")), edges=(1,)
        ),
        "acsch": either("acsch", lambda x: asinh(quotient(integer(1), x, "pole of acsch"))),
    }
)
"""The rows of powers, exponentials and waves, but for x^y."""
