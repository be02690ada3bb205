"""Definite integrals: functions of their bounds, and of what else their integrands depend on.

``integrate(exp(-s*t^2), t=0..x)`` is a function of 0, x and s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from diffcli.errors import LimitError
from diffcli.language.expression import (
    NUMBER,
    VARIABLE,
    IntegralOp,
    Integrand,
    Node,
    constant,
    is_integral,
    names_in,
    node,
    number,
    opened,
    postorder,
    substituted,
    variable,
)
from diffcli.language.functions import TABLE
from diffcli.language.printer import CUT, text_of
from diffcli.language.rationals import is_whole


def integral(body: Node, name: str, low: Node, high: Node, arguments: Mapping[str, Node]) -> Node:
    """Return the node of an integral; ``arguments`` are the values of the other variables.

    A variable that has none stands for itself. Raises LimitError for an integrand too long to be
    written out.
    """
    free = sorted(names_in([body]) - {name})
    text = text_of(body, euler="E" if "e" in (name, *free) else "e")
    if CUT in text:
        raise LimitError("the integrand is too long", hint="name its parts: y = …; z = …")
    op = IntegralOp(text, Integrand(body, name, tuple(free)))
    return node(op, low, high, *(arguments.get(other) or variable(other) for other in free))


INFINITY = constant("inf")
_BELOW = node("neg", INFINITY)
_ONE, _TWO = number(1), number(2)


def within_finite(body: Node, name: Node, low: Node, high: Node) -> tuple[Node, Node, Node]:
    """Return an integrand and its bounds; an infinite range is mapped onto a finite one.

    From a to ∞ it is t = a + u/(1 - u), from −∞ to b it is t = b - u/(1 - u), both for u from 0 to
    1; from −∞ to ∞ it is t = u/(1 - u²) for u from −1 to 1. The integrand stands for f(t)·dt/du.
    """
    infinite = {INFINITY: 1, _BELOW: -1}
    ends = infinite.get(low, 0), infinite.get(high, 0)
    if ends == (0, 0):
        return body, low, high
    if ends[0] == ends[1]:
        return number(0), number(0), _ONE
    if ends[0] > 0 or (ends[1] < 0 and not ends[0]):
        back, start, end = within_finite(body, name, high, low)
        return node("neg", back), start, end
    if ends == (-1, 1):
        square = node("pow", name, _TWO)
        rest = node("add", _ONE, node("neg", square))
        image = node("div", name, rest)
        slope = node("div", node("add", _ONE, square), node("pow", rest, _TWO))
        mapped = node("mul", substituted(body, {name: image}), slope)
        return mapped, node("neg", _ONE), _ONE
    finite, sign = (low, 1) if ends[1] else (high, -1)
    rest = node("add", _ONE, node("neg", name))
    way = node("div", name, rest)
    image = way if sign > 0 else node("neg", way)
    if finite is not number(0):
        image = node("add", finite, image)
    mapped = node("div", substituted(body, {name: image}), node("pow", rest, _TWO))
    return mapped, number(0), _ONE


def moving_jump(body: Node, name: str, parameter: str) -> Node | None:
    """Return a term of an integrand in ``name`` that jumps where a parameter moves the jump.

    Leibniz's rule doesn't hold for such a parameter: the derivative of the integral is not that of
    the integrand, integrated. A divisor with a kink makes a jump too, as in ``(x - t)/abs(x - t)``,
    and a pole below a function or a root may make one, as in ``atan(1/(x - t))``.
    """
    both = {name, parameter}
    depends: dict[Node, set[str]] = {}
    has_kink: dict[Node, bool] = {}
    has_pole: dict[Node, bool] = {}
    for term in postorder([body]):
        own = {str(term.value)} if term.op == VARIABLE else set()
        depends[term] = own.union(*(depends[arg] for arg in term.args)) & both
        if term.is_leaf or depends[term] < both:
            has_kink[term] = has_pole[term] = False
            continue
        row = TABLE[term.op]
        has_kink[term] = _is_kinked(term) or any(has_kink[arg] for arg in term.args)
        jumps = row.jumps or row.boolean
        if is_integral(term.op):
            jumps = moving_jump(opened(term)[0], name, parameter) is not None
        inner_pole = any(has_pole[arg] for arg in term.args)
        has_pole[term] = inner_pole or _is_pole(term, [depends[arg] == both for arg in term.args])
        jumps = jumps or (inner_pole and not _is_rational(term))
        divides = term.op == "div" or (term.op == "pow" and term.args[1].op != NUMBER)
        if jumps or (divides and has_kink[term.args[1 if term.op == "div" else 0]]):
            return term
    return None


def _is_pole(term: Node, moves: Sequence[bool]) -> bool:
    """Return whether an operation has a pole where some of its arguments, which move, are 0."""
    if term.op == "div":
        return moves[1]
    if term.op == "pow":
        return moves[0] and term.args[1].op != NUMBER
    return term.op in WITH_POLES and any(moves)


def _is_rational(term: Node) -> bool:
    """Return whether an operation makes of a pole a pole or none, but no jump."""
    if term.op == "pow":
        return is_whole(term.args[1])
    return term.op in ("add", "mul", "div", "neg")


def _is_kinked(term: Node) -> bool:
    if term.op == "sqrt":
        return term.args[0].op == "pow"
    return term.op in KINKED


KINKED = frozenset(row.name for row in TABLE.values() if row.kinks) - {"hypot", "piecewise"} | {
    "softsign"
}
"""The functions that have a kink where one term is 0."""

WITH_POLES = frozenset("tan cot sec csc coth csch gamma digamma polygamma zeta beta".split())
"""The functions that have a pole with a change of sign."""
