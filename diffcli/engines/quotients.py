"""One-sided difference quotients in so many digits that no rounding is left in them."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import inf

from flint import arb

from diffcli.engines.balls.decimals import flint_fraction
from diffcli.engines.balls.walk import working
from diffcli.engines.enclosure import Coordinate, Index, constant_value, partial
from diffcli.engines.exact import as_constant
from diffcli.language.expression import Node, node, number

STEP_BITS = 100
"""The step is 2^−100 of the coordinate's own size."""
DIGITS = 80
"""Of the values; the step takes 30 of them away."""
BITS = 512


def quotient(
    output: Node,
    point: Mapping[str, Coordinate],
    index: Index,
    side: int,
    *,
    deadline: float = inf,
) -> tuple[arb | None, Fraction]:
    """Return (g(x + h) − g(x)) / h and h, where g is the partial without its last variable.

    ``side`` is −1 or 1. None where g has no value at one of the two points.
    """
    lower, last = index[:-1], index[-1]
    exact = {name: as_constant(x) for name, x in point.items()}
    step = side * Fraction(2) ** (_exponent(exact[last]) - STEP_BITS)
    there = {**exact, last: node("add", exact[last], number(step))}
    ends = [partial(output, end, lower, digits=DIGITS, deadline=deadline) for end in (exact, there)]
    here, beyond = (end.ball for end in ends)
    if here is None or beyond is None:
        return None, step
    with working(BITS):
        return (beyond - here) / flint_fraction(step), step


def _exponent(term: Node) -> int:
    """Return how many bits a constant has before its point."""
    mantissa, exponent = (int(part) for part in constant_value(term, 64).mid().man_exp())
    return mantissa.bit_length() + exponent if mantissa else 0
