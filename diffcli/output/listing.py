"""What a study found, laid out as any format shows it: formulas, tables, remarks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from diffcli.output.notes import marked
from diffcli.output.text import MISSING, number
from diffcli.output.trees import Branch
from diffcli.verdict import Verdict

_LARGE = 1e12
"""From here on, decimals tell nothing."""


@dataclass(frozen=True)
class Rounded:
    """A number that is shown with so many decimals, or so many significant digits."""

    number: float
    digits: int | None = None
    decimals: int | None = None

    def __str__(self) -> str:
        if not isfinite(self.number):
            return MISSING
        if self.decimals is None:
            return number(self.number, self.digits)
        return f"{self.number:z.{self.decimals}{'f' if abs(self.number) < _LARGE else 'e'}}"


Cell = str | float | Rounded | Verdict | None
"""Words, a number or a verdict, written in each format's own way; None is a missing number."""


@dataclass(frozen=True)
class Block:
    """A table under a title; the first column names its rows."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    @property
    def numeric(self) -> tuple[bool, ...]:
        """Whether each column holds numbers alone."""
        columns = zip(*self.rows, strict=True)
        return tuple(not any(isinstance(c, str | Verdict) for c in column) for column in columns)


@dataclass(frozen=True)
class Listing:
    """Formulas as (name, formula), trees, tables, remarks; ``document`` is it all as JSON."""

    formulas: tuple[tuple[str, str], ...]
    blocks: tuple[Block, ...]
    remarks: tuple[str, ...]
    document: Mapping[str, Any]
    trees: tuple[Branch, ...] = ()


@dataclass(frozen=True)
class Source:
    """Text that every format for people shows as it is; ``document`` is it all as JSON."""

    text: str
    document: Mapping[str, Any]


def written(cell: Cell, digits: int | None) -> str:
    """Return a cell as text, a number with so many digits."""
    if isinstance(cell, Verdict):
        return marked(cell)
    return str(cell) if isinstance(cell, str | Rounded) else number(cell, digits)
