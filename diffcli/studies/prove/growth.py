"""Claims about growth, convexity, Lipschitz bounds: by intervals of the derivatives over a box.

``increasing`` and ``decreasing`` are meant in the wide sense, and let a function be level.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import cast

import numpy as np

from diffcli.clock import now
from diffcli.engines.boxes.arithmetic import Interval, Mask, add, power
from diffcli.engines.boxes.bounds import Bounds
from diffcli.engines.boxes.definite import semidefinite
from diffcli.engines.boxes.jets import Jet, Pairs
from diffcli.engines.boxes.lower import Lower
from diffcli.engines.boxes.region import Region
from diffcli.engines.boxes.search import Effort, first_boxes, halved
from diffcli.errors import FormulaError
from diffcli.language.expression import Node, node, number
from diffcli.studies.prove.cases import branches
from diffcli.studies.prove.claims import Claim, Kind
from diffcli.studies.prove.comparison import decide, not_negative
from diffcli.studies.prove.curvature import shape_of
from diffcli.studies.prove.domain import obligations
from diffcli.studies.prove.exactness import truth_at
from diffcli.studies.prove.question import PROVED, Proof, Question, Verdict
from diffcli.studies.prove.refutations import below_a_chord, out_of_order, too_far_apart, turning
from diffcli.studies.prove.subject import Coordinates, Subject, lowest, shortest, spread
from diffcli.studies.prove.touching import derivative

FIRST_PART = 0.4
"""Of the time, for the derivatives box by box; the rest is for formulas of the derivatives."""
MOST_ROUNDS = 40
MOST_BOXES = 30_000
MOST_TRIES = 24


def decide_growth(claim: Claim, region: Region, effort: Effort) -> Proof:
    """Decide a claim about growth, convexity or a Lipschitz bound over a region."""
    formula = claim.outputs[0]
    # A square is never negative, so that this asks for nothing but a value.
    square = node("ge", node("pow", formula, number(2)), number(0))
    part = Effort(effort.work_left / 4, now() + FIRST_PART * (effort.deadline - now()), effort.end)
    where = decide(square, region, part)
    effort.boxes += part.boxes
    if where.verdict is Verdict.UNDEFINED:
        return Proof(Verdict.UNDEFINED, where.counterexample, "the formula has no value there")
    is_defined = where.verdict is Verdict.PROVED
    return _RULES[claim.kind](Subject(formula, claim, region, effort, is_defined))


Test = Callable[[Jet], Mask]
Refute = Callable[[Subject, Coordinates], Proof | None]
"""Returns a refutation next to a point, if there is one."""


def _over_boxes(subject: Subject, order: int, good: Test, bad: Test, refute: Refute) -> Proof:
    """Prove a property of the derivatives box by box, or refute it at points.

    ``good`` says on which boxes it is proved, ``bad`` at which points it may be refuted.
    """
    whole = subject.effort
    effort = replace(whole, deadline=now() + FIRST_PART * (whole.deadline - now()))
    found = _box_by_box(subject, effort, order, good, bad, refute)
    whole.boxes, whole.work_left = effort.boxes, effort.work_left
    return found


def _box_by_box(
    subject: Subject, effort: Effort, order: int, good: Test, bad: Test, refute: Refute
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
            if tries > MOST_TRIES or subject.effort.is_over:
                break
            if proof := _refuted(subject, refute, box, at):
                return proof
        effort.closed[f"derivatives of order {order}"] += int(proved.sum())
        box, share = Interval(box.lo[:, ~proved], box.hi[:, ~proved]), share[~proved]
        if not share.size:
            return PROVED
        if effort.is_over or share.size > MOST_BOXES:
            break
        box, share = halved(box, share, lower.region)
    for at in range(0, share.size, max(1, share.size // MOST_TRIES)):
        if subject.effort.is_over:
            break
        if proof := _refuted(subject, refute, box, at):
            return proof
    hull = tuple(zip(box.lo.min(axis=1).tolist(), box.hi.max(axis=1).tolist(), strict=True))
    why = "the time ran out" if effort.is_over else "no test decides what is left"
    return Proof(Verdict.UNDECIDED, None, why, float(min(1.0, share.sum())), (hull,))


def _refuted(subject: Subject, refute: Refute, box: Interval, column: int) -> Proof | None:
    """Return the refutation next to a point of few digits in a box, or next to its middle."""
    ends = box.lo[:, column].tolist(), box.hi[:, column].tolist()
    middle = subject.region.middles(Interval(*(np.array(end)[:, None] for end in ends)))
    exact = [Fraction(float(x)) for x in middle[:, 0]]
    if not np.isfinite(ends).all():
        return refute(subject, exact)
    short = [shortest(low, high) for low, high in zip(*ends, strict=True)]
    return refute(subject, short) or (None if short == exact else refute(subject, exact))


def _increasing(subject: Subject) -> Proof:
    name = subject.claim.variable or subject.region.names[0]
    row, count = subject.region.names.index(name), len(subject.region.names)

    def good(jet: Jet) -> Mask:
        return np.asarray(spread(jet.gradient, count, jet).lo[row] >= 0)

    def bad(jet: Jet) -> Mask:
        return np.asarray(spread(jet.gradient, count, jet).hi[row] < 0)

    refute = partial(out_of_order, row=row)
    if found_far := _far(subject, name, 1, refute):
        return found_far
    found = _over_boxes(subject, 1, good, bad, refute)
    if found.verdict is not Verdict.UNDECIDED or not subject.has_closed_slopes:
        return found
    slope = derivative(subject.formula, name)
    return _by_comparison(subject, slope, found, refute)


def _far(subject: Subject, name: str, order: int, refute: Refute) -> Proof | None:
    """Decide over an endless box by a derivative's sign, which ends there know; None for others."""
    if subject.region.is_bounded or not subject.has_closed_slopes:
        return None
    slope = derivative(subject.formula, name, order)
    found = _by_comparison(subject, slope, Proof(Verdict.UNDECIDED), refute)
    return None if found.verdict is Verdict.UNDECIDED else found


