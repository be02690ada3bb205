"""Formulas that are easier to bound, and at least hold where the claim does.

A claim may depend on fewer numbers (exp(x·y) ≥ 1 + x·y is one about x·y), on square roots alone
(√(x·y) is u·v for x = u², y = v²), or on a floor as on any number at most 1 below.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from diffcli.engines.boxes.bounds import Bounds
from diffcli.engines.boxes.region import Region
from diffcli.language.expression import (
    CONSTANT,
    Node,
    names_in,
    node,
    number,
    postorder,
    substituted,
    unused,
    variable,
)
from diffcli.language.rationals import fraction_of

MOST_NODES = 400


def reductions(formula: Node, region: Region) -> Iterator[tuple[Node, Region]]:
    """Yield formulas over regions, each with all the values of a formula over its region.

    What holds for these holds for the formula; what doesn't says nothing.
    """
    if len(postorder([formula])) > MOST_NODES:
        return
    yield from _of_a_part(formula, region)
    yield from _of_sizes(formula, region)
    yield from _of_roots(formula, region)
    yield from _of_remainders(formula, region)


def _of_a_part(formula: Node, region: Region) -> Iterator[tuple[Node, Region]]:
    """Yield the formula in terms of a common part, over all that the part may be."""
    if len(region.names) < 2:
        return
    order = postorder([formula])
    for part in reversed(order[:-1]):
        inner = names_in([part])
        if part.is_leaf or len(inner) < 2:
            continue
        name = unused("u", region.names)
        whole = substituted(formula, {part: variable(name)})
        if inner & names_in([whole]):
            continue
        start = region.start()
        jet = Bounds([part], region.names).jet(start.lo, start.hi)
        low, high = float(jet.value.lo[0]), float(jet.value.hi[0])
        if jet.domain[0] < 1 or not np.isfinite([low, high]).all() or not low < high:
            continue
        kept = {n: ends for n, ends in region.ranges.items() if n not in inner}
        yield whole, Region({name: (number(low), number(high)), **kept})
        return


def _of_sizes(formula: Node, region: Region) -> Iterator[tuple[Node, Region]]:
    """Yield the formula in terms of |x| for the variables of which it has |x| and even powers."""
    ranges = dict(region.ranges)
    order = postorder([formula])
    sizes: dict[Node, Node] = {}
    for row, name in enumerate(region.names):
        x = variable(name)
        low, high = float(region.low.lo[row, 0]), float(region.high.hi[row, 0])
        users = [current for current in order if x in current.args]
        if not (low < 0 and np.isfinite(high - low) and users and all(map(_is_even, users))):
            continue
        ends = max(0.0, -high), max(-low, high)
        ranges[name] = (number(ends[0]), number(ends[1]))
        sizes.update({current: x for current in users if current.op == "abs"})
    if sizes:
        yield substituted(formula, sizes), Region(ranges)


def _is_even(user: Node) -> bool:
    """Whether a function of a variable is the same for its opposite."""
    exponent = fraction_of(user.args[1]) if user.op == "pow" else None
    return user.op == "abs" or (exponent is not None and exponent % 2 == 0)


_ORDERS = {"sqrt": 2, "cbrt": 3}


def _of_roots(formula: Node, region: Region) -> Iterator[tuple[Node, Region]]:
    """Yield the formula in terms of roots of its variables, where its roots become simple."""
    orders = {_ORDERS[current.op] for current in postorder([formula]) if current.op in _ORDERS}
    if len(orders) != 1:
        return
    (order,) = orders
    ranges = dict(region.ranges)
    powers: dict[Node, Node] = {}
    for name, (first, last) in region.ranges.items():
        if not region.low.lo[region.names.index(name), 0] >= 0:
            continue
        powers[variable(name)] = node("pow", variable(name), number(order))
        ranges[name] = (_root_of_end(first, order), _root_of_end(last, order))
    found, is_simpler = _with_roots(formula, powers, order)
    if is_simpler:
        yield found, Region(ranges)


def _root_of_end(end: Node, order: int) -> Node:
    exact = fraction_of(end)
    if exact is not None:
        above, below = (round(current ** (1 / order)) for current in exact.as_integer_ratio())
        if above**order == exact.numerator and below**order == exact.denominator:
            return number(Fraction(above, below))
    if end.op == CONSTANT and end.value == "inf":
        return end
    return node("sqrt" if order == 2 else "cbrt", end)


def _with_roots(formula: Node, powers: Mapping[Node, Node], order: int) -> tuple[Node, bool]:
    """Return a formula of powers, in which roots of products of these have no root sign."""
    made: dict[Node, Node] = {}
    is_simpler = False
    for current in postorder([formula]):
        if current in powers:
            made[current] = powers[current]
            continue
        if current.is_leaf:
            made[current] = current
            continue
        args = [made[arg] for arg in current.args]
        has_root = current.op in _ORDERS and bool(names_in([current]))
        root = _root_of(args[0], powers, order) if has_root else None
        is_simpler |= root is not None
        made[current] = root or node(current.op, *args, static=current.static)
    return made[formula], is_simpler


def _root_of(term: Node, powers: Mapping[Node, Node], order: int) -> Node | None:
    """Return the root of a product of powers of what isn't negative; None for other terms."""
    if term.op == "pow":
        base, exponent = term.args[0], fraction_of(term.args[1])
        if exponent is None or exponent <= 0:
            return None
        if base in powers and exponent % order == 0:
            return base if exponent == order else node("pow", base, number(exponent / order))
        inner = _root_of(base, powers, order)
        return None if inner is None else node("pow", inner, term.args[1])
    if term.op == "mul":
        parts = [_root_of(arg, powers, order) for arg in term.args]
        known = [part for part in parts if part is not None]
        return node("mul", *known) if len(known) == len(parts) else None
    exact = fraction_of(term)
    return _root_of_end(term, order) if exact is not None and exact >= 0 else None


@dataclass(frozen=True)
class HalfOpen(Region):
    """A region without the upper ends of some variables, which go to 1 and never reach it."""

    below_one: tuple[str, ...] = ()


_REMAINDERS = {"floor": -1, "ceil": 1}
MOST_REMAINDERS = 2


def _of_remainders(formula: Node, region: Region) -> Iterator[tuple[Node, Region]]:
    """Yield the formula with ⌊u⌋ as u − r and ⌈u⌉ as u + r, for every 0 ≤ r < 1."""
    rounded = [current for current in postorder([formula]) if current.op in _REMAINDERS]
    if not 0 < len(rounded) <= MOST_REMAINDERS:
        return
    ranges = dict(region.ranges)
    names = []
    for current in rounded:
        name = unused("r", ranges)
        names.append(name)
        ranges[name] = (number(0), number(1))
        part = variable(name) if _REMAINDERS[current.op] > 0 else node("neg", variable(name))
        formula = substituted(formula, {current: node("add", current.args[0], part)})
    yield formula, HalfOpen(ranges, tuple(names))
