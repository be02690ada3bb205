"""The least and the greatest value of a formula, or of a slope, over a region, proved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import inf, isfinite

import numpy as np

from diffcli.clock import now
from diffcli.engines.balls.decimals import outward
from diffcli.engines.balls.guards import Trouble
from diffcli.engines.boxes.arb import interval_ball
from diffcli.engines.boxes.arithmetic import Interval, Mask
from diffcli.engines.boxes.bounds import Bounds
from diffcli.engines.boxes.lower import Lower
from diffcli.engines.boxes.minimum import Minimum, least
from diffcli.engines.boxes.region import Region
from diffcli.engines.boxes.search import Effort, first_boxes, halved
from diffcli.engines.one_sided.atoms import Field, working_in
from diffcli.engines.one_sided.germs import is_infinite, sign
from diffcli.engines.one_sided.limits import Behaviour, Limits
from diffcli.engines.one_sided.paths import Paths
from diffcli.language.expression import Node, node, number, postorder, substituted
from diffcli.studies.bounds.pieces import Stretch, pieces_of
from diffcli.studies.prove.exactness import Place, Point, simple_points

DIGITS = 20
MOST_POINTS = 40
"""Points next to an extremum that are told one by one."""
LEVEL = (128, 2, 12)
"""Bits, powers beyond the leading one, and terms of an expansion next to a pole."""
MOST_BOXES, MOST_ROUNDS = 4096, 40


@dataclass(frozen=True)
class Extremum:
    """A least or a greatest value between two bounds, and points whose values are next to it.

    ``towards`` is an exact point next to which the bound is neared, or with ``is_unbounded`` next
    to which there is none: both are proved then. ``is_settled`` says that the bounds are as near as
    was asked for, ``is_attained`` whether some point is proved to have the value, or none; None is
    for what isn't decided.
    """

    low: float
    high: float
    points: tuple[tuple[float, ...], ...]
    is_settled: bool
    is_attained: bool | None = None
    towards: Mapping[str, str] | None = None
    is_unbounded: bool = False

    @property
    def opposite(self) -> Extremum:
        """The extremum of the opposite formula."""
        return replace(self, low=-self.high, high=-self.low)

    @property
    def text(self) -> tuple[str, str] | None:
        """The bounds in decimal, rounded outwards; None where nothing bounds them."""
        if not (isfinite(self.low) and isfinite(self.high)):
            return None
        return outward(interval_ball(self.low, self.high), DIGITS)


@dataclass(frozen=True)
class Range:
    """The range of a quantity over a box, and whether it is defined everywhere, if decided."""

    quantity: str
    minimum: Extremum
    maximum: Extremum
    is_defined: bool | None

    @property
    def size(self) -> tuple[float, float]:
        """Bounds of the greatest absolute value."""
        low = max(-self.minimum.high, self.maximum.low, 0.0)
        return low, max(-self.minimum.low, self.maximum.high)


def range_of(
    quantity: str, formula: Node, region: Region, tolerance: float, effort: Effort
) -> Range:
    """Return the range of a formula over a region."""
    pieces = pieces_of(formula, region) if len(region.names) == 1 else None
    if pieces is None:
        return _of_one_piece(quantity, formula, region, tolerance, effort)
    found = []
    for index, core in enumerate(pieces.cores):
        part = part_of(effort, 1 / (len(pieces.cores) - index))
        found.append(_of_one_piece(quantity, formula, core, tolerance, part))
        effort.boxes, effort.work_left = part.boxes, part.work_left
    alone = [
        Extremum(*gap.value, ((gap.near,),), True, True)
        for gap in pieces.gaps
        if gap.value is not None
    ]
    lowest = [*(part.minimum for part in found), *alone]
    highest = [*(part.maximum for part in found), *alone]
    is_defined = all(part.is_defined for part in found) or None
    return Range(
        quantity,
        _over_pieces(lowest, pieces.stretches, 1, tolerance),
        _over_pieces(highest, pieces.stretches, -1, tolerance),
        is_defined if pieces.is_whole else False,
    )


def part_of(effort: Effort, share: float) -> Effort:
    """Return an effort of a share of the time that is left."""
    return replace(effort, deadline=now() + share * max(0.0, effort.deadline - now()))


def _over_pieces(
    extrema: Sequence[Extremum], stretches: Sequence[Stretch], sense: int, tolerance: float
) -> Extremum:
    """Return the least value of pieces, or the greatest where the sense is −1.

    A stretch has values beyond its junction's only where it falls towards its end.
    """
    turned = [extremum if sense > 0 else extremum.opposite for extremum in extrema]
    falling = [each for each in stretches if each.leaving * sense > 0]
    limits = [each.limit if sense > 0 else (-each.limit[1], -each.limit[0]) for each in falling]
    high = min([each.high for each in turned] + [end for _, end in limits])
    low = min([each.low for each in turned] + [end for end, _ in limits])
    best = [part for part in turned if part.low <= high]
    near = [stretch for stretch, ends in zip(falling, limits, strict=True) if ends[0] <= high]
    least_limit = min((end for end, _ in limits), default=inf)
    attained: bool | None = None
    if all(each.low > high for each in turned):
        attained = False
    elif any(each.is_attained and each.high <= least_limit for each in turned):
        attained = all(each.is_attained or each.low > high for each in turned) or None
    is_settled = high - low <= 2 * tolerance * max(abs(low), tolerance)
    told = tuple(point for part in best for point in part.points)[:MOST_POINTS]
    poles = [part.towards for part in turned if part.is_unbounded]
    poles += [stretch.towards for stretch in near if high == -inf]
    neared = [stretch.towards for stretch in near if attained is False]
    towards = next(iter([*poles, *neared]), None)
    points = () if towards else told
    whole = Extremum(low, high, points, is_settled, attained, towards, bool(poles))
    return whole if sense > 0 else whole.opposite


def _of_one_piece(
    quantity: str, formula: Node, region: Region, tolerance: float, effort: Effort
) -> Range:
    whole = without_gaps(formula, region)
    half = replace(part_of(effort, 0.5), boxes=0)
    below = least(Lower(whole, region), tolerance, half)
    effort.boxes, effort.work_left = effort.boxes + half.boxes, half.work_left
    above = least(Lower(node("neg", whole), region), tolerance, effort)
    has_gaps = whole is not formula
    return Range(
        quantity,
        _extremum(formula, region, below, sense=1, has_gaps=has_gaps),
        _extremum(formula, region, above, sense=-1, has_gaps=has_gaps),
        True if below.is_defined and above.is_defined and not has_gaps else None,
    )


def without_gaps(formula: Node, region: Region) -> Node:
    """Return a formula with sin(u)/u as sinc(u), which has the limit where u is 0 in the region.

    Its infimum and supremum are the same where u isn't constant.
    """
    start = region.start()
    gaps: dict[Node, Node] = {}
    for term in postorder([formula]):
        if term.op == "div" and term.args[0] == node("sin", term.args[1]):
            value = Bounds([term.args[1]], region.names).jet(start.lo, start.hi).value
            if value.lo[0] <= 0 <= value.hi[0]:
                gaps[term] = node("sinc", term.args[1])
    return substituted(formula, gaps) if gaps else formula


def _extremum(
    formula: Node, region: Region, found: Minimum, *, sense: int, has_gaps: bool
) -> Extremum:
    low, high = (found.low, found.high) if sense > 0 else (-found.high, -found.low)
    pole = _pole(formula, region, found, sense) if found.low == -inf else None
    points = () if pole or found.high == inf else found.points[:MOST_POINTS]
    places = Bounds([formula], region.names).jet(*found.places) if has_gaps else None
    is_whole = places is None or bool((places.domain > 0).all())
    attained = (found.is_attained and is_whole) or None
    return Extremum(low, high, points, found.is_settled, attained, pole, pole is not None)


def _pole(formula: Node, region: Region, found: Minimum, sense: int) -> Mapping[str, str] | None:
    """Return where the formula is proved to go to −∞, or ∞ where the sense is −1, if it does."""
    lo, hi = (np.clip(end, -1e300, 1e300) for end in found.places)
    order = np.argsort((hi - lo).max(axis=0), kind="stable")[:4]
    for place in order:
        ends = [[float(x) for x in end[:, place]] for end in (0.5 * (lo + hi), lo, hi)]
        for point in simple_points(region, *ends):
            if region.holds(point) and _sinks(formula, region, point, sense):
                return Place(point).exact
    return _endless(formula, region, found, sense)


def _endless(formula: Node, region: Region, found: Minimum, sense: int) -> Mapping[str, str] | None:
    """Return along which variable the formula is proved to go to −∞, or ∞ where the sense is −1."""
    lo, hi = found.places
    middle = region.middles(region.start())[:, 0].tolist()
    fixed = {name: number(x) for name, x in zip(region.names, middle, strict=True)}
    for row, name in enumerate(region.names):
        others = {other: x for other, x in fixed.items() if other != name}
        ends = [end for end in (float(hi[row].max()), float(lo[row].min())) if np.isinf(end)]
        for end in ends if region.holds(fixed) else ():
            limits = Limits(formula, others, name, 1 if end > 0 else -1)
            (side,) = limits.approaches((1,)).sides
            if side.behaviour is Behaviour.INFINITE and side.sense == -sense:
                return {name: f"{end:g}", **Place(others).exact}
    return None


def _sinks(formula: Node, region: Region, point: Point, sense: int) -> bool:
    paths = Paths(formula, point)
    for place, name in enumerate(region.names):
        first, last = region.ranges[name]
        for side in (-1, 1):
            at_end = point[name] is (first if side < 0 else last)
            low, high = region.low.hi[place, 0], region.high.lo[place, 0]
            if at_end or point[name] == (low if side < 0 else high):
                continue
            field = Field(*LEVEL, signs={})
            germ = paths.germ(field, {name: Fraction(1)}, side)
            if isinstance(germ, bool | Trouble):
                continue
            try:
                with working_in(field):
                    if is_infinite(germ) and sign(germ) == -sense:
                        return True
            except Trouble:
                continue
    return False


def slope_range(
    formula: Node, name: str, region: Region, tolerance: float, effort: Effort
) -> Range:
    """Return the range of a generalized partial derivative: at a kink it is an interval."""
    bounds, row = Bounds([formula], region.names), region.names.index(name)
    lower = Lower(formula, region)
    found = [_slopes(bounds, lower, row, sense, tolerance, effort) for sense in (1, -1)]
    (low, high, defined), (low_above, high_above, also) = found
    # The generalized gradients of a Lipschitz function on a bounded region are a compact set.
    is_compact = region.is_bounded and isfinite(low) and isfinite(low_above)
    attained = (is_compact and defined and also) or None
    is_near = high - low <= 2 * tolerance * max(abs(low), tolerance)
    minimum = Extremum(low, high, (), is_near, attained)
    is_near = high_above - low_above <= 2 * tolerance * max(abs(low_above), tolerance)
    maximum = Extremum(-high_above, -low_above, (), is_near, attained)
    return Range(name, minimum, maximum, True if defined and also else None)


def _slopes(
    bounds: Bounds, lower: Lower, row: int, sense: int, tolerance: float, effort: Effort
) -> tuple[float, float, bool]:
    """Return bounds of the least slope, and whether the formula is defined; by bisection."""
    region = lower.region
    box = first_boxes(region.start())
    best, closed, defined = inf, inf, True
    for _ in range(MOST_ROUNDS):
        effort.boxes += box.lo.shape[1]
        effort.work_left -= box.lo.shape[1] * len(bounds.nodes) * (1 + len(region.names))
        slopes, sure = _signed(bounds, box, row, sense)
        middles = region.middles(box)
        here, usable = _signed(bounds, Interval(middles, middles), row, sense)
        usable &= region.contains(middles)
        best = min(best, float(np.where(usable, here.hi, inf).min()))
        least_of = np.where(sure, slopes.lo, -inf)
        goal = best - tolerance * max(abs(best), tolerance)
        kept = least_of < goal
        closed = min(closed, float(least_of[~kept].min(initial=inf)))
        if not kept.any():
            return closed, max(best, closed), defined
        box = Interval(box.lo[:, kept], box.hi[:, kept])
        left = float(least_of[kept].min())
        defined = bool(sure[kept].all())
        if effort.is_over or box.lo.shape[1] > MOST_BOXES:
            break
        box, _ = halved(box, np.ones(box.lo.shape[1]), region)
    return min(closed, left), max(best, left), defined


def _signed(bounds: Bounds, box: Interval, row: int, sense: int) -> tuple[Interval, Mask]:
    jet = bounds.jet(box.lo, box.hi, 1)
    count = box.lo.shape[1]
    if jet.gradient is None:
        return Interval(np.zeros(count), np.zeros(count)), jet.domain > 0
    low = np.broadcast_to(jet.gradient.lo[row], (count,))
    high = np.broadcast_to(jet.gradient.hi[row], (count,))
    return (Interval(low, high) if sense > 0 else Interval(-high, -low)), jet.domain > 0


def named(points: Sequence[Sequence[float]], names: Sequence[str]) -> list[dict[str, float]]:
    """Return points by the names of their coordinates."""
    return [dict(zip(names, point, strict=True)) for point in points]
