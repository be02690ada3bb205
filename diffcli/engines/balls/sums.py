"""Terms of complex numbers in a normal form, in which identities between branches are seen.

A sum holds products of powers of terms with weights in ℚ(i): i² is −1, what cancels is gone, e^(iπ)
is −1, a product of exponentials is one, and the sine is a sum of them. Two terms with one normal
form are equal; the reverse isn't said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from itertools import product
from operator import add, mul
from types import MappingProxyType

from diffcli.engines.balls.guards import Difficult
from diffcli.language.expression import NUMBER, Node, constant, node, number, variable
from diffcli.language.printer import text_of

Monomial = tuple[tuple[Node, int], ...]
"""Terms and the integers to which they are raised, in a fixed order."""

MAX_TERMS = 200
MAX_POWER = 12
"""Sums that are longer, or raised to more, are too long to be compared."""
I, PI = constant("i"), constant("pi")


@dataclass(frozen=True)
class Weight:
    """A number of ℚ(i)."""

    real: Fraction = Fraction(0)
    imag: Fraction = Fraction(0)

    def __add__(self, other: Weight) -> Weight:
        return Weight(self.real + other.real, self.imag + other.imag)

    def __mul__(self, other: Weight) -> Weight:
        return Weight(
            self.real * other.real - self.imag * other.imag,
            self.real * other.imag + self.imag * other.real,
        )

    def __bool__(self) -> bool:
        return bool(self.real or self.imag)

    def inverse(self) -> Weight:
        """Return 1/w."""
        size = self.real**2 + self.imag**2
        return Weight(self.real / size, -self.imag / size)


ONE, MINUS_ONE, UNIT = Weight(Fraction(1)), Weight(Fraction(-1)), Weight(imag=Fraction(1))
_TURNS = (ONE, UNIT, MINUS_ONE, Weight(imag=Fraction(-1)))
"""The powers of i."""


class Sum:
    """A sum of weighted monomials; no weight is 0."""

    def __init__(self, terms: Mapping[Monomial, Weight]) -> None:
        self.terms = {monomial: weight for monomial, weight in terms.items() if weight}
        if len(self.terms) > MAX_TERMS:
            raise Difficult("the branches are too long to be compared")

    def __add__(self, other: Sum) -> Sum:
        total = dict(self.terms)
        for monomial, weight in other.terms.items():
            total[monomial] = total.get(monomial, Weight()) + weight
        return Sum(total)

    def __mul__(self, other: Sum) -> Sum:
        if len(self.terms) * len(other.terms) > MAX_TERMS**2:
            raise Difficult("the branches are too long to be compared")
        total: dict[Monomial, Weight] = {}
        for (a, v), (b, w) in product(self.terms.items(), other.terms.items()):
            turn, monomial = _joined((*a, *b))
            total[monomial] = total.get(monomial, Weight()) + v * w * turn
        return Sum(total)

    def scaled(self, weight: Weight) -> Sum:
        """Return a multiple."""
        return Sum({monomial: w * weight for monomial, w in self.terms.items()})

    def power(self, exponent: int) -> Sum:
        """Return an integer power."""
        if exponent < 0:
            return self.inverse().power(-exponent)
        if exponent > MAX_POWER and len(self.terms) > 1:
            return atom(node("pow", self.node(), number(exponent)))
        if len(self.terms) == 1:
            ((monomial, weight),) = self.terms.items()
            turn, raised = _joined((term, count * exponent) for term, count in monomial)
            return Sum({raised: reduce(mul, [weight] * exponent, turn)})
        return reduce(mul, [self] * exponent, whole(1))

    def inverse(self) -> Sum:
        """Return 1 over the sum, which the caller must know not to be 0."""
        if len(self.terms) == 1:
            ((monomial, weight),) = self.terms.items()
            turn, below = _joined((term, -count) for term, count in monomial)
            return Sum({below: weight.inverse() * turn})
        sign, oriented = self.oriented()
        return Sum({((oriented.node(), -1),): sign.inverse()})

    def oriented(self) -> tuple[Weight, Sum]:
        """Return a unit of ℚ(i) and the sum divided by it, alike for a sum and its negative."""
        if not self.terms:
            return ONE, self
        first = self.terms[min(self.terms, key=_order)]
        is_first = (first.real or first.imag) > 0
        return (ONE, self) if is_first else (MINUS_ONE, self.scaled(MINUS_ONE))

    def turn(self, of: Monomial) -> tuple[Weight, Sum]:
        """Return a monomial's weight, and the sum without it."""
        rest = {monomial: weight for monomial, weight in self.terms.items() if monomial != of}
        return self.terms.get(of, Weight()), Sum(rest)

    def polynomials(self, name: str) -> list[Polynomial]:
        """Return the polynomials in a variable that the other terms are multiplied by."""
        x = variable(name)
        parts: dict[Monomial, dict[int, Weight]] = {}
        for monomial, weight in self.terms.items():
            rest = tuple(factor for factor in monomial if factor[0] is not x)
            parts.setdefault(rest, {})[dict(monomial).get(x, 0)] = weight
        if any(degree < 0 for group in parts.values() for degree in group):
            return [Polynomial([ONE])]
        return [
            Polynomial([group.get(k, Weight()) for k in range(max(group) + 1)])
            for group in parts.values()
        ]

    def rational(self) -> Fraction | None:
        """Return the rational number that the sum is; None for any other sum."""
        if not self.terms:
            return Fraction(0)
        weight = self.terms.get(())
        return weight.real if weight and not weight.imag and len(self.terms) == 1 else None

    def node(self) -> Node:
        """Return the sum as a term."""
        ordered = sorted(self.terms.items(), key=lambda monomial: _order(monomial[0]))
        parts = [_weighted(weight, monomial) for monomial, weight in ordered]
        if not parts:
            return number(0)
        return node("add", *parts) if len(parts) > 1 else parts[0]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sum) and self.terms == other.terms

    __hash__ = None  # type: ignore[assignment]


