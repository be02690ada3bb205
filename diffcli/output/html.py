"""A page of an answer: formulas typeset by the browser, numbers as tables, steps that fold.

One file that needs nothing else: MathML (https://www.w3.org/TR/mathml-core/) for the formulas, a
style sheet for screens, dark screens and paper. What carries meaning is text, so that a screen
reader says it: a verdict is never a colour or a sign alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from xml.etree import ElementTree as ET

from diffcli.output.document import (
    Block,
    Cell,
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
from diffcli.output.latex import left_side, right_side
from diffcli.output.notes import MARKS
from diffcli.output.number_tables import NumberTable, number_tables
from diffcli.verdict import Verdict

PRIMES = ("′", "″", "‴")
MATHML = "http://www.w3.org/1998/Math/MathML"
STYLE = """
.diffcli { --muted: #666; --rule: #ccc; --good: #176d2c; --fair: #8a5a00; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { .diffcli { --muted: #aaa; --rule: #555; --good: #7bd88f;
  --fair: #f0b84d; --bad: #ff8a80; } }
.diffcli math { font-size: 1.1em; math-style: normal; }
.diffcli table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto; }
.diffcli .formulas td { padding: .2rem .3rem; }
.diffcli .formulas td:first-child, .diffcli .number { text-align: right; }
.diffcli .numbers th { border-bottom: 1px solid var(--rule); font-weight: 600; text-align: left; }
.diffcli .numbers :is(th, td) { padding: .25rem .8rem .25rem 0; white-space: nowrap; }
.diffcli .numbers .number { text-align: right; font-variant-numeric: tabular-nums; }
.diffcli caption { text-align: left; font-weight: 600; white-space: nowrap; }
.diffcli details :is(details, p) { margin: .3rem 0 .3rem 1.5rem; }
.diffcli .remarks { color: var(--muted); }
.diffcli :is(.certified, .agrees) { color: var(--good); }
.diffcli :is(.inexact, .unverified) { color: var(--fair); }
.diffcli :is(.undefined, .not_differentiable, .disagrees) { color: var(--bad); }
"""
"""The style of an answer, on a page or in a notebook."""
PAGE_STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
@media print { body { max-width: none; margin: 0; } }
"""


def render(document: Document, view: View) -> str:
    """Return a whole page."""
    lines = [line.shown for line in document.lines[:1]]
    title = escape(f"{lines[0]} = {document.lines[0].text}" if lines else "diffcli")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{PAGE_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{fragment(document, view)}\n</main>\n</body>\n</html>"
    )


def fragment(document: Document, view: View) -> str:
    """Return the answer with its style and without a page around it, as a notebook shows it."""
    parts = [part for block in document.blocks for part in _parts(block, view.digits)]
    parts += [document.figure] if document.figure else []
    return _lines(f'<div class="diffcli">\n<style>{STYLE}</style>', parts, "</div>")


def _parts(block: Block, digits: int | None) -> Iterator[str]:
    match block:
        case Formulas(lines):
            pairs = [(left_side(line), right_side(line)) for line in lines if line.latex != ""]
            rows = (f"<tr><td>{math(a)}</td><td>{math('=' + b)}</td></tr>" for a, b in pairs)
            yield _lines('<table class="formulas" role="presentation">', rows, "</table>")
        case Numbers(report):
            yield from map(_numbers, number_tables(report, digits))
        case Table(title, head, rows):
            cells = [[_cell(cell, digits) for cell in row] for row in rows]
            yield _table(title, head, cells, block.numeric)
        case Tree():
            yield _steps(block)
        case Remarks(sentences) if sentences:
            items = (f"<li>{escape(sentence)}</li>" for sentence in sentences)
            yield _lines('<ul class="remarks">', items, "</ul>")
        case Text(text):
            yield f"<pre>{escape(text)}</pre>"


def math(latex: str) -> str:
    """Return a formula in MathML, from LaTeX."""
    from latex2mathml.converter import convert

    # A page in HTML needs no namespace.
    root = ET.fromstring(convert(latex).replace(f' xmlns="{MATHML}"', "", 1))  # noqa: S314
    for raised in [*root.iter("msup"), *root.iter("msubsup")]:
        *base, prime = raised
        if (prime.text or "") in PRIMES:  # a prime is raised already
            if len(base) > 1:
                indexed = ET.Element("msub")
                indexed.extend(base)
                base = [indexed]
            raised.tag, raised[:] = "mrow", [*base, prime]
            prime.tag = "mo"
            prime.attrib.update(lspace="0", rspace="0")
    for row in root.iter("mrow"):
        _space_names(row)
    return ET.tostring(root, encoding="unicode")


def _space_names(row: ET.Element) -> None:
    """Set a function's name apart from a factor before it: a sin(x) isn't asin(x)."""
    parts = list(row)
    for position in range(len(parts) - 1, 0, -1):
        before, name = parts[position - 1], parts[position]
        name = name[0] if name.tag in ("msup", "msub") else name
        if name.tag == "mi" and len(name.text or "") > 1 and before.tag not in ("mo", "mspace"):
            row.insert(position, ET.Element("mspace", width="0.17em"))


def _numbers(table: NumberTable) -> str:
    rows = [
        [escape(cell) if isinstance(cell, str) else verdict(cell) for cell in row]
        for row in table.rows
    ]
    below = f"<p>{verdict(table.verdict)}</p>" if table.is_judged_as_one else ""
    if not table.head:
        return f"<p>{escape(table.title)}</p>"
    return _table(table.title, table.head, rows, table.numeric) + below


def _table(
    title: str, head: Sequence[str], rows: Sequence[Sequence[str]], numeric: Sequence[bool]
) -> str:
    """Return a table of cells in HTML; the first column names its rows."""
    kinds = [' class="number"' if right else "" for right in numeric]
    caption = [f"<caption>{escape(title)}</caption>"] if title else []
    names = [
        f'<th scope="col"{kind}>{escape(name)}</th>' for name, kind in zip(head, kinds, strict=True)
    ]
    cells = (
        [f"<td{kind}>{cell}</td>" for cell, kind in zip(row, kinds, strict=True)] for row in rows
    )
    lines = (f"<tr>{''.join(row)}</tr>" for row in (names, *cells))
    return _lines('<table class="numbers">', (*caption, *lines), "</table>")


def _cell(cell: Cell, digits: int | None) -> str:
    return verdict(cell) if isinstance(cell, Verdict) else escape(written(cell, digits))


def verdict(reached: Verdict | None) -> str:
    """Return a verdict in its colour; its sign is left out by a screen reader."""
    if reached is None:
        return "not checked"
    mark = f'<span aria-hidden="true">{MARKS[reached]}</span>'
    return f'<span class="{reached.value}">{mark} {escape(reached.words)}</span>'


def _steps(tree: Tree) -> str:
    """Return a step, and below it, to be folded, what belongs to it."""
    line = tree.line(lambda formula: math(formula.latex), escape)
    if not tree.branches:
        return f"<p>{line}</p>"
    opening = f"<details open><summary>{line}</summary>"
    return _lines(opening, map(_steps, tree.branches), "</details>")


def _lines(first: str, between: Iterable[str], last: str) -> str:
    return "\n".join((first, *between, last))
