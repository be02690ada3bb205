r"""LaTeX: the formulas as aligned equations, the numbers as a tabular."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from diffcli.errors import DiffcliError
from diffcli.language.latex.matrices import bold_name
from diffcli.language.latex.printer import latex_of
from diffcli.language.parser import parse
from diffcli.language.tokens import GREEK_NAMES
from diffcli.output.answers import cell_name, point_text, value_text
from diffcli.output.cells import answered, cells, has_quotients, notation, sheet, verdict_of
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
from diffcli.output.report import Report
from diffcli.output.text import LOWERED, MISSING, PRIMES, RAISED, latex_code, latex_text
from diffcli.verdict import Verdict

_RAISED_RUN = re.compile(f"[{RAISED}]+")
_PRIMED = re.compile(r"(\w+)([′″‴]|\^\{[^{}]*\} )\((\w+)\)")
_E = re.compile(r"e(-?\d+)$")
_SCIENTIFIC = re.compile(r"(?<![\w.])(\d+)(?:\.(\d+))?e(-?\d+)( ?\^)?")
_SIDE = re.compile(r" (<=|>=|<|>|and|or) ")
_SIGNS = {"<=": r"\leq", ">=": r"\geq", "and": r"\text{ and }", "or": r"\text{ or }"}
_INDEXED = re.compile(r"(?<=\)) ?([a-z]\w*)$")
_DECIMAL = re.compile(r"-?[\d.]+(e-?\d+)?$|-?(inf|nan)$")
_POWER = r" \\cdot 10^{\1}"
_INDENT = 1.5
"""Indentation of a level of a tree, in LaTeX's em."""


def render(document: Document, view: View) -> str:
    """Return equations (needs amsmath), tabulars and paragraphs."""
    return "\n\n".join(part for block in document.blocks for part in _parts(block, view.digits))


def _parts(block: Block, digits: int | None) -> Iterator[str]:
    match block:
        case Formulas(lines):
            pairs = [(left_side(line), right_side(line)) for line in lines if line.latex != ""]
            yield from [_aligned(pairs)] if pairs else []
        case Numbers(report):
            yield from _tables(report, digits)
        case Table(title, head, rows):
            texts = [[_cell(cell, digits) for cell in row] for row in rows]
            columns = "".join("r" if right else "l" for right in block.numeric)
            yield latex_text(title)
            yield _tabular(columns, [*map(latex_text, head)], texts)
        case Tree():
            for depth, line in block.walk():
                words = line.line(lambda math: rf"$\displaystyle {math.latex}$", latex_text)
                yield rf"\noindent\hspace*{{{_INDENT * depth}em}}{words}"
        case Remarks(sentences):
            yield from map(latex_text, sentences)
        case Text(text):
            yield text


def left_side(line: Line) -> str:
    """Return the name of a formula with its arguments, or an equation's left side, in LaTeX."""
    if line.is_equation:
        return right_side(Line("", line.name))
    left = _name(line.name) if line.name.isidentifier() else derivative_latex(line.name)
    bold = {name: bold_name(name, rank) for name, rank in line.ranks.items() if rank}
    for name, text in bold.items():
        plain = re.escape(rf"\partial {_name(name)}")
        left = re.sub(rf"{plain}(?![\w{{])", (rf"\partial {text}").replace("\\", r"\\"), left)
        left = left.replace(f"[{name}]", f"[{text}]")
    if line.ranks:
        # A direction stands beside the fraction, not in it.
        left = re.sub(r"\s*(\[.*\])\}$", r"}\\left\1", left).replace("]", r"\right]")
        left = left.replace(r"\frac{D_v ", r"D_{v} \frac{")
    if line.entry is None and line.arguments:
        left += f"({', '.join(bold.get(name) or _name(name) for name in line.arguments)})"
    return left


def right_side(line: Line) -> str:
    """Return a formula or a condition in LaTeX, or as it stands where it is neither."""
    if line.latex:
        return scientific(line.latex.replace(r"& \text{for}\: ", "& "))
    try:
        parts = _SIDE.split(line.text) if "piecewise" not in line.text else [line.text]
        sides = [_SIGNS.get(p, p) if k % 2 else latex_of(parse(p)) for k, p in enumerate(parts)]
    except DiffcliError:
        return latex_code(line.text)
    return scientific(" ".join(sides))


def scientific(latex: str) -> str:
    r"""Return a formula whose long numbers have a power of ten: ``2.5 \cdot 10^{-20}``."""
    return _SCIENTIFIC.sub(_power_of_ten, latex)


def _power_of_ten(match: re.Match[str]) -> str:
    whole, decimals, exponent = match[1], match[2] or "", int(match[3])
    exponent += len(whole) - 1
    digits = f"{whole}{decimals}"
    digits = digits[0] + ("." + digits[1:]).rstrip("0").rstrip(".")
    power = rf"10^{{{exponent}}}"
    number = power if digits == "1" else rf"{digits} \cdot {power}"
    return rf"\left({number}\right)^" if match[4] else number


