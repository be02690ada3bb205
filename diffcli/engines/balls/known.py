"""Balls and series of balls that know which exact constant they enclose, at the point itself.

A rule that can't decide on balls is run on these again: what it computes from its arguments before
it asks for a sign, such as 1 − x², is then followed as an exact constant too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from flint import arb, arb_series, fmpq, fmpz

from diffcli.engines.balls.decimals import python_fraction
from diffcli.engines.balls.field import Field
from diffcli.engines.balls.forms import Form, TooLong, number
from diffcli.engines.balls.guards import Decidable
from diffcli.engines.balls.values import Unknown

Combine = Callable[..., Form]

_OPERATIONS: Mapping[str, Callable[[Field], Combine]] = MappingProxyType(
    {
        "__neg__": lambda _: lambda x: -x,
        "__add__": lambda _: lambda x, y: x + y,
        "__radd__": lambda _: lambda x, y: y + x,
        "__sub__": lambda _: lambda x, y: x - y,
        "__rsub__": lambda _: lambda x, y: y - x,
        "__mul__": lambda _: lambda x, y: x * y,
        "__rmul__": lambda _: lambda x, y: y * x,
        "__truediv__": lambda field: field.divide,
        "__rtruediv__": lambda field: lambda x, y: field.divide(y, x),
        "exp": lambda field: field.exp,
        "cos": lambda field: lambda x: field.circular(x)[0],
        "sin": lambda field: lambda x: field.circular(x)[1],
    }
)
"""The operations that rules use before they ask for a sign, and what they make of constants."""


class Known(Decidable):
    """A ball of an exact constant."""

    def __init__(self, ball: arb, field: Field, form: Form) -> None:
        super().__init__(ball)
        self.field, self.form = field, form

    def proved_sign(self) -> int | None:
        """Return the sign of the constant, where it is proved."""
        try:
            return self.field.sign(self.form)
        except TooLong:
            return None


class KnownSeries(arb_series):
    """A Taylor series whose value at the point is :class:`Known`."""

    def __init__(self, series: arb_series, field: Field, form: Form) -> None:
        super().__init__(series.coeffs())
        self.field, self.form = field, form

    def __getitem__(self, index: int) -> Any:
        entry = super().__getitem__(index)
        return entry if index else Known(entry, self.field, self.form)


def _lifted(base: type, name: str, of: Callable[[Field], Combine]) -> Callable[..., Any]:
    """Return a method that follows the constant besides what ``base`` does."""
    own = getattr(base, name)

    def method(self: Any, *others: Any) -> Any:
        result = own(self, *others)
        forms = [self.form, *map(_form, others)]
        if result is NotImplemented or None in forms:
            return result
        try:
            form = of(self.field)(*forms)
        except (Unknown, TooLong):
            return result
        kind = KnownSeries if isinstance(result, arb_series) else Known
        return kind(result, self.field, form)

    return method


for _name, _of in _OPERATIONS.items():
    setattr(Known, _name, _lifted(arb, _name, _of))
    setattr(KnownSeries, _name, _lifted(arb_series, _name, _of))


def _form(operand: Any) -> Form | None:
    match operand:
        case Known() | KnownSeries():
            return operand.form
        case int():
            return number(operand)
        case fmpz():
            return number(int(operand))
        case fmpq():
            return number(python_fraction(operand))
    return None


def forgotten(value: Any) -> Any:
    """Return a result without what it knows: an ordinary ball or series."""
    match value:
        case KnownSeries():
            return arb_series(value.coeffs())
        case Known():
            return arb(value)
    return value
