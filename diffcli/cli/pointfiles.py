"""Files of points: a row a point; the columns or keys are the names of the variables."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

from diffcli.errors import FileError, PointError
from diffcli.language.expression import Node, number
from diffcli.language.latex.scan import name_of_column
from diffcli.language.limits import MAX_POINTS
from diffcli.language.points import Tensor, Typed, Value, check_count
from diffcli.output.files import ending


def read_point_file(path: Path) -> tuple[Typed, ...]:
    """Read a csv or a jsonl file of points; a number is the double nearest to what is written.

    Raises FileError where the file can't be read, PointError where a value is no number,
    LimitError where there are too many.
    """
    reader = _READERS.get(f".{ending(path)}")
    if reader is None:
        raise FileError(f"points aren't read from {path.name}", hint=_KINDS)
    try:
        found = tuple(islice(reader(path), MAX_POINTS + 1))
    except OSError as error:
        raise FileError(f"{path} can't be read: {error.strerror}") from error
    except csv.Error as error:
        raise PointError(f"{path} is no csv: {error}") from error
    except UnicodeDecodeError as error:
        raise FileError(f"{path} is no text in UTF-8") from error
    check_count(len(found))
    if not found:
        raise PointError(
            f"{path} holds no points", hint="a row a point, under the variables' names"
        )
    return found


def _csv(path: Path) -> Iterator[Typed]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        table = csv.DictReader(file, strict=True, skipinitialspace=True)
        for row in table:
            where = f"{path}, line {table.line_num}"
            if None in row or None in row.values():
                raise PointError(f"{where} has not as many cells as the header")
            yield _named(row, where)


def _jsonl(path: Path) -> Iterator[Typed]:
    with path.open(encoding="utf-8") as file:
        for place, line in enumerate(file, 1):
            if line.strip():
                yield _point(_parsed(line, f"{path}, line {place}"), f"{path}, line {place}")


def _parsed(line: str, where: str) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise PointError(f"{where} is no JSON: {error}") from error


def _point(found: Any, where: str) -> Typed:
    if not isinstance(found, Mapping):
        raise PointError(f"{where} is no point", hint='write {"x": 1, "y": 2}')
    return _named(found, where)


def _named(row: Mapping[str, Any], where: str) -> Typed:
    """Return the point of a row; its columns are named as formulas name their variables."""
    values: dict[str, Value] = {}
    for column, value in row.items():
        name = name_of_column(column)
        if name in values:
            raise PointError(f"{where}: two columns are named {name!r}", hint="rename one")
        values[name] = _value(value, where)
    return Typed(values)


def _value(value: Any, where: str) -> Value:
    if not isinstance(value, list):
        return _number(value, where)
    parts = [_value(part, where) for part in value]
    shapes = {part.shape if isinstance(part, Tensor) else () for part in parts}
    if len(shapes) != 1:
        raise PointError(f"{where} has a list that is empty or whose rows differ in length")
    rows = [part.entries if isinstance(part, Tensor) else (part,) for part in parts]
    flat = tuple(entry for row in rows for entry in row if isinstance(entry, Node))
    return Tensor((len(value), *shapes.pop()), flat)


def _number(value: Any, where: str) -> Node:
    try:
        exact = float(value) if isinstance(value, str | int | float) else math.nan
    except (ValueError, OverflowError):
        exact = math.nan
    if not math.isfinite(exact) or isinstance(value, bool):
        raise PointError(f"{where}: {value!r} is no finite number")
    return number(Fraction(exact))


def _parquet(path: Path) -> Iterator[Typed]:
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise FileError(
            "reading parquet needs pyarrow", hint="pip install 'diffcli[data]'"
        ) from error
    for place, row in enumerate(parquet.read_table(path).to_pylist()):
        yield _point(row, f"{path}, row {place}")


_READERS: Mapping[str, Callable[[Path], Iterator[Typed]]] = {
    ".csv": _csv,
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".parquet": _parquet,
    ".pq": _parquet,
}
_KINDS = f"a file of points ends in {', '.join(_READERS)}"
