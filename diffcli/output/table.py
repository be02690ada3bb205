"""The table: what a person reads."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from io import StringIO
from typing import Any, TypeVar

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from diffcli.layouts import Matrix, SparseMatrix
from diffcli.output import document as blocks
from diffcli.output.answers import cell_name, point_text, value_text
from diffcli.output.cells import (
    Cell,
    Row,
    answered,
    cells,
    has_quotients,
    name_of_function,
    notation,
    sheet,
    size,
    verdict_of,
)
from diffcli.output.document import Document, Line, Numbers, written
from diffcli.output.formats import View
from diffcli.output.grids import Column, frame, grids
from diffcli.output.notes import marked, quotient
from diffcli.output.report import Report, Result
from diffcli.output.text import aligned, elided, number, raised
from diffcli.verdict import Verdict

_Item = TypeVar("_Item")

_UNCUT = 1_000_000
_MARGIN = 2
MAX_REMARKS = 8
"""Remarks that a terminal shows."""
_END = 10
"""Rows shown of each end of a table that is too long."""
_MOST_ROWS = 5_000
"""Rows of a table that is piped; drawing more takes minutes, and csv has them all."""
_READABLE = 48
"""A formula up to this length, or what is left of the width, stands in the row of its number."""
_STYLES = {
    Verdict.CERTIFIED: "green",
    Verdict.AGREES: "green",
    Verdict.INEXACT: "yellow",
    Verdict.UNVERIFIED: "yellow",
    Verdict.NOT_DIFFERENTIABLE: "red",
    Verdict.UNDEFINED: "red",
    Verdict.DISAGREES: "bold red",
}


def render(document: Document, view: View) -> str:
    """Return formulas, then numbers with verdicts, then remarks, fitted to the width."""
    if texts := document.all(blocks.Text):
        return "\n".join(block.text for block in texts)
    console = _console(view)
    pages = [_Page(block.report, view, console.width) for block in document.all(Numbers)]
    beside = any(page.has_formulas_beside for page in pages)
    parts: list[RenderableType] = []
    for block in document.blocks:
        match block:
            case blocks.Formulas(lines):
                shown = [line for line in lines if not (beside and line.entry)]
                parts += [_formulas(shown, view)] if shown else []
            case Numbers():
                parts += pages.pop(0).parts()
            case blocks.Tree():
                parts.append(_tree(block))
            case blocks.Table():
                parts += _table(block, view, console.width)
            case blocks.Remarks(lines):
                parts += _remarks(lines, view)
    return _printed(console, parts)


def _remarks(lines: Sequence[str], view: View) -> Iterator[Text]:
    more = len(lines) - MAX_REMARKS if view.rows else 0
    if more > 0:
        ending = f"… and {more} more remarks; --format plain has all"
        lines = [*lines[:MAX_REMARKS], ending]
    if lines:
        yield Text("\n".join(lines))


def _tree(branch: blocks.Tree) -> Tree:
    """Return the tree that rich draws, formulas in bold."""
    levels: list[Tree] = []
    for depth, line in branch.walk():
        words = ((raised(w.text), "bold") if isinstance(w, blocks.Math) else w for w in line.words)
        label = Text.assemble(*words)
        levels[depth:] = [levels[depth - 1].add(label) if depth else Tree(label)]
    return levels[0]


def _table(block: blocks.Table, view: View, room: int) -> list[Table]:
    columns = []
    for name, cells_, numeric in zip(
        block.head, zip(*block.rows, strict=True), block.numeric, strict=True
    ):
        texts = [written(cell, view.digits) for cell in cells_]
        shown = [*map(_cell, cells_, aligned(texts) if numeric else texts)]
        wraps = not numeric and not any(isinstance(cell, Verdict) for cell in cells_)
        columns.append(Column(name, shown, numeric, wraps))
    count = len(block.rows)
    if count <= (view.rows or count):
        return grids(columns, room, title=block.title)
    return _with_ends(columns, room, count, title=block.title)


def _cell(cell: blocks.Cell, text: str) -> Text:
    return _verdict(cell) if isinstance(cell, Verdict) else Text(text)


def _console(view: View) -> Console:
    return Console(
        file=StringIO(),
        width=(view.width or _UNCUT) - _MARGIN,
        color_system="standard" if view.colour else None,
        force_terminal=view.colour,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
    )


def _printed(console: Console, parts: Sequence[RenderableType]) -> str:
    with console.capture() as captured:
        for part in parts:
            console.print(part)
            console.print()
    lines = (line.rstrip() for line in captured.get().rstrip().splitlines())
    return "\n".join(" " * _MARGIN + line if line else "" for line in lines)


class _Page:
    """One report as a sequence of blocks, fitted to the room for a line."""

    def __init__(self, report: Report, view: View, room: int) -> None:
        self.report, self.view, self.room = report, view, room
        self.most = view.rows or _MOST_ROWS

    def parts(self) -> Iterator[RenderableType]:
        """Yield a row a point, or the answers one after the other."""
        if tables := self.sheet(sheet(self.report) or ()):
            yield from tables
            return
        for result in answered(self.report):
            yield from self.block(result)

    @cached_property
    def has_formulas_beside(self) -> bool:
        """Whether each formula fits in the row of its number."""
        first, *more = answered(self.report) or [None]
        if first is None or more or len(self.report.variables) == 1:
            return False
        if size(first.derivative) > self.most or isinstance(first.derivative, Matrix):
            return False
        if any(cell.index or cell.entry not in first.symbolic for cell in cells(first)):
            return False
        longest = max((len(formula.text or "") for formula in first.symbolic.values()), default=0)
        return longest <= min(self.room - _READABLE, _READABLE)

    def cut(self, text: str) -> str:
        """Return a text, on a terminal without the middle of a very long one."""
        return elided(text) if self.view.width else text

    def sheet(self, rows: Sequence[Row]) -> list[Table]:
        """Return a row a point, or nothing where a row an entry suits the answer better."""
        one_point, one_variable = len(rows) == 1, len(self.report.variables) == 1
        if not rows or (one_point and not one_variable):
            return []
        shown = _thinned(rows, self.most)
        entries = [notation(self.report, cell.entry) for cell in rows[0].cells]
        names = [*self.report.variables, name_of_function(self.report), *entries]
        texts = zip(*(row.texts(self.view.digits) for row in shown), strict=True)
        columns = [_numbers(name, column) for name, column in zip(names, texts, strict=True)]
        if has_quotients(self.report):
            of_entry = zip(*(row.quotients for row in shown), strict=True)
            for name, column in zip(entries, of_entry, strict=True):
                columns.append(Column(f"quotient of {name}", [*map(Text, column)]))
        columns.append(Column("", [_verdict(row.verdict) for row in shown]))
        parts = grids(columns, self.room)
        if len(rows) > self.most:
            _caption(parts, f"{self.most} of {len(rows)} rows, evenly chosen")
        return parts if len(parts) == 1 or (one_variable and not one_point) else []

    def block(self, result: Result) -> list[RenderableType]:
        """Return the point and the value, then a row an entry."""
        heading = Text(self.cut(point_text(self.report, result, self.view.digits)))
        if heading:
            heading = Text.assemble(("at ", "dim"), heading)
        value = Text(f"{self.report.name} = {self.cut(value_text(result, self.view.digits))}")
        verdict = _verdict(verdict_of(result.all_checks))
        if isinstance(result.derivative, Matrix):
            return [self.line(heading, value, verdict), *self.matrix(result.derivative)]
        if isinstance(result.derivative, SparseMatrix):
            return [self.line(heading, value, verdict), *self.triplets(result)]
        if numbers := cells(result, self.shown(result)):
            return [self.line(heading, value), *self.entries(numbers, result)]
        return [self.line(heading, value, verdict)]

    def line(self, *parts: Text) -> Text:
        """Return the parts on one line, or a line each where that is too long."""
        shown = [part for part in parts if part]
        joined = Text("   ").join(shown)
        return joined if joined.cell_len <= self.room else Text("\n").join(shown)

    def entries(self, numbers: Sequence[Cell], result: Result) -> list[Table]:
        beside = self.has_formulas_beside
        formulas = [result.symbolic[cell.entry].text if beside else "" for cell in numbers]
        columns = [
            Column("", [Text(cell_name(self.report, cell)) for cell in numbers]),
            _numbers("", [cell.text(self.view.digits) for cell in numbers]),
            Column("", [_verdict(verdict_of([cell.check])) for cell in numbers]),
        ]
        if any(formulas):
            texts = [Text(text or "", "bold") for text in formulas]
            columns.append(Column("", texts, wraps=True))
        if any(quotients := [quotient(cell.check) for cell in numbers]):
            columns.append(
                Column("", [Text(evidence and f"quotient {evidence}") for evidence in quotients])
            )
        return self.ends(columns, result, header=False)

    def shown(self, result: Result) -> Collection[int]:
        """Return the places of the numbers that are shown: all, or of many the first and last."""
        count = size(result.derivative)
        return range(count) if count <= self.most else {*range(_END), *range(count - _END, count)}

    def ends(
        self, columns: Sequence[Column], result: Result, *, keys: int = 1, header: bool = True
    ) -> list[Table]:
        """Return a table of which the first and the last rows are shown, where it is too long."""
        rows = size(result.derivative)
        if rows <= self.most:
            return grids(columns, self.room, keys=keys, header=header)
        return _with_ends(columns, self.room, rows, keys=keys, header=header)

    def triplets(self, result: Result) -> list[RenderableType]:
        """Return a row an entry of a sparse matrix."""
        derivative = result.derivative
        if not derivative["entries"]:
            return [Text("every entry is zero")]
        positions = sorted(self.shown(result))
        numbers = cells(result, positions)
        entries = [derivative["entries"][position] for position in positions]
        columns = [
            Column("row", [Text(derivative["rows"][row]) for row, _, _ in entries]),
            Column("column", [Text(derivative["columns"][column]) for _, column, _ in entries]),
            _numbers("value", [cell.text(self.view.digits) for cell in numbers]),
            Column("", [_verdict(verdict_of([cell.check])) for cell in numbers]),
        ]
        return [*self.ends(columns, result, keys=2)]

    def matrix(self, derivative: Mapping[str, Any]) -> list[Table]:
        columns = [
            _numbers(name, [number(value, self.view.digits) for value in column])
            for name, column in zip(
                derivative["columns"], zip(*derivative["matrix"], strict=True), strict=True
            )
        ]
        names = Column("", [Text(name, "dim") for name in derivative["rows"]])
        return grids([names, *columns], self.room)


def _numbers(name: str, texts: Sequence[str]) -> Column:
    return Column(name, [*map(Text, aligned(texts))], numeric=True)


def _with_ends(columns: Sequence[Column], room: int, rows: int, **options: Any) -> list[Table]:
    """Return the first and the last rows of a table that is too long."""
    dots = Text("…"), *(Text() for _ in columns[1:])
    parted = [
        replace(column, cells=[*column.cells[:_END], gap, *column.cells[-_END:]])
        for column, gap in zip(columns, dots, strict=True)
    ]
    parts = grids(parted, room, **options)
    _caption(parts, f"the first and the last {_END} of {rows:,} rows")
    return parts


def _caption(parts: Sequence[Table], rows: str) -> None:
    """Say under a table which of its rows it shows."""
    parts[-1].caption = Text(f"{rows}; --format csv has all", "dim")
    parts[-1].caption_justify = "left"


def _formulas(lines: Sequence[Line], view: View) -> Table:
    grid = frame(gap=1, header=False)
    grid.add_column(no_wrap=True)
    grid.add_column()
    grid.add_column(overflow="fold")
    for line in lines:
        formula = elided(line.text) if view.width else line.text
        grid.add_row(Text(line.shown), "=", Text(formula, "bold"))
    return grid


def _verdict(verdict: Verdict | None) -> Text:
    return Text(marked(verdict), _STYLES[verdict] if verdict else "dim")


def _thinned(items: Sequence[_Item], most: int | None) -> Sequence[_Item]:
    """At most so many of the items: the first, the last, and evenly between."""
    if most is None or len(items) <= most:
        return items
    return [items[round(position * (len(items) - 1) / (most - 1))] for position in range(most)]
