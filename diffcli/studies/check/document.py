"""A check as an answer: what every engine says of a derivative, or what is known of a claim."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from diffcli.output.answers import derivative_lines, function_lines, point_text, remarks
from diffcli.output.cells import notation
from diffcli.output.document import Answer, Cell, Document, Formulas, Line, Remarks, Table
from diffcli.output.text import DIGITS, MISSING, number, proved
from diffcli.studies.check.places import DIGITS as EQUAL_DIGITS
from diffcli.studies.check.places import MANY_DIGITS
from diffcli.verdict import Check

if TYPE_CHECKING:
    from diffcli.output.report import Report, Result
    from diffcli.studies.check.comparison import Comparison
    from diffcli.studies.check.evidence import EngineAnswer, EngineComparison
    from diffcli.studies.check.judgement import Decision

MOST_DIGITS = 30
"""Digits of two numbers that differ late."""


MOST_EXCEPTIONS = 4
"""Points without a derivative that are shown one by one."""


def evidence_answer(comparison: EngineComparison) -> Answer:
    """Return a table an entry and point: what each engine says, the verdict last."""
    report = comparison.report

    def document(digits: int | None) -> Document:
        formulas = Formulas((*function_lines(report), *derivative_lines(report)))
        said = Remarks(tuple(remarks(report, digits)))
        return Document((formulas, *_tables(comparison, digits), said))

    def data() -> dict[str, Any]:
        whole = report.data
        for result, said in zip(whole["results"], comparison.statements, strict=False):
            for check in result["checks"]:
                check["evidence"] = [
                    _statement(statement) for statement in said.get(check["entry"], ())
                ]
        return whole

    return Answer(report, comparison.exit_code, data, document)


def _tables(comparison: EngineComparison, digits: int | None) -> Iterator[Table]:
    for result, said in zip(comparison.report.results, comparison.statements, strict=False):
        checks = {check.entry: check for check in result.checks}
        for entry, statements in said.items():
            yield _table(comparison.report, result, checks[entry], statements, digits)


def _table(
    report: Report, result: Result, check: Check, said: Sequence[EngineAnswer], digits: int | None
) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for statement in said:
        rows.append((statement.engine, _says(statement), _time(statement.seconds)))
        if statement.digits is not None:
            rows.append(("", f"{statement.digits} digits proved", ""))
    title = f"{notation(report, check.entry)} at {point_text(report, result, digits)}"
    return Table(title, ("engine", "says", "time"), (*rows, ("verdict", check.verdict, "")))


def _says(said: EngineAnswer) -> Cell:
    if said.bounds:
        exact = said.bounds[0] == said.bounds[1]
        return f"{said.bounds[0]} exactly" if exact else f"[{', '.join(said.bounds)}]"
    return said.value if said.reason is None else f"{MISSING} {said.reason}"


def _time(seconds: float) -> str:
    unit, scale = ("µs", 1e6) if seconds < 1e-3 else ("ms", 1e3)
    return f"{seconds * scale:.{0 if seconds * scale >= 10 else 1}f} {unit}"


def _statement(said: EngineAnswer) -> dict[str, Any]:
    return {
        "engine": said.engine,
        "value": said.value,
        "bounds": said.bounds,
        "digits": said.digits,
        "seconds": said.seconds,
        "reason": said.reason,
    }


def decision_answer(decision: Decision) -> Answer:
    """Return the formula, its derivative and the claim, and in a line what is known of it."""
    return Answer(
        decision.report,
        decision.exit_code,
        lambda: _decision(decision),
        lambda digits: _decision_document(decision, digits),
    )


def _decision_document(decision: Decision, digits: int | None) -> Document:
    report = decision.report
    claim = Line("claim", decision.claim_read_as)
    gaps = () if decision.counterexample else (_gap(report, gap, digits) for gap in decision.gaps)
    points = () if decision.counterexample else decision.exceptions.points
    exceptions = [_exception(report, point, digits) for point in points[:MOST_EXCEPTIONS]]
    if len(points) > MOST_EXCEPTIONS:
        exceptions.append(f"… and at {len(points) - MOST_EXCEPTIONS} more points; --json has all")
    return Document(
        (
            Formulas((*function_lines(report), *derivative_lines(report), claim)),
            Remarks((_sentence(decision, digits), *exceptions, *gaps)),
        )
    )


def _sentence(decision: Decision, digits: int | None) -> str:
    report, wrong = decision.report, decision.counterexample
    if wrong is None:
        points = f"{decision.points} point{'s' if decision.points != 1 else ''}"
        if decision.shapes is not None:
            points += f" of {decision.shapes} shapes"
        if decision.proof.value == "proved":
            return f"proved, and equal at {points}"
        if decision.proof.value == "proved_almost_everywhere":
            where = decision.exceptions.where
            locations = where or [_place(point.at, digits) for point in decision.exceptions.points]
            rest = f"{'; '.join(dict.fromkeys(locations))}"
            return f"proved almost everywhere, and equal at {points}; not where {rest}"
        return f"equal to {EQUAL_DIGITS} digits at {points}, not proved"
    derivative, claimed = _numbers(wrong, digits)
    alone = len(report.results[0].symbolic) == 1
    name = "the derivative" if alone else notation(report, wrong.entry)
    gives = f"the claim gives {claimed}" if claimed else "the claim has no value"
    why = f" ({decision.mistake})" if decision.mistake else ""
    return f"wrong at {_place(wrong.at, digits)}: {name} is {derivative}, {gives}{why}"


def _numbers(comparison: Comparison, digits: int | None) -> tuple[str, str]:
    """Return both numbers with as many digits as tell them apart; "" for a missing one."""
    bounds = comparison.derivative_bounds, comparison.claim_bounds
    least = digits or DIGITS
    shown = [proved(bound, least) if bound else "" for bound in bounds]
    for count in range(least, MANY_DIGITS):
        first, second = (proved(bound, count) if bound else "" for bound in bounds)
        if first != second:
            if count < MOST_DIGITS:
                return first, second
            return shown[0], f"{shown[1]} (they differ in digit {count})"
    return shown[0], shown[1]


def _gap(report: Report, gap: Comparison, digits: int | None) -> str:
    derivative, claimed = _numbers(gap, digits)
    name, location = notation(report, gap.entry), _place(gap.at, digits)
    if claimed:
        return f"the claim gives {claimed} at {location}, where f has no value"
    return f"the claim has no value at {location}, where {name} is {derivative}"


def _exception(report: Report, comparison: Comparison, digits: int | None) -> str:
    sides = [
        f"{side} {number(value, digits)}"
        for side, value in (("left", comparison.left), ("right", comparison.right))
        if value is not None
    ]
    name, location = notation(report, comparison.entry), _place(comparison.at, digits)
    why = f"{comparison.reason}: {', '.join(sides)}" if sides else comparison.reason
    claimed = _numbers(comparison, digits)[1]
    return f"{name} does not exist at {location} ({why}), where the claim gives {claimed}"


def _place(point: Mapping[str, float], digits: int | None) -> str:
    return ", ".join(f"{name} = {number(value, digits)}" for name, value in point.items())


def _decision(decision: Decision) -> dict[str, Any]:
    whole = decision.report.data
    (result,) = whole.pop("results")
    return {
        **whole,
        "symbolic": result["symbolic"],
        "claim": decision.claim,
        "claim_read_as": decision.claim_read_as,
        "proof": decision.proof.value,
        "points": decision.points,
        "shapes": decision.shapes,
        "counterexample": _comparison(decision.counterexample),
        "mistake": decision.mistake,
        "domain": [_comparison(gap) for gap in decision.gaps],
        "exceptions": {
            "where": list(decision.exceptions.where),
            "points": [_comparison(point) for point in decision.exceptions.points],
        },
    }


def _comparison(comparison: Comparison | None) -> dict[str, Any] | None:
    if comparison is None:
        return None
    return {
        "entry": comparison.entry,
        "at": comparison.at,
        "derivative": comparison.derivative,
        "claim": comparison.claim,
        "derivative_bounds": comparison.derivative_bounds,
        "claim_bounds": comparison.claim_bounds,
        "left": comparison.left,
        "right": comparison.right,
        "reason": comparison.reason,
    }
