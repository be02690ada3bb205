"""Where a sampled function is zero, turns, bends the other way, is endless or has a kink."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum
from math import nan

import numpy as np

from diffcli.studies.curves.breaks import BreakKind, Floats, simplest
from diffcli.studies.curves.samples import Evaluate, Samples, Truth

ROUNDS = 80
"""Rounds of closing in on a change of sign; each halves the bracket at least."""
NOISE = 1e-9
"""A derivative whose lobe is less high than this part of the function's is rounding noise."""
NEAR_ZERO = 1e-9
"""A turning point that is closer to 0 than this part of the function's height touches it."""
REACH = 4
"""Ulps within which the shortest number is a place."""
MOST_PROVED = 100
"""Changes of sign of which each is proved: more are drawn as a pattern, if at all."""


class Feature(Enum):
    """Points that may be marked; the value is the name on the command line."""

    ZERO = "zeros"
    EXTREMUM = "extrema"
    INFLECTION = "inflections"
    POLE = "poles"
    KINK = "kinks"


ORDER = {Feature.ZERO: 0, Feature.EXTREMUM: 1, Feature.INFLECTION: 2}
"""The derivative whose change of sign makes a feature."""


@dataclass(frozen=True)
class FeaturePoint:
    """A feature of an output, and where it is; ``y`` is nan at a pole."""

    feature: Feature
    output: int
    x: float
    y: float


@dataclass(frozen=True)
class Corner:
    """Where a function's derivative jumps or is endless; whether the function turns there."""

    x: float
    y: float
    jumps: bool
    turns: bool


