"""The footers of Parquet files: so that row groups written apart become one file.

A Parquet file is row groups followed by a footer that lists them, a structure in Thrift's compact
protocol (https://github.com/apache/parquet-format, ``parquet.thrift``; and
https://github.com/apache/thrift, ``thrift-compact-protocol.md``). A row group may be moved as it
is, if only the offsets in its footer follow.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from io import BytesIO
from typing import Any

MAGIC = b"PAR1"

_TRUE, _FALSE, _BYTE, _INTEGERS, _DOUBLE, _BINARY, _LISTS, _STRUCT = (
    1, 2, 3, (4, 5, 6), 7, 8, (9, 10), 12,
)  # fmt: skip

# Fields of parquet.thrift (format 2.12), by their numbers: those that are offsets in the file, and
# those that may stay as they are. Whatever is in neither list is refused: the index of offsets
# (field 4 of a column), which itself holds offsets; another file's path (1); and all encryption,
# whose keys know the row group's place.
_SCHEMA, _ROWS, _GROUPS = 2, 3, 4
_FILE_FIELDS = frozenset({1, _SCHEMA, _ROWS, _GROUPS, 5, 6, 7})
_COLUMNS, _ORDINAL = 1, 7
_GROUP_OFFSETS, _GROUP_REST = frozenset({5}), frozenset({_COLUMNS, 2, 3, 4, 6, _ORDINAL})
_META_DATA = 3
_COLUMN_OFFSETS, _COLUMN_REST = frozenset({2, 6}), frozenset({_META_DATA, 7})
_META_OFFSETS = frozenset({9, 10, 11, 14})
_META_REST = frozenset({1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 15, 16, 17})
_MOST_ORDINALS = 1 << 15

Struct = dict[int, tuple[int, Any]]
"""A structure: of each field, by its number, the type and the value."""


def joined(footers: Sequence[tuple[int, bytes]]) -> bytes:
    """Return the one footer of files whose row groups follow each other.

    ``footers`` gives by how many bytes each file's row groups were moved, and its footer. Raises
    ValueError for a footer that isn't whole, that holds what can't be moved, or of other columns.
    """
    files = [(moved, _Reader(footer).struct()) for moved, footer in footers]
    for _, file in files:
        _check(file, _FILE_FIELDS, "file")
        if file[_SCHEMA] != files[0][1][_SCHEMA]:
            raise ValueError("the files have other columns")
    groups = [_moved(group, by) for by, file in files for group in file[_GROUPS][1][1]]
    for position, group in enumerate(groups):
        if position < _MOST_ORDINALS and _ORDINAL in group:
            group[_ORDINAL] = (group[_ORDINAL][0], position)
        else:
            group.pop(_ORDINAL, None)
    first = files[0][1]
    first[_ROWS] = (first[_ROWS][0], sum(file[_ROWS][1] for _, file in files))
    first[_GROUPS] = (first[_GROUPS][0], (_STRUCT, groups))
    return _struct(first)


def _moved(group: Struct, by: int) -> Struct:
    _shift(group, _GROUP_OFFSETS, by, _GROUP_REST, "row group")
    for column in group[_COLUMNS][1][1]:
        _shift(column, _COLUMN_OFFSETS, by, _COLUMN_REST, "column")
        _shift(column[_META_DATA][1], _META_OFFSETS, by, _META_REST, "column's metadata")
    return group


def _shift(
    struct: Struct, offsets: Collection[int], by: int, rest: Collection[int], name: str
) -> None:
    """Add to the offsets that are given; 0 stands for none."""
    _check(struct, {*offsets, *rest}, name)
    for field in offsets:
        kind, offset = struct.get(field, (0, 0))
        if offset:
            struct[field] = (kind, offset + by)


def _check(struct: Struct, known: Collection[int], name: str) -> None:
    unknown = struct.keys() - known
    if unknown:
        raise ValueError(f"field {min(unknown)} of a {name} can't be moved")


class _Reader:
    """Reads values of Thrift's compact protocol."""

    def __init__(self, data: bytes) -> None:
        self._data = BytesIO(data)

    def struct(self) -> Struct:
        fields: Struct = {}
        number = 0
        while head := self._byte():
            step, kind = head >> 4, head & 15
            number = number + step if step else _signed(self._varint())
            fields[number] = (kind, self._value(kind))
        return fields

    def _value(self, kind: int) -> Any:
        if kind in (_TRUE, _FALSE):
            return None  # the type says it
        if kind == _BYTE:
            return self._byte()
        if kind in _INTEGERS:
            return _signed(self._varint())
        if kind == _DOUBLE:
            return self._bytes(8)
        if kind == _BINARY:
            return self._bytes(self._varint())
        if kind in _LISTS:
            head = self._byte()
            count = head >> 4 if head >> 4 < 15 else self._varint()
            element = head & 15
            # Inside a list a truth value is a byte.
            read = self._byte if element in (_TRUE, _FALSE) else lambda: self._value(element)
            return element, [read() for _ in range(count)]
        if kind == _STRUCT:
            return self.struct()
        raise ValueError(f"type {kind} doesn't occur in Parquet")

    def _byte(self) -> int:
        return self._bytes(1)[0]

    def _bytes(self, count: int) -> bytes:
        data = self._data.read(count)
        if len(data) < count:
            raise ValueError("the footer ends too early")
        return data

    def _varint(self) -> int:
        number = shift = 0
        while (byte := self._byte()) & 128:
            number |= (byte & 127) << shift
            shift += 7
        return number | byte << shift


def _signed(number: int) -> int:
    return (number >> 1) ^ -(number & 1)


def _varint(number: int) -> bytes:
    parts = bytearray()
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])


def _integer(number: int) -> bytes:
    return _varint(number << 1 if number >= 0 else (-number << 1) - 1)


def _struct(fields: Struct) -> bytes:
    written, before = bytearray(), 0
    for number, (kind, value) in sorted(fields.items()):
        step = number - before
        written += bytes([step << 4 | kind]) if 0 < step < 16 else bytes([kind]) + _integer(number)
        written += _written(kind, value)
        before = number
    return bytes(written) + b"\0"


def _written(kind: int, value: Any) -> bytes:
    if kind in (_TRUE, _FALSE):
        return b""
    if kind == _BYTE:
        return bytes([value])
    if kind in _INTEGERS:
        return _integer(value)
    if kind == _DOUBLE:
        return bytes(value)
    if kind == _BINARY:
        return _varint(len(value)) + bytes(value)
    if kind in _LISTS:
        element, parts = value
        count = len(parts)
        head = bytes([count << 4 | element]) if count < 15 else bytes([240 | element])
        long = b"" if count < 15 else _varint(count)
        if element in (_TRUE, _FALSE):
            return head + long + bytes(parts)
        return head + long + b"".join(_written(element, part) for part in parts)
    return _struct(value)
