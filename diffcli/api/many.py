"""Many points at once: in a formula of numbers, each element of its arrays is a point.

Arrays broadcast as numpy's do. The numbers come from one vectorised evaluation; a sample of the
points is answered by all engines, and so is every point at which something may happen, as many as
the time allows. There the numbers that are proved replace those of the evaluation.
"""

# ruff: noqa: TID253  (imported with the first arrays)
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from diffcli.api.results import Derivative
from diffcli.api.values import ArrayKind, arranged, flattened
from diffcli.clock import now
from diffcli.differentiation import Settings, derive
from diffcli.differentiation.places import Positions
from diffcli.differentiation.selection import STEPPED, differing, sample
from diffcli.differentiation.stacked import MOST_SINGLE, suspects
from diffcli.engines import remote
from diffcli.engines.coordinates import array
from diffcli.errors import LimitError, PointError, UsageError
from diffcli.language.expression import Node, number
from diffcli.language.function import Function
from diffcli.language.points import Point, Typed
from diffcli.operators import Matrix, Operator, Scalars
from diffcli.operators.operator import Along
from diffcli.output.report import Report, Result
from diffcli.verdict import unchecked

if TYPE_CHECKING:
    from diffcli.differentiation.columns import Columns
    from diffcli.differentiation.numbers import Numbers

Array = NDArray[np.float64]

_AT_ONCE = 16
"""Points that are answered between two looks at the clock."""


def derivative_at_points(
    operator: Operator, function: Function, point: Point, kind: ArrayKind, settings: Settings
) -> Derivative:
    """Return an operator's numbers at every point of some arrays, the axes of the points first.

    Raises UsageError where the arrays don't broadcast, or the operator doesn't apply at a point.
    """
    if isinstance(operator, Matrix) and operator.sparse:
        raise UsageError("a sparse matrix is that of one point", hint="leave out sparse")
    return _Points(operator, function, point, settings).derivative(kind)


