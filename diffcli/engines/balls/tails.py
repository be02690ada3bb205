"""What an integrand is next to an end where it is singular, and how much is left of it there.

With s as the distance from the end, as a part of the range, a term is s^p times a number of a ball
for every s in (0, ε]. Sums, products, powers, exponentials and logarithms keep this form: s^η·log s
is bounded, and so is s^−m·exp(−b·s^−q), whose greatest value is (m/(b·q·e))^(m/q). A term of power
p > −1 has an integral of |ball|·ε^(p + 1)/(p + 1) at most; where p ≤ −1 and the ball is real and
holds no 0, the integral diverges. It holds for complex parameters too, so that the integral is
analytic in them (dominated convergence and Morera's theorem).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from types import MappingProxyType

from flint import acb, arb, fmpq

from diffcli.engines.balls.decimals import flint_fraction, python_fraction
from diffcli.engines.balls.guards import Difficult, Undefined
from diffcli.engines.balls.integrands import OPERATIONS, leaf_value
from diffcli.language.expression import VARIABLE, Node, postorder

_ETA = Fraction(1, 8)
"""A logarithm is bounded by a power of this exponent."""
MAX_DECAY = 400
"""The greatest power by which an exponential is bounded."""
_WHOLE = 64
"""The greatest exponent up to which a power is multiplied out."""


@dataclass(frozen=True)
class Scaled:
    """A term s^power·(a number of ``ball``), for 0 < s ≤ ε.

    Of power 0 it may be known more closely, as start + s·(a number of ``slope``).
    """

    power: Fraction
    ball: acb
    start: acb | None = None
    slope: acb | None = None


class End:
    """An integrand next to one end of its range, for distances up to ``reach`` of the range."""

    def __init__(self, body: Node, reach: arb) -> None:
        self._nodes, self._reach = postorder([body]), reach
        self._within = reach.union(arb(0))

    def bound(self, name: str, ball: acb, step: acb, others: Mapping[str, acb]) -> arb:
        """Return the most that the integral over the distances is, for a range of length 1.

        The variable is place + s·step. Raises Undefined where it diverges, Difficult where nothing
        is known.
        """
        value = self._value(name, ball, step, others)
        if value.power > -1:
            order = flint_fraction(value.power + 1)
            return value.ball.abs_upper() * _real_power(self._reach, order) / arb(order)
        if value.ball.imag == 0 and 0 not in value.ball.real:
            raise Undefined("the integral diverges there")
        raise Difficult("whether the integral converges isn't known")

    def _value(self, name: str, ball: acb, step: acb, others: Mapping[str, acb]) -> Scaled:
        values: dict[Node, Scaled] = {}
        for term in self._nodes:
            if term.op == VARIABLE and term.value == name:
                values[term] = self._regular(ball, step)
            elif term.is_leaf:
                value = leaf_value(term, others)
                if not isinstance(value, acb):
                    raise Difficult("a condition next to a singular end")
                values[term] = self._regular(value, acb(0))
            else:
                rule = _RULES.get(term.op, _elsewhere(term.op))
                values[term] = rule(self, *(values[arg] for arg in term.args))
            if not values[term].ball.is_finite():
                raise Difficult("an integrand that isn't bounded by a power next to its end")
        return values[self._nodes[-1]]

    def _regular(self, start: acb, slope: acb) -> Scaled:
        if start == 0:
            return Scaled(Fraction(1), slope) if slope != 0 else Scaled(Fraction(0), acb(0))
        return Scaled(Fraction(0), start + slope * self._within, start, slope)

    def hull(self, x: Scaled) -> acb:
        """Return a ball that holds all values. Raises Difficult for one that isn't bounded."""
        return x.ball * self._powers(x.power)

    def _powers(self, power: Fraction) -> arb:
        """Return a ball of s^power, which isn't negative."""
        if power < 0:
            raise Difficult("a term that isn't bounded next to a singular end")
        return _real_power(self._reach, flint_fraction(power)).union(arb(0)) if power else arb(1)

    def add(self, *terms: Scaled) -> Scaled:
        """Return the sum."""
        if all(x.start is not None for x in terms):
            starts, slopes = ([getattr(x, key) for x in terms] for key in ("start", "slope"))
            return self._regular(sum(starts, acb(0)), sum(slopes, acb(0)))
        least = min(x.power for x in terms)
        return Scaled(least, sum((x.ball * self._powers(x.power - least) for x in terms), acb(0)))

    def mul(self, *factors: Scaled) -> Scaled:
        """Return the product."""
        return reduce(self._product, factors)

    def _product(self, x: Scaled, y: Scaled) -> Scaled:
        if x.start is None or x.slope is None or y.start is None or y.slope is None:
            return Scaled(x.power + y.power, x.ball * y.ball)
        slope = x.start * y.slope + x.slope * y.start + x.slope * y.slope * self._within
        return self._regular(x.start * y.start, slope)

    def neg(self, x: Scaled) -> Scaled:
        """Return the negation."""
        return self._product(x, self._regular(acb(-1), acb(0)))

    def div(self, x: Scaled, y: Scaled) -> Scaled:
        """Return the quotient."""
        if 0 in y.ball:
            raise Difficult("a divisor that may be 0 next to a singular end")
        return Scaled(x.power - y.power, x.ball / y.ball)

    def pow(self, x: Scaled, y: Scaled) -> Scaled:
        """Return the power, of an exponent that doesn't move."""
        if y.start is None or y.slope != 0:
            return self.exp(self.mul(y, self.log(x)))
        exact = _rational(y.start)
        if exact is not None and exact.denominator == 1 and 0 < exact <= _WHOLE:
            return self.mul(*[x] * int(exact))
        is_whole = exact is not None and exact.denominator == 1
        if 0 in x.ball or not (is_whole or x.ball.real > 0):
            raise Difficult("a power of what may be 0 or negative next to a singular end")
        inner = x.ball ** int(exact) if is_whole and exact else (x.ball.log() * y.start).exp()
        if exact is not None:
            return Scaled(x.power * exact, inner)
        if x.power == 0:
            return Scaled(x.power, inner)
        # |s^(p·y)| is s^(p·Re y), and s is less than 1.
        least = min(_below(y.start.real * arb(flint_fraction(x.power))), Fraction(10**6))
        return Scaled(least, _disc(inner.abs_upper()))

    def sqrt(self, x: Scaled) -> Scaled:
        """Return the square root."""
        return self.pow(x, self._regular(acb(fmpq(1, 2)), acb(0)))

    def exp(self, x: Scaled) -> Scaled:
        """Return e^x; where x goes to −infinity, a bound that falls off as a power."""
        if x.power >= 0:
            return Scaled(Fraction(0), self.hull(x).exp())
        rate = -(x.ball.real.upper())
        if not rate > 0:
            raise Difficult("an exponential that grows next to a singular end")
        q = flint_fraction(-x.power)
        # Every power is right, and this one is least at the end of the reach.
        best = float((rate * arb(q) * _real_power(self._reach, -q)).mid())
        decay = int(max(1.0, min(float(MAX_DECAY), best)))
        most = _real_power(arb(decay) / (rate * arb(q) * arb.const_e()), decay / q)
        return Scaled(Fraction(decay), _disc(most.upper()))

    def log(self, x: Scaled) -> Scaled:
        """Return the logarithm, by which power of s it is bounded."""
        if not x.ball.real > 0:
            raise Difficult("a logarithm of what may be 0 or negative next to a singular end")
        constant = Scaled(Fraction(0), x.ball.log())
        if x.power == 0:
            return constant
        # −1/(e·η)·s^−η ≤ log s ≤ 0
        low = -1 / (arb.const_e() * arb(flint_fraction(_ETA)))
        moving = Scaled(-_ETA, acb(low.union(arb(0)) * arb(flint_fraction(x.power))))
        return self.add(constant, moving)

    def wave(self, x: Scaled) -> Scaled:
        """Return a sine or cosine that oscillates without end, of a real argument."""
        if x.ball.imag != 0:
            raise Difficult("a wave of a complex argument next to a singular end")
        return Scaled(Fraction(0), acb(arb(0, 1)))


