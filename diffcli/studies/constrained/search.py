"""All extrema of a problem in a box: boxes are discarded, and what is left is proved or told.

A feasible point of the box at which f may be extremal is one of the points, or lies in an
undecided cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from flint import arb

from diffcli.clock import now, until
from diffcli.engines.balls.guards import Trouble
from diffcli.engines.boxes.arb import interval_ball
from diffcli.engines.boxes.arithmetic import Interval
from diffcli.engines.boxes.region import Region
from diffcli.engines.boxes.search import clusters, first_boxes, halved
from diffcli.engines.enclosure import constant_value
from diffcli.language.expression import Node
from diffcli.studies.constrained.cells import Cells
from diffcli.studies.constrained.multipliers import DependentError, Lagrange
from diffcli.studies.constrained.points import ConstrainedPoint, SolutionClassifier
from diffcli.studies.constrained.problem import Problem
from diffcli.studies.constrained.singular import Exceptional, exceptional_point, is_isolated
from diffcli.studies.critical.boxes import OUT_OF_TIME, Box, Undecided
from diffcli.studies.critical.kinds import PointKind
from diffcli.studies.critical.systems import FINE_BITS

MOST_BOXES = 20_000
"""Boxes that are kept at once."""
MOST_ROUNDS = 120
LOOK_EVERY = 3
"""Rounds of cutting between looks at what is left."""
MOST_CLUSTERS = 60
"""Clusters of boxes that are looked at in one go."""
COARSE, FINE = 0.26, 2.0**-36
"""A cluster this narrow beside the box is looked at; one finer than the other isn't cut further."""
NARROW = 2.0**-6
"""A cluster this narrow may be one around a kink, a multiple root or dependent gradients."""
CLOSE = 2.0**-24
"""How far from an exact point it is tried whether it is a simple solution."""
WIDER = 0.1
"""How much wider than a cluster a solution is looked for."""
TOO_WIDE = "the bounds are too wide to decide"


@dataclass(frozen=True)
class Extrema:
    """The points that were found; anything else lies in an undecided cell.

    ``is_empty`` is whether it is proved that no point of the box satisfies the constraints, and
    ``left`` are the boxes that make up the undecided cells.
    """

    points: tuple[ConstrainedPoint, ...]
    undecided: tuple[Undecided, ...]
    boxes: int
    is_empty: bool
    left: Interval

    @property
    def is_complete(self) -> bool:
        """Whether there is nothing else, as is proved."""
        return not self.undecided


@dataclass
class _State:
    points: list[ConstrainedPoint] = field(default_factory=list)
    done: list[Interval] = field(default_factory=list)
    boxes: int = 0


def extrema(problem: Problem, ranges: Mapping[str, tuple[Node, Node]], budget: float) -> Extrema:
    """Find the points of Lagrange, of Karush, Kuhn and Tucker, and of Fritz John in a box.

    ``budget`` is in seconds of this process.
    """
    deadline = now() + budget
    with until(deadline + 1.0):
        return _Search(problem, Region(ranges), deadline).run()


