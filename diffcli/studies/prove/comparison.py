"""Comparisons over a box: proved on it, refuted at an exact point, or left with some boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from diffcli.clock import now
from diffcli.engines.balls.signs import Coordinate, proved_sign
from diffcli.engines.boxes.lower import Lower
from diffcli.engines.boxes.region import Region
from diffcli.engines.boxes.search import (
    Effort,
)
from diffcli.engines.polynomials import Terms, polynomial
from diffcli.language.expression import Node, node, number
from diffcli.studies.prove.atoms import Product, product_of
from diffcli.studies.prove.cases import cases
from diffcli.studies.prove.domain import obligations, sign_by_form
from diffcli.studies.prove.equality import is_identity
from diffcli.studies.prove.factors import is_never_negative_in_order, is_nowhere_negative
from diffcli.studies.prove.forms import difference, parts, positive_form
from diffcli.studies.prove.inverses import undone
from diffcli.studies.prove.logic import decide_tree
from diffcli.studies.prove.question import PROVED, Proof, Question, Verdict
from diffcli.studies.prove.reduction import HalfOpen, reductions
from diffcli.studies.prove.search import OVER, Provers, Search
from diffcli.studies.prove.squaring import squarings
from diffcli.studies.prove.stretches import core_of, is_proved_beside
from diffcli.studies.prove.values import sign_by_values

FIRST_SHARE = 0.2
"""Part of the effort after which a claim of one variable is looked at beside what is left."""


def decide(claim: Node, region: Region, effort: Effort) -> Proof:
    """Decide a claim over a region."""
    question = Question(claim, region, effort)
    for point in _first_points(region):
        question.look_undefined(point)
        if proof := question.refuted_at(point):
            return proof
    proofs = []
    form = positive_form(claim)
    if form.op == "eq" and _is_identity(form, question):
        return PROVED
    for part in parts(form):
        proof = _part(part, question)
        if proof.verdict is Verdict.REFUTED:
            return proof
        proofs.append(proof)
    open_ = [each for each in proofs if each.verdict is Verdict.UNDECIDED]
    if question.undefined is not None:
        rest = "it holds wherever it is defined" if not open_ else None
        return Proof(
            Verdict.UNDEFINED,
            question.undefined,
            rest,
            max((each.volume for each in open_), default=0.0),
            _left_of(open_),
        )
    if open_:
        return replace(
            open_[0],
            volume=max(each.volume for each in open_),
            left=_left_of(open_),
        )
    return PROVED


def _is_identity(equation: Node, question: Question) -> bool:
    """Whether both sides are proved to be one function, with a value on all of the region."""
    apart, _ = difference(node("le", *equation.args))
    return is_identity(equation, question.region.names, question.effort.deadline) and (
        obligations(apart) == [] or _defined_everywhere(apart, question)
    )


def _left_of(proofs: Sequence[Proof]) -> tuple[tuple[tuple[float, float], ...], ...]:
    """Return the boxes that proofs left, those of several once."""
    return tuple(dict.fromkeys(box for proof in proofs for box in proof.left))


def _first_points(region: Region) -> list[dict[str, Coordinate]]:
    """Return the middle of a region and its corners, exactly."""
    middle = region.middles(region.start())[:, 0]
    points: list[dict[str, Coordinate]] = [dict(zip(region.names, middle.tolist(), strict=True))]
    finite = np.isfinite(region.low.lo[:, 0]), np.isfinite(region.high.hi[:, 0])
    for corner in range(1 << min(len(region.names), 5)):
        point: dict[str, Coordinate] = {}
        for place, (name, ends) in enumerate(region.ranges.items()):
            side = corner >> place & 1
            point[name] = ends[side] if finite[side][place] else float(middle[place])
        points.append(point)
    return points


def _part(part: Node, question: Question) -> Proof:
    if part.op in ("lt", "le", "gt", "ge"):
        apart, strict = difference(part)
        return not_negative(apart, question, strict=strict)
    return decide_tree(part, question)


def not_negative(
    apart: Node, question: Question, *, strict: bool, region: Region | None = None
) -> Proof:
    """Decide d ≥ 0, or d > 0, on a region, which may be a face of the question's."""
    where = region or question.region
    if not where.names:
        sign = proved_sign(apart, {})
        good = sign is not None and (sign > 0 or (sign == 0 and not strict))
        return PROVED if good else Proof(Verdict.UNDECIDED, volume=1.0)
    sign = sign_by_form(apart, where)
    sign = sign_by_values(apart, where) if sign is None else sign
    if sign == 1 or (sign == 0 and not strict):
        if obligations(apart) == []:
            return PROVED
        # Its square isn't negative, which leaves no question but where there is a value.
        apart, strict = node("pow", apart, number(2)), False
    if _by_factors(apart, where, question.effort, strict=strict):
        return PROVED
    if strict and isinstance(where, HalfOpen) and _is_end_alone(apart, where):
        return PROVED
    if _by_squaring(apart, where, question, strict=strict):
        return PROVED
    if proof := _by_inverse(apart, where, question, strict=strict):
        return proof
    if _by_cases(apart, where, question.effort, strict=strict):
        return PROVED
    if len(where.names) == 1 and not where.is_bounded:
        found_far = _by_tails(apart, where, question, strict=strict)
        if found_far is not None:
            return found_far
    for fewer, over in reductions(apart, where):
        inner = Question(node("gt" if strict else "ge", fewer, number(0)), over, question.effort)
        proof = not_negative(fewer, inner, strict=strict)
        if proof.verdict is Verdict.PROVED and inner.undefined is None:
            return proof
    if len(where.names) > 1:
        return Search(Lower(apart, where), question, _PROVERS, strict=strict).run()
    return _along_a_line(apart, where, question, strict=strict)


