"""The rules of differentiation as a teacher names them: which of them fits a term."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain
from types import MappingProxyType

from diffcli.language.algebra import Algebra
from diffcli.language.expression import CONSTANT, Node, constant, is_integral, node, number
from diffcli.language.functions import TABLE
from diffcli.studies.steps.calls import call, note_of
from diffcli.studies.steps.leibniz import integral_rule
from diffcli.studies.steps.rule_use import (
    BASE,
    EXPONENT,
    FACTOR,
    ITSELF,
    PART,
    Moves,
    Nodes,
    RuleUse,
    named,
    negative,
    over,
    plus,
    times,
)

_AT_ONCE = 3
"""Factors that the product rule takes at once, and terms of a sum that its statement shows."""


def rule_for(term: Node, moves: Moves, x: Node, algebra: Algebra) -> RuleUse:
    """Return the rule that differentiates a term that depends on ``x``.

    Raises FormulaError for a function that has no closed derivative.
    """
    rule = integral_rule if is_integral(term.op) else RULES.get(term.op, call)
    return rule(term, moves, x, algebra)


def _sum(term: Node, _: Moves, __: Node, ___: Algebra) -> RuleUse:
    minus = [arg.op == "neg" for arg in term.args]

    def signed(parts: Nodes) -> Nodes:
        pairs = zip(parts, minus, strict=False)
        return [negative(part) if subtracted else part for part, subtracted in pairs]

    return RuleUse(
        "difference rule" if minus == [False, True] else "sum rule",
        tuple((PART, a.args[0] if m else a) for a, m in zip(term.args, minus, strict=True)),
        lambda *parts: node("add", *signed(parts)),
        lambda _, slopes: plus(*signed(slopes)),
        shown=_AT_ONCE,
    )


def _negation(term: Node, _: Moves, __: Node, ___: Algebra) -> RuleUse:
    return RuleUse(
        "constant factor −1",
        ((PART, term.args[0]),),
        lambda u: node("neg", u),
        lambda _, slopes: negative(slopes[0]),
    )


def _product(term: Node, moves: Moves, _: Node, __: Algebra) -> RuleUse:
    fixed = [arg for arg in term.args if not moves(arg)]
    moving = [arg for arg in term.args if moves(arg)]
    if fixed:
        parts = (FACTOR, times(*fixed)), (PART, times(*moving))
        return RuleUse("constant factor", parts, times, lambda p, d: times(p[0], d[1]))
    if len(moving) > _AT_ONCE:
        moving = [moving[0], times(*moving[1:])]
    return RuleUse(
        "product rule", tuple((PART, factor) for factor in moving), times, _product_slope
    )


def _product_slope(parts: Nodes, slopes: Nodes) -> Node:
    return plus(*(times(*parts[:i], slope, *parts[i + 1 :]) for i, slope in enumerate(slopes)))


def _quotient(term: Node, moves: Moves, _: Node, __: Algebra) -> RuleUse:
    above, below = term.args
    shape = lambda u, v: node("div", u, v)  # noqa: E731  (three rules share it)
    if not moves(below):
        parts = (PART, above), (FACTOR, below)
        return RuleUse("constant divisor", parts, shape, lambda p, d: over(d[0], p[1]))
    square = number(2)
    if not moves(above):
        return RuleUse(
            "reciprocal rule",
            ((FACTOR, above), (PART, below)),
            shape,
            lambda p, d: negative(over(times(p[0], d[1]), node("pow", p[1], square))),
        )
    return RuleUse(
        "quotient rule",
        ((PART, above), (PART, below)),
        shape,
        lambda p, d: over(
            plus(times(d[0], p[1]), negative(times(p[0], d[1]))), node("pow", p[1], square)
        ),
    )


def _power(term: Node, moves: Moves, x: Node, algebra: Algebra) -> RuleUse:
    base, exponent = term.args
    shape = lambda u, v: node("pow", u, v)  # noqa: E731  (four rules share it)
    if not moves(exponent):
        rule = "power rule" if base is x else "power rule and chain rule"
        return RuleUse(
            rule,
            (named(base, x), (EXPONENT, exponent)),
            shape,
            lambda p, d: times(p[1], algebra.pow(p[0], algebra.lowered(p[1])), d[0]),
        )
    rule = "exponential rule" if exponent is x else "exponential rule and chain rule"
    if base.op == CONSTANT and base.value == "e":
        parts = (ITSELF, base), named(exponent, x)
        return RuleUse(rule, parts, shape, lambda p, d: times(node("pow", *p), d[1]))
    if not moves(base):
        return RuleUse(
            rule,
            ((BASE, base), named(exponent, x)),
            shape,
            lambda p, d: times(node("pow", *p), node("log", p[0]), d[1]),
        )
    return RuleUse(
        "logarithmic differentiation",
        ((PART, base), (PART, exponent)),
        shape,
        lambda p, d: times(node("pow", *p), _growth(p, d)),
        logarithm=lambda p, d: (times(p[1], node("log", p[0])), _growth(p, d)),
    )


def _growth(parts: Nodes, slopes: Nodes) -> Node:
    """Return the derivative of v·ln(u)."""
    (u, v), (u_slope, v_slope) = parts, slopes
    return plus(times(v_slope, node("log", u)), over(times(v, u_slope), u))


def _pieces(term: Node, _: Moves, __: Node, ___: Algebra) -> RuleUse:
    conditions = term.args[1::2]

    def choice(*values: Node) -> Node:
        return node("piecewise", *chain.from_iterable(zip(values, conditions, strict=True)))

    return RuleUse(
        "branch by branch",
        tuple((PART, value) for value in term.args[::2]),
        choice,
        lambda _, slopes: choice(*slopes),
        note="where the pieces meet, both sides must be looked at",
    )


def _extremum(term: Node, _: Moves, __: Node, ___: Algebra) -> RuleUse:
    order = "gt" if term.op == "max" else "lt"

    def slope(parts: Nodes, slopes: Nodes) -> Node:
        pieces: list[Node] = []
        for part, its_slope in zip(parts, slopes, strict=True):
            leads = [node(order, part, other) for other in parts if other is not part]
            condition = node("and", *leads) if len(leads) > 1 else (*leads, constant("true"))[0]
            pieces += [its_slope, condition]
        return node("piecewise", *pieces)

    return RuleUse(
        f"that of the {'greatest' if order == 'gt' else 'least'}",
        tuple((PART, part) for part in term.args),
        lambda *parts: node(term.op, *parts),
        slope,
        note=note_of(TABLE[term.op]),
    )


RULES: Mapping[str, Callable[[Node, Moves, Node, Algebra], RuleUse]] = MappingProxyType(
    {
        "add": _sum,
        "neg": _negation,
        "mul": _product,
        "div": _quotient,
        "pow": _power,
        "piecewise": _pieces,
        "max": _extremum,
        "min": _extremum,
    }
)
"""The rows with rules of their own; all others are called, and have partials."""
