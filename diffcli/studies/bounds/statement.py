"""What the ranges of a function and its partials say: growth, convexity, Lipschitz constants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import hypot, inf, isfinite, sqrt
from time import perf_counter

from diffcli.clock import now, until
from diffcli.engines.balls.decimals import outward
from diffcli.engines.boxes.arb import interval_ball
from diffcli.engines.boxes.bounds import without_roots
from diffcli.engines.boxes.region import Region
from diffcli.engines.boxes.search import Effort
from diffcli.language.expression import Node, node, number, postorder
from diffcli.language.function import Function
from diffcli.language.functions import TABLE
from diffcli.studies.bounds.ranges import Extremum, Range, range_of, slope_range, without_gaps
from diffcli.studies.prove.answers import check_formula
from diffcli.studies.prove.cases import branches
from diffcli.studies.prove.claims import Claim, Kind
from diffcli.studies.prove.domain import obligations
from diffcli.studies.prove.growth import decide_growth
from diffcli.studies.prove.question import Verdict
from diffcli.studies.prove.touching import derivative

WORK = 1e9
"""Nodes times boxes that all bounds together may take, whatever the time."""
DIGITS = 20
NORMS = ("1", "2", "inf")


@dataclass(frozen=True)
class Statement:
    """What is proved of a function over a box.

    ``lipschitz`` has for each norm of the argument bounds of the least constant, None where there
    is none or it isn't known. ``boxes`` is how many were looked at.
    """

    function: Function
    ranges: Mapping[str, tuple[Node, Node]]
    value: Range
    partials: Sequence[Range]
    lipschitz: Mapping[str, tuple[str, str] | None]
    monotone: Mapping[str, str]
    convex: str
    boxes: int


def state(
    function: Function,
    ranges: Mapping[str, tuple[Node, Node]],
    tolerance: float,
    budget: float,
    patience: float = inf,
) -> Statement:
    """State what is proved of a function over a box.

    It takes so many seconds of this process, and so many on the wall.
    """
    check_formula(tuple(function.outputs))
    formula, region = without_roots(function.outputs[0]), Region(ranges)
    function = replace(function, outputs=(formula,))
    start, boxes, end = now(), 0, perf_counter() + patience

    def part(share: float) -> Effort:
        return Effort(WORK * share, now() + share * max(0.0, start + budget - now()), end)

    with until(start + budget + 1.0):
        efforts = [part(0.3)]
        value = range_of(function.called, formula, region, tolerance, efforts[0])
        partials, is_defined = [], value.is_defined is True
        for name in region.names:
            efforts.append(part(0.5 / len(region.names)))
            partials.append(_partial(formula, name, region, tolerance, efforts[-1], is_defined))
        efforts.append(part(0.3))
        lipschitz = _lipschitz(formula, region, partials, tolerance, efforts[-1])
        monotone = {}
        for partial in partials:
            efforts.append(part(0.2))
            monotone[partial.quantity] = _monotone(
                function, partial, region, efforts[-1], is_defined
            )
        efforts.append(part(0.5))
        convex = _convexity(function, region, efforts[-1]) if is_defined else "undecided"
    boxes = sum(effort.boxes for effort in efforts)
    constants = lipschitz if is_defined else dict.fromkeys(NORMS)
    return Statement(function, ranges, value, partials, constants, monotone, convex, boxes)


def is_smooth(formula: Node) -> bool:
    """Whether no function in a formula has kinks or jumps."""
    return not any(
        term.op == "piecewise"
        or (term.op in TABLE and (TABLE[term.op].kinks or TABLE[term.op].jumps))
        for term in postorder([formula])
    )


def _partial(
    formula: Node,
    name: str,
    region: Region,
    tolerance: float,
    effort: Effort,
    is_defined: bool,
) -> Range:
    slope = derivative(formula, name) if is_smooth(formula) else None
    if slope is None:
        return slope_range(formula, name, region, tolerance, effort)
    if not is_defined:
        # 1/x has values where log(x) has none.
        slope = node("add", slope, node("mul", number(0), formula))
    found = range_of(name, slope, region, tolerance, effort)
    whole = without_gaps(formula, region)
    if isfinite(found.size[1]) or whole is formula:
        return found
    filled = slope_range(whole, name, region, tolerance, effort)
    return replace(filled, is_defined=None)


def _lipschitz(
    formula: Node,
    region: Region,
    partials: Sequence[Range],
    tolerance: float,
    effort: Effort,
) -> dict[str, tuple[str, str] | None]:
    """Return the least constants: the greatest dual norm of the gradient."""
    sizes = [partial.size for partial in partials]
    if not all(partial.is_defined and isfinite(partial.size[1]) for partial in partials):
        return dict.fromkeys(NORMS)
    largest = max(low for low, _ in sizes), max(high for _, high in sizes)
    found: dict[str, tuple[float, float]] = {"1": largest, "2": largest, "inf": largest}
    if len(partials) > 1:
        # Rough bounds first: the sums of the greatest values, with what their rounding may lose.
        slack = 1 + 1e-15 * len(sizes)
        found["2"] = (
            largest[0],
            hypot(*(high for _, high in sizes)) * slack,
        )
        found["inf"] = largest[0], sum(high for _, high in sizes) * slack
        slopes = [derivative(formula, name) for name in region.names]
        known = [slope for slope in slopes if slope is not None]
        if not is_smooth(formula):
            steepest = _steepest_branch(formula, region, tolerance, effort)
            found["2"] = largest[0], min(found["2"][1], steepest)
        elif len(known) == len(slopes):
            total = _squared_slope(known, region, tolerance, effort)
            found["2"] = _root_down(max(total.low, 0.0)), _root_up(total.high)
            sums = node("add", *(node("abs", slope) for slope in known))
            total = range_of("inf", sums, region, tolerance, effort).maximum
            found["inf"] = total.low, min(total.high, found["inf"][1])
    return {
        norm: outward(interval_ball(*ends), DIGITS) if isfinite(ends[1]) else None
        for norm, ends in found.items()
    }


def _squared_slope(
    slopes: Sequence[Node], region: Region, tolerance: float, effort: Effort
) -> Extremum:
    """Return the greatest square of the gradient's norm."""
    squares = node("add", *(node("pow", slope, number(2)) for slope in slopes))
    return range_of("2", squares, region, tolerance, effort).maximum


