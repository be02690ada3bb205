"""Derivatives that stand inside a formula, resolved to nodes before any engine sees them.

The rules are the column ``partials`` of the table of functions, in the language itself; sums,
products, quotients and powers have theirs here. The domain is that of the resolved formula: the
derivative of log(x) is 1/x.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from diffcli.language.algebra import ONE, ZERO, Algebra, as_power, signed
from diffcli.language.builder import Builder
from diffcli.language.expression import (
    CONSTANT,
    VARIABLE,
    Node,
    integrand_of,
    is_integral,
    is_unknown,
    node,
    number,
    postorder,
    variable,
)
from diffcli.language.functions import TABLE, Row
from diffcli.language.integrals import integral, moving_jump
from diffcli.language.printer import text_of
from diffcli.language.rules import ARGUMENTS, formula
from diffcli.language.unknown import raised


def differentiate(value: Node, name: str, build: Builder, order: int = 1) -> Node:
    """Return the derivative of a node in a variable.

    Raises FormulaError for a function without a closed derivative, LimitError where it swells.
    """
    algebra = Algebra(build)
    for _ in range(order):
        value = _derivative(value, name, algebra)
        if value is ZERO:
            break
    return signed(value)


def derivative_at(row: Row, argument: Node, build: Builder, order: int) -> Node:
    """Return the derivative of a function of one argument there: ``sin''(x)``.

    Raises what :func:`differentiate` raises.
    """
    x = ARGUMENTS[0]
    slope = differentiate(node(row.name, variable(x)), x, build, order)
    return Algebra(build).graft(slope, {variable(x): argument})


def _derivative(root: Node, name: str, algebra: Algebra) -> Node:
    slopes: dict[Node, Node] = {}
    for each in postorder([root]):
        if all(slopes[arg] is ZERO for arg in each.args):
            slopes[each] = ONE if each.op == VARIABLE and each.value == name else ZERO
        else:
            slopes[each] = tangent(algebra, each, slopes)
    return slopes[root]


def slope(algebra: Algebra, each: Node, arg: Node) -> Node:
    """Return the derivative of an operation in one of its arguments alone.

    Raises what the algebra's builder raises where there is no closed one.
    """
    return tangent(algebra, each, {other: ONE if other is arg else ZERO for other in each.args})


def tangent(algebra: Algebra, each: Node, slopes: Slopes) -> Node:
    """Return the derivative of an operation from those of its arguments.

    Raises what the algebra's builder raises where there is no closed one.
    """
    rule = _RULES.get(each.op, _call)
    if is_integral(each.op):
        rule = _integral
    elif is_unknown(each.op):
        rule = _unknown
    return rule(algebra, each, slopes)


Slopes = Mapping[Node, Node]
"""The derivatives of the nodes below, by node."""


def _sum(algebra: Algebra, each: Node, slopes: Slopes) -> Node:
    return algebra.add(*(slopes[arg] for arg in each.args))


def _negation(algebra: Algebra, each: Node, slopes: Slopes) -> Node:
    return algebra.neg(slopes[each.args[0]])


def _product(algebra: Algebra, each: Node, slopes: Slopes) -> Node:
    def terms() -> Iterable[Node]:
        for index, arg in enumerate(each.args):
            if slopes[arg] is not ZERO:
                yield algebra.mul(*each.args[:index], slopes[arg], *each.args[index + 1 :])

    return algebra.add(*terms())


def _quotient(algebra: Algebra, each: Node, slopes: Slopes) -> Node:
    above, below = each.args
    if slopes[below] is ZERO:
        return algebra.div(slopes[above], below)
    # (u/v^n)' = (u'·v − n·u·v') / v^(n+1)
    base, exponent = as_power(below)
    # The line below keeps the domain of what cancels above it.
    rise = algebra.cancelled(algebra.mul(slopes[above], base), base)
    fall = algebra.mul(number(-exponent), above, slopes[base])
    return algebra.div(algebra.add(rise, fall), algebra.pow(base, number(exponent + 1)))


def _power(algebra: Algebra, each: Node, slopes: Slopes) -> Node:
    base, exponent = each.args
    if slopes[exponent] is ZERO:
        lower = algebra.pow(base, algebra.lowered(exponent))
        return algebra.mul(exponent, slopes[base], lower)
    if base.op == CONSTANT and base.value == "e":
        return algebra.mul(slopes[exponent], each)
    growth = algebra.mul(slopes[exponent], algebra.make("log", base))
    if slopes[base] is not ZERO:
        # The logarithm keeps the domain of what cancels.
        ratio = algebra.div(algebra.mul(exponent, slopes[base]), base)
        growth = algebra.add(growth, algebra.cancelled(ratio, base))
    return algebra.mul(each, growth)


def _call(algebra: Algebra, each: Node, slopes: Slopes) -> Node:
    places = {variable(x): arg for x, arg in zip(ARGUMENTS, each.args, strict=False)}
    partials = TABLE[each.op].partials if each.op in TABLE else ()
    terms: list[Node] = []
    for index, arg in enumerate(each.args):
        if slopes[arg] is ZERO:
            continue
        if index >= len(partials) or not partials[index]:
            place = f" in its argument {index + 1}" if any(partials) else ""
            raise algebra.build.fail(
                f"{each.op} has no closed derivative{place}",
                hint="differentiate with the command instead, as in --order 2",
            )
        terms.append(algebra.mul(slopes[arg], algebra.graft(formula(partials[index]), places)))
    return algebra.add(*terms)


def _unknown(algebra: Algebra, each: Node, slopes: Slopes) -> Node:
    """Apply the chain rule to a function that is only named."""
    return algebra.add(
        *(
            algebra.mul(node(raised(each.op, index), *each.args), slopes[arg])
            for index, arg in enumerate(each.args)
            if slopes[arg] is not ZERO
        )
    )


def _integral(algebra: Algebra, each: Node, slopes: Slopes) -> Node:
    """Apply Leibniz's rule (DLMF 1.5.22)."""
    found = integrand_of(each)
    low, high, *others = each.args
    places = dict(zip(found.parameters, others, strict=True))

    def at(bound: Node) -> Node:
        inner = {found.variable: bound, **places}
        return algebra.graft(found.body, {variable(name): arg for name, arg in inner.items()})

    terms = [algebra.mul(slopes[high], at(high))] if slopes[high] is not ZERO else []
    if slopes[low] is not ZERO:
        terms.append(algebra.neg(algebra.mul(slopes[low], at(low))))
    for name, arg in places.items():
        if slopes[arg] is ZERO:
            continue
        if jump := moving_jump(found.body, found.variable, name):
            raise algebra.build.fail(
                f"an integrand that may jump where {name} moves the jump ({text_of(jump)}) "
                "has no closed derivative",
                hint="differentiate with the command instead, at a point",
            )
        under = _derivative(found.body, name, algebra)
        if under is not ZERO:
            moved = integral(under, found.variable, low, high, places)
            terms.append(algebra.mul(slopes[arg], moved))
    return algebra.add(*terms)


def _changes(*_: object) -> Node:
    """Say that a condition isn't constant: what it chooses has no closed derivative."""
    return ONE


_RULES: Mapping[str, Callable[[Algebra, Node, Slopes], Node]] = {
    **{row.name: _changes for row in TABLE.values() if row.boolean},
    "add": _sum,
    "neg": _negation,
    "mul": _product,
    "div": _quotient,
    "pow": _power,
}
