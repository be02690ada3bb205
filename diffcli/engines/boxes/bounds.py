"""Formulas over boxes: their nodes are laid out once, then walked for thousands of boxes at a time.

A function that is made of others is walked as its definition says; a term without a variable is
enclosed by Arb, once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import reduce
from typing import cast

import numpy as np
from flint import arb, fmpq

from diffcli.engines.balls.constants import DEFINITIONS, definition
from diffcli.engines.balls.decimals import flint_fraction, python_fraction
from diffcli.engines.balls.guards import Trouble, Undefined
from diffcli.engines.balls.signs import proved_sign
from diffcli.engines.balls.walk import Walk
from diffcli.engines.boxes import jets
from diffcli.engines.boxes.arb import enclose, ends_of
from diffcli.engines.boxes.arithmetic import Array, Interval, add, mul, whole
from diffcli.engines.boxes.jets import Jet, Pairs
from diffcli.engines.boxes.rules import RULES, Domain
from diffcli.language.expression import (
    CONSTANT,
    VARIABLE,
    Node,
    node,
    number,
    postorder,
    substituted,
    variable,
)
from diffcli.language.rationals import FOLDS, fraction_of

CONSTANT_BITS = 128
MOST_CACHED = 100_000
"""Values of a function that are kept: each takes about 300 bytes."""
COMPARISONS = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})
LOGIC = frozenset({"and", "or", "not"})

Term = Jet | Domain
"""What a node is over boxes: a function, or a truth value: 1, −1, or 0 where it isn't decided."""


def simplified(roots: Sequence[Node]) -> list[Node]:
    """Return formulas with functions written by those that have rules, constants as they are.

    Differences are sums, and numbers are folded where they are rational.
    """
    results: dict[Node, Node] = {}
    for term in postorder(roots):
        args = [results[arg] for arg in term.args]
        if term.is_leaf:
            results[term] = term
        elif term.op in DEFINITIONS and term.op not in RULES and term.op not in _MADE:
            arguments = {variable(x): arg for x, arg in zip("xyzw", args, strict=False)}
            results[term] = simplified([substituted(definition(term.op), arguments)])[0]
        else:
            results[term] = _without_root(_folded(node(term.op, *args, static=term.static)))
    return [results[root] for root in roots]


_MADE = frozenset({"normcdf", "sinc"})
"""Rows that Arb encloses better than their definitions do."""


def _folded(term: Node) -> Node:
    """Return a term of rationals as the rational it is."""
    exact = fraction_of(term) if term.op in FOLDS and term.op != "pow" else None
    return term if exact is None else number(exact)


def _without_root(term: Node) -> Node:
    """Return the square of the root of a sum of squares as that sum, which has no edge."""
    if term.op == "pow" and term.args[0].op == "sqrt" and fraction_of(term.args[1]) == 2:
        (inner,) = term.args[0].args
        if all(map(is_square, inner.args if inner.op == "add" else (inner,))):
            return inner
    return term


def without_roots(formula: Node) -> Node:
    """Return a formula in which squares of roots of sums of squares are these sums."""
    roots = {root: _without_root(root) for root in postorder([formula])}
    return substituted(formula, {root: sum_ for root, sum_ in roots.items() if sum_ is not root})


def is_square(term: Node) -> bool:
    """Whether a term is an even power, which isn't negative wherever it has a value."""
    if term.op != "pow":
        return False
    exponent = fraction_of(term.args[1])
    return exponent is not None and exponent > 0 and exponent % 2 == 0


