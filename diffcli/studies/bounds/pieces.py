"""A range of one variable in pieces: bounded ones, and stretches next to infinity and to gaps.

On a stretch the formula is monotone, so that it lies between its value at the junction, which a
bounded piece has, and its limit at the end, which no point of the stretch has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import isfinite

import numpy as np

from diffcli.engines.balls.guards import Undefined
from diffcli.engines.boxes.arb import ends_of
from diffcli.engines.boxes.arithmetic import Interval
from diffcli.engines.boxes.bounds import Bounds
from diffcli.engines.boxes.region import Region
from diffcli.engines.boxes.search import clusters, first_boxes, halved
from diffcli.engines.enclosure import constant_value
from diffcli.errors import DiffcliError
from diffcli.language.expression import Node, node, number, substituted, variable
from diffcli.studies.prove.exactness import Place, simple_points, truth_at
from diffcli.studies.prove.tails import End, Tail, resolved
from diffcli.studies.prove.touching import proved_sign_of_gap

NARROW = 2.0**-30
"""Width, as a part of the range, of a box about a gap."""
VALUE_BITS = 128
MOST_ROUNDS, MOST_BOXES, MOST_GAPS = 60, 256, 8


@dataclass(frozen=True)
class Stretch:
    """An open stretch on which a formula rises (1) or falls (−1) away from the end, or is level.

    ``limit`` are bounds of its limit at the end, which may be infinite.
    """

    end: End
    leaving: int
    limit: tuple[float, float]

    @property
    def towards(self) -> Mapping[str, str]:
        """The end as exact text."""
        if self.end.point is None:
            return {self.end.name: "-inf" if self.end.side > 0 else "inf"}
        return Place({self.end.name: self.end.point}).exact


@dataclass(frozen=True)
class Gap:
    """A point about which no box bounds a formula, and bounds of its value, if it has one."""

    point: Node
    near: float
    value: tuple[float, float] | None


@dataclass(frozen=True)
class Pieces:
    """Bounded ranges, the stretches beside them, and the gaps: points with the values there.

    A formula that has no value at a gap is not bounded there by any.
    """

    cores: tuple[Region, ...]
    stretches: tuple[Stretch, ...]
    gaps: tuple[Gap, ...]

    @property
    def is_whole(self) -> bool:
        """Whether the formula has a value at all gaps."""
        return all(gap.value is not None for gap in self.gaps)


def pieces_of(formula: Node, region: Region) -> Pieces | None:
    """Return a range in pieces; None where it is one bounded piece, or an end isn't understood."""
    ends = _Ends(formula, region)
    bounded = ends.bounded()
    gaps = None if bounded is None else _gaps(formula, bounded)
    if bounded is None or gaps is None or (not gaps and region.is_bounded):
        return None
    cores = []
    for first, last in pairwise(_stops(bounded, gaps)):
        if ends.is_outside(first, last):
            continue
        core = ends.core(first, last)
        if core is None:
            return None
        cores.append(core)
    return Pieces(tuple(cores), tuple(ends.stretches), tuple(gaps)) if cores else None


@dataclass(frozen=True)
class _Stop:
    """An end of a piece, a float next to it, and whether the formula has no value there."""

    node: Node
    near: float
    is_gap: bool


