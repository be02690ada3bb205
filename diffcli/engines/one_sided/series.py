"""Products, quotients, powers and compositions of germs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from flint import fmpq

from diffcli.engines.balls.guards import HALF, Difficult, Undefined, check_deadline
from diffcli.engines.one_sided.atoms import here
from diffcli.engines.one_sided.coefficients import ZERO, Coefficient, rational
from diffcli.engines.one_sided.germs import (
    LOG,
    LOG_LOG,
    NOTHING,
    UNIT,
    Expansion,
    Exponential,
    Germ,
    Order,
    Rest,
    Scale,
    as_expansion,
    bounded,
    exact,
    integer,
    is_exactly_zero,
    is_tame,
    leading,
    sign,
    split,
)
from diffcli.engines.one_sided.sums import (
    add,
    joined,
    neg,
    scaled,
    sub,
    trimmed,
)

Taylor = Callable[[int], Sequence[Coefficient]]
"""Gives as many Taylor coefficients as it is asked for."""


def mul(*germs: Germ) -> Germ:
    """Return the product."""
    total = germs[0]
    for germ in germs[1:]:
        check_deadline()
        total = _product(total, germ)
    return total


def _product(x: Germ, y: Germ) -> Germ:
    if is_exactly_zero(x) or is_exactly_zero(y):
        return NOTHING
    if isinstance(x, Exponential) or isinstance(y, Exponential):
        return _exponential_product(x, y)
    terms: dict[Scale, Coefficient] = {}
    for a, p in x.terms:
        for b, q in y.terms:
            scale = _times(a, b)
            size = p * q
            terms[scale] = terms[scale] + size if scale in terms else size
    rest = joined(_rest_times(x.rest, y), _rest_times(y.rest, Expansion(x.terms)))
    return trimmed(terms, rest)


def _times(a: Scale, b: Scale) -> Scale:
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])


def _rest_times(rest: Rest | None, y: Expansion) -> Rest | None:
    """Return the product of a rest and an expansion, as a rest."""
    if rest is None or is_exactly_zero(y):
        return None
    if isinstance(rest, Exponential):
        product = as_expansion(_exponential_product(rest, y))
        return product.rest
    tame = rest.is_tame and is_tame(y)
    if y.terms:
        return Order(_times(rest.scale, y.terms[0][0]), tame)
    if isinstance(y.rest, Order):
        return Order(_times(rest.scale, y.rest.scale), tame)
    return None if y.rest is None else Exponential(None, scaled(y.rest.growth, HALF), tame)


def _exponential_product(x: Germ, y: Germ) -> Germ:
    """Return a product by its logarithm; without a sign, a bound of it."""
    tame = is_tame(x) and is_tame(y)
    signs = [_sign_or_none(germ) for germ in (x, y)]
    both = None if None in signs else (signs[0] or 0) * (signs[1] or 0)
    growth = add(_log_bound(x), _log_bound(y))
    return _of_growth(both, growth, is_tame=tame)


def _sign_or_none(x: Germ) -> int | None:
    try:
        return sign(x)
    except Difficult:
        return None


def _log_bound(x: Germ) -> Germ:
    """Return log|x|, or of a germ that has no known first term, a bound of it."""
    if isinstance(x, Exponential):
        return x.growth
    if leading(x) is None:
        if isinstance(x.rest, Exponential):
            return x.rest.growth
        if isinstance(x.rest, Order):
            return add(_log_of_scale(x.rest.scale), bounded())
    return log(x if sign(x) > 0 else neg(x))


def _of_growth(sense: int | None, growth: Germ, *, is_tame: bool) -> Germ:
    """Return ``sense``·e^growth, where that is a germ."""
    growth = as_expansion(growth)
    if _is_steep(growth):
        return Exponential(sense, growth, is_tame)
    if sense is None:
        raise Difficult("no more than a bound beyond the powers")
    return mul(integer(sense), exp(growth))


def inverse(x: Germ) -> Germ:
    """Return 1/x. Raises Undefined where x is 0, Difficult where its first term isn't known."""
    if isinstance(x, Exponential):
        if x.sign is None:
            raise Difficult("a divisor whose sign isn't known")
        return replace(x, growth=scaled(x.growth, fmpq(-1)))
    first = leading(x)
    if first is None:
        if x.rest is None:
            raise Undefined("division by zero")
        if isinstance(x.rest, Exponential):
            return inverse(x.rest)
        raise Difficult("a divisor that may be 0 next to the point")
    return _monic_power(first, _ratio(x, first), fmpq(-1))