class Bounds:
    """Formulas laid out for walks over boxes; ``names`` order the variables.

    Truth values may be among the formulas.
    """

    def __init__(self, formulas: Sequence[Node], names: Sequence[str]) -> None:
        self.names = tuple(names)
        self.formulas = simplified(formulas)
        self.nodes = postorder(self.formulas)
        moving: dict[Node, bool] = {}
        for term in self.nodes:
            known = term.op == VARIABLE or any(moving[arg] for arg in term.args)
            moving[term] = known
        self._moving = moving
        self._cached: dict[tuple[Node, int], dict[tuple[float, ...], list[float]]] = {}
        self.enclosed = 0
        """How many values of functions Arb has enclosed so far, one by one."""
        self._constants = {term: _ends(term) for term in self.nodes if not moving[term]}

    def over(self, lo: Array, hi: Array, order: int = 0) -> list[Term]:
        """Return the formulas over boxes, whose ends have a row a variable."""
        with np.errstate(all="ignore"):
            return self._walk(lo, hi, Pairs(len(self.names), order))

    def jet(self, lo: Array, hi: Array, order: int = 0) -> Jet:
        """Return the only formula over boxes."""
        return cast(Jet, self.over(lo, hi, order)[0])

    def _walk(self, lo: Array, hi: Array, pairs: Pairs) -> list[Term]:
        shape = lo.shape[1:]
        terms: dict[Node, Term] = {}
        for term in self.nodes:
            if term.op == VARIABLE:
                terms[term] = self._variable(str(term.value), lo, hi, pairs)
            elif not self._moving[term]:
                terms[term] = self._constant(term, shape)
            else:
                terms[term] = self._applied(term, [terms[arg] for arg in term.args], pairs, shape)
        return [terms[formula] for formula in self.formulas]

    def _variable(self, name: str, lo: Array, hi: Array, pairs: Pairs) -> Jet:
        column = self.names.index(name)
        gradient = None
        if pairs.order:
            rows = np.zeros((pairs.count, lo.shape[1]))
            rows[column] = 1.0
            gradient = Interval(rows, rows)
        return Jet(Interval(lo[column], hi[column]), np.ones(lo.shape[1:], np.int8), gradient)

    def _constant(self, term: Node, shape: tuple[int, ...]) -> Term:
        low, high, domain = self._constants[term]
        if term.op == CONSTANT and term.value in ("true", "false"):
            return np.full(shape, 1 if term.value == "true" else -1, np.int8)
        if term.op in COMPARISONS or term.op in LOGIC:
            return np.full(shape, domain, np.int8)
        value = Interval(np.full(shape, low), np.full(shape, high))
        return Jet(value, np.full(shape, domain, np.int8))

    def _applied(
        self, term: Node, args: Sequence[Term], pairs: Pairs, shape: tuple[int, ...]
    ) -> Term:
        if term.op in LOGIC:
            return _logic(term.op, cast(Sequence[Domain], args))
        if term.op == "piecewise":
            branches = [
                (cast(Jet, value), cast(Domain, condition))
                for value, condition in zip(args[::2], args[1::2], strict=True)
            ]
            return jets.selected(pairs, branches, shape)
        numbers = cast(Sequence[Jet], args)
        if term.op in COMPARISONS:
            return compared(term.op, jets.difference(*numbers), numbers)
        if term.op in RULES:
            return jets.function(pairs, term.op, numbers[0])
        rule = _RULES.get(term.op)
        if rule is not None:
            return rule(pairs, term, numbers)
        return self._by_arb(term, numbers, pairs)

    def _by_arb(self, term: Node, numbers: Sequence[Jet], pairs: Pairs) -> Jet:
        moving = [i for i, arg in enumerate(term.args) if self._moving[arg]]
        values = [jet.value for jet in numbers]
        ends, domain = self._enclosures(term, values, moving, pairs.order)
        if len(moving) == 1:
            known = np.minimum.reduce([domain, *(jet.domain for jet in numbers)])
            inner = numbers[moving[0]]
            return jets.composed(pairs, inner, ends[0], known, lambda order: ends[order])
        known = np.minimum.reduce([domain, *(jet.domain for jet in numbers)])
        if not pairs.order:
            return Jet(ends[0], known)
        # Nothing is known of the derivatives but in which variables they are 0.
        gradient: Interval | None = None
        for column in moving:
            slope = numbers[column].gradient
            if slope is not None:
                spread = mul(whole(slope.lo), slope)
                gradient = spread if gradient is None else add(gradient, spread)
        hessian = None
        if gradient is not None and pairs.order > 1:
            hessian = mul(whole(np.empty(1)), pairs.square(gradient))
        return Jet(ends[0], known, gradient, hessian)

    def _enclosures(
        self, formula: Node, values: Sequence[Interval], moving: Sequence[int], order: int
    ) -> tuple[list[Interval], Domain]:
        """Enclose a function over boxes, each distinct argument once: boxes in a row share ends."""
        cached = self._cached.setdefault((formula, order), {})
        if len(cached) > MOST_CACHED:
            cached.clear()
        ends = np.stack([end for value in values for end in value])
        keys, positions = np.unique(ends, axis=1, return_inverse=True)
        boxes = list(zip(*keys.tolist(), strict=True))
        new = [index for index, box in enumerate(boxes) if box not in cached]
        arguments = zip(keys[::2, new], keys[1::2, new], strict=True)
        terms, domain = enclose(formula.op, [Interval(*pair) for pair in arguments], moving, order)
        rows = np.array([*(end for term in terms for end in term), domain]).T.tolist()
        cached.update(zip((boxes[index] for index in new), rows, strict=True))
        self.enclosed += len(new)
        table = (
            np.array([cached[box] for box in boxes])
            .reshape(-1, 2 * order + 3)
            .T[:, positions.ravel()]
        )
        pairs = zip(table[:-1:2], table[1::2], strict=True)
        return [Interval(*pair) for pair in pairs], table[-1].astype(np.int8)