def _by_comparison(subject: Subject, slope: Node | None, otherwise: Proof, refute: Refute) -> Proof:
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


def _decreasing(subject: Subject) -> Proof:
    return _increasing(subject.turned())


def _convex(subject: Subject) -> Proof:
    if shape_of(subject.formula, subject.region).convex:
        subject.effort.closed["composition"] += 1
        subject.effort.boxes += 1
        return PROVED
    count = len(subject.region.names)
    if (
        count == 1
        and subject.is_analytic
        and (found_far := _far(subject, subject.region.names[0], 2, below_a_chord))
    ):
        return found_far
    pairs = Pairs(count, 2)
    rows = len(pairs.places[0])

    def good(jet: Jet) -> Mask:
        return semidefinite(spread(jet.hessian, rows, jet), pairs)

    def bad(jet: Jet) -> Mask:
        least, _ = lowest(spread(jet.hessian, rows, jet), pairs)
        return least < 0

    return _over_boxes(subject, 2, good, bad, below_a_chord)


def _concave(subject: Subject) -> Proof:
    return _convex(subject.turned())


def _lipschitz(subject: Subject) -> Proof:
    bound = cast(Node, subject.claim.constant)
    count = len(subject.region.names)
    limit = Bounds([bound], ()).jet(np.zeros((0, 1)), np.zeros((0, 1))).value
    if limit.hi[0] < 0:
        raise FormulaError("a Lipschitz constant isn't negative", hint="lipschitz(sin(x), 1)")
    most = power(Interval(np.maximum(limit.lo, 0.0), limit.hi), 2)

    def squares(jet: Jet) -> Interval:
        gradient = power(spread(jet.gradient, count, jet), 2)
        total = Interval(gradient.lo[0], gradient.hi[0])
        for row in range(1, count):
            total = add(total, Interval(gradient.lo[row], gradient.hi[row]))
        return total

    def good(jet: Jet) -> Mask:
        return np.asarray((squares(jet).hi <= most.lo[0]) & (limit.lo[0] >= 0))

    def bad(jet: Jet) -> Mask:
        return np.asarray(squares(jet).lo > most.hi[0])

    refute = partial(too_far_apart, bound=bound)
    if limit.lo[0] >= 0 and _is_within_by_branches(subject, bound):
        return PROVED
    found = _over_boxes(subject, 1, good, bad, refute)
    if found.verdict is not Verdict.UNDECIDED or not subject.has_closed_slopes:
        return found
    if limit.lo[0] < 0:
        # The square of a bound that may be negative is no bound of the squared slopes.
        return found
    left = _slack(subject.formula, subject.region, bound)
    return _by_comparison(subject, left, found, refute)


