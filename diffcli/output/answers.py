"""A report as an answer: formulas above the numbers, remarks below them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from math import prod
from typing import Any

from diffcli.language.declarations import shape_text
from diffcli.layouts import Matrix, SparseMatrix
from diffcli.output.cells import Cell, name_of_function, notation, values_shown
from diffcli.output.document import Answer, Document, Formulas, Line, Numbers, Remarks
from diffcli.output.notes import analysis_text, note, quotient
from diffcli.output.report import Facts, Report, Result
from diffcli.output.text import latex_code, numbers
from diffcli.verdict import Verdict

FEW_WRONG = 3
"""Wrong numbers of one cause up to which the evidence of each is shown."""
MANY_CHECKS = 100
"""Numbers of code from which on their verdicts are counted above them."""
MAX_WRITTEN = 64
"""Numbers of a matrix up to which it is written out in a point."""
MAX_REMARKS = 50
"""Remarks below the numbers of one answer."""


def answer_of(report: Report) -> Answer:
    """Return what a derivative's command answers."""
    return Answer(
        report,
        report.exit_code,
        partial(_data, report),
        partial(report_document, report),
        partial(_records, report),
    )


def _data(report: Report) -> dict[str, Any]:
    return report.data


def _records(report: Report) -> list[dict[str, Any]]:
    return [result.data for result in report.results]


def report_document(report: Report, digits: int | None) -> Document:
    """Return the formulas, the numbers with their verdicts, the remarks."""
    formulas = Formulas((*_with_arguments(report), *derivative_lines(report, report.variables)))
    said = Remarks(tuple(remarks(report, digits)))
    return Document((formulas, Remarks(tuple(_counts(report))), Numbers(report), said))


def _counts(report: Report) -> Iterator[str]:
    """Yield how many numbers of code have which verdict, where they are too many to be seen."""
    for result in report.results:
        if result.symbolic or len(result.all_checks) < MANY_CHECKS:
            continue
        counts = Counter(check.verdict for check in result.all_checks)
        words = (
            f"{count:,} {verdict.value.replace('_', ' ')}" for verdict, count in counts.items()
        )
        yield f"{len(result.all_checks):,} numbers: {', '.join(words)}"


def function_lines(facts: Facts) -> Iterator[Line]:
    """Yield the function's formula, its definitions first."""
    *definitions, formula = facts.read_as.split("; ")
    pairs = [
        (name, text)
        for name, _, text in (definition.partition(" = ") for definition in definitions)
    ]
    if pairs and pairs[-1][0] == formula == facts.name:
        formula = pairs.pop()[1]
    yield from (Line(name, text) for name, text in pairs)
    yield Line(name_of_function(facts), formula)


def _with_arguments(report: Report) -> Iterator[Line]:
    """Yield the function's formula; in LaTeX unused definitions are left out."""
    *definitions, function = function_lines(report)
    known = report.definitions_latex
    yield from (replace(line, latex=known.get(line.name, "")) for line in definitions)
    latex = report.function_latex or latex_code(report.read_as)
    yield replace(
        function, name=report.name, arguments=report.variables, latex=latex, ranks=report.ranks
    )


def derivative_lines(report: Report, arguments: tuple[str, ...] | None = None) -> Iterator[Line]:
    """Yield the formula of each entry, where there is one.

    Mixed partials of one formula, whatever their order, are told once.
    """
    told, defined = set(), set[str]()
    for entry, formula in report.results[0].symbolic.items() if report.results else ():
        name = notation(report, entry)
        key = (*sorted(name.split("∂")), formula.text)
        if formula.text is not None and key not in told:
            told.add(key)
            *definitions, body = formula.text.split("; ")
            for definition in definitions:
                if definition not in defined:
                    defined.add(definition)
                    left, _, right = definition.partition(" = ")
                    yield Line(left, right, latex="" if arguments is not None else None)
            latex = formula.latex or latex_code(formula.text) if arguments is not None else None
            yield Line(name, body, arguments, latex, entry, report.ranks)


