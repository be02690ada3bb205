"""Functions with kinks and jumps: their derivatives between these, and where no formula holds.

Between its kinks |u| has the derivative sign(u), and a maximum that of the entry that is largest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from types import MappingProxyType

from diffcli.language.expression import Node, node, number, variable
from diffcli.language.functions import TABLE
from diffcli.language.printer import text_of
from diffcli.language.rules import ARGUMENTS, formula, stated
from diffcli.tensors.calculus.networks import Kink, Space

_ORDERED = frozenset({"lt", "le", "gt", "ge"})
"""Comparisons whose answer changes where both sides are equal."""
_SLOPES: Mapping[str, Callable[[Node], Node]] = MappingProxyType(
    {
        "abs": lambda u: node("sign", u),
        "relu": lambda u: node("heaviside", u, number(Fraction(1, 2))),
    }
)
"""Derivatives that the language has a name for, of functions of one argument."""
ZERO, WHOLE = "zero", "whole"
"""What a term is at a kink or a jump: 0, or a whole number."""
_CONDITIONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        ZERO: ("{} isn't 0", "no entry of {} is 0"),
        WHOLE: ("{} isn't whole", "no entry of {} is whole"),
        "amax": ("", "one entry of {} alone is the largest"),
        "amin": ("", "one entry of {} alone is the least"),
    }
)
"""Where a formula holds, beside each kind of kink, of a number and of a tensor."""


def slope_between(space: Space, tensor: Node, arg: Node) -> Node | None:
    """Return a function's derivative in an argument between its kinks and jumps, and note these.

    None of a function that is smooth, or whose derivative between them isn't known.
    """
    if tensor.op in _SLOPES:
        space.kinks[Kink(ZERO, arg)] = None
        return _SLOPES[tensor.op](arg)
    row, position = TABLE.get(tensor.op), tensor.args.index(arg)
    if row is None or position >= len(row.between):
        return None
    for text in row.kinks_at:
        space.kinks[Kink(ZERO, stated(text, tensor))] = None
    if row.jumps_at:
        space.kinks[Kink(WHOLE, stated(row.jumps_at, tensor))] = None
    places = {variable(x): own for x, own in zip(ARGUMENTS, tensor.args, strict=False)}
    return space.algebra.graft(formula(row.between[position]), places)


def note_choice(space: Space, tensor: Node) -> None:
    """Note where the conditions of a choice change."""
    for condition in tensor.args[1::2]:
        if condition.op in _ORDERED:
            space.kinks[Kink(ZERO, space.minus(*condition.args))] = None


def note_tie(space: Space, tensor: Node) -> None:
    """Note that a largest or least entry must be one alone."""
    space.kinks[Kink(tensor.op, tensor.args[0], tensor.static[0] is not None)] = None


def where_formulas_hold(space: Space) -> str:
    """Return in words where formulas hold; nothing where they hold wherever they have a value."""
    parts = list(dict.fromkeys(_condition(space, kink) for kink in space.kinks))
    if not parts:
        return ""
    *first, last = parts
    return f"the formulas hold where {', '.join(first)}{' and ' * bool(first)}{last}"


def _condition(space: Space, kink: Kink) -> str:
    text = text_of(kink.term, lengths=space.names)
    of_number, of_tensor = _CONDITIONS[kink.kind]
    if not space.shape(kink.term):
        return of_number.format(text)
    return of_tensor.format(f"each line of {text}" if kink.by_line else text)
