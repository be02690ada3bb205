"""A report laid out flat: rows of numbers where the points allow it, else one number at a time."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from math import prod
from typing import Any, overload

from diffcli.language.tensors import component_name
from diffcli.layouts import Matrix, SparseMatrix
from diffcli.output.notes import quotient
from diffcli.output.report import Facts, Nested, NestedText, Report, Result
from diffcli.output.text import DIGITS, number, proved
from diffcli.verdict import Check, Verdict, worst

MANY = 3
"""Most variables that are listed in the function's name."""


@dataclass(frozen=True)
class Cell:
    """One number of a derivative: which entry it belongs to, where in it, and its check."""

    entry: str
    index: tuple[int, ...]
    number: float | None
    check: Check | None

    def named(self, name: str) -> str:
        """Return the name of its entry with its index, if it has one: ``x[0,1]``."""
        return component_name(name, self.index)

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
    typed: Mapping[str, str] = field(default_factory=dict)
    extent: str | None = None
    """How much of its result was checked, where not all was."""

    @property
    def quotients(self) -> list[str]:
        """The difference quotients of its derivatives, where there are any."""
        return [quotient(cell.check) for cell in self.cells]

    def texts(self, digits: int | None) -> list[str]:
        """Return the point, the value and the derivatives as they are shown."""
        point = [number(self.typed.get(name, value), digits) for name, value in self.at.items()]
        value = shown(self.value, self.value_check, digits)
        return [*point, value, *(cell.text(digits) for cell in self.cells)]


def shown(value: float | None, check: Check | None, digits: int | None) -> str:
    """Return a number with so many digits: those that are proved, where any are."""
    if value is not None and check and check.enclosure:
        return proved(check.enclosure, digits or DIGITS)
    return number(value, digits)


def values_shown(result: Result, digits: int | None) -> Nested | NestedText:
    """Return the function's values as they are shown, or as they are where not all are checked."""
    if len(result.value_checks) != sum(1 for _ in _elements(result.value)):
        return result.value
    checks = iter(result.value_checks)

    def texts(value: Nested) -> Nested | NestedText:
        if isinstance(value, list):
            return [texts(part) for part in value]  # type: ignore[return-value]
        check = next(checks)
        return None if value is None else shown(value, check, digits)

    return texts(result.value)


def notation(report: Report, entry: str) -> str:
    """Return how an entry's derivative is written for a person."""
    return report.notation.get(entry, entry)


def name_of_function(facts: Facts) -> str:
    """Return ``f(x, y)``, or ``f`` alone, where the variables are none or many."""
    few = 0 < len(facts.variables) <= MANY
    return f"{facts.name}({', '.join(facts.variables)})" if few else facts.name


def verdict_of(checks: Iterable[Check | None]) -> Verdict | None:
    """Return the worst verdict, or None where nothing was checked."""
    verdicts = [check.verdict for check in checks if check]
    return worst(verdicts) if verdicts else None


def cells(result: Result, only: Collection[int] | None = None) -> tuple[Cell, ...]:
    """Return the numbers of a derivative, in order, each with its check.

    ``only`` gives the places of those that are wanted.
    """
    flat = enumerate(_flat(result.derivative, tuple(result.symbolic)))
    chosen = [Cell(*cell, None) for position, cell in flat if only is None or position in only]
    checked = _Checks(result.checks, len(chosen))
    return tuple(
        replace(cell, check=checked.find(position, cell.entry, cell.index))
        for position, cell in enumerate(chosen)
    )


def has_quotients(report: Report) -> bool:
    """Whether difference quotients are the evidence of some number."""
    return any(check.quotient for result in report.results for check in result.checks)


def size(derivative: Any) -> int:
    """Return how many numbers a derivative has."""
    if isinstance(derivative, Matrix):
        return len(derivative["rows"]) * len(derivative["columns"])
    if isinstance(derivative, SparseMatrix):
        return len(derivative["entries"])
    if isinstance(derivative, dict):
        return sum(map(size, derivative.values()))
    return len(derivative) * size(derivative[0]) if isinstance(derivative, list) else 1


def answered(report: Report) -> tuple[Result, ...]:
    """Return the results that are at a point."""
    return tuple(result for result in report.results if result.at is not None)


def sheet(report: Report) -> Sequence[Row] | None:
    """Return the answer as rows, one a point or an element of vectors that go together.

    A row is made when it is asked for, as a table shows few of very many. None where there is no
    point, or the numbers don't go element by element.
    """
    per_result = [_rows(report, result) for result in answered(report)]
    parts = [row for row in per_result if row is not None]
    return _Sheet(parts) if parts and len(parts) == len(per_result) else None


