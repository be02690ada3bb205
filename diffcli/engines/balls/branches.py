"""Formulas with kinks and jumps, and the smooth formula that each is on one side of them.

On a stretch where the sign of every margin is known, ``abs(x - t)`` is ``x - t`` or ``t - x`` and
``floor(u)`` is one integer. A margin is a term whose zeros are the kinks or jumps of an operation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from operator import mul
from types import MappingProxyType

from diffcli.engines.balls.guards import Difficult
from diffcli.language.expression import Node, constant, minus, node, number, postorder
from diffcli.language.functions import TABLE
from diffcli.language.rationals import fraction_of
from diffcli.language.rules import stated

TRUE, FALSE = constant("true"), constant("false")
ONE, ZERO = number(1), number(0)
MAX_DEPTH = 150
"""Nested operations; a formula that is deeper isn't followed."""

Sign = Callable[[Node], int]
"""Returns the sign of a margin, −1, 0 or 1, or raises what says that it isn't known."""
Floor = Callable[[Node], int]
"""Returns the greatest integer not above a term, or raises what says that it isn't known."""


class UnsettledMargin(Exception):  # noqa: N818  (no error: it names what isn't known)
    """The sign of a margin isn't known."""

    def __init__(self, margin: Node) -> None:
        super().__init__()
        self.margin = margin


_SIGNED: Mapping[str, Callable[..., tuple[Node, Node, Node, Node]]] = MappingProxyType(
    {
        "abs": lambda x: (x, x, node("neg", x), ZERO),
        "sign": lambda x: (x, ONE, number(-1), ZERO),
        "heaviside": lambda x, at_zero: (x, ONE, ZERO, at_zero),
        "leaky_relu": lambda x, slope: (x, x, node("mul", x, slope), ZERO),
        "elu": lambda x, scale: (x, x, node("mul", node("expm1", x), scale), ZERO),
        "cbrt": lambda x: (x, _root(x), node("neg", _root(node("neg", x))), ZERO),
        "max": lambda x, y: (minus(x, y), x, y, x),
        "min": lambda x, y: (minus(x, y), y, x, x),
        "gt": lambda x, y: (minus(x, y), TRUE, FALSE, FALSE),
        "ge": lambda x, y: (minus(x, y), TRUE, FALSE, TRUE),
        "lt": lambda x, y: (minus(x, y), FALSE, TRUE, FALSE),
        "le": lambda x, y: (minus(x, y), FALSE, TRUE, TRUE),
        "eq": lambda x, y: (minus(x, y), FALSE, FALSE, TRUE),
        "ne": lambda x, y: (minus(x, y), TRUE, TRUE, FALSE),
    }
)
"""The margin of each operation, and what it is where that is positive, negative and 0."""

_CONDITIONS = frozenset({"and", "or", "not"})
_BY_CASES = frozenset(
    row.name
    for row in TABLE.values()
    if row.is_defined_by_cases and not row.is_smooth and row.name not in _SIGNED
)
"""Operations that are replaced by their definitions."""
_BREAKING = _BY_CASES | _SIGNED.keys() | _CONDITIONS | {"floor", "piecewise", "round"}


def is_smooth(body: Node) -> bool:
    """Whether a formula has none of the operations that :func:`settled` replaces."""
    return not any(
        term.op in _BREAKING or _root_of_a_power(term.op, term.args) for term in postorder([body])
    )


def _root(x: Node) -> Node:
    return node("pow", x, number(Fraction(1, 3)))


def settled(root: Node, sign: Sign, floor: Floor) -> Node:
    """Return the smooth formula that a formula is where its margins have these signs.

    A branch of a piecewise that isn't taken is not looked at. Raises what ``sign`` and ``floor``
    raise, and Difficult for a formula that is too deep, or where no condition holds.
    """
    return _Settled(sign, floor).of(root, MAX_DEPTH)


