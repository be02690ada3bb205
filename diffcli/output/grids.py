"""Tables without lines that fit a terminal: no number and no verdict is ever cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

_GAP = 3


@dataclass(frozen=True)
class Column:
    """Cells under a name; ``wraps`` where they are words that may go on in the next line."""

    name: str
    cells: Sequence[Text]
    numeric: bool = False
    wraps: bool = False

    @cached_property
    def widest(self) -> int:
        """The width of the column if none of it is wrapped."""
        return max(map(cell_len, (self.name, *(cell.plain for cell in self.cells))))

    @cached_property
    def narrowest(self) -> int:
        """The width of the column if words alone are kept whole."""
        if not self.wraps:
            return self.widest
        words = (word for text in (self.name, *map(str, self.cells)) for word in text.split())
        return max(map(cell_len, words), default=0)


def grids(
    columns: Sequence[Column],
    width: int,
    *,
    keys: int = 1,
    header: bool = True,
    title: str | None = None,
) -> list[Table]:
    """Return the columns as a table; where they are too wide for one, as some below each other.

    Each of those begins with the first columns, ``keys`` of them, as far as there is room. Only a
    column that is too wide alone is broken anywhere.
    """
    tables: list[Table] = []
    for group in _groups(columns, width, keys):
        grid = frame(header=header, title=None if tables else title)
        fits = _width(group) <= width
        for column in group:
            whole = fits and column.narrowest == column.widest
            grid.add_column(
                Text(column.name),
                justify="right" if column.numeric else "left",
                no_wrap=whole,
                # What is known is not measured again, cell by cell.
                width=column.widest if whole else None,
                overflow="fold",
            )
        for row in zip(*(column.cells for column in group), strict=True):
            grid.add_row(*row)
        tables.append(grid)
    return tables


def frame(*, gap: int = _GAP, header: bool = True, title: str | None = None) -> Table:
    """Return a table without lines, columns and rows."""
    return Table(
        title=Text(title) if title else None,
        title_justify="left",
        box=None,
        pad_edge=False,
        padding=(0, gap, 0, 0),
        show_header=header,
        header_style="dim",
    )


def _groups(columns: Sequence[Column], width: int, keys: int) -> list[list[Column]]:
    names = columns[:keys]
    groups = [[*names]]
    for column in columns[keys:]:
        if _width([*groups[-1], column]) <= width:
            groups[-1].append(column)
        else:
            named = [*names, column]
            groups.append(named if _width(named) <= width else [column])
    return groups


def _width(group: Sequence[Column]) -> int:
    return sum(column.narrowest for column in group) + _GAP * (len(group) - 1)
