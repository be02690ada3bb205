"""The formula of a certificate: a list of operations on earlier ones, and what they mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import floor, prod
from typing import Any

from mpmath import iv
from mpmath.libmp import to_int

from diffcli_certificate import series
from diffcli_certificate.reals import ONE, ZERO, Real, Undecided, Undefined, exp
from diffcli_certificate.series import Series, Value, head, over, power, sin_cos

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


OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": lambda *terms: sum(terms, ZERO),
    "mul": lambda *factors: prod(factors, start=ONE),
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


def _choice(args: Sequence[Any], *, may_hull: bool) -> Any:
    """Return the first value whose condition holds; the others need not have one.

    With ``may_hull``, for variables that are numbers, a condition may be undecided: the value then
    lies in the hull of both. Of series that would hide a jump.
    """
    for position, (value, condition) in enumerate(zip(args[::2], args[1::2], strict=True), 1):
        if may_hull and isinstance(condition, Undecided) and isinstance(value, Real):
            other = _choice(args[2 * position :], may_hull=True)
            return value.hull(other) if isinstance(other, Real) else condition
        if isinstance(condition, Exception):
            return condition
        if not isinstance(condition, bool):
            return Undecided("a number for a condition")
        if condition:
            return value
    return Undefined("no condition holds")


PANELS, TERMS = 32, 20
"""Parts of an integral's range, and the even number of the Taylor series' terms on each."""
TOPMOST = 1000
"""The level of an integral's variable, above those of all others."""


def _integral(body: Mapping[str, Any], low: Value, high: Value, *args: Value) -> Value:
    """Return ∫ body dt from low to high, by Taylor's formula about the middle of each panel.

    With t = low + u·(high − low) it is an integral from 0 to 1. The remainder of the series is its
    next coefficient somewhere on the panel, times an even power (the mean value theorem).
    """
    levels = [part.level for part in (low, high, *args) if isinstance(part, Series)]
    level = 1 + max([TOPMOST, *levels])
    width, half, result = high + -low, Fraction(1, 2 * PANELS), ZERO
    known = dict(zip(body["parameters"], args, strict=True))

    def expansion(u: Real) -> Sequence[Value]:
        moved = low + width * variable(u, level, TERMS)
        values = evaluated(body["operations"], {**known, body["variable"]: moved})
        root = values[body["root"]]
        if isinstance(root, Exception):
            raise Undecided(f"an integral, as {root}")
        return series.coefficients(root, level, TERMS)

    for panel in range(PANELS):
        middle = Real((2 * panel + 1) * half)
        near, whole = expansion(middle), expansion(middle.widened(half))
        for k in range(0, TERMS + 1, 2):
            term = near[k] if k < TERMS else whole[k]
            result = result + term * Real(2 * half ** (k + 1) / (k + 1))
    return result * width


OPERATIONS["integral"] = _integral


def evaluated(operations: Sequence[Operation], variables: Mapping[str, Value]) -> list[Any]:
    """Return the value of every operation, or the exception that says why it has none."""
    values: list[Any] = []
    are_numbers = all(isinstance(value, Real) for value in variables.values())
    for name, *rest in operations:
        if name == "number":
            values.append(Real(Fraction(rest[0])))
        elif name == "constant":
            values.append(CONSTANTS[rest[0]]())
        elif name == "variable":
            values.append(variables.get(rest[0], Undecided("a variable without a value")))
        elif name == "choose":
            values.append(_choice([values[position] for position in rest], may_hull=are_numbers))
        else:
            body = [part for part in rest if isinstance(part, Mapping)]
            args = [values[position] for position in rest[len(body) :]]
            values.append(_applied(OPERATIONS[name], [*body, *args]))
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
