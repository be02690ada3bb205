"""Many points of numbers, answered together.

Autograd's numbers at all points come from one vectorised evaluation, and so do those of the
symbolic derivatives, which they are held against. What time there is goes to proofs: first of the
points at which something may happen (a number is missing, a term stands at a kink, a small step
changes a number by much, the two engines differ), then of a random sample. No point has a better
verdict than what was shown of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf, isfinite, isnan
from typing import TYPE_CHECKING

from diffcli.clock import Budget
from diffcli.differentiation.analysis import analysis, exact_text
from diffcli.differentiation.cases import Case
from diffcli.differentiation.numbers import Checked
from diffcli.differentiation.results import result_of
from diffcli.engines.sharing import shared_rule
from diffcli.errors import LimitError
from diffcli.language.expression import Node
from diffcli.language.function import Function
from diffcli.language.points import Point, Tensor
from diffcli.operators import Matrix, Operator
from diffcli.output.report import Result
from diffcli.verdict import NOT_A_NUMBER, Check, Verdict

if TYPE_CHECKING:
    from diffcli.differentiation.evaluation import Evaluation
    from diffcli.differentiation.numbers import Array, Numbers
    from diffcli.differentiation.settings import Settings

MOST_SINGLE = 64
"""Points that are answered one by one, each with a verdict of its own."""

HIGHEST = 4
"""The order up to which nested derivatives are quicker than Taylor arithmetic."""

Evaluate = Callable[[Mapping[str, "Array"]], "Numbers"]
"""Gives an operator's numbers at the points of some columns."""


def together(points: Sequence[Point]) -> Point | None:
    """Return one point whose vectors are these points; None where not all are of numbers."""
    columns: dict[str, Tensor] = {}
    for name in points[0].values:
        entries = [value for point in points if isinstance(value := point.values[name], Node)]
        if len(entries) < len(points):
            return None
        columns[name] = Tensor((len(points),), tuple(entries))
    return Point(columns) if columns else None


def suspects(
    function: Function,
    numbers: Numbers,
    evaluate: Evaluate,
    arrays: Mapping[str, Array],
    settings: Settings,
) -> list[int]:
    """Return the places of the points at which something may happen, those at kinks first.

    ``numbers`` are those at the points, ``evaluate`` gives those of other points. Raises LimitError
    where a term is too large.
    """
    import numpy as np

    from diffcli.differentiation.selection import STEPPED, difficult, unsteady

    def table(columns: Mapping[str, Array]) -> tuple[Array, Array]:
        found = evaluate(columns)
        values = np.stack([each.ravel() for each in found.values])
        return values, np.stack([*values, *(each.ravel() for each in found.entries)])

    first = {name: each.ravel()[:STEPPED] for name, each in arrays.items()}
    found = [difficult(function, arrays, settings)]
    found += [~np.isfinite(each.ravel()) for each in (*numbers.values, *numbers.entries)]
    found.append(unsteady(table, first))
    places: list[int] = np.concatenate([np.flatnonzero(each) for each in found]).tolist()
    return list(dict.fromkeys(places))