Rule = Callable[..., Scaled]


def _elsewhere(op: str) -> Rule:
    """Return the rule of an operation whose arguments are bounded."""

    def rule(end: End, *args: Scaled) -> Scaled:
        if op not in OPERATIONS:
            raise Difficult(f"an integral of {op} isn't enclosed")
        value = OPERATIONS[op](True, *(end.hull(x) for x in args))
        if not isinstance(value, acb):
            raise Difficult("a condition next to a singular end")
        return Scaled(Fraction(0), value)

    return rule


def _vanishing(op: str, slope: Callable[[acb], acb]) -> Rule:
    """Return the rule of a function that is 0 at 0: there it is its argument times its slope."""

    def rule(end: End, x: Scaled) -> Scaled:
        if x.power < 0 and op == "sin":
            return end.wave(x)
        if x.power <= 0:
            return _elsewhere(op)(end, x)
        within = end.hull(x)
        return Scaled(x.power, x.ball * slope(within.union(acb(0))))

    return rule


def _cosine(end: End, x: Scaled) -> Scaled:
    return end.wave(x) if x.power < 0 else _elsewhere("cos")(end, x)


def _disc(radius: arb) -> acb:
    size = arb(0, radius)
    return acb(size, size)


def _rational(value: acb) -> Fraction | None:
    if value.imag != 0 or not value.real.is_exact():
        return None
    exact = value.real.fmpq()
    return python_fraction(exact)


def _below(value: arb) -> Fraction:
    """Return a rational number that isn't above a ball."""
    scale = 1 << 20
    floor = (value.lower() * scale).floor().lower().unique_fmpz()
    if floor is None:
        raise Difficult("an exponent that isn't known closely enough")
    return Fraction(int(floor), scale)


def _real_power(base: arb, exponent: fmpq) -> arb:
    return (base.log() * arb(exponent)).exp()


_RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "add": End.add,
        "mul": End.mul,
        "neg": End.neg,
        "div": End.div,
        "pow": End.pow,
        "sqrt": End.sqrt,
        "exp": End.exp,
        "log": End.log,
        "sin": _vanishing("sin", acb.cos),
        "cos": _cosine,
        "tan": _vanishing("tan", lambda z: 1 / z.cos() ** 2),
        "sinh": _vanishing("sinh", acb.cosh),
        "tanh": _vanishing("tanh", lambda z: 1 / z.cosh() ** 2),
        "atan": _vanishing("atan", lambda z: 1 / (1 + z * z)),
        "expm1": _vanishing("expm1", acb.exp),
        "log1p": _vanishing("log1p", lambda z: 1 / (1 + z)),
        "erf": _vanishing("erf", lambda z: (-z * z).exp() * 2 / arb.const_sqrt_pi()),
    }
)
