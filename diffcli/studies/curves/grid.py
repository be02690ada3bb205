"""The samples of curves on one grid: their values, their digits, and how they lie in pixels."""

from __future__ import annotations

from math import inf

import numpy as np
from numpy.typing import NDArray

from diffcli.clock import now
from diffcli.studies.curves.breaks import Break, Floats
from diffcli.studies.curves.digits import Digits
from diffcli.studies.curves.samples import Curves, Samples
from diffcli.studies.curves.viewing import visible_range

Places = NDArray[np.int64]

PATIENCE = 4.0
"""Seconds of processor time after which no more points are evaluated than the first grid's."""
WIDTH, HEIGHT = 800.0, 500.0
"""The picture for which the line is made smooth, in pixels."""
CLOSE = 16
"""How many times closer than the first grid samples are next to each other where a line bends."""
GOLDEN = 0.6180339887498949


class Grid:
    """Points and the values of all lines at them, which only grow denser.

    ``budget`` is how many points may still be evaluated.
    """

    def __init__(self, curves: Curves, budget: int, coarse: int) -> None:
        """Evaluate a first grid of so many cells."""
        low, high, truth = curves.low, curves.high, curves.truth
        self.evaluate_all, self.truth, self.budget = curves.evaluate, truth, budget
        self.orders, self.y_range, self.span = curves.orders, curves.y_range, high - low
        self.breaks: list[Break] = []
        self.coarse = coarse
        grid = np.arange(coarse + 1.0)
        # Steps of the golden ratio: no period of the function falls in with such a grid.
        grid[1:-1] += 0.6 * (grid[1:-1] * GOLDEN % 1 - 0.5)
        self.x = low + grid / coarse * self.span
        self.x[-1] = high
        self.digits: Digits | None = None
        self.deadline = inf
        self.y = self.evaluate(self.x)
        self.deadline = now() + PATIENCE
        if truth is not None:
            highest = self.y.shape[1] - 1
            self.digits = Digits(lambda output, x: truth.bounds(output, highest, x), truth.number)
            self.mend(np.arange(self.x.size))
            self.digits.survey(self.x)

    def evaluate(self, x: Floats) -> Floats:
        """Return the values at points, those of lost digits proved; the budget pays for them."""
        self.budget = self.budget - x.size if now() < self.deadline else 0
        values = self.evaluate_all(x)
        values = np.where(np.isfinite(values), values, np.nan)
        if self.digits is None:
            return values
        values = self.digits.restored(x, values)
        if self.digits.is_exhausted:
            self.budget = 0
        return values

    def value_of(self, output: int, x: Floats) -> Floats:
        """Return an output's values at points."""
        return np.asarray(self.evaluate(x)[output, 0])

    @property
    def samples(self) -> Samples:
        """What is sampled so far; of a stretch without any value one point alone."""
        empty = np.logical_and.reduce(np.isnan(self.y), axis=(0, 1))
        keep = np.append(True, ~(empty[1:] & empty[:-1]))
        x, enclosed = self.x[keep], self.digits.enclosed if self.digits else ()
        return Samples(
            x,
            self.y[:, :, keep],
            tuple(self.breaks),
            frozenset(number for number in enclosed if number in set(x.tolist())),
        )

    # -- where digits are lost ---------------------------------------------------------------

    @property
    def narrow(self) -> Places:
        """The samples that lie next to another as none would on a smooth line."""
        close = np.diff(self.x) < self.span / self.coarse / CLOSE
        return np.flatnonzero(np.append(close, False) | np.append(False, close))

    @property
    def beside_breaks(self) -> Places:
        """The samples at the ends of breaks."""
        ends = [end for break_ in self.breaks for end in (break_.low, break_.high)]
        return np.flatnonzero(np.isin(self.x, ends))

    def mend_new(self, chosen: Places) -> None:
        """Mend samples that are new, where they are close to others or beside lost digits."""
        if self.digits is None:
            return
        narrow = np.isin(chosen, self.narrow)
        suspect = self.digits.is_suspect
        beside = [suspect(float(self.x[i - 1])) or suspect(float(self.x[i + 1])) for i in chosen]
        self.mend(chosen[narrow | np.array(beside, dtype=bool)])

    def mend(self, chosen: Places) -> None:
        """Enclose those of some samples whose digits are lost, or leave them out."""
        if self.digits is None:
            return
        unknown = self.digits.mend(self.x, self.y, chosen.tolist())
        ends = {end for break_ in self.breaks for end in (break_.low, break_.at, break_.high)}
        left = [index for index in unknown if float(self.x[index]) not in ends]
        self.x, self.y = np.delete(self.x, left), np.delete(self.y, left, axis=2)

    # -- in pixels ---------------------------------------------------------------------------

    @property
    def window(self) -> tuple[float, float]:
        """The lowest and the highest value that the picture shows."""
        return self.y_range or visible_range(self.samples, self.orders)

    def pixels(self) -> Floats:
        """Return the lines in pixels, cut off two heights above and below the picture."""
        low, high = self.window
        return np.clip((self.y - low) / (high - low), -2, 3) * HEIGHT

    def stray(self) -> Floats:
        """Return how far each point lies from its neighbours' chord, on the worst line."""
        across = np.diff(self.x) * (WIDTH / self.span)
        up = np.diff(self.pixels()[:, self.orders])
        area = across[:-1] * up[..., 1:] - across[1:] * up[..., :-1]
        chord = np.hypot(across[:-1] + across[1:], up[..., :-1] + up[..., 1:])
        away = np.nan_to_num(np.abs(area) / np.maximum(chord, 1e-12))
        return np.pad(away.max(axis=(0, 1)), 1)

    def height(self, step: float) -> float:
        """Return the height of a step in pixels."""
        low, high = self.window
        return abs(step) / (high - low) * HEIGHT

    # -- new samples -------------------------------------------------------------------------

    def add(self, points: Floats) -> None:
        """Add samples, but for those next to a break."""
        near = [(points >= break_.low) & (points <= break_.high) for break_ in self.breaks]
        kept = points[~np.logical_or.reduce(near)] if near else points
        kept = np.setdiff1d(kept, self.x)
        indices = self.x.searchsorted(kept)
        self.y = np.insert(self.y, indices, self.evaluate(kept), axis=2)
        self.x = np.insert(self.x, indices, kept)

    def put(self, low: float, high: float, points: Floats) -> None:
        """Put these samples in place of those from ``low`` to ``high``."""
        start, end = self.x.searchsorted(low), self.x.searchsorted(high, "right")
        values = self.evaluate(points)
        self.x = np.concatenate([self.x[:start], points, self.x[end:]])
        self.y = np.concatenate([self.y[..., :start], values, self.y[..., end:]], axis=2)
