"""Branch and bound of one inequality: boxes, faces, single points and points of equality."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from diffcli.engines.balls.signs import Coordinate, proved_sign
from diffcli.engines.boxes.arithmetic import Array, Interval, Mask
from diffcli.engines.boxes.jets import Pairs
from diffcli.engines.boxes.lower import Bounded, Lower
from diffcli.engines.boxes.region import Region
from diffcli.engines.boxes.search import BATCH, Frontier, clusters, first_step, next_step, worst
from diffcli.language.expression import Node, substituted, variable
from diffcli.studies.prove.exactness import Place, simple_points
from diffcli.studies.prove.question import PROVED, Proof, Question, Verdict
from diffcli.studies.prove.touching import contact

OVER = "the time ran out"
SETTLE_EVERY, MOST_SETTLED = 6, 8
"""Rounds between looks at what all tests leave, and the clusters of boxes looked at."""
MOST_BOXES = 200_000
MOST_EXACT = 64
MOST_TRIES = 12
SMALL = 2.0**-9
"""A box this small beside the region may be one around a point of equality."""
FAR = 2.0**40
"""An endless box that begins here isn't cut further."""
TINY = 1e-13
"""A box this small beside the region isn't cut further."""


@dataclass(frozen=True)
class Provers:
    """What a search asks beside its boxes: a claim on a face, and where a formula has a value."""

    is_proved_on: Callable[[Node, Question, Region, bool], bool]
    is_defined: Callable[[Node, Question], bool]