def div(x: Germ, y: Germ) -> Germ:
    """Return x/y: exactly, where it is 1 or a finite sum of terms."""
    if x is y and sign(y):
        return integer(1)
    if isinstance(x, Expansion) and isinstance(y, Expansion) and x.rest is None and y.rest is None:
        quotient = _long_division(x, y)
        if quotient is not None:
            return quotient
    return mul(x, inverse(y))


def _long_division(x: Expansion, y: Expansion) -> Expansion | None:
    first = leading(y)
    if first is None or len(x.terms) > here().most:
        return None
    scale, coefficient = first
    below = coefficient.power(fmpq(-1))
    back: Scale = (-scale[0], -scale[1], -scale[2])
    quotient: list[Germ] = []
    for _ in range(len(x.terms)):
        head = leading(x)
        if head is None:
            break
        quotient.append(exact(head[1] * below, _times(head[0], back)))
        x = as_expansion(sub(x, mul(quotient[-1], y)))
        if x.rest is not None:
            return None
    return as_expansion(add(NOTHING, *quotient)) if is_exactly_zero(x) else None


def power(x: Germ, exponent: fmpq) -> Germ:
    """Return a rational power of a positive germ; of any germ that isn't 0 for an integer."""
    if exponent.q == 1 and 0 <= exponent <= here().most:
        return mul(integer(1), *[x] * int(exponent.p))
    if is_exactly_zero(x):
        return NOTHING
    if isinstance(x, Expansion) and leading(x) is None and isinstance(x.rest, Exponential):
        x = x.rest
    if isinstance(x, Exponential):
        if x.sign is None and exponent < 0:
            raise Difficult("a power of what may be 0 next to the point")
        sense = 1 if x.sign == -1 and exponent.p % 2 == 0 else x.sign
        return Exponential(sense, scaled(x.growth, exponent), x.is_tame)
    first = leading(x)
    if first is None:
        raise Difficult("a power of what may be 0 next to the point")
    return _monic_power(first, _ratio(x, first), exponent)


def _ratio(x: Expansion, first: tuple[Scale, Coefficient]) -> Expansion:
    """Return x over its first term, less 1."""
    scale, coefficient = first
    back: Scale = (-scale[0], -scale[1], -scale[2])
    others = tuple((s, c) for s, c in x.terms if s > scale)
    return as_expansion(mul(Expansion(others, x.rest), exact(coefficient.power(fmpq(-1)), back)))


def _monic_power(first: tuple[Scale, Coefficient], ratio: Expansion, exponent: fmpq) -> Germ:
    scale, coefficient = first
    base = exact(
        coefficient.power(exponent),
        (scale[0] * exponent, scale[1] * exponent, scale[2] * exponent),
    )
    return mul(base, compose(_binomials(exponent), ratio))


def _binomials(exponent: fmpq) -> Taylor:
    def taylor(count: int) -> Sequence[Coefficient]:
        coefficients = [fmpq(1)]
        for j in range(1, count):
            coefficients.append(coefficients[-1] * (exponent - j + 1) / j)
        return [rational(size) for size in coefficients]

    return taylor


# Compositions.


def compose(taylor: Taylor, x: Expansion) -> Germ:
    """Return Σ taylor[k]·x^k of a germ that goes to 0, by Horner's scheme.

    ``taylor`` gives as many coefficients of a function that is analytic at 0 as it is asked for.
    """
    count = _count(x)
    coefficients = taylor(count)
    if is_exactly_zero(x):
        return exact(coefficients[0])
    result: Germ = NOTHING
    for coefficient in reversed(coefficients):
        check_deadline()
        result = add(mul(result, x), exact(coefficient))
    return add(result, Expansion((), _power_of_rest(x, count)))


