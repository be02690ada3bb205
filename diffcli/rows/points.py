"""Files of points: a row a point; the columns or keys are the names of the variables."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from diffcli.errors import FileError, PointError
from diffcli.language.expression import Node, number
from diffcli.language.latex.scan import name_of_column
from diffcli.language.limits import MAX_POINTS
from diffcli.language.points import Tensor, Typed, Value, check_count
from diffcli.rows.formats import ENDINGS, kind_of, records


def read_point_file(path: Path) -> tuple[Typed, ...]:
    """Read a file of points; a number is the double nearest to what is written.

    Raises FileError where the file can't be read, PointError where a value is no number,
    LimitError where there are too many.
    """
    kind = kind_of(path)
    if kind is None:
        endings = ", ".join(f".{ending}" for ending in ENDINGS)
        raise FileError(
            f"points aren't read from {path.name}", hint=f"a file of points ends in {endings}"
        )
    rows = islice(records(path, kind), MAX_POINTS + 1)
    points = tuple(_point(row, where) for where, row in rows)
    check_count(len(points))
    if not points:
        raise PointError(
            f"{path} holds no points", hint="a row a point, under the variables' names"
        )
    return points


def _point(row: Mapping[str, Any], where: str) -> Typed:
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
    return number(exact)
