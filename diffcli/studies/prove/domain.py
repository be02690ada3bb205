"""What must hold for a formula to have a value: roots of what isn't negative, no division by 0."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import cast

from diffcli.engines.boxes.bounds import simplified
from diffcli.engines.boxes.region import Region
from diffcli.language.expression import (
    CONSTANT,
    NUMBER,
    VARIABLE,
    Node,
    node,
    number,
    postorder,
)
from diffcli.language.functions import TABLE
from diffcli.language.rationals import fraction_of

Needed = tuple[Node, bool]
"""A formula that must not be negative, or with True must be positive."""


def _power(function: Node) -> list[Needed]:
    base, exponent = function.args
    exact = fraction_of(exponent)
    if exact is None:
        return [(base, True)]
    if exact.denominator % 2 == 0:
        return [(base, exact < 0)]
    return [(node("pow", base, number(2)), True)] if exact < 0 else []


def _nonzero(term: Node) -> list[Needed]:
    """Return what must hold for a divisor with a value not to be 0."""
    if term.op == "mul":
        return [needed for arg in term.args for needed in _nonzero(arg)]
    if term.op == "sqrt":
        return [(term.args[0], True)]
    return [(node("pow", term, number(2)), True)]


def _unit(function: Node) -> list[Needed]:
    (arg,) = function.args
    return [(node("add", number(1), node("neg", arg)), False), (node("add", number(1), arg), False)]


_RULES: Mapping[str, Callable[[Node], list[Needed]]] = {
    "sqrt": lambda function: [(function.args[0], False)],
    "log": lambda function: [(function.args[0], True)],
    "log1p": lambda function: [(node("add", number(1), function.args[0]), True)],
    "div": lambda function: _nonzero(function.args[1]),
    "pow": _power,
    "asin": _unit,
    "acos": _unit,
    "acosh": lambda function: [(node("add", function.args[0], number(-1)), False)],
}
_BY_DOMAIN: Mapping[str, Callable[[Node], list[Needed]]] = {
    "all x": lambda function: [],  # noqa: ARG005
    "x > 0": lambda function: [(function.args[0], True)],
    "a > 0, x ≥ 0": lambda function: [(function.args[0], True), (function.args[1], False)],
    "m < 1": lambda function: [(node("add", number(1), node("neg", function.args[0])), True)],
    "−1 < x < 1": lambda function: [(part, True) for part, _ in _unit(function)],
}
"""What the domains of rows mean that have no rule of their own."""
_OTHER = frozenset({"piecewise", "detach", "clamp"})


def _needed(function: Node) -> list[Needed] | None:
    """Return what must hold for one function to have a value; None where no rule says."""
    if function.is_leaf or function.op in _RULES:
        return _RULES[function.op](function) if function.op in _RULES else []
    if function.op not in TABLE or function.op in _OTHER or TABLE[function.op].boolean:
        return None
    rule = _BY_DOMAIN.get(TABLE[function.op].domain)
    return None if rule is None or not _fits(function, rule) else rule(function)


def _fits(function: Node, rule: Callable[[Node], list[Needed]]) -> bool:
    """Whether the rule of a domain is about as many arguments as a function has."""
    return len(function.args) <= 1 or rule is not _BY_DOMAIN["x > 0"]


def obligations(formula: Node) -> list[Needed] | None:
    """Return what must hold for a formula to be defined; None where rules don't say.

    Numbers that certainly fit are left out.
    """
    found: dict[Needed, None] = {}
    moving: dict[Node, bool] = {}
    for function in postorder(simplified([formula])):
        moving[function] = function.op == VARIABLE or any(moving[arg] for arg in function.args)
        needed = _needed(function)
        if needed is None:
            return None
        for part, strict in needed:
            exact = fraction_of(part)
            if exact is None or exact < 0 or (strict and exact == 0):
                found[part, strict] = None
    return [
        (part, strict)
        for part, strict in found
        if not _is_positive_number(part) and (strict or (part, True) not in found)
    ]


def sign_by_form(formula: Node, region: Region) -> int | None:
    """Return 1 where a formula is positive by what it is made of, 0 where it isn't negative.

    Both are meant wherever it has a value; None is for others.
    """
    known: dict[Node, int | None] = {}
    for function in postorder([formula]):
        if function.op == VARIABLE:
            low = region.low.lo[region.names.index(str(function.value)), 0]
            known[function] = 1 if low > 0 else 0 if low == 0 else None
        else:
            known[function] = _sign_by_form(function, [known[arg] for arg in function.args])
    return known[formula]


def _sign_by_form(function: Node, args: Sequence[int | None]) -> int | None:
    if function.op == NUMBER:
        value = cast(Fraction, function.value)
        return 1 if value > 0 else 0 if value == 0 else None
    if function.op == CONSTANT:
        return 1 if function.value in ("pi", "e", "tau") else None
    signs = [sign for sign in args if sign is not None]
    if function.op == "pow":
        exponent = fraction_of(function.args[1])
        is_even = exponent is not None and exponent % 2 == 0 and exponent > 0
        return args[0] if args[0] is not None else 0 if is_even else None
    if function.op in ("max", "add"):
        # The sum, like the greatest, of what isn't negative is positive where one part is.
        complete = function.op == "max" or len(signs) == len(args)
        return max(signs, default=None) if complete else None
    if function.op in ("mul", "div", "min"):
        return min(signs) if len(signs) == len(args) else None
    if function.op == "sqrt":
        return args[0] or 0
    if function.op == "abs":
        return 0
    return (
        1 if function.op in TABLE and TABLE[function.op].range.startswith(("(0,", "[1,")) else None
    )


def _is_positive_number(part: Node) -> bool:
    if part.op != "pow":
        return False
    base = fraction_of(part.args[0])
    return base is not None and base != Fraction(0)
