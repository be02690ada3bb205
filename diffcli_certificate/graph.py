"""The formula of a certificate: a list of operations on earlier ones, and what they mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import floor
from typing import Any

from mpmath import iv
from mpmath.libmp import to_int

from diffcli_certificate import series
from diffcli_certificate.reals import ONE, ZERO, Real, Undecided, Undefined, exp
from diffcli_certificate.series import Series, Value, head, over, power, sin_cos, total

Operation = Sequence[Any]
"""A name, then the positions of its arguments or, of a leaf, its text."""

CONSTANTS: Mapping[str, Callable[[], Real]] = {
    "pi": lambda: Real(None, iv.pi),
    "e": lambda: exp(ONE),
}


def _floor(x: Value) -> Real:
    """Return the greatest whole number not above x, on all of the series' neighbourhood."""
    if isinstance(x, Real) and x.exact is not None:
        return Real(floor(x.exact))
    below = to_int(head(x).ball._mpi_[0], "f")
    below -= (x + Real(-below)).sign() < 0
    if (x + Real(-below)).sign() >= 0 and (x + Real(-below - 1)).sign() < 0:
        return Real(below)
    raise Undecided("a number next to a whole one")


def _product(*factors: Value) -> Value:
    result = factors[0]
    for factor in factors[1:]:
        result = result * factor
    return result


MAX_POWER = 10_000
"""Greatest numerator of an exponent: an exact power has as many times the digits."""


def _power(x: Value, exponent: Value) -> Value:
    if isinstance(exponent, Real) and exponent.exact is not None:
        if abs(exponent.exact.numerator) > MAX_POWER:
            raise Undecided("so large a power")
        return power(x, exponent.exact)
    if x.sign() <= 0:
        raise Undecided("a power whose base isn't positive")
    return series.exp(exponent * series.log(x))


def _compared(holds: Callable[[int], bool]) -> Callable[[Value, Value], bool]:
    return lambda x, y: holds((x + -y).sign())


OPERATIONS: Mapping[str, Callable[..., Any]] = {
    "add": lambda *terms: total(list(terms)),
    "mul": _product,
    "neg": lambda x: -x,
    "div": over,
    "pow": _power,
    "exp": series.exp,
    "log": series.log,
    "sin": lambda x: sin_cos(x)[0],
    "cos": lambda x: sin_cos(x)[1],
    "atan": series.atan,
    "erf": series.erf,
    "floor": _floor,
    "lt": _compared(lambda sign: sign < 0),
    "le": _compared(lambda sign: sign <= 0),
    "eq": _compared(lambda sign: sign == 0),
    "and": lambda *parts: all(parts),
    "or": lambda *parts: any(parts),
    "not": lambda part: not part,
    "true": lambda: True,
}


def _choice(args: Sequence[Any]) -> Any:
    """Return the first value whose condition holds; the others need not have one."""
    for value, condition in zip(args[::2], args[1::2], strict=True):
        if isinstance(condition, Exception):
            return condition
        if not isinstance(condition, bool):
            return Undecided("a number for a condition")
        if condition:
            return value
    return Undefined("no condition holds")


def evaluated(operations: Sequence[Operation], variables: Mapping[str, Value]) -> list[Any]:
    """Return the value of every operation, or the exception that says why it has none."""
    values: list[Any] = []
    for name, *rest in operations:
        if name == "number":
            values.append(Real(Fraction(rest[0])))
        elif name == "constant":
            values.append(CONSTANTS[rest[0]]())
        elif name == "variable":
            values.append(variables.get(rest[0], Undecided("a variable without a value")))
        elif name == "choose":
            values.append(_choice([values[position] for position in rest]))
        else:
            args = [values[position] for position in rest]
            values.append(_applied(OPERATIONS[name], args))
    return values


def _applied(operation: Callable[..., Any], args: Sequence[Any]) -> Any:
    failures = [arg for arg in args if isinstance(arg, Exception)]
    if failures:  # one that is proved to have no value decides
        return next((arg for arg in failures if isinstance(arg, Undefined)), failures[0])
    try:
        return operation(*args)
    except (Undefined, Undecided) as failure:
        return failure


def variable(value: Real, level: int, order: int, *, side: int = 0) -> Series:
    """Return a variable as a series about its value; ``side`` −1 or 1 makes it one-sided."""
    step = series.ROOT if side else 1
    coefficients = [value, *[ZERO] * (order * step)]
    coefficients[step] = Real(side or 1)
    return Series(level, tuple(coefficients), is_one_sided=bool(side))
