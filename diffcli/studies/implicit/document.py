"""Implicit derivatives as an answer: the formulas, and a table of numbers for each point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from diffcli.language.formula import Formula
from diffcli.language.function import Function
from diffcli.output.answers import remarks
from diffcli.output.document import Answer, Document, Formulas, Line, Remarks, Table
from diffcli.output.report import Report, Result
from diffcli.output.text import superscript
from diffcli.studies.implicit.derivatives import Derivative


def implicit_report(
    function: Function,
    found: Sequence[Sequence[Derivative]],
    points: Sequence[Mapping[str, float]],
    *,
    dtype: str,
    device: str,
    warnings: tuple[str, ...] = (),
    is_total: bool = False,
) -> Report:
    """Return the derivatives as a report; without ``points``, the formulas alone.

    Where ``is_total``, they are in the one variable that everything is a function of.
    """
    return Report.of(
        "implicit",
        function,
        dtype=dtype,
        device=device,
        results=tuple(
            _result(each, points[place] if points else None) for place, each in enumerate(found)
        ),
        warnings=warnings,
        notation={
            each.label: notation(each, several=not is_total and len(function.variables) > 2)
            for each in found[0]
        },
    )


def _result(found: Sequence[Derivative], at: Mapping[str, float] | None) -> Result:
    formulas: dict[str, Formula] = {each.label: each.formula for each in found}
    if at is None:
        return Result(at=None, value=None, derivative=None, symbolic=formulas)
    checks = [each.check for each in found if each.check]
    numbers = {check.entry: check.value for check in checks}
    return Result(dict(at), None, numbers, formulas, checks=tuple(checks))


def notation(derivative: Derivative, *, several: bool) -> str:
    """Return how a derivative is written: ``d²y/dx²``, or ``∂z/∂x`` where others are held."""
    d = "∂" if several else "d"
    n = "" if derivative.order == 1 else superscript(derivative.order)
    return f"{d}{n}{derivative.of}/{d}{derivative.wrt}{n}"


def answer(report: Report) -> Answer:
    """Return the formulas, and a table for each point."""
    return Answer(
        report,
        report.exit_code,
        lambda: _data(report),
        lambda digits: _document(report, digits),
    )


def _document(report: Report, digits: int | None) -> Document:
    left, _, right = report.read_as.partition(" = ")
    is_single = not report.read_as.startswith("[")
    formulas = [Line(left, right) if is_single else Line("equations", report.read_as)]
    formulas += [
        Line(report.notation[label], formula.text)
        for label, formula in report.results[0].symbolic.items()
        if formula.text
    ]
    at_points = (each for each in report.results if each.at is not None)
    tables = (_table(each, report.notation) for each in at_points)
    said = Remarks(tuple(remarks(report, digits)))
    return Document((Formulas(tuple(formulas)), *tables, said))


def _table(result: Result, names: Mapping[str, str]) -> Table:
    at = ", ".join(f"{name} = {value:.12g}" for name, value in (result.at or {}).items())
    rows = tuple((names[each.entry], each.value, each.verdict) for each in result.checks)
    return Table(f"at {at}", ("derivative", "value", "verdict"), rows)


def _data(report: Report) -> dict[str, Any]:
    """Return the report as JSON has it; an equation has no value."""
    found = report.data
    for result in found["results"]:
        del result["value"]
    return found