def _slack(formula: Node, region: Region, bound: Node) -> Node | None:
    """Return what is not negative where the gradient's norm is within a bound."""
    slopes = [derivative(formula, name) for name in region.names]
    known = [node("pow", slope, number(2)) for slope in slopes if slope is not None]
    if len(known) < len(slopes):
        return None
    total = node("add", *known) if len(known) > 1 else known[0]
    return node("add", node("pow", bound, number(2)), node("neg", total))


def _is_within_by_branches(subject: Subject, bound: Node) -> bool:
    """Whether a bound holds for all branches of a formula with kinks, and so for the formula.

    Across a kink the gradient lies between those of the branches there.
    """
    sides = branches(subject.formula)
    if len(sides) < 2 or len(subject.region.names) < 2 or not subject.is_defined:
        return False
    for side in sides:
        slack = _slack(side, subject.region, bound) if obligations(side) == [] else None
        if slack is None or not _holds(slack, subject, 1 / (2 * len(sides))):
            return False
    return True


def _holds(slack: Node, subject: Subject, share: float) -> bool:
    """Whether a formula is proved not to be negative in a share of the effort."""
    whole = subject.effort
    ready = now() + share * max(0.0, whole.deadline - now())
    part = Effort(whole.work_left * share, ready, whole.end)
    question = Question(node("ge", slack, number(0)), subject.region, part)
    found = not_negative(slack, question, strict=False)
    whole.boxes += part.boxes
    return found.verdict is Verdict.PROVED and question.undefined is None


def _injective(subject: Subject) -> Proof:
    if len(subject.region.names) > 1:
        reason = "the claim is decided for functions of one variable"
        return Proof(Verdict.UNDECIDED, None, reason, 1.0)
    found = None
    for turned in (subject, subject.turned()):

        def good(jet: Jet) -> Mask:
            return np.asarray(spread(jet.gradient, 1, jet).lo[0] > 0)

        def bad(jet: Jet) -> Mask:
            return np.asarray(spread(jet.gradient, 1, jet).hi[0] < 0)

        found = _over_boxes(turned, 1, good, bad, turning)
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
        if _is_strict(turned):
            return PROVED
    return cast(Proof, found)


def _is_strict(subject: Subject) -> bool:
    """Whether an analytic function, level nowhere for long, is proved to rise in the wide sense."""
    if not (subject.is_analytic and subject.is_defined):
        return False
    low, high = (float(end[0, 0]) for end in (subject.region.low.hi, subject.region.high.lo))
    if not np.isfinite([low, high]).all():
        return False
    ends = (subject.at([Fraction(end)]) for end in (low, high))
    return truth_at(node("ne", *ends), {}) is True and (
        _increasing(subject).verdict is Verdict.PROVED
    )


_RULES: dict[Kind, Callable[[Subject], Proof]] = {
    Kind.INCREASING: _increasing,
    Kind.DECREASING: _decreasing,
    Kind.CONVEX: _convex,
    Kind.CONCAVE: _concave,
    Kind.LIPSCHITZ: _lipschitz,
    Kind.INJECTIVE: _injective,
}
