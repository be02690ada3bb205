"""Numbers that leave torch by ``item()``, and what Python does with them.

Sums, products and comparisons of such a number are operations of torch too, and recorded as those:
``while loss.item() > 1e-6`` is a branch like any other. Whatever else takes the number itself,
which the record then says.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

_Operation = Callable[[Any, Any], Any]


class Departed:
    """A floating-point number that left torch, as the double that Python has."""

    __slots__ = ("_tensor",)
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, tensor: Tensor) -> None:
        with torch.enable_grad():
            self._tensor = tensor.double()

    def taken(self) -> float:
        """Return the number itself, which the record notes as one that nothing follows."""
        return float(torch.ops.aten._local_scalar_dense(self._tensor))

    def _combined(self, other: Any, operation: _Operation) -> Any:
        """Return a sum or a product with a number; with anything else, that of the number."""
        value = other._tensor if isinstance(other, Departed) else other
        if isinstance(value, bool) or not isinstance(other, Departed | int | float):
            return operation(self.taken(), other)
        with torch.enable_grad():
            return Departed(operation(self._tensor, value))

    def _compared(self, other: Any, operation: _Operation) -> Any:
        """Return whether a comparison with a number holds, which is a branch of the record."""
        value = other._tensor if isinstance(other, Departed) else other
        if not isinstance(other, Departed | int | float):
            return operation(self.taken(), other)
        return bool(operation(self._tensor, value))

    def __float__(self) -> float:
        return self.taken()

    def __int__(self) -> int:
        return int(self.taken())

    def __round__(self, digits: int | None = None) -> float:
        return round(self.taken(), digits)

    def __neg__(self) -> Departed:
        return Departed(-self._tensor)

    def __abs__(self) -> Departed:
        return Departed(self._tensor.abs())

    def __bool__(self) -> bool:
        return bool(self._tensor != 0)

    def __format__(self, form: str) -> str:
        return format(self._shown(), form)

    def __repr__(self) -> str:
        return repr(self._shown())

    def _shown(self) -> float:
        """Return the number for a person to read, from whom it doesn't come back."""
        from torch.utils._python_dispatch import _disable_current_modes

        with _disable_current_modes(), torch._C.DisableTorchFunction():
            return self._tensor.item()


def _turned(operation: _Operation) -> _Operation:
    return lambda one, other: operation(other, one)


def _method(way: Any, operation: _Operation) -> _Operation:
    return lambda self, other: way(self, other, operation)


def _through(operation: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method that takes the number itself."""

    def method(self: Departed, *others: Any) -> Any:
        own = (other.taken() if isinstance(other, Departed) else other for other in others)
        return operation(self.taken(), *own)

    return method


for _name in ("add", "sub", "mul"):
    _function = getattr(operator, _name)
    setattr(Departed, f"__{_name}__", _method(Departed._combined, _function))
    setattr(Departed, f"__r{_name}__", _method(Departed._combined, _turned(_function)))
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Departed, f"__{_name}__", _method(Departed._compared, getattr(operator, _name)))
for _name in ("truediv", "floordiv", "mod", "pow"):
    _function = getattr(operator, _name)
    setattr(Departed, f"__{_name}__", _through(_function))
    setattr(Departed, f"__r{_name}__", _through(_turned(_function)))
