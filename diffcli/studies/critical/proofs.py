"""What is proved of a Function of one variable: on an interval, and at a point."""

from __future__ import annotations

from fractions import Fraction
from math import nan

from flint import arb, fmpq

from diffcli.engines.balls.guards import Trouble, Undefined, assuming_zero
from diffcli.engines.enclosure import Term, Walk, partial
from diffcli.language.expression import Function, Node, number
from diffcli.studies.critical.boxes import hull
from diffcli.studies.critical.wide import Wide
from diffcli.studies.curves.sampling import Smooth, Truth

BITS = 64
MOST_BITS, DIGITS = 500, 6
"""What a proved derivative may cost, and the digits of it that are enough."""
SHORT = 12
"""A number of so many digits is meant as it is written; another is next to what is meant."""
NEAR, ZERO = 2.0**-45, 2.0**-42
"""How near, for its size, and what is then taken for 0."""


def smoothness(function: Function) -> Smooth:
    """Return what proves that an output's derivative of some order has one itself on an interval.

    The Taylor series around a ball as wide as the interval: where every rule holds on the whole
    ball and every coefficient is bounded, the derivatives exist.
    """

    def smooth(output: int, order: int, low: float, high: float) -> bool:
        if not function.variables:
            return True
        (name,) = function.variables
        walk = Wide(function.outputs[output], {name: hull(low, high)})
        return not isinstance(walk.series({name: 1}, order + 1, BITS), Trouble)

    return smooth


def truth(function: Function) -> Truth:
    """Return what gives an output's derivatives at a float, and its value at the point meant.

    That point is 3/10 for 0.3, and π/2 for the float next to it, where the cosine is presumed to
    be 0 as it can't be told from it.
    """

    def derivative(output: int, order: int, x: float) -> float:
        at = dict.fromkeys(function.variables, x)
        found = partial(
            function.outputs[output], at, (*at,) * order, digits=DIGITS, max_bits=MOST_BITS
        )
        if found.ball is None:
            return nan
        return 0.0 if found.ball.contains(0) else float(found.ball)

    def value(output: int, x: float) -> float:
        found = _value(function.outputs[output], function.variables, x)
        return float(arb(found)) if isinstance(found, arb | fmpq) else nan

    return Truth(derivative, value)


def _value(node: Node, names: tuple[str, ...], x: float) -> Term:
    short = Fraction(f"{x:.{SHORT}g}")
    written = number(short) if float(short) == x else x
    found = Walk(node, dict.fromkeys(names, written)).value(BITS)
    if written is not x or not names:
        return found
    size = max(1.0, abs(x))
    with assuming_zero(arb(ZERO * size)):
        around = Wide(node, {names[0]: arb(x, NEAR * size)}).value(BITS)
    if isinstance(around, Undefined) or not isinstance(found, arb | fmpq):
        return around
    agree = not isinstance(around, arb | fmpq) or arb(around).contains(arb(found))
    return found if agree else around
