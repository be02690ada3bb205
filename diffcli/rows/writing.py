"""Chunks → files of rows: csv and jsonl; Parquet has a module of its own.

A writer gives bytes, and knows nothing of those before, so that a run can go on where another
ended.
"""

from __future__ import annotations

import csv
import io
import json
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

from diffcli.errors import FileError
from diffcli.output.data import strict
from diffcli.rows.chunks import Buffer, Chunk, Sign

if TYPE_CHECKING:
    from diffcli.rows.chunks import Array

Types = Mapping[str, str | None]
"""The columns that pass through, and each one's type in Parquet; None is as it was read."""


class Writer(ABC):
    """Turns chunks into the bytes of a file, its parts one after the other."""

    def begin(self) -> bytes:
        """Return what stands before the first chunk."""
        return b""

    @abstractmethod
    def encode(self, chunk: Chunk, results: Mapping[str, Array]) -> tuple[Buffer, bytes]:
        """Return a chunk's bytes, and what :meth:`end` will want to know of them."""

    def end(self, footers: Sequence[tuple[int, bytes]]) -> bytes:  # noqa: ARG002  a text has none
        """Return what stands after the last, given where each chunk begins, and its footer."""
        return b""


class CsvWriter(Writer):
    """Writes csv; a missing number is an empty cell."""

    def __init__(self, types: Types, results: Collection[str]) -> None:
        self._types, self._results = types, results

    def begin(self) -> bytes:
        """Return the header."""
        return _csv([[*self._types, *self._results]])

    def encode(self, chunk: Chunk, results: Mapping[str, Array]) -> tuple[bytes, bytes]:
        """Return a line a row."""
        foreign = [name for name in chunk.columns if name not in self._types]
        if foreign:
            raise FileError(
                f"{foreign[0]!r} is a key that the first rows don't have",
                hint="write jsonl, or choose what to keep: --keep NAMES",
            )
        nothing = [None] * chunk.rows
        passed = [cells(chunk.columns.get(name, nothing), text=True) for name in self._types]
        return _csv(zip(*passed, *map(_found, results.values()), strict=True)), b""


def _csv(rows: Iterable[Iterable[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


class JsonlWriter(Writer):
    """Writes jsonl; a missing number is null."""

    def encode(self, chunk: Chunk, results: Mapping[str, Array]) -> tuple[bytes, bytes]:
        """Return a line a row, with the keys that the row had, and the results."""
        columns = {name: self._cells(name, chunk) for name in chunk.columns}
        columns |= {name: _found(result) for name, result in results.items()}
        lines = (
            _json({k: cell for k, cell in zip(columns, row, strict=True) if cell != Sign.ABSENT})
            for row in zip(*columns.values(), strict=True)
        )
        return "".join(f"{line}\n" for line in lines).encode(), b""

    def _cells(self, name: str, chunk: Chunk) -> Sequence[Any]:
        """Return a column's cells; a variable's are numbers, where they were read as such."""
        texts = cells(chunk.columns[name])
        if name not in chunk.numbers or not isinstance(chunk.columns[name], list):
            return texts
        pairs = zip(texts, chunk.numbers[name].tolist(), strict=True)
        return [
            number if isinstance(cell, str) and isfinite(number) else cell for cell, number in pairs
        ]


def cells(column: Any, *, text: bool = False) -> list[Any]:
    """Return a column's cells as Python's own; as ``text``, but for numbers, on demand."""
    values: list[Any] = column if isinstance(column, list) else column.to_pylist()
    return [*map(_text, values)] if text else values


def _text(cell: Any) -> Any:
    """Return a cell as csv holds it: missing, text, a number, or JSON."""
    if cell is None or cell is Sign.ABSENT:
        return None
    if isinstance(cell, bool | list | dict):
        return _json(cell)
    return cell if isinstance(cell, int | float) else str(cell)


def _json(value: Any) -> str:
    return json.dumps(strict(value), default=str, allow_nan=False)


def _found(result: Array) -> list[float | None]:
    return [number if isfinite(number) else None for number in result.tolist()]


def types_of(chunk: Chunk) -> Types:
    """Return the columns that pass through, with a type in Parquet for what was text."""
    return {name: _type(name, chunk) for name in chunk.columns}


def _type(name: str, chunk: Chunk) -> str | None:
    column = chunk.columns[name]
    if not isinstance(column, list):
        return None
    if name in chunk.numbers:
        return "double"
    kinds = {type(cell) for cell in column} - {type(None), Sign}
    return next((kind for kind, types in _TYPES.items() if kinds and kinds <= types), "string")


_TYPES: Mapping[str, set[type]] = {"bool": {bool}, "int64": {int}, "double": {int, float}}
"""A column's type in Parquet, and what its cells are then."""
