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

    def mend(self, x: Floats, values: Floats, places: Sequence[int]) -> list[int]:
        """Put proved numbers in the places, among some, where digits are lost.

        Return the places of which nothing is proved, and which are to be left out.
        """
        unknown = []
        for place in [*self._lossy(x, values, places)]:
            rows = values[:, :, place]
            truths = np.full_like(rows, np.nan)
            for output, order in np.argwhere(np.isfinite(rows)).tolist():
                truths[output, order] = self.proved(output, order, float(x[place]))
            wrong = np.isfinite(rows) & ~(np.abs(rows - truths) <= WRONG * np.abs(truths))
            if np.isnan(truths[wrong]).any():
                if self._losses[float(x[place])] < UNBOUNDED:
                    unknown.append(place)
                else:
                    self._barren += 1
            elif wrong.any():
                values[:, :, place] = np.where(wrong, truths, rows)
                self.enclosed[float(x[place])] = values[:, :, place].copy()
        return unknown

    def survey(self, x: Floats) -> None:
        """Note the stretches between samples that lost digits, where every other one is proved."""
        suspect = [self.is_suspect(at) for at in x.tolist()]
        self._stretches = [
            (float(x[place]), float(x[place + 1]))
            for place, (first, second) in enumerate(pairwise(suspect))
            if first and second
        ]

    def restored(self, x: Floats, values: Floats) -> Floats:
        """Return values of points with proved numbers in the place of those that lost digits."""
        for place, at in enumerate(x.tolist()) if self.enclosed else ():
            if at in self.enclosed:
                values[:, :, place] = self.enclosed[at]
            elif not self.is_exhausted and self._is_within(at):
                rows = values[:, :, place]
                for output, order in np.argwhere(np.isfinite(rows)).tolist():
                    truth = self.proved(output, order, at)
                    rows[output, order] = truth if isfinite(truth) else rows[output, order]
                self.enclosed[at] = rows.copy()
        return values

    @property
    def is_exhausted(self) -> bool:
        """Whether no more samples are enclosed, so that others would show rounding noise."""
        return len(self.enclosed) >= MOST_BOUNDED

    def _is_within(self, at: float) -> bool:
        return any(low < at < high for low, high in self._stretches)

    def _lossy(self, x: Floats, values: Floats, places: Sequence[int]) -> Iterator[int]:
        """Yield the places whose errors may be too large."""
        for run in _runs([place for place in places if float(x[place]) not in self.enclosed]):
            asked = sorted({*run[::STRIDE], run[-1]})
            losses = {place: self._loss(x, values, place) for place in asked}
            for first, last in pairwise(asked):
                if max(losses[first], losses[last]) > SAFE:
                    within = range(first + 1, last)
                    losses |= {place: self._loss(x, values, place) for place in within}
            yield from (place for place, loss in sorted(losses.items()) if loss > LOST)

    def is_suspect(self, at: float) -> bool:
        """Whether a point lost so many digits that those beside it may have lost theirs."""
        return self._losses.get(at, 0.0) > SAFE

    def _loss(self, x: Floats, values: Floats, place: int) -> float:
        """Return the largest bound of an error at a place, relative to its number."""
        at = float(x[place])
        if at not in self._losses:
            if len(self._losses) >= MOST_BOUNDED or self._barren >= MOST_BARREN:
                return 0.0
            self._losses[at] = max(
                _relative(number, bound)
                for output, row in enumerate(values[:, :, place].tolist())
                for number, bound in zip(row, self.bounds(output, at), strict=True)
            )
        return self._losses[at]


def _runs(places: Sequence[int]) -> Iterator[Sequence[int]]:
    """Yield the places that follow each other together."""
    start = 0
    for end in range(1, len(places) + 1):
        if end == len(places) or places[end] != places[end - 1] + 1:
            yield places[start:end]
            start = end


def _relative(number: float, bound: float) -> float:
    if not isfinite(number) or bound == 0:
        return 0.0
    return min(bound / abs(number), UNBOUNDED) if number else UNBOUNDED
