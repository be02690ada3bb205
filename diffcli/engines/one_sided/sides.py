"""One-sided derivatives, read off the germ of a function and its value at the point.

The derivative of order n in the distance h is n!·c of the term c·hⁿ, if what is larger than it is a
polynomial whose coefficients are the lower derivatives. For n = 1 that is the definition, whatever
the rest does that is smaller than h. For n > 1 the expansion must be tame: then it may be
differentiated, and by the mean value theorem the limit is the derivative.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from math import factorial, prod
from typing import cast

from flint import fmpq

from diffcli.engines.balls.guards import Difficult, Undefined
from diffcli.engines.one_sided.atoms import Field
from diffcli.engines.one_sided.choices import Term, decided
from diffcli.engines.one_sided.coefficients import ZERO, Coefficient, rational
from diffcli.engines.one_sided.germs import (
    UNIT,
    Expansion,
    Germ,
    Order,
    Scale,
    as_expansion,
    exact,
    is_infinite,
    is_tame,
    leading,
)
from diffcli.engines.one_sided.nested import germ_of
from diffcli.engines.one_sided.series import mul
from diffcli.engines.one_sided.sums import sub


class State(Enum):
    """What a difference quotient comes to."""

    FINITE = "finite"
    INFINITE = "infinite"
    JUMP = "jump"
    POLE = "pole"
    OUTSIDE = "outside the domain"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True)
class Side:
    """What happens on one side: a finite derivative, or the sign of an infinite one."""

    state: State
    number: Coefficient = ZERO
    sense: int = 0
    reason: str = ""


def side_of(term: Term, value: Coefficient, order: int, side: int) -> Side:
    """Return the derivative of some order on one side of a point with this value.

    Of an order above 1 it takes for granted that the lower ones are those of the expansion.
    """
    try:
        if isinstance(term, Undefined):
            return Side(State.OUTSIDE, reason=term.reason)
        germ = decided(term)
        if isinstance(germ, bool):
            return Side(State.UNKNOWN, reason="a condition, not a number")
        return _derivative(germ, value, order, side)
    except Difficult as trouble:
        return Side(State.UNKNOWN, reason=trouble.reason)


def _derivative(x: Germ, value: Coefficient, order: int, side: int) -> Side:
    if is_infinite(x):
        return Side(State.POLE)
    rise = as_expansion(sub(x, exact(value)))
    first = leading(rise)
    if first is not None and first[0] == UNIT:
        return Side(State.JUMP)
    if order > 1 and not is_tame(rise):
        raise Difficult("it oscillates next to the point")
    low, edge = _power(order - 1), _power(order)
    _reaches(rise, low)
    for scale, coefficient in rise.terms:
        if low < scale < edge and coefficient.sign():
            return Side(State.INFINITE, sense=coefficient.sign() * side**order)
    _reaches(rise, edge)
    slope = dict(rise.terms).get(edge, ZERO)
    if not slope.ball.is_finite():
        raise Difficult("a coefficient that isn't known")
    return Side(State.FINITE, slope.times(fmpq(factorial(order) * side**order)))


def partial_germ(field: Field, term: Term, orders: Sequence[int]) -> Germ:
    """Return a partial derivative along the path, from the expansion across it.

    ``orders`` are those of the distances, the outermost first. Raises the Trouble that it meets.
    """
    for depth, order in zip(range(len(orders), 0, -1), orders, strict=True):
        with field.at_depth(depth, order):
            germ = decided(term)
            if isinstance(germ, bool):
                raise Difficult("a condition, not a number")
            term = germ_of(_coefficient(germ, order))
    return mul(cast(Germ, term), exact(rational(prod(map(factorial, orders)))))


def _coefficient(x: Germ, order: int) -> Coefficient:
    """Return the coefficient of a power of the distance, where the larger terms are powers too.

    Raises Difficult where it isn't known, or isn't that of a derivative.
    """
    x = as_expansion(x)
    if order > 1 and not is_tame(x):
        raise Difficult("it oscillates next to the point")
    edge = _power(order)
    _reaches(x, edge)
    for (power, *logs), coefficient in x.terms:
        is_regular = power.q == 1 and power >= 0 and logs == [0, 0]
        if power <= order and not is_regular and coefficient.sign():
            raise Difficult("no derivative along the path")
    return dict(x.terms).get(edge, ZERO)


def _power(exponent: int) -> Scale:
    return (fmpq(exponent), fmpq(0), fmpq(0))


def _reaches(x: Expansion, scale: Scale) -> None:
    """Raise Difficult unless the rest is smaller than a scale."""
    if isinstance(x.rest, Order) and x.rest.scale <= scale:
        oscillates = "" if x.rest.is_tame else "it oscillates next to the point, or "
        raise Difficult(f"{oscillates}too many terms cancel there")
