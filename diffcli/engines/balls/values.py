"""Values of forms and generators as balls, and the signs that follow from them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import prod

from flint import acb, arb, fmpq, fmpz

from diffcli.engines.balls.decimals import flint_fraction
from diffcli.engines.balls.forms import (
    Form,
    Generator,
    Kind,
    Polynomial,
    TooLong,
    common_factor,
)
from diffcli.engines.balls.precision import working

FIRST_BITS, MAX_BITS = 113, 4000
"""Working precision at which a sign is first looked for, and the highest."""
MAX_FACTORED_BITS = 64
"""Length of the whole numbers that are taken apart into primes."""


class Unknown(Exception):  # noqa: N818  (an expected outcome)
    """The value isn't known to exist, or what it depends on isn't decided."""


def sign_of_terms(form: Form, bits: int = FIRST_BITS) -> int | None:
    """Return the sign that follows from that of positive generators, however near to 0 they are."""
    signs = [_sign_of_product(terms, bits) for terms in (form.above, form.below)]
    return None if None in signs else prod(sign for sign in signs if sign is not None)


def _sign_of_product(polynomial: Polynomial, bits: int) -> int | None:
    if not all(is_positive(generator) for generator in polynomial.generators):
        return None
    signs = {coefficient > 0 for coefficient in polynomial.terms.values()}
    if len(signs) == 1:
        return 1 if signs == {True} else -1
    # The factor that all terms have in common is positive.
    common = common_factor(polynomial)
    if not common or not all(generator.is_free for generator, _ in common):
        return None
    inverse = Polynomial({tuple((generator, -e) for generator, e in common): Fraction(1)})
    return sign_of(Form(polynomial * inverse).ball(bits))


def is_positive(generator: Generator) -> bool:
    """Return whether a generator is a positive number for certain."""
    return generator.is_positive and generator.kind not in (Kind.UNIT, Kind.CIS)


def first_finite(value: Callable[[], arb]) -> arb:
    """Return a value at the first precision that bounds it. Raises Unknown where none does."""
    for bits in (FIRST_BITS, MAX_BITS):
        with working(bits, 0):
            result = value()
        if result.is_finite():
            return result
    raise Unknown


def exact_number(ball: arb) -> Fraction:
    """Return the number that an exact ball is. Raises TooLong for a long one."""
    mantissa, exponent = (int(part) for part in ball.man_exp())
    if abs(exponent) > MAX_BITS:
        raise TooLong
    return Fraction(mantissa) * Fraction(2) ** exponent


def circular_power(part: Form) -> Callable[[Fraction], acb]:
    """Return the powers of exp(i·part), by their exponent."""
    return lambda e: acb(0, part.value() * flint_fraction(e)).exp()


def sign_of(ball: arb) -> int | None:
    """Return the sign of every number of a ball; None where it isn't one."""
    return 1 if ball > 0 else -1 if ball < 0 else None


def power_of_ball(base: arb, exponent: Fraction) -> arb:
    """Return a power of a positive number."""
    if exponent.denominator == 1 and abs(exponent) < 2**62:
        return base ** int(exponent)
    return (base.log() * flint_fraction(exponent)).exp()


def argument_of(form: Form, *, exact: bool) -> fmpq | arb:
    """Return a form as a rule on balls takes it: a rational one exactly, if the rule does."""
    number = form.rational
    if number is None:
        return form.value()
    return flint_fraction(number) if exact else arb(flint_fraction(number))


def prime_factors(whole: int) -> list[tuple[int, int]]:
    """Return primes and exponents; a long number as the one factor of itself."""
    if whole == 1:
        return []
    if whole.bit_length() > MAX_FACTORED_BITS:
        return [(whole, 1)]
    return [(int(prime), int(e)) for prime, e in fmpz(whole).factor()]
