"""Exact points at which formulas are proved to be 0: whole numbers, fractions, parts of π, e."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, product
from math import ceil, e, floor, pi

from diffcli.engines.balls.signs import proved_sign
from diffcli.engines.boxes.arithmetic import Interval
from diffcli.engines.exact import nearest
from diffcli.language.expression import CONSTANT, Node, node, number
from diffcli.studies.relations.components import Component

DENOMINATORS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 100, 1000)
"""Denominators of the fractions that are tried, in this order."""
MULTIPLES = {"pi": (pi, (1, 2, 3, 4, 6)), "e": (e, (1, 2))}
"""Constants whose fractions are tried, their floats and the denominators."""
MOST_TRIED = 6
"""Values that are tried of a coordinate."""


@dataclass(frozen=True)
class ExactPoint:
    """A point by its exact coordinates, and by their floats."""

    coordinates: tuple[Node, Node]
    floats: tuple[float, float]

    def of(self, component: Component) -> dict[str, Node]:
        """Return the coordinates by the names of a component's variables."""
        return dict(zip(component.names, self.coordinates, strict=True))


def exact_points(
    formulas: Sequence[Node], component: Component, box: Interval
) -> Iterator[ExactPoint]:
    """Yield the first exact point of a box (2, 1) at which all formulas are proved to be 0.

    The component's equation must be defined there.
    """
    for point in _tried(box):
        values = point.of(component)
        if proved_sign(component.whole, values) is not None and _are_zero(formulas, values):
            yield point
            return


def hole_in(component: Component, box: Interval) -> ExactPoint | None:
    """Return the first exact point of a box (2, 1) that is a zero of the factor but no solution.

    A divisor of the equation is proved to be 0 there. None where there is none among the points
    that are tried.
    """
    for point in _tried(box):
        values = point.of(component)
        if _are_zero([component.factor], values) and any(
            proved_sign(divisor, values) == 0 for divisor in component.divisors
        ):
            return point
    return None


def _are_zero(formulas: Sequence[Node], values: Mapping[str, Node]) -> bool:
    return all(proved_sign(formula, values) == 0 for formula in formulas)


def _tried(box: Interval) -> Iterator[ExactPoint]:
    """Yield the exact points of a box that are tried, the simplest first."""
    sides = [
        list(islice(_values(float(low), float(high)), MOST_TRIED))
        for low, high in zip(box.lo[:, 0], box.hi[:, 0], strict=True)
    ]
    for x, y in product(*sides):
        yield ExactPoint((x, y), (nearest(x), nearest(y)))


def _values(low: float, high: float) -> Iterator[Node]:
    """Yield exact numbers between two floats, the simplest first."""
    seen = set()
    for below in DENOMINATORS:
        for above in range(ceil(low * below), min(floor(high * below), ceil(low * below) + 1) + 1):
            value = Fraction(above, below)
            if value not in seen:
                seen.add(value)
                yield number(value)
    for name, (size, denominators) in MULTIPLES.items():
        for below in denominators:
            above = round((low + high) / 2 / size * below)
            if above and low <= above * size / below <= high:
                yield node("mul", number(Fraction(above, below)), node(CONSTANT, value=name))