@dataclass(frozen=True)
class PointColumns:
    """One operator's numbers at some points of numbers, and what they are held against.

    ``case`` is that of one point, ``arrays`` are the points' columns. ``closed`` are the numbers
    that the symbolic derivatives give there; ``reason`` says why there are none. ``suspects`` are
    the places of the points at which something may happen, the missing numbers and kinks first.
    """

    operator: Operator
    case: Case
    points: Sequence[Point]
    arrays: Mapping[str, Array]
    settings: Settings
    numbers: Numbers
    closed: Sequence[Array] | None
    reason: str | None
    suspects: Sequence[int]

    def at(self, places: Sequence[int]) -> Numbers:
        """Return the numbers at the points at some places."""
        values, entries = self.numbers.values, self.numbers.entries
        return replace(
            self.numbers,
            values=[each[places] for each in values],
            entries=[each[places] for each in entries],
        )

    def result(self, place: int, given: Sequence[Check | None], count: int) -> Result:
        """Return the answer at one of the points, of which ``count`` were checked.

        ``given`` are the checks of its values and its entries, if it was.
        """
        numbers = self.at([place])
        outputs, height = len(numbers.values), len(numbers.entries)
        named = [check and _named(check) for check in given or [None] * (outputs + height)]
        is_checked = all(named)
        entries = {
            row: check or self._of_entry(row, place) for row, check in enumerate(named[outputs:])
        }
        values = {output: check for output, check in enumerate(named[:outputs]) if check}
        if not entries:
            values = dict(sorted((self._of_values(place, numbers.values) | values).items()))
        at = {name: float(column[place]) for name, column in self.arrays.items()}
        sampled = (count, len(self.points)) if self.settings.proves and not is_checked else None
        return result_of(
            self.operator,
            self.case.scalars,
            at,
            numbers,
            Checked(values, entries, sampled),
            self.case.formulas,
            typed=exact_text(self.points[place], self.settings),
            analysis=lambda derivative: analysis(
                self.operator,
                self.case.scalars,
                lambda: at,
                derivative,
                self.settings,
                inf if is_checked else 0.0,
            ),
        )

    def _of_entry(self, entry: int, place: int) -> Check:
        """Return what is known of an entry that wasn't checked: what the two engines show."""
        quantity = self.case.entries[entry]
        number = float(self.numbers.entries[entry][place])
        closed = None if self.closed is None else float(self.closed[entry][place])
        check = Check(
            quantity.label,
            Verdict.UNVERIFIED,
            value=number if isfinite(number) else None,
            autograd=number if isfinite(number) else None,
            symbolic=closed if closed is not None and isfinite(closed) else None,
        )
        if any(isnan(self.numbers.values[output][place]) for _, output, _ in quantity.parts):
            return replace(check, verdict=Verdict.UNDEFINED, reason=NOT_A_NUMBER)
        if place in self.suspected:
            return replace(check, reason=_NOT_CHECKED)
        if closed is None:
            return replace(check, reason=self.reason)
        from diffcli.verify import agreeing

        return agreeing(check, "this point wasn't checked", self._shared_rule)

    @cached_property
    def _shared_rule(self) -> str | None:
        """What autograd and the symbolic derivatives both rest on, if anything."""
        function = self.case.scalars.function
        return None if function is None else shared_rule(function.outputs)

    def _of_values(self, place: int, values: Sequence[Array]) -> dict[int, Check]:
        """Return what is known of values that weren't checked and nothing is differentiated of.

        Where nothing happens they are the sample's like.
        """
        checks = {}
        for output, value in enumerate(values):
            name = f"f{output + 1}" if len(values) > 1 else "f"
            if isnan(value[0]):
                checks[output] = Check(name, Verdict.UNDEFINED, reason=NOT_A_NUMBER)
            elif place in self.suspected:
                checks[output] = Check(name, Verdict.UNVERIFIED, reason=_NOT_CHECKED)
        return checks

    @cached_property
    def suspected(self) -> frozenset[int]:
        """The places at which something may happen."""
        return frozenset(self.suspects)


def _named(check: Check) -> Check:
    """Return the check of one point, without its place among the others."""
    return replace(check, entry=check.entry.rpartition("[")[0])


def columns_of(
    operator: Operator,
    case: Case,
    points: Sequence[Point],
    arrays: Mapping[str, Array],
    settings: Settings,
    evaluation: Evaluation,
    budget: Budget,
) -> PointColumns | None:
    """Return the stack of some points whose columns are ``arrays``.

    None where there are too many entries, or one by one the points are quicker.
    """
    function = case.scalars.function
    is_sparse = isinstance(operator, Matrix) and operator.sparse
    if function is None or is_sparse:
        return None
    if case.order > HIGHEST and not operator.element_by_element:
        return None
    evaluate, columns = evaluation.of_columns(case)
    closed, reason = None, "the symbolic engine was not asked" if settings.proves else None
    try:
        if case.symbolic is not None:
            closed = columns.closed(case.symbolic, arrays)
    except LimitError as error:
        closed, reason = None, str(error)
    with budget.pause():
        numbers = evaluate(arrays)
        kinks: Sequence[int] = []
        try:
            if settings.proves:
                kinks = suspects(function, numbers, evaluate, arrays, settings)
        except LimitError:
            kinks = range(len(points))
        places = list(dict.fromkeys([*kinks, *_differing(numbers, closed, settings.dtype)]))
    return PointColumns(operator, case, points, arrays, settings, numbers, closed, reason, places)


def _differing(numbers: Numbers, closed: Sequence[Array] | None, dtype: str) -> list[int]:
    """Return the places of the points where autograd's numbers aren't the formulas', if any."""
    if not closed:
        return []
    import numpy as np

    from diffcli.differentiation.selection import differing

    places: list[int] = np.flatnonzero(differing(numbers.entries, closed, dtype)).tolist()
    return places


_NOT_CHECKED = "no number, a jump or a kink is near, and the time for a proof ran out"
