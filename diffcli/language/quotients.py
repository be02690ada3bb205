"""Fractions of polynomials in one variable, with rational coefficients: zeros, partial fractions.

A polynomial is the tuple of its coefficients, that of the greatest power last and not 0; that of 0
is empty.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from itertools import zip_longest
from math import isqrt, lcm

from diffcli.language.expression import Node, postorder

Polynomial = tuple[Fraction, ...]
Quotient = tuple[Polynomial, Polynomial]

MAX_DEGREE = 12
MAX_DIVISORS = 10_000
"""Numbers at most that are tried as divisors of a coefficient."""
UNIT: Polynomial = (Fraction(1),)


def cleaned(coefficients: list[Fraction]) -> Polynomial:
    """Return a polynomial without zeros at its end."""
    while coefficients and not coefficients[-1]:
        coefficients.pop()
    return tuple(coefficients)


def plus(p: Polynomial, q: Polynomial) -> Polynomial:
    """Return the sum."""
    return cleaned([a + b for a, b in zip_longest(p, q, fillvalue=Fraction(0))])


def times(p: Polynomial, q: Polynomial) -> Polynomial:
    """Return the product."""
    product = [Fraction(0)] * max(len(p) + len(q) - 1, 0)
    for i, a in enumerate(p):
        for j, b in enumerate(q):
            product[i + j] += a * b
    return cleaned(product)


def value_at(p: Polynomial, x: Fraction | int) -> Fraction:
    """Return the value."""
    value = Fraction(0)
    for coefficient in reversed(p):
        value = value * x + coefficient
    return value


def divided(p: Polynomial, q: Polynomial) -> tuple[Polynomial, Polynomial]:
    """Return the whole quotient, and the rest."""
    rest, whole = list(p), [Fraction(0)] * max(len(p) - len(q) + 1, 0)
    for power in reversed(range(len(whole))):
        whole[power] = rest[power + len(q) - 1] / q[-1]
        for i, b in enumerate(q):
            rest[power + i] -= whole[power] * b
    return cleaned(whole), cleaned(rest)


def moved(p: Polynomial, shift: Fraction) -> Polynomial:
    """Return the polynomial of x + shift."""
    result: Polynomial = ()
    for coefficient in reversed(p):
        result = plus(times(result, (shift, Fraction(1))), (coefficient,))
    return result


def quotient(formula: Node, name: str) -> Quotient | None:
    """Return a formula as a fraction of polynomials in a variable; None where it is none."""
    known: dict[Node, Quotient] = {}
    for term in postorder([formula]):
        result = _quotient(term, [known[arg] for arg in term.args if arg in known], name)
        if result is None or max(map(len, result)) > MAX_DEGREE + 1:
            return None
        known[term] = result
    return known[formula]


def _quotient(term: Node, args: list[Quotient], name: str) -> Quotient | None:
    match term.op:
        case "number":
            return cleaned([Fraction(term.value or 0)]), UNIT
        case "variable" if term.value == name:
            return (Fraction(0), Fraction(1)), UNIT
        case "neg":
            return times(args[0][0], (Fraction(-1),)), args[0][1]
        case "add":
            above, below = args[0]
            for top, bottom in args[1:]:
                above, below = plus(times(above, bottom), times(top, below)), times(below, bottom)
            return above, below
        case "mul":
            above, below = args[0]
            for top, bottom in args[1:]:
                above, below = times(above, top), times(below, bottom)
            return above, below
        case "div" if args[1][0]:
            return times(args[0][0], args[1][1]), times(args[0][1], args[1][0])
        case "pow":
            return _power(args[0], args[1])
    return None


def _power(base: Quotient, exponent: Quotient) -> Quotient | None:
    if len(exponent[0]) > 1 or len(exponent[1]) > 1:
        return None
    order = value_at(exponent[0], 0) / value_at(exponent[1], 0)
    if order.denominator > 1 or abs(order) > MAX_DEGREE or (order < 0 and not base[0]):
        return None
    above, below = base if order >= 0 else reversed(base)
    result: Quotient = UNIT, UNIT
    for _ in range(abs(order.numerator)):
        result = times(result[0], above), times(result[1], below)
    return result


def zeros(p: Polynomial) -> Counter[Fraction] | None:
    """Return the zeros of a polynomial with their orders; None where some aren't rational."""
    orders: Counter[Fraction] = Counter()
    for zero in _candidates(p):
        while len(p) > 1 and not value_at(p, zero):
            orders[zero] += 1
            p = divided(p, (-zero, Fraction(1)))[0]
    return orders if len(p) == 1 else None


def _candidates(p: Polynomial) -> Iterator[Fraction]:
    """Yield the rational numbers that may be zeros (the rational root theorem)."""
    yield Fraction(0)
    whole = lcm(*(coefficient.denominator for coefficient in p))
    integers = [int(coefficient * whole) for coefficient in p]
    lowest = next(integer for integer in integers if integer)
    for above in _divisors(lowest):
        for below in _divisors(integers[-1]):
            yield from (Fraction(above, below), Fraction(-above, below))


def _divisors(integer: int) -> list[int]:
    size = abs(integer)
    small = [d for d in range(1, min(isqrt(size), MAX_DIVISORS) + 1) if size % d == 0]
    return sorted({*small, *(size // d for d in small)})


def partial_fractions(
    above: Polynomial, below: Polynomial
) -> tuple[Polynomial, dict[tuple[Fraction, int], Fraction]] | None:
    """Return a polynomial, and the weight of 1/(x − zero)^order by zero and order.

    None where a zero below isn't rational.
    """
    orders = zeros(below)
    if orders is None:
        return None
    whole, proper = divided(above, below)
    weights: dict[tuple[Fraction, int], Fraction] = {}
    for zero, order in orders.items():
        top = moved(proper, zero)
        bottom = moved(below, zero)[order:]
        series: list[Fraction] = []
        for k in range(order):
            products = (bottom[k - j] * series[j] for j in range(k) if k - j < len(bottom))
            rest = top[k] if k < len(top) else Fraction(0)
            series.append((rest - sum(products, Fraction(0))) / bottom[0])
        weights |= {(zero, order - k): weight for k, weight in enumerate(series) if weight}
    return whole, weights