def _power_of_rest(x: Expansion, count: int) -> Rest | None:
    """Return a bound of x to a power, as a rest."""
    scale = x.terms[0][0] if x.terms else None
    if scale is None and isinstance(x.rest, Order):
        scale = x.rest.scale
    if scale is not None:
        return Order((scale[0] * count, scale[1] * count, scale[2] * count), is_tame(x))
    if not isinstance(x.rest, Exponential):
        return None
    return Exponential(None, scaled(x.rest.growth, fmpq(count)), x.rest.is_tame)


def _count(x: Expansion) -> int:
    """Return how many Taylor coefficients reach as far as the window."""
    if is_exactly_zero(x):
        return 1
    if not x.terms:
        return 3
    first = x.terms[0][0][0]
    if first == 0:
        return here().most
    return min(int((fmpq(here().window) / first).floor()) + 2, here().most)


def _is_steep(growth: Expansion) -> bool:
    """Whether e^growth leaves every power behind: it goes to ±infinity faster than log(1/h)."""
    first = leading(growth)
    return first is not None and first[0] < LOG


def exp(x: Germ) -> Germ:
    """Return e^x. Raises Difficult where that is no germ of these."""
    x = as_expansion(x)
    if _is_steep(x):
        exponential = Exponential(1, x, is_tame(x))
        return as_expansion(exponential) if exponential.is_flat else exponential
    if isinstance(x.rest, Order) and x.rest.scale <= UNIT:
        if all(scale >= UNIT for scale, _ in x.terms) and x.rest.scale == UNIT:
            return bounded(is_tame=x.rest.is_tame)
        raise Difficult("an exponential of what isn't known closely enough")
    scale, is_exact = UNIT, True
    for exponents, coefficient in x.terms:
        if exponents < UNIT:
            exponent = coefficient.rational
            if exponents not in (LOG, LOG_LOG) or (exponent is None and exponents == LOG_LOG):
                raise Difficult("an exponential between the powers")
            if exponent is None:
                exponent, is_exact = _above(coefficient), False
            step = (
                (-exponent, fmpq(0), fmpq(0)) if exponents == LOG else (fmpq(0), -exponent, fmpq(0))
            )
            scale = _times(scale, step)
    constant, small = split(Expansion(tuple(t for t in x.terms if t[0] >= UNIT), x.rest))
    if not is_exact:
        # An irrational power of h lies between rational ones.
        return bounded(scale, is_tame=is_tame(x))
    return mul(exact(constant.exp(), scale), compose(_exponentials, small))


def _above(coefficient: Coefficient) -> fmpq:
    """Return a rational number that is little greater."""
    shift = fmpq(2) ** (here().bits // 2)
    return 1 / shift * ((coefficient.enclosed() * shift).upper().ceil().fmpq())


def _exponentials(count: int) -> Sequence[Coefficient]:
    coefficients = [fmpq(1)]
    for j in range(1, count):
        coefficients.append(coefficients[-1] / j)
    return [rational(size) for size in coefficients]


def log(x: Germ) -> Germ:
    """Return the logarithm of a positive germ."""
    if isinstance(x, Exponential):
        return x.growth
    first = leading(x)
    if first is None:
        if isinstance(x.rest, Exponential):
            return x.rest.growth
        raise Difficult("a logarithm of what may be 0 next to the point")
    scale, coefficient = first
    head = add(exact(coefficient.log()), _log_of_scale(scale))
    return add(head, compose(_logarithms, _ratio(x, first)))


def _log_of_scale(scale: Scale) -> Germ:
    if scale[2] != 0:
        raise Difficult("a logarithm of a logarithm of a logarithm")
    return add(
        exact(rational(-scale[0]), LOG),
        exact(rational(-scale[1]), LOG_LOG),
    )


def _logarithms(count: int) -> Sequence[Coefficient]:
    return [ZERO, *(rational(fmpq((-1) ** (j + 1), j)) for j in range(1, count))]
