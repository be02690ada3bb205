"""The kinds of files of rows, and who reads and writes them: csv, jsonl and Parquet."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from diffcli.errors import FileError
from diffcli.output.files import ending
from diffcli.rows.chunks import Reader, Source, Wanted
from diffcli.rows.text import (
    ROWS,
    Lines,
    Record,
    TextReader,
    opened,
    read_errors,
    refuse_foreign,
    text_records,
)
from diffcli.rows.writing import CsvWriter, JsonlWriter, Types, Writer

ENDINGS: Mapping[str, str] = MappingProxyType(
    {
        "csv": "csv",
        "jsonl": "jsonl",
        "ndjson": "jsonl",
        "parquet": "parquet",
        "pq": "parquet",
    }
)
"""The kind of a file by the ending of its name."""


def kind_of(path: Path) -> str | None:
    """Return the kind of a file that its name tells, if it does."""
    return ENDINGS.get(ending(path))


def look(path: Path | None, kind: str | None) -> Source:
    """Return what a file is; without a kind, that which its name or its first line tells.

    Raises FileError where it can't be read, PointError where its columns can't be told apart.
    """
    kind = kind or (kind_of(path) if path else None)
    if kind == "parquet":
        from diffcli.rows.parquet import look_at

        return look_at(path)
    if path and path.exists() and not path.is_file():
        raise FileError(f"{path} is no file", hint="a pipe is read as standard input: --points -")
    with read_errors(path), opened(path) as file:
        # Of a pipe nothing is taken, as it can't be put back.
        first = file.peek(1)
        refuse_foreign(first, path)
        kind = kind or ("jsonl" if first.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{" else "csv")
        names, rows = ROWS[kind](Lines(file if path else first.splitlines(keepends=True)))
        columns = tuple(next(rows, {})) if names is None else tuple(names)
        size = path.stat().st_size if path else None
    return Source(path, kind, columns, size)


def open_reader(source: Source, wanted: Wanted) -> Reader:
    """Return what reads the rows of a source."""
    if source.kind != "parquet" or source.path is None:
        return TextReader(source.path, source.kind, wanted)
    from diffcli.rows.parquet import ParquetReader

    return ParquetReader(source.path, wanted)


def open_writer(kind: str, types: Types, results: Collection[str]) -> Writer:
    """Return the writer of a kind of file; ``results`` are the columns that are added."""
    if kind == "csv":
        return CsvWriter(types, results)
    if kind == "jsonl":
        return JsonlWriter()
    from diffcli.rows.parquet import ParquetWriter

    return ParquetWriter(types)


def records(path: Path, kind: str) -> Iterator[Record]:
    """Yield every row as it is written, with where it stands.

    Raises FileError where the file can't be read, PointError where a row isn't one.
    """
    if kind == "parquet":
        from diffcli.rows.parquet import parquet_records

        return parquet_records(path)
    return text_records(path, kind)
