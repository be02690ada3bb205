"""Functions that have no rule in numpy: Arb encloses them box by box, by the rules of balls.

A series with the interval for its constant term gives the derivatives over the whole interval.
Where a rule doesn't hold on all of a box nothing is known of the function there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf, isfinite

import numpy as np
from flint import arb, arb_series

from diffcli.engines.balls.decimals import flint_fraction
from diffcli.engines.balls.guards import Trouble, Undefined, Value
from diffcli.engines.balls.precision import working
from diffcli.engines.balls.rules import EXACT
from diffcli.engines.boxes.arithmetic import Interval
from diffcli.engines.boxes.rules import Domain
from diffcli.language.functions import TABLE, resolve

BITS = 64


def ends_of(number: arb) -> tuple[float, float]:
    """Return floats below and above all that a ball holds."""
    if not number.is_finite():
        return -inf, inf
    low, high = float(number.lower()), float(number.upper())
    exact = number.is_exact() and low == high and arb(low) == number
    return (
        (low, high) if exact else (float(np.nextafter(low, -inf)), float(np.nextafter(high, inf)))
    )


def interval_ball(low: float, high: float) -> arb:
    """Return a ball that holds an interval."""
    return arb(low) if low == high else arb(low).union(arb(high))


def enclose(
    op: str, arguments: Sequence[Interval], moving: Sequence[int], order: int
) -> tuple[list[Interval], Domain]:
    """Return a function over intervals, and with one moving argument its derivatives in it.

    ``moving`` are the positions of the arguments that aren't constant.
    """
    rule = resolve(TABLE[op].enclosure)
    shape = arguments[0].lo.shape
    single = len(moving) == 1
    intervals = [Interval(np.full(shape, -inf), np.full(shape, inf)) for _ in range(order + 1)]
    domain: Domain = np.zeros(shape, dtype=np.int8)
    with working(BITS, order if single else 0):
        for index in range(shape[0]):
            ends = [
                (float(argument.lo[index]), float(argument.hi[index])) for argument in arguments
            ]
            if not all(isfinite(end) for pair in ends for end in pair):
                continue
            try:
                terms = _terms(op, rule, ends, moving if single and order else (), order)
            except Undefined:
                domain[index] = -1
                continue
            except (Trouble, ValueError):
                continue
            domain[index] = 1
            factor = 1
            for degree, term in enumerate(terms):
                factor *= max(degree, 1)
                low, high = ends_of(term * factor)
                intervals[degree].lo[index], intervals[degree].hi[index] = low, high
    return intervals, domain


def _terms(
    op: str,
    rule: Callable[..., Value],
    ends: Sequence[tuple[float, float]],
    moving: Sequence[int],
    order: int,
) -> list[arb]:
    """Return the Taylor coefficients of one box, or the value alone.

    Raises Trouble where the rule doesn't hold on all of it.
    """
    balls: list[Value] = [
        flint_fraction(low) if low == high and op in EXACT else interval_ball(low, high)
        for low, high in ends
    ]
    for index in moving:
        balls[index] = arb_series([interval_ball(*ends[index]), 1])
    value = rule(*balls)
    if isinstance(value, arb_series):
        terms = [value[degree] for degree in range(order + 1)]
    else:
        zeros = [arb(0)] * (order if moving else 0)
        terms = [arb(value), *zeros]
    if not all(term.is_finite() for term in terms):
        raise ValueError("unbounded")
    return terms
