"""Plain text for grep and the shell: ``name = value``, a line each, in ASCII where it can be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from diffcli.output.answers import cell_name
from diffcli.output.cells import answered, cells, values_shown, verdict_of
from diffcli.output.document import (
    Block,
    Cell,
    Document,
    Formulas,
    Line,
    Numbers,
    Remarks,
    Table,
    Text,
    Tree,
    written,
)
from diffcli.output.formats import View
from diffcli.output.notes import quotient
from diffcli.output.report import Nested, NestedText, Report, Result
from diffcli.output.text import ascii_name, number


def render(document: Document, view: View) -> str:
    """Return blocks of lines: the formulas, each point or table, the remarks."""
    parts = (part for block in document.blocks for part in _parts(block, view.digits))
    return "\n\n".join(filter(None, parts))


def _parts(block: Block, digits: int | None) -> Iterator[str]:
    match block:
        case Formulas(lines):
            yield _pairs([(_left(line), line.text) for line in lines])
        case Numbers(report):
            for result in answered(report):
                yield _pairs(_answer(report, result, digits))
        case Table(title, _, rows):
            pairs = ((written(row[0], digits), _joined(row[1:], digits)) for row in rows)
            yield _pairs([("entry", ascii_name(title)), *pairs])
        case Tree():
            yield "\n".join(f"{'  ' * depth}{line.text}" for depth, line in block.walk())
        case Remarks(sentences):
            yield _pairs(("note", sentence) for sentence in sentences)
        case Text(text):
            yield text


def _left(line: Line) -> str:
    arguments = f"({', '.join(line.arguments)})" if line.arguments else ""
    return ascii_name(line.name) + arguments


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"{name} = {text}" for name, text in pairs)


def _joined(row: Sequence[Cell], digits: int | None) -> str:
    return ", ".join(filter(None, (written(cell, digits) for cell in row)))


def _answer(report: Report, result: Result, digits: int | None) -> Iterator[tuple[str, str]]:
    for name in report.variables:
        yield name, _listed(result.shown_at[name], digits)
    yield report.name, _listed(values_shown(result, digits), digits)
    for cell in cells(result):
        missing = cell.check.verdict.words if cell.check else "none"
        text = missing if cell.number is None else cell.text(digits)
        yield ascii_name(cell_name(report, cell)), text
        if evidence := quotient(cell.check):
            yield f"quotient of {ascii_name(cell_name(report, cell))}", evidence
    verdict = result.verdict if verdict_of(result.all_checks) else None
    sample = f", {result.extent} checked" if result.sampled else ""
    yield "verdict", f"{verdict.words}{sample}" if verdict else "not checked"


def _listed(value: Nested | NestedText, digits: int | None) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_listed(part, digits) for part in value)}]"
    return "none" if value is None else number(value, digits)
