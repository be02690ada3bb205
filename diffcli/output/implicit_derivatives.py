"""What ``implicit`` found, as a listing: the formulas, and a table of numbers for each point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from diffcli.formula import Formula
from diffcli.language.function import Function
from diffcli.output.documents import document
from diffcli.output.headings import remarks
from diffcli.output.listing import Block, Listing
from diffcli.output.report import Report, Result
from diffcli.studies.implicit.derivatives import Derivative

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def implicit_report(
    function: Function,
    found: Sequence[Sequence[Derivative]],
    points: Sequence[Mapping[str, float]],
    *,
    dtype: str,
    device: str,
    warnings: tuple[str, ...] = (),
) -> Report:
    """Return the derivatives as a report; without ``points``, the formulas alone."""
    return Report(
        command="implicit",
        expression=function.text,
        read_as=function.read_as,
        variables=function.variables,
        dtype=dtype,
        device=device,
        results=tuple(
            _result(each, points[place] if points else None) for place, each in enumerate(found)
        ),
        readings=function.readings,
        warnings=warnings,
        notation={
            each.label: notation(each, several=len(function.variables) > 2) for each in found[0]
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
    n = "" if derivative.order == 1 else str(derivative.order).translate(_RAISED)
    return f"{d}{n}{derivative.of}/{d}{derivative.wrt}{n}"


def implicit_listing(report: Report, digits: int | None) -> Listing:
    """Return the formulas, and a table for each point."""
    names = report.notation or {}
    left, _, right = report.read_as.partition(" = ")
    is_single = not report.read_as.startswith("[")
    formulas = [(left, right) if is_single else ("equations", report.read_as)]
    formulas += [
        (names[label], formula.text)
        for label, formula in report.results[0].symbolic.items()
        if formula.text
    ]
    return Listing(
        formulas=tuple(formulas),
        blocks=tuple(_block(each, names) for each in report.results if each.at is not None),
        remarks=tuple(remarks(report, digits)),
        document=_document(report),
    )


def _block(result: Result, names: Mapping[str, str]) -> Block:
    at = ", ".join(f"{name} = {value:.12g}" for name, value in (result.at or {}).items())
    rows = tuple((names[each.entry], each.value, each.verdict) for each in result.checks)
    return Block(f"at {at}", ("derivative", "value", "verdict"), rows)


def _document(report: Report) -> dict[str, Any]:
    """Return the report as JSON; an equation has no value."""
    whole = document(report)
    for result in whole["results"]:
        del result["value"]
    return whole