def point_text(report: Report, result: Result, digits: int | None) -> str:
    """Return ``x = 3, y = [0, 1]``; large matrices by their shapes, ``W of (100,200)``."""
    coordinates = result.shown_at
    return ", ".join(_coordinate(name, coordinates[name], digits) for name in report.variables)


def _coordinate(name: str, value: Any, digits: int | None) -> str:
    shape = _shape(value)
    if len(shape) > 1 and prod(shape) > MAX_WRITTEN:
        return f"{name} of {shape_text(shape)}"
    return f"{name} = {numbers(value, digits)}"


def _shape(value: Any) -> tuple[int, ...]:
    """Return the lengths of nested lists."""
    shape: list[int] = []
    while isinstance(value, list) and value:
        shape.append(len(value))
        value = value[0]
    return tuple(shape)


def value_text(result: Result, digits: int | None) -> str:
    """Return the function's value, or the list of its values."""
    return numbers(values_shown(result, digits), digits)


def remarks(report: Report, digits: int | None) -> list[str]:
    """Return what must be said of the checks and the samples, a line each, nothing twice."""
    told: dict[str, list[tuple[str, str]]] = {}
    samples: dict[str, list[str]] = {}
    analyses = []
    for entry, formula in report.results[0].symbolic.items() if report.results else ():
        if formula.reason:
            told.setdefault(f"no formula: {formula.reason}", []).append((entry, ""))
    wrong = Counter(
        check.reason
        for result in report.results
        for check in result.all_checks
        if check.verdict is Verdict.DISAGREES
    )
    for result in report.results:
        where = f" at {point_text(report, result, digits)}" if len(report.results) > 1 else ""
        # A matrix has no column beside its numbers.
        is_matrix = isinstance(result.derivative, Matrix | SparseMatrix)
        for check in result.all_checks:
            # Many numbers that one fault makes wrong are listed once, for that.
            is_alike = check.verdict is Verdict.DISAGREES and wrong[check.reason] > FEW_WRONG
            if said := check.reason if is_alike else note(check, report.dtype):
                if is_matrix and check.quotient and check.verdict is not Verdict.DISAGREES:
                    said += f", {quotient(check)}"
                told.setdefault(said, []).append((check.entry, where))
        if "eigenvalues" in result.analysis:
            analyses.append(f"{analysis_text(result.analysis, digits)}{where}")
        if result.sampled:
            checked, total = result.sampled
            samples.setdefault(f"{checked:,} of {total:,} entries were checked", []).append(where)
    said_once = [f"{_together(report, entries)}: {said}" for said, entries in told.items()]
    if len(said_once) > MAX_REMARKS:
        more = len(said_once) - MAX_REMARKS
        said_once[MAX_REMARKS:] = [f"and {more:,} remarks more, which --format json has all"]
    # Points that were evaluated together share one sample.
    shared = (said + (where[0] if len(where) == 1 else "") for said, where in samples.items())
    agreed = [result.agreement.words for result in report.results if result.agreement]
    return [*agreed, *analyses, *said_once, *shared]


def _together(report: Report, entries: Sequence[tuple[str, str]]) -> str:
    """Return the names of entries, each with where it is; of many, the first and the last."""
    few = entries if len(entries) <= 2 else (entries[0], entries[-1])
    names = [check_name(report, entry) + where for entry, where in few]
    return (
        " and ".join(names) if few is entries else f"{' … '.join(names)} ({len(entries)} numbers)"
    )


def check_name(report: Report, entry: str) -> str:
    """Return how the entry that a check is of is written, with its index: ``∂f/∂x[2]``."""
    name, bracket, index = entry.partition("[")
    known = report.notation
    return known.get(entry) or known.get(name, name) + bracket + index


def cell_name(report: Report, cell: Cell) -> str:
    """Return how one number of a derivative is written, with its index: ``∂f/∂x[2]``."""
    return check_name(report, cell.named(cell.entry))