def _cell(cell: Cell, digits: int | None) -> str:
    if isinstance(cell, str):
        return latex_text(cell)
    return _word(cell) if isinstance(cell, Verdict) else _number(written(cell, digits))


def _aligned(lines: Iterable[tuple[str, str]]) -> str:
    body = " \\\\\n".join(f"{left} &= {right}" for left, right in lines)
    return f"\\begin{{align*}}\n{body}\n\\end{{align*}}"


def _tables(report: Report, digits: int | None) -> Iterator[str]:
    if sheet_rows := sheet(report):
        entries = [
            derivative_latex(notation(report, cell.entry), in_line=True)
            for cell in sheet_rows[0].cells
        ]
        head = [*map(_name, (*report.variables, report.name)), *entries]
        besides = entries if has_quotients(report) else []
        lines = [
            [
                *map(_number, row.texts(digits)),
                *(map(_quotient, row.quotients) if besides else ()),
                _word(row.verdict),
            ]
            for row in sheet_rows
        ]
        names = [*(f"${name}$" for name in head), *(f"quotient of ${name}$" for name in besides)]
        yield _tabular("r" * len(names) + "l", [*names, "verdict"], lines)
        return
    for result in answered(report):
        value = value_text(result, digits)
        point = latex_text(point_text(report, result, digits))
        yield f"At {point}: {latex_text(f'{report.name} = {value}')}."
        lines = [
            [
                f"${derivative_latex(cell_name(report, cell), in_line=True)}$",
                _number(cell.text(digits)),
                _word(verdict_of([cell.check])),
            ]
            for cell in cells(result)
        ]
        head = ["derivative", "value", "verdict"]
        if any(quotients := [quotient(cell.check) for cell in cells(result)]):
            head.append("quotient")
            lines = [
                [*line, _quotient(evidence)]
                for line, evidence in zip(lines, quotients, strict=True)
            ]
        if lines:
            yield _tabular(f"lrl{'r' * len(head[3:])}", head, lines)


def _tabular(columns: str, head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    body = " \\\\\n".join(" & ".join(line) for line in (head, *lines))
    top, rest = body.split("\n", 1)
    return f"\\begin{{tabular}}{{{columns}}}\n{top} \\hline\n{rest}\n\\end{{tabular}}"


def _quotient(text: str) -> str:
    """Return a difference quotient and its error in mathematics."""
    value, sign, error = text.partition(" ± ")
    return f"${_E.sub(_POWER, value)} \\pm {_E.sub(_POWER, error)}$" if sign else ""


def _number(text: str) -> str:
    if text == MISSING:
        return "---"
    return f"${_E.sub(_POWER, text) if _DECIMAL.match(text) else right_side(Line('', text))}$"


def _word(verdict: Verdict | None) -> str:
    return verdict.words if verdict else "not checked"


def _name(name: str) -> str:
    r"""Return a variable's name: ``\alpha``, ``x_{1}``, ``\mathrm{rate}``."""
    letters, _, index = re.sub(r"_?(\d+)$", r"_\1", name).partition("_")
    stem = f"\\{letters}" if letters in GREEK_NAMES else letters
    stem = f"\\mathrm{{{stem}}}" if len(stem) > 1 and stem == letters else stem
    return f"{stem}_{{{index.replace('_', ',')}}}" if index else stem


def derivative_latex(written: str, *, in_line: bool = False) -> str:
    r"""Return a derivative's notation, ``\frac{\partial f}{\partial u}``; slashed ``in_line``."""
    above, slash, below = written.partition("/")
    tex = [
        _RAISED_RUN.sub(_raise, re.sub(r"∂([^∂⁰¹²³⁴⁵⁶⁷⁸⁹]*)", _round, part))
        for part in (above, below)
    ]
    if slash and in_line:
        return f"{tex[0]} / {tex[1]}"
    if slash:
        return f"\\frac{{{tex[0]}}}{{{tex[1]}}}"
    match = _PRIMED.fullmatch(tex[0])
    primed = f"{_name(match[1])}{match[2]}({_name(match[3])})" if match else tex[0]
    primed = _INDEXED.sub(lambda index: f"_{{{_name(index[1])}}}", primed)
    return (
        primed.translate(PRIMES)
        .replace("∇", r"\nabla ")
        .replace("×", r"\times ")
        .replace("·", r"\cdot ")
    )


def _round(match: re.Match[str]) -> str:
    name = match[1]
    return r"\partial " + (_name(name) if name.isidentifier() else name)


def _raise(match: re.Match[str]) -> str:
    return f"^{{{match[0].translate(LOWERED)}}} "
