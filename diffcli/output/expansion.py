"""What ``taylor`` found, as a listing: the polynomial, and its coefficients with their verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diffcli.output.cells import cells
from diffcli.output.documents import document
from diffcli.output.headings import function_lines, remarks
from diffcli.output.listing import Block, Cell, Listing
from diffcli.output.report import Report
from diffcli.studies.taylor import Expansion


def expansion_listing(
    report: Report, found: Sequence[Expansion], order: int, digits: int | None
) -> Listing:
    """Return each point's polynomial, and a table of its coefficients."""
    several = len(found) > 1
    formulas = list(function_lines(report))
    for each in found:
        where = f" about {_point(each)}" if several else ""
        if each.polynomial:
            formulas.append((f"T{order}{where}", each.polynomial))
    results = document(report)["results"]
    return Listing(
        formulas=tuple(formulas),
        blocks=tuple(_block(each) for each in found),
        remarks=tuple(_remarks(report, digits)),
        document={
            **document(report),
            "order": order,
            "results": [_record(each, result) for each, result in zip(found, results, strict=True)],
        },
    )


def _block(found: Expansion) -> Block:
    exactly = bool(found.exact)
    rows: list[tuple[Cell, ...]] = []
    for cell in cells(found.result):
        middle: tuple[Cell, ...] = (found.exact.get(cell.entry, ""),) if exactly else ()
        verdict = cell.check.verdict if cell.check else "· not checked"
        rows.append((found.terms[cell.entry], *middle, cell.number, verdict))
    head = ("term", *(("exactly",) if exactly else ()), "coefficient", "verdict")
    return Block(f"about {_point(found)}", head, tuple(rows))


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
