"""Plain text for grep and the shell: ``name = value``, a line each, in ASCII where it can be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from diffcli.output.cells import answered, cells, checks, values_shown, verdict_of
from diffcli.output.formats import View
from diffcli.output.headings import cell_name, derivative_lines, function_lines, remarks
from diffcli.output.listing import Cell, Listing, written
from diffcli.output.report import Nested, NestedText, Report, Result
from diffcli.output.text import ascii_name, number
from diffcli.output.trees import plain_lines


def render(report: Report, view: View) -> str:
    """Return the formulas, then a block of lines a point, blank lines between."""
    arguments = f"({', '.join(report.variables)})" if report.variables else ""
    *definitions, (_, formula) = function_lines(report)
    formulas = [*definitions, (f"{report.name}{arguments}", formula)]
    formulas += [(ascii_name(name) + arguments, text) for name, text in derivative_lines(report)]
    blocks = [list(_answer(report, result, view.digits)) for result in answered(report)]
    said = [("note", remark) for remark in remarks(report, view.digits)]
    return _blocks([formulas, *blocks, said])


def render_listing(listing: Listing, view: View) -> str:
    """Return the formulas, then a block of lines a table, blank lines between."""
    tables = [
        [
            ("entry", ascii_name(block.title)),
            *((written(row[0], view.digits), _joined(row[1:], view.digits)) for row in block.rows),
        ]
        for block in listing.blocks
    ]
    formulas = [(ascii_name(name), text) for name, text in listing.formulas]
    rest = _blocks([formulas, *tables, [("note", remark) for remark in listing.remarks]])
    return "\n\n".join(filter(None, [*map(plain_lines, listing.trees), rest]))


def _blocks(blocks: Sequence[Sequence[tuple[str, str]]]) -> str:
    shown = filter(None, blocks)
    return "\n\n".join("\n".join(f"{name} = {text}" for name, text in block) for block in shown)


def _joined(row: Sequence[Cell], digits: int | None) -> str:
    return ", ".join(filter(None, (written(each, digits) for each in row)))


def _answer(report: Report, result: Result, digits: int | None) -> Iterator[tuple[str, str]]:
    for name in report.variables:
        yield name, _listed(result.shown_at[name], digits)
    yield report.name, _listed(values_shown(result, digits), digits)
    for cell in cells(result):
        missing = cell.check.verdict.words if cell.check else "none"
        text = missing if cell.number is None else cell.text(digits)
        yield ascii_name(cell_name(report, cell)), text
    verdict = result.verdict if verdict_of(checks(result)) else None
    sample = f", {result.extent} checked" if result.sampled else ""
    yield "verdict", f"{verdict.words}{sample}" if verdict else "not checked"


def _listed(value: Nested | NestedText, digits: int | None) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_listed(part, digits) for part in value)}]"
    return "none" if value is None else number(value, digits)
