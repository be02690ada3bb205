"""Exact points that refute growth, convexity, a Lipschitz constant or that no value is taken twice.

Two that a function falls between, three of a chord below the graph, two too far apart, three of
which the middle one isn't between.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np

from diffcli.engines.boxes.arithmetic import Array
from diffcli.engines.boxes.bounds import Bounds
from diffcli.engines.boxes.jets import Pairs
from diffcli.language.expression import Node, node, number
from diffcli.studies.prove.exactness import truth_at
from diffcli.studies.prove.question import Proof, Verdict
from diffcli.studies.prove.subject import (
    STEPS,
    Coordinates,
    Subject,
    lowest,
    sizes,
    spread,
    steps_along,
)


def out_of_order(subject: Subject, point: Coordinates, row: int) -> Proof | None:
    """Return two points next to one, apart in a variable, between which the formula falls."""
    for step in steps_along(subject.region, row):
        first, last = list(point), list(point)
        first[row], last[row] = point[row] - step, point[row] + step
        pairs = ((first, point), (point, last), (first, last))
        for a, b in pairs:
            falls = node("lt", subject.at(b), subject.at(a))
            if subject.holds(a, b) and truth_at(falls, {}) is True:
                return Proof(Verdict.REFUTED, subject.shown(a, b), "it changes the other way")
    return None


def below_a_chord(subject: Subject, point: Coordinates) -> Proof | None:
    """Return the refutation of convexity by a chord about a point, if there is one."""
    count = len(subject.region.names)
    pairs = Pairs(count, 2)
    rows = len(pairs.places[0])
    column = np.array([[float(x)] for x in point])
    with np.errstate(all="ignore"):
        jet = Bounds([subject.formula], subject.region.names).jet(column, column, 2)
    _, vectors = lowest(spread(jet.hessian, rows, jet), pairs)
    for direction in (vectors[0], *np.eye(count)):
        if proof := _chord(subject, point, direction):
            return proof
    return None


def _chord(subject: Subject, point: Coordinates, direction: Array) -> Proof | None:
    """Return the refutation by a chord that lies below the graph at its middle."""
    spans = [list(steps_along(subject.region, row)) for row, _ in enumerate(point)]
    for steps in zip(*spans, strict=True):
        move = [_rounded(float(d)) * step for d, step in zip(direction, steps, strict=True)]
        first = [x - h for x, h in zip(point, move, strict=True)]
        last = [x + h for x, h in zip(point, move, strict=True)]
        if first == last or not subject.holds(first, last):
            continue
        ends = node("add", subject.at(first), subject.at(last))
        below = node("lt", ends, node("mul", number(2), subject.at(point)))
        if truth_at(below, {}) is True:
            shown = subject.shown(point, first, last)
            return Proof(Verdict.REFUTED, shown, "the chord lies on the other side of the graph")
    return None


def too_far_apart(subject: Subject, point: Coordinates, bound: Node) -> Proof | None:
    """Return two points whose values lie further apart than a Lipschitz constant allows."""
    count = len(subject.region.names)
    column = np.array([[float(x)] for x in point])
    with np.errstate(all="ignore"):
        jet = Bounds([subject.formula], subject.region.names).jet(column, column, 1)
    slope = spread(jet.gradient, count, jet)
    direction = np.nan_to_num(0.5 * (slope.lo + slope.hi)[:, 0], posinf=1.0, neginf=-1.0)
    size = float(np.abs(direction).max()) or 1.0
    for towards, step in product((direction / size, *np.eye(count)), STEPS):
        if subject.effort.is_over:
            return None
        move = [
            _rounded(float(d)) * step * s
            for d, s in zip(towards, sizes(subject.region), strict=True)
        ]
        for sense in (1, -1):
            other = [x + sense * h for x, h in zip(point, move, strict=True)]
            if other == list(point) or not subject.holds(point, other):
                continue
            far = sum((sense * h) ** 2 for h in move)
            rise = node(
                "pow", node("add", subject.at(other), node("neg", subject.at(point))), number(2)
            )
            allowed = node("mul", node("pow", bound, number(2)), number(far))
            if truth_at(node("gt", rise, allowed), {}) is True:
                shown = subject.shown(point, other)
                return Proof(Verdict.REFUTED, shown, "the values lie too far apart")
    return None


def _rounded(x: float) -> Fraction:
    return Fraction(f"{x:.3g}")


def turning(subject: Subject, point: Coordinates) -> Proof | None:
    """Return three points of a continuous function, of which the middle one isn't between."""
    (x,) = point
    if proof := _level(subject, x):
        return proof
    if not _is_continuous(subject):
        return None
    for step in steps_along(subject.region, 0):
        values = [[x - step], [x], [x + step]]
        if not subject.holds(*values):
            continue
        a, b, c = (subject.at(value) for value in values)
        peak = node("and", node("gt", b, a), node("gt", b, c))
        dip = node("and", node("lt", b, a), node("lt", b, c))
        if truth_at(node("or", peak, dip), {}) is True:
            return Proof(
                Verdict.REFUTED, subject.shown(*values), "it turns, so it takes values twice"
            )
    (low, high) = (subject.region.low.hi[0, 0], subject.region.high.lo[0, 0])
    ends = (
        [[Fraction(float(low))], [x], [Fraction(float(high))]]
        if np.isfinite([low, high]).all()
        else []
    )
    if ends and subject.holds(*ends):
        a, b, c = (subject.at(value) for value in ends)
        peak = node("and", node("gt", b, a), node("gt", b, c))
        dip = node("and", node("lt", b, a), node("lt", b, c))
        if truth_at(node("or", peak, dip), {}) is True:
            return Proof(
                Verdict.REFUTED, subject.shown(*ends), "it turns, so it takes values twice"
            )
    return None


def _level(subject: Subject, x: Fraction) -> Proof | None:
    """Return two points next to each other at which the formula has one value."""
    for step in steps_along(subject.region, 0):
        equal = node("eq", subject.at([x]), subject.at([x + step]))
        if subject.holds([x], [x + step]) and truth_at(equal, {}) is True:
            return Proof(
                Verdict.REFUTED, subject.shown([x], [x + step]), "it takes one value twice"
            )
    return None


def _is_continuous(subject: Subject) -> bool:
    """Whether the formula is proved to be continuous: defined, and of nothing that jumps."""
    return subject.has_closed_slopes and subject.is_defined
