"""A Taylor polynomial as an answer: the polynomial, and its coefficients with their verdicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from diffcli.output.answers import function_lines, remarks
from diffcli.output.cells import cells
from diffcli.output.document import Answer, Cell, Document, Formulas, Line, Remarks, Table
from diffcli.output.report import Report
from diffcli.output.text import DIGITS
from diffcli.studies.taylor.expansion import Expansion


def answer(
    report: Report,
    expansions: Sequence[Expansion],
    order: int,
    draw: Callable[[str], bytes] | None = None,
) -> Answer:
    """Return each point's polynomial, and a table of its coefficients; ``draw`` makes pictures."""

    def document(digits: int | None) -> Document:
        formulas = list(function_lines(report))
        for expansion in expansions:
            where = f" about {_point(expansion)}" if len(expansions) > 1 else ""
            if expansion.polynomial:
                formulas.append(Line(f"T{order}{where}", expansion.polynomial))
        rounded = any(expansion.is_rounded and expansion.polynomial for expansion in expansions)
        lost = (f"T{order}: its decimal coefficients are rounded to {digits or DIGITS} digits",)
        said = Remarks((*lost * rounded, *_remarks(report, digits)))
        return Document(
            (
                Formulas(tuple(formulas)),
                *(_table(expansion, digits) for expansion in expansions),
                said,
            )
        )

    def data() -> dict[str, Any]:
        records = zip(expansions, report.results, strict=True)
        return {
            **report.data,
            "order": order,
            "results": [_record(expansion, result.data) for expansion, result in records],
        }

    return Answer(report, report.exit_code, data, document, draw=draw)


def _table(expansion: Expansion, digits: int | None) -> Table:
    exactly = bool(expansion.exact)
    rows: list[tuple[Cell, ...]] = []
    for cell in cells(expansion.result):
        middle: tuple[Cell, ...] = (expansion.exact.get(cell.entry, ""),) if exactly else ()
        verdict = cell.check.verdict if cell.check else "· not checked"
        rows.append(
            (
                expansion.terms[cell.entry],
                *middle,
                cell.text(digits) if digits else cell.number,
                verdict,
            )
        )
    head = ("term", *(("exactly",) if exactly else ()), "coefficient", "verdict")
    return Table(f"about {_point(expansion)}", head, tuple(rows))


def _point(expansion: Expansion) -> str:
    return ", ".join(f"{name} = {text}" for name, text in expansion.about.items()) or "a constant"


def _remarks(report: Report, digits: int | None) -> list[str]:
    """Return what must be said; that a derivative's formula is too long needn't be."""
    return [remark for remark in remarks(report, digits) if "no formula" not in remark]


def _record(expansion: Expansion, result: dict[str, Any]) -> dict[str, Any]:
    """Return one result: the coefficients of one variable are a list, from degree 0 on."""
    coefficients = expansion.result.derivative
    single = len(expansion.result.at or {}) == 1 and not any("[" in term for term in coefficients)
    return {
        **result,
        "derivative": {
            "about": expansion.about,
            "coefficients": list(coefficients.values()) if single else coefficients,
            "polynomial": expansion.polynomial,
        },
        "symbolic": {term: expansion.exact.get(term) for term in coefficients},
    }
