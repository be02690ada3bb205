"""The terms of infinite sums, as products of what is known of their quotients.

A term is a product of powers cⁿ and (n + a)^s, of factorials and of a fraction of polynomials in n.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import comb, factorial
from types import MappingProxyType

from diffcli.language.algebra import ONE, ZERO, Algebra
from diffcli.language.expression import (
    Node,
    names_in,
    node,
    number,
    postorder,
    substituted,
    variable,
)
from diffcli.language.quotients import UNIT, Polynomial, quotient, times

MAX_POWER = 200
"""The greatest power that is multiplied out."""
MAX_MULTIPLE = 8
"""The greatest multiple of the index that a factorial may be of."""
_HOLE = "·"
_HALF = number(Fraction(1, 2))


class UnboundedError(Exception):
    """A sum that isn't bounded here, or has no value, with the reason."""


@dataclass(frozen=True)
class Term:
    """A term of index n: factor · ratioⁿ · above(n)/below(n) · (n + shift)^−order · Γ(αn + β)^e ….

    ``gammas`` are (α, β, e); ``order`` is None where there is no such power.
    """

    factor: Node = ONE
    ratio: Node = ONE
    above: Polynomial = UNIT
    below: Polynomial = UNIT
    gammas: tuple[tuple[int, Fraction, int], ...] = ()
    shift: Fraction = Fraction(0)
    order: Node | None = None


class Reader:
    """Reads the terms of sums over an index."""

    def __init__(self, algebra: Algebra, name: str) -> None:
        self._algebra, self._name = algebra, name

    def read(self, value: Node) -> Term:
        """Return a term. Raises UnboundedError for one of which nothing is known here."""
        if self._name not in names_in([value]):
            return Term(factor=value)
        fraction = quotient(value, self._name)
        if fraction is not None:
            return Term(above=fraction[0], below=fraction[1])
        read = _FACTORS.get(value.op)
        if read is None:
            what = "a sum of powers" if value.op == "add" else f"{value.op} of the index"
            raise UnboundedError(f"{what} is in it")
        return read(self, value)

    def _product(self, x: Term, y: Term) -> Term:
        if x.order is not None and y.order is not None and x.shift != y.shift:
            raise UnboundedError("it has powers of several sums with the index")
        orders = [term.order for term in (x, y) if term.order is not None]
        return Term(
            self._algebra.mul(x.factor, y.factor),
            self._algebra.mul(x.ratio, y.ratio),
            times(x.above, y.above),
            times(x.below, y.below),
            (*x.gammas, *y.gammas),
            x.shift if x.order is not None else y.shift,
            self._algebra.add(*orders) if orders else None,
        )

    def _inverse(self, x: Term) -> Term:
        return Term(
            self._algebra.div(ONE, x.factor),
            self._algebra.div(ONE, x.ratio),
            x.below,
            x.above,
            tuple((alpha, beta, -power) for alpha, beta, power in x.gammas),
            x.shift,
            None if x.order is None else self._algebra.neg(x.order),
        )

    def _quotient(self, value: Node) -> Term:
        above, below = map(self.read, value.args)
        return self._product(above, self._inverse(below))

    def _power(self, value: Node) -> Term:
        base, exponent = value.args
        if self._name not in names_in([base]):
            start, slope = self._linear(exponent)
            whole = exact_of(slope)
            if (whole is None or whole.denominator > 1) and not _is_positive(base):
                raise UnboundedError("a power that isn't a whole one may be of a negative number")
            return Term(self.raised(base, start), self.raised(base, slope))
        if self._name in names_in([exponent]):
            raise UnboundedError("a power of the index to the index is in it")
        whole = exact_of(exponent)
        if whole is not None and whole.denominator == 1 and abs(whole) <= MAX_POWER:
            inner = self.read(base)
            inner = inner if whole > 0 else self._inverse(inner)
            return reduce(self._product, [inner] * abs(whole.numerator), Term())
        return self._of_index(base, exponent)

    def _of_index(self, base: Node, exponent: Node) -> Term:
        """Return (αn + β)^s, of a positive α, as α^s·(n + β/α)^s."""
        fraction = quotient(base, self._name)
        if fraction is None or len(fraction[0]) != 2 or len(fraction[1]) != 1:
            raise UnboundedError("it has a power of more than a multiple of the index")
        start, slope = (part / fraction[1][0] for part in fraction[0])
        if slope <= 0:
            raise UnboundedError("it has a power of what becomes negative")
        order = self._algebra.neg(exponent)
        factor = ONE if slope == 1 else self.raised(self._algebra.mul(number(slope)), exponent)
        return Term(factor, shift=start / slope, order=order)

    def _exponential(self, value: Node) -> Term:
        start, slope = (ONE if x is ZERO else node("exp", x) for x in self._linear(value.args[0]))
        return Term(start, slope)

    def _gamma(self, value: Node) -> Term:
        fraction = quotient(value.args[0], self._name)
        if fraction is None or len(fraction[0]) != 2 or len(fraction[1]) != 1:
            raise UnboundedError("it has a factorial of more than a multiple of the index")
        beta, alpha = (part / fraction[1][0] for part in fraction[0])
        if alpha.denominator > 1 or not 0 < alpha <= MAX_MULTIPLE:
            raise UnboundedError("it has a factorial of a part of the index")
        return Term(gammas=((int(alpha), beta + (value.op == "factorial"), 1),))

    def _binomial(self, value: Node) -> Term:
        n, k = value.args
        parts = [(n, 1), (k, -1), (node("add", n, node("neg", k)), -1)]
        terms = [self._gamma(node("factorial", part)) for part, _ in parts]
        inverted = [self._inverse(term) for term in terms[1:]]
        return reduce(self._product, inverted, terms[0])

    def _linear(self, value: Node) -> tuple[Node, Node]:
        """Return the start and the slope of a multiple of the index."""
        algebra = self._algebra
        if self._name not in names_in([value]):
            return value, ZERO
        if value.op == "variable":
            return ZERO, ONE
        varying = [arg for arg in value.args if self._name in names_in([arg])]
        if value.op == "add":
            starts, slopes = zip(*map(self._linear, value.args), strict=True)
            return algebra.add(*starts), algebra.add(*slopes)
        is_linear = value.op in ("neg", "mul") or (value.op == "div" and varying == [value.args[0]])
        if not is_linear or len(varying) > 1:
            raise UnboundedError("it has an exponent that isn't a multiple of the index")
        hole = variable(_HOLE)
        rest = substituted(value, {varying[0]: hole})
        start, slope = (algebra.graft(rest, {hole: part}) for part in self._linear(varying[0]))
        return start, slope

    def placed(self, value: Node, index: int) -> Node:
        """Return a term's value for an index, with its numbers computed."""
        placed = self._algebra.graft(value, {variable(self._name): number(index)})
        while True:
            computed = {
                term: self._algebra.mul(number(exact))
                for term in postorder([placed])
                if (exact := _computed(term)) is not None
            }
            if not computed:
                return placed
            placed = self._algebra.graft(substituted(placed, computed), {})

    def raised(self, base: Node, exponent: Node) -> Node:
        """Return a power, below a line where its exponent is negative."""
        exact = exact_of(exponent)
        if exact is not None and exact < 0:
            return self._algebra.div(ONE, self.raised(base, number(-exact)))
        return self._algebra.pow(base, exponent)


