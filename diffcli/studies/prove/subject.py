"""The formula that a claim about growth or curvature is of, and its derivatives as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from diffcli.engines.boxes.arithmetic import Array, Interval
from diffcli.engines.boxes.jets import Jet, Pairs
from diffcli.engines.boxes.region import Region
from diffcli.engines.boxes.search import Effort
from diffcli.language.expression import Node, node, number, postorder, substituted, variable
from diffcli.language.functions import TABLE
from diffcli.language.rationals import is_whole
from diffcli.studies.prove.claims import Claim
from diffcli.studies.prove.exactness import Place

STEPS = tuple(Fraction(1, 10**digits) for digits in (1, 2, 3, 5, 7, 9, 12, 14))
"""Distances, as parts of the region, at which points are compared."""

Coordinates = Sequence[Fraction]


@dataclass(frozen=True)
class Subject:
    """What a claim is about, and the effort that may be spent."""

    formula: Node
    claim: Claim
    region: Region
    effort: Effort
    is_defined: bool
    """Whether the formula is proved to have a value everywhere."""

    def turned(self) -> Subject:
        """Return the claim's opposite formula."""
        return replace(self, formula=node("neg", self.formula))

    @property
    def has_closed_slopes(self) -> bool:
        """Whether formulas of derivatives hold wherever they have a value, and f has one."""
        return not any(
            term.op == "piecewise" or (term.op in TABLE and TABLE[term.op].jumps)
            for term in postorder([self.formula])
        )

    @property
    def is_analytic(self) -> bool:
        """Whether the formula has a power series at every point where it has a value."""
        return all(
            term.is_leaf
            or term.op in ("add", "neg", "mul", "div")
            or (term.op == "pow" and is_whole(term.args[1]))
            or (term.op != "piecewise" and term.op in TABLE and TABLE[term.op].is_smooth)
            for term in postorder([self.formula])
        )

    def at(self, point: Coordinates) -> Node:
        """Return the formula's value at a point of fractions, as a constant."""
        places = zip(self.region.names, point, strict=True)
        return substituted(self.formula, {variable(n): number(x) for n, x in places})

    def holds(self, *points: Coordinates) -> bool:
        """Whether points are proved to lie in the region."""
        return all(self.region.holds(self.place(point)) for point in points)

    def place(self, point: Coordinates) -> dict[str, Node]:
        """Return a point by its names."""
        return {name: number(x) for name, x in zip(self.region.names, point, strict=True)}

    def shown(self, *points: Coordinates) -> Place:
        """Return points as what refutes the claim."""
        first, *others = (Place(self.place(point)) for point in points)
        return Place(first.point, tuple(others))


def spread(found: Interval | None, rows: int, like: Jet) -> Interval:
    """Return derivatives as arrays, zeros where there are none."""
    shape = (rows, like.domain.size)
    if found is None:
        return Interval(np.zeros(shape), np.zeros(shape))
    return Interval(np.broadcast_to(found.lo, shape), np.broadcast_to(found.hi, shape))


def lowest(hessian: Interval, pairs: Pairs) -> tuple[Array, Array]:
    """Return the least eigenvalues of the middles, and their directions."""
    size, columns = pairs.count, hessian.lo.shape[1]
    matrices = np.zeros((columns, size, size))
    with np.errstate(invalid="ignore"):
        middle = np.nan_to_num(0.5 * (hessian.lo + hessian.hi), posinf=1e300, neginf=-1e300)
    first, second = pairs.places
    for row, (i, j) in enumerate(zip(first, second, strict=True)):
        matrices[:, i, j] = matrices[:, j, i] = middle[row]
    values, vectors = np.linalg.eigh(matrices)
    return values[:, 0], vectors[:, :, 0]


def steps_along(region: Region, row: int) -> Iterator[Fraction]:
    """Yield distances from a point at which others are compared, in one variable."""
    span = _magnitude(float(region.high.lo[row, 0] - region.low.hi[row, 0]))
    return (span * step for step in STEPS)


def sizes(region: Region) -> list[Fraction]:
    """Return the order of the least width of a region, once a variable."""
    spans = region.high.lo[:, 0] - region.low.hi[:, 0]
    return [min(_magnitude(float(span)) for span in spans)] * len(spans)


def _magnitude(span: float) -> Fraction:
    """Return the power of 10 that is next below a width, 1 of an endless or an empty one."""
    if not np.isfinite(span) or span <= 0:
        return Fraction(1)
    return Fraction(10) ** int(np.floor(np.log10(span)))


def shortest(low: float, high: float) -> Fraction:
    """Return the number of fewest digits between two floats."""
    middle = 0.5 * (low + high)
    for digits in range(1, 17):
        near = Fraction(f"{middle:.{digits}g}")
        if low <= near <= high:
            return near
    return Fraction(middle)
