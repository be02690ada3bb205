"""Exact constants in a normal form: quotients of polynomials in generators, over the rationals.

A generator is a number that the rationals don't hold: a prime's root, a root of unity, the root of
a sum, π, e^m, e^(im), or the value of a function that isn't taken apart further. Its exponent may
be a fraction, as every generator is a positive number or on the unit circle, but for the values of
functions whose sign isn't known. Identities are what the normal form makes trivial: √2·√3 and √6
have the same one, and so have sin²(1) + cos²(1) and 1, by e^i·e^(−i) = 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from functools import cached_property
from math import floor

from flint import acb, arb

from diffcli.engines.balls.decimals import flint_fraction
from diffcli.engines.balls.guards import check_deadline
from diffcli.engines.balls.precision import working

MAX_TERMS = 300
"""Terms of a polynomial: a product of sums that has more isn't written out."""
MAX_POWER_BITS = 20_000
"""Length of a rational coefficient."""


class TooLong(Exception):  # noqa: N818  (an expected outcome: the term stays as it is)
    """The normal form is longer than any identity of interest."""


class Kind(Enum):
    """What a generator is."""

    PRIME = "the root of a whole number"
    UNIT = "e^(iπ), whose fractional powers are the roots of unity"
    RADICAL = "the root of a sum"
    PI = "π"
    EXP = "e to a monomial"
    CIS = "e to i times a monomial"
    CALL = "the value of a function"


_REDUCED = frozenset({Kind.PRIME, Kind.UNIT, Kind.RADICAL})
"""The kinds whose powers of 1 or more are other numbers: their exponents stay below 1."""


@dataclass(eq=False)
class Generator:
    """One generator; ``content`` is what defines it within its kind, and ``rank`` its place."""

    kind: Kind
    content: object
    rank: int
    is_algebraic: bool
    value: Callable[[Fraction], acb | arb]
    """Return its power of an exponent, as a ball of the working precision."""
    is_positive: bool = True
    """Whether it is known to be a positive number."""

    @property
    def is_free(self) -> bool:
        """Whether its power of any exponent is written as such."""
        return self.kind not in _REDUCED

    def power(self, exponent: Fraction) -> Polynomial:
        """Return a power of this generator."""
        return Polynomial({((self, exponent),): Fraction(1)}) if exponent else ONE


Monomial = tuple[tuple[Generator, Fraction], ...]


@dataclass(frozen=True, eq=False)
class Polynomial:
    """Σ coefficient·monomial; no coefficient is 0."""

    terms: Mapping[Monomial, Fraction]

    @cached_property
    def key(self) -> frozenset[tuple[Monomial, Fraction]]:
        """What is equal for equal polynomials."""
        return frozenset(self.terms.items())

    @property
    def is_rational(self) -> bool:
        """Whether no generator occurs."""
        return all(not monomial for monomial in self.terms)

    @cached_property
    def generators(self) -> frozenset[Generator]:
        """The generators that occur."""
        return frozenset(generator for monomial in self.terms for generator, _ in monomial)

    def single(self) -> tuple[Monomial, Fraction] | None:
        """Return the only term; None where there are several or none."""
        return next(iter(self.terms.items())) if len(self.terms) == 1 else None

    def __add__(self, other: Polynomial) -> Polynomial:
        terms = dict(self.terms)
        for monomial, coefficient in other.terms.items():
            terms[monomial] = terms.get(monomial, Fraction(0)) + coefficient
        return _polynomial(terms)

    def __neg__(self) -> Polynomial:
        return Polynomial({monomial: -c for monomial, c in self.terms.items()})

    def scaled(self, factor: Fraction) -> Polynomial:
        """Return the polynomial times a number that isn't 0."""
        return Polynomial({monomial: c * factor for monomial, c in self.terms.items()})

    def __mul__(self, other: Polynomial) -> Polynomial:
        if len(self.terms) * len(other.terms) > 20 * MAX_TERMS:
            raise TooLong
        check_deadline()
        total = ZERO
        plain: dict[Monomial, Fraction] = {}
        for a, c in self.terms.items():
            for b, d in other.terms.items():
                monomial, factor, rest = _product(a, b)
                if rest is None:
                    plain[monomial] = plain.get(monomial, Fraction(0)) + c * d * factor
                else:
                    total = total + rest.scaled(c * d * factor) * Polynomial(
                        {monomial: Fraction(1)}
                    )
        return total + _polynomial(plain)

    def value(self) -> acb | arb:
        """Return a ball of the working precision."""
        powers: dict[tuple[Generator, Fraction], acb | arb] = {}
        total: acb | arb = arb(0)
        for monomial, c in self.terms.items():
            term: acb | arb = arb(flint_fraction(c))
            for factor in monomial:
                if factor not in powers:
                    powers[factor] = factor[0].value(factor[1])
                term = term * powers[factor]
            total = total + term
        return total


def _polynomial(terms: Mapping[Monomial, Fraction]) -> Polynomial:
    monomials = {monomial: c for monomial, c in terms.items() if c}
    if len(monomials) > MAX_TERMS or any(_is_long(c) for c in monomials.values()):
        raise TooLong
    return Polynomial(monomials)