def compared(op: str, apart: Interval, sides: Sequence[Jet]) -> Domain:
    """Return a comparison's truth over boxes: 1, −1, or 0; undefined sides leave it open."""
    above, below = apart.lo > 0, apart.hi < 0
    not_below, not_above = apart.lo >= 0, apart.hi <= 0
    equal = not_below & not_above
    yes, no = {
        "lt": (below, not_below),
        "le": (not_above, above),
        "gt": (above, not_above),
        "ge": (not_below, below),
        "eq": (equal, above | below),
        "ne": (above | below, equal),
    }[op]
    sure = np.minimum.reduce([side.domain for side in sides]) > 0
    return np.where(sure & yes, 1, np.where(sure & no, -1, 0)).astype(np.int8)


def _logic(op: str, args: Sequence[Domain]) -> Domain:
    match op:
        case "and":
            return _least_of(args)
        case "or":
            return (-_least_of([-arg for arg in args])).astype(np.int8)
    return (-args[0]).astype(np.int8)


def _least_of(args: Sequence[Domain]) -> Domain:
    return cast(Domain, np.minimum.reduce(list(args)))


def _sum(pairs: Pairs, term: Node, args: Sequence[Jet]) -> Jet:  # noqa: ARG001
    return reduce(jets.total, args)


def _product(pairs: Pairs, term: Node, args: Sequence[Jet]) -> Jet:  # noqa: ARG001
    return reduce(lambda x, y: jets.product(pairs, x, y), args)


def _power(pairs: Pairs, term: Node, args: Sequence[Jet]) -> Jet:
    exponent = fraction_of(term.args[1])
    if exponent is None:
        return jets.general_power(pairs, *args)
    if exponent.denominator == 1:
        return jets.integer_power(pairs, args[0], int(exponent))
    return jets.fractional_power(pairs, args[0], exponent)


def _root(pairs: Pairs, term: Node, args: Sequence[Jet]) -> Jet:
    order = fraction_of(term.args[1])
    if order is None or order == 0 or order.denominator != 1:
        ones = Jet(Interval(*(np.ones_like(end) for end in args[1].value)), args[1].domain)
        return jets.general_power(pairs, args[0], jets.quotient(pairs, ones, args[1]))
    if abs(order) == 1:
        return jets.integer_power(pairs, args[0], int(order))
    return jets.fractional_power(pairs, args[0], 1 / order)


def _greatest(pairs: Pairs, term: Node, args: Sequence[Jet]) -> Jet:  # noqa: ARG001
    return reduce(lambda x, y: jets.greatest(pairs, x, y), args)


def _least(pairs: Pairs, term: Node, args: Sequence[Jet]) -> Jet:
    return jets.opposite(_greatest(pairs, term, [jets.opposite(arg) for arg in args]))


_RULES: Mapping[str, Callable[[Pairs, Node, Sequence[Jet]], Jet]] = {
    "add": _sum,
    "neg": lambda pairs, each, args: jets.opposite(args[0]),  # noqa: ARG005
    "mul": _product,
    "div": lambda pairs, each, args: jets.quotient(pairs, *args),  # noqa: ARG005
    "pow": _power,
    "root": _root,
    "max": _greatest,
    "min": _least,
}


def _ends(term: Node) -> tuple[float, float, int]:
    """Return bounds of a constant, and whether it is defined; of a condition its truth."""
    if term.op == CONSTANT and term.value in ("true", "false"):
        return -np.inf, np.inf, 1
    exact = fraction_of(term)
    if exact is not None:
        ball: object = flint_fraction(exact)
    else:
        ball = Walk(term, {}).value(CONSTANT_BITS)
    if isinstance(ball, bool):
        return -np.inf, np.inf, 1 if ball else -1
    if isinstance(ball, Trouble):
        return -np.inf, np.inf, -1 if isinstance(ball, Undefined) else 0
    if isinstance(ball, fmpq):
        near = float(python_fraction(ball))
        if Fraction(near) == python_fraction(ball):
            return near, near, 1
        ball = arb(ball)
    if cast(arb, ball).contains(0) and proved_sign(term, {}) == 0:
        return 0.0, 0.0, 1
    return *ends_of(cast(arb, ball)), 1
