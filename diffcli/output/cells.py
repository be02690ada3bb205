"""A report laid out flat: rows of numbers where the points allow it, else one number at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from diffcli.output.report import Nested, Report, Result
from diffcli.output.text import DOUBLE, number, proved
from diffcli.verdict import Check, Verdict, worst

_FEW = 3
"""Variables that are listed in the function's name."""


@dataclass(frozen=True)
class Cell:
    """One number of a derivative: which entry it belongs to, where in it, and its check."""

    entry: str
    index: tuple[int, ...]
    number: float | None
    check: Check | None

    def named(self, name: str) -> str:
        """Return the name of its entry with its index, if it has one: ``x[0,1]``."""
        return f"{name}[{','.join(map(str, self.index))}]" if self.index else name

    def text(self, digits: int | None) -> str:
        """Return the number as it is shown."""
        return shown(self.number, self.check, digits)


@dataclass(frozen=True)
class Row:
    """The answer at one scalar point, or at one element of vectors that go together."""

    at: Mapping[str, float | None]
    value: float | None
    value_check: Check | None
    cells: tuple[Cell, ...]
    verdict: Verdict | None
    typed: Mapping[str, str] | None = None

    def texts(self, digits: int | None) -> list[str]:
        """Return the point, the value and the derivatives as they are shown."""
        typed = self.typed or {}
        point = [typed.get(name) or number(value, digits) for name, value in self.at.items()]
        value = shown(self.value, self.value_check, digits)
        return [*point, value, *(cell.text(digits) for cell in self.cells)]


def shown(value: float | None, check: Check | None, digits: int | None) -> str:
    """Return a number with so many digits; more than a float64 has are those proved."""
    if value is not None and check and check.enclosure and (digits or 0) > DOUBLE:
        return proved(check.enclosure, digits or 0)
    return number(value, digits)


def notation(report: Report, entry: str) -> str:
    """Return how an entry's derivative is written for a person."""
    return (report.notation or {}).get(entry, entry)


def name_of_function(report: Report) -> str:
    """Return ``f(x, y)``, or ``f`` alone where the variables are none or many."""
    few = 0 < len(report.variables) <= _FEW
    return f"f({', '.join(report.variables)})" if few else "f"


def checks(result: Result) -> tuple[Check, ...]:
    """Return the checks that make a result's verdict: its entries', or its value's alone."""
    return result.checks or result.value_checks


def verdict_of(found: Iterable[Check | None]) -> Verdict | None:
    """Return the worst verdict, or None where nothing was checked."""
    verdicts = [check.verdict for check in found if check]
    return worst(verdicts) if verdicts else None


def cells(result: Result) -> tuple[Cell, ...]:
    """Return every number of a derivative, in order, each with its check."""
    found = [Cell(*place, None) for place in _flat(result.derivative, tuple(result.symbolic))]
    checked = _assigned(result.checks, [cell.named(cell.entry) for cell in found])
    return tuple(replace(cell, check=check) for cell, check in zip(found, checked, strict=True))


def _assigned(found: Sequence[Check], names: Sequence[str]) -> Sequence[Check | None]:
    """Return the check of each number; where only a sample was checked, by its name."""
    if len(found) == len(names):
        return found
    by_name = {check.entry: check for check in found}
    return [by_name.get(name) for name in names]


def is_matrix(derivative: Any) -> bool:
    """Whether a derivative is laid out as a matrix, with names of rows and columns."""
    return isinstance(derivative, dict) and derivative.keys() == {"rows", "columns", "matrix"}


def answered(report: Report) -> tuple[Result, ...]:
    """Return the results that are at a point."""
    return tuple(result for result in report.results if result.at is not None)


def sheet(report: Report) -> tuple[Row, ...] | None:
    """Return the answer as rows, one a point or an element of vectors that go together.

    None where there is no point, or the numbers don't go element by element.
    """
    found = [_rows(report, result) for result in answered(report)]
    if not found or None in found:
        return None
    return tuple(row for rows in found if rows for row in rows)


def _rows(report: Report, result: Result) -> tuple[Row, ...] | None:
    if result.at is None or is_matrix(result.derivative):
        return None
    derivatives = result.derivative or {}
    if not isinstance(derivatives, dict):
        return None
    shapes = {_shape(value) for value in result.at.values()} - {()} or {()}
    numbers = [value for value in (result.value, *derivatives.values()) if value is not None]
    if len(shapes) > 1 or not {_shape(value) for value in numbers} <= shapes:
        return None
    places = list(product(*map(range, shapes.pop())))
    names = [Cell("f", place, None, None).named("f") for place in places]
    values = _assigned(result.value_checks, names)
    by_place = {(cell.entry, cell.index): cell for cell in cells(result)}
    found = []
    for index, value_check in zip(places, values, strict=True):
        own = [by_place.get((name, index), Cell(name, index, None, None)) for name in derivatives]
        found.append(
            Row(
                at={name: _element(result.at[name], index) for name in report.variables},
                value=_element(result.value, index),
                value_check=value_check,
                cells=tuple(own),
                verdict=verdict_of([cell.check for cell in own] or [value_check]),
                typed=result.typed,
            )
        )
    return tuple(found)


def _shape(value: Nested) -> tuple[int, ...]:
    return (len(value), *_shape(value[0])) if isinstance(value, list) and value else ()


def _element(value: Any, index: tuple[int, ...]) -> float | None:
    for place in index:
        value = value[place] if isinstance(value, list) else value
    return value  # type: ignore[no-any-return]


def _flat(
    derivative: Any, entries: Sequence[str]
) -> Iterator[tuple[str, tuple[int, ...], float | None]]:
    if is_matrix(derivative):
        for row, numbers in zip(derivative["rows"], derivative["matrix"], strict=True):
            for column, number in zip(derivative["columns"], numbers, strict=True):
                yield f"{row},{column}", (), number
    elif isinstance(derivative, dict):
        for entry, value in derivative.items():
            yield from ((entry, index, number) for index, number in _elements(value))
    elif derivative is not None:
        numbers = [number for _, number in _elements(derivative)]
        yield from ((entry, (), number) for entry, number in zip(entries, numbers, strict=True))


def _elements(value: Nested) -> Iterator[tuple[tuple[int, ...], float | None]]:
    if isinstance(value, list):
        for place, part in enumerate(value):
            yield from (((place, *index), number) for index, number in _elements(part))
    else:
        yield (), value
