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
    found: Sequence[Expansion],
    order: int,
    draw: Callable[[str], bytes] | None = None,
) -> Answer:
    """Return each point's polynomial, and a table of its coefficients; ``draw`` makes pictures."""

    def document(digits: int | None) -> Document:
        formulas = list(function_lines(report))
        for each in found:
            where = f" about {_point(each)}" if len(found) > 1 else ""
            if each.polynomial:
                formulas.append(Line(f"T{order}{where}", each.polynomial))
        rounded = any(each.is_rounded and each.polynomial for each in found)
        lost = (f"T{order}: its decimal coefficients are rounded to {digits or DIGITS} digits",)
        said = Remarks((*lost * rounded, *_remarks(report, digits)))
        return Document(
            (Formulas(tuple(formulas)), *(_table(each, digits) for each in found), said)
        )

    def data() -> dict[str, Any]:
        records = zip(found, report.results, strict=True)
        return {
            **report.data,
            "order": order,
            "results": [_record(each, result.data) for each, result in records],
        }

    return Answer(report, report.exit_code, data, document, draw=draw)


def _table(found: Expansion, digits: int | None) -> Table:
    exactly = bool(found.exact)
    rows: list[tuple[Cell, ...]] = []
    for cell in cells(found.result):
        middle: tuple[Cell, ...] = (found.exact.get(cell.entry, ""),) if exactly else ()
        verdict = cell.check.verdict if cell.check else "· not checked"
        rows.append(
            (
                found.terms[cell.entry],
                *middle,
                cell.text(digits) if digits else cell.number,
                verdict,
            )
        )
    head = ("term", *(("exactly",) if exactly else ()), "coefficient", "verdict")
    return Table(f"about {_point(found)}", head, tuple(rows))


def _point(found: Expansion) -> str:
    return ", ".join(f"{name} = {text}" for name, text in found.about.items()) or "a constant"


def _remarks(report: Report, digits: int | None) -> list[str]:
    """Return what must be said; that a derivative's formula is too long needn't be."""
    return [each for each in remarks(report, digits) if "no formula" not in each]


def _record(found: Expansion, result: dict[str, Any]) -> dict[str, Any]:
    """Return one result: the coefficients of one variable are a list, from degree 0 on."""
    coefficients = found.result.derivative
    single = len(found.result.at or {}) == 1 and not any("[" in term for term in coefficients)
    return {
        **result,
        "derivative": {
            "about": found.about,
            "coefficients": list(coefficients.values()) if single else coefficients,
            "polynomial": found.polynomial,
        },
        "symbolic": {term: found.exact.get(term) for term in coefficients},
    }
