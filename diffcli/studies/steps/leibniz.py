"""The derivative of an integral: the fundamental theorem of calculus, and Leibniz's rule."""

from __future__ import annotations

from collections.abc import Iterator

from diffcli.errors import FormulaError
from diffcli.language.algebra import ZERO, Algebra
from diffcli.language.expression import (
    VARIABLE,
    Node,
    is_integral,
    node,
    opened,
    postorder,
    substituted,
    unused,
    variable,
)
from diffcli.language.integrals import integral, moving_jump
from diffcli.language.printer import text_of
from diffcli.studies.steps.rule_use import (
    ITSELF,
    PART,
    PRIME,
    Moves,
    Nodes,
    RuleUse,
    named,
    negative,
    plus,
    times,
)

_UNDER = "derivative under the integral sign", "the integrand's derivative, integrated"
_LEIBNIZ = (
    "Leibniz's rule",
    "a bound that moves adds the integrand there, times the bound's derivative",
)
"""The rule and its words: for a parameter alone, and for a bound too."""


def within(term: Node) -> Iterator[Node]:
    """Yield the nodes of a term, with those of the integrands in it."""
    for part in postorder([term]):
        if is_integral(part.op):
            yield from within(opened(part)[0])
        yield part


def integral_rule(term: Node, moves: Moves, x: Node, _: Algebra) -> RuleUse:
    """Return the rule of a definite integral of which a bound or the integrand moves.

    DLMF 1.4.25 (the fundamental theorem) and 1.5.22 (Leibniz).
    """
    low, high = term.args[:2]
    bounds = tuple(named(end, x) if moves(end) else (ITSELF, end) for end in (low, high))
    moving = moves(low) or moves(high)
    if not any(map(moves, term.args[2:])):
        chained = PART in dict(bounds)
        return RuleUse(
            "fundamental theorem of calculus" + " and chain rule" * chained,
            bounds,
            lambda *ends: node(term.op, *ends, *term.args[2:]),
            lambda ends, slopes: plus(*_ends(*opened(term), ends, slopes)),
        )
    body, t = _apart(term, moves, x)
    if jump := moving_jump(body, t, str(x.value)):
        raise FormulaError(
            f"the integrand {text_of(body)} may jump where {x.value} moves the jump "
            f"({text_of(jump)}): it isn't differentiated under the integral sign",
            hint="its derivative at a point: diffcli grad … --at …",
        )
    rule, note = _LEIBNIZ if moving else _UNDER
    return RuleUse(
        rule,
        ((PART, body), *bounds),
        lambda *_: term,
        lambda parts, slopes: plus(
            *_ends(body, t, parts[1:], slopes[1:]), _under(slopes[0], t, parts[1:])
        ),
        shown=0,
        note=note,
    )


def _apart(term: Node, moves: Moves, x: Node) -> tuple[Node, str]:
    """Return the integrand and its variable, by a name that isn't ``x`` itself."""
    body, t = opened(term)
    if not moves(variable(t)):
        return body, t
    taken = {str(term.value) for term in postorder([body, x]) if term.op == VARIABLE}
    name = unused(t, taken)
    return substituted(body, {variable(t): variable(name)}), name


def _ends(body: Node, t: str, ends: Nodes, slopes: Nodes) -> Iterator[Node]:
    """Yield what the upper and the lower bound add."""
    low, high = ends
    yield times(substituted(body, {variable(t): high}), slopes[1])
    yield negative(times(substituted(body, {variable(t): low}), slopes[0]))


def _under(slope: Node, t: str, ends: Nodes) -> Node:
    low, high = ends
    if any(str(term.value).endswith(PRIME) for term in postorder([slope]) if term.op == VARIABLE):
        raise FormulaError(
            "an integrand in which a variable depends on another is not differentiated",
            hint="its derivative at a point: diffcli implicit … --at …",
        )
    return slope if slope is ZERO else integral(slope, t, low, high, {})
