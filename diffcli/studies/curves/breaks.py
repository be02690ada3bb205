"""Where a line breaks: closing in on a suspect, and judging it by the trend of the values.

A gap between two values that shrinks with the interval is a steep curve, one that stays is a jump;
values that grow without bound are a pole; values on one side alone are an edge of the domain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from math import nan

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RESOLUTION = 2.0**-70
"""The narrowest bracket of a break, as a part of the range; never less than two ulps."""
LEAST, MOST = 8, 80
"""Halvings that make a trend: fewer prove nothing, more aren't needed."""
LESS = 1 / 8
"""A gap that shrinks to this part of itself closes; a jump through a middle value halves once."""
RECORD, RECORDS = 1.05, 4
"""Values that exceed all before by this factor, and more than so many times, have a pole."""
STEPS = 8
"""Values that grow by more than so many of the last gaps grow as a logarithm."""
OVERFLOW = 1e300
"""A size from which a value is taken for one too large, not for a pole."""
NODES = np.array([0.25, 0.5, 0.75])


class BreakKind(Enum):
    """The kinds of breaks of a line."""

    POLE = "pole"
    JUMP = "jump"
    EDGE = "edge of the domain"
    HOLE = "missing point"


@dataclass(frozen=True)
class Break:
    """Where the line of an output's derivative of this order, and of every higher one, breaks.

    ``value`` is the line's own value at the break, nan for none. No sample lies between ``low``
    and ``high`` but the one at ``at``.
    """

    at: float
    kind: BreakKind
    output: int
    order: int
    low: float
    high: float
    value: float = nan

    def is_about(self, x: float) -> bool:
        """Whether a point is the break, as near as floats tell; the end of a domain isn't."""
        return self.kind is not BreakKind.EDGE and self.low <= x <= self.high

    def explains(self, low: float, high: float) -> bool:
        """Whether this is why a line breaks between two points, or grows from one to the other."""
        if low < self.at < high or (self.low <= low and high <= self.high):
            return True
        # At an edge a line may still break on its inner side: sqrt(x) at 0 has a derivative's pole.
        touching = self.kind is not BreakKind.EDGE and self.at in (low, high)
        return touching or (self.kind is BreakKind.POLE and (self.low == high or low == self.high))


class Bracket:
    """An interval in which a line may break, closed in on; and the trend of the values there.

    ``row`` are the values at the ends. ``gap`` is the greatest step between two nodes, ``top`` the
    greatest size of an inner node, both at first and at last; ``records`` counts how often it was
    clearly the greatest so far. ``seen`` are the nodes of all rounds.
    """

    def __init__(self, low: float, high: float, row: tuple[float, float]) -> None:
        self.low, self.high, self.row = low, high, row
        self.rounds, self.records, self.narrow = 0, 0, False
        self.first_gap = self.gap = self.first_top = self.top = nan
        self.most = 0.0
        self.seen: list[float] = []

    @property
    def known(self) -> tuple[bool, bool]:
        """Whether there is a value at each end."""
        return bool(np.isfinite(self.row[0])), bool(np.isfinite(self.row[1]))

    @property
    def decided(self) -> bool:
        """Whether there is a trend, or nothing left between the ends."""
        return self.narrow or self.rounds >= LEAST

    @property
    def continuous(self) -> bool:
        """Whether the gap closes."""
        return all(self.known) and self.gap <= LESS * self.first_gap

    @property
    def unbounded(self) -> bool:
        """Whether the values grow: by a power, or step by step as a logarithm."""
        grown = self.records > RECORDS or self.top - self.first_top > STEPS * self.gap
        return grown and self.gap > LESS * self.first_gap and self.top < OVERFLOW

    @property
    def nodes(self) -> Floats:
        """The three points at which the line is to be evaluated next."""
        return self.low + (self.high - self.low) * NODES

    def close(self, inner: Floats) -> None:
        """Go on to the steepest place, given the values at the nodes."""
        x = [self.low, *self.nodes.tolist(), self.high]
        self.seen += x[1:-1]
        row = np.array([self.row[0], *inner, self.row[1]])
        known, step = np.isfinite(row), np.abs(np.diff(row))
        self._note(step[np.isfinite(step)], np.abs(inner[known[1:4]]))
        step[np.isnan(step)] = -1.0
        step[known[1:] != known[:-1]] = np.inf
        first = int(np.argmax(step))
        last = first + 1
        if np.isfinite(step[first]):
            # A pole without a change of sign may lie on either side of the greatest value.
            peak = first if abs(row[first]) >= abs(row[last]) else last
            first, last = max(peak - 1, 0), min(peak + 1, 4)
        self.low, self.high = x[first], x[last]
        self.row = float(row[first]), float(row[last])

    def _note(self, steps: Floats, sizes: Floats) -> None:
        self.rounds += 1
        if steps.size:
            self.gap = float(steps.max())
            self.first_gap = self.gap if np.isnan(self.first_gap) else self.first_gap
        if sizes.size:
            self.top = float(sizes.max())
            self.first_top = self.top if np.isnan(self.first_top) else self.first_top
            self.records += self.top > RECORD * self.most
            self.most = max(self.top, self.most)


def close_in(
    brackets: Sequence[Bracket], evaluate: Callable[[Floats], Floats], span: float, budget: int
) -> None:
    """Close in on suspects, all at once; the last ones not at all where the budget is too small.

    ``evaluate`` gives the line's values at points, of which ``budget`` may be evaluated. ``span``
    is the length of the whole range.
    """
    active = list(brackets[: budget // (len(NODES) * LEAST)])
    while active and len(NODES) * len(active) <= budget:
        x = np.array([bracket.nodes for bracket in active])
        budget -= x.size
        for bracket, row in zip(active, evaluate(x.ravel()).reshape(x.shape), strict=True):
            bracket.close(row)
            bracket.narrow = bracket.high - bracket.low <= narrowest(bracket.high, span)
        active = [
            bracket
            for bracket in active
            if not (
                bracket.narrow or (bracket.decided and bracket.continuous) or bracket.rounds >= MOST
            )
        ]


def narrowest(x: float, span: float) -> float:
    """Return the width of the narrowest bracket at a point."""
    return max(RESOLUTION * span, 2 * float(np.spacing(abs(x))))


def simplest(low: float, high: float) -> float:
    """Return the number with the fewest digits within ``low`` … ``high``."""
    if low <= 0 <= high:
        return 0.0
    for digits in range(16):
        rounded = float(f"{(low + high) / 2:.{digits}e}")
        if low <= rounded <= high:
            return rounded
    return low
