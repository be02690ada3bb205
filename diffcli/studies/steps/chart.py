"""The sign chart of f′ and f″: what a function of one variable does between its notable points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from diffcli.clock import now
from diffcli.engines.remote import Partials
from diffcli.language.function import Function
from diffcli.output.answers import function_lines
from diffcli.output.document import Answer, Document, Formulas, Line, Remarks, Table
from diffcli.output.report import Facts
from diffcli.output.text import number
from diffcli.studies.critical.analysis import Analysis, Behaviour, analyse
from diffcli.studies.critical.boxes import Box

TIMES = 20
"""Budgets that the formulas of the derivatives may take."""
_SIGNS = {"increasing": "+", "decreasing": "-", "convex": "+", "concave": "-"}


@dataclass(frozen=True)
class ChartRow:
    """A stretch of the chart, or the point ``low``, where ``high`` is None.

    ``slope`` and ``bend`` are the signs of f′ and f″, "" where they aren't proved, ``shape`` says
    in words what f is there.
    """

    low: float
    high: float | None
    slope: str
    bend: str
    shape: str


@dataclass(frozen=True)
class SignChart:
    """The derivatives as formulas, and the rows from left to right."""

    slope: str
    bend: str
    rows: tuple[ChartRow, ...]
    is_complete: bool


def sign_chart(function: Function, box: Box, budget: float) -> SignChart:
    """Return the sign chart of a function of one variable on an interval."""
    (name,) = function.variables
    analysis = analyse(function, box, budget=budget)
    partials = Partials(function, now() + TIMES * budget)
    first, second = (
        partials.combination([(1, 0, (name,) * order)]).text or "not found" for order in (1, 2)
    )
    is_complete = bool(analysis.critical.complete and analysis.inflections.complete)
    return SignChart(first, second, tuple(_rows(analysis, box, name)), is_complete)


def _rows(analysis: Analysis, box: Box, name: str) -> Iterator[ChartRow]:
    points = {point.at[name]: point.kind.value for point in analysis.inflections.points}
    points |= {point.at[name]: point.kind.value for point in analysis.critical.points}
    points |= {point.at[name]: point.kind.value for point in analysis.breaks}
    low, high = box[0]
    ends = {
        end
        for stretch in (*analysis.growth, *analysis.convexity)
        for end in (stretch.low, stretch.high)
    }
    cuts = sorted({low, high, *points, *ends})
    critical = {point.at[name] for point in analysis.critical.points}
    broken = {point.at[name] for point in analysis.breaks}
    turns = {point.at[name] for point in analysis.inflections.points} - broken
    for left, right in zip(cuts, [*cuts[1:], None], strict=True):
        if left in points:
            slope = "0" if left in critical else _sign(analysis.growth, left, left)
            bend = "0" if left in turns else _sign(analysis.convexity, left, left)
            without = left in broken
            yield ChartRow(
                left, None, "" if without else slope, "" if without else bend, points[left]
            )
        if right is not None:
            words = [
                shape
                for stretches in (analysis.growth, analysis.convexity)
                if (shape := _shape(stretches, left, right))
            ]
            slope, bend = (
                _sign(analysis.growth, left, right),
                _sign(analysis.convexity, left, right),
            )
            yield ChartRow(left, right, slope, bend, ", ".join(words))


def _shape(stretches: Sequence[Behaviour], low: float, high: float) -> str | None:
    """Return what is proved on a stretch, or around a point that is inside of one."""
    return next(
        (
            stretch.shape
            for stretch in stretches
            if (
                stretch.low < low < stretch.high
                if low == high
                else stretch.low <= low < high <= stretch.high
            )
        ),
        None,
    )


def _sign(stretches: Sequence[Behaviour], low: float, high: float) -> str:
    return _SIGNS.get(_shape(stretches, low, high) or "", "")


def chart_answer(chart: SignChart, name: str, facts: Facts) -> Answer:
    """Return both derivatives and the chart."""
    lines = (
        *function_lines(facts),
        Line(f"{facts.name}'({name})", chart.slope),
        Line(f"{facts.name}''({name})", chart.bend),
    )

    def document(digits: int | None) -> Document:
        rows = tuple(
            (_where(row, name, digits), row.slope, row.bend, row.shape) for row in chart.rows
        )
        table = Table("sign chart", (name, f"{facts.name}'", f"{facts.name}''", facts.name), rows)
        said = "proved: every zero of both derivatives in the range is in the chart"
        if not chart.is_complete:
            said = "a + is proved to be no -, and a - no +; zeros may be missing"
        return Document((Formulas(lines), table, Remarks((said,))))

    def data() -> dict[str, object]:
        charted = {
            "first": chart.slope,
            "second": chart.bend,
            "rows": [asdict(row) for row in chart.rows],
            "complete": chart.is_complete,
        }
        return {**facts.data, "results": [], "chart": charted}

    return Answer(facts, 0, data, document)


def _where(row: ChartRow, name: str, digits: int | None) -> str:
    low = number(row.low, digits)
    if row.high is None:
        return f"{name} = {low}"
    return f"{low} < {name} < {number(row.high, digits)}"
