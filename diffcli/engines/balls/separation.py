"""Whether a polynomial in generators is 0: proved, or not known.

A sum of algebraic numbers that isn't 0 has a least size, which follows from the degrees and sizes
of its roots: Burnikel, Funke, Mehlhorn, Schirra and Schmitt, "A separation bound for real algebraic
expressions" (Algorithmica 55, 2009), whose rules for sums, products and roots are those used here.
A ball around 0 that is narrower than that proves 0. Of transcendental generators each monomial has
algebraic coefficients, and where all of these are 0, so is the sum.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from math import ceil, gcd, inf, lcm, log2

from flint import acb, arb

from diffcli.engines.balls.forms import Generator, Kind, Monomial, Polynomial
from diffcli.engines.balls.precision import working

MAX_BITS = 40_000
"""Working precision that a separation bound may ask for."""
FIRST_BITS = 128


def is_zero(polynomial: Polynomial) -> bool:
    """Return whether a polynomial is proved to be 0."""
    if not polynomial.terms:
        return True
    if not _may_vanish(polynomial, FIRST_BITS):
        return False
    groups: dict[Monomial, dict[Monomial, Fraction]] = defaultdict(dict)
    for monomial, coefficient in polynomial.terms.items():
        outer = tuple(factor for factor in monomial if not factor[0].is_algebraic)
        inner = tuple(factor for factor in monomial if factor[0].is_algebraic)
        groups[outer][inner] = coefficient
    return all(_is_algebraic_zero(Polynomial(group)) for group in groups.values()) or (
        _cancels_a_root(polynomial)
    )


def _may_vanish(polynomial: Polynomial, bits: int) -> bool:
    with working(bits, 0):
        return bool(acb(polynomial.value()).contains(0))


def _is_algebraic_zero(polynomial: Polynomial) -> bool:
    if len(polynomial.terms) < 2:
        return False
    bits = separation_bits(polynomial)
    if bits > MAX_BITS:
        return False
    precision = FIRST_BITS
    while precision < 2 * bits + FIRST_BITS:
        if not _may_vanish(polynomial, precision):
            return False
        precision *= 2
    with working(precision, 0):
        return bool(abs(acb(polynomial.value())).upper() < arb(2) ** -ceil(bits))


def separation_bits(polynomial: Polynomial) -> float:
    """Return B such that an algebraic number of this form is 0 or at least 2^−B in size.

    With U/L the number, U an algebraic integer of a degree of D at most whose conjugates are below
    u, and L a whole number: |U| is 0 or at least u^(1 − D), its norm being a whole number.
    """
    degrees: dict[Generator, int] = {}
    _collect_degrees(polynomial, degrees)
    degree = 1
    for generator, root in degrees.items():
        degree *= _totient(2 * root) if generator.kind is Kind.UNIT else root
    if degree > MAX_BITS:
        return inf
    above, below = _integral(polynomial)
    return max(degree - 1, 1) * max(above, 0.0) + below + 1


def _totient(number: int) -> int:
    return sum(gcd(number, k) == 1 for k in range(number))


def _collect_degrees(polynomial: Polynomial, degrees: dict[Generator, int]) -> None:
    for monomial in polynomial.terms:
        for generator, exponent in monomial:
            root = exponent.denominator
            degrees[generator] = lcm(degrees.get(generator, 1), root)
            if isinstance(generator.content, Polynomial):
                _collect_degrees(generator.content, degrees)


def _integral(polynomial: Polynomial) -> tuple[float, float]:
    """Return log₂ u and log₂ L of the polynomial as U/L; L holds every term's denominator."""
    common = lcm(*(coefficient.denominator for coefficient in polynomial.terms.values()))
    terms: list[tuple[float, float]] = []
    for monomial, coefficient in polynomial.terms.items():
        above, below = _log2(abs(coefficient.numerator) * (common // coefficient.denominator)), 0.0
        for generator, exponent in monomial:
            factor_above, factor_below = _integral_power(generator, exponent)
            above, below = above + factor_above, below + factor_below
        terms.append((above, below))
    below = sum(size for _, size in terms)
    largest = max(above + below - own for above, own in terms)
    return largest + _log2(len(terms)), below + _log2(common)


def _integral_power(generator: Generator, exponent: Fraction) -> tuple[float, float]:
    size = float(exponent)
    match generator.content:
        case int() as prime:
            return size * _log2(prime), 0.0
        case Polynomial() as radicand:
            # (U/L)^(p/n) = (U^p·L^(n − p))^(1/n)/L
            above, below = _integral(radicand)
            return size * max(above, 0.0) + (1 - size) * below, below
        case _:
            return 0.0, 0.0


def _log2(number: int) -> float:
    length = number.bit_length()
    return length if length > 1000 else log2(number)


def _cancels_a_root(polynomial: Polynomial) -> bool:
    """Prove A + B·√F = 0 by A² = B²·F, where A and B·√F have opposite signs."""
    half = Fraction(1, 2)
    for root in polynomial.generators:
        if root.kind is not Kind.RADICAL or not isinstance(root.content, Polynomial):
            continue
        without: dict[Monomial, Fraction] = {}
        beside: dict[Monomial, Fraction] = {}
        for monomial, coefficient in polynomial.terms.items():
            exponent = dict(monomial).get(root, Fraction(0))
            if exponent not in (0, half):
                break
            rest = tuple(factor for factor in monomial if factor[0] is not root)
            (beside if exponent else without)[rest] = coefficient
        else:
            a, b = Polynomial(without), Polynomial(beside)
            if _are_opposite(a, b) and is_zero(a * a + -(b * b * root.content)):
                return True
    return False


def _are_opposite(a: Polynomial, b: Polynomial) -> bool:
    with working(FIRST_BITS, 0):
        first, second = (acb(form.value()).real for form in (a, b))
        return bool((first > 0 and second < 0) or (first < 0 and second > 0))