@dataclass(frozen=True)
class Search:
    """Sampled functions whose features are looked for.

    ``evaluate`` gives the derivatives up to the highest that ``ORDER`` names for the features; the
    samples hold the function and its derivative at least. ``truth`` tells a change of sign from
    rounding noise.
    """

    evaluate: Evaluate
    samples: Samples
    truth: Truth

    def spots(self, wanted: Collection[Feature]) -> list[FeaturePoint]:
        """Return the features of every output, kind by kind, from left to right.

        Changes of sign are closed in on until float64 tells no nearer.
        """
        return [
            FeaturePoint(feature, output, x, y)
            for feature in Feature
            if feature in wanted
            for output in range(len(self.samples.values))
            for x, y in sorted(self._places(feature, output))
        ]

    def _places(self, feature: Feature, output: int) -> Iterator[tuple[float, float]]:
        match feature:
            case Feature.POLE:
                for break_ in self.samples.breaks_of(output, 0):
                    if break_.kind is BreakKind.POLE:
                        yield break_.at, nan
            case Feature.KINK:
                for corner in self._corners(output):
                    if corner.jumps or corner.turns:
                        yield corner.x, corner.y
            case Feature.ZERO:
                for x in {*self._crossings(output, 0), *self._touching(output)}:
                    yield x, 0.0
            case _:
                yield from self._turns(output, ORDER[feature])

    def _turns(self, output: int, order: int) -> Iterator[tuple[float, float]]:
        crossings = self._crossings(output, order)
        yield from zip(crossings, self._heights(crossings, output), strict=True)
        if order == 1:
            yield from ((corner.x, corner.y) for corner in self._corners(output) if corner.turns)

    def _touching(self, output: int) -> Iterator[float]:
        """Yield the zeros without a change of sign: turning points, and single samples."""
        samples, row = self.samples, self.samples.values[output, 0]
        other = np.pad(row != 0, 1, constant_values=True)
        yield from samples.x[(row == 0) & other[:-2] & other[2:]].tolist()
        near = NEAR_ZERO * self._height(output)
        yield from (x for x, y in self._turns(output, 1) if abs(y) <= near)

    def _corners(self, output: int) -> Iterator[Corner]:
        x, (values, slopes) = self.samples.x, self.samples.values[output, :2]
        for corner in self.samples.breaks_of(output, 1):
            if corner.order == 1 and corner.kind in (BreakKind.JUMP, BreakKind.POLE):
                before, here, after = x.searchsorted([corner.low, corner.at, corner.high])
                turns = bool(slopes[before] * slopes[after] < 0)
                yield Corner(corner.at, float(values[here]), corner.kind is BreakKind.JUMP, turns)

    # -- changes of sign ---------------------------------------------------------------------

    def _crossings(self, output: int, order: int) -> list[float]:
        """Return where a derivative changes sign, to the last digits."""
        ends = self._brackets(output, order)
        if 0 < len(ends) <= MOST_PROVED:
            ends = np.array([end for end in ends.tolist() if self._crosses(end, output, order)])
        return self._close_in(ends, output, order) if len(ends) else []

    def _brackets(self, output: int, order: int) -> Floats:
        """Return the ends (n, 2) of where a line changes sign, with one sample of 0 at most."""
        samples = self.samples
        row = self.evaluate(samples.x)[output, order]
        row[np.isnan(samples.values[output, min(order, 1)])] = nan
        signed = np.flatnonzero((row != 0) & np.isfinite(row))
        if signed.size < 2:
            return np.empty((0, 2))
        first, last = signed[:-1], signed[1:]
        missing = np.append(0, np.isnan(row).cumsum())
        joined = (last - first <= 2) & (missing[last] == missing[first])
        turned = joined & (np.sign(row[first]) != np.sign(row[last]))
        lobes = np.append(0, (turned | ~joined).cumsum())[: signed.size]
        tall = np.zeros(signed.size)
        np.maximum.at(tall, lobes, np.abs(row[signed]))
        noise = NOISE * self._height(output) / np.ptp(samples.x) ** order
        loud = turned & (np.minimum(tall[lobes[:-1]], tall[lobes[1:]]) > noise)
        return np.array([samples.x[first[loud]], samples.x[last[loud]]]).T

    def _crosses(self, ends: tuple[float, float], output: int, order: int) -> bool:
        """Whether the true signs differ; where they can't be proved, those of float64 stand."""
        low, high = (self.truth.derivative(output, order, x) for x in ends)
        return not low * high >= 0

    def _close_in(self, ends: Floats, output: int, order: int) -> list[float]:
        """Return where a derivative changes sign within brackets.

        Ridders, "A new algorithm for computing a single root of a real continuous function", IEEE
        Trans. Circuits and Systems 26 (1979): superlinear, and the bracket stays.
        """

        def line(x: Floats) -> Floats:
            values: Floats = self.evaluate(x)[output, order]
            return values

        low, high = ends.T
        left, right = line(low), line(high)
        for _ in range(ROUNDS):
            middle = (low + high) / 2
            value = line(middle)
            with np.errstate(over="ignore", invalid="ignore"):
                root = np.sqrt(value**2 - left * right)
                step = np.divide(value, root, out=np.zeros_like(value), where=root > 0)
            x = np.clip(middle + (middle - low) * np.sign(left - right) * step, low, high)
            guess = line(x)
            # Of the points low … high the two neighbours between which the sign changes.
            points = np.sort([low, middle, x, high], axis=0)
            values = np.where(x < middle, [left, guess, value, right], [left, value, guess, right])
            turn = (np.sign(values) != np.sign(left)).argmax(axis=0)
            low, high = np.take_along_axis(points, np.array([turn - 1, turn]), axis=0)
            left, right = np.take_along_axis(values, np.array([turn - 1, turn]), axis=0)
            low = np.where(right == 0, high, low)
            if (high - low <= 2 * np.spacing(np.abs(high))).all():
                break
        return [self._simplest(middle) for middle in ((low + high) / 2).tolist()]

    def _simplest(self, x: float) -> float:
        """Return the shortest number that float64 can't tell from a place."""
        span = float(np.ptp(self.samples.x))
        reach = max(REACH * float(np.spacing(abs(x))), 2.0**-52 * span)
        return simplest(x - reach, x + reach)

    def _heights(self, x: list[float], output: int) -> list[float]:
        heights: list[float] = self.evaluate(np.array(x))[output, 0].tolist() if x else []
        return heights

    def _height(self, output: int) -> float:
        """Return the size of a function's usual values, whatever its poles do."""
        row = self.samples.values[output, 0]
        known = row[np.isfinite(row)]
        return float(np.median(np.abs(known))) if known.size else 0.0
