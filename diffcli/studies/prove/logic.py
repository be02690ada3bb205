"""Claims of several comparisons joined by ``or``: decided box by box."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np

from diffcli.engines.boxes.arithmetic import Interval, add, mul, sub
from diffcli.engines.boxes.bounds import COMPARISONS, Bounds
from diffcli.engines.boxes.jets import Jet
from diffcli.engines.boxes.lower import Lower
from diffcli.engines.boxes.rules import Domain
from diffcli.engines.boxes.search import first_boxes, halved
from diffcli.language.expression import CONSTANT, Node, node, postorder
from diffcli.studies.prove.exactness import simple_points
from diffcli.studies.prove.patterns import SignTable
from diffcli.studies.prove.question import PROVED, Proof, Question, Verdict

BATCH = 1024
MOST_ROUNDS = 60
MOST_TRIES = 4


def decide_tree(claim: Node, question: Question) -> Proof:
    """Decide a claim in which comparisons are joined by ``or`` and ``and``."""
    leaves = [part for part in postorder([claim]) if part.op in COMPARISONS]
    if not all(part.op in COMPARISONS or part.op in ("and", "or") for part in _inner(claim)):
        return Proof(Verdict.UNDECIDED, reason="a claim is made of comparisons", volume=1.0)
    region, effort = question.region, question.effort
    gaps = [node("add", part.args[1], node("neg", part.args[0])) for part in leaves]
    bounds = Bounds(gaps, region.names)
    lower = Lower(gaps[0], region)
    table = SignTable(claim, leaves)
    box = first_boxes(region.start())
    share = np.full(box.lo.shape[1], 1.0 / box.lo.shape[1])
    for _ in range(MOST_ROUNDS):
        truth, undefined = _truth(claim, leaves, bounds, lower, box, table)
        effort.boxes += box.lo.shape[1]
        effort.work_left -= box.lo.shape[1] * len(bounds.nodes) * (1 + len(region.names))
        middles = region.middles(box)
        for at in np.flatnonzero(truth < 0)[:MOST_TRIES]:
            if proof := question.refuted([float(x) for x in middles[:, at]]):
                return proof
        for at in np.flatnonzero(undefined)[:MOST_TRIES]:
            question.look_undefined(
                dict(zip(region.names, map(float, middles[:, at]), strict=True))
            )
        never = undefined & (question.undefined is not None)
        effort.close(np.zeros(int((truth > 0).sum()), np.int8))
        left = ~((truth > 0) | never)
        box, share = Interval(box.lo[:, left], box.hi[:, left]), share[left]
        if not share.size:
            return PROVED
        if effort.is_over or share.size > 100_000:
            break
        box, share = halved(box, share, region)
    hull = tuple(zip(box.lo.min(axis=1).tolist(), box.hi.max(axis=1).tolist(), strict=True))
    for at in range(min(MOST_TRIES, share.size)):
        if proof := question.refuted([float(x) for x in region.middles(box)[:, at]]):
            return proof
    middle = region.middles(box).mean(axis=1)
    ends = box.lo.min(axis=1), box.hi.max(axis=1)
    for exact in simple_points(region, *([float(x) for x in end] for end in (middle, *ends))):
        if proof := question.refuted_at(exact):
            return proof
        question.look_undefined(exact)
    why = "the time ran out" if effort.is_over else "no test decides what is left"
    return Proof(Verdict.UNDECIDED, None, why, float(share.sum()), (hull,))


def _inner(claim: Node) -> list[Node]:
    """Return the comparisons and what joins them, without the formulas inside."""
    found, left = [], [claim]
    while left:
        part = left.pop()
        found.append(part)
        if part.op not in COMPARISONS and part.op != CONSTANT:
            left.extend(part.args)
    return found


def _truth(
    claim: Node,
    leaves: Sequence[Node],
    bounds: Bounds,
    lower: Lower,
    box: Interval,
    table: SignTable,
) -> tuple[Domain, np.ndarray]:
    """Return a claim's truth over boxes, and where it is certainly undefined.

    An undefined comparison leaves open what depends on it.
    """
    jets = cast(list[Jet], bounds.over(box.lo, box.hi, 1))
    middles = lower.region.middles(box)
    here = cast(list[Jet], bounds.over(middles, middles))
    reach = sub(box, Interval(middles, middles))
    known: dict[Node, Domain] = {}
    never: dict[Node, np.ndarray] = {}
    gaps = []
    for leaf, jet, centre in zip(leaves, jets, here, strict=True):
        gap = _narrowed(jet, centre, reach)
        gaps.append(gap)
        known[leaf] = _sign(leaf.op, gap, jet.domain)
        never[leaf] = jet.domain < 0
    for part in postorder([claim]):
        if part.op not in ("and", "or"):
            continue
        values = [known[arg] for arg in part.args]
        decisive = -1 if part.op == "and" else 1
        combined = (np.minimum if part.op == "and" else np.maximum).reduce(values)
        known[part] = combined
        lost = np.logical_or.reduce([never[arg] for arg in part.args])
        never[part] = (
            np.logical_and.reduce([never[arg] | (known[arg] == -decisive) for arg in part.args])
            & lost
        )
    sure = np.logical_and.reduce([jet.domain > 0 for jet in jets])
    told = table.truth(gaps, np.asarray(sure))
    return np.where(known[claim] == 0, told, known[claim]).astype(np.int8), never[claim]


def _narrowed(jet: Jet, centre: Jet, reach: Interval) -> Interval:
    """Return the value's bounds, cut by the mean-value form."""
    if jet.gradient is None:
        return jet.value
    with np.errstate(all="ignore"):
        change = mul(jet.gradient, reach)
        total = centre.value
        for row in range(change.lo.shape[0]):
            total = add(total, Interval(change.lo[row], change.hi[row]))
    usable = (jet.domain > 0) & (centre.domain > 0)
    return Interval(
        np.where(
            usable,
            np.maximum(
                jet.value.lo, np.nan_to_num(total.lo, nan=-np.inf, neginf=-np.inf, posinf=np.inf)
            ),
            jet.value.lo,
        ),
        np.where(
            usable,
            np.minimum(
                jet.value.hi, np.nan_to_num(total.hi, nan=np.inf, neginf=-np.inf, posinf=np.inf)
            ),
            jet.value.hi,
        ),
    )


def _sign(op: str, gap: Interval, domain: Domain) -> Domain:
    """Return the truth of ``left op right`` from bounds of right − left."""
    yes, no = {
        "lt": (gap.lo > 0, gap.hi <= 0),
        "le": (gap.lo >= 0, gap.hi < 0),
        "gt": (gap.hi < 0, gap.lo >= 0),
        "ge": (gap.hi <= 0, gap.lo > 0),
        "eq": ((gap.lo == 0) & (gap.hi == 0), (gap.lo > 0) | (gap.hi < 0)),
        "ne": ((gap.lo > 0) | (gap.hi < 0), (gap.lo == 0) & (gap.hi == 0)),
    }[op]
    return np.where(domain < 1, 0, np.where(yes, 1, np.where(no, -1, 0))).astype(np.int8)
