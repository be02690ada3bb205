"""Many points of numbers, answered together.

Autograd's numbers at all points come from one vectorised evaluation, and so do those of the
symbolic derivatives, which they are held against. What time there is goes to proofs: first of the
points at which something may happen (a number is missing, a term stands at a kink, a small step
changes a number by much, the two engines differ), then of a random sample. No point has a better
verdict than what was shown of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf, isfinite, isnan
from typing import TYPE_CHECKING

from diffcli.clock import Budget
from diffcli.differentiation.numbers.arrays import Checked, Numbers
from diffcli.differentiation.problem import Problem
from diffcli.differentiation.results.analysis import analysis, exact_text
from diffcli.differentiation.results.builder import result_of
from diffcli.engines.sharing import shared_rule
from diffcli.errors import LimitError
from diffcli.language.expression import Node
from diffcli.language.points import Point, Tensor
from diffcli.output.report import Result
from diffcli.verdict import NOT_A_NUMBER, Check, Verdict, unchecked

if TYPE_CHECKING:
    from diffcli.differentiation.numbers.arrays import Array
    from diffcli.differentiation.numbers.evaluation import Evaluation
    from diffcli.differentiation.numbers.positions import EachPosition
    from diffcli.differentiation.settings import Settings

MOST_SINGLE = 64
"""Points that are answered one by one, each with a verdict of its own."""


def together(points: Sequence[Point]) -> Point | None:
    """Return one point whose vectors are these points; None where not all are of numbers."""
    columns: dict[str, Tensor] = {}
    for name in points[0].values:
        entries = [value for point in points if isinstance(value := point.values[name], Node)]
        if len(entries) < len(points):
            return None
        columns[name] = Tensor((len(points),), tuple(entries))
    return Point(columns) if columns else None


@dataclass(frozen=True)
class PointColumns:
    """A problem's numbers at some points of numbers, and what they are held against.

    ``arrays`` are the columns of ``places``. ``closed`` are the numbers that the symbolic
    derivatives give at the first points; ``reason`` says why there are none. ``suspects`` are the
    places of the points at which something may happen, the missing numbers and kinks first.
    """

    problem: Problem
    places: EachPosition
    arrays: Mapping[str, Array]
    settings: Settings
    numbers: Numbers
    closed: Sequence[Array] | None
    reason: str | None
    suspects: Sequence[int]

    def examined(self, checked: Checked) -> list[Result]:
        """Return the answers at the points that were examined; without proofs, at a sample."""
        from diffcli.differentiation.checks.selection import sample

        count, rows = self.places.size, checked.of_points(self.numbers)
        rows = rows or {position: [] for position in sorted(sample(count, self.settings.seed))}
        results = [self.result(position, row, len(rows)) for position, row in rows.items()]
        if left := unchecked(len(self.suspected.difference(rows)) if self.settings.proves else 0):
            results[-1] = replace(results[-1], checks=(*results[-1].checks, *left))
        if len(rows) < count:
            results = [replace(result, sampled=(len(rows), count)) for result in results]
        return results

    def result(self, position: int, given: Sequence[Check | None], count: int) -> Result:
        """Return the answer at one of the points, of which ``count`` were checked.

        ``given`` are the checks of its values and its entries, if it was.
        """
        values, entries = self.numbers.values, self.numbers.entries
        named = [check and _named(check) for check in given]
        named = named or [None] * (len(values) + len(entries))
        is_checked = all(named)
        of_entries = {
            row: check or self._of_entry(row, position)
            for row, check in enumerate(named[len(values) :])
        }
        of_values = {row: check for row, check in enumerate(named[: len(values)]) if check}
        if not entries:
            of_values = dict(sorted((self._of_values(position) | of_values).items()))
        sampled = (count, self.places.size) if self.settings.proves and not is_checked else None
        return result_of(
            self.problem,
            {name: float(column[position]) for name, column in self.arrays.items()},
            Numbers(*([row[[position]] for row in rows] for rows in (values, entries))),
            Checked(of_values, of_entries, sampled),
            self.problem.formulas,
            typed=exact_text(self.places.point(position), self.settings),
            analysis=lambda derivative: analysis(
                self.problem,
                lambda: self.places.typed(position),
                derivative,
                self.settings,
                inf if is_checked else 0.0,
            ),
        )

    def _of_entry(self, entry: int, position: int) -> Check:
        """Return what is known of an entry that wasn't checked: what the two engines show."""
        quantity = self.problem.entries[entry]
        number = float(self.numbers.entries[entry][position])
        closed = None
        if self.closed is not None and position < self.closed[entry].size:
            closed = float(self.closed[entry][position])
        check = Check(
            quantity.label,
            Verdict.UNVERIFIED,
            value=number if isfinite(number) else None,
            autograd=number if isfinite(number) else None,
            symbolic=closed if closed is not None and isfinite(closed) else None,
        )
        if any(isnan(self.numbers.values[output][position]) for _, output, _ in quantity.parts):
            return replace(check, reason=f"{NOT_A_NUMBER}; {self._not_checked}")
        if position in self.suspected:
            return replace(check, reason=self._not_checked)
        if closed is None:
            return replace(check, reason=self.reason)
        from diffcli.differentiation.checks.judge import agreeing

        return agreeing(check, "this point wasn't checked", self._shared_rule)

    @property
    def _not_checked(self) -> str:
        """Why nothing is proved of a point at which something may happen."""
        return _NOT_CHECKED if self.settings.proves else "the enclosure engine was not asked"

    @cached_property
    def _shared_rule(self) -> str | None:
        """What autograd and the symbolic derivatives both rest on, if anything."""
        function = self.problem.scalars.function
        return None if function is None else shared_rule(function.outputs)

    def _of_values(self, position: int) -> dict[int, Check]:
        """Return what is known of values that weren't checked and nothing is differentiated of.

        Where nothing happens they are the sample's like.
        """
        checks, values = {}, self.numbers.values
        for output, value in enumerate(values):
            name = f"f{output + 1}" if len(values) > 1 else "f"
            if isnan(value[position]):
                reason = f"{NOT_A_NUMBER}; {self._not_checked}"
                checks[output] = Check(name, Verdict.UNVERIFIED, reason=reason)
            elif position in self.suspected:
                number = float(value[position])
                checks[output] = Check(
                    name,
                    Verdict.UNVERIFIED,
                    value=number if isfinite(number) else None,
                    autograd=number if isfinite(number) else None,
                    reason=self._not_checked,
                )
        return checks

    @cached_property
    def suspected(self) -> frozenset[int]:
        """The places at which something may happen."""
        return frozenset(self.suspects)