class _Points:
    """One operator of one formula of numbers at the points of some arrays."""

    def __init__(
        self, operator: Operator, function: Function, point: Point, settings: Settings
    ) -> None:
        self._operator, self._function, self._settings = operator, function, settings
        self._places = Positions(point, dtype=settings.dtype, seed=settings.seed)
        whole = Scalars(function, dict.fromkeys(point.values, ()), ((),) * len(function.outputs))
        self._scalars = operator.moving(whole)
        operator.check(self._scalars)
        self._vectors = self._along()

    def derivative(self, kind: ArrayKind) -> Derivative:
        """Return the numbers, those of the points that were answered one by one among them."""
        size, shape = self._places.size, self._places.shape
        blocks = self._operator.blocks(self._scalars)
        starts = np.cumsum([0, *map(prod, blocks)])
        values = np.empty((size, len(self._function.outputs)))
        entries = np.empty((size, starts[-1]))
        if size > MOST_SINGLE:
            evaluated = self._numbers
            for table, rows in ((values, evaluated.values), (entries, evaluated.entries)):
                for place, row in enumerate(rows):
                    table[:, place] = row
        report, answers = self._answers()
        for place, result in answers.items():
            values[place] = flattened(result.value)
            entries[place] = flattened(result.derivative)
        parts = [
            entries[:, start : start + prod(block)].reshape(*shape, *block)
            for start, block in zip(starts, blocks, strict=False)
        ]
        value = values.reshape(*shape, *(() if self._function.is_scalar else (-1,)))
        layout = self._operator.layout(parts, self._scalars)
        if isinstance(layout, list):
            layout = np.stack(layout, axis=-1)
        return Derivative(report, kind.made(value), arranged(layout, kind))

    def _answers(self) -> tuple[Report, Mapping[int, Result]]:
        """Return what all engines say of some points, by place, and as a report."""
        size, settings = self._places.size, self._settings
        is_whole = size <= MOST_SINGLE or "autograd" not in settings.engines
        chosen = range(size) if is_whole else sorted(sample(size, settings.seed))
        report = self._report(chosen)
        found = dict(zip(chosen, report.results, strict=False))
        waiting: list[int] = []
        if not is_whole and len(settings.engines) > 1:
            places = dict.fromkeys([*self._suspects(), *self._differing()])
            waiting = [each for each in places if each not in found]
            deadline = now() + settings.budget
            while waiting and now() < deadline:
                some, waiting = waiting[:_AT_ONCE], waiting[_AT_ONCE:]
                found |= zip(some, self._report(some).results, strict=True)
        results = [found[place] for place in sorted(found)] or [*report.results]
        if left := unchecked(len(waiting)):
            results[-1] = replace(results[-1], checks=(*results[-1].checks, *left))
        if len(found) < size:
            results = [replace(each, sampled=(len(found), size)) for each in results]
        return replace(report, results=tuple(results)), found

    def _suspects(self) -> list[int]:
        """Return the places at which something may happen; all where that can't be told."""
        try:
            return suspects(
                self._function, self._numbers, self._evaluation, self._columns, self._settings
            )
        except LimitError:
            return list(range(self._places.size))

    def _differing(self) -> list[int]:
        """Return the places, among the first, where the formulas give other numbers."""
        if "symbolic" not in self._settings.engines or not self._numbers.entries:
            return []
        partials = remote.Partials(self._function, now() + self._settings.budget / 2)
        columns = {name: each[:STEPPED] for name, each in self._columns.items()}
        try:
            closed = self._evaluation.closed(partials, columns)
        except LimitError:
            return []
        entries = [each[:STEPPED] for each in self._numbers.entries]
        places: list[int] = np.flatnonzero(
            differing(entries, closed, self._settings.dtype)
        ).tolist()
        return places

    def _report(self, places: Sequence[int]) -> Report:
        """Return the report of some points, each as if it had been asked for alone."""
        operator, function, settings = self._operator, self._function, self._settings
        points = [self._point(place) for place in places]
        if self._vectors is None or not isinstance(operator, Along) or not points:
            return derive(operator, function, points, settings)
        vectors = self._vectors[:, places].T
        reports = [
            derive(replace(operator, vector=_typed(vector)), function, [point], settings)
            for vector, point in zip(vectors, points, strict=True)
        ]
        results = tuple(result for report in reports for result in report.results)
        return replace(reports[0], results=results)

    def _point(self, place: int) -> Point:
        typed = self._places.typed(place)
        return Point(
            {
                name: each if isinstance(each, Node) else number(Fraction(each))
                for name, each in typed.items()
            }
        )

    def _along(self) -> Array | None:
        """Return the operator's vector at each point, a row a component."""
        typed, shape = self._operator.direction, self._places.shape
        if typed is None:
            return None
        names = list(self._scalars.spaces[self._operator.along])
        parts = [array(each) for each in typed.ordered]
        if not typed.named and len(parts) == 1 and len(names) > 1 and parts[0].ndim:
            parts = list(np.moveaxis(parts[0], -1, 0))
        else:
            parts = [array(each) for each in typed.bind(names).values.values()]
        try:
            rows = [np.broadcast_to(part, shape).ravel() for part in parts]
        except ValueError:
            rows = []
        if len(rows) != len(names):
            listed = ", ".join(str(list(part.shape)) for part in parts)
            raise PointError(
                f"a vector of {listed} for {', '.join(names)} at {list(shape)} points",
                hint="a number for each, or an array as long as the points",
            )
        return np.stack(rows)

    @cached_property
    def _columns(self) -> Mapping[str, Array]:
        """Each variable's number at every point."""
        shape = self._places.shape
        return {
            name: np.broadcast_to(each, shape).flatten()
            for name, each in self._places.arrays.items()
        }

    @cached_property
    def _numbers(self) -> Numbers:
        """Autograd's numbers at all points."""
        return self._evaluation(self._columns)

    @cached_property
    def _evaluation(self) -> Columns:
        from diffcli.differentiation.columns import Columns

        function, vectors = self._function, self._vectors
        moving = replace(function, variables=tuple(self._scalars.columns))
        ones = () if vectors is None else [1.0] * len(vectors)
        entries = self._operator.entries(moving, ones)
        return Columns(function, remote.lower(function), entries, self._settings, vectors)


def _typed(vector: Array) -> Typed:
    return Typed(ordered=tuple(number(Fraction(float(each))) for each in vector))