class _Settled:
    def __init__(self, sign: Sign, floor: Floor) -> None:
        self._sign, self._floor = sign, floor
        self._made: dict[Node, Node] = {}

    def of(self, term: Node, depth: int) -> Node:
        if term.is_leaf:
            return term
        if term not in self._made:
            if not depth:
                raise Difficult("an integrand of too many operations within each other")
            self._made[term] = self._replaced(term, depth - 1)
        return self._made[term]

    def _replaced(self, term: Node, depth: int) -> Node:
        if term.op == "piecewise":
            return self._taken(term, depth)
        args = [self.of(arg, depth) for arg in term.args]
        if term.op in ("max", "min") and len(args) > 2:
            return reduce(lambda x, y: self.of(node(term.op, x, y), depth), args)
        if term.op in _CONDITIONS:
            return _connected(term.op, [arg is TRUE for arg in args])
        if term.op in _BY_CASES:
            return self.of(stated(TABLE[term.op].definition, node(term.op, *args)), depth)
        if term.op == "round":  # halves are rounded otherwise, but those are its jumps
            return self.of(node("floor", node("add", args[0], number(Fraction(1, 2)))), depth)
        if term.op == "floor":
            return number(self._floor(args[0]))
        if term.op in _SIGNED:
            margin, above, below, between = _SIGNED[term.op](*args)
            return self.of((between, above, below)[self._sign(margin)], depth)
        if (base := _root_of_a_power(term.op, args)) is not None:
            return self.of(base, depth)
        return node(term.op, *args, static=term.static)

    def _taken(self, term: Node, depth: int) -> Node:
        for value, condition in zip(term.args[::2], term.args[1::2], strict=True):
            if self.of(condition, depth) is TRUE:
                return self.of(value, depth)
        raise Difficult("no condition holds in a part of the range")


def _connected(op: str, truths: list[bool]) -> Node:
    truth = all(truths) if op == "and" else any(truths) if op == "or" else not truths[0]
    return TRUE if truth else FALSE


def _root_of_a_power(op: str, args: Sequence[Node]) -> Node | None:
    """Return |x|ⁿ for √(x²ⁿ), which has a kink; None for anything else."""
    is_root = op == "sqrt" or (op == "pow" and fraction_of(args[1]) == Fraction(1, 2))
    if not is_root or args[0].op != "pow":
        return None
    base, exponent = args[0].args
    power = fraction_of(exponent)
    if power is None or power <= 0 or power % 2:
        return None
    size = node("abs", base)
    return size if power == 2 else node("pow", size, number(power / 2))


def linear(term: Node) -> Mapping[Node, Fraction]:
    """Return a term as a sum of others with rational weights; none are left of what is 0."""
    match term.op:
        case "add":
            return _summed([linear(arg) for arg in term.args])
        case "neg":
            return _scaled(linear(term.args[0]), Fraction(-1))
        case "mul":
            weights = [fraction_of(arg) for arg in term.args]
            rest = [arg for arg, weight in zip(term.args, weights, strict=True) if weight is None]
            weight = reduce(mul, (w for w in weights if w is not None), Fraction(1))
            return _scaled(_product(rest), weight)
        case "div":
            below = fraction_of(term.args[1])
            if below:
                return _scaled(linear(term.args[0]), 1 / below)
    value = fraction_of(term)
    if value is not None:
        return {ONE: value} if value else {}
    return {term: Fraction(1)}


def direction(margin: Node) -> tuple[frozenset[tuple[Node, Fraction]], int]:
    """Return a margin but for a factor, alike for all that are 0 together, and the factor's sign.

    A margin that is 0 has the sign 0.
    """
    terms = linear(margin)
    if not terms:
        return frozenset(), 0
    first = terms[min(terms, key=lambda term: (term is ONE, id(term)))]
    return frozenset(_scaled(terms, 1 / first).items()), 1 if first > 0 else -1


def _product(factors: list[Node]) -> Mapping[Node, Fraction]:
    if len(factors) == 1:
        return linear(factors[0])
    # The order of factors doesn't matter.
    return {node("mul", *sorted(factors, key=id)) if factors else ONE: Fraction(1)}


def _summed(parts: list[Mapping[Node, Fraction]]) -> Mapping[Node, Fraction]:
    total: dict[Node, Fraction] = {}
    for part in parts:
        for term, weight in part.items():
            total[term] = total.get(term, Fraction(0)) + weight
    return {term: weight for term, weight in total.items() if weight}


def _scaled(terms: Mapping[Node, Fraction], weight: Fraction) -> Mapping[Node, Fraction]:
    return {term: value * weight for term, value in terms.items()} if weight else {}
