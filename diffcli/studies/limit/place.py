"""The point that a variable nears: finite or infinite, from both sides or from one."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from diffcli.errors import PointError, UsageError
from diffcli.language.expression import Node, constant, node, postorder
from diffcli.options import one_of

if TYPE_CHECKING:
    from diffcli.language.function import Function
    from diffcli.language.points import Point

SIDES: Mapping[str, tuple[int, ...]] = {"both": (-1, 1), "left": (-1,), "right": (1,)}
_MARK = re.compile(r"(?:\^\{\s*([+-])\s*\}|\^?([-+⁺⁻]))\s*(?=$|[,;])")
"""The sign behind a value, as in 0+, 0⁺, 0^- or 0^{-}: no expression ends in one."""
_ASCII = str.maketrans("⁺⁻", "+-")
_ARROW = re.compile(r"->|→")
_INFINITE: Mapping[Node, int] = {constant("inf"): 1, node("neg", constant("inf")): -1}
_EXAMPLE = "--at 0, --at 0+, --at inf"


@dataclass(frozen=True)
class Asked:
    """The texts of ``--at`` without the marks of a side, and the side."""

    texts: tuple[str, ...]
    side: str


@dataclass(frozen=True)
class Place:
    """The variable that moves and where to: ``point`` as typed, infinite with a sign or 0 for not.

    ``sides`` are -1 and 1, left and right; ``fixed`` are the values of the other variables.
    """

    name: str
    point: Node
    infinite: int
    sides: tuple[int, ...]
    fixed: Mapping[str, Node]


def asked_places(texts: Sequence[str], side: str) -> Asked:
    """Read the marks of a side, and ``x->0`` as ``x=0``. Raises UsageError for two sides."""
    one_of(side, SIDES, "--side")
    if not texts:
        raise UsageError("a limit needs the point that is neared", hint=_EXAMPLE)
    marks = {
        (braced or bare).translate(_ASCII) for text in texts for braced, bare in _MARK.findall(text)
    }
    named = {"left": {"-"}, "right": {"+"}}.get(side, set())
    if len(marks | named) > 1:
        raise UsageError("a limit is taken from one side or from both", hint=_EXAMPLE)
    plain = tuple(_ARROW.sub("=", _MARK.sub("", text)) for text in texts)
    return Asked(plain, {"-": "left", "+": "right"}[marks.pop()] if marks else side)


def places_of(
    function: Function, points: Sequence[Point], side: str, wrt: str | None
) -> list[Place]:
    """Return the places that a function's variable goes to.

    Raises UsageError for several formulas, for tensors and where it isn't said which variable
    moves.
    """
    if not function.is_scalar or function.has_tensors:
        raise UsageError("a limit is that of one formula of numbers", hint="sin(x)/x --at 0")
    names = function.variables
    if not names:
        raise UsageError("the formula has no variable", hint="sin(x)/x --at 0")
    if wrt is None and len(names) > 1:
        raise UsageError(
            f"one variable moves, and there are {', '.join(names)}",
            hint=f"name it with --wrt {names[0]}; the point fixes the others",
        )
    name = one_of_names(wrt, names)
    return [_place(name, point, SIDES[side]) for point in points]


def one_of_names(wrt: str | None, names: Sequence[str]) -> str:
    """Return the variable that moves. Raises UsageError for a name that isn't in the formula."""
    if wrt is not None and wrt not in names:
        raise UsageError(f"{wrt} is not in the formula", hint=f"it has {', '.join(names)}")
    return wrt or names[0]


def _place(name: str, point: Point, sides: tuple[int, ...]) -> Place:
    values: dict[str, Node] = {}
    for each, value in point.values.items():
        if not isinstance(value, Node):
            raise UsageError("a limit is taken at a point of numbers", hint=_EXAMPLE)
        values[each] = value
    target = values.pop(name)
    for each, value in (*values.items(), (name, target)):
        is_infinite = constant("inf") in postorder([value])
        if is_infinite and (each != name or value not in _INFINITE):
            raise PointError(f"{each} has no finite value", hint=_EXAMPLE)
    infinite = _INFINITE.get(target, 0)
    return Place(name, target, infinite, (1,) if infinite else sides, values)
