"""Constants as fractions, and the floats nearest to them."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import isfinite

from diffcli.errors import PointError
from diffcli.language.expression import NUMBER, Node, number
from diffcli.language.points import Rounded
from diffcli.language.rationals import fraction_of

MAX_CONSTANTS = 10_000
"""Constants whose fractions are kept."""


def as_constant(value: Node | float | Fraction) -> Node:
    """Return a number as the constant that it stands for; a constant as it is."""
    if isinstance(value, Node):
        return value
    return value.exact if isinstance(value, Rounded) else number(value)


@lru_cache(MAX_CONSTANTS)
def rational(value: Node) -> Fraction | None:
    """Return a constant as a fraction where it is computed as one, as 1/10 and -3/4 are."""
    exact = fraction_of(value)
    if exact is not None:
        return exact
    from flint import fmpq

    from diffcli.engines.balls.decimals import python_fraction
    from diffcli.engines.enclosure import FIRST_BITS, Walk

    ball = Walk(value, {}).value(FIRST_BITS)
    return python_fraction(ball) if isinstance(ball, fmpq) else None


def is_float(value: Node | float, other: float) -> bool:
    """Whether a coordinate is this float and no number beside it."""
    return (rational(value) if isinstance(value, Node) else value) == other


def nearest(value: Node) -> float:
    """Return the float64 nearest to a constant. Raises PointError where there is none."""
    if isinstance(value.value, Fraction):
        result = _rounded(value.value)
    elif value.op == "neg" and value.args[0].op == NUMBER:
        result = -nearest(value.args[0])
    else:
        from diffcli.engines.enclosure import nearest_float

        result = nearest_float(value)
    if not isfinite(result):
        raise PointError("a coordinate is beyond the range of float64", hint="use a smaller number")
    return result


def _rounded(value: Fraction) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf")
