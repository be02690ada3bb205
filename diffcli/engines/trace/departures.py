"""Numbers that leave torch by ``item()``, and what Python does with them.

Sums, products and comparisons of such a number are operations of torch too, and recorded as those:
``while loss.item() > 1e-6`` is a branch like any other. Whatever else takes the number itself,
which the record then says.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from diffcli.engines.trace.operations import tensors_in

_Operation = Callable[[Any, Any], Any]


class Reader(Protocol):
    """What notes that numbers leave torch."""

    def cut(self, kind: str, tensor: Tensor) -> None:
        """Note that a number of a tensor leaves torch, or that its gradient is stopped."""

    def refuse(self, problem: str) -> None:
        """Note why the record isn't the function's."""

    def read_out(self, read: Callable[[], Any], tensor: Tensor) -> Any:
        """Return what ``read`` gives, a number of the tensor."""


class Departed:
    """A floating-point number that left torch, as the double that Python has."""

    __slots__ = ("_reader", "_tensor")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, tensor: Tensor, reader: Reader) -> None:
        """``reader`` notes a number that is read."""
        with torch.enable_grad():
            self._tensor = tensor.double()
        self._reader = reader

    def taken(self) -> float:
        """Return the number itself, which the record notes as one that nothing follows."""
        read = torch.ops.aten._local_scalar_dense
        return float(self._reader.read_out(lambda: read(self._tensor), self._tensor))

    def _combined(self, other: Any, operation: _Operation) -> Any:
        """Return a sum or a product with a number; with anything else, that of the number."""
        value = other._tensor if isinstance(other, Departed) else other
        if isinstance(value, bool) or not isinstance(other, Departed | int | float):
            return operation(self.taken(), other)
        with torch.enable_grad():
            return Departed(operation(self._tensor, value), self._reader)

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
        return Departed(-self._tensor, self._reader)

    def __abs__(self) -> Departed:
        return Departed(self._tensor.abs(), self._reader)

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


_LEAVING = {
    "numpy": "numpy",
    "__array__": "numpy",
    "tolist": "tolist",
    "data_ptr": "data_ptr",
    "__dlpack__": "dlpack",
    "detach": "detach",
    "detach_": "detach",
}
"""What takes numbers out of torch, or stops their gradient, by torch's names."""
_COPYING = frozenset("tensor as_tensor asarray new_tensor new".split())
"""What makes tensors of Python's numbers, and of tensors among them."""
_READING = frozenset("__float__ __int__ __index__ __complex__ __bool__".split())
_UNSEEN = frozenset("apply_ map_ map2_".split())
"""What writes numbers that no operation shows."""


class Departures(TorchFunctionMode):
    """Notes where numbers leave torch, or a gradient is stopped, which no operation shows.

    A number that leaves by ``item()`` is replaced by one that the record ``follows``.
    """

    recorder: Reader

    def __init__(self, *, follows: bool = True) -> None:
        super().__init__()
        self._follows = follows
        self.has_departed = False

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        name = getattr(func, "__name__", "")
        if func is Tensor.item and self._follows and args[0].is_floating_point():
            self.has_departed = True
            return Departed(args[0], self.recorder)
        if name in _COPYING:
            self._note_copied(name, args)
        elif args and isinstance(args[0], Tensor) and args[0].is_floating_point():
            if kind := "data" if func == _DATA else _LEAVING.get(name):
                self.recorder.cut(kind, args[0])
            elif name in _UNSEEN or (func == _SET_DATA and args[0].requires_grad):
                said = name if name in _UNSEEN else "setting .data"
                self.recorder.refuse(f"{said} writes numbers that no operation shows")
            elif name in _READING:
                return self.recorder.read_out(lambda: func(*args, **(kwargs or {})), args[0])
        return func(*args, **(kwargs or {}))

    def _note_copied(self, name: str, args: Sequence[Any]) -> None:
        """Note the tensors of which numbers are copied, which no operation shows."""
        for value in args[name.startswith("new") :]:
            is_own = isinstance(value, Tensor)
            if is_own and name in ("as_tensor", "asarray"):
                continue  # as it is
            for tensor in tensors_in(value):
                if tensor.is_floating_point():
                    self.recorder.cut(name if is_own else f"{name}()", tensor)


_DATA = Tensor.data.__get__  # type: ignore[attr-defined]
_SET_DATA = Tensor.data.__set__  # type: ignore[attr-defined]
