"""Infinite sums, as the functions that they define where they converge.

The sum is a hypergeometric function (DLMF 16.2), a polylogarithm (25.12), a zeta function (25.11)
or digamma functions (5.7.6), whose series the enclosures bound. Such a function may have values
where the sum has none, so the formula says for which arguments it stands.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import comb, floor
from types import MappingProxyType

from diffcli.language.algebra import ONE, ZERO, Algebra
from diffcli.language.expression import Node, node, number
from diffcli.language.infinite_terms import Reader, UnboundedError, exact_of
from diffcli.language.quotients import (
    Polynomial,
    moved,
    partial_fractions,
    quotient,
    value_at,
    zeros,
)

MAX_EXPLICIT = 200
"""Terms at most that are written out before the others follow a rule."""


@dataclass(frozen=True)
class Endless:
    """The whole numbers from ``start`` on."""

    start: int


def infinite_sum(algebra: Algebra, body: Node, name: str, first: int) -> Node:
    """Return the sum of a term over ``name`` from ``first`` on.

    Raises UnboundedError where it diverges, or isn't one whose tail is bounded.
    """
    if body.op == "add" and quotient(body, name) is None:
        try:
            return algebra.add(*(infinite_sum(algebra, part, name, first) for part in body.args))
        except UnboundedError as error:
            raise UnboundedError(f"of a part of it, {error}") from None
    return _Sum(algebra, body, name).summed(first)


class _Sum:
    """The sum of one term."""

    def __init__(self, algebra: Algebra, body: Node, name: str) -> None:
        self._algebra, self._body, self._reader = algebra, body, Reader(algebra, name)
        self._term = self._reader.read(body)

    def summed(self, first: int) -> Node:
        """Return the sum from an index on."""
        term = self._term
        below = zeros(term.below)
        if not term.above:
            return ZERO
        if below is None:
            raise UnboundedError("a polynomial below has zeros that aren't rational")
        if any(zero.denominator == 1 and zero >= first for zero in below):
            raise UnboundedError("a term of it divides by 0")
        start = self._regular_from(first)
        if start - first > MAX_EXPLICIT:
            raise UnboundedError("too many terms stand before its rule")
        explicit = [self._reader.placed(self._body, index) for index in range(first, start)]
        return self._algebra.add(*explicit, self._rest(start))

    def _regular_from(self, first: int) -> int:
        """Return the index from which on no factor is 0 or infinite."""
        term = self._term
        whole = [zero for zero in zeros(term.above) or () if zero.denominator == 1]
        below = zeros(term.below) or ()
        poles = [-beta / alpha for alpha, beta, _ in term.gammas]
        if term.order is not None and -term.shift >= first:
            raise UnboundedError("it has a power of 0 or of a negative number")
        for alpha, beta, _ in term.gammas:
            if beta.denominator == 1 and alpha * first + beta <= 0:
                raise UnboundedError("a term of it has a factorial of a negative number")
        last: Fraction = max([Fraction(first - 1), *whole, *below, *poles])
        return floor(last) + 1

    def _rest(self, start: int) -> Node:
        term = self._term
        if term.order is not None:
            return self._of_powers(start)
        if term.gammas:
            return self._hypergeometric(start)
        split = partial_fractions(term.above, term.below)
        if split is None:
            raise UnboundedError("a polynomial below has zeros that aren't rational")
        ratio = exact_of(term.ratio)
        if ratio is not None and abs(ratio) >= 1:
            return self._algebra.mul(term.factor, self._of_fraction(start, ratio, *split))
        return self._of_ratio(start, *split)

    def _of_powers(self, start: int) -> Node:
        """Return Σ zⁿ/(n + a)^s, a zeta function or a polylogarithm."""
        term, algebra = self._term, self._algebra
        order, base = term.order, term.shift + start
        above, below = (_same_power(p, term.shift) for p in (term.above, term.below))
        if order is None or term.gammas or above is None or below is None:
            raise UnboundedError("it has a power of the index beside other factors of it")
        order = algebra.add(order, number(below[0] - above[0]))
        factor = algebra.mul(term.factor, number(above[1] / below[1]))
        exact = exact_of(order)
        if term.ratio is ONE:
            if exact is not None and exact <= 1:
                raise UnboundedError("it diverges")
            value = algebra.mul(factor, node("zeta", order, algebra.mul(number(base))))
            return value if exact is not None else _where(value, node("gt", order, ONE))
        if base != 1 or start < 1:
            raise UnboundedError("it has a power of the index that isn't a polylogarithm's")
        before = self._reader.raised(term.ratio, number(start - 1))
        value = algebra.mul(factor, before, node("polylog", order, term.ratio))
        if exact is not None:
            return self._within_one(value, term.ratio, low=exact > 0, high=exact > 1)
        ends = [
            node("and", node("eq", term.ratio, number(end)), node("gt", order, least))
            for end, least in ((1, ONE), (-1, ZERO))
        ]
        return _where(value, node("or", _less_than_one(term.ratio), *ends))

    def _of_fraction(
        self,
        start: int,
        ratio: Fraction,
        whole: Polynomial,
        weights: Mapping[tuple[Fraction, int], Fraction],
    ) -> Node:
        """Return the sum of a fraction, all terms of one sign or of alternating signs."""
        simple = sum(weight for (_, order), weight in weights.items() if order == 1)
        if abs(ratio) > 1 or whole or (ratio == 1 and simple):
            raise UnboundedError("it diverges")
        parts = [
            self._algebra.mul(number(weight), _tail(self._algebra, start - zero, order, ratio))
            for (zero, order), weight in weights.items()
        ]
        sign = number(-1 if ratio < 0 and start % 2 else 1)
        return self._algebra.mul(sign, self._algebra.add(*parts))

    def _of_ratio(
        self, start: int, whole: Polynomial, weights: Mapping[tuple[Fraction, int], Fraction]
    ) -> Node:
        """Return the sum of a fraction times zⁿ, where |z| < 1, or at its ends too."""
        term, algebra = self._term, self._algebra
        z = term.ratio
        first = self._reader.raised(z, number(start)) if start else ONE
        parts = [
            algebra.mul(
                number(weight),
                first,
                self._reader.raised(algebra.add(ONE, algebra.neg(z)), number(-power - 1)),
            )
            for power, weight in enumerate(_in_binomials(moved(whole, Fraction(start))))
            if weight
        ]
        for (zero, order), weight in weights.items():
            parts.append(algebra.mul(number(weight), self._polylogarithm(start, -zero, order)))
        value = algebra.mul(term.factor, algebra.add(*parts))
        simple = [weight for (_, order), weight in weights.items() if order == 1]
        value = self._within_one(value, z, low=not whole, high=not whole and not simple)
        if whole or not simple or sum(simple) or exact_of(z) is not None:
            return value
        end = algebra.mul(term.factor, self._of_fraction(start, Fraction(1), whole, weights))
        return node("piecewise", *value.args, end, node("eq", z, ONE))

    def _polylogarithm(self, start: int, shift: Fraction, order: int) -> Node:
        """Return Σ zⁿ/(n + a)^k over n from a start on."""
        algebra, z = self._algebra, self._term.ratio
        base = shift + start
        power = self._reader.raised(z, number(start)) if start else ONE
        if order == 1 and base == 1 and start >= 1:
            rest = self._reader.raised(z, number(start - 1))
            return algebra.mul(number(-1), rest, node("log", algebra.add(ONE, algebra.neg(z))))
        if order == 1:
            parameters = (algebra.mul(number(base + k)) for k in (0, 1))
            rising = node("hyp2f1", ONE, *parameters, z)
            return algebra.mul(power, algebra.div(rising, number(base)))
        if shift.denominator > 1 or base < 1 or start < base:
            raise UnboundedError("it isn't a polylogarithm without a factor that is 0/0 at 0")
        before = [
            algebra.neg(algebra.div(self._reader.raised(z, number(k)), number(k**order)))
            for k in range(1, int(base))
        ]
        whole = algebra.add(node("polylog", number(order), z), *before)
        return algebra.mul(self._reader.raised(z, number(-shift)), whole) if shift else whole

    def _hypergeometric(self, start: int) -> Node:
        """Return a sum of terms whose quotient t(n+1)/t(n) is z·Π(n + a)/Π(n + b)."""
        term, algebra = self._term, self._algebra
        z, above, below = term.ratio, Counter({Fraction(1): 1}), Counter[Fraction]()
        for alpha, beta, power in term.gammas:
            factors = Counter(start + (beta + j) / Fraction(alpha) for j in range(alpha))
            side = above if power > 0 else below
            for _ in range(abs(power)):
                side.update(factors)
            z = algebra.mul(z, number(Fraction(alpha) ** (alpha * power)))
        sides = (term.above, above, below), (term.below, below, above)
        for polynomial, rising, falling in sides:
            orders = zeros(polynomial)
            if orders is None:
                raise UnboundedError("a polynomial in it has zeros that aren't rational")
            for zero, order in orders.items():
                rising[start - zero + 1] += order
                falling[start - zero] += order
        common = above & below
        upper, lower = ([*(side - common).elements()] for side in (above, below))
        name = _SERIES.get((len(upper), len(lower)))
        if len(upper) > len(lower) + 1:
            raise UnboundedError("its radius of convergence is 0")
        if name is None:
            raise UnboundedError(f"it is a hypergeometric function {len(upper)}F{len(lower)}")
        parameters = [algebra.mul(number(parameter)) for parameter in (*upper, *lower)]
        if name:
            function = node(name, *parameters, z)
        else:
            function = self._reader.raised(algebra.add(ONE, algebra.neg(z)), number(-upper[0]))
        value = algebra.mul(self._reader.placed(self._body, start), function)
        if len(upper) <= len(lower):
            return value
        excess = sum(lower) - sum(upper)
        return self._within_one(value, z, low=excess > -1, high=excess > 0)

    def _within_one(self, value: Node, z: Node, *, low: bool, high: bool) -> Node:
        """Return a value for |z| < 1, and for −1 and 1 where the sum converges there too."""
        exact = exact_of(z)
        if exact is not None:
            if abs(exact) < 1 or (low and exact == -1) or (high and exact == 1):
                return value
            raise UnboundedError("it diverges")
        if high:
            return _where(value, node("le", node("abs", z), ONE))
        if low:
            return _where(value, node("and", node("ge", z, number(-1)), node("lt", z, ONE)))
        return _where(value, _less_than_one(z))


def _tail(algebra: Algebra, base: Fraction, order: int, ratio: Fraction) -> Node:
    """Return Σ ratio^k/(k + a)^order over k from 0 on, for a ratio of 1 or −1.

    Of order 1 and ratio 1 it is −ψ(a), of sums in which the constants cancel.
    """
    if ratio == 1:
        start = algebra.mul(number(base))
        if order == 1:
            return node("neg", node("digamma", start))
        return node("zeta", number(order), start)
    near, far = (_tail(algebra, (base + k) / 2, order, Fraction(1)) for k in (0, 1))
    return algebra.div(algebra.add(near, algebra.neg(far)), number(2**order))


def _in_binomials(p: Polynomial) -> Iterator[Fraction]:
    """Yield the weights of C(k + j, j) in a polynomial of k, for j from 0 on.

    They are differences backwards from −1, where all but the first of these are 0.
    """
    values = [value_at(p, -1 - m) for m in range(len(p))]
    for j in range(len(p)):
        yield sum(((-1) ** m * comb(j, m) * values[m] for m in range(j + 1)), Fraction(0))


def _same_power(p: Polynomial, shift: Fraction) -> tuple[int, Fraction] | None:
    """Return the order and the weight of w·(n + shift)^k; None for another polynomial."""
    about = moved(p, -shift)
    return None if any(about[:-1]) else (len(about) - 1, about[-1])


def _where(value: Node, condition: Node) -> Node:
    return node("piecewise", value, condition)


def _less_than_one(z: Node) -> Node:
    return node("lt", node("abs", z), ONE)


_SERIES = MappingProxyType(
    {(0, 0): "exp", (1, 0): "", (0, 1): "hyp0f1", (1, 1): "hyp1f1", (2, 1): "hyp2f1"}
)
"""The hypergeometric functions by how many parameters stand above and below; 1F0 is a power."""
