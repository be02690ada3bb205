"""A function of one variable on an interval: its notable points, and what it does between them.

An inflection is a point where the function has a derivative, and next to it is strictly convex on
one side and strictly concave on the other: f″ is proved to have opposite signs there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from types import MappingProxyType

from flint import arb

from diffcli.clock import now, until
from diffcli.engines import difficult
from diffcli.engines.balls.guards import Trouble
from diffcli.engines.balls.walk import working
from diffcli.engines.enclosure import constant_value
from diffcli.engines.remote import Partials
from diffcli.language.expression import Node
from diffcli.language.function import Function
from diffcli.language.parser import parse
from diffcli.studies.critical.asymptotes import Asymptote, asymptotes
from diffcli.studies.critical.boxes import CROWDED, FLAT, OUT_OF_TIME, Box, Undecided, hull
from diffcli.studies.critical.clearing import ZeroFactorTest
from diffcli.studies.critical.exact import simple, vanishes
from diffcli.studies.critical.intervals import Isolation, isolate
from diffcli.studies.critical.kinds import PointKind
from diffcli.studies.critical.notable_points import NotablePoint, PointClassifier, Search, Tag
from diffcli.studies.critical.sides import Sides
from diffcli.studies.critical.systems import BITS, FINE_BITS, GradientSystem, Root

NEAR = 1e-6
"""How far, as a part of the range, a multiple root is sure to be alone, and a break reaches."""
SAMPLES = (0.5, 0.381, 0.618)
"""Parts of a stretch at which a derivative is looked at."""
SEARCH = 10
"""How many budgets the search for roots may take, and as many what is then made of them."""
HUGE = 1e6
"""A function that rises to this towards an undecided cell seems to have a pole there."""
AWAY, FALLS = (0, 10, 100), 1.5
"""Widths of the cell at which it is looked at, and how much smaller each value must be."""
_BREAKS = MappingProxyType(
    {
        difficult.Kind.POLE: PointKind.POLE,
        difficult.Kind.KINK: PointKind.KINK,
        difficult.Kind.VERTICAL: PointKind.KINK,
        difficult.Kind.JUMP: PointKind.JUMP,
        difficult.Kind.ENDPOINT: PointKind.EDGE,
        difficult.Kind.UNDEFINED: PointKind.GAP,
    }
)
_KINDS = {0: PointKind.ZERO, 1: None, 2: PointKind.INFLECTION}
"""The kind of a root of f, of f′ and of f″; None where the point has to be classified."""
_WITHOUT = (
    (PointKind.POLE, PointKind.GAP),
    (PointKind.POLE, PointKind.GAP, PointKind.KINK, PointKind.JUMP),
)
"""Breaks without a value, and without a derivative."""
_SHAPES = {1: ("increasing", "decreasing"), 2: ("convex", "concave")}
_TURNS: Mapping[tuple[str | None, str | None], PointKind] = MappingProxyType(
    {
        ("decreasing", "increasing"): PointKind.MINIMUM,
        ("increasing", "decreasing"): PointKind.MAXIMUM,
    }
)
"""The kind of point that a continuous function has between two kinds of growth."""


@dataclass(frozen=True)
class Behaviour:
    """An interval, and what the function is on it: increasing, decreasing, convex, concave.

    ``jumps`` is whether the function jumps at, or next to, the lower and the upper end: what is
    said holds up to there.
    """

    low: float
    high: float
    shape: str
    jumps: tuple[bool, bool] = (False, False)


@dataclass(frozen=True)
class Analysis:
    """All of it; the breaks are poles, jumps, kinks, gaps and edges of the domain."""

    critical: Search
    zeros: Search
    inflections: Search
    breaks: tuple[NotablePoint, ...]
    growth: tuple[Behaviour, ...]
    convexity: tuple[Behaviour, ...]
    asymptotes: tuple[Asymptote, ...]

    def kink_extrema(self, variable: str) -> Iterator[tuple[NotablePoint, PointKind]]:
        """Yield the kinks at which f has a local minimum or maximum, and which.

        It is continuous there, and its growth on the two sides is proved to be opposite.
        """
        before = {stretch.high: stretch.shape for stretch in self.growth}
        after = {stretch.low: stretch.shape for stretch in self.growth}
        for point in self.breaks:
            x = point.at[variable]
            if point.kind is PointKind.KINK:
                kind = _TURNS.get((before.get(x), after.get(x)))
                if kind is not None:
                    yield point, kind


@dataclass(frozen=True)
class _Multiple:
    """An exact point at which f, f′ or f″ may be 0, or change its sign.

    ``is_zero`` is whether f or f′ is proved to be 0 there.

    ``left`` and ``right`` are the signs of that derivative next to it, as far as ``region``; None
    where they aren't proved. ``turns`` is whether f″ is proved to change its sign there.
    """

    node: Node
    left: int | None
    right: int | None
    turns: bool
    is_zero: bool
    region: arb

    @property
    def alone(self) -> bool:
        """Whether the derivative is 0 nowhere else in the region."""
        return bool(self.left and self.right)

    def kind(self, order: int) -> PointKind | None:
        """Return what a point is for f, f′ or f″; None is nothing notable."""
        if order == 0:
            return PointKind.ZERO
        if order == 1 and not self.is_zero:
            return None
        if self.turns and (order == 2 or (self.alone and self.left == self.right)):
            return PointKind.INFLECTION
        if order == 2:
            return None
        if self.left is None or self.right is None or self.left == self.right:
            return PointKind.DEGENERATE
        return PointKind.MINIMUM if self.left < self.right else PointKind.MAXIMUM


def analyse(function: Function, box: Box, *, budget: float = 0.5) -> Analysis:
    """Analyse a function of one variable on an interval.

    ``budget`` is in seconds, for exact values; the search takes at most ``SEARCH`` times as long.
    Every root of f, f′ and f″ is proved, or lies in an undecided cell.
    """
    return _Line(function, box, budget).analysis()


class _Line:
    """One function of one variable on one interval."""

    def __init__(self, function: Function, box: Box, budget: float) -> None:
        (self._output,), (self._x,) = function.outputs, function.variables
        self._box, (self._low, self._high) = box, box[0]
        self._function, self._budget = function, budget
        self._clearing = ZeroFactorTest(self._output, self._x)
        self._systems = [
            GradientSystem(self._output, (self._x,), [(self._x,) * k]) for k in range(3)
        ]

    def analysis(self) -> Analysis:
        start, share = now(), SEARCH * self._budget / len(self._systems)
        isolations = [
            isolate(system, self._box, deadline=start + share * turn)
            for turn, system in enumerate(self._systems, 1)
        ]
        with until(now() + SEARCH * self._budget):
            return self._analysis(isolations)

    def _analysis(self, isolations: Sequence[Isolation]) -> Analysis:
        self._clearing.deadline = now() + self._budget
        self._partials = Partials(self._function, self._clearing.deadline)
        self._sides = Sides(self._partials)
        doubts = [doubt for isolation in isolations for doubt in isolation.undecided]
        breaks = tuple(sorted(self._breaks(doubts), key=lambda point: point.at[self._x]))
        kinds = {point.at[self._x]: point.kind for point in breaks}
        zeros, critical, inflections = (
            self._search(
                order, list(filter(self._is_inside, isolation.roots)), isolation.undecided, breaks
            )
            for order, isolation in enumerate(isolations)
        )
        return Analysis(
            critical=critical,
            zeros=zeros,
            inflections=inflections,
            breaks=breaks,
            growth=tuple(self._stretches(1, critical, kinds)),
            convexity=tuple(self._stretches(2, inflections, kinds)),
            asymptotes=tuple(self._asymptotes()),
        )

    def _search(
        self,
        order: int,
        roots: Sequence[Root],
        doubts: Sequence[Undecided],
        breaks: Sequence[NotablePoint],
    ) -> Search:
        """Return the roots of a derivative, multiple ones too where they are simple numbers."""
        kinds = {point.at[self._x]: point.kind for point in breaks}
        classifier = PointClassifier(self._partials, self._systems[order])
        points = [classifier.at_root(root, _KINDS[order]) for root in roots]
        multiple: list[_Multiple] = []
        undecided: list[Undecided] = []
        for doubt in doubts:
            kind = next((kind for x, kind in kinds.items() if self._is_near(x, doubt)), None)
            if kind:
                reason = f"next to a break: {kind.value}"
                if doubt.reason in (CROWDED, OUT_OF_TIME):
                    reason = f"{doubt.reason}, {reason}"
                undecided.append(replace(doubt, reason=reason))
            else:
                undecided.append(doubt)
            if order == 0 or not kind:
                multiple += self._multiple(order, doubt)
        points += (
            classifier.at_nodes([each.node], kind)
            for each in multiple
            if (kind := each.kind(order)) and not any(_is_at(root, each.node) for root in roots)
        )
        alone = [root.region for root in multiple if root.alone]
        known = [*points, *(point for point in breaks if point.kind in _WITHOUT[order > 0])]
        left = [
            doubt
            for doubt in undecided
            if not any(region.contains(hull(*doubt.cell[0])) for region in alone)
            and not self._is_clear(order, doubt, known, roots)
        ]
        points.sort(key=lambda point: point.at[self._x])
        return Search(tuple(points), tuple(left), complete=not left)

    def _is_clear(
        self, order: int, doubt: Undecided, known: Sequence[NotablePoint], roots: Sequence[Root]
    ) -> bool:
        """Whether an undecided cell has no root of a derivative but what is known."""
        if doubt.reason == FLAT:
            return False
        texts = [point.exact[self._x] for point in known if point.exact]
        nodes = [parse(text).outputs[0] for text in texts]
        return self._clearing.is_clear(order, self._around(doubt), nodes, roots)

    def _around(self, doubt: Undecided) -> arb:
        (low, high), reach = doubt.cell[0], NEAR * (self._high - self._low)
        return hull(low - reach, high + reach)

    def _is_near(self, x: float, doubt: Undecided) -> bool:
        low, high = doubt.cell[0]
        reach = NEAR * (self._high - self._low)
        return low - reach <= x <= high + reach

    def _multiple(self, order: int, doubt: Undecided) -> Iterator[_Multiple]:
        """Yield the simple number in an undecided cell at which a derivative is 0, or f″ turns."""
        low, high = doubt.cell[0]
        reach = NEAR * (self._high - self._low)
        if high - low > reach:
            return
        for node in simple(low, high):
            is_zero = self._is_zero(order, node)
            if is_zero is None:
                continue
            left, right = self._sides.signs(order, node, 2 * reach)
            ends = (left, right) if order == 2 else self._sides.signs(2, node, 2 * reach)
            turns = None not in ends and {*ends} == {-1, 1}
            yield _Multiple(node, left, right, turns, is_zero, self._around(doubt))
            return

    def _is_zero(self, order: int, node: Node) -> bool | None:
        """Return whether f or f′ is 0 at a point; None where it isn't known, or there is no f′."""
        if order == 0:
            return vanishes(self._partials, [()], [node]) or None
        difficulty = difficult.classify(
            self._output, {self._x: node}, (self._x,), deadline=self._clearing.deadline
        )
        if difficulty.kind is not difficult.Kind.DIFFERENTIABLE or difficulty.value is None:
            return None
        if difficulty.value == 0 or not difficulty.value.contains(0):
            return bool(difficulty.value == 0)
        is_regular = self._over(1, constant_value(node, BITS)) is not None
        return (is_regular and vanishes(self._partials, [(self._x,)], [node])) or None

    def _over(self, order: int, ball: arb) -> arb | None:
        """Enclose a derivative over a ball, if a rule holds on all of it."""
        try:
            with working(BITS):
                (value,) = self._systems[0].values([ball], [(self._x,) * order], BITS)
        except Trouble:
            return None
        return value

    def _breaks(self, doubts: Sequence[Undecided]) -> Iterator[NotablePoint]:
        """Yield what keeps the function from being smooth, where it is known."""
        classifier = PointClassifier(self._partials, self._systems[0])
        known: list[float] = []
        for doubt in sorted(doubts, key=lambda doubt: doubt.cell[0][1] - doubt.cell[0][0]):
            low, high = doubt.cell[0]
            seen = any(self._is_near(x, doubt) for x in known)
            if seen or doubt.reason == FLAT or self._over(1, hull(low, high)) is not None:
                continue
            exact = next(self._exact_breaks(low, high), None)
            point = None
            if exact:
                point = classifier.at_nodes([exact[0]], exact[1])
            elif self._soars(low, low - high) or self._soars(high, high - low):
                middle = NotablePoint(
                    {self._x: (low + high) / 2}, None, PointKind.POLE, Tag.NUMERIC
                )
                point = self._clearing.pole(self._around(doubt)) or middle
            if point:
                known.append(point.at[self._x])
                yield point

    def _exact_breaks(self, low: float, high: float) -> Iterator[tuple[Node, PointKind]]:
        for node in simple(low, high):
            difficulty = difficult.classify(
                self._output, {self._x: node}, (self._x,), deadline=self._clearing.deadline
            )
            kind = PointKind.EDGE if difficulty.side else _BREAKS.get(difficulty.kind)
            outside = [self._over(0, arb(x)) is None for x in (2 * low - high, 2 * high - low)]
            if kind and not all(outside):
                yield node, PointKind.EDGE if kind is PointKind.GAP and any(outside) else kind

    def _soars(self, x: float, step: float) -> bool:
        """Whether the function is huge at x, and less so the further a step leads away."""
        values = [self._over(0, arb(x) + step * count) for count in AWAY]
        sizes = [abs(value) for value in values if value is not None]
        if len(sizes) < len(AWAY) or not sizes[0] > HUGE:
            return False
        return all(near > FALLS * far for near, far in pairwise(sizes))

    def _stretches(
        self, order: int, turns: Search, breaks: Mapping[float, PointKind]
    ) -> Iterator[Behaviour]:
        """Yield the longest intervals on which a derivative has one sign.

        What is undecided belongs to none.
        """
        doubts = [doubt.cell[0] for doubt in turns.undecided]
        cuts = {point.at[self._x] for point in turns.points}.union(breaks, *doubts)
        inner = sorted(x for x in cuts if self._low < x < self._high)
        jumps = [x for x, kind in breaks.items() if kind is PointKind.JUMP]
        reach = NEAR * (self._high - self._low)
        ends = {x for x in cuts if any(abs(x - jump) <= reach for jump in jumps)}
        last: Behaviour | None = None
        for low, high in pairwise([self._low, *inner, self._high]):
            slope = self._somewhere(order, low, high)
            is_open = any(a <= low and high <= b for a, b in doubts)
            if is_open or slope is None or slope.contains(0):
                continue
            shape = _SHAPES[order][bool(slope < 0)]
            if last and last.high == low and last.shape == shape and low not in breaks:
                last = replace(last, high=high)
            else:
                if last:
                    yield last
                last = Behaviour(low, high, shape)
            last = replace(last, jumps=(last.jumps[0] or low in ends, high in ends))
        if last:
            yield last

    def _somewhere(self, order: int, low: float, high: float) -> arb | None:
        """Enclose a derivative that doesn't change its sign at a point where that isn't 0."""
        samples = (arb(low + part * (high - low)) for part in SAMPLES)
        slopes = (self._over(order, sample) for sample in samples)
        return next((slope for slope in slopes if slope is not None and slope != 0), None)

    def _asymptotes(self) -> Iterator[Asymptote]:
        bend = self._over(2, hull(self._low, self._high))
        # A line is no asymptote of itself.
        return (
            iter(())
            if bend is not None and bend == 0
            else asymptotes(self._output, self._systems[0])
        )

    def _is_inside(self, root: Root) -> bool:
        return bool(root.at[0].overlaps(hull(self._low, self._high)))


def _is_at(root: Root, node: Node) -> bool:
    return bool(root.at[0].overlaps(constant_value(node, FINE_BITS)))
