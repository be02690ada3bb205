"""Text → rows: csv with any delimiter and jsonl, line by line.

A chunk's cell that is missing or no finite number is nan among the numbers, and stays as it is
among the columns; a record must be as its header says.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BufferedReader
from itertools import chain, count
from math import nan
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from diffcli.errors import FileError, PointError
from diffcli.language.latex.scan import name_of_column
from diffcli.rows.chunks import Chunk, Sign, Wanted

if TYPE_CHECKING:
    from diffcli.rows.chunks import Array

CHUNK_ROWS = 1 << 14
"""Rows of a text that are read at once."""
CHUNK_BYTES = 1 << 23
"""Bytes of a text that are read at once, where its rows are long."""

Record = tuple[str, Mapping[str, Any]]
"""Where a row stands, as messages say it, and its cells by column."""


def refuse_foreign(first: bytes, path: Path | None) -> None:
    """Raise FileError for what no text begins with."""
    for magic, (what, hint) in _FOREIGN.items():
        if first.startswith(magic):
            raise FileError(f"{path or 'standard input'} is {what}", hint=hint)


_FOREIGN: Mapping[bytes, tuple[str, str]] = MappingProxyType(
    {
        b"\x1f\x8b": ("compressed", "gunzip -c FILE | diffcli batch FORMULA --points -"),
        b"PK\3\4": ("an archive, or a spreadsheet", "save it as csv"),
        b"PAR1": ("parquet", "let its name end in .parquet"),
        b"\xff\xfe": ("text in UTF-16", "save it in UTF-8"),
        b"\xfe\xff": ("text in UTF-16", "save it in UTF-8"),
    }
)
"""The first bytes of other files, what these are, and the remedy."""


@contextmanager
def opened(path: Path | None) -> Iterator[BufferedReader]:
    """Open a file, standard input for None."""
    if path is None:
        yield cast("BufferedReader", sys.stdin.buffer)
    else:
        with path.open("rb") as file:
            yield file


@contextmanager
def read_errors(path: Path | None) -> Iterator[None]:
    """Raise what goes wrong while a text is read as FileError, or as PointError for its rows."""
    name = path or "standard input"
    try:
        yield
    except OSError as error:
        raise FileError(f"{name} can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise FileError(f"{name} is no text in UTF-8") from error
    except csv.Error as error:
        raise PointError(f"{name} is no csv: {error}") from error


class TextReader:
    """Reads csv or jsonl."""

    def __init__(self, path: Path | None, kind: str, wanted: Wanted) -> None:
        self._path, self._rows, self._wanted = path, ROWS[kind], wanted

    def chunks(self, start: int) -> Iterator[Chunk]:
        """Yield chunks of so many rows, or bytes. Raises FileError, PointError."""
        with read_errors(self._path), opened(self._path) as file:
            lines = Lines(file)
            names, rows = self._rows(lines)
            if start:
                file.seek(start)
                lines.end = start
            for position in count():
                table, begun = [], lines.end
                for row in rows:
                    table.append(row)
                    if len(table) == CHUNK_ROWS or lines.end - begun >= CHUNK_BYTES:
                        break
                if not table and (position or start):
                    return
                yield self._chunk(names, table, lines.end)

    def _chunk(self, names: Sequence[str] | None, table: Sequence[_Row], end: int) -> Chunk:
        if names is None:
            names = list(dict.fromkeys(name for row in table for name in row))
        cells = {name: [row.get(name, Sign.ABSENT) for row in table] for name in names}
        return Chunk(
            {name: column for name, column in cells.items() if self._wanted.passes(name)},
            {name: numbers(cells[index]) for name, index in self._wanted.columns(cells).items()},
            len(table),
            end,
            [position for position, row in enumerate(table) if isinstance(row, SurplusRow)],
        )


_Row = Mapping[str, Any]


class SurplusRow(dict[str, Any]):
    """A row with more cells than there are names; those that have none are left out."""


class Lines:
    """The lines of a text, and how many lines and bytes were read."""

    def __init__(self, lines: Iterable[bytes], name: str = "") -> None:
        self._lines, self._name = lines, name
        self._count = self.end = 0

    @property
    def where(self) -> str:
        """The line that was read last, as messages say it."""
        return f"{self._name}, line {self._count}"

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            text = line.decode("utf-8" if self.end else "utf-8-sig")
            self._count += 1
            self.end += len(line)
            yield text


_RowReader = Callable[[Lines], tuple[Sequence[str] | None, Iterator[_Row]]]
"""Returns the names of the columns where a header gives them, and the rows."""


def _table(lines: Lines, *, strict: bool) -> tuple[list[str], Iterator[list[str]]]:
    """Return the names in a csv's header, and its other rows; ``strict`` takes no stray quotes."""
    every = iter(lines)
    header = next((line for line in every if not line.isspace()), "")
    table = csv.reader(
        chain([header], every),
        delimiter=_delimiter(header),
        strict=strict,
        skipinitialspace=strict,
    )
    return [name.strip() for name in next(table, [])], (row for row in table if row)