class Search:
    """The boxes on which d ≥ 0 (or d > 0) isn't proved yet."""

    def __init__(self, lower: Lower, question: Question, provers: Provers, *, strict: bool) -> None:
        self.lower, self.question, self.strict = lower, question, strict
        self.provers = provers
        self.faces: dict[tuple[int, ...], bool] = {}
        self.proved_around: list[Interval] = []
        self._domain_tried = False

    def run(self) -> Proof:
        """Return what is proved of the whole region."""
        effort = self.question.effort
        bounds, front = first_step(self.lower, effort)
        rounds = 0
        while True:
            if refuted := self._refuted(bounds):
                return refuted
            front = self._open(front)
            if not front.count:
                return PROVED
            if rounds % SETTLE_EVERY == SETTLE_EVERY - 1 or front.count < 3:
                settled = self._settled(front)
                if isinstance(settled, Proof):
                    return settled
                front = settled
                if not front.count:
                    return PROVED
            if effort.is_over or front.count > MOST_BOXES or rounds > 3000:
                return self._left(front)
            chosen, rest = worst(front, BATCH // 2)
            stuck = self._is_tiny(chosen.box)
            (bounds, halves), can = next_step(self.lower, chosen.kept(~stuck), effort)
            whole_ = chosen.kept(~stuck).kept(~can)
            if stuck.all() or not halves.count:
                final = self._settled(front)
                if isinstance(final, Proof):
                    return final
                return self._left(final) if final.count else PROVED
            front = rest.joined(chosen.kept(stuck)).joined(whole_).joined(halves)
            rounds += 1

    def _is_tiny(self, box: Interval) -> Mask:
        region = self.lower.region
        span = region.high.hi - region.low.lo
        size = np.minimum(np.maximum(np.abs(box.lo), np.abs(box.hi)), 1e300)
        span = np.where(np.isfinite(span), span, np.maximum(size, 1.0))
        far = np.where(np.isinf(box.hi), box.lo > FAR, np.isinf(box.lo) & (box.hi < -FAR))
        with np.errstate(invalid="ignore"):
            tiny = (box.hi - box.lo <= TINY * span) & np.isfinite(span)
            return np.asarray((tiny | far).all(axis=0))

    def _refuted(self, bounds: Bounded) -> Proof | None:
        """Return a refutation where a point's upper bound isn't what is claimed."""
        bad = bounds.upper <= 0 if self.strict else bounds.upper < 0
        if not bad.any():
            return None
        order = np.flatnonzero(bad)
        order = order[np.argsort(bounds.upper[order], kind="stable")][:MOST_TRIES]
        return next((proof for at in order if (proof := self._refute(bounds.points[:, at]))), None)

    def _refute(self, point: Array) -> Proof | None:
        question, region = self.question, self.lower.region
        if region is question.region:
            return question.refuted([float(x) for x in point])
        fixed = self._fixed()
        exact: dict[str, Coordinate] = dict(zip(region.names, map(float, point), strict=True))
        return question.refuted_at({**fixed, **exact})

    def _fixed(self) -> dict[str, Coordinate]:
        """Return the coordinates that are the same on all of a face."""
        return dict(self._ends_fixed())

    def _ends_fixed(self) -> Mapping[str, Node]:
        region = self.lower.region
        return region.fixed if isinstance(region, Face) else {}

    def _open(self, front: Frontier) -> Frontier:
        """Return the boxes that no test closes."""
        fine = front.lower > 0 if self.strict else front.lower >= 0
        if self.lower.is_defined:
            front = replace(front, domain=np.ones_like(front.domain))
        never = front.domain < 0
        for at in np.flatnonzero(never)[:2]:
            middle = self.lower.region.middles(front.box)[:, at]
            point = dict(zip(self.lower.region.names, map(float, middle), strict=True))
            self.question.look_undefined({**self._fixed(), **point})
        known = self.question.undefined is not None
        closed = (fine & ((front.domain > 0) | known)) | (never & known)
        self.question.effort.close(front.test[closed])
        return front.kept(~closed)

    def _settled(self, front: Frontier) -> Frontier | Proof:
        """Return what is left after looks at single points, faces and points of equality."""
        settled = np.zeros(front.count, bool)
        self._look_at_domain(front)
        patterns = self._patterns(front.box)
        for pattern in sorted(set(patterns)):
            mine = np.array([each == pattern for each in patterns])
            fixed = [place for place, side in enumerate(pattern) if side]
            if len(fixed) == len(pattern):
                corner = self._corner(pattern)
                if isinstance(corner, Proof):
                    return corner
                settled |= mine & corner
            elif fixed and self._face(pattern):
                settled |= mine
        front = front.kept(~settled)
        exact = self._exact_points(front)
        if isinstance(exact, Proof):
            return exact
        front = front.kept(~exact)
        small = self._small(front.box)
        near = front.kept(small)
        if near.count:
            for box in clusters(near.box)[:MOST_SETTLED]:
                if self.question.effort.is_over:
                    break
                proof = self._around(box)
                if isinstance(proof, Proof):
                    return proof
        for safe in self.proved_around:
            inside = (front.box.lo >= safe.lo).all(axis=0) & (front.box.hi <= safe.hi).all(axis=0)
            inside &= (front.domain > 0) if not self.lower.is_defined else True
            front = front.kept(np.asarray(~inside))
        return front

    def _look_at_domain(self, front: Frontier) -> None:
        """Prove that the formula is defined in all of the region, where only that is open."""
        fine = front.lower > 0 if self.strict else front.lower >= 0
        is_whole = self.lower.region is self.question.region
        if is_whole and not self._domain_tried and (fine & (front.domain == 0)).any():
            self._domain_tried = True
            self.lower.is_defined = self.provers.is_defined(self.lower.formula, self.question)

    def _patterns(self, box: Interval) -> list[tuple[int, ...]]:
        """Return on which typed end each coordinate of a box lies: −1, 1, or 0 for none."""
        region = self.lower.region
        at_low = (box.lo == region.low.lo) & (box.hi <= region.low.hi)
        at_high = (box.hi == region.high.hi) & (box.lo >= region.high.lo)
        signs = np.where(at_low, -1, np.where(at_high, 1, 0))
        return [tuple(column) for column in signs.T.tolist()]

    def _end(self, place: int, side: int) -> tuple[str, Node]:
        name = self.lower.region.names[place]
        return name, self.lower.region.ranges[name][0 if side < 0 else 1]

    def _corner(self, pattern: tuple[int, ...]) -> bool | Proof:
        ends = dict(self._end(place, side) for place, side in enumerate(pattern))
        sign = proved_sign(self.lower.formula, ends)
        if sign is None:
            return False
        if sign > 0 or (sign == 0 and not self.strict):
            return True
        return self.question.refuted_at({**self._fixed(), **ends}) or False

    def _face(self, pattern: tuple[int, ...]) -> bool:
        """Whether the claim is proved on a face of the region, as a formula of fewer variables."""
        if pattern not in self.faces:
            region = self.lower.region
            fixed = dict(self._end(place, side) for place, side in enumerate(pattern) if side)
            free = {n: ends for n, ends in region.ranges.items() if n not in fixed}
            replaced = {variable(name): end for name, end in fixed.items()}
            formula = substituted(self.lower.formula, replaced)
            face = Face(free, {**self._ends_fixed(), **fixed})
            self.faces[pattern] = self.provers.is_proved_on(
                formula, self.question, face, self.strict
            )
        return self.faces[pattern]

    def _exact_points(self, front: Frontier) -> Mask | Proof:
        """Return which boxes are single points where the claim is proved by Arb."""
        bounds = np.zeros(front.count, bool)
        points = np.flatnonzero((front.box.lo == front.box.hi).all(axis=0))[:MOST_EXACT]
        for at in points:
            place = dict(zip(self.lower.region.names, map(float, front.box.lo[:, at]), strict=True))
            sign = proved_sign(self.lower.formula, place)
            if sign is None:
                continue
            bounds[at] = sign > 0 or (sign == 0 and not self.strict)
            if not bounds[at]:
                proof = self.question.refuted_at({**self._fixed(), **place})
                if proof:
                    return proof
        return bounds

    def _small(self, box: Interval) -> Mask:
        region = self.lower.region
        span = region.high.hi - region.low.lo
        span = np.where(np.isfinite(span), span, 4.0)
        with np.errstate(invalid="ignore"):
            return np.asarray((box.hi - box.lo <= SMALL * span).all(axis=0))

    def _around(self, box: Interval) -> Proof | None:
        """Look for a point of equality in a cluster of boxes, and decide the claim around it."""
        region = self.lower.region
        pairs = Pairs(len(region.names), 2)
        point = region.middles(box)
        with np.errstate(all="ignore"):
            for _ in range(12):
                point = self.lower.descended(box, point, pairs)
        for place in (point, box.lo, box.hi):
            if proof := self._refute(place[:, 0]):
                return proof
        if any(_inside(box, safe) for safe in self.proved_around):
            return None
        for exact in simple_points(
            region, *([float(x) for x in column[:, 0]] for column in (point, box.lo, box.hi))
        ):
            if not region.holds(exact):
                continue
            self.question.look_undefined({**self._fixed(), **exact})
            sign = proved_sign(self.lower.formula, exact)
            if sign is None or sign > 0:
                continue
            if sign < 0 or self.strict:
                if proof := self.question.refuted_at({**self._fixed(), **exact}):
                    return proof
                continue
            met = contact(self.lower, exact)
            if met is None:
                continue
            if met.falls:
                return self._beside(exact, met.falls)
            if met.box is not None:
                self.proved_around.append(met.box)
            return None
        return None

    def _beside(self, point: Mapping[str, Coordinate], side: int) -> Proof | None:
        """Return a refutation on the side of a point on which the difference is negative."""
        (name,) = self.lower.region.names
        at = Place(dict(point)).floats[name]
        for step in range(8, 50):
            near = at + side * 2.0**-step * max(1.0, abs(at))
            if proof := self.question.refuted_at({**self._fixed(), name: near}):
                return proof
        return None

    def _left(self, front: Frontier) -> Proof:
        boxes = clusters(front.box)
        hulls = tuple(
            tuple(zip(box.lo[:, 0].tolist(), box.hi[:, 0].tolist(), strict=True))
            for box in boxes[:32]
        )
        effort = self.question.effort
        why = OVER if effort.is_over else "no test decides what is left"
        return Proof(Verdict.UNDECIDED, None, why, min(1.0, float(front.share.sum())), hulls)


@dataclass(frozen=True)
class Face(Region):
    """A face of a region: the other variables have fixed values."""

    fixed: Mapping[str, Node] = field(default_factory=dict)


def _inside(box: Interval, outer: Interval) -> bool:
    return bool((box.lo >= outer.lo).all() and (box.hi <= outer.hi).all())
