"""The box of a question: typed ends, the floats around them, and the points inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import inf

import numpy as np
from flint import arb

from diffcli.engines.balls.signs import Coordinate, proved_sign
from diffcli.engines.balls.walk import working
from diffcli.engines.boxes.arb import ends_of
from diffcli.engines.boxes.arithmetic import Array, Interval, Mask
from diffcli.engines.enclosure import constant_value
from diffcli.engines.exact import as_constant, rational
from diffcli.errors import PointError
from diffcli.language.expression import CONSTANT, Node, node

END_BITS = 192


def _infinite(end: Node) -> float | None:
    """Return an end that is infinite as a float, else None."""
    if end.op == CONSTANT and end.value == "inf":
        return inf
    if end.op == "neg" and end.args[0].op == CONSTANT and end.args[0].value == "inf":
        return -inf
    return None


def _floats(end: Node) -> tuple[float, float]:
    """Return the floats around an end: one float where it is one, or infinite."""
    endless = _infinite(end)
    if endless is not None:
        return endless, endless
    exact = rational(end)
    if exact is not None and Fraction(float(exact)) == exact:
        return float(exact), float(exact)
    with working(END_BITS):
        return ends_of(arb(constant_value(end, END_BITS)))


@dataclass(frozen=True)
class Region:
    """A box as typed: the exact ends of each variable, finite or infinite, in order."""

    ranges: Mapping[str, tuple[Node, Node]]

    def __post_init__(self) -> None:
        for name, (first, last) in self.ranges.items():
            low, high = _floats(first), _floats(last)
            if low[0] == inf or high[1] == -inf or not self._ordered(first, last, low, high):
                raise PointError(
                    f"the range of {name} is empty", hint="the lower end comes first: x=0:1"
                )

    @staticmethod
    def _ordered(
        first: Node, last: Node, low: tuple[float, float], high: tuple[float, float]
    ) -> bool:
        if low[1] < high[0]:
            return True
        if low[0] > high[1] or _infinite(first) or _infinite(last):
            return False
        return (proved_sign(node("add", last, node("neg", first)), {}) or 0) > 0

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The variables, in order."""
        return tuple(self.ranges)

    @cached_property
    def low(self) -> Interval:
        """The floats around the lower ends, as columns."""
        return _columns([_floats(first) for first, _ in self.ranges.values()])

    @cached_property
    def high(self) -> Interval:
        """The floats around the upper ends, as columns."""
        return _columns([_floats(last) for _, last in self.ranges.values()])

    @property
    def is_bounded(self) -> bool:
        """Whether every end is finite."""
        return bool(np.isfinite(self.low.lo).all() and np.isfinite(self.high.hi).all())

    def start(self) -> Interval:
        """Return the box of floats that holds the typed one, as one column."""
        return Interval(self.low.lo.copy(), self.high.hi.copy())

    def middles(self, box: Interval) -> Array:
        """Return a point inside of each box, and of the typed one where floats lie in both."""
        lo, hi = np.maximum(box.lo, self.low.hi), np.minimum(box.hi, self.high.lo)
        with np.errstate(all="ignore"):
            middle = lo + 0.5 * (hi - lo)
            beyond = np.where(lo >= 1, 2.0 * lo, np.where(lo > -1, lo + 2.0, 0.0))
            before = np.where(hi <= -1, 2.0 * hi, np.where(hi < 1, hi - 2.0, 0.0))
            middle = np.where(np.isinf(hi), np.where(np.isinf(lo), 0.0, beyond), middle)
            middle = np.where(np.isinf(lo) & np.isfinite(hi), before, middle)
        # The float ends of a thin box may lie on either side of a typed end.
        middle = np.clip(np.clip(middle, -1e300, 1e300), lo, hi)
        return np.where(lo > hi, np.clip(middle, box.lo, box.hi), middle)

    def contains(self, points: Array) -> Mask:
        """Return which columns of floats are certain to lie in the typed box."""
        return np.asarray(((points >= self.low.hi) & (points <= self.high.lo)).all(axis=0))

    def face(self, box: Interval) -> tuple[Interval, Interval]:
        """Return the lower and the upper faces of boxes, in each variable."""
        lower = np.where(box.lo == self.low.lo, np.maximum(self.low.hi, box.lo), box.lo)
        upper = np.where(box.hi == self.high.hi, np.minimum(self.high.lo, box.hi), box.hi)
        return Interval(box.lo, lower), Interval(upper, box.hi)

    def coordinates(self, lo: Sequence[float], hi: Sequence[float]) -> dict[str, Coordinate] | None:
        """Return the exact point that a box stands for: floats, or typed ends; None for a box."""
        point: dict[str, Coordinate] = {}
        for position, (name, (first, last)) in enumerate(self.ranges.items()):
            if lo[position] == hi[position]:
                point[name] = float(lo[position])
            elif (lo[position], hi[position]) == _floats(first):
                point[name] = first
            elif (lo[position], hi[position]) == _floats(last):
                point[name] = last
            else:
                return None
        return point

    def holds(self, point: Mapping[str, Coordinate]) -> bool:
        """Whether an exact point is proved to lie in the typed box."""
        for name, (first, last) in self.ranges.items():
            coordinate = point[name]
            for end, sense in ((first, 1), (last, -1)):
                if coordinate is end or _infinite(end) is not None:
                    continue
                exact = as_constant(coordinate)
                gap = node("add", exact, node("neg", end))
                sign = proved_sign(gap, {})
                if sign is None or sign * sense < 0:
                    return False
        return True


def _columns(pairs: Sequence[tuple[float, float]]) -> Interval:
    lo, hi = zip(*pairs, strict=True)
    return Interval(np.array(lo)[:, None], np.array(hi)[:, None])
