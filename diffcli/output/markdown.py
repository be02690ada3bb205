"""Markdown: formulas as code, numbers as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from diffcli.layouts import Matrix
from diffcli.output.answers import cell_name, point_text, value_text
from diffcli.output.cells import answered, cells, name_of_function, notation, sheet, verdict_of
from diffcli.output.document import (
    Block,
    Document,
    Formulas,
    Numbers,
    Remarks,
    Table,
    Text,
    Tree,
    written,
)
from diffcli.output.formats import View
from diffcli.output.notes import marked
from diffcli.output.report import Report, Result
from diffcli.output.text import number


def render(document: Document, view: View) -> str:
    """Return the formulas as code, the numbers as tables, the remarks as a list."""
    parts = (part for block in document.blocks for part in _parts(block, view.digits))
    return "\n\n".join(filter(None, parts))


def _parts(block: Block, digits: int | None) -> Iterator[str]:
    match block:
        case Formulas(lines):
            yield "\n".join(f"- `{line.shown} = {line.text}`" for line in lines)
        case Numbers(report):
            yield from _tables(report, digits)
        case Table(title, head, rows):
            yield title
            texts = [[written(each, digits) for each in row] for row in rows]
            yield _table(head, texts, block.numeric)
        case Tree():
            yield "\n".join(
                f"{'  ' * depth}- {line.line(lambda found: f'${found.latex}$')}"
                for depth, line in block.walk()
            )
        case Remarks(sentences):
            yield "\n".join(f"- {sentence}" for sentence in sentences)
        case Text(text):
            yield text


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
        yield marked(verdict_of(result.all_checks))
    elif found := cells(result):
        lines = [
            [cell_name(report, cell), cell.text(digits), marked(verdict_of([cell.check]))]
            for cell in found
        ]
        yield _table(["derivative", "value", "verdict"], lines, [False, True, False])


def _table(head: Sequence[str], lines: Sequence[Sequence[str]], numeric: Sequence[bool]) -> str:
    rules = ["--:" if right else ":--" for right in numeric]
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, rules, *lines))
