"""Intervals as typed: ranges ``0:1``, ``x=0:1,y=0:pi``, and bounds ``x>=0``, ``0<=x<=1``.

A vector has a list of ranges, ``x=[0:1,0:2]``; an interval may be written as one, ``x=[0,1]``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from diffcli.errors import PointError
from diffcli.language.expression import Node
from diffcli.language.limits import MAX_AXES
from diffcli.language.points import (
    Reader,
    listed_names,
    listed_variables,
    point_errors,
    read_points,
)
from diffcli.language.tensors import component_names

Ends = tuple[Node, Node]
"""The lower and the upper end of a range, exact constants."""
_COMPARISON = re.compile(r"(<=|>=|≤|≥|<|>)")
_WITHOUT_ENDS = re.compile(r"(?:^|[=,\[])\s*(\([^][(),]*,[^][(),]*[])]|\[[^][(),]*,[^][(),]*\))")
"""``(0, 1)``, ``(0, 1]`` and ``[0, 1)``; a function of two numbers has its name before it."""
_EXAMPLE = "x>=0,y<=2, or 0<=x<=1"


@dataclass(frozen=True)
class Ranges:
    """The ranges of a variable's components, in row-major order, and its shape: () of a number."""

    shape: tuple[int, ...]
    ends: tuple[Ends, ...]

    def by_component(self, name: str) -> dict[str, Ends]:
        """Return the ends of each component by its name: ``x``, or ``x[0]``, ``x[1]`` …."""
        return dict(zip(component_names(name, self.shape), self.ends, strict=True))


def read_ranges(text: str, variables: Sequence[str]) -> dict[str, Ends]:
    """Read ``a:b`` or ``x=a:b,y=c:d`` as the ends of each variable's range.

    Raises PointError where the text can't be read or doesn't fit the variables, which are numbers.
    """
    return numbers_alone(read_box(text, variables))


def numbers_alone(box: Mapping[str, Ranges]) -> dict[str, Ends]:
    """Return the ends of each variable's range. Raises PointError where one is a list."""
    for name, ranges in box.items():
        if ranges.shape:
            raise PointError(f"{name} is a number here", hint=f"one range: {name}=0:1")
    return {name: ranges.ends[0] for name, ranges in box.items()}


def read_box(text: str, variables: Sequence[str]) -> dict[str, Ranges]:
    """Read ``x=a:b,y=[c:d,e:f]`` as the ranges of each variable, a number or a tensor.

    Raises PointError where the text can't be read or doesn't fit the variables.
    """
    ranges: dict[str, Ranges] = {}
    for index, (name, typed) in enumerate(_RangeReader(text).ranges()):
        if name is None and index >= len(variables):
            raise PointError(
                f"too many ranges for {listed_variables(variables)}", hint="remove one"
            )
        key = name or variables[index]
        if key not in variables:
            known = f"it has {listed_names(variables)}" if variables else "it has no variables"
            raise PointError(f"{key} is not in the formula", hint=known)
        if key in ranges:
            raise PointError(f"{key} has two ranges", hint="name each: x=0:1,y=0:2")
        ranges[key] = typed
    return ranges


def names_of_box(text: str) -> tuple[str, ...]:
    """Return the names that a box gives ranges, which are variables whatever else they mean."""
    if not text.strip():
        return ()
    return tuple(name for name, _ in _RangeReader(text).ranges() if name is not None)


class _RangeReader(Reader):
    """Reads one text of ranges; every error is a PointError."""

    def ranges(self) -> list[tuple[str | None, Ranges]]:
        if typed := _WITHOUT_ENDS.search(self.text):
            raise PointError(
                f"{typed[1].strip()} is an interval without an end, and ranges have both",
                text=self.text,
                column=typed.start(1),
                width=len(typed[1]),
                hint="write x=0:1, or x=[0,1]",
            )
        read: list[tuple[str | None, Ranges]] = []
        with point_errors():
            while True:
                read.append((self.name(), self.variable()))
                if not self.parser.accept(","):
                    break
            self.finish()
        return read

    def variable(self) -> Ranges:
        if not self.parser.at("["):
            return Ranges((), (self.ends(),))
        opener = self.parser.advance()
        self.depth += 1
        if self.depth > MAX_AXES:
            raise PointError(f"a list of more than {MAX_AXES} axes", hint="x=[0:1,0:2]")
        rows: list[Ranges] = []
        while not self.parser.at("]"):
            if not rows and (ends := self.interval()):
                self.parser.expect("]", after=opener)
                return Ranges((), (ends,))
            rows.append(self.variable())
            if not self.parser.accept(","):
                break
        self.depth -= 1
        self.parser.expect("]", after=opener)
        shapes = {row.shape for row in rows}
        if len(shapes) != 1:
            problem = "rows of different lengths" if rows else "an empty list"
            raise self.parser.fail(problem, token=opener, hint="a vector of two: x=[0:1,0:2]")
        return Ranges((len(rows), *shapes.pop()), tuple(ends for row in rows for ends in row.ends))

    def interval(self) -> Ends | None:
        """Read ``0, 1`` of the interval ``[0, 1]``; stay in front of what is none."""
        start = self.parser.position
        if not self.parser.at("["):
            low = self.constant()
            if self.parser.accept(","):
                return low, self.constant()
        self.parser.position = start
        return None

    def ends(self) -> Ends:
        low = self.constant()
        if not self.parser.accept(":"):
            raise self.parser.fail(
                "a range has two ends", token=self.parser.token, hint="write 0:1"
            )
        return low, self.constant()


@dataclass(frozen=True)
class Interval:
    """The ends of a variable's range, exact constants; None where there is no bound."""

    low: Node | None = None
    high: Node | None = None


def read_bounds(text: str, variables: Sequence[str]) -> dict[str, Interval]:
    """Read the bounds of variables, separated by commas; strict ones include their end.

    Raises PointError where the text can't be read or doesn't fit the variables.
    """
    bounds: dict[str, Interval] = {}
    for part in text.split(","):
        for name, end, is_low in _links(part, variables):
            known = bounds.get(name, Interval())
            if (known.low if is_low else known.high) is not None:
                side = "lower" if is_low else "upper"
                raise PointError(f"{name} has two {side} bounds", hint=_EXAMPLE)
            bounds[name] = Interval(end, known.high) if is_low else Interval(known.low, end)
    return bounds


def _links(part: str, variables: Sequence[str]) -> Iterator[tuple[str, Node, bool]]:
    """Yield the variable, the constant and whether it lies below, for each sign of comparison."""
    terms = [term.strip() for term in _COMPARISON.split(part)]
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
