"""Typed values as they were typed, and the floats nearest to them."""

from __future__ import annotations

from fractions import Fraction
from math import isfinite

from diffcli.errors import PointError
from diffcli.language.expression import NUMBER, Node
from diffcli.language.points import Computed, Generated, Tensor, Value


def exact(value: Value) -> list[Node] | None:
    """Return the entries as they were typed, in row-major order; None for computed ones."""
    match value:
        case Node():
            return [value]
        case Tensor(_, entries):
            return list(entries)
        case Generated() | Computed():
            return None


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
