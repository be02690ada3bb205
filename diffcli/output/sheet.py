"""CSV: a header, then a row a point; where the numbers don't go so, a row a number."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from itertools import chain
from math import isfinite

from diffcli.output.cells import Row, answered, cells, notation, sheet, verdict_of
from diffcli.output.formats import View
from diffcli.output.headings import cell_name, derivative_lines, function_lines
from diffcli.output.listing import Cell, Listing, Rounded
from diffcli.output.report import Report
from diffcli.output.text import ascii_name
from diffcli.verdict import Verdict


def render(report: Report, _view: View) -> str:
    """Return every number with 17 significant digits; a missing one is an empty cell."""
    if not answered(report):
        lines = _formulas(report)
    elif found := sheet(report):
        lines = _by_point(report, found)
    else:
        lines = _one_by_one(report)
    return _csv(lines)


def render_listing(listing: Listing, _view: View) -> str:
    """Return every row of the tables with the first one's head, or the formulas where none is."""
    lines: list[Sequence[object]] = []
    for block in listing.blocks:
        lines += [] if lines else [("entry", *block.head)]
        if ("entry", *block.head) == lines[0]:
            lines += ((ascii_name(block.title), *map(_raw, row)) for row in block.rows)
    if listing.trees:
        branches = (branch.walk() for branch in listing.trees)
        steps = ((depth, each.text) for depth, each in chain.from_iterable(branches))
        lines = [("depth", "line"), *steps]
    remarks = (("note", remark) for remark in listing.remarks)
    return _csv(lines or [("name", "formula"), *listing.formulas, *remarks])


def _csv(lines: Iterable[Sequence[object]]) -> str:
    text = StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue().removesuffix("\n")


def _formulas(report: Report) -> Iterator[Sequence[object]]:
    yield "name", "formula"
    yield from function_lines(report)
    yield from ((ascii_name(name), text) for name, text in derivative_lines(report))


def _by_point(report: Report, found: Sequence[Row]) -> Iterator[Sequence[object]]:
    entries = [ascii_name(notation(report, cell.entry)) for cell in found[0].cells]
    extent = ("sampled",) if _is_sampled(report) else ()
    yield *report.variables, "f", *entries, "verdict", *extent
    for row in found:
        at = [row.at[name] for name in report.variables]
        numbers = [cell.number for cell in row.cells]
        yield *at, row.value, *numbers, _word(row.verdict), *(row.extent or "" for _ in extent)


def _one_by_one(report: Report) -> Iterator[Sequence[object]]:
    extent = ("sampled",) if _is_sampled(report) else ()
    yield "point", "entry", "value", "verdict", *extent
    for place, result in enumerate(answered(report)):
        known = [result.extent or "" for _ in extent]
        if not isinstance(result.value, list):
            yield place, "f", result.value, "", *known
        for cell in cells(result):
            name = ascii_name(cell_name(report, cell))
            yield place, name, cell.number, _word(verdict_of([cell.check])), *known


def _is_sampled(report: Report) -> bool:
    return any(result.sampled for result in report.results)


def _raw(cell: Cell) -> object:
    if isinstance(cell, Rounded):
        return cell.number if isfinite(cell.number) else None
    return _word(cell) if isinstance(cell, Verdict) else cell


def _word(verdict: Verdict | None) -> str:
    return verdict.value if verdict else ""
