"""Files of rows → chunks: csv and jsonl, line by line; Parquet has a module of its own.

A cell that is missing or no finite number is nan among the numbers, and stays as it is among the
columns.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from itertools import chain, count
from math import nan
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, cast

from diffcli.batch.chunks import Chunk, Sign
from diffcli.errors import FileError, PointError
from diffcli.language.latex.scan import name_of_column
from diffcli.output.files import ending

if TYPE_CHECKING:
    from diffcli.batch.chunks import Array

ROWS = 1 << 14
"""Of a text that are read at once."""
BYTES = 1 << 23
"""Of a text that are read at once, where its rows are long."""


@dataclass(frozen=True)
class Source:
    """A file of rows, or standard input (None), its kind, and the columns it begins with.

    ``size`` is the last chunk's end, or None if that isn't known.
    """

    path: Path | None
    kind: str
    columns: tuple[str, ...]
    size: int | None = None


class Reader(Protocol):
    """What reads a file in chunks."""

    def chunks(self, start: int) -> Iterator[Chunk]:
        """Yield the rows from ``start``, the end of a chunk; from 0, one chunk at least."""


@dataclass(frozen=True)
class Wanted:
    """What is read: the variables, and which other columns pass through (None: all)."""

    variables: Sequence[str]
    keep: Collection[str] | None = None
    results: int = 1
    """Columns that will be added."""

    def passes(self, name: str) -> bool:
        """Whether a column passes through."""
        return self.keep is None or name in self.keep

    def columns(self, names: Iterable[str]) -> dict[str, str]:
        """Return the column of each variable that has one: ``α`` is that of alpha."""
        found = {name_of_column(name): name for name in names}
        return {name: found[name] for name in self.variables if name in found}


def look(path: Path | None, kind: str | None) -> Source:
    """Return what a file is; without a kind, that which its name or its first line tells.

    Raises FileError where it can't be read, PointError where its columns can't be told apart.
    """
    kind = kind or (kind_of(path) if path else None)
    if kind == "parquet":
        from diffcli.batch.parquet import look_at

        return look_at(path)
    if path and path.exists() and not path.is_file():
        raise FileError(f"{path} is no file", hint="a pipe is read as standard input: --points -")
    with _errors(path), _opened(path) as file:
        # Of a pipe nothing is taken, as it can't be put back.
        first = file.peek(1)
        _refuse(first, path)
        kind = kind or ("jsonl" if first.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" else "csv")
        names, rows = _ROWS[kind](_Lines(file if path else first.splitlines(keepends=True)))
        columns = tuple(next(rows, {})) if names is None else tuple(names)
        size = path.stat().st_size if path else None
    return Source(path, kind, columns, size)


def _refuse(first: bytes, path: Path | None) -> None:
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
"""What other files begin with, what they are, and what helps."""


def kind_of(path: Path) -> str | None:
    """Return the kind of a file that its name tells, if it does."""
    return _ENDINGS.get(ending(path))


_ENDINGS: Mapping[str, str] = MappingProxyType(
    {
        "csv": "csv",
        "jsonl": "jsonl",
        "ndjson": "jsonl",
        "parquet": "parquet",
        "pq": "parquet",
    }
)


def open_reader(source: Source, wanted: Wanted) -> Reader:
    """Return what reads the rows of a source."""
    if source.kind != "parquet" or source.path is None:
        return TextReader(source.path, source.kind, wanted)
    from diffcli.batch.parquet import ParquetReader

    return ParquetReader(source.path, wanted)


@contextmanager
def _opened(path: Path | None) -> Iterator[BufferedReader]:
    if path is None:
        yield cast("BufferedReader", sys.stdin.buffer)
    else:
        with path.open("rb") as file:
            yield file


@contextmanager
def _errors(path: Path | None) -> Iterator[None]:
    name = path or "standard input"
    try:
        yield
    except OSError as error:
        raise FileError(f"{name} can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise FileError(f"{name} is no text in UTF-8") from error
    except csv.Error as error:
        raise FileError(f"{name} is no csv: {error}") from error


class TextReader:
    """Reads csv or jsonl."""

    def __init__(self, path: Path | None, kind: str, wanted: Wanted) -> None:
        self._path, self._rows, self._wanted = path, _ROWS[kind], wanted

    def chunks(self, start: int) -> Iterator[Chunk]:
        """Yield chunks of so many rows, or bytes. Raises FileError, PointError."""
        with _errors(self._path), _opened(self._path) as file:
            lines = _Lines(file)
            names, rows = self._rows(lines)
            if start:
                file.seek(start)
                lines.end = start
            for place in count():
                table, begun = [], lines.end
                for row in rows:
                    table.append(row)
                    if len(table) == ROWS or lines.end - begun >= BYTES:
                        break
                if not table and (place or start):
                    return
                yield self._chunk(names, table, lines.end)

    def _chunk(self, names: Sequence[str] | None, table: Sequence[_Row], end: int) -> Chunk:
        if names is None:
            names = list(dict.fromkeys(name for row in table for name in row))
        cells = {name: [row.get(name, Sign.ABSENT) for row in table] for name in names}
        return Chunk(
            {name: column for name, column in cells.items() if self._wanted.passes(name)},
            {name: numbers(cells[at]) for name, at in self._wanted.columns(cells).items()},
            len(table),
            end,
            [place for place, row in enumerate(table) if isinstance(row, SurplusRow)],
        )


_Row = Mapping[str, Any]


class SurplusRow(dict[str, Any]):
    """A row with more cells than there are names; those that have none are left out."""


class _Lines:
    """The lines of a text, and how many bytes they took."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = lines
        self.end = 0

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            text = line.decode("utf-8" if self.end else "utf-8-sig")
            self.end += len(line)
            yield text


