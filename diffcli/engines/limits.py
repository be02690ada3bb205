"""Where values go at steps that shrink: to a limit, to infinity, or to neither."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from math import inf

from flint import arb, ctx

from diffcli.engines.enclosure import TINY

BITS = (4096, 16384)
"""The working precision, and the one for terms that the first doesn't resolve."""

ZERO = arb(0)


class State(Enum):
    """What values come to."""

    FINITE = "finite"
    INFINITE = "infinite"
    JUMP = "jump"
    POLE = "pole"
    OUTSIDE = "outside the domain"
    UNKNOWN = "no limit found"


@dataclass(frozen=True, slots=True)
class Side:
    """What happens on one side: the limit lies within ``error`` of ``limit`` if finite."""

    state: State
    limit: arb = ZERO
    error: arb = ZERO

    @property
    def number(self) -> float | None:
        """The limit as a float, infinite where it is; None without one."""
        match self.state:
            case State.FINITE:
                return float(self.limit)
            case State.INFINITE:
                return inf if self.limit > 0 else -inf
        return None

    def agrees(self, other: Side) -> bool:
        """Whether both limits may be the same number."""
        return bool(abs(self.limit - other.limit) <= self.error + other.error)


def limit(values: Sequence[arb]) -> Side:
    """Extrapolate values at steps that shrink by 2^−100 each.

    Where the distances between neighbours shrink by 1/8 each (an error like h^0.03), the rest is
    a geometric series; where they hardly shrink at all, as for log h, there is no finite limit.
    """
    with ctx.workprec(BITS[-1]):
        last, largest = values[-1], max(abs(value).abs_upper() for value in values)
        gaps = [abs(b - a) for a, b in pairwise(values)]
        if all(0 in b or 8 * b < a for a, b in pairwise(gaps[-4:])):
            tail = 2 * gaps[-1] if 0 in gaps[-2] else 2 * gaps[-1] ** 2 / gaps[-2]
            error = (tail + last.rad()).abs_upper()
            if error < arb(2) ** -60 * abs(last):
                return Side(State.FINITE, last.mid(), error)
            vanishes = abs(last.mid()) <= error
            if vanishes and (error <= arb(2) ** -20 * largest or error < arb(2) ** TINY):
                return Side(State.FINITE, arb(0), error)
        growing = all(abs(a) < abs(b) for a, b in pairwise(values[-4:]))
        steady = all(10 * b > 9 * a for a, b in pairwise(gaps[-4:]))
        if growing and steady and all(value * last > 0 for value in values[-4:]):
            return Side(State.INFINITE, last)
        return Side(State.UNKNOWN)
