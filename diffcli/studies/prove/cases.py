"""Claims with kinks as one claim for each of their sides: max(a, b) is a where a − b = p ≥ 0.

Where a − b has a variable of degree 1, it is put in terms of p and the others. That lets the
variable leave its range, which the claim has to bear: what is proved holds on the region.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

import numpy as np

from diffcli.engines.boxes.bounds import Bounds
from diffcli.engines.boxes.region import Region
from diffcli.engines.polynomials import Terms, polynomial
from diffcli.language.expression import (
    Node,
    constant,
    node,
    number,
    postorder,
    substituted,
    unused,
    variable,
)
from diffcli.studies.prove.factors import formula_of

MOST_BRANCHES = 16
MOST_KINKS = 4
"""Kinks of a formula that is split: each doubles the claims."""

Case = tuple[Node, Region]


def cases(formula: Node, region: Region) -> Sequence[Case] | None:
    """Return claims that hold together only if a claim does; None where no kink can be split."""
    formula = in_pairs(formula)
    kinks = [term for term in postorder([formula]) if term.op in ("abs", "max", "min")]
    if len(region.names) < 2 or not 0 < len(kinks) <= MOST_KINKS:
        return None
    zero = dict.fromkeys(region.names, Fraction(0))
    for kink in kinks:
        if kink.op != "abs" and len(kink.args) != 2:
            continue
        left, right = kink.args if kink.op != "abs" else (kink.args[0], node("neg", kink.args[0]))
        apart = node("add", left, node("neg", right)) if kink.op != "abs" else left
        terms = polynomial(apart, zero)
        place = None if terms is None else _linear(terms)
        if terms is None or place is None:
            continue
        above, below = (left, right) if kink.op != "min" else (right, left)
        return [
            case
            for side, branch in ((1, above), (-1, below))
            for case in _case(substituted(formula, {kink: branch}), region, terms, place, side)
        ]
    return None


def in_pairs(formula: Node) -> Node:
    """Return a formula in which a greatest or least of many is one of two, and of the rest."""
    paired: dict[Node, Node] = {}
    for term in postorder([formula]):
        args = [paired[arg] for arg in term.args]
        while term.op in ("max", "min") and len(args) > 2:
            args = [node(term.op, *args[:2]), *args[2:]]
        paired[term] = node(term.op, *args, static=term.static) if args else term
    return paired[formula]


def branches(formula: Node) -> Sequence[Node]:
    """Return the formulas of which a formula with kinks is one at each point; itself without."""
    left, complete = [formula], list[Node]()
    while left and len(left) + len(complete) <= MOST_BRANCHES:
        current = left.pop()
        kink = next((t for t in postorder([current]) if t.op in ("abs", "max", "min")), None)
        if kink is None:
            complete.append(current)
            continue
        sides = kink.args if kink.op != "abs" else (kink.args[0], node("neg", kink.args[0]))
        left += [substituted(current, {kink: side}) for side in sides]
    return complete if not left else (formula,)


def _linear(terms: Terms) -> int | None:
    """Return the place of a variable that a polynomial has in one term alone, of degree 1."""
    size = len(next(iter(terms), ()))
    for place in range(size):
        unit = tuple(int(k == place) for k in range(size))
        if [key for key in terms if key[place]] == [unit]:
            return place
    return None


def _case(formula: Node, region: Region, terms: Terms, place: int, side: int) -> Iterator[Case]:
    """Yield the formula where side·u = p > 0 for a polynomial u, if that is anywhere.

    Where p is 0 both sides meet, and the limit of either is the formula there.
    """
    start = region.start()
    reach = Bounds([formula_of(terms, region.names)], region.names).jet(start.lo, start.hi).value
    most = float(reach.hi[0] if side > 0 else -reach.lo[0])
    if not most > 0:
        return
    name, step = region.names[place], unused("p", region.names)
    unit = tuple(int(k == place) for k in range(len(region.names)))
    rest = {key: value for key, value in terms.items() if key != unit}
    distance = variable(step) if side > 0 else node("neg", variable(step))
    total = node("add", distance, node("neg", formula_of(rest, region.names))) if rest else distance
    inside = node("mul", number(1 / terms[unit]), total)
    ranges = {n: ends for n, ends in region.ranges.items() if n != name}
    end = number(most) if np.isfinite(most) else constant("inf")
    fewer = {**ranges, step: (number(0), end)}
    yield _simplified(substituted(formula, {variable(name): inside}), fewer), Region(fewer)


def _simplified(formula: Node, ranges: Mapping[str, object]) -> Node:
    terms = polynomial(formula, dict.fromkeys(ranges, Fraction(0)))
    if terms is None:
        return formula
    return formula_of(terms, list(ranges)) if terms else number(0)
