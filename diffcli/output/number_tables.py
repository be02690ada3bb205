"""The numbers of a report as tables, for the formats that have tables of their own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from diffcli.layouts import Matrix
from diffcli.output.answers import cell_name, point_text, value_text
from diffcli.output.cells import (
    answered,
    cells,
    has_quotients,
    name_of_function,
    notation,
    sheet,
    verdict_of,
)
from diffcli.output.notes import quotient
from diffcli.output.report import Report, Result
from diffcli.output.text import number
from diffcli.verdict import Verdict


@dataclass(frozen=True)
class NumberTable:
    """Rows of texts and verdicts under a head; ``numeric`` says which columns hold numbers.

    ``title`` says at which point they are, where that isn't a column; a table of the title alone
    has no head. ``verdict`` is that of all its numbers, where they have none each.
    """

    title: str = ""
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str | Verdict | None, ...], ...] = ()
    numeric: tuple[bool, ...] = ()
    verdict: Verdict | None = None

    @property
    def is_judged_as_one(self) -> bool:
        """Whether one verdict is that of all rows."""
        return bool(self.head) and "verdict" not in self.head


def number_tables(report: Report, digits: int | None) -> Iterator[NumberTable]:
    """Yield one table of all points of numbers, or the tables of each point of tensors."""
    if sheet_rows := sheet(report):
        entries = [notation(report, cell.entry) for cell in sheet_rows[0].cells]
        besides = entries if has_quotients(report) else []
        head = (
            *report.variables,
            name_of_function(report),
            *entries,
            *(f"quotient of {name}" for name in besides),
            "verdict",
        )
        rows = tuple(
            (*row.texts(digits), *(row.quotients if besides else ()), row.verdict)
            for row in sheet_rows
        )
        yield NumberTable("", head, rows, tuple(name != "verdict" for name in head))
        return
    for result in answered(report):
        value = value_text(result, digits)
        title = f"At {point_text(report, result, digits)}: {report.name} = {value}"
        yield _entries(report, result, digits, title)


def _entries(report: Report, result: Result, digits: int | None, title: str) -> NumberTable:
    if isinstance(result.derivative, Matrix):
        names, columns = result.derivative["rows"], result.derivative["columns"]
        lines = tuple(
            (name, *(number(value, digits) for value in line))
            for name, line in zip(names, result.derivative["matrix"], strict=True)
        )
        numeric = (False, *(True for _ in columns))
        return NumberTable(title, ("", *columns), lines, numeric, verdict_of(result.all_checks))
    rows: tuple[tuple[str | Verdict | None, ...], ...] = tuple(
        (cell_name(report, cell), cell.text(digits), verdict_of([cell.check]))
        for cell in cells(result)
    )
    if not rows:
        return NumberTable(title)
    head, numeric = ("derivative", "value", "verdict"), (False, True, False)
    if any(quotients := [quotient(cell.check) for cell in cells(result)]):
        rows = tuple((*row, evidence) for row, evidence in zip(rows, quotients, strict=True))
        return NumberTable(title, (*head, "quotient"), rows, (*numeric, True))
    return NumberTable(title, head, rows, numeric)
