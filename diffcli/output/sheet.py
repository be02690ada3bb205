"""CSV: a header, then a row a point; where the numbers don't go so, a row a number."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from math import isfinite

from diffcli.output.answers import cell_name
from diffcli.output.cells import (
    Row,
    answered,
    cells,
    has_quotients,
    notation,
    sheet,
    verdict_of,
)
from diffcli.output.document import Cell, Document, Numbers, Rounded, Table, Text, Tree
from diffcli.output.formats import View
from diffcli.output.report import Report
from diffcli.output.text import ascii_name
from diffcli.verdict import Check, Verdict


def render(document: Document, _view: View) -> str:
    """Return every number with 17 significant digits; a missing one is an empty cell.

    A document without numbers gives its tree, the rows of its tables that have the first one's
    head, or its formulas.
    """
    if texts := document.all(Text):
        return "\n".join(block.text for block in texts)
    reports = [block.report for block in document.all(Numbers)]
    if trees := document.all(Tree):
        steps = ((depth, line.text) for tree in trees for depth, line in tree.walk())
        return _csv([("depth", "line"), *steps])
    if lines := [
        *_rows(document.all(Table)),
        *(row for report in reports for row in _numbers(report)),
    ]:
        return _csv(lines)
    formulas = [
        (ascii_name(line.name) if line.entry else line.shown, line.text) for line in document.lines
    ]
    remarks = [] if reports else [("note", remark) for remark in document.remarks]
    return _csv([("name", "formula"), *formulas, *remarks])


def _rows(tables: Sequence[Table]) -> Iterator[Sequence[object]]:
    for table in tables:
        if table is tables[0]:
            yield "entry", *table.head
        if table.head == tables[0].head:
            yield from ((ascii_name(table.title), *map(_raw, row)) for row in table.rows)


def _numbers(report: Report) -> Iterable[Sequence[object]]:
    if not answered(report):
        return ()
    sheet_rows = sheet(report)
    return _by_point(report, sheet_rows) if sheet_rows else _one_by_one(report)


def _csv(lines: Iterable[Sequence[object]]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue().removesuffix("\n")


def _by_point(report: Report, rows: Sequence[Row]) -> Iterator[Sequence[object]]:
    entries = [ascii_name(notation(report, cell.entry)) for cell in rows[0].cells]
    extent = ("sampled",) if _is_sampled(report) else ()
    besides = [f"{word} of {name}" for name in entries for word in _QUOTIENT]
    besides = besides if has_quotients(report) else []
    yield *report.variables, "f", *entries, *besides, "verdict", *extent
    for row in rows:
        point = [row.at[name] for name in report.variables]
        numbers = [cell.number for cell in row.cells]
        verdict = _word(row.verdict) or _LEFT_OUT * bool(row.extent)
        quotients = (
            [part for cell in row.cells for part in _quotient(cell.check)] if besides else ()
        )
        yield *point, row.value, *numbers, *quotients, verdict, *(row.extent or "" for _ in extent)


def _one_by_one(report: Report) -> Iterator[Sequence[object]]:
    extent = ("sampled",) if _is_sampled(report) else ()
    besides = _QUOTIENT if has_quotients(report) else ()
    yield "point", "entry", "value", *besides, "verdict", *extent
    for position, result in enumerate(answered(report)):
        known = [result.extent or "" for _ in extent]
        if not isinstance(result.value, list):
            yield position, "f", result.value, *("" for _ in besides), "", *known
        for cell in cells(result):
            name = ascii_name(cell_name(report, cell))
            verdict = _word(verdict_of([cell.check])) or _LEFT_OUT * bool(result.sampled)
            quotients = _quotient(cell.check) if besides else ()
            yield position, name, cell.number, *quotients, verdict, *known


_QUOTIENT = ("quotient", "quotient error")


def _quotient(check: Check | None) -> tuple[object, object]:
    """Return a difference quotient and its error; nothing twice where there is none."""
    return check.quotient if check and check.quotient else ("", "")


_LEFT_OUT = "unchecked"
"""Stands where the verdict would be, in a row that the sample doesn't hold."""


def _is_sampled(report: Report) -> bool:
    return any(result.sampled for result in report.results)


def _raw(cell: Cell) -> object:
    if isinstance(cell, Rounded):
        return cell.number if isfinite(cell.number) else None
    return _word(cell) if isinstance(cell, Verdict) else cell


def _word(verdict: Verdict | None) -> str:
    return verdict.value if verdict else ""
