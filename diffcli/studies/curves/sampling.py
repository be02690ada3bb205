"""Adaptive sampling of functions of one variable: where the drawn line bends, and where it breaks.

The line is refined until it strays from the curve by a fraction of a pixel. Where it stays steep,
stands out or loses its value, the place is closed in on (:mod:`diffcli.studies.curves.breaks`). A
bump that all points miss is found by bounds (:mod:`diffcli.studies.curves.missed`).
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from math import isnan

import numpy as np

from diffcli.studies.curves.breaks import (
    Bracket,
    Break,
    BreakKind,
    close_in,
    narrowest,
    simplest,
)
from diffcli.studies.curves.grid import HEIGHT, WIDTH, Grid
from diffcli.studies.curves.missed import bumps, missing
from diffcli.studies.curves.samples import (
    Curves,
    Evaluate,
    Samples,
    Smooth,
    Truth,
    nothing_proved,
)
from diffcli.studies.curves.viewing import HUGE, fences

BUDGET = 20_000
"""The most points that are evaluated."""
COARSE, FEW = 512, 128
"""Cells of the first grid, and of that of a function that takes long."""
STRAY = 0.03
"""How far the line may stray from the curve, in pixels."""
NARROW = 1 / 32
"""The narrowest cell that refining makes, in pixels."""
TALL = 2.0
"""A narrow cell that is taller than this, in pixels, may hold a break."""
POINT = 1e-6
"""A gap in the domain is a point if it is narrower than this part of the range."""
BUMP_ROUNDS = 3
"""How often bumps are looked for between the samples."""
SPARE = 9
"""The points that are kept back for putting in a break."""
APPROACH = np.array([1.0, 1.3, 1.7, 2.3, 3.1, 4.3])
"""How far from a break, in units of a line's end there, a line is looked at for a limit."""


def sample(
    evaluate: Evaluate,
    low: float,
    high: float,
    *,
    orders: tuple[int, ...] = (0, 1),
    smooth: Smooth = nothing_proved,
    truth: Truth | None = None,
    y_range: tuple[float, float] | None = None,
    budget: int = BUDGET,
    coarse: int = COARSE,
) -> Samples:
    """Sample every output and its derivatives on one grid over ``low`` … ``high``.

    ``orders`` are those that will be drawn, over ``y_range`` (default: what
    :func:`~diffcli.studies.curves.viewing.visible_range` shows). ``truth`` decides which value a
    jump has, tells jumps from rounding noise, and finds points that are missing. The first grid has
    ``coarse`` cells.
    """
    sampler = _Sampler(Curves(evaluate, low, high, orders, truth, y_range), smooth, budget, coarse)
    for _ in range(BUMP_ROUNDS):
        while sampler.break_lines() | sampler.refine():
            pass
        if not sampler.find_bumps():
            break
    sampler.find_holes()
    sampler.mend(sampler.narrow)
    sampler.mend(sampler.beside_breaks)
    return replace(sampler.samples, restless=sampler.restless())