class _Sheet(Sequence[Row]):
    """The rows of several results, one result after the other."""

    def __init__(self, parts: Sequence[_Rows]) -> None:
        self._parts = parts
        self._ends = list(accumulate(part.count for part in parts))

    def __len__(self) -> int:
        return self._ends[-1]

    @overload
    def __getitem__(self, position: int) -> Row: ...
    @overload
    def __getitem__(self, position: slice) -> Sequence[Row]: ...
    def __getitem__(self, position: int | slice) -> Row | Sequence[Row]:
        if isinstance(position, slice):
            return [self[index] for index in range(*position.indices(len(self)))]
        number = range(len(self))[position]
        part = bisect_right(self._ends, number)
        return self._parts[part].row(number - (self._ends[part - 1] if part else 0))


def _rows(report: Report, result: Result) -> _Rows | None:
    if result.at is None or isinstance(result.derivative, Matrix | SparseMatrix):
        return None
    derivatives = result.derivative or {}
    if not isinstance(derivatives, dict):
        return None
    shapes = {_shape(value) for value in result.at.values()} - {()} or {()}
    numbers = (result.value, *derivatives.values())
    if len(shapes) > 1 or not {_shape(value) for value in numbers} <= shapes:
        return None
    return _Rows(report.variables, result, shapes.pop())


class _Rows:
    """The rows of one result, whose numbers go together element by element."""

    def __init__(self, variables: Sequence[str], result: Result, shape: tuple[int, ...]) -> None:
        self._variables, self._result, self._shape = variables, result, shape
        self.count = prod(shape)
        self._derivatives: Mapping[str, Any] = result.derivative or {}
        self._checks = _Checks(result.checks, self.count * len(self._derivatives))
        self._value_checks = _Checks(result.value_checks, self.count)

    def row(self, position: int) -> Row:
        """Return the row of an element."""
        rest = position
        index: tuple[int, ...] = ()
        for length in reversed(self._shape):
            rest, last = divmod(rest, length)
            index = (last, *index)
        floats, typed, value = self._result.at or {}, self._result.typed or {}, self._result.value
        own = []
        for order, (name, derivative) in enumerate(self._derivatives.items()):
            check = self._checks.find(order * self.count + position, name, index)
            own.append(Cell(name, index, _element(derivative, index), check))
        value_check = self._value_checks.find(position, "f", index)
        return Row(
            at={name: _element(floats[name], index) for name in self._variables},
            value=_element(value, index),
            value_check=value_check,
            cells=tuple(own),
            verdict=verdict_of([cell.check for cell in own] or [value_check]),
            typed={name: _element(texts, index) for name, texts in typed.items()},
            extent=self._result.extent,
        )


class _Checks:
    """The checks of so many numbers: of each in order, or of a sample by name."""

    def __init__(self, checks: Sequence[Check], count: int) -> None:
        self._whole = checks if len(checks) == count else ()
        self._by_name = {} if self._whole else {check.entry: check for check in checks}

    def find(self, position: int, entry: str, index: tuple[int, ...]) -> Check | None:
        """Return the check of a number, by its place or its name."""
        if self._whole or not self._by_name:
            return self._whole[position] if self._whole else None
        return self._by_name.get(component_name(entry, index))


def _shape(value: Nested) -> tuple[int, ...]:
    return (len(value), *_shape(value[0])) if isinstance(value, list) and value else ()


def _element(value: Any, index: tuple[int, ...]) -> Any:
    for position in index:
        value = value[position] if isinstance(value, list) else value
    return value


def _flat(
    derivative: Any, entries: Sequence[str]
) -> Iterator[tuple[str, tuple[int, ...], float | None]]:
    if isinstance(derivative, Matrix):
        for row, numbers in zip(derivative["rows"], derivative["matrix"], strict=True):
            for column, number in zip(derivative["columns"], numbers, strict=True):
                yield f"{row},{column}", (), number
    elif isinstance(derivative, SparseMatrix):
        rows, columns = derivative["rows"], derivative["columns"]
        for row, column, number in derivative["entries"]:
            yield f"{rows[row]},{columns[column]}", (), number
    elif isinstance(derivative, dict):
        for entry, value in derivative.items():
            yield from ((entry, index, number) for index, number in _elements(value))
    elif derivative is not None:
        numbers = [number for _, number in _elements(derivative)]
        if len(entries) != len(numbers):
            entries = [f"f{position + 1}" for position in range(len(numbers))]
        yield from ((entry, (), number) for entry, number in zip(entries, numbers, strict=True))


def _elements(value: Nested) -> Iterator[tuple[tuple[int, ...], float | None]]:
    if isinstance(value, list):
        for position, part in enumerate(value):
            yield from (((position, *index), number) for index, number in _elements(part))
    else:
        yield (), value