def _is_long(number: Fraction) -> bool:
    return number.numerator.bit_length() + number.denominator.bit_length() > MAX_POWER_BITS


ZERO = Polynomial({})
ONE = Polynomial({(): Fraction(1)})


def rational(number: Fraction | int) -> Polynomial:
    """Return a rational number."""
    return _polynomial({(): Fraction(number)})


def _product(a: Monomial, b: Monomial) -> tuple[Monomial, Fraction, Polynomial | None]:
    """Return a·b as a monomial, a rational factor, and the sums that radicals have become."""
    if not a or not b:
        return a or b, Fraction(1), None
    exponents = dict(a)
    for generator, exponent in b:
        exponents[generator] = exponents.get(generator, Fraction(0)) + exponent
    factor, rest = Fraction(1), None
    for generator, exponent in exponents.items():
        if generator.is_free or 0 <= exponent < 1:
            continue
        whole = floor(exponent)
        exponents[generator] = exponent - whole
        match generator.content:
            case int() as prime:
                factor *= power_of(Fraction(prime), whole)
            case Polynomial() as radicand:  # of two exponents below 1: it occurs once at most
                rest = radicand if rest is None else rest * radicand
            case _:
                factor = -factor if whole % 2 else factor
    return in_order(exponents), factor, rest


def in_order(exponents: Mapping[Generator, Fraction]) -> Monomial:
    """Return the monomial of these exponents."""
    factors = [(generator, e) for generator, e in exponents.items() if e]
    return tuple(sorted(factors, key=lambda factor: factor[0].rank))


def power_of(base: Fraction, exponent: int) -> Fraction:
    """Return a power of a number, if it isn't too long."""
    length = base.numerator.bit_length() + base.denominator.bit_length()
    if length * abs(exponent) > MAX_POWER_BITS:
        raise TooLong
    return base**exponent


@dataclass(frozen=True, eq=False)
class Form:
    """An exact real constant: a polynomial over one that isn't 0."""

    above: Polynomial
    below: Polynomial = field(default=ONE)

    @cached_property
    def key(self) -> object:
        """What is equal for forms that are written alike, which then are the same number."""
        return (self.above.key, self.below.key)

    @property
    def rational(self) -> Fraction | None:
        """The number itself where it is a rational one."""
        if self.below is not ONE or not self.above.is_rational:
            return None
        return self.above.terms.get((), Fraction(0))

    def __add__(self, other: Form) -> Form:
        if self.below.key == other.below.key:
            return quotient(self.above + other.above, self.below)
        above = self.above * other.below + other.above * self.below
        return quotient(above, self.below * other.below)

    def __neg__(self) -> Form:
        return Form(-self.above, self.below)

    def __sub__(self, other: Form) -> Form:
        return self + -other

    def __mul__(self, other: Form) -> Form:
        if self.above.key == other.below.key and self.below is ONE:
            return Form(other.above)
        if other.above.key == self.below.key and other.below is ONE:
            return Form(self.above)
        return quotient(self.above * other.above, self.below * other.below)

    def inverse(self) -> Form:
        """Return 1 over what isn't 0: the caller has made sure of that."""
        return quotient(self.below, self.above)

    def value(self) -> arb:
        """Return an enclosure with the working precision, which may be all numbers."""
        ball = self.above.value()
        if self.below is not ONE:
            ball = ball / self.below.value()
        return ball.real if isinstance(ball, acb) else ball

    def ball(self, bits: int) -> arb:
        """Return an enclosure with ``bits`` of working precision; as :meth:`value`."""
        with working(bits, 0):
            return self.value()


def number(value: Fraction | int) -> Form:
    """Return a rational number."""
    return Form(rational(value))


def quotient(above: Polynomial, below: Polynomial) -> Form:
    """Return above/below, without the factors of ``below`` that are monomials."""
    if below is ONE or not above.terms:
        return Form(above)
    for generator, exponent in common_factor(below):
        # A root's powers stay below 1, so r^(1 − e)/(r^e·r^(1 − e)) is what 1/r^e becomes.
        completing = -exponent if generator.is_free else 1 - exponent
        above, below = (form * generator.power(completing) for form in (above, below))
    # What stands in front of the first term in order goes into the numerator.
    leading = leading_coefficient(below)
    above, below = above.scaled(1 / leading), below.scaled(1 / leading)
    if below.key == ONE.key:
        return Form(above)
    if len(above.terms) == len(below.terms):
        ratio = leading_coefficient(above)
        if above.key == below.scaled(ratio).key:
            return number(ratio)
    return Form(above, below)


def _order(monomial: Monomial) -> tuple[tuple[int, Fraction], ...]:
    return tuple((generator.rank, exponent) for generator, exponent in monomial)


def common_factor(polynomial: Polynomial) -> Monomial:
    """Return the greatest monomial that divides every term."""
    monomials = [dict(monomial) for monomial in polynomial.terms]
    least: dict[Generator, Fraction] = {}
    for generator in polynomial.generators:
        least[generator] = min(monomial.get(generator, Fraction(0)) for monomial in monomials)
    return in_order(least)


def leading_coefficient(polynomial: Polynomial) -> Fraction:
    """Return the coefficient of the first monomial in order."""
    return polynomial.terms[min(polynomial.terms, key=_order)]
