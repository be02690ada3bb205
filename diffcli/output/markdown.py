"""Markdown: formulas as code, numbers as a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
from diffcli.output.number_tables import number_tables
from diffcli.output.report import Report
from diffcli.verdict import Verdict


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
            texts = [[written(cell, digits) for cell in row] for row in rows]
            yield _table(head, texts, block.numeric)
        case Tree():
            yield "\n".join(
                f"{'  ' * depth}- {line.line(lambda math: f'${math.latex}$')}"
                for depth, line in block.walk()
            )
        case Remarks(sentences):
            yield "\n".join(f"- {sentence}" for sentence in sentences)
        case Text(text):
            yield text


def _tables(report: Report, digits: int | None) -> Iterator[str]:
    for table in number_tables(report, digits):
        yield table.title
        if table.head:
            texts = [[_text(cell) for cell in row] for row in table.rows]
            yield _table(table.head, texts, table.numeric)
        if table.is_judged_as_one:
            yield marked(table.verdict)


def _text(cell: str | Verdict | None) -> str:
    return cell if isinstance(cell, str) else marked(cell)


def _table(head: Sequence[str], lines: Sequence[Sequence[str]], numeric: Sequence[bool]) -> str:
    rules = ["--:" if right else ":--" for right in numeric]
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, rules, *lines))