def _along_a_line(apart: Node, region: Region, question: Question, *, strict: bool) -> Proof:
    """Decide in one variable: what no box decides is looked at on both sides of a point."""
    whole = question.effort
    for share in (FIRST_SHARE, 1.0):
        question.effort = _part_of(whole, share)
        proof = Search(Lower(apart, region), question, _PROVERS, strict=strict).run()
        whole.boxes, whole.closed = question.effort.boxes, question.effort.closed
        question.effort = whole
        if proof.verdict is not Verdict.UNDECIDED:
            return proof
        if is_proved_beside(apart, question, region, proof.left, strict=strict):
            return PROVED
        if proof.reason != OVER:
            break
    return proof


def _by_tails(apart: Node, region: Region, question: Question, *, strict: bool) -> Proof | None:
    """Decide on the bounded part of an endless range; None where an end isn't settled."""
    core = core_of(apart, region, strict=strict)
    if core is None:
        return None
    is_whole = region is question.region
    for x in core.negative:
        if is_whole and (proof := question.refuted([x])):
            return proof
    if core.region is None:
        return None
    claim = question.claim if is_whole else node("gt" if strict else "ge", apart, number(0))
    inner = Question(claim, core.region, question.effort)
    proof = not_negative(apart, inner, strict=strict)
    if is_whole:
        question.undefined = question.undefined or inner.undefined
        return proof
    return proof if proof.verdict is Verdict.PROVED and inner.undefined is None else None


def _by_squaring(apart: Node, region: Region, question: Question, *, strict: bool) -> bool:
    """Whether a formula of square roots is proved not to be negative by squares of its parts."""
    for each in squarings(apart, region):
        needed = ((each.not_negative, False), (each.claim, strict))
        if all(_is_proved(part, region, question.effort, how) for part, how in needed):
            return obligations(apart) == [] or _defined_everywhere(apart, question)
    return False


def _by_cases(apart: Node, region: Region, effort: Effort, *, strict: bool) -> bool:
    """Whether a formula with kinks is proved not to be negative on each side of one."""
    split = cases(apart, region)
    return bool(split) and all(_is_proved(part, over, effort, strict) for part, over in split or ())


def _by_inverse(apart: Node, region: Region, question: Question, *, strict: bool) -> Proof | None:
    """Decide without the outermost function, where it is monotone; None where that fails."""
    inner = undone(apart, region)
    if inner is None:
        return None
    proof = _decided(inner, region, question.effort, strict, share=0.6)
    if proof.counterexample is not None and region is question.region:
        return question.refuted_at(proof.counterexample.point)
    is_defined = obligations(apart) == [] or _defined_everywhere(apart, question)
    return PROVED if proof.verdict is Verdict.PROVED and is_defined else None


def _is_proved(formula: Node, region: Region, effort: Effort, strict: bool) -> bool:
    return _decided(formula, region, effort, strict, share=0.1).verdict is Verdict.PROVED


