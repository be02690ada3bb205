"""Formulas as typed → formulas that keep their digits and don't overflow on their way.

Each rewriting is an identity of the real numbers, wherever the formula as typed has a value: the
logistic function, ``log(1 + e^x)`` and their like are written by exponentials that can overflow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import NamedTuple

from diffcli.language.expression import CONSTANT, NUMBER, Node, node, number, postorder

ZERO, ONE, TWO = number(0), number(1), number(2)


def rewritten(root: Node) -> Node:
    """Return a formula with stable forms instead of those that overflow or cancel."""
    stable: dict[Node, Node] = {}
    for term in postorder([root]):
        result = term
        if not term.is_leaf:
            args = [stable[arg] for arg in term.args]
            result = node(term.op, *args, value=term.value, static=term.static)
        rule = _RULES.get(result.op)
        stable[term] = (rule(result) or result) if rule else result
    return stable[root]


class _Exponential(NamedTuple):
    """``factor`` times e to the power ``exponent``."""

    factor: Fraction
    exponent: Node


def _exponential(term: Node) -> _Exponential | None:
    """Return a term as an exponential; a number is one too."""
    if term.op == NUMBER:
        return _Exponential(Fraction(term.value or 0), ZERO)
    if term.op == "exp":
        return _Exponential(Fraction(1), term.args[0])
    if term.op == "pow" and term.args[0].op == CONSTANT and term.args[0].value == "e":
        return _Exponential(Fraction(1), term.args[1])
    if term.op == "neg":
        inner = _exponential(term.args[0])
        return inner and _Exponential(-inner.factor, inner.exponent)
    if term.op == "mul" and len(term.args) == 2:
        first, second = map(_exponential, term.args)
        if first and second and ZERO in (first.exponent, second.exponent):
            exponent = second.exponent if first.exponent is ZERO else first.exponent
            return _Exponential(first.factor * second.factor, exponent)
    return None


def _two(term: Node) -> tuple[_Exponential, ...] | None:
    """Return the two different exponentials that a term is the sum of, if it is."""
    if term.op == "neg":
        inner = _two(term.args[0])
        return inner and tuple(_Exponential(-factor.factor, factor.exponent) for factor in inner)
    if term.op == "expm1":
        return _Exponential(Fraction(1), term.args[0]), _Exponential(Fraction(-1), ZERO)
    if term.op != "add" or len(term.args) != 2:
        return None
    first, second = map(_exponential, term.args)
    if not first or not second or first.exponent is second.exponent:
        return None
    return first, second


def _minus(x: Node, y: Node) -> Node:
    if y is ZERO:
        return x
    if x is ZERO:
        return y.args[0] if y.op == "neg" else node("neg", y)
    return node("add", x, y.args[0] if y.op == "neg" else node("neg", y))


def _shifted(larger: _Exponential, smaller: _Exponential) -> Node:
    """Return what e is raised to in the quotient of two exponentials with positive factors."""
    difference = _minus(larger.exponent, smaller.exponent)
    ratio = larger.factor / smaller.factor
    return difference if ratio == 1 else node("add", difference, node("log", number(ratio)))


def _quotient(term: Node) -> Node | None:
    """Write a/(c + d·e^u) by sigmoid, and (e^u − e^v)/(e^u + e^v) by tanh."""
    above, below = term.args
    terms = _two(below)
    if terms is None or min(term.factor for term in terms) <= 0:
        return None
    first, second = terms
    difference = _two(above)
    if difference is not None and all(term.factor == 1 for term in terms):
        signs = {term.exponent: term.factor for term in difference}
        if signs == {first.exponent: 1, second.exponent: -1}:
            return _tanh(first.exponent, second.exponent)
        if signs == {first.exponent: -1, second.exponent: 1}:
            return _tanh(second.exponent, first.exponent)
    single = _exponential(above)
    for one, other in ((first, second), (second, first)):
        if single and single.exponent is one.exponent:
            return _scaled(
                number(single.factor / one.factor), node("sigmoid", _shifted(one, other))
            )
    for one, other in ((first, second), (second, first)):
        if one.exponent is ZERO:
            scale = above if one.factor == 1 else node("div", above, number(one.factor))
            return _scaled(scale, node("sigmoid", _shifted(one, other)))
    return None


def _tanh(first: Node, second: Node) -> Node:
    return node("tanh", node("div", _minus(first, second), TWO))


def _scaled(scale: Node, value: Node) -> Node:
    return value if scale is ONE else node("mul", scale, value)


def _power(term: Node) -> Node | None:
    """Write (c + d·e^u)^-1 as a quotient is written."""
    base, exponent = term.args
    return _quotient(node("div", ONE, base)) if exponent is number(-1) else None


def _logarithm(term: Node) -> Node | None:
    """Write log(1 + u) by log1p, and log(c·e^u + d·e^v) by softplus."""
    (argument,) = term.args
    terms = _two(argument)
    if terms is not None and min(term.factor for term in terms) > 0:
        first, second = sorted(terms, key=lambda term: term.exponent is not ZERO)
        soft = node("softplus", _shifted(second, first))
        offset = first.exponent
        if first.factor != 1:
            constant = node("log", number(first.factor))
            offset = constant if offset is ZERO else node("add", constant, offset)
        return soft if offset is ZERO else node("add", offset, soft)
    if argument.op == "add" and ONE in argument.args:
        rest = list(argument.args)
        rest.remove(ONE)
        return node("log1p", rest[0] if len(rest) == 1 else node("add", *rest))
    return None


_MINUS_ONE = (number(-1), node("neg", ONE))


def _sum(each: Node) -> Node | None:
    """Write e^u − 1 by expm1."""
    for one, opposite in ((1, _MINUS_ONE), (-1, (ONE,))):
        for position, arg in enumerate(each.args):
            term = _exponential(arg)
            if term is None or term.factor != one or term.exponent is ZERO:
                continue
            rest = [other for i, other in enumerate(each.args) if i != position]
            constant = next((other for other in rest if other in opposite), None)
            if constant is None:
                continue
            rest.remove(constant)
            small = node("expm1", term.exponent)
            terms = [small if one == 1 else node("neg", small), *rest]
            return terms[0] if len(terms) == 1 else node("add", *terms)
    return None


def _root(term: Node) -> Node | None:
    """Write sqrt(x² + y²) by hypot, of more squares too."""
    (argument,) = term.args
    if argument.op != "add":
        return None
    sides = [_squared(term) for term in argument.args]
    if not all(sides) or all(side is ONE for side in sides):
        return None
    first, *others = [side for side in sides if side]
    for other in others:
        first = node("hypot", first, other)
    return first


def _squared(term: Node) -> Node | None:
    """Return what a term is the square of."""
    if term is ONE:
        return ONE
    if term.op == "pow" and term.args[1] is TWO:
        return term.args[0]
    if term.op == "mul" and len(term.args) == 2 and term.args[0] is term.args[1]:
        return term.args[0]
    return None


_RULES: Mapping[str, Callable[[Node], Node | None]] = MappingProxyType(
    {
        "add": _sum,
        "div": _quotient,
        "pow": _power,
        "log": _logarithm,
        "sqrt": _root,
    }
)
