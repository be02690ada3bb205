"""Markdown: formulas as code, numbers as a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from diffcli.layouts import Matrix
from diffcli.output.cells import (
    answered,
    cells,
    checks,
    name_of_function,
    notation,
    sheet,
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
from diffcli.output.listing import Listing, written
from diffcli.output.notes import marked
from diffcli.output.report import Report, Result
from diffcli.output.text import number
from diffcli.output.trees import markdown_list


def render(report: Report, view: View) -> str:
    """Return the formulas, the numbers with their verdicts, and the remarks as a list."""
    formulas = [*function_lines(report), *derivative_lines(report)]
    return _page(formulas, _tables(report, view.digits), remarks(report, view.digits))


def render_listing(listing: Listing, view: View) -> str:
    """Return the formulas, the tables, and the remarks as a list."""
    parts = [markdown_list(branch) for branch in listing.trees]
    for block in listing.blocks:
        lines = [[written(each, view.digits) for each in row] for row in block.rows]
        parts += [block.title, _table(block.head, lines, block.numeric)]
    return _page(listing.formulas, parts, listing.remarks)


def _page(formulas: Iterable[tuple[str, str]], parts: Iterable[str], remarks: Iterable[str]) -> str:
    first = "\n".join(f"- `{name} = {text}`" for name, text in formulas)
    last = "\n".join(f"- {remark}" for remark in remarks)
    return "\n\n".join(filter(None, [first, *parts, last]))


def _tables(report: Report, digits: int | None) -> Iterator[str]:
    if found := sheet(report):
        entries = [notation(report, cell.entry) for cell in found[0].cells]
        head = [*report.variables, name_of_function(report), *entries, "verdict"]
        lines = [[*row.texts(digits), marked(row.verdict)] for row in found]
        yield _table(head, lines, [name != "verdict" for name in head])
        return
    for result in answered(report):
        value = value_text(result, digits)
        yield f"At {point_text(report, result, digits)}: {report.name} = {value}"
        yield from _entries(report, result, digits)


def _entries(report: Report, result: Result, digits: int | None) -> Iterator[str]:
    if isinstance(result.derivative, Matrix):
        names, columns = result.derivative["rows"], result.derivative["columns"]
        lines = [
            [name, *(number(value, digits) for value in line)]
            for name, line in zip(names, result.derivative["matrix"], strict=True)
        ]
        yield _table(["", *columns], lines, [False, *(True for _ in columns)])
        yield marked(verdict_of(checks(result)))
    elif found := cells(result):
        lines = [
            [cell_name(report, cell), cell.text(digits), marked(verdict_of([cell.check]))]
            for cell in found
        ]
        yield _table(["derivative", "value", "verdict"], lines, [False, True, False])


def _table(head: Sequence[str], lines: Sequence[Sequence[str]], numeric: Sequence[bool]) -> str:
    rules = ["--:" if right else ":--" for right in numeric]
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, rules, *lines))
