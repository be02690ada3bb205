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
    answers: Sequence[Sequence[Derivative]],
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
            _result(derivatives, points[index] if points else None)
            for index, derivatives in enumerate(answers)
        ),
        warnings=warnings,
        notation={
            derivative.label: notation(
                derivative, several=not is_total and len(function.variables) > 2
            )
            for derivative in answers[0]
        },
    )


def _result(derivatives: Sequence[Derivative], point: Mapping[str, float] | None) -> Result:
    formulas: dict[str, Formula] = {
        derivative.label: derivative.formula for derivative in derivatives
    }
    if point is None:
        return Result(at=None, value=None, derivative=None, symbolic=formulas)
    checks = [derivative.check for derivative in derivatives if derivative.check]
    numbers = {check.entry: check.value for check in checks}
    return Result(dict(point), None, numbers, formulas, checks=tuple(checks))


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
    formulas = [
        Line(left, right, is_equation=True) if is_single else Line("equations", report.read_as)
    ]
    formulas += [
        Line(report.notation[label], formula.text)
        for label, formula in report.results[0].symbolic.items()
        if formula.text
    ]
    at_points = (result for result in report.results if result.at is not None)
    tables = (_table(result, report.notation) for result in at_points)
    said = Remarks(tuple(remarks(report, digits)))
    return Document((Formulas(tuple(formulas)), *tables, said))


def _table(result: Result, names: Mapping[str, str]) -> Table:
    point = ", ".join(f"{name} = {value:.12g}" for name, value in (result.at or {}).items())
    rows = tuple((names[check.entry], check.value, check.verdict) for check in result.checks)
    return Table(f"at {point}", ("derivative", "value", "verdict"), rows)


def _data(report: Report) -> dict[str, Any]:
    """Return the report as JSON has it; an equation has no value."""
    data = report.data
    for result in data["results"]:
        del result["value"]
    return data
