"""The table: what a person reads."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from io import StringIO
from typing import Any, TypeVar

from rich.console import Console, JustifyMethod, RenderableType
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from diffcli.output.cells import (
    Cell,
    Row,
    answered,
    cells,
    checks,
    is_matrix,
    is_sparse,
    name_of_function,
    notation,
    sheet,
    size,
    verdict_of,
)
from diffcli.output.formats import View
from diffcli.output.headings import (
    cell_name,
    derivative_lines,
    function_lines,
    point_text,
    remarks,
    value_text,
)
from diffcli.output.listing import Cell as AnyCell
from diffcli.output.listing import Listing, written
from diffcli.output.notes import marked
from diffcli.output.report import Report, Result
from diffcli.output.text import aligned, elided, number
from diffcli.output.trees import terminal_tree
from diffcli.verdict import Verdict

_Item = TypeVar("_Item")

_UNCUT = 1_000_000
_MARGIN = 2
_REMARKS = 8
_END = 10
"""Rows shown of each end of a table that is too long."""
_MOST_ROWS = 5_000
"""Of a table that is piped; drawing more takes minutes, and csv has them all."""
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


def render(report: Report, view: View) -> str:
    """Return the report as a table: formulas, then numbers with verdicts, then remarks."""
    console = _console(view)
    return _printed(console, _Page(report, view, console).parts())


def render_listing(listing: Listing, view: View) -> str:
    """Return the formulas, the tables, the remarks."""
    parts: list[RenderableType] = [_formulas(listing.formulas)] if listing.formulas else []
    parts += map(terminal_tree, listing.trees)
    for block in listing.blocks:
        grid = _grid(title=block.title)
        columns = []
        for name, column, numeric in zip(
            block.head, zip(*block.rows, strict=True), block.numeric, strict=True
        ):
            side: JustifyMethod = "right" if numeric else "left"
            grid.add_column(Text(name), justify=side, no_wrap=numeric, overflow="fold")
            texts = [written(each, view.digits) for each in column]
            columns.append(aligned(texts) if numeric else texts)
        for row, line in zip(block.rows, zip(*columns, strict=True), strict=True):
            grid.add_row(*map(_cell, row, line))
        parts.append(grid)
    if listing.remarks:
        parts.append(Text("\n".join(listing.remarks)))
    return _printed(_console(view), parts)


def _cell(cell: AnyCell, text: str) -> Text:
    return _verdict(cell) if isinstance(cell, Verdict) else Text(text)


def _console(view: View) -> Console:
    return Console(
        file=StringIO(),
        width=view.width or _UNCUT,
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
            console.print(Padding(part, (0, 0, 1, _MARGIN), expand=False))
    return "\n".join(line.rstrip() for line in captured.get().rstrip().splitlines())


class _Page:
    """One report as a sequence of blocks, fitted to one console."""

    def __init__(self, report: Report, view: View, console: Console) -> None:
        self.report, self.view, self.console = report, view, console
        self.most = view.rows or _MOST_ROWS

    def parts(self) -> list[RenderableType]:
        results = answered(self.report)
        beside = bool(results) and self.formulas_beside(results)
        parts: list[RenderableType] = [self.formulas(with_derivatives=not beside)]
        if table := self.sheet(sheet(self.report) or ()):
            parts.append(table)
        else:
            for result in results:
                parts += self.block(result, beside=beside)
        if said := remarks(self.report, self.view.digits):
            more = len(said) - _REMARKS if self.view.rows else 0
            ending = [f"… and {more} more remarks; --format plain has all"] if more > 0 else []
            shown = said[:_REMARKS] if ending else said
            parts.append(Text("\n".join([*shown, *ending])))
        return parts

    def formulas_beside(self, results: Sequence[Result]) -> bool:
        """Whether each formula fits in the row of its number."""
        first, *more = results
        if more or len(self.report.variables) == 1 or size(first.derivative) > self.most:
            return False
        if any(cell.index or cell.entry not in first.symbolic for cell in cells(first)):
            return False
        if is_matrix(first.derivative):
            return False
        longest = max((len(formula.text or "") for formula in first.symbolic.values()), default=0)
        return longest <= min(self.console.width - _READABLE, _READABLE)

    def formulas(self, *, with_derivatives: bool) -> Table:
        lines = list(function_lines(self.report))
        if with_derivatives:
            lines += derivative_lines(self.report)
        return _formulas([(name, self.cut(text)) for name, text in lines])

    def cut(self, text: str) -> str:
        """Return a text, on a terminal without the middle of a very long one."""
        return elided(text) if self.view.width else text

    def sheet(self, found: Sequence[Row]) -> Table | None:
        """Return a row a point, or None where a row an entry suits the answer better."""
        one_point = len(found) == 1
        if not found or (one_point and len(self.report.variables) != 1):
            return None
        shown = _thinned(found, self.most)
        entries = [notation(self.report, cell.entry) for cell in found[0].cells]
        grid = _grid()
        for name in (*self.report.variables, name_of_function(self.report), *entries):
            grid.add_column(Text(name), justify="right", no_wrap=True)
        grid.add_column(no_wrap=True)
        columns = zip(*(row.texts(self.view.digits) for row in shown), strict=True)
        for row, *line in zip(shown, *map(aligned, columns), strict=True):
            grid.add_row(*map(Text, line), _verdict(row.verdict))
        self.with_rows_left_out(grid, len(found))
        natural = Measurement.get(self.console, self.console.options, grid).maximum
        return grid if natural + _MARGIN <= self.console.width else None

    def with_rows_left_out(self, grid: Table, rows: int) -> Table:
        """Say under a table how many of its rows it shows, where not all."""
        if rows > self.most:
            left_out = f"{self.most} of {rows} rows, evenly chosen; --format csv has all"
            grid.caption, grid.caption_justify = Text(left_out, "dim"), "left"
        return grid

    def block(self, result: Result, *, beside: bool) -> list[RenderableType]:
        """Return the point and the value, then a row an entry."""
        place = Text(self.cut(point_text(self.report, result, self.view.digits)))
        if place:
            place = Text.assemble(("at ", "dim"), place)
        value = Text(f"f = {self.cut(value_text(result, self.view.digits))}")
        verdict = _verdict(verdict_of(checks(result)))
        if is_matrix(result.derivative):
            return [self.line(place, value, verdict), self.matrix(result.derivative)]
        if is_sparse(result.derivative):
            return [self.line(place, value, verdict), self.triplets(result)]
        if found := cells(result, self.shown(result)):
            return [self.line(place, value), self.entries(found, result, beside=beside)]
        return [self.line(place, value, verdict)]

    def line(self, *parts: Text) -> Text:
        """Return the parts on one line, or a line each where that is too long."""
        shown = [part for part in parts if part]
        joined = Text("   ").join(shown)
        fits = joined.cell_len + _MARGIN <= self.console.width
        return joined if fits else Text("\n").join(shown)

    def entries(self, found: Sequence[Cell], result: Result, *, beside: bool) -> Table:
        grid = _grid(header=False)
        grid.add_column(no_wrap=True)
        grid.add_column(justify="right", no_wrap=True)
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        texts = aligned([cell.text(self.view.digits) for cell in found])
        count = size(result.derivative)
        for place, (cell, text) in enumerate(zip(found, texts, strict=True)):
            if place == _END < len(found) < count:
                grid.add_row("…")
            formula = result.symbolic[cell.entry].text if beside else ""
            grid.add_row(
                Text(cell_name(self.report, cell)),
                Text(text),
                _verdict(verdict_of([cell.check])),
                Text(formula or "", "bold"),
            )
        return self.with_ends_alone(grid, count)

    def shown(self, result: Result) -> Collection[int]:
        """Return the places of the numbers that are shown: all, or of many the first and last."""
        count = size(result.derivative)
        return range(count) if count <= self.most else {*range(_END), *range(count - _END, count)}

    def with_ends_alone(self, grid: Table, rows: int) -> Table:
        """Say under a table that its rows are the first and the last, where they are."""
        if rows > self.most:
            left_out = f"the first and the last {_END} of {rows:,} rows; --format csv has all"
            grid.caption, grid.caption_justify = Text(left_out, "dim"), "left"
        return grid

    def triplets(self, result: Result) -> RenderableType:
        """Return a row an entry of a sparse matrix."""
        derivative = result.derivative
        if not derivative["entries"]:
            return Text("every entry is zero")
        places = sorted(self.shown(result))
        found = cells(result, places)
        names = [
            (derivative["rows"][row], derivative["columns"][column])
            for row, column, _ in (derivative["entries"][place] for place in places)
        ]
        texts = aligned([cell.text(self.view.digits) for cell in found])
        grid = _grid()
        # Where the page is narrow, the verdict is what is cut.
        for title, column in zip(("row", "column"), zip(*names, strict=True), strict=False):
            grid.add_column(title, no_wrap=True, min_width=max(map(len, (title, *column))))
        grid.add_column("value", justify="right", no_wrap=True, min_width=max(map(len, texts)))
        grid.add_column(no_wrap=True)
        for count, (pair, cell, text) in enumerate(zip(names, found, texts, strict=True)):
            if count == _END < len(found) < len(derivative["entries"]):
                grid.add_row("…")
            grid.add_row(*map(Text, (*pair, text)), _verdict(verdict_of([cell.check])))
        return self.with_ends_alone(grid, len(derivative["entries"]))

    def matrix(self, derivative: Mapping[str, Any]) -> Table:
        grid = _grid()
        grid.add_column()
        for column in derivative["columns"]:
            grid.add_column(Text(column), justify="right", no_wrap=True)
        columns = [
            aligned([number(value, self.view.digits) for value in column])
            for column in zip(*derivative["matrix"], strict=True)
        ]
        for name, *line in zip(derivative["rows"], *columns, strict=True):
            grid.add_row(Text(name, "dim"), *map(Text, line))
        return grid


def _formulas(lines: Sequence[tuple[str, str]]) -> Table:
    grid = _grid(gap=1, header=False)
    grid.add_column(no_wrap=True)
    grid.add_column()
    grid.add_column(overflow="fold")
    for name, formula in lines:
        grid.add_row(Text(name), "=", Text(formula, "bold"))
    return grid


def _grid(*, gap: int = 3, header: bool = True, title: str | None = None) -> Table:
    """Return a table without lines."""
    return Table(
        title=Text(title) if title else None,
        title_justify="left",
        box=None,
        pad_edge=False,
        padding=(0, gap, 0, 0),
        show_header=header,
        header_style="dim",
    )


def _verdict(verdict: Verdict | None) -> Text:
    return Text(marked(verdict), _STYLES[verdict] if verdict else "dim")


def _thinned(items: Sequence[_Item], most: int | None) -> Sequence[_Item]:
    """At most so many of the items: the first, the last, and evenly between."""
    if most is None or len(items) <= most:
        return items
    return [items[round(place * (len(items) - 1) / (most - 1))] for place in range(most)]
