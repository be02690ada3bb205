"""Proofs about a Function of one variable: on an interval, and at a point."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import cache
from math import exp, log, nan, pi

from flint import arb, fmpq

from diffcli.engines.balls.guards import Trouble
from diffcli.engines.boxes.bounds import Bounds
from diffcli.engines.enclosure import Term, Walk, constant_value, partial
from diffcli.engines.rounding import rounding_bounds
from diffcli.errors import PointError
from diffcli.language.expression import Node, constant, node, number
from diffcli.language.function import Function
from diffcli.studies.critical.boxes import hull
from diffcli.studies.critical.wide import Wide
from diffcli.studies.curves.breaks import Floats
from diffcli.studies.curves.samples import Smooth, Truth

BITS = 64
MOST_BITS, DIGITS = 500, 6
"""Largest precision of a proved derivative, and the digits of it that are enough."""
SHORT = 12
"""A number of so many digits is meant as it is written; another is next to what is meant."""
NEAR = 2.0**-45
"""How near a number has to be, for its size, to a constant for which it is taken."""
MAX_DENOMINATOR = 60
"""Greatest denominator in a constant that a float is taken for."""


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

    That point is 3/10 for 0.3, and π/2 for the float next to it, where the cosine is 0.
    """

    def derivative(output: int, order: int, x: float) -> float:
        point = dict.fromkeys(function.variables, x)
        enclosed = partial(
            function.outputs[output], point, (*point,) * order, digits=DIGITS, max_bits=MOST_BITS
        )
        if enclosed.ball is None:
            return nan
        return 0.0 if enclosed.ball.contains(0) else float(enclosed.ball)

    def exact(output: int, order: int, x: float) -> float:
        point = dict.fromkeys(function.variables, x)
        number = partial(function.outputs[output], point, (*point,) * order).nearest()
        return nan if number is None else number

    def value(output: int, x: float) -> float:
        value = _value(function.outputs[output], function.variables, x)
        return float(arb(value)) if isinstance(value, arb | fmpq) else nan

    def bounds(output: int, highest: int, x: float) -> list[float]:
        point = dict.fromkeys(function.variables, x)
        if not point:
            return [0.0] * (highest + 1)
        orders = [(*point,) * order for order in range(highest + 1)]
        errors = rounding_bounds(function.outputs[output], point, orders, "float64")
        return [errors[order].bound for order in orders]

    boxes = cache(lambda output: Bounds([function.outputs[output]], function.variables))

    def ranges(output: int, low: Floats, high: Floats) -> tuple[Floats, Floats]:
        enclosed = boxes(output).jet(low[None], high[None]).value
        return enclosed.lo, enclosed.hi

    return Truth(derivative, exact, value, bounds, ranges)


def _value(output: Node, names: tuple[str, ...], x: float) -> Term:
    """Return the value at the number that a float is taken for: a simple one next to it."""
    meant = next(_meant(x), x)
    return Walk(output, dict.fromkeys(names, meant)).value(BITS)


def _meant(x: float) -> Iterator[Node]:
    """Yield the simple constants that a float is next to, such as 3/10, 2π/3, √2 and log(5)."""
    short = Fraction(f"{x:.{SHORT}g}")
    if float(short) == x:
        yield number(short)
        return
    for undo, made_of in _CONSTANTS:
        try:
            simple = Fraction(undo(x)).limit_denominator(MAX_DENOMINATOR)
            meant = made_of(simple)
            if simple and abs(float(constant_value(meant, BITS)) - x) <= NEAR * max(1.0, abs(x)):
                yield meant
        except (OverflowError, ValueError, PointError):
            continue


_CONSTANTS: Sequence[tuple[Callable[[float], float], Callable[[Fraction], Node]]] = (
    (lambda x: x / pi, lambda q: node("mul", number(q), constant("pi"))),
    (lambda x: x * abs(x), lambda q: _odd("sqrt", q)),
    (exp, lambda q: node("log", number(q))),
    (log, lambda q: node("exp", number(q))),
)
"""Functions that take a number back to a rational, and the term that it then is."""


def _odd(op: str, q: Fraction) -> Node:
    root = node(op, number(abs(q)))
    return root if q > 0 else node("neg", root)