class Polynomial:
    """A polynomial over ℚ(i), by its coefficients from degree 0 on."""

    def __init__(self, coefficients: Sequence[Weight]) -> None:
        self._coefficients = list(coefficients)

    def vanishes(self, weight: Weight, times: int) -> bool:
        """Whether it has a zero of an order there (by Horner's scheme, again and again)."""
        left = self._coefficients
        for _ in range(times):
            value, quotient = Weight(), []
            for coefficient in reversed(left):
                value = value * weight + coefficient
                quotient.append(value)
            if value:
                return False
            left = quotient[-2::-1]
        return True


def atom(term: Node) -> Sum:
    """Return a term as a sum of itself."""
    return Sum({((term, 1),): ONE})


def whole(value: int | Fraction) -> Sum:
    """Return a rational number."""
    return Sum({(): Weight(Fraction(value))})


def unit() -> Sum:
    """Return i."""
    return Sum({(): UNIT})


def exponential(exponent: Sum) -> Sum:
    """Return e to a sum, with e^(iπ/2) = i."""
    turn, rest = _exponential(exponent)
    return Sum({rest: turn})


def _exponential(exponent: Sum) -> tuple[Weight, Monomial]:
    weight, rest = exponent.turn(((PI, 1),))
    quarters = weight.imag * 2
    if weight.real or quarters.denominator != 1:
        rest, quarters = exponent, Fraction(0)
    factors = ((node("exp", rest.node()), 1),) if rest.terms else ()
    return _TURNS[int(quarters) % 4], factors


def applied(op: str, arguments: list[Sum]) -> Sum:
    """Return a function of sums: the sine and the cosine by Euler's formula, odd and even ones."""
    first, sign = arguments[0], ONE
    if op == "exp":
        return exponential(first)
    if op in ("sin", "cos"):
        ahead, back = (exponential(first.scaled(turn)) for turn in (UNIT, _TURNS[3]))
        half = Weight(Fraction(1, 2))
        if op == "cos":
            return (ahead + back).scaled(half)
        return (ahead + back.scaled(MINUS_ONE)).scaled(half * _TURNS[3])
    if op in _EVEN | _ODD:
        side, first = first.oriented()
        sign = side if op in _ODD else ONE
    return atom(node(op, first.node(), *(argument.node() for argument in arguments[1:]))).scaled(
        sign
    )


_EVEN = frozenset({"sinc"})
_ODD = frozenset({"erf", "erfi", "Si", "Shi", "fresnelc", "fresnels"})


def _divided(x: Sum, y: Sum) -> Sum:
    above, below = x.oriented(), y.oriented()
    if above[1] == below[1]:
        return Sum({(): above[0] * below[0].inverse()})
    return x * y.inverse()


ARITHMETIC: Mapping[str, Callable[..., Sum]] = MappingProxyType(
    {
        "add": lambda *terms: reduce(add, terms),
        "mul": lambda *factors: reduce(mul, factors),
        "neg": lambda x: x.scaled(MINUS_ONE),
        "div": _divided,
    }
)
"""The rules of arithmetic on sums."""


def _joined(factors: Iterable[tuple[Node, int]]) -> tuple[Weight, Monomial]:
    """Return a product of powers in its normal form, with one exponential at most."""
    counts: dict[Node, int] = {}
    for term, count in factors:
        counts[term] = counts.get(term, 0) + count
    kept = {term: count for term, count in counts.items() if count and term.op != "exp"}
    raised = [(term, count) for term, count in counts.items() if count and term.op == "exp"]
    turn: Weight = ONE
    if raised:
        exponents = (_read(term.args[0]).scaled(Weight(Fraction(n))) for term, n in raised)
        turn, one = _exponential(reduce(add, exponents))
        kept |= dict(one)
    return turn, tuple(sorted(kept.items(), key=lambda factor: text_of(factor[0])))


def _read(term: Node) -> Sum:
    """Return the sum that was written as a term."""
    if term.op == NUMBER:
        return whole(Fraction(term.value or 0))
    if term is I:
        return unit()
    if term.op in ARITHMETIC and term.op != "div":
        return ARITHMETIC[term.op](*(_read(arg) for arg in term.args))
    exponent = _read(term.args[1]).rational() if term.op == "pow" else None
    if exponent is None or exponent.denominator > 1 or abs(exponent) > MAX_POWER:
        return atom(term)
    return _read(term.args[0]).power(int(exponent))


def _order(monomial: Monomial) -> list[tuple[str, int]]:
    return [(text_of(term), count) for term, count in monomial]


def _weighted(weight: Weight, monomial: Monomial) -> Node:
    factors = [term if count == 1 else node("pow", term, number(count)) for term, count in monomial]
    parts = [(weight.real, []), (weight.imag, [I])]
    nodes = [
        node("mul", number(value), *unit, *factors) if unit or factors else number(value)
        for value, unit in parts
        if value
    ]
    return node("add", *nodes) if len(nodes) > 1 else nodes[0]