def _named(check: Check) -> Check:
    """Return the check of one point, without its place among the others."""
    return replace(check, entry=check.entry.rpartition("[")[0])


def columns_of(
    problem: Problem,
    points: EachPosition,
    settings: Settings,
    evaluation: Evaluation,
    budget: Budget,
    vectors: Array | None = None,
) -> PointColumns:
    """Return an operator's numbers at many points, and which of them may be difficult.

    ``problem`` is that of one point. With ``vectors`` the entries' weights are its rows. The
    formulas' numbers are those of the first ``STEPPED`` points.
    """
    from diffcli.differentiation.checks.selection import STEPPED, suspects

    arrays = points.columns
    evaluate, columns = evaluation.of_columns(problem, vectors)
    closed, reason = None, "the symbolic engine was not asked" if settings.proves else None
    try:
        if problem.symbolic is not None:
            first = {name: column[:STEPPED] for name, column in arrays.items()}
            closed = columns.closed(problem.symbolic, first)
    except LimitError as error:
        closed, reason = None, str(error)
    with budget.pause():
        numbers = evaluate(arrays)
        suspected = suspects(
            problem.function,
            arrays,
            numbers,
            settings,
            evaluate=evaluate,
            closed=lambda _: closed,
        )
    return PointColumns(
        problem, points, arrays, settings, numbers, closed, reason, suspected.positions()
    )


_NOT_CHECKED = "no number, a jump or a kink is near, and the time for a proof ran out"
