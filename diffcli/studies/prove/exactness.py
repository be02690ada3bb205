"""Claims at single exact points, and simple constants next to floats."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice, product
from math import exp, isfinite, log, pi

from diffcli.engines.balls.guards import Trouble, Undefined
from diffcli.engines.balls.signs import Coordinate
from diffcli.engines.boxes.region import Region
from diffcli.engines.enclosure import Walk, constant_value
from diffcli.engines.exact import as_constant
from diffcli.errors import DiffcliError
from diffcli.language.expression import Node, constant, node, number
from diffcli.language.printer import text_of

BITS = (113, 400, 1600)
MAX_DENOMINATOR = 64
MOST_FRACTION = 1024
"""Denominator up to which a number is shown as a fraction."""
MOST_POINTS = 24
DIGITS = (1, 2, 3, 4, 6, 9, 12)

Point = Mapping[str, Coordinate]


@dataclass(frozen=True)
class Place:
    """An exact point, as floats and as text; ``others`` are those it is compared with."""

    point: Point
    others: tuple[Place, ...] = ()

    @property
    def floats(self) -> dict[str, float]:
        """The coordinates, rounded."""
        return {
            name: float(constant_value(each, 64)) if isinstance(each, Node) else each
            for name, each in self.point.items()
        }

    @property
    def exact(self) -> dict[str, str]:
        """The coordinates as they are."""
        nodes = {name: as_constant(coordinate) for name, coordinate in self.point.items()}
        return {
            name: str(each.value)
            if isinstance(each.value, Fraction) and each.value.denominator <= MOST_FRACTION
            else text_of(each)
            for name, each in nodes.items()
        }


def truth_at(claim: Node, point: Point) -> bool | Undefined | None:
    """Return whether a claim is proved to hold at a point; why it has no truth there, or None."""
    for bits in BITS:
        found = Walk(claim, point).value(bits)
        if isinstance(found, bool):
            return found
        if isinstance(found, Undefined):
            return found
        if not isinstance(found, Trouble):
            return None
    return None


def falsified(claim: Node, region: Region, point: Sequence[float]) -> Place | None:
    """Return a point at or next to a float one where the claim is proved to be false."""
    for exact in short_points(region, point):
        if region.holds(exact) and truth_at(claim, exact) is False:
            return Place(exact)
    return None


def short_points(region: Region, point: Sequence[float]) -> Iterator[dict[str, Coordinate]]:
    """Yield points of few digits next to one, then the floats themselves."""
    spans = region.high.lo[:, 0] - region.low.hi[:, 0]
    for digits in DIGITS:
        rounded = {
            name: Fraction(f"{x:.{digits}g}") for name, x in zip(region.names, point, strict=True)
        }
        near = zip(rounded.values(), point, spans, strict=True)
        if all(abs(float(r) - x) <= 1e-3 * (s if isfinite(s) else 1.0) for r, x, s in near):
            yield {name: number(each) for name, each in rounded.items()}
    yield {name: float(x) for name, x in zip(region.names, point, strict=True)}


def simple_points(
    region: Region, point: Sequence[float], low: Sequence[float], high: Sequence[float]
) -> Iterator[dict[str, Coordinate]]:
    """Yield the points of simple constants, or of typed ends, that one in a box may stand for."""
    choices = []
    for index, name in enumerate(region.names):
        first, last = region.ranges[name]
        ends = [first] if low[index] <= region.low.hi[index, 0] else []
        ends += [last] if high[index] >= region.high.lo[index, 0] else []
        span = float(region.high.hi[index, 0] - region.low.lo[index, 0])
        reach = 1e-5 * span if isfinite(span) else 1e-5
        inner = _simple(point[index], reach, low[index], high[index])
        choices.append(list(islice([*ends, *inner], 6)))
    for chosen in islice(product(*choices), MOST_POINTS):
        yield dict(zip(region.names, chosen, strict=True))


def _simple(x: float, reach: float, low: float, high: float) -> Iterator[Coordinate]:
    """Yield simple constants next to a float, the simplest fraction of an interval among them."""
    if not isfinite(x):
        return
    found: dict[Fraction, None] = {}
    for most in (1, 2, 12, 100, 1000):
        near = Fraction(x).limit_denominator(most)
        if abs(float(near) - x) <= reach or low <= near <= high:
            found[near] = None
            break
    yield from map(number, found)
    for undo, made_of in _CONSTANTS:
        try:
            simple = Fraction(undo(x)).limit_denominator(MAX_DENOMINATOR)
            if not simple:
                continue
            meant = made_of(simple)
            if abs(float(constant_value(meant, 64)) - x) <= 0.01 * reach:
                yield meant
        except (OverflowError, ValueError, ZeroDivisionError, DiffcliError):
            continue
    yield float(x)


def _part_of_pi(q: Fraction) -> Node:
    size = abs(q.numerator)
    above = constant("pi") if size == 1 else node("mul", number(size), constant("pi"))
    part = above if q.denominator == 1 else node("div", above, number(q.denominator))
    return part if q > 0 else node("neg", part)


def _odd(op: str, q: Fraction) -> Node:
    root = node(op, number(abs(q)))
    return root if q > 0 else node("neg", root)


_CONSTANTS: Sequence[tuple[Callable[[float], float], Callable[[Fraction], Node]]] = (
    (lambda x: x / pi, _part_of_pi),
    (lambda x: x * abs(x), lambda q: _odd("sqrt", q)),
    (log, lambda q: node("exp", number(q))),
    (exp, lambda q: node("log", number(q))),
    (lambda x: x**3, lambda q: _odd("cbrt", q)),
)
"""What takes a number back to a rational, and what makes it of that."""