class _Sampler(Grid):
    def __init__(self, curves: Curves, smooth: Smooth, budget: int, coarse: int) -> None:
        super().__init__(curves, budget, coarse)
        self.smooth = smooth
        self.cleared: set[tuple[int, int, float, float]] = set()

    # -- where the line bends ----------------------------------------------------------------

    def refine(self) -> bool:
        """Halve the cells where a line bends until none does; return whether any did."""
        refined = False
        while self.budget > 0:
            stray = self.stray()
            worst = np.maximum(stray[:-1], stray[1:])
            wide = np.diff(self.x) > NARROW * self.span / WIDTH
            cells = np.flatnonzero((worst > STRAY) & wide)
            if not cells.size:
                break
            cells = np.sort(cells[np.argsort(-worst[cells])[: self.budget]])
            middles = (self.x[cells] + self.x[cells + 1]) / 2
            self.y = np.insert(self.y, cells + 1, self.evaluate(middles), axis=2)
            self.x = np.insert(self.x, cells + 1, middles)
            self.mend_new(self.x.searchsorted(middles))
            refined = True
        return refined

    def find_bumps(self) -> bool:
        """Add points of bumps that all samples have missed; return whether there are any.

        None are looked for where points take long, of which there are few cells.
        """
        if self.truth is None or self.budget <= 0 or self.coarse < COARSE:
            return False
        low, high = self.window
        bumps_found = [
            bumps(
                partial(self.truth.ranges, output),
                partial(self.value_of, output),
                self.x,
                self.y[output, 0],
                (high - low) / HEIGHT,
            )
            for output in range(self.y.shape[0])
        ]
        points = np.concatenate(bumps_found)
        self.add(points)
        return points.size > 0

    # -- where the line breaks ---------------------------------------------------------------

    def break_lines(self) -> bool:
        """Find the breaks that the samples hint at; return whether there were new ones."""
        before = len(self.breaks)
        for order in range(self.y.shape[1]):
            for output in range(self.y.shape[0]):
                cells = self.suspects(output, order)
                # What breaks a derivative may be a break of its function.
                for lower in range(order + 1):
                    self.examine(cells, output, lower)
        return len(self.breaks) > before

    def suspects(self, output: int, order: int) -> list[tuple[float, float]]:
        """Return the cells in which a line may break, and the peaks, the likeliest first."""
        row, last = self.y[output, order], self.x.size - 1
        known = np.isfinite(row)
        if not known.any():
            return []
        rise = np.nan_to_num(np.abs(np.diff(self.pixels()[output, order])))
        rise[np.diff(self.x) > 2 * NARROW * self.span / WIDTH] = 0.0
        rise[known[1:] != known[:-1]] = np.inf
        cells = [int(i) for i in np.argsort(-rise, kind="stable") if rise[i] > TALL]
        size, (lowest, highest) = np.pad(np.abs(row), 1), fences(self.x, row)
        peak = (size[1:-1] >= size[:-2]) & (size[1:-1] >= size[2:])
        peaks = np.flatnonzero(peak & ((row < lowest) | (row > highest))).tolist()
        pairs = [(i, i + 1) for i in cells] + [(max(i - 1, 0), min(i + 1, last)) for i in peaks]
        places = [(float(self.x[first]), float(self.x[last])) for first, last in pairs]
        return [cell for cell in places if self.is_suspect(output, order, *cell)]

    def examine(self, cells: list[tuple[float, float]], output: int, order: int) -> None:
        """Close in on places where an output's derivative of this order may break."""
        cells = [cell for cell in cells if self.is_suspect(output, order, *cell)]
        row = self.y[output, order]
        wide = [self.beyond_breaks(output, *cell) for cell in cells]
        brackets = [Bracket(*cell, tuple(row[self.x.searchsorted(cell)].tolist())) for cell in wide]
        close_in(
            brackets,
            lambda x: self.evaluate(x)[output, order],
            self.span,
            self.budget - SPARE * len(brackets),
        )
        for cell, bracket in zip(cells, brackets, strict=True):
            if (
                not bracket.decided
                or bracket.continuous
                or (
                    self.is_suspect(output, order, *cell)
                    and not self.break_line(bracket, output, order)
                )
            ):
                self.cleared.add((output, order, *cell))

    def beyond_breaks(self, output: int, low: float, high: float) -> tuple[float, float]:
        """Return a cell widened by a sample where it ends at a break of another output.

        Those ends are too near each other for a trend to be seen between them.
        """
        others = [break_ for break_ in self.breaks if break_.output != output]
        ends = {end for break_ in others for end in (break_.low, break_.at, break_.high)}
        first, last = self.x.searchsorted((low, high)).tolist()
        while first > 0 and self.x[first] in ends:
            first -= 1
        while last < self.x.size - 1 and self.x[last] in ends:
            last += 1
        return float(self.x[first]), float(self.x[last])

    def broken(self, output: int, order: int) -> list[Break]:
        return [
            break_ for break_ in self.breaks if break_.output == output and break_.order <= order
        ]

    def is_suspect(self, output: int, order: int, low: float, high: float) -> bool:
        return not (
            (output, order, low, high) in self.cleared
            or any(break_.explains(low, high) for break_ in self.broken(output, order))
            or self.smooth(output, order, low, high)
        )

    def break_line(self, bracket: Bracket, output: int, order: int) -> bool:
        """Put a break between the samples; return whether it was one, not rounding noise."""
        point = simplest(bracket.low, bracket.high)
        low, high, kind, value = self.judge(bracket, point, output, order)
        if self.smooth(output, order, low, high):
            # A peak, or a slope, so narrow that its end wasn't seen before.
            self.add(np.array(bracket.seen))
            return False
        if kind is BreakKind.JUMP and self.is_noise(low, high, output, order):
            return False
        if kind is BreakKind.JUMP and (hole := self.hole_near(low, high, output, order)):
            self.insert(hole)
            return True
        self.insert(Break(point, kind, output, order, low, high, value))
        return True

    def hole_near(self, low: float, high: float, output: int, order: int) -> Break | None:
        """Return the missing point at which a line swings so little that nothing is seen of it."""
        reach = POINT * self.span
        point = simplest(low - reach, high + reach)
        if self.truth is None or order or not isnan(self.truth.value(output, point)):
            return None
        left, right = self.evaluate(np.array([point - reach, point + reach]))[output, 0]
        if not self.height(right - left) < TALL:
            return None
        return Break(point, BreakKind.HOLE, output, 0, point - reach, point + reach)

    def insert(self, break_: Break) -> None:
        """Put the samples of a break in the place of those around it."""
        self.breaks.append(break_)
        within = [known for known in self.breaks if break_.low <= known.at <= break_.high]
        # The lines of other outputs end where they ended.
        ends = (end for known in self.breaks for end in (known.low, known.high))
        points = [break_.low, break_.high, *(known.at for known in within)]
        points += [end for end in ends if break_.low < end < break_.high]
        self.put(break_.low, break_.high, np.unique(points))
        for known in within:
            if known.kind is not BreakKind.EDGE:
                self.y[known.output, known.order :, self.x == known.at] = np.nan

    def is_noise(self, low: float, high: float, output: int, order: int) -> bool:
        """Whether a step is far higher in floating point than in truth."""
        if self.truth is None:
            return False
        rounded = np.diff(self.evaluate_all(np.array([low, high]))[output, order])
        true = np.diff([self.truth.derivative(output, order, x) for x in (low, high)])
        self.budget -= 2
        return bool(abs(true[0]) < abs(rounded[0]) / 2)

    def judge(
        self, bracket: Bracket, point: float, output: int, order: int
    ) -> tuple[float, float, BreakKind, float]:
        """Return what a break is: between which points, of which kind, and the value at it."""
        margin = 2 * max(bracket.high - bracket.low, narrowest(bracket.high, self.span))
        for reach in (margin, max(POINT * self.span, margin)):
            low = max(bracket.low - (margin if bracket.known[0] else reach), float(self.x[0]))
            high = min(bracket.high + (margin if bracket.known[1] else reach), float(self.x[-1]))
            left, value, right = self.evaluate_all(np.array([low, point, high]))[output, order]
            self.budget -= 3
            if np.isfinite(left) and np.isfinite(right):
                hole = not all(bracket.known) and self.height(right - left) < TALL
                bounded = BreakKind.HOLE if hole else BreakKind.JUMP
                kind = BreakKind.POLE if bracket.unbounded else bounded
                if self.truth and order == 0:
                    value = self.truth.value(output, point)
                return low, high, kind, float(value) if np.isfinite(value) else np.nan
        # A bounded line next to an infinite value has its pole on the other side.
        infinite = (np.isinf(left) or np.isinf(right)) and bracket.top < HUGE
        kind = BreakKind.POLE if bracket.unbounded or infinite else BreakKind.EDGE
        inside = np.isfinite(value) == bracket.known[0]
        return *((point, bracket.high) if inside else (bracket.low, point)), kind, float(value)

    # -- where a point is missing ------------------------------------------------------------

    def find_holes(self) -> None:
        """Find the points without a value at which the line would go on: sin(x)/x at 0."""
        if self.truth is None:
            return
        ends = float(self.x[0]), float(self.x[-1])
        for output in range(self.y.shape[0]):
            smooth, value = partial(self.smooth, output, 0), partial(self.truth.value, output)
            breaks = [(break_.low, break_.high) for break_ in self.broken(output, 0)]
            for point in missing(smooth, value, *ends, breaks):
                low, high = point - POINT * self.span, point + POINT * self.span
                left, right = self.evaluate(np.array([low, high]))[output, 0]
                if self.height(right - left) < TALL:
                    self.insert(Break(point, BreakKind.HOLE, output, 0, low, high))

    def restless(self) -> frozenset[tuple[int, int, float]]:
        """Return the ends of lines, by output, order and point, at which they have no limit.

        x²·sin(1/x) ends at 0, and its derivative swings on.
        """
        ends = [
            (break_, order, end)
            for break_ in self.breaks
            for order in range(break_.order, self.y.shape[1])
            for end in (break_.low, break_.high)
            if end != break_.at and break_.kind in (BreakKind.JUMP, BreakKind.HOLE)
        ]
        x = np.array([break_.at + (end - break_.at) * APPROACH for break_, _, end in ends])
        values = self.evaluate_all(x.ravel()).reshape(*self.y.shape[:2], *x.shape)
        return frozenset(
            (break_.output, order, end)
            for index, (break_, order, end) in enumerate(ends)
            if not self.height(float(np.ptp(values[break_.output, order, index]))) < TALL
        )