def _decided(formula: Node, region: Region, effort: Effort, strict: bool, share: float) -> Proof:
    """Decide whether a formula isn't negative, or is positive, in a share of the effort."""
    part = _part_of(effort, share)
    question = Question(node("gt" if strict else "ge", formula, number(0)), region, part)
    proof = not_negative(formula, question, strict=strict)
    effort.boxes, effort.closed = part.boxes, part.closed
    if question.undefined is not None:
        return Proof(Verdict.UNDEFINED, question.undefined)
    return proof


def _part_of(effort: Effort, share: float) -> Effort:
    return replace(
        effort,
        work_left=effort.work_left * share,
        deadline=now() + share * max(0.0, effort.deadline - now()),
    )


def _by_factors(apart: Node, region: Region, effort: Effort, *, strict: bool) -> bool:
    """Whether a formula is proved not to be negative, or to be positive, factor by factor."""
    product = product_of(apart, region.names) or Product(1, (apart,), (), is_reduced=False)
    # A single factor is the formula itself, about which the search asks better.
    is_apart = len(product.odd) > 1 or product.is_reduced
    sign = product.sign
    for factor in product.odd:
        own = _sign_of_factor(factor, region, effort, strict=strict, is_apart=is_apart)
        if own is None:
            return False
        sign *= own
    if strict and not all(
        _is_known(node("pow", factor, number(2)), region, effort, strict=True)
        for factor in product.even
    ):
        return False
    question = Question(node("ge", apart, number(0)), region, effort)
    is_good = sign > 0 or (sign == 0 and not strict)
    return is_good and (obligations(apart) == [] or _defined_everywhere(apart, question))


def _sign_of_factor(
    factor: Node, region: Region, effort: Effort, *, strict: bool, is_apart: bool
) -> int | None:
    """Return 1 or −1 where a factor is proved nowhere to have the other sign, or to be 0."""
    for turned, sign in ((factor, 1), (node("neg", factor), -1)):
        known = sign_by_form(turned, region)
        known = sign_by_values(turned, region) if known is None else known
        if known == 1 or (known == 0 and not strict):
            return sign
        terms = polynomial(turned, dict.fromkeys(region.names, Fraction(0)))
        if not strict and terms and _is_plain(terms, region):
            return sign
    if not is_apart:
        return None
    for turned, sign in ((factor, 1), (node("neg", factor), -1)):
        if _is_known(turned, region, effort, strict=strict):
            return sign
    return None


def _is_end_alone(apart: Node, region: HalfOpen) -> bool:
    """Whether a formula is a positive multiple of the distance from an end that isn't reached."""
    terms = polynomial(apart, dict.fromkeys(region.names, Fraction(0)))
    zero = (0,) * len(region.names)
    ends = [tuple(int(name == other) for other in region.names) for name in region.below_one]
    return terms is not None and any(
        set(terms) == {zero, end} and terms[zero] == -terms[end] > 0 for end in ends
    )


def _is_plain(terms: Terms, region: Region) -> bool:
    """Whether a polynomial isn't negative by its coefficients."""
    low = float(region.low.lo.min())
    return is_nowhere_negative(terms) or (
        np.isfinite(low) and is_never_negative_in_order(terms, Fraction(low))
    )


def _is_known(formula: Node, region: Region, effort: Effort, *, strict: bool) -> bool:
    """Whether boxes alone prove a formula nowhere to be negative, or to be positive."""
    part = replace(effort, work_left=effort.work_left / 8)
    question = Question(node("gt" if strict else "ge", formula, number(0)), region, part)
    proof = Search(Lower(formula, region), question, _PROVERS, strict=strict).run()
    effort.boxes, effort.closed = part.boxes, part.closed
    return proof.verdict is Verdict.PROVED


def _defined_everywhere(apart: Node, question: Question) -> bool:
    """Whether a formula is proved to have a value in all of the region, by its parts."""
    needed = obligations(apart)
    if not needed:
        return False
    effort = question.effort
    for part, strict in needed:
        inner = Question(
            node("gt" if strict else "ge", part, number(0)),
            question.region,
            replace(effort, work_left=effort.work_left / 8),
        )
        proof = not_negative(part, inner, strict=strict)
        effort.boxes, effort.closed = inner.effort.boxes, inner.effort.closed
        if proof.verdict is not Verdict.PROVED:
            return False
    return True


def _is_proved_on(apart: Node, question: Question, face: Region, strict: bool) -> bool:
    return not_negative(apart, question, strict=strict, region=face).verdict is Verdict.PROVED


_PROVERS = Provers(_is_proved_on, _defined_everywhere)
