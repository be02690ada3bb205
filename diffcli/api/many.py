"""Many points at once: in a formula of numbers, each element of its arrays is a point.

Arrays broadcast as numpy's do. Up to 64 points are answered one by one. The numbers of more come
from one vectorised evaluation, as :mod:`diffcli.differentiation.results.stacked` says; where they
are proved, the truth replaces them.
"""

# ruff: noqa: TID253  (imported with the first arrays)
from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from diffcli.api.results import Derivative
from diffcli.api.values import ArrayKind, arranged, flattened
from diffcli.differentiation import Settings, derive
from diffcli.differentiation.flow import derive_columns
from diffcli.differentiation.numbers.positions import EachPosition, Positions
from diffcli.differentiation.results.stacked import MOST_SINGLE
from diffcli.engines.coordinates import array
from diffcli.errors import PointError, UsageError
from diffcli.language.expression import number
from diffcli.language.function import Function
from diffcli.language.points import Point, Typed
from diffcli.operators import Matrix, Operator, Scalars
from diffcli.operators.operator import Along
from diffcli.output.report import Report

if TYPE_CHECKING:
    from diffcli.differentiation.numbers.arrays import Numbers

Array = NDArray[np.float64]


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
        self._positions = Positions(point, dtype=settings.dtype, seed=settings.seed)
        self._points = EachPosition(self._positions)
        whole = Scalars(function, dict.fromkeys(point.values, ()), ((),) * len(function.outputs))
        self._scalars = operator.moving(whole)
        operator.check(self._scalars)
        self._vectors = self._along()

    def derivative(self, kind: ArrayKind) -> Derivative:
        """Return the numbers, those of the points that were answered one by one among them."""
        shape, size = self._positions.shape, self._positions.size
        blocks = self._operator.blocks(self._scalars)
        if size <= MOST_SINGLE or "autograd" not in self._settings.engines:
            report = self._one_by_one()
            results = report.results[:size]  # of no points there are formulas alone
            values = np.array([flattened(result.value) for result in results])
            entries = np.array([flattened(result.derivative) for result in results])
        else:
            report, numbers = self._together()
            values = np.stack(numbers.values, axis=-1)
            entries = np.stack(numbers.entries, axis=-1) if numbers.entries else values[:, :0]
        starts = np.cumsum([0, *map(prod, blocks)])
        entries = entries.reshape(size, starts[-1])
        parts = [
            entries[:, start : start + prod(block)].reshape(*shape, *block)
            for start, block in zip(starts, blocks, strict=False)
        ]
        outputs = () if self._function.is_scalar else (len(self._function.outputs),)
        value = values.reshape(*shape, *outputs)
        layout = self._operator.layout(parts, self._scalars)
        if isinstance(layout, list):
            layout = np.stack(layout, axis=-1)
        return Derivative(report, kind.made(value), arranged(layout, kind))

    def _together(self) -> tuple[Report, Numbers]:
        """Return the report of some of many points, and the numbers at all."""
        operator, vectors = self._operator, self._vectors
        if vectors is not None and isinstance(operator, Along):
            is_one = (vectors == vectors[:, :1]).all()
            first = vectors[:, 0] if is_one else np.ones(len(vectors))
            operator = replace(operator, vector=_typed(first))
            vectors = None if is_one else vectors
        return derive_columns(operator, self._function, self._points, self._settings, vectors)

    def _one_by_one(self) -> Report:
        """Return the report of all points, each as if it had been asked for alone."""
        operator, function, settings = self._operator, self._function, self._settings
        points = [self._points.point(position) for position in range(self._points.size)]
        if self._vectors is None or not isinstance(operator, Along) or not points:
            return derive(operator, function, points, settings)
        reports = [
            derive(replace(operator, vector=_typed(vector)), function, [point], settings)
            for vector, point in zip(self._vectors.T, points, strict=True)
        ]
        results = tuple(result for report in reports for result in report.results)
        return replace(reports[0], results=results)

    def _along(self) -> Array | None:
        """Return the operator's vector at each point, a row a component."""
        typed, shape = self._operator.direction, self._positions.shape
        if typed is None:
            return None
        names = list(self._scalars.spaces[self._operator.along])
        parts = [array(number) for number in typed.ordered]
        if not typed.named and len(parts) == 1 and len(names) > 1 and parts[0].ndim:
            parts = list(np.moveaxis(parts[0], -1, 0))
        else:
            parts = [array(value) for value in typed.bind(names).values.values()]
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


def _typed(vector: Array) -> Typed:
    return Typed(ordered=tuple(number(float(entry)) for entry in vector))