def _csv(lines: Lines) -> tuple[Sequence[str], Iterator[_Row]]:
    names, table = _table(lines, strict=False)
    if not names:
        raise PointError("the csv has no header", hint="its first line names the columns")
    check_columns(names)
    return names, (_cells(names, row) for row in table)


def check_columns(names: Sequence[str], where: str = "") -> None:
    """Raise PointError where two columns have one name, as ``α`` and ``alpha`` have."""
    read = [name_of_column(name) for name in names]
    twice = next((name for name in read if read.count(name) > 1), None)
    if twice is not None:
        raise PointError(f"{where}two columns are named {twice!r}", hint="rename one")


def _delimiter(header: str) -> str:
    """Return what stands between the cells: where there is no comma, what spreadsheets write."""
    return next((sign for sign in ",;\t" if sign in header), ",")


def _cells(names: Sequence[str], row: Sequence[str]) -> _Row:
    # Spreadsheets end rows with empty cells.
    is_surplus = any(row[len(names) :])
    return (SurplusRow if is_surplus else dict)(zip(names, row, strict=False))


def _jsonl(lines: Lines) -> tuple[None, Iterator[_Row]]:
    return None, (_object(line) for line in lines if not line.isspace())


def _object(line: str) -> _Row:
    """Return a line's object; a line without one is a row without a cell."""
    try:
        fields = json.loads(line, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


ROWS: Mapping[str, _RowReader] = MappingProxyType({"csv": _csv, "jsonl": _jsonl})


def text_records(path: Path, kind: str) -> Iterator[Record]:
    """Yield every row of a text with where it stands. Raises FileError, PointError."""
    with read_errors(path), opened(path) as file:
        yield from (_csv_records if kind == "csv" else _json_records)(Lines(file, str(path)))


def _csv_records(lines: Lines) -> Iterator[Record]:
    names, table = _table(lines, strict=True)
    check_columns(names, f"{lines.where}: ")
    for row in table:
        if len(row) != len(names):
            raise PointError(f"{lines.where} has not as many cells as the header")
        yield lines.where, dict(zip(names, row, strict=True))


def _json_records(lines: Lines) -> Iterator[Record]:
    for line in lines:
        if line.isspace():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise PointError(f"{lines.where} is no JSON: {error}") from error
        yield lines.where, checked_row(row, lines.where)


def checked_row(row: Any, where: str) -> Mapping[str, Any]:
    """Return a row. Raises PointError unless it has keys."""
    if not isinstance(row, Mapping):
        raise PointError(f"{where} is no point", hint='write {"x": 1, "y": 2}')
    return row


def numbers(cells: Sequence[Any]) -> Array:
    """Return the cells as float64, nan where there is no finite number."""
    import numpy as np

    try:
        plain = set(map(type, cells)) <= {*_NUMERIC, type(None)}
        floats = np.array(cells if plain else [*map(_number, cells)], dtype=np.float64)
    except (ValueError, OverflowError):
        floats = np.array([*map(_number, cells)])
    floats[~np.isfinite(floats)] = np.nan
    return floats


_NUMERIC = {str, int, float}
"""The types that a number may be read from; a truth value is none."""


def _number(cell: Any) -> float:
    try:
        return float(cell) if type(cell) in _NUMERIC else nan
    except (ValueError, OverflowError):
        return nan
