"""The generators of exact constants, and what powers, exponentials and angles make of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

from flint import acb, arb

from diffcli.engines.balls.decimals import flint_fraction
from diffcli.engines.balls.forms import (
    ONE,
    Form,
    Generator,
    Kind,
    Monomial,
    Polynomial,
    TooLong,
    common_factor,
    leading_coefficient,
    number,
    power_of,
)
from diffcli.engines.balls.guards import Trouble, check_deadline
from diffcli.engines.balls.rules import EXACT
from diffcli.engines.balls.separation import is_zero
from diffcli.engines.balls.values import (
    FIRST_BITS,
    MAX_BITS,
    Unknown,
    argument_of,
    circular_power,
    exact_number,
    first_finite,
    is_positive,
    power_of_ball,
    prime_factors,
    sign_of,
    sign_of_terms,
)
from diffcli.language.functions import TABLE, resolve

MAX_ROOT = 1000
"""Greatest denominator of an exponent, and of a multiple of π whose sine is algebraic."""


Limits = tuple[Form | None, Form | None]
"""Numbers below and above that a value comes near to, but never attains."""


@dataclass(frozen=True)
class Logarithm:
    """The content of a generator that is log(g), or −log(g) where g < 1."""

    key: object
    sign: int


class Field:
    """The generators that the constants of one question are made of."""

    def __init__(self, max_bits: int = MAX_BITS) -> None:
        self.max_bits = max_bits
        self._generators: dict[object, Generator] = {}
        self._logarithms: dict[Logarithm, Form] = {}
        self._inverses: dict[Generator, tuple[str, Form]] = {}
        pi = self._generator(Kind.PI, None, lambda e: power_of_ball(arb.pi(), e))
        self.pi = Form(pi.power(Fraction(1)))
        self._turn = self._generator(
            Kind.UNIT, None, lambda e: acb(flint_fraction(e)).exp_pi_i(), is_algebraic=True
        )

    def _generator(
        self,
        kind: Kind,
        content: object,
        value: Callable[[Fraction], acb | arb],
        *,
        is_algebraic: bool = False,
        is_positive: bool = True,
        key: object = None,
    ) -> Generator:
        key = (kind, content if key is None else key)
        if key not in self._generators:
            self._generators[key] = Generator(
                kind, content, len(self._generators), is_algebraic, value, is_positive
            )
        return self._generators[key]

    def _prime(self, whole: int) -> Generator:
        return self._generator(
            Kind.PRIME, whole, lambda e: power_of_ball(arb(whole), e), is_algebraic=True
        )

    def _radical(self, radicand: Polynomial) -> Generator:
        return self._generator(
            Kind.RADICAL,
            radicand,
            lambda e: power_of_ball(Form(radicand).value(), e),
            is_algebraic=all(generator.is_algebraic for generator in radicand.generators),
            key=radicand.key,
        )

    def call(self, op: str, arguments: Sequence[Form], static: object = ()) -> Form:
        """Return the value of a function that isn't taken apart further."""
        rule = resolve(TABLE[op].enclosure)

        def value() -> arb:
            check_deadline()
            try:
                return arb(rule(*(argument_of(form, exact=op in EXACT) for form in arguments)))
            except (Trouble, ValueError, TypeError):
                return arb.nan()

        key = (op, static, *(form.key for form in arguments))
        result = self.opaque(key, value, self._limits(TABLE[op].range))
        for generator in result.above.generators:
            if op in ("asin", "atan") and generator.content == key:
                self._inverses[generator] = (op, arguments[0])
        return result

    def _limits(self, interval: str) -> Limits:
        """Return the ends of a row's range that no value attains."""
        low, high = self.ends(interval)
        return low if interval.startswith("(") else None, high if interval.endswith(")") else None

    def ends(self, interval: str) -> Limits:
        """Return the ends of a row's range, none where it goes on for ever."""
        low, high = interval[1:-1].split(", ") if interval else ("-inf", "inf")
        return self._end(low), self._end(high)

    def _end(self, text: str) -> Form | None:
        if text in ("inf", "-inf"):
            return None
        end = number(Fraction(text.replace("pi", "1")))
        return self.pi * end if "pi" in text else end

    def opaque(self, key: object, value: Callable[[], arb], limits: Limits | None = None) -> Form:
        """Return a number of which balls are known, and perhaps limits that it never attains.

        Where a ball doesn't tell it from a limit, the number is written as the limit and a
        positive number. Raises Unknown where no ball is finite.
        """
        ball = first_finite(value)
        if ball.is_exact():
            return number(exact_number(ball))
        low, high = limits or (None, None)
        if high is not None and not ball < high.value():
            return high - self._positive(("below", key), lambda: high.value() - value())
        if low is not None and not ball > low.value():
            return low + self._positive(("above", key), lambda: value() - low.value())
        if ball > 0:
            return self._positive(key, value)
        if ball < 0:
            return -self._positive(("neg", key), lambda: -value())
        return self._positive(key, value, is_known=False)

    def _positive(self, key: object, value: Callable[[], arb], *, is_known: bool = True) -> Form:
        generator = self._generator(
            Kind.CALL, key, lambda e: power_of_ball(value(), e), is_positive=is_known
        )
        return Form(generator.power(Fraction(1)))

    # Signs.

    def sign(self, form: Form) -> int | None:
        """Return the sign of a constant, where it is proved."""
        exact = form.rational
        if exact is not None:
            return (exact > 0) - (exact < 0)
        result = sign_of(form.ball(FIRST_BITS)) or sign_of_terms(form)
        if result is None and self._is_zero(form):
            return 0
        bits = FIRST_BITS
        while result is None and bits < self.max_bits:
            check_deadline()
            bits = min(4 * bits, self.max_bits)
            result = sign_of(form.ball(bits)) or sign_of_terms(form, bits)
        return result

    def _is_zero(self, form: Form) -> bool:
        if is_zero(form.above):
            return True
        if not any(isinstance(generator.content, Logarithm) for generator in form.above.generators):
            return False
        # A sum of logarithms is 0 where the product is 1.
        try:
            power = self.exp(form) - number(1)
        except (TooLong, Unknown):
            return False
        return is_zero(power.above)

    def certain_sign(self, form: Form) -> int:
        """Return the sign of a constant. Raises Unknown where it isn't proved."""
        result = self.sign(form)
        if result is None:
            raise Unknown
        return result

    # Powers.

    def divide(self, above: Form, below: Form) -> Form:
        """Return a quotient. Raises Unknown unless the divisor is proved not to be 0."""
        if self.certain_sign(below) == 0:
            raise Unknown
        return above * below.inverse()

    def power(self, base: Form, exponent: Fraction) -> Form:
        """Return a rational power; of a negative base the real one, which takes an odd root."""
        if exponent.denominator == 1:
            return self._integer_power(base, int(exponent))
        if exponent.denominator > MAX_ROOT:
            raise TooLong
        sign = self.certain_sign(base)
        if sign == 0 and exponent > 0:
            return number(0)
        if sign == 0 or (sign < 0 and exponent.denominator % 2 == 0):
            raise Unknown
        if sign < 0:
            root = self.power(-base, exponent)
            return -root if exponent.numerator % 2 else root
        above, below = self._both_positive(base)
        result = self._positive_power(above, exponent)
        return result if below is ONE else result * self._positive_power(below, -exponent)

    def _both_positive(self, positive: Form) -> tuple[Polynomial, Polynomial]:
        above, below = positive.above, positive.below
        if any(generator.kind in (Kind.UNIT, Kind.CIS) for generator in below.generators):
            raise TooLong
        if below is not ONE and self.certain_sign(Form(below)) < 0:
            return -above, -below
        return above, below

    def _integer_power(self, base: Form, exponent: int) -> Form:
        if exponent < 0:
            return self.divide(number(1), self._integer_power(base, -exponent))
        single = base.above.single() if base.below is ONE else None
        if single is not None and all(generator.is_free for generator, _ in single[0]):
            monomial = tuple((generator, e * exponent) for generator, e in single[0] if exponent)
            return Form(Polynomial({monomial: power_of(single[1], exponent)}))
        result = number(1)
        while exponent:
            result = result * base if exponent % 2 else result
            exponent //= 2
            base = base * base if exponent else base
        return result

    def _positive_power(self, base: Polynomial, exponent: Fraction) -> Form:
        result = number(1)
        for generator, e in self.factors(base):
            result = result * self._generator_power(generator, e * exponent)
        return result

    def _generator_power(self, generator: Generator, exponent: Fraction) -> Form:
        if generator.is_free:
            return Form(generator.power(exponent))
        whole = exponent.numerator // exponent.denominator
        rest = Form(generator.power(exponent - whole))
        if isinstance(generator.content, int):
            return rest * number(power_of(Fraction(generator.content), whole))
        return rest * self._integer_power(Form(cast(Polynomial, generator.content)), whole)

    def factors(self, positive: Polynomial) -> Iterator[tuple[Generator, Fraction]]:
        """Yield positive generators and exponents whose product is a positive polynomial.

        What is left when monomials and numbers are divided out is a radical, of exponent 1.
        """
        single = positive.single()
        monomial = common_factor(positive) if single is None else single[0]
        taken = [(generator, e) for generator, e in monomial if is_positive(generator)]
        rest = positive
        for generator, e in taken:
            yield generator, e
            # A root that divides every term is divided out by what completes it.
            if generator.is_free:
                rest = rest * generator.power(-e)
            else:
                completed = Form(rest) * Form(generator.power(e)).inverse()
                if completed.below is not ONE:
                    raise TooLong
                rest = completed.above
        size = abs(leading_coefficient(rest))
        for sign, whole in ((1, size.numerator), (-1, size.denominator)):
            for prime, times in prime_factors(whole):
                yield self._prime(prime), Fraction(sign * times)
        if len(rest.terms) > 1 or rest.single() != ((), size):
            yield self._radical(rest.scaled(1 / size)), Fraction(1)

    # Exponentials, logarithms and angles.

    def _parts(self, form: Form) -> Iterator[tuple[Fraction, Form]]:
        """Yield coefficients and real numbers whose sum of products is the form's."""
        real: dict[Monomial, Fraction] = {}
        other: dict[Monomial, Fraction] = {}
        for monomial, coefficient in form.above.terms.items():
            is_real = all(generator.kind not in (Kind.UNIT, Kind.CIS) for generator, _ in monomial)
            (real if is_real and form.below is ONE else other)[monomial] = coefficient
        for monomial, coefficient in real.items():
            yield coefficient, Form(Polynomial({monomial: Fraction(1)}))
        if other:
            left = Polynomial(other)
            first = leading_coefficient(left)
            yield first, Form(left.scaled(1 / first), form.below)

    def exp(self, exponent: Form) -> Form:
        """Return e^x, a product over the terms of x; e^log(g) is g."""
        result = number(1)
        for coefficient, part in self._parts(exponent):
            base = self._exponential_of(part)
            if isinstance(base, Form):
                result = result * self.power(base, coefficient)
            else:
                result = result * Form(base.power(coefficient))
        return result

    def _exponential_of(self, part: Form) -> Form | Generator:
        single = part.above.single()
        if single is not None and len(single[0]) == 1:
            (generator, e) = single[0][0]
            if e == 1 and isinstance(generator.content, Logarithm):
                of = self._logarithms[generator.content]
                return of if generator.content.sign > 0 else of.inverse()
        return self._generator(
            Kind.EXP, part, lambda e: (part.value() * flint_fraction(e)).exp(), key=part.key
        )

    def log(self, positive: Form) -> Form:
        """Return the logarithm: the sum of those of the factors, and x for e^x."""
        if self.certain_sign(positive) <= 0:
            raise Unknown
        total = number(0)
        for sign, polynomial in zip((1, -1), self._both_positive(positive), strict=True):
            if polynomial is not ONE:
                for generator, e in self.factors(polynomial):
                    total = total + self._log(generator) * number(sign * e)
        return total

    def _log(self, generator: Generator) -> Form:
        if generator.kind is Kind.EXP:
            return cast(Form, generator.content)
        match generator.content:
            case int() as prime:
                of = number(prime)
            case Polynomial() as radicand:
                of = Form(radicand)
            case _:
                of = Form(generator.power(Fraction(1)))
        sign = self.sign(of - number(1))
        if not sign:
            return number(0) if sign == 0 else self.call("log", [of])
        content = Logarithm(of.key, sign)
        self._logarithms[content] = of
        named = self._generator(
            Kind.CALL, content, lambda e: power_of_ball(of.value().log() * sign, e)
        )
        return Form(named.power(Fraction(1))) * number(sign)

    def circular(self, angle: Form) -> tuple[Form, Form]:
        """Return the cosine and the sine, by the powers of e^(ix) for each term of x."""
        forward = backward = number(1)
        for coefficient, part in self._parts(angle):
            inverse = self._of_inverse(part) if coefficient.denominator == 1 else None
            if inverse is not None:
                forward = forward * self.power(inverse[0], coefficient)
                backward = backward * self.power(inverse[1], coefficient)
                continue
            if part.key == self.pi.key and coefficient.denominator <= MAX_ROOT:
                ahead, back = self._unit(coefficient), self._unit(-coefficient)
            else:
                generator = self._generator(Kind.CIS, part, circular_power(part), key=part.key)
                ahead, back = generator.power(coefficient), generator.power(-coefficient)
            forward, backward = forward * Form(ahead), backward * Form(back)
        half = number(Fraction(1, 2))
        sine = (forward - backward) * half * Form(self._unit(Fraction(-1, 2)))
        return (forward + backward) * half, sine

    def _of_inverse(self, angle: Form) -> tuple[Form, Form] | None:
        """Return e^(ix) and e^(−ix) for x = asin(u) or atan(u)."""
        single = angle.above.single()
        if single is None or len(single[0]) != 1 or single[0][0][1] != 1:
            return None
        inverse, u = self._inverses.get(single[0][0][0], ("", self.pi))
        one, turn = number(1), u * Form(self._unit(Fraction(1, 2)))
        half = Fraction(1, 2)
        match inverse:
            case "asin":
                cosine = self.power(one - u * u, half)
                return cosine + turn, cosine - turn
            case "atan":
                size = self.power(one + u * u, half).inverse()
                return (one + turn) * size, (one - turn) * size
        return None

    def _unit(self, turns: Fraction) -> Polynomial:
        """Return e^(iπ·turns)."""
        turns %= 2
        power = self._turn.power(turns % 1)
        return -power if turns >= 1 else power
