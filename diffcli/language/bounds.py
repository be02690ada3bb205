"""Bounds as typed: ``x>=0``, ``0<=x<=1``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from diffcli.errors import PointError
from diffcli.language.expression import Node
from diffcli.language.points import read_points

_SIGN = re.compile(r"(<=|>=|≤|≥|<|>)")
_EXAMPLE = "x>=0,y<=2, or 0<=x<=1"


@dataclass(frozen=True)
class Interval:
    """The ends of a variable's range, exact constants; None where there is no bound."""

    low: Node | None = None
    high: Node | None = None


def read_bounds(text: str, variables: Sequence[str]) -> dict[str, Interval]:
    """Read the bounds of variables, separated by commas; strict ones include their end.

    Raises PointError where the text can't be read or doesn't fit the variables.
    """
    found: dict[str, Interval] = {}
    for part in text.split(","):
        for name, end, is_low in _links(part, variables):
            known = found.get(name, Interval())
            if (known.low if is_low else known.high) is not None:
                side = "lower" if is_low else "upper"
                raise PointError(f"{name} has two {side} bounds", hint=_EXAMPLE)
            found[name] = Interval(end, known.high) if is_low else Interval(known.low, end)
    return found


def _links(part: str, variables: Sequence[str]) -> Iterator[tuple[str, Node, bool]]:
    """Yield the variable, the constant and whether it lies below, for each sign of comparison."""
    terms = [term.strip() for term in _SIGN.split(part)]
    if len(terms) == 1:
        raise PointError(f"{part.strip()!r} is no bound", hint=_EXAMPLE)
    for (left, sign), (_, right) in zip(pairwise(terms[:-1]), pairwise(terms[1:]), strict=True):
        if sign not in "<=>=≤≥":
            continue
        named = [side for side in (left, right) if side in variables]
        if len(named) != 1:
            listed = ", ".join(variables)
            raise PointError(
                f"{part.strip()!r} bounds no variable of the formula", hint=f"it has {listed}"
            )
        (name,) = named
        end = right if name == left else left
        yield name, _constant(end), (sign in ("<", "<=", "≤")) == (name == right)


def _constant(text: str) -> Node:
    points = read_points([text])
    values = points[0].ordered if len(points) == 1 else ()
    if len(values) != 1 or not isinstance(values[0], Node):
        raise PointError(f"{text!r} is no number", hint=_EXAMPLE)
    return values[0]