class _Ends:
    """The stretches at the ends of the pieces of a range."""

    def __init__(self, formula: Node, region: Region) -> None:
        self.formula, self.region = formula, region
        self.stretches: list[Stretch] = []
        (self.name,) = region.names

    def bounded(self) -> Region | None:
        """Return the range without the stretches next to infinity; None where one isn't known."""
        ends = list(self.region.ranges[self.name])
        near = float(self.region.low.hi[0, 0]), float(self.region.high.lo[0, 0])
        for index, side in ((1, -1), (0, 1)):
            if not isfinite(near[index]):
                junction = self._junction(End(self.name, None, side), near[1 - index])
                if junction is None:
                    return None
                ends[index] = number(Fraction(junction))
        return Region({self.name: (ends[0], ends[1])})

    def core(self, first: _Stop, last: _Stop) -> Region | None:
        """Return what is between two stops without the stretches next to gaps."""
        ends = [first.node, last.node]
        width = last.near - first.near
        for index, (stop, side, other) in enumerate(((first, 1, last), (last, -1, first))):
            if stop.is_gap:
                # Something is left between for a bounded piece.
                part = (0.375 if other.is_gap else 0.75) * width
                junction = self._junction(End(self.name, stop.node, side), stop.near + side * part)
                if junction is None:
                    return None
                ends[index] = number(Fraction(junction))
        return Region({self.name: (ends[0], ends[1])})

    def is_outside(self, first: _Stop, last: _Stop) -> bool:
        """Whether the formula is proved to have no value anywhere between two stops."""
        piece = Region({self.name: (first.node, last.node)})
        box = first_boxes(piece.start())
        return bool((Bounds([self.formula], [self.name]).jet(*box).domain < 0).all())

    def _junction(self, end: End, other: float) -> float | None:
        """Return where a stretch ends on which the formula is monotone, and remember it."""
        tail = Tail(end)
        for junction in tail.end.junctions(other):
            plain = resolved(self.formula, tail, junction)
            slope = tail.slope(plain)
            growth = None if slope is None else tail.sign(slope, junction)
            if growth is None or not tail.is_smooth(plain, junction):
                continue
            limit = tail.limit(plain)
            if limit is None:
                return None
            self.stretches.append(Stretch(end, growth * end.side, limit))
            return junction
        return None


def _stops(region: Region, gaps: Sequence[Gap]) -> list[_Stop]:
    (name,) = region.names
    stops = [_Stop(gap.point, gap.near, is_gap=True) for gap in gaps]
    stops += [
        _Stop(end, Place({name: end}).floats[name], is_gap=False)
        for end in region.ranges[name]
        if all(proved_sign_of_gap(gap.point, end) != 0 for gap in gaps)
    ]
    return sorted(stops, key=lambda stop: stop.near)


def _gaps(formula: Node, region: Region) -> list[Gap] | None:
    """Return the points about which nothing says that a formula has a value; None for stretches."""
    bounds = Bounds([formula], region.names)
    box = first_boxes(region.start())
    span = float(region.high.hi[0, 0] - region.low.lo[0, 0])
    for _ in range(MOST_ROUNDS):
        domain = bounds.jet(box.lo, box.hi).domain
        kept = domain == 0
        box = Interval(box.lo[:, kept], box.hi[:, kept])
        if not (box.hi - box.lo > NARROW * span).any():
            break
        if box.lo.shape[1] > MOST_BOXES:
            return None
        box, _ = halved(box, np.ones(box.lo.shape[1]), region)
    hulls = clusters(box) if box.lo.shape[1] else []
    gaps = [_gap(formula, region, float(h.lo[0, 0]), float(h.hi[0, 0])) for h in hulls]
    known = [gap for gap in gaps if gap is not None]
    return known if len(known) == len(gaps) <= MOST_GAPS else None


def _gap(formula: Node, region: Region, low: float, high: float) -> Gap | None:
    """Return the simple point of a hull, one without a value if there is one."""
    (name,) = region.names
    with_value = None
    for point in simple_points(region, [0.5 * (low + high)], [low], [high]):
        if not region.holds(point):
            continue
        where = point[name]
        exact = where if isinstance(where, Node) else number(Fraction(where))
        near = Place(point).floats[name]
        if isinstance(truth_at(node("ge", formula, number(0)), point), Undefined):
            return Gap(exact, near, None)
        with_value = with_value or _with_value(formula, name, exact, near)
    return with_value


def _with_value(formula: Node, name: str, point: Node, near: float) -> Gap | None:
    try:
        value = constant_value(substituted(formula, {variable(name): point}), VALUE_BITS)
    except DiffcliError:
        return None
    return Gap(point, near, ends_of(value))
