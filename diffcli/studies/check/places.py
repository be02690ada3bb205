"""Random points, and what is certain of a formula's terms at each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from math import inf
from random import Random

from flint import arb

from diffcli.engines.enclosure import (
    TINY,
    Coordinate,
    Enclosure,
    Index,
    Outcome,
    nearest_float,
    partials,
)
from diffcli.language.expression import Node, number

DIGITS = 30
"""Certain digits of the numbers that are compared."""
MANY_DIGITS = 300
"""Certain digits where a claim isn't proved and may be off by very little."""

SCALES = [Fraction(scale) for scale in ("0.01", "0.1", "1", "1", "1", "10", "10", "100", "1e4")]
LARGEST, MODEST = 10_000, 2
"""The greatest coordinate: of an integral, a far one takes minutes to enclose."""
GRID = 1000
"""Coordinates are so many parts of their scale: short decimals, which can be typed in again."""


class RandomPoint:
    """One point. What is asked of it is computed once."""

    def __init__(
        self, at: Mapping[str, Coordinate], *, digits: int = DIGITS, deadline: float = inf
    ) -> None:
        self.at = at
        self._digits, self._deadline = digits, deadline
        self._known: dict[tuple[Node, Index], Enclosure] = {}

    @property
    def floats(self) -> dict[str, float]:
        """The coordinates, rounded to float64."""
        return {
            name: nearest_float(coordinate) if isinstance(coordinate, Node) else coordinate
            for name, coordinate in self.at.items()
        }

    def look(self, term: Node, indices: Iterable[Index]) -> None:
        """Compute several partials of a term together, which is quicker than one by one."""
        values = partials(term, self.at, indices, digits=self._digits, deadline=self._deadline)
        self._known |= {(term, wrt): enclosure for wrt, enclosure in values.items()}

    def enclosure(self, term: Node, wrt: Index = ()) -> Enclosure:
        """Return the enclosure of a term, or of its partial in each of ``wrt`` in turn."""
        if (term, wrt) not in self._known:
            self.look(term, [wrt])
        return self._known[term, wrt]

    def number(self, term: Node, wrt: Index = ()) -> arb | None:
        """Return the number, to the digits asked for or nearly 0; None where it isn't certain."""
        ball = self.enclosure(term, wrt).ball
        if ball is None:
            return None
        certain = ball.rel_accuracy_bits() > 3.33 * self._digits or abs(ball) < arb(2) ** TINY
        return ball if certain else None

    def is_undefined(self, term: Node) -> bool:
        """Whether it is certain that a term has no value here."""
        return self.enclosure(term).outcome is Outcome.UNDEFINED


def draw(
    names: Sequence[str], seed: int, *, modest: bool = False
) -> Iterator[dict[str, Coordinate]]:
    """Yield points without end: 1/2, 1, 3/2 … first, then random ones of several scales.

    One in three has whole coordinates, one in two positive ones alone; ``modest`` ones all lie
    between 0 and ``MODEST``.
    """
    largest = MODEST if modest else LARGEST
    random = Random(seed)  # noqa: S311  (the same points each time, no secret)
    yield {name: number(Fraction(index, 2)) for index, name in enumerate(names, 1)}
    while True:
        whole, low = random.randrange(3) == 0, random.choice((0,) if modest else (-1, 0))
        scale = min(random.choice(SCALES), Fraction(largest))
        size, unit = (min(10, largest), Fraction(1)) if whole else (GRID, scale / GRID)
        yield {name: number(random.randint(low * size, size) * unit) for name in names}
