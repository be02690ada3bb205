"""What must hold for a formula to have a value: roots of what isn't negative, no division by 0."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import cast

from diffcli.engines.boxes.bounds import rational_of, simplified
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

Needed = tuple[Node, bool]
"""A formula that must not be negative, or with True must be positive."""


def _power(each: Node) -> list[Needed]:
    base, exponent = each.args
    exact = rational_of(exponent)
    if exact is None:
        return [(base, True)]
    if exact.denominator % 2 == 0:
        return [(base, exact < 0)]
    return [(node("pow", base, number(2)), True)] if exact < 0 else []


def _unit(each: Node) -> list[Needed]:
    (arg,) = each.args
    return [(node("add", number(1), node("neg", arg)), False), (node("add", number(1), arg), False)]


_RULES: Mapping[str, Callable[[Node], list[Needed]]] = {
    "sqrt": lambda each: [(each.args[0], False)],
    "log": lambda each: [(each.args[0], True)],
    "log1p": lambda each: [(node("add", number(1), each.args[0]), True)],
    "div": lambda each: [(node("pow", each.args[1], number(2)), True)],
    "pow": _power,
    "asin": _unit,
    "acos": _unit,
    "acosh": lambda each: [(node("add", each.args[0], number(-1)), False)],
}
_TOTAL = frozenset(
    "add mul neg exp expm1 sin cos atan sinh cosh tanh asinh abs sign floor ceil round max min "
    "erf erfc number constant variable".split()
)


def obligations(formula: Node) -> list[Needed] | None:
    """Return what must hold for a formula to be defined; None where rules don't say.

    Numbers that certainly fit are left out.
    """
    found: dict[Needed, None] = {}
    moving: dict[Node, bool] = {}
    for each in postorder(simplified([formula])):
        moving[each] = each.op == VARIABLE or any(moving[arg] for arg in each.args)
        if each.op in _RULES:
            for part, strict in _RULES[each.op](each):
                exact = rational_of(part)
                if exact is None or exact < 0 or (strict and exact == 0):
                    found[part, strict] = None
        elif each.op not in _TOTAL:
            return None
    return [(part, strict) for part, strict in found if not _is_positive_number(part)]


def is_positive(formula: Node, region: Region) -> bool:
    """Whether a formula is positive wherever it has a value, by what it is made of."""
    known: dict[Node, bool] = {}
    for each in postorder([formula]):
        if each.op == VARIABLE:
            known[each] = bool(region.low.lo[region.names.index(str(each.value)), 0] > 0)
        else:
            known[each] = _is_positive(each, [known[arg] for arg in each.args])
    return known[formula]


def _is_positive(each: Node, args: list[bool]) -> bool:
    if each.op == NUMBER:
        return cast(Fraction, each.value) > 0
    if each.op == CONSTANT:
        return each.value in ("pi", "e", "tau")
    if each.op in ("add", "mul", "div", "sqrt", "min"):
        return all(args)
    if each.op == "max":
        return any(args)
    if each.op == "pow":
        return args[0]
    return each.op in TABLE and TABLE[each.op].range.startswith(("(0,", "[1,"))


def _is_positive_number(part: Node) -> bool:
    if part.op != "pow":
        return False
    base = rational_of(part.args[0])
    return base is not None and base != Fraction(0)