def exact_of(value: Node) -> Fraction | None:
    """Return the value of arithmetic with numbers."""
    fraction = quotient(value, "")
    if fraction is None:
        return None
    return sum(fraction[0], Fraction(0)) / sum(fraction[1], Fraction(0))


def _computed(term: Node) -> Fraction | None:
    """Return the value of a factorial or power of whole numbers."""
    args = [exact_of(arg) for arg in term.args]
    if term.op not in ("factorial", "binomial", "pow") or None in args:
        return None
    whole = [int(arg) for arg in args if arg is not None and arg.denominator == 1]
    if term.op == "pow" and len(whole) == 2 and (whole[0] or whole[1] > 0):
        return Fraction(whole[0]) ** whole[1]
    if term.op == "pow" or len(whole) < len(args) or min(whole) < 0:
        return None
    return Fraction(factorial(*whole) if term.op == "factorial" else comb(*whole))


def _is_positive(value: Node) -> bool:
    exact = exact_of(value)
    return value.op == "constant" if exact is None else exact > 0


_FACTORS: Mapping[str, Callable[[Reader, Node], Term]] = MappingProxyType(
    {
        "mul": lambda reader, value: reduce(reader._product, map(reader.read, value.args)),
        "neg": lambda reader, value: reader._product(
            Term(factor=number(-1)), reader.read(value.args[0])
        ),
        "div": Reader._quotient,
        "pow": Reader._power,
        "sqrt": lambda reader, value: reader._of_index(value.args[0], _HALF),
        "exp": Reader._exponential,
        "factorial": Reader._gamma,
        "gamma": Reader._gamma,
        "binomial": Reader._binomial,
    }
)
