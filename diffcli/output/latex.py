r"""LaTeX: the formulas as aligned equations, the numbers as a tabular."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from diffcli.errors import DiffcliError
from diffcli.language.latex.printer import latex_of
from diffcli.language.parser import parse
from diffcli.language.tokens import GREEK_NAMES
from diffcli.output.cells import answered, cells, notation, sheet, verdict_of
from diffcli.output.formats import View
from diffcli.output.headings import cell_name, derivatives, point_text, remarks, value_text
from diffcli.output.listing import Cell, Listing, written
from diffcli.output.report import Report
from diffcli.output.text import MISSING
from diffcli.output.trees import latex_lines
from diffcli.verdict import Verdict

_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾", "0123456789()")
_RAISED_RUN = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾]+")
_PRIMES = str.maketrans({"′": "'", "″": "''", "‴": "'" * 3})
_PRIMED = re.compile(r"(\w+)([′″‴]|\^\{[^{}]*\} )\((\w+)\)")
_ROUND = re.compile("∂([^∂⁰¹²³⁴⁵⁶⁷⁸⁹]*)")
_SPECIAL = {char: f"\\{char}" for char in "#$%&_{}"} | {
    "\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    "′": r"$'$", "∂": r"$\partial$", "∇": r"$\nabla$", "‖": r"$\|$", "±": r"$\pm$",
    "λ": r"$\lambda$", "µ": r"$\mu$", "…": r"\dots{}", "—": "---",
}  # fmt: skip
_E = re.compile(r"e(-?\d+)$")


def render(report: Report, view: View) -> str:
    """Return equations (needs amsmath) and one tabular of the numbers."""
    parts = [_equations(report), *_tables(report, view.digits)]
    parts += [_text(remark) for remark in remarks(report, view.digits)]
    return "\n\n".join(parts)


def render_listing(listing: Listing, view: View) -> str:
    """Return equations (needs amsmath) and a tabular a table."""
    pairs = [(_left(name), _typeset(text)) for name, text in listing.formulas]
    parts = [_aligned(pairs)] if pairs else []
    parts += [latex_lines(branch, _text) for branch in listing.trees]
    for block in listing.blocks:
        lines = [[_cell(each, view.digits) for each in row] for row in block.rows]
        columns = "".join("r" if right else "l" for right in block.numeric)
        parts += [_text(block.title), _tabular(columns, [*map(_text, block.head)], lines)]
    return "\n\n".join([*parts, *map(_text, listing.remarks)])


def _typeset(text: str) -> str:
    """Return a formula in LaTeX, or as it stands where it isn't one."""
    try:
        return latex_of(parse(text))
    except DiffcliError:
        return _code(text)


def _left(name: str) -> str:
    return _name(name) if name.isidentifier() else _derivative(name)


def _cell(cell: Cell, digits: int | None) -> str:
    if isinstance(cell, str):
        return _text(cell)
    return _word(cell) if isinstance(cell, Verdict) else _number(written(cell, digits))


def _equations(report: Report) -> str:
    arguments = ", ".join(map(_name, report.variables))
    lines = [
        (
            f"{_name(report.name)}({arguments})" if arguments else _name(report.name),
            report.function_latex or _code(report.read_as),
        )
    ]
    for name, formula in derivatives(report):
        lines.append((_derivative(name), formula.latex or _code(formula.text or "")))
    return _aligned(lines)


def _aligned(lines: Iterable[tuple[str, str]]) -> str:
    body = " \\\\\n".join(f"{left} &= {right}" for left, right in lines)
    return f"\\begin{{align*}}\n{body}\n\\end{{align*}}"


def _tables(report: Report, digits: int | None) -> Iterator[str]:
    if found := sheet(report):
        entries = [_derivative(notation(report, cell.entry)) for cell in found[0].cells]
        head = [*map(_name, (*report.variables, report.name)), *entries]
        lines = [
            [
                *map(_number, row.texts(digits)),
                _word(row.verdict),
            ]
            for row in found
        ]
        yield _tabular("r" * len(head) + "l", [*(f"${name}$" for name in head), "verdict"], lines)
        return
    for result in answered(report):
        value = value_text(result, digits)
        place = _text(point_text(report, result, digits))
        yield f"At {place}: {_text(f'{report.name} = {value}')}."
        lines = [
            [
                f"${_derivative(cell_name(report, cell))}$",
                _number(cell.text(digits)),
                _word(verdict_of([cell.check])),
            ]
            for cell in cells(result)
        ]
        if lines:
            yield _tabular("lrl", ["derivative", "value", "verdict"], lines)


def _tabular(columns: str, head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    body = " \\\\\n".join(" & ".join(line) for line in (head, *lines))
    top, rest = body.split("\n", 1)
    return f"\\begin{{tabular}}{{{columns}}}\n{top} \\hline\n{rest}\n\\end{{tabular}}"


def _number(text: str) -> str:
    power = _E.sub(r" \\cdot 10^{\1}", text)
    return "---" if text == MISSING else f"${power}$"


def _word(verdict: Verdict | None) -> str:
    return verdict.words if verdict else "not checked"


def _name(name: str) -> str:
    r"""Return a variable's name: ``\alpha``, ``x_{1}``, ``\mathrm{rate}``."""
    letters, _, index = re.sub(r"_?(\d+)$", r"_\1", name).partition("_")
    stem = f"\\{letters}" if letters in GREEK_NAMES else letters
    stem = f"\\mathrm{{{stem}}}" if len(stem) > 1 and stem == letters else stem
    return f"{stem}_{{{index.replace('_', ',')}}}" if index else stem


def _derivative(written: str) -> str:
    r"""Return a derivative's notation: ``\frac{\partial f}{\partial u}``."""
    above, slash, below = written.partition("/")
    tex = [
        _RAISED_RUN.sub(_raise, re.sub(r"∂([^∂⁰¹²³⁴⁵⁶⁷⁸⁹]*)", _round, part))
        for part in (above, below)
    ]
    if slash:
        return f"\\frac{{{tex[0]}}}{{{tex[1]}}}"
    found = _PRIMED.fullmatch(tex[0])
    primed = f"{_name(found[1])}{found[2]}({_name(found[3])})" if found else tex[0]
    return primed.translate(_PRIMES)


def _round(found: re.Match[str]) -> str:
    name = found[1]
    return r"\partial " + (_name(name) if name.isidentifier() else name)


def _raise(found: re.Match[str]) -> str:
    return f"^{{{found[0].translate(_RAISED)}}} "


def _code(text: str) -> str:
    return f"\\texttt{{{_text(text)}}}"


def _text(text: str) -> str:
    return "".join(_SPECIAL.get(char, char) for char in text)