class _Search:
    def __init__(self, problem: Problem, region: Region, deadline: float) -> None:
        self.problem, self.region, self.deadline = problem, region, deadline
        self.cells = Cells(problem)
        self.classifier = SolutionClassifier(problem, deadline + 1.0)
        self.systems: dict[tuple[int, ...], Lagrange] = {}
        self.span = (region.high.hi - region.low.lo)[:, 0]
        self.state = _State()

    def run(self) -> Extrema:
        box = first_boxes(self.region.start())
        reason = TOO_WIDE
        for turn in range(MOST_ROUNDS):
            self.state.boxes += box.lo.shape[1]
            box = _kept(box, self.cells.open(box, self.region.start()))
            box = _kept(box, self._not_done(box))
            if turn % LOOK_EVERY == LOOK_EVERY - 1 or box.lo.shape[1] < 4:
                box = self._looked_at(box)
            if not box.lo.shape[1]:
                break
            if now() > self.deadline:
                reason = OUT_OF_TIME
                break
            fine = np.asarray(((box.hi - box.lo) <= FINE * self.span[:, None]).all(axis=0))
            if box.lo.shape[1] > MOST_BOXES or fine.all():
                break
            cut, _ = halved(_kept(box, ~fine), np.ones(int((~fine).sum())), self.region)
            box = _joined(_kept(box, fine), cut)
        left = tuple(
            Undecided(_cell(hull), reason) for hull in (clusters(box) if box.lo.size else [])
        )
        is_empty = not left and not self.state.points and self.cells.only_infeasible
        points = tuple(sorted(self.state.points, key=_order))
        return Extrema(points, left, self.state.boxes, is_empty, box)

    def _not_done(self, box: Interval) -> np.ndarray:
        """Return which boxes lie in no cluster that is proved."""
        left = np.ones(box.lo.shape[1], bool)
        for done in self.state.done:
            left &= ~((box.lo >= done.lo).all(axis=0) & (box.hi <= done.hi).all(axis=0))
        return left

    def _looked_at(self, box: Interval) -> Interval:
        if not box.lo.shape[1]:
            return box
        for hull in clusters(box)[:MOST_CLUSTERS]:
            if now() > self.deadline:
                break
            size = ((hull.hi - hull.lo)[:, 0] / self.span).max()
            if size <= COARSE and self._is_settled(hull, float(size)):
                self.state.done.append(hull)
        return _kept(box, self._not_done(box))

    def _is_settled(self, hull: Interval, size: float) -> bool:
        """Note the points of a cluster, if these are proved to be all."""
        reach = WIDER * (hull.hi - hull.lo)[:, 0] + 2.0**-45 * self.span
        wide = tuple(
            (float(low - more), float(high + more))
            for low, high, more in zip(hull.lo[:, 0], hull.hi[:, 0], reach, strict=True)
        )
        balls = [interval_ball(*ends) for ends in wide]
        found: list[ConstrainedPoint] = []
        active = self._possible(balls)
        try:
            for chosen in self._subsets(active):
                lagrange = self._system(chosen)
                solution = lagrange.solution(balls)
                if solution is None or not self._is_inside(solution.root.at):
                    continue
                if point := self.classifier.at_solution(lagrange, solution):
                    found.append(point)
        except (ArithmeticError, Trouble):
            return size <= NARROW and self._is_exceptional(active, wide)
        for point in found:
            self._note(point)
        return True

    def _possible(self, balls: Sequence[arb]) -> list[int]:
        """Return the constraints that may be active in a cell."""
        lo = np.array([[float(ball.lower())] for ball in balls])
        hi = np.array([[float(ball.upper())] for ball in balls])
        lo, hi = np.nextafter(lo, -np.inf), np.nextafter(hi, np.inf)
        touched = self.cells.touched(Interval(lo, hi))[:, 0]
        return [int(place) for place in np.flatnonzero(touched)]

    def _subsets(self, active: Sequence[int]) -> Iterator[tuple[int, ...]]:
        """Yield the sets of constraints that may be active together, no more than variables."""
        equal = [place for place in active if not self.problem.constraints[place].sense]
        free = [place for place in active if self.problem.constraints[place].sense]
        most = len(self.problem.variables) - len(equal)
        if most < 0:
            raise DependentError("more equations than variables")
        # A point with a multiplier of 0 is told as one of the larger set.
        for count in reversed(range(min(most, len(free)) + 1)):
            for chosen in combinations(free, count):
                yield tuple(sorted((*equal, *chosen)))

    def _system(self, active: tuple[int, ...]) -> Lagrange:
        if active not in self.systems:
            self.systems[active] = Lagrange(self.problem, active)
        return self.systems[active]

    def _is_exceptional(self, active: Sequence[int], box: Box) -> bool:
        """Note an exceptional point of a cell; return whether it is proved to be alone there."""
        found = exceptional_point(self.problem, box, self.classifier.deadline)
        if found is None or not self.region.holds(found.at):
            return False
        if found.kind is not PointKind.DEGENERATE or not self._is_simple(found):
            self._note(self.classifier.at_exceptional(found))
        return found.kind is not PointKind.KINK and is_isolated(self.problem, active, found.at, box)

    def _is_simple(self, found: Exceptional) -> bool:
        """Whether an exact point is a simple solution after all, noted where the signs allow.

        Krawczyk's operator may decide a small neighbourhood of it though the cell is too wide.
        """
        reaches = [arb(0, CLOSE * float(span)) for span in self.span]
        at = [constant_value(each, FINE_BITS) for each in found.at.values()]
        lagrange = self._system(found.active)
        try:
            solution = lagrange.solution([a + b for a, b in zip(at, reaches, strict=True)])
            if solution is None:
                return False
            point = self.classifier.at_solution(lagrange, solution)
        except (ArithmeticError, Trouble):
            return False
        if point is not None:
            self._note(point)
        return True

    def _is_inside(self, at: Sequence[arb]) -> bool:
        low, high = self.region.low.lo[:, 0], self.region.high.hi[:, 0]
        ends = zip(at[: len(low)], low, high, strict=True)
        return all(ball.overlaps(interval_ball(float(a), float(b))) for ball, a, b in ends)

    def _note(self, point: ConstrainedPoint) -> None:
        """Add a point, once: one with a multiplier of 0 is met with and without its constraint.

        A simple solution takes the place of an exceptional point.
        """
        for place, known in enumerate(self.state.points):
            if known.point.at == point.point.at:
                if known.multipliers is None and point.multipliers is not None:
                    self.state.points[place] = point
                return
        self.state.points.append(point)


def _order(found: ConstrainedPoint) -> tuple[float, ...]:
    value = found.point.value
    return (np.inf if value is None else round(value, 9), *found.point.at.values())


def _kept(box: Interval, mask: np.ndarray) -> Interval:
    return Interval(box.lo[:, mask], box.hi[:, mask])


def _joined(one: Interval, other: Interval) -> Interval:
    return Interval(
        np.concatenate([one.lo, other.lo], axis=1), np.concatenate([one.hi, other.hi], axis=1)
    )


def _cell(hull: Interval) -> Box:
    return tuple(zip(hull.lo[:, 0].tolist(), hull.hi[:, 0].tolist(), strict=True))
