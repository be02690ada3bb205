"""The formulas that stand above the numbers, and the remarks that stand below them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from diffcli.formula import Formula
from diffcli.output.analysis import analysis_text
from diffcli.output.cells import Cell, checks, name_of_function, notation, values_shown
from diffcli.output.notes import note
from diffcli.output.report import Report, Result
from diffcli.output.text import numbers


def function_lines(report: Report) -> Iterator[tuple[str, str]]:
    """Yield the function as (name, formula), its definitions first."""
    *definitions, formula = report.read_as.split("; ")
    pairs = [(name, text) for name, _, text in (each.partition(" = ") for each in definitions)]
    if pairs and pairs[-1][0] == formula == report.name:
        formula = pairs.pop()[1]
    yield from pairs
    yield name_of_function(report), formula


def derivative_lines(report: Report) -> Iterator[tuple[str, str]]:
    """Yield each derivative as (notation, formula), as :func:`derivatives` does."""
    yield from ((name, formula.text or "") for name, formula in derivatives(report))


def derivatives(report: Report) -> Iterator[tuple[str, Formula]]:
    """Yield each entry's notation and its formula, where there is one.

    Mixed partials of one formula, whatever their order, are told once.
    """
    told = set()
    for entry, formula in report.results[0].symbolic.items() if report.results else ():
        name = notation(report, entry)
        key = (*sorted(name.split("∂")), formula.text)
        if formula.text is not None and key not in told:
            told.add(key)
            yield name, formula


def point_text(report: Report, result: Result, digits: int | None) -> str:
    """Return ``x = 3, y = [0, 1]``."""
    at = result.shown_at
    return ", ".join(f"{name} = {numbers(at[name], digits)}" for name in report.variables)


def value_text(result: Result, digits: int | None) -> str:
    """Return the function's value, or the list of its values."""
    return numbers(values_shown(result, digits), digits)


def remarks(report: Report, digits: int | None) -> list[str]:
    """Return what must be said of the checks and the samples, a line each, nothing twice."""
    told: dict[str, list[str]] = {}
    samples: dict[str, list[str]] = {}
    analyses = []
    for entry, formula in report.results[0].symbolic.items() if report.results else ():
        if formula.reason:
            told.setdefault(f"no formula: {formula.reason}", []).append(notation(report, entry))
    for result in report.results:
        where = f" at {point_text(report, result, digits)}" if len(report.results) > 1 else ""
        for check in checks(result):
            if said := note(check, report.dtype):
                told.setdefault(said, []).append(check_name(report, check.entry) + where)
        if "eigenvalues" in result.analysis:
            analyses.append(f"{analysis_text(result.analysis, digits)}{where}")
        if result.sampled:
            checked, total = result.sampled
            samples.setdefault(f"{checked:,} of {total:,} entries were checked", []).append(where)
    said_once = (f"{_together(names)}: {said}" for said, names in told.items())
    # Points that were evaluated together share one sample.
    shared = (said + (where[0] if len(where) == 1 else "") for said, where in samples.items())
    return [*analyses, *said_once, *shared]


def _together(names: Sequence[str]) -> str:
    if len(names) <= 2:
        return " and ".join(names)
    return f"{names[0]} … {names[-1]} ({len(names)} numbers)"


def check_name(report: Report, entry: str) -> str:
    """Return how the entry that a check is of is written, with its index: ``∂f/∂x[2]``."""
    name, bracket, index = entry.partition("[")
    known = report.notation or {}
    return known.get(entry) or known.get(name, name) + bracket + index


def cell_name(report: Report, cell: Cell) -> str:
    """Return how one number of a derivative is written, with its index: ``∂f/∂x[2]``."""
    return check_name(report, cell.named(cell.entry))