_RowReader = Callable[[_Lines], tuple[Sequence[str] | None, Iterator[_Row]]]
"""Returns the names of the columns where a header gives them, and the rows."""


def _csv(lines: _Lines) -> tuple[Sequence[str], Iterator[_Row]]:
    every = iter(lines)
    header = next((line for line in every if not line.isspace()), "")
    table = csv.reader(chain([header], every), delimiter=_delimiter(header))
    names = [name.strip() for name in next(table, [])]
    if not names:
        raise PointError("the csv has no header", hint="its first line names the columns")
    check_columns(names)
    return names, (_cells(names, row) for row in table if row)


def check_columns(names: Sequence[str]) -> None:
    """Raise PointError where two columns have one name, as ``α`` and ``alpha`` have."""
    read = [name_of_column(name) for name in names]
    twice = next((name for name in read if read.count(name) > 1), None)
    if twice is not None:
        raise PointError(f"two columns are named {twice!r}", hint="rename one")


def _delimiter(header: str) -> str:
    """Return what stands between the cells: where there is no comma, what spreadsheets write."""
    return next((each for each in ",;\t" if each in header), ",")


def _cells(names: Sequence[str], row: Sequence[str]) -> _Row:
    # Spreadsheets end rows with empty cells.
    is_surplus = any(row[len(names) :])
    return (SurplusRow if is_surplus else dict)(zip(names, row, strict=False))


def _jsonl(lines: _Lines) -> tuple[None, Iterator[_Row]]:
    return None, (_object(line) for line in lines if not line.isspace())


def _object(line: str) -> _Row:
    """Return a line's object; a line without one is a row without a cell."""
    try:
        found = json.loads(line, parse_constant=lambda _: None)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


_ROWS: Mapping[str, _RowReader] = MappingProxyType({"csv": _csv, "jsonl": _jsonl})


def numbers(cells: Sequence[Any]) -> Array:
    """Return the cells as float64, nan where there is no finite number."""
    import numpy as np

    try:
        plain = set(map(type, cells)) <= {*_NUMERIC, type(None)}
        found = np.array(cells if plain else [*map(_number, cells)], dtype=np.float64)
    except (ValueError, OverflowError):
        found = np.array([*map(_number, cells)])
    found[~np.isfinite(found)] = np.nan
    return found


_NUMERIC = {str, int, float}
"""What a number may be read from; a truth value is none."""


def _number(cell: Any) -> float:
    try:
        return float(cell) if type(cell) in _NUMERIC else nan
    except (ValueError, OverflowError):
        return nan
