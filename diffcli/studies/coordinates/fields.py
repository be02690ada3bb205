"""An operator in curvilinear coordinates: its formulas, their values, and the proof of both.

The formula is made of the language's own derivatives; its value is that of three engines. The
enclosure also adds up the partials of the formula as typed, by Taylor arithmetic, and the two must
agree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from flint import arb

from diffcli.clock import now
from diffcli.differentiation import Settings, derive
from diffcli.engines.balls.precision import working
from diffcli.engines.enclosure import Outcome, partial
from diffcli.engines.remote import Partials
from diffcli.errors import UsageError
from diffcli.language.algebra import ZERO
from diffcli.language.derivative import differentiate
from diffcli.language.expression import Node
from diffcli.language.formula import Formula
from diffcli.language.function import Function
from diffcli.language.points import Point
from diffcli.operators import Eval
from diffcli.output.report import Report, Result
from diffcli.studies.coordinates.systems import Components, System, Term
from diffcli.verdict import Check, Verdict

BITS = 128
"""Working precision of the sum of the partials."""
_COUNTS = {"grad": 1, "laplacian": 1}
_SYMBOLS = {
    "grad": "(∇{f}) {x}",
    "laplacian": "∇²{f}",
    "divergence": "∇·{f}",
    "curl": "(∇×{f}) {x}",
}


def differentiated(
    operator: str, system: System, function: Function, points: Sequence[Point], settings: Settings
) -> Report:
    """Return an operator in coordinates as a report. Raises UsageError for what is no field."""
    names, count = function.variables, len(function.outputs)
    wanted = _COUNTS.get(operator, len(names))
    if count != wanted or (operator == "curl" and len(names) != 3):
        raise UsageError(
            f"{operator} takes {wanted} formulas in these coordinates, not {count}"
            if operator != "curl" or len(names) == 3
            else "the curl is that of three coordinates",
            hint="one for each of the coordinates, along their unit vectors",
        )
    parts = Components(system, names)
    terms: Mapping[str, list[Term]] = getattr(parts, operator)()
    formulas = tuple(_formula(parts, function, term) for term in terms.values())
    both = Function(("",), (*formulas, *function.outputs), names)
    shown = Partials(both, now() + settings.budget)
    symbolic: dict[str, Formula] = {
        label: shown.formula((), index) for index, label in enumerate(terms)
    }
    report = derive(Eval(), both, points, settings)
    typed: Sequence[Point | None] = points or [None] * len(report.results)
    results = tuple(
        _result(result, terms, function, point, symbolic)
        for result, point in zip(report.results, typed, strict=True)
    )
    symbol = _SYMBOLS[operator]
    notation = {label: symbol.format(f=function.called, x=label) for label in terms}
    return Report.of(
        operator,
        function,
        dtype=settings.dtype,
        device=report.device,
        results=results,
        notation=notation,
        warnings=report.warnings,
    )


def _formula(parts: Components, function: Function, terms: Sequence[Term]) -> Node:
    """Return a sum of terms as a formula. Raises FormulaError without a closed derivative."""
    algebra = parts.algebra
    summands = []
    for coefficient, output, wrt in terms:
        slope = function.outputs[output]
        for name in wrt:
            slope = differentiate(slope, name, algebra.build)
        summands.append(algebra.mul(coefficient, slope))
    return algebra.add(*summands)


def _result(
    result: Result,
    terms: Mapping[str, list[Term]],
    function: Function,
    point: Point | None,
    symbolic: Mapping[str, Formula],
) -> Result:
    if point is None or result.at is None:
        return Result(at=None, value=None, derivative=None, symbolic=symbolic)
    checks = [
        _checked(replace(check, entry=label), terms[label], function, point)
        for check, label in zip(result.value_checks, terms, strict=False)
    ]
    numbers = {check.entry: check.value for check in checks}
    values = result.value if isinstance(result.value, list) else [result.value]
    own = values[len(terms) :]
    return Result(
        at=result.at,
        value=own[0] if len(own) == 1 else own,
        derivative=numbers["f"] if list(numbers) == ["f"] else numbers,
        symbolic=symbolic,
        checks=tuple(checks),
        value_checks=result.value_checks[len(terms) :],
        typed=result.typed,
    )


def _checked(check: Check, terms: Sequence[Term], function: Function, point: Point) -> Check:
    """Return a check that holds for the partials of the formula as typed too."""
    if check.verdict is not Verdict.CERTIFIED or check.enclosure is None:
        return check
    point_values = {name: value for name, value in point.values.items() if isinstance(value, Node)}
    total = arb(0)
    for coefficient, output, wrt in terms:
        if coefficient is ZERO:
            continue
        parts = (
            partial(coefficient, point_values),
            partial(function.outputs[output], point_values, wrt),
        )
        for part in parts:
            if part.outcome is Outcome.UNDEFINED:
                return replace(check, verdict=Verdict.UNDEFINED, value=None, reason=part.reason)
        size, slope = (part.ball for part in parts)
        if size is None or slope is None:
            reason = "the partials aren't enclosed; the value is that of the formula"
            return replace(check, verdict=Verdict.UNVERIFIED, reason=reason)
        with working(BITS):
            total += size * slope
    low, high = map(arb, check.enclosure)
    with working(BITS):
        agrees = total.overlaps(low.union(high))
    if agrees:
        return check
    reason = "the formula and the partials of the enclosure disagree"
    return replace(check, verdict=Verdict.DISAGREES, reason=reason)