def _steepest_branch(formula: Node, region: Region, tolerance: float, effort: Effort) -> float:
    """Return a bound of the gradients of all branches of a formula with kinks, or infinity.

    Across a kink the gradient lies between those of the branches there.
    """
    most = 0.0
    for side in branches(formula):
        slopes = [derivative(side, name) for name in region.names]
        known = [slope for slope in slopes if slope is not None]
        if len(known) < len(slopes) or not is_smooth(side) or obligations(side) != []:
            return inf
        most = max(most, _squared_slope(known, region, tolerance, effort).high)
    return _root_up(most)


def _root_down(x: float) -> float:
    return sqrt(x) * (1 - 1e-15)


def _root_up(x: float) -> float:
    return sqrt(x) * (1 + 1e-15)


def _claim(function: Function, kind: Kind, variable: str | None = None) -> Claim:
    return Claim(
        function.text,
        function.outputs,
        function.variables,
        kind=kind,
        variable=variable,
    )


def _monotone(
    function: Function, slope: Range, region: Region, effort: Effort, is_defined: bool
) -> str:
    if not is_defined:
        return "undecided"
    if slope.is_defined and slope.minimum.low >= 0:
        return "increasing"
    if slope.is_defined and slope.maximum.high <= 0:
        return "decreasing"
    if slope.minimum.high < 0 < slope.maximum.low:
        return "neither"
    refuted = 0
    for kind in (Kind.INCREASING, Kind.DECREASING):
        proof = decide_growth(_claim(function, kind, slope.quantity), region, effort)
        if proof.verdict is Verdict.PROVED:
            return str(kind.value)
        refuted += proof.verdict is Verdict.REFUTED
    return "neither" if refuted == 2 else "undecided"


def _convexity(function: Function, region: Region, effort: Effort) -> str:
    refuted = 0
    for kind in (Kind.CONVEX, Kind.CONCAVE):
        deadline = now() + 0.5 * max(0.0, effort.deadline - now())
        part = Effort(effort.work_left / 2, deadline, effort.end)
        proof = decide_growth(_claim(function, kind), region, part)
        effort.boxes += part.boxes
        if proof.verdict is Verdict.PROVED:
            return str(kind.value)
        refuted += proof.verdict is Verdict.REFUTED
    return "neither" if refuted == 2 else "undecided"
