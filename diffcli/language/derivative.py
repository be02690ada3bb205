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
    for term in postorder([root]):
        if all(slopes[arg] is ZERO for arg in term.args):
            slopes[term] = ONE if term.op == VARIABLE and term.value == name else ZERO
        else:
            slopes[term] = tangent(algebra, term, slopes)
    return slopes[root]


def slope(algebra: Algebra, term: Node, arg: Node) -> Node:
    """Return the derivative of an operation in one of its arguments alone.

    Raises what the algebra's builder raises where there is no closed one.
    """
    return tangent(algebra, term, {other: ONE if other is arg else ZERO for other in term.args})


def tangent(algebra: Algebra, term: Node, slopes: Slopes) -> Node:
    """Return the derivative of an operation from those of its arguments.

    Raises what the algebra's builder raises where there is no closed one.
    """
    rule = _RULES.get(term.op, _call)
    if is_integral(term.op):
        rule = _integral
    elif is_unknown(term.op):
        rule = _unknown
    return rule(algebra, term, slopes)


Slopes = Mapping[Node, Node]
"""The derivatives of the nodes below, by node."""


def _sum(algebra: Algebra, term: Node, slopes: Slopes) -> Node:
    return algebra.add(*(slopes[arg] for arg in term.args))


def _negation(algebra: Algebra, term: Node, slopes: Slopes) -> Node:
    return algebra.neg(slopes[term.args[0]])


def _product(algebra: Algebra, term: Node, slopes: Slopes) -> Node:
    def terms() -> Iterable[Node]:
        for index, arg in enumerate(term.args):
            if slopes[arg] is not ZERO:
                yield algebra.mul(*term.args[:index], slopes[arg], *term.args[index + 1 :])

    return algebra.add(*terms())


def _quotient(algebra: Algebra, term: Node, slopes: Slopes) -> Node:
    above, below = term.args
    if slopes[below] is ZERO:
        return algebra.div(slopes[above], below)
    # (u/v^n)' = (u'·v − n·u·v') / v^(n+1)
    base, exponent = as_power(below)
    # The line below keeps the domain of what cancels above it.
    rise = algebra.cancelled(algebra.mul(slopes[above], base), base)
    fall = algebra.mul(number(-exponent), above, slopes[base])
    return algebra.div(algebra.add(rise, fall), algebra.pow(base, number(exponent + 1)))


def _power(algebra: Algebra, term: Node, slopes: Slopes) -> Node:
    base, exponent = term.args
    if slopes[exponent] is ZERO:
        lower = algebra.pow(base, algebra.lowered(exponent))
        return algebra.mul(exponent, slopes[base], lower)
    if base.op == CONSTANT and base.value == "e":
        return algebra.mul(slopes[exponent], term)
    growth = algebra.mul(slopes[exponent], algebra.make("log", base))
    if slopes[base] is not ZERO:
        # The logarithm keeps the domain of what cancels.
        ratio = algebra.div(algebra.mul(exponent, slopes[base]), base)
        growth = algebra.add(growth, algebra.cancelled(ratio, base))
    return algebra.mul(term, growth)


def _call(algebra: Algebra, term: Node, slopes: Slopes) -> Node:
    arguments = {variable(x): arg for x, arg in zip(ARGUMENTS, term.args, strict=False)}
    partials = TABLE[term.op].partials if term.op in TABLE else ()
    terms: list[Node] = []
    for index, arg in enumerate(term.args):
        if slopes[arg] is ZERO:
            continue
        if index >= len(partials) or not partials[index]:
            where = f" in its argument {index + 1}" if any(partials) else ""
            raise algebra.build.fail(
                f"{term.op} has no closed derivative{where}",
                hint="differentiate with the command instead, as in --order 2",
            )
        terms.append(algebra.mul(slopes[arg], algebra.graft(formula(partials[index]), arguments)))
    return algebra.add(*terms)


def _unknown(algebra: Algebra, term: Node, slopes: Slopes) -> Node:
    """Apply the chain rule to a function that is only named."""
    return algebra.add(
        *(
            algebra.mul(node(raised(term.op, index), *term.args), slopes[arg])
            for index, arg in enumerate(term.args)
            if slopes[arg] is not ZERO
        )
    )


def _integral(algebra: Algebra, term: Node, slopes: Slopes) -> Node:
    """Apply Leibniz's rule (DLMF 1.5.22)."""
    integrand = integrand_of(term)
    low, high, *others = term.args
    arguments = dict(zip(integrand.parameters, others, strict=True))

    def at(bound: Node) -> Node:
        inner = {integrand.variable: bound, **arguments}
        return algebra.graft(integrand.body, {variable(name): arg for name, arg in inner.items()})

    terms = [algebra.mul(slopes[high], at(high))] if slopes[high] is not ZERO else []
    if slopes[low] is not ZERO:
        terms.append(algebra.neg(algebra.mul(slopes[low], at(low))))
    for name, arg in arguments.items():
        if slopes[arg] is ZERO:
            continue
        if jump := moving_jump(integrand.body, integrand.variable, name):
            raise algebra.build.fail(
                f"an integrand that may jump where {name} moves the jump ({text_of(jump)}) "
                "has no closed derivative",
                hint="differentiate with the command instead, at a point",
            )
        under = _derivative(integrand.body, name, algebra)
        if under is not ZERO:
            moved = integral(under, integrand.variable, low, high, arguments)
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
