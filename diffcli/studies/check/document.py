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
"""Of two numbers that differ late."""


MOST_EXCEPTIONS = 4
"""Points without a derivative that are shown one by one."""


def hearing_answer(found: EngineComparison) -> Answer:
    """Return a table an entry and point: what each engine says, the verdict last."""
    report = found.report

    def document(digits: int | None) -> Document:
        formulas = Formulas((*function_lines(report), *derivative_lines(report)))
        said = Remarks(tuple(remarks(report, digits)))
        return Document((formulas, *_tables(found, digits), said))

    def data() -> dict[str, Any]:
        whole = report.data
        for result, said in zip(whole["results"], found.statements, strict=False):
            for check in result["checks"]:
                check["evidence"] = [_statement(each) for each in said.get(check["entry"], ())]
        return whole

    return Answer(report, found.exit_code, data, document)


def _tables(found: EngineComparison, digits: int | None) -> Iterator[Table]:
    for result, said in zip(found.report.results, found.statements, strict=False):
        checks = {check.entry: check for check in result.checks}
        for entry, statements in said.items():
            yield _table(found.report, result, checks[entry], statements, digits)


def _table(
    report: Report, result: Result, check: Check, said: Sequence[EngineAnswer], digits: int | None
) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for each in said:
        rows.append((each.engine, _says(each), _time(each.seconds)))
        if each.digits is not None:
            rows.append(("", f"{each.digits} digits proved", ""))
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


def decision_answer(found: Decision) -> Answer:
    """Return the formula, its derivative and the claim, and in a line what is known of it."""
    return Answer(
        found.report,
        found.exit_code,
        lambda: _decision(found),
        lambda digits: _decision_document(found, digits),
    )


def _decision_document(found: Decision, digits: int | None) -> Document:
    report = found.report
    claim = Line("claim", found.claim_read_as)
    gaps = () if found.counterexample else (_gap(report, gap, digits) for gap in found.gaps)
    points = () if found.counterexample else found.exceptions.points
    exceptions = [_exception(report, each, digits) for each in points[:MOST_EXCEPTIONS]]
    if len(points) > MOST_EXCEPTIONS:
        exceptions.append(f"… and at {len(points) - MOST_EXCEPTIONS} more points; --json has all")
    return Document(
        (
            Formulas((*function_lines(report), *derivative_lines(report), claim)),
            Remarks((_sentence(found, digits), *exceptions, *gaps)),
        )
    )


def _sentence(found: Decision, digits: int | None) -> str:
    report, wrong = found.report, found.counterexample
    if wrong is None:
        points = f"{found.points} point{'s' if found.points != 1 else ''}"
        if found.shapes is not None:
            points += f" of {found.shapes} shapes"
        if found.proof.value == "proved":
            return f"proved, and equal at {points}"
        if found.proof.value == "proved_almost_everywhere":
            where = found.exceptions.where
            places = where or [_place(each.at, digits) for each in found.exceptions.points]
            rest = f"{'; '.join(dict.fromkeys(places))}"
            return f"proved almost everywhere, and equal at {points}; not where {rest}"
        return f"equal to {EQUAL_DIGITS} digits at {points}, not proved"
    derivative, claimed = _numbers(wrong, digits)
    alone = len(report.results[0].symbolic) == 1
    name = "the derivative" if alone else notation(report, wrong.entry)
    gives = f"the claim gives {claimed}" if claimed else "the claim has no value"
    why = f" ({found.mistake})" if found.mistake else ""
    return f"wrong at {_place(wrong.at, digits)}: {name} is {derivative}, {gives}{why}"


def _numbers(found: Comparison, digits: int | None) -> tuple[str, str]:
    """Return both numbers with as many digits as tell them apart; "" for a missing one."""
    bounds = found.derivative_bounds, found.claim_bounds
    least = digits or DIGITS
    shown = [proved(each, least) if each else "" for each in bounds]
    for count in range(least, MANY_DIGITS):
        first, second = (proved(each, count) if each else "" for each in bounds)
        if first != second:
            if count < MOST_DIGITS:
                return first, second
            return shown[0], f"{shown[1]} (they differ in digit {count})"
    return shown[0], shown[1]


def _gap(report: Report, gap: Comparison, digits: int | None) -> str:
    derivative, claimed = _numbers(gap, digits)
    name, place = notation(report, gap.entry), _place(gap.at, digits)
    if claimed:
        return f"the claim gives {claimed} at {place}, where f has no value"
    return f"the claim has no value at {place}, where {name} is {derivative}"


def _exception(report: Report, found: Comparison, digits: int | None) -> str:
    sides = [
        f"{side} {number(value, digits)}"
        for side, value in (("left", found.left), ("right", found.right))
        if value is not None
    ]
    name, place = notation(report, found.entry), _place(found.at, digits)
    why = f"{found.reason}: {', '.join(sides)}" if sides else found.reason
    claimed = _numbers(found, digits)[1]
    return f"{name} does not exist at {place} ({why}), where the claim gives {claimed}"


def _place(at: Mapping[str, float], digits: int | None) -> str:
    return ", ".join(f"{name} = {number(value, digits)}" for name, value in at.items())


def _decision(found: Decision) -> dict[str, Any]:
    whole = found.report.data
    (result,) = whole.pop("results")
    return {
        **whole,
        "symbolic": result["symbolic"],
        "claim": found.claim,
        "claim_read_as": found.claim_read_as,
        "proof": found.proof.value,
        "points": found.points,
        "shapes": found.shapes,
        "counterexample": _comparison(found.counterexample),
        "mistake": found.mistake,
        "domain": [_comparison(gap) for gap in found.gaps],
        "exceptions": {
            "where": list(found.exceptions.where),
            "points": [_comparison(each) for each in found.exceptions.points],
        },
    }


def _comparison(found: Comparison | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "entry": found.entry,
        "at": found.at,
        "derivative": found.derivative,
        "claim": found.claim,
        "derivative_bounds": found.derivative_bounds,
        "claim_bounds": found.claim_bounds,
        "left": found.left,
        "right": found.right,
        "reason": found.reason,
    }
