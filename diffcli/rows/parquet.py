"""Parquet, through pyarrow: rows in chunks whatever the row groups, and a row group a chunk."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from mmap import mmap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffcli.errors import FileError, PointError
from diffcli.rows.append import PAGE
from diffcli.rows.chunks import Buffer, Chunk, RecycledBuffers, Source, Wanted
from diffcli.rows.footers import MAGIC, joined
from diffcli.rows.text import Record, check_columns
from diffcli.rows.writing import Types, Writer, cells

if TYPE_CHECKING:
    from diffcli.rows.chunks import Array

MOST_ROWS, LEAST_ROWS = 1 << 18, 1 << 10
MEMORY = 1 << 25
"""Bytes of a chunk, which has fewer rows where there are many columns."""
BUFFER = 1 << 20
"""Bytes read of a column at once; pyarrow would keep the whole file, as it reads ahead."""
AT_ONCE = 1 << 16
"""Numbers that pyarrow encodes at once; it would take a thousand."""
SPARE = 1 << 16
"""Bytes for what stands between the numbers of a row group: headers of pages."""
TAIL = 8
"""Bytes after a footer: its length, and the magic."""


def _parquet() -> Any:
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise FileError("parquet needs pyarrow", hint="pip install 'diffcli[data]'") from error
    return parquet


def _opened(path: Path) -> Any:
    """Return an open file. Raises FileError."""
    parquet = _parquet()
    from pyarrow import ArrowException

    try:
        return parquet.ParquetFile(path, buffer_size=BUFFER, pre_buffer=False)
    except OSError as error:
        raise FileError(f"{path} can't be read: {error.strerror or error}") from error
    except ArrowException as error:
        raise FileError(f"{path} is no parquet: {error}") from error


def look_at(path: Path | None) -> Source:
    """Return what a file is. Raises FileError, and PointError where columns have one name."""
    if path is None:
        raise FileError("parquet isn't read from standard input", hint="name the file")
    with _opened(path) as file:
        names = file.schema_arrow.names
        check_columns(names)
        return Source(path, "parquet", tuple(names), file.metadata.num_rows)


def parquet_records(path: Path) -> Iterator[Record]:
    """Yield every row of a file with where it stands. Raises FileError, PointError."""
    with _opened(path) as file:
        names = file.schema_arrow.names
        check_columns(names, f"{path}: ")
        rows = (row for batch in file.iter_batches() for row in batch.to_pylist())
        yield from ((f"{path}, row {position}", row) for position, row in enumerate(rows))


class ParquetReader:
    """Reads Parquet in chunks of one size, but for the last. Raises FileError, PointError."""

    def __init__(self, path: Path, wanted: Wanted) -> None:
        self._wanted, self._file = wanted, _opened(path)
        schema, metadata = self._file.schema_arrow, self._file.metadata
        used = set(wanted.columns(schema.names).values())
        _check_numbers([schema.field(name) for name in schema.names if name in used])
        self._columns = [name for name in schema.names if name in used or wanted.passes(name)]
        groups = [metadata.row_group(group) for group in range(metadata.num_row_groups)]
        self._starts = [0, *accumulate(group.num_rows for group in groups)]
        bytes_a_row = sum(group.total_byte_size for group in groups) // max(self._starts[-1], 1)
        rows = MEMORY // (bytes_a_row + 8 * wanted.results)
        self._rows = min(max(1 << rows.bit_length() - 1, LEAST_ROWS), MOST_ROWS)

    def chunks(self, start: int) -> Iterator[Chunk]:
        """Yield the rows from one on; from 0, one chunk at least."""
        import pyarrow as pa

        first = bisect_right(self._starts, start, hi=len(self._starts) - 1) - 1
        groups = range(first, self._file.num_row_groups)
        skip = start - self._starts[first]
        nothing = self._file.schema_arrow.empty_table().select(self._columns)
        waiting = nothing
        for batch in self._file.iter_batches(self._rows, groups, self._columns):
            waiting = pa.concat_tables([waiting, pa.Table.from_batches([batch])])
            dropped = min(skip, waiting.num_rows)
            skip -= dropped
            waiting = waiting.slice(dropped)
            while waiting.num_rows >= self._rows:
                start += self._rows
                yield self._chunk(waiting.slice(0, self._rows), start)
                # A slice without a row would hold the memory of what it was cut from.
                waiting = waiting.slice(self._rows) if waiting.num_rows > self._rows else nothing
        if waiting.num_rows or start == 0:
            yield self._chunk(waiting, start + waiting.num_rows)

    def _chunk(self, table: Any, end: int) -> Chunk:
        columns = dict(zip(table.column_names, table.columns, strict=True))
        return Chunk(
            {name: column for name, column in columns.items() if self._wanted.passes(name)},
            {
                name: _numbers(columns[index])
                for name, index in self._wanted.columns(columns).items()
            },
            table.num_rows,
            end,
        )


def _check_numbers(fields: Sequence[Any]) -> None:
    from pyarrow import types

    numeric = (types.is_integer, types.is_floating, types.is_decimal, types.is_null)
    for field in fields:
        if not any(is_kind(field.type) for is_kind in numeric):
            raise PointError(
                f"the column {field.name} holds {field.type}", hint="a variable is a number"
            )


def _numbers(column: Any) -> Array:
    """Return a column as float64, nan where there is no finite number."""
    import numpy as np

    numbers: Array = column.cast("float64", safe=False).to_numpy()
    if not np.isfinite(numbers.sum()):
        numbers = np.where(np.isfinite(numbers), numbers, np.nan)
    return numbers


def _floats(numbers: Array) -> Any:
    """Return a column of pyarrow, on the same memory where no number is missing."""
    import numpy as np
    import pyarrow as pa

    return pa.array(numbers, mask=np.isnan(numbers) if np.isnan(numbers.sum()) else None)


def _most(table: Any) -> int:
    """Return how many bytes floats take at most: numbers, a bit each, and the footer."""
    return int(table.nbytes * 5 // 4 + 4 * table.schema.serialize().size + SPARE)


def _paged(size: int) -> int:
    """Return the bytes of the pages that hold so many bytes."""
    return -(-size // PAGE) * PAGE


class ParquetWriter(Writer):
    """Writes each chunk as a row group; a missing result is null.

    A chunk begins as a file does, with the magic, and ends with zeros up to a whole page: readers
    go by the offsets in the footer.
    """

    def __init__(self, types: Types) -> None:
        _parquet()
        self._types = types
        self._memory = RecycledBuffers(lambda size: mmap(-1, size))

    def encode(self, chunk: Chunk, results: Mapping[str, Array]) -> tuple[Buffer, bytes]:
        """Return a row group, and its footer as of a file that it alone makes up."""
        import pyarrow as pa

        columns = {name: self._column(name, chunk) for name in self._types}
        table = pa.table(columns | {name: _floats(result) for name, result in results.items()})
        floats = {field.name: pa.types.is_floating(field.type) for field in table.schema}
        # Numbers take the bytes that they take; how many others will is not known before.
        if all(floats.values()):
            memory = self._memory.next(_most(table))
            file = pa.FixedSizeBufferWriter(pa.py_buffer(memory))
            self._write(table, floats, file)
            size = file.tell()
        else:
            file = pa.BufferOutputStream()
            self._write(table, floats, file)
            written = memoryview(file.getvalue())
            size = len(written)
            memory = self._memory.next(_paged(size))
            memory[:size] = written
        end = size - TAIL - int.from_bytes(memory[size - TAIL : size - len(MAGIC)], "little")
        footer = memory[end : size - TAIL]
        memory[end : _paged(end)] = bytes(_paged(end) - end)
        return memoryview(memory)[: _paged(end)], footer

    def _write(self, table: Any, floats: Mapping[str, bool], file: Any) -> None:
        """Write a file of one row group."""
        with _parquet().ParquetWriter(
            file,
            table.schema,
            # Computed numbers differ from each other, so that neither makes them fewer bytes.
            use_dictionary=[name for name, is_float in floats.items() if not is_float] or False,
            compression={name: "none" if floats[name] else "snappy" for name in floats},
            # Of the columns that pass through a reader may know the least and the greatest.
            write_statistics=list(self._types) or False,
            write_batch_size=AT_ONCE,
        ) as writer:
            writer.write_table(table, row_group_size=max(table.num_rows, 1))

    def _column(self, name: str, chunk: Chunk) -> Any:
        """Return a column that passes through, as pyarrow's."""
        import pyarrow as pa

        column, kind = chunk.columns.get(name), self._types[name]
        if kind is None:
            return column
        if name in chunk.numbers:
            return _floats(chunk.numbers[name])
        if column is None:
            return pa.nulls(chunk.rows, kind)
        try:
            return pa.array(cells(column, text=kind == "string"), kind)
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise FileError(
                f"the column {name} began as {kind}, and went on otherwise: {error}",
                hint="write jsonl, whose columns have no type",
            ) from error

    def end(self, footers: Sequence[tuple[int, bytes]]) -> bytes:
        """Return the footer of all row groups, given where each begins, and its own."""
        try:
            footer = joined(footers)
        except (LookupError, TypeError, ValueError) as error:
            raise FileError(
                f"the row groups can't be put together: {error}",
                hint="without --resume all begins anew",
            ) from error
        return footer + len(footer).to_bytes(4, "little") + MAGIC
