"""Claims about growth, convexity, Lipschitz bounds: by intervals of the derivatives over a box.

Refutations are exact points: two of them that a function falls between, three of a chord below the
graph. ``increasing`` and ``decreasing`` are meant in the wide sense, and let a function be level.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import cast

import numpy as np

from diffcli.clock import now
from diffcli.engines.boxes.arithmetic import Array, Interval, Mask, add, power
from diffcli.engines.boxes.bounds import Bounds
from diffcli.engines.boxes.definite import semidefinite
from diffcli.engines.boxes.jets import Jet, Pairs
from diffcli.engines.boxes.lower import Lower
from diffcli.engines.boxes.region import Region
from diffcli.engines.boxes.search import Effort, first_boxes, halved
from diffcli.errors import FormulaError
from diffcli.language.expression import Node, node, number, postorder, substituted, variable
from diffcli.language.functions import TABLE
from diffcli.studies.prove.claims import Claim, Kind
from diffcli.studies.prove.comparison import decide, not_negative
from diffcli.studies.prove.curvature import shape_of
from diffcli.studies.prove.exactness import Place, truth_at
from diffcli.studies.prove.question import PROVED, Proof, Question, Verdict
from diffcli.studies.prove.touching import derivative

FIRST_PART = 0.4
"""Of the time, for the derivatives box by box; the rest is for formulas of the derivatives."""
MOST_ROUNDS = 40
MOST_BOXES = 30_000
MOST_TRIES = 24
STEPS = (2.0**-3, 2.0**-6, 2.0**-10, 2.0**-16, 2.0**-24, 2.0**-32, 2.0**-40)
"""Distances, as parts of the region, at which points are compared."""

Coordinates = Sequence[Fraction]


def decide_growth(claim: Claim, region: Region, effort: Effort) -> Proof:
    """Decide a claim about growth, convexity or a Lipschitz bound over a region."""
    formula = claim.outputs[0]
    # A square is never negative, so that this asks for nothing but a value.
    square = node("ge", node("pow", formula, number(2)), number(0))
    part = Effort(effort.work_left / 4, now() + FIRST_PART * (effort.deadline - now()))
    where = decide(square, region, part)
    effort.boxes += part.boxes
    if where.verdict is Verdict.UNDEFINED:
        return Proof(Verdict.UNDEFINED, where.counterexample, "the formula has no value there")
    is_defined = where.verdict is Verdict.PROVED
    return _RULES[claim.kind](_Subject(formula, claim, region, effort, is_defined))


@dataclass(frozen=True)
class _Subject:
    """What a claim is about, and the effort that may be spent."""

    formula: Node
    claim: Claim
    region: Region
    effort: Effort
    is_defined: bool
    """Whether the formula is proved to have a value everywhere."""

    def turned(self) -> _Subject:
        """Return the claim's opposite formula."""
        return replace(self, formula=node("neg", self.formula))

    @property
    def has_closed_slopes(self) -> bool:
        """Whether formulas of derivatives hold wherever they have a value, and f has one."""
        return not any(
            each.op == "piecewise" or (each.op in TABLE and TABLE[each.op].jumps)
            for each in postorder([self.formula])
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


Test = Callable[[Jet], Mask]
Refute = Callable[[_Subject, Coordinates], Proof | None]


def _over_boxes(subject: _Subject, order: int, good: Test, bad: Test, refute: Refute) -> Proof:
    """Prove a property of the derivatives box by box, or refute it at points.

    ``good`` says on which boxes it is proved, ``bad`` at which points it may be refuted.
    """
    whole = subject.effort
    effort = replace(whole, deadline=now() + FIRST_PART * (whole.deadline - now()))
    found = _box_by_box(subject, effort, order, good, bad, refute)
    whole.boxes, whole.work_left = effort.boxes, effort.work_left
    return found


def _box_by_box(
    subject: _Subject, effort: Effort, order: int, good: Test, bad: Test, refute: Refute
) -> Proof:
    region = subject.region
    bounds = Bounds([subject.formula], region.names)
    lower = Lower(subject.formula, region)
    box = first_boxes(region.start())
    share = np.full(box.lo.shape[1], 1.0 / box.lo.shape[1])
    tries = 0
    for _ in range(MOST_ROUNDS):
        count, pairs = share.size, len(region.names)
        effort.boxes += count
        effort.work_left -= count * len(bounds.nodes) * (1 + pairs**order)
        with np.errstate(all="ignore"):
            jet = bounds.jet(box.lo, box.hi, order)
            proved = good(jet) & (jet.domain > 0)
            middles = region.middles(box)
            here = bounds.jet(middles, middles, order)
            doubtful = np.flatnonzero(bad(here) & (here.domain > 0) & ~proved)
        for at in doubtful[:4]:
            tries += 1
            if tries > MOST_TRIES:
                break
            if proof := refute(subject, [Fraction(float(x)) for x in middles[:, at]]):
                return proof
        effort.closed[f"derivatives of order {order}"] += int(proved.sum())
        box, share = Interval(box.lo[:, ~proved], box.hi[:, ~proved]), share[~proved]
        if not share.size:
            return PROVED
        if effort.is_over or share.size > MOST_BOXES:
            break
        box, share = halved(box, share, lower.region)
    middles = region.middles(box)
    for at in range(0, share.size, max(1, share.size // MOST_TRIES)):
        if proof := refute(subject, [Fraction(float(x)) for x in middles[:, at]]):
            return proof
    hull = tuple(zip(box.lo.min(axis=1).tolist(), box.hi.max(axis=1).tolist(), strict=True))
    why = "the time ran out" if effort.is_over else "no test decides what is left"
    return Proof(Verdict.UNDECIDED, None, why, float(min(1.0, share.sum())), (hull,))


def _spread(found: Interval | None, rows: int, like: Jet) -> Interval:
    """Return derivatives as arrays, zeros where there are none."""
    shape = (rows, like.domain.size)
    if found is None:
        return Interval(np.zeros(shape), np.zeros(shape))
    return Interval(np.broadcast_to(found.lo, shape), np.broadcast_to(found.hi, shape))


def _increasing(subject: _Subject) -> Proof:
    name = subject.claim.variable or subject.region.names[0]
    row, count = subject.region.names.index(name), len(subject.region.names)

    def good(jet: Jet) -> Mask:
        return np.asarray(_spread(jet.gradient, count, jet).lo[row] >= 0)

    def bad(jet: Jet) -> Mask:
        return np.asarray(_spread(jet.gradient, count, jet).hi[row] < 0)

    def refute(subject: _Subject, point: Coordinates) -> Proof | None:
        for step in _steps(subject.region, row):
            first, last = list(point), list(point)
            first[row], last[row] = point[row] - step, point[row] + step
            pairs = ((first, point), (point, last), (first, last))
            for a, b in pairs:
                falls = node("lt", subject.at(b), subject.at(a))
                if subject.holds(a, b) and truth_at(falls, {}) is True:
                    return Proof(Verdict.REFUTED, subject.shown(a, b), "it changes the other way")
        return None

    found = _over_boxes(subject, 1, good, bad, refute)
    if found.verdict is not Verdict.UNDECIDED or not subject.has_closed_slopes:
        return found
    slope = derivative(subject.formula, name)
    return _by_comparison(subject, slope, found, refute)


def _by_comparison(
    subject: _Subject, slope: Node | None, otherwise: Proof, refute: Refute
) -> Proof:
    """Decide by the claim that a formula isn't negative, which knows points of equality."""
    if slope is None:
        return otherwise
    claim = node("ge", slope, number(0))
    question = Question(claim, subject.region, subject.effort)
    found = not_negative(slope, question, strict=False)
    if found.verdict is Verdict.REFUTED and found.counterexample is not None:
        floats = found.counterexample.floats
        at = [Fraction(floats[name]) for name in subject.region.names]
        return refute(subject, at) or otherwise
    return PROVED if subject.is_defined and found.verdict is Verdict.PROVED else otherwise


def _steps(region: Region, row: int) -> Iterator[Fraction]:
    span = float(region.high.lo[row, 0] - region.low.hi[row, 0])
    span = span if np.isfinite(span) else 4.0
    return (Fraction(span * step) for step in STEPS)


def _decreasing(subject: _Subject) -> Proof:
    return _increasing(subject.turned())


def _convex(subject: _Subject) -> Proof:
    if shape_of(subject.formula, subject.region).convex:
        subject.effort.closed["composition"] += 1
        subject.effort.boxes += 1
        return PROVED
    count = len(subject.region.names)
    pairs = Pairs(count, 2)
    rows = len(pairs.places[0])

    def good(jet: Jet) -> Mask:
        return semidefinite(_spread(jet.hessian, rows, jet), pairs)

    def bad(jet: Jet) -> Mask:
        least, _ = _lowest(_spread(jet.hessian, rows, jet), pairs)
        return least < 0

    def refute(subject: _Subject, point: Coordinates) -> Proof | None:
        column = np.array([[float(x)] for x in point])
        with np.errstate(all="ignore"):
            jet = Bounds([subject.formula], subject.region.names).jet(column, column, 2)
        _, vectors = _lowest(_spread(jet.hessian, rows, jet), pairs)
        for direction in (vectors[0], *np.eye(count)):
            if proof := _chord(subject, point, direction):
                return proof
        return None

    return _over_boxes(subject, 2, good, bad, refute)


def _lowest(hessian: Interval, pairs: Pairs) -> tuple[Array, Array]:
    """Return the least eigenvalues of the middles, and their directions."""
    size, columns = pairs.count, hessian.lo.shape[1]
    matrices = np.zeros((columns, size, size))
    middle = np.nan_to_num(0.5 * (hessian.lo + hessian.hi), posinf=1e300, neginf=-1e300)
    first, second = pairs.places
    for row, (i, j) in enumerate(zip(first, second, strict=True)):
        matrices[:, i, j] = matrices[:, j, i] = middle[row]
    values, vectors = np.linalg.eigh(matrices)
    return values[:, 0], vectors[:, :, 0]


def _chord(subject: _Subject, point: Coordinates, direction: Array) -> Proof | None:
    """Return the refutation by a chord that lies below the graph at its middle."""
    spans = subject.region.high.lo[:, 0] - subject.region.low.hi[:, 0]
    spans = np.where(np.isfinite(spans), spans, 4.0)
    for step in STEPS:
        move = [
            Fraction(float(round(d, 3))) * Fraction(float(step * s))
            for d, s in zip(direction, spans, strict=True)
        ]
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


def _concave(subject: _Subject) -> Proof:
    return _convex(subject.turned())


def _lipschitz(subject: _Subject) -> Proof:
    bound = cast(Node, subject.claim.constant)
    count = len(subject.region.names)
    limit = Bounds([bound], ()).jet(np.zeros((0, 1)), np.zeros((0, 1))).value
    if limit.hi[0] < 0:
        raise FormulaError("a Lipschitz constant isn't negative", hint="lipschitz(sin(x), 1)")
    most = power(Interval(np.maximum(limit.lo, 0.0), limit.hi), 2)

    def squares(jet: Jet) -> Interval:
        gradient = power(_spread(jet.gradient, count, jet), 2)
        total = Interval(gradient.lo[0], gradient.hi[0])
        for row in range(1, count):
            total = add(total, Interval(gradient.lo[row], gradient.hi[row]))
        return total

    def good(jet: Jet) -> Mask:
        return np.asarray((squares(jet).hi <= most.lo[0]) & (limit.lo[0] >= 0))

    def bad(jet: Jet) -> Mask:
        return np.asarray(squares(jet).lo > most.hi[0])

    def refute(subject: _Subject, point: Coordinates) -> Proof | None:
        column = np.array([[float(x)] for x in point])
        with np.errstate(all="ignore"):
            jet = Bounds([subject.formula], subject.region.names).jet(column, column, 1)
        slope = _spread(jet.gradient, count, jet)
        direction = np.nan_to_num(0.5 * (slope.lo + slope.hi)[:, 0], posinf=1.0, neginf=-1.0)
        size = float(np.abs(direction).max()) or 1.0
        for step in STEPS:
            move = [
                Fraction(float(d / size)) * Fraction(step) * s
                for d, s in zip(direction, _sizes(subject.region), strict=True)
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

    found = _over_boxes(subject, 1, good, bad, refute)
    if found.verdict is not Verdict.UNDECIDED or not subject.has_closed_slopes:
        return found
    if limit.lo[0] < 0:
        # The square of a bound that may be negative is no bound of the squared slopes.
        return found
    slopes = [derivative(subject.formula, name) for name in subject.region.names]
    if any(slope is None for slope in slopes):
        return found
    known = [node("pow", slope, number(2)) for slope in slopes if slope is not None]
    total = node("add", *known) if len(known) > 1 else known[0]
    left = node("add", node("pow", bound, number(2)), node("neg", total))
    return _by_comparison(subject, left, found, refute)


def _sizes(region: Region) -> list[Fraction]:
    spans = region.high.lo[:, 0] - region.low.hi[:, 0]
    least = float(np.where(np.isfinite(spans), spans, 4.0).min())
    return [Fraction(least)] * len(spans)


def _injective(subject: _Subject) -> Proof:
    if len(subject.region.names) > 1:
        reason = "the claim is decided for functions of one variable"
        return Proof(Verdict.UNDECIDED, None, reason, 1.0)
    found = None
    for turned in (subject, subject.turned()):

        def good(jet: Jet) -> Mask:
            return np.asarray(_spread(jet.gradient, 1, jet).lo[0] > 0)

        def bad(jet: Jet) -> Mask:
            return np.asarray(_spread(jet.gradient, 1, jet).hi[0] < 0)

        found = _over_boxes(turned, 1, good, bad, _turn)
        if found.verdict is not Verdict.UNDECIDED:
            return found
        if turned.has_closed_slopes:
            slope = derivative(turned.formula, turned.region.names[0])
            if slope is not None:
                strict = node("gt", slope, number(0))
                question = Question(strict, turned.region, turned.effort)
                proof = not_negative(slope, question, strict=True)
                if proof.verdict is Verdict.PROVED and turned.is_defined:
                    return proof
    return cast(Proof, found)


def _turn(subject: _Subject, point: Coordinates) -> Proof | None:
    """Return three points of a continuous function, of which the middle one isn't between."""
    if not _is_continuous(subject):
        return None
    (x,) = point
    for step in _steps(subject.region, 0):
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


def _is_continuous(subject: _Subject) -> bool:
    """Whether the formula is proved to be continuous: defined, and of nothing that jumps."""
    return subject.has_closed_slopes and subject.is_defined


_RULES: dict[Kind, Callable[[_Subject], Proof]] = {
    Kind.INCREASING: _increasing,
    Kind.DECREASING: _decreasing,
    Kind.CONVEX: _convex,
    Kind.CONCAVE: _concave,
    Kind.LIPSCHITZ: _lipschitz,
    Kind.INJECTIVE: _injective,
}
