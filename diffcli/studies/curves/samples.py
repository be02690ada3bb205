"""The input and output of sampling: proofs about a curve, and its points with their breaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from diffcli.studies.curves.breaks import Break, BreakKind, Floats

Evaluate = Callable[[Floats], Floats]
"""Points (n,) → values (outputs, orders, n): each output and its derivatives, nan for none."""

Smooth = Callable[[int, int, float, float], bool]
"""Whether an output's derivative of some order is proved to have one itself on an interval."""


@dataclass(frozen=True)
class Truth:
    """Values that are proved at points, nan for none.

    ``derivative`` gives an output's derivative of some order at a float, ``number`` one with all
    digits of a float; ``value`` the output at the point for which a float stands. ``bounds`` gives
    bounds of the rounding errors of an output and its derivatives up to an order, at a float:
    infinite where there are none. ``ranges`` gives bounds of an output over intervals.
    """

    derivative: Callable[[int, int, float], float]
    number: Callable[[int, int, float], float]
    value: Callable[[int, float], float]
    bounds: Callable[[int, int, float], Sequence[float]]
    ranges: Callable[[int, Floats, Floats], tuple[Floats, Floats]]


@dataclass(frozen=True)
class Curves:
    """The curves to sample: outputs and their derivatives over a range; ``orders`` are drawn.

    ``y_range`` is what the picture shows, None for what there is to be seen.
    """

    evaluate: Evaluate
    low: float
    high: float
    orders: tuple[int, ...]
    truth: Truth | None
    y_range: tuple[float, float] | None


@dataclass(frozen=True)
class Samples:
    """Points ``x`` (n,) in order and ``values`` (outputs, orders, n), nan where a line breaks.

    ``enclosed`` are the points whose digits float64 lost, and whose values were proved instead.
    ``restless`` are the ends of lines, by output, order and point, towards which they swing on.
    """

    x: Floats
    values: Floats
    breaks: tuple[Break, ...]
    enclosed: frozenset[float] = frozenset()
    restless: frozenset[tuple[int, int, float]] = frozenset()

    def breaks_of(self, output: int, order: int) -> list[Break]:
        """Return the breaks of one line."""
        return [
            break_ for break_ in self.breaks if break_.output == output and break_.order <= order
        ]

    def has_pole(self, output: int, order: int) -> bool:
        """Whether a line is unbounded."""
        return any(break_.kind is BreakKind.POLE for break_ in self.breaks_of(output, order))


def nothing_proved(_output: int, _order: int, _low: float, _high: float) -> bool:
    """Prove nothing: every suspect is closed in on."""
    return False
