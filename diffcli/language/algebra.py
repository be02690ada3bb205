"""Formulas as a person would write them: zeros, ones, numbers and equal factors folded.

A factor that stands above and below a line stays there: it bounds the domain.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import chain
from typing import NamedTuple

from diffcli.errors import LimitError
from diffcli.language.builder import Builder
from diffcli.language.expression import NUMBER, Node, node, number, postorder
from diffcli.language.limits import MAX_RESOLVED

ZERO, ONE = number(0), number(1)


def signed(value: Node) -> Node:
    """Return a formula with the minus before it moved to its first factor, as it is typed."""
    if value.op == "neg" and value.args[0].op in ("mul", "div"):
        inner = value.args[0]
        return node(inner.op, signed(node("neg", inner.args[0])), *inner.args[1:])
    return value


class _Term(NamedTuple):
    """A term as one fraction: a number, the factors above and those below the line."""

    size: Fraction = Fraction(1)
    above: tuple[Node, ...] = ()
    below: tuple[Node, ...] = ()
    decimal: bool = False
    """Whether the number was typed as a decimal, and stays one."""


class Algebra:
    """Makes nodes as a person would write them, and counts what it makes."""

    def __init__(self, build: Builder) -> None:
        self.build = build

    def make(self, op: str, *args: Node) -> Node:
        """Return a node as it stands."""
        self.count(len(args))
        return self.build(op, *args)

    def count(self, steps: int) -> None:
        """Raise LimitError where a formula takes too many steps."""
        self.build.steps += steps
        if self.build.steps > MAX_RESOLVED:
            raise self.build.fail(
                f"the derivative takes more than {MAX_RESOLVED:,} steps",
                error=LimitError, hint="take a lower order",
            )  # fmt: skip

    def graft(self, rule: Node, arguments: Mapping[Node, Node]) -> Node:
        """Return a formula with nodes in the places of its variables."""
        images = dict(arguments)
        for term in postorder([rule]):
            if term.is_leaf:
                images.setdefault(term, term)
            else:
                inner = [images[arg] for arg in term.args]
                fold = _FOLDS.get(term.op)
                images[term] = fold(self, *inner) if fold else node(term.op, *inner)
        return images[rule]

    def add(self, *terms: Node) -> Node:
        """Return the sum, with terms that differ by a number as one."""
        collected: dict[tuple[tuple[Node, ...], tuple[Node, ...]], _Term] = {}
        for part in chain.from_iterable(t.args if t.op == "add" else (t,) for t in terms):
            term = self.term(part)
            key = self.powers(term.above), self.powers(term.below)
            old = collected.get(key, _Term(Fraction(0)))
            collected[key] = _Term(old.size + term.size, *key, old.decimal or term.decimal)
        kept = [self.fraction(term) for term in collected.values() if term.size]
        kept[:1] = [signed(first) for first in kept[:1]]
        return self.joined("add", kept) if kept else ZERO

    def mul(self, *factors: Node) -> Node:
        """Return the product."""
        return self.fraction(self.term(*factors))

    def div(self, above: Node, below: Node) -> Node:
        """Return the quotient."""
        return self.fraction(self.term(above, over=below))

    def neg(self, value: Node) -> Node:
        """Return the negation."""
        return self.mul(number(-1), value)

    def pow(self, base: Node, exponent: Node) -> Node:
        """Return the power; an exponent that is 1 or 0 disappears."""
        if exponent is ONE:
            return base
        return ONE if exponent is ZERO else self.make("pow", base, exponent)

    def term(self, *factors: Node, over: Node = ONE) -> _Term:
        """Return the product of some factors, over a divisor, as one fraction."""
        size, decimal = Fraction(1), False
        sides: tuple[list[Node], list[Node]] = [], []
        stack = [(over, 1), *((factor, 0) for factor in reversed(factors))]
        while stack:
            self.count(1)
            value, side = stack.pop()
            if value.op == NUMBER and (value is not ZERO or side == 0):
                exact = Fraction(value.value or 0)
                size = size / exact if side else size * exact
                decimal = decimal or exact.denominator > 1
            elif value.op == "neg":
                size = -size
                stack.append((value.args[0], side))
            elif value.op == "mul":
                stack += [(arg, side) for arg in reversed(value.args)]
            elif value.op == "div":
                stack += [(value.args[1], 1 - side), (value.args[0], side)]
            else:
                sides[side].append(value)
        return _Term(size, tuple(sides[0]), tuple(sides[1]), decimal)

    def powers(self, factors: tuple[Node, ...]) -> tuple[Node, ...]:
        """Return the factors with equal ones as a power."""
        exponents: dict[Node, Fraction] = {}
        for factor in factors:
            base, exponent = as_power(factor)
            exponents[base] = exponents.get(base, Fraction(0)) + exponent
        return tuple(self.pow(base, number(exponent)) for base, exponent in exponents.items())

    def cancelled(self, value: Node, divisor: Node) -> Node:
        """Return a node without a divisor that stands above and below its line.

        For where the divisor stays in the formula, and with it the domain.
        """
        term = self.term(value)
        if divisor not in term.above or divisor not in term.below:
            return value
        sides = [list(term.above), list(term.below)]
        for side in sides:
            side.remove(divisor)
        return self.fraction(term._replace(above=tuple(sides[0]), below=tuple(sides[1])))

    def fraction(self, term: _Term) -> Node:
        """Return the node of a term."""
        if not term.size:
            return ZERO
        size = abs(term.size)
        keeps = term.decimal and _is_decimal(size)
        top = number(size if keeps else size.numerator)
        bottom = number(1 if keeps else size.denominator)
        above = (top, *self.powers(term.above))
        product = self.joined("mul", [power for power in above if power is not ONE])
        below = [power for power in (bottom, *self.powers(term.below)) if power is not ONE]
        if below:
            product = self.make("div", product, self.joined("mul", below))
        return product if term.size > 0 else self.make("neg", product)

    def joined(self, op: str, parts: list[Node]) -> Node:
        """Return the sum or product of some parts; the product of none is 1."""
        if len(parts) > 1:
            return self.make(op, *parts)
        return parts[0] if parts else ONE

    def lowered(self, exponent: Node) -> Node:
        """Return an exponent less one."""
        exact = self.build.exact(exponent)
        if exact is None:
            return self.add(exponent, number(-1))
        less = exact - 1
        if less.denominator == 1 or exponent.op != "div":
            return number(less) if _is_decimal(less) else self.add(exponent, number(-1))
        return self.make("div", number(less.numerator), number(less.denominator))


def as_power(factor: Node) -> tuple[Node, Fraction]:
    """Return the base and the exponent of a factor; a power that isn't whole is a base itself."""
    if factor.op == "pow" and factor.args[1].op == NUMBER:
        exponent = Fraction(factor.args[1].value or 0)
        if exponent.denominator == 1:
            return factor.args[0], exponent
    return factor, Fraction(1)


def _is_decimal(value: Fraction) -> bool:
    return pow(10, value.denominator.bit_length(), value.denominator) == 0


_FOLDS: Mapping[str, Callable[..., Node]] = {
    "add": Algebra.add,
    "neg": Algebra.neg,
    "mul": Algebra.mul,
    "div": Algebra.div,
    "pow": Algebra.pow,
}
