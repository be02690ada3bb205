"""Samples whose digits float64 lost, as beside a hole, are enclosed, or else left out.

A bound of the rounding errors takes longer than the sample itself. So it is asked for here and
there; between two places where few digits are lost nowhere, where many are everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import isfinite

import numpy as np

from diffcli.studies.curves.breaks import Floats

LOST = 1e-8
"""The bound of a sample's error, relative to it, from which on it is enclosed."""
WRONG = 1e-10
"""The error itself from which on the proved number takes the sample's place."""
SAFE = 1e-10
"""The bound of an error below which a sample doesn't make its neighbours suspect."""
STRIDE = 16
"""Samples from one whose error is bounded to the next."""
MOST_BOUNDED = 1500
"""Samples whose error is bounded, and samples that are enclosed: each takes half a millisecond."""
UNBOUNDED = 1e300
"""The loss of a sample without a bound: it is left as it is where nothing is proved."""
MOST_BARREN = 16
"""Samples of which nothing is bounded or proved, until no more are tried."""

Bounds = Callable[[int, float], Sequence[float]]
"""An output and a point → the bounds of the errors of its value and of each derivative."""
Proved = Callable[[int, int, float], float]
"""An output, an order and a point → what is proved there, nan for nothing."""


@dataclass
class Digits:
    """Mends samples; ``enclosed`` holds the values that it put in place, by their points."""

    bounds: Bounds
    proved: Proved
    enclosed: dict[float, Floats] = field(default_factory=dict)
    _losses: dict[float, float] = field(default_factory=dict)
    _barren: int = 0
    _stretches: list[tuple[float, float]] = field(default_factory=list)

    def mend(self, x: Floats, values: Floats, indices: Sequence[int]) -> list[int]:
        """Put proved numbers in the places, among some, where digits are lost.

        Return the places of which nothing is proved, and which are to be left out.
        """
        unknown = []
        for index in [*self._lossy(x, values, indices)]:
            rows = values[:, :, index]
            truths = np.full_like(rows, np.nan)
            for output, order in np.argwhere(np.isfinite(rows)).tolist():
                truths[output, order] = self.proved(output, order, float(x[index]))
            wrong = np.isfinite(rows) & ~(np.abs(rows - truths) <= WRONG * np.abs(truths))
            if np.isnan(truths[wrong]).any():
                if self._losses[float(x[index])] < UNBOUNDED:
                    unknown.append(index)
                else:
                    self._barren += 1
            elif wrong.any():
                values[:, :, index] = np.where(wrong, truths, rows)
                self.enclosed[float(x[index])] = values[:, :, index].copy()
        return unknown

    def survey(self, x: Floats) -> None:
        """Note the stretches between samples that lost digits, where every other one is proved."""
        suspect = [self.is_suspect(number) for number in x.tolist()]
        self._stretches = [
            (float(x[index]), float(x[index + 1]))
            for index, (first, second) in enumerate(pairwise(suspect))
            if first and second
        ]

    def restored(self, x: Floats, values: Floats) -> Floats:
        """Return values of points with proved numbers in the place of those that lost digits."""
        for index, number in enumerate(x.tolist()) if self.enclosed else ():
            if number in self.enclosed:
                values[:, :, index] = self.enclosed[number]
            elif not self.is_exhausted and self._is_within(number):
                rows = values[:, :, index]
                for output, order in np.argwhere(np.isfinite(rows)).tolist():
                    truth = self.proved(output, order, number)
                    rows[output, order] = truth if isfinite(truth) else rows[output, order]
                self.enclosed[number] = rows.copy()
        return values

    @property
    def is_exhausted(self) -> bool:
        """Whether no more samples are enclosed, so that others would show rounding noise."""
        return len(self.enclosed) >= MOST_BOUNDED

    def _is_within(self, number: float) -> bool:
        return any(low < number < high for low, high in self._stretches)

    def _lossy(self, x: Floats, values: Floats, indices: Sequence[int]) -> Iterator[int]:
        """Yield the places whose errors may be too large."""
        for run in _runs([index for index in indices if float(x[index]) not in self.enclosed]):
            asked = sorted({*run[::STRIDE], run[-1]})
            losses = {index: self._loss(x, values, index) for index in asked}
            for first, last in pairwise(asked):
                if max(losses[first], losses[last]) > SAFE:
                    within = range(first + 1, last)
                    losses |= {index: self._loss(x, values, index) for index in within}
            yield from (index for index, loss in sorted(losses.items()) if loss > LOST)

    def is_suspect(self, number: float) -> bool:
        """Whether a point lost so many digits that those beside it may have lost theirs."""
        return self._losses.get(number, 0.0) > SAFE

    def _loss(self, x: Floats, values: Floats, index: int) -> float:
        """Return the largest bound of an error at a place, relative to its number."""
        at = float(x[index])
        if at not in self._losses:
            if len(self._losses) >= MOST_BOUNDED or self._barren >= MOST_BARREN:
                return 0.0
            self._losses[at] = max(
                _relative(number, bound)
                for output, row in enumerate(values[:, :, index].tolist())
                for number, bound in zip(row, self.bounds(output, at), strict=True)
            )
        return self._losses[at]


def _runs(indices: Sequence[int]) -> Iterator[Sequence[int]]:
    """Yield the places that follow each other together."""
    start = 0
    for end in range(1, len(indices) + 1):
        if end == len(indices) or indices[end] != indices[end - 1] + 1:
            yield indices[start:end]
            start = end


def _relative(number: float, bound: float) -> float:
    if not isfinite(number) or bound == 0:
        return 0.0
    return min(bound / abs(number), UNBOUNDED) if number else UNBOUNDED
