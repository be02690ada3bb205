"""Python's numbers, numpy's arrays and torch's tensors ↔ points and numbers of the language.

A float is the binary number that it is; a text is read as the formula is, so ``"0.1"`` is 1/10.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from math import isfinite, nan
from typing import TYPE_CHECKING, Any, TypeAlias, Union

from diffcli.derivation import Settings
from diffcli.errors import PointError
from diffcli.language.expression import Node, number
from diffcli.language.points import Computed, Point, Typed, Value, read_points

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

Number: TypeAlias = Union[
    str, int, float, Fraction, Decimal, "Sequence[Any]", "NDArray[Any]", "np.generic", "Tensor"
]
"""A variable's value: a number, a text such as ``"pi/4"``, an array, a tensor, nested lists."""

At: TypeAlias = Number | Mapping[str, Number]
"""Values by name, or one value in the order of the variables."""


@dataclass(frozen=True)
class Kind:
    """What numbers are given back as: ``float``, ``numpy`` or ``torch``, and in which dtype."""

    library: str = "float"
    dtype: str = "float64"
    device: str = "cpu"

    def made(self, numbers: Any) -> Any:
        """Return nested lists of numbers as an array or a tensor, one number as a float.

        A number that is missing is nan.
        """
        filled = _filled(numbers)
        if self.library == "torch":
            import torch

            return torch.tensor(filled, dtype=getattr(torch, self.dtype), device=self.device)
        if self.library == "numpy" or isinstance(filled, list):
            import numpy as np

            return np.array(filled, dtype=self.dtype)
        return filled

    def sparse(self, entries: Sequence[tuple[int, int, Any]], shape: Sequence[int]) -> Any:
        """Return (row, column, number) as scipy's ``coo_array``, or a sparse tensor."""
        rows, columns, numbers = zip(*entries, strict=True) if entries else ((), (), ())
        values = self.made(list(numbers))
        if self.library == "torch":
            import torch

            places = torch.tensor([rows, columns], device=self.device)
            return torch.sparse_coo_tensor(places, values, tuple(shape), check_invariants=True)
        from scipy.sparse import coo_array

        return coo_array((values, (rows, columns)), tuple(shape))

    def settings(self, settings: Settings | None) -> Settings:
        """Return the settings that a call was given, or those that its values ask for."""
        return settings or replace(Settings(), dtype=self.dtype, device=self.device)


def _filled(numbers: Any) -> Any:
    if isinstance(numbers, list):
        return [_filled(each) for each in numbers]
    return nan if numbers is None else float(numbers)


def kind_of(values: Iterable[Any]) -> Kind:
    """Return what the numbers that belong to some values are given back as.

    Raises PointError for values that aren't real.
    """
    flat = [part for each in values for part in (each.values() if _is_mapping(each) else [each])]
    tensors = [each for each in flat if _is_tensor(each)]
    arrays = [each for each in flat if hasattr(each, "dtype")]
    dtypes = {str(each.dtype).removeprefix("torch.") for each in arrays}
    if any(dtype.startswith("complex") for dtype in dtypes):
        raise PointError("a complex value", hint="derivatives are in real variables")
    dtype = "float32" if dtypes and dtypes <= {"float32", "float16", "bfloat16"} else "float64"
    if tensors:
        return Kind("torch", dtype, str(tensors[0].device))
    return Kind("numpy" if arrays else "float", dtype)


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping)


def _is_tensor(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def point_of(values: Sequence[At], named: Mapping[str, Number], variables: Sequence[str]) -> Point:
    """Return the point that the arguments of a call say. Raises PointError where they don't fit."""
    return typed_of(values, named).bind(variables)


def typed_of(values: Sequence[At], named: Mapping[str, Number]) -> Typed:
    """Return values, in order and by name, as they would be typed. Raises PointError."""
    names: dict[str, Value] = {}
    ordered: list[Value] = []
    for each in (*values, named):
        found = _typed(each)
        twice = names.keys() & found.named.keys()
        if twice:
            raise PointError(f"{min(twice)} has two values", hint="give it one")
        names |= found.named
        ordered += found.ordered
    return Typed(names, tuple(ordered))


def _typed(given: At) -> Typed:
    if isinstance(given, Mapping):
        return Typed({name: _value(each) for name, each in given.items()})
    if not isinstance(given, str):
        return Typed(ordered=(_value(given),))
    first, *more = read_points([given])
    if more:
        raise PointError("several points", hint="one call for each, or a vector: x=[1,2]")
    return first


def _value(given: Number) -> Value:
    if isinstance(given, str):
        typed = _typed(given)
        if typed.named or len(typed.ordered) != 1:
            raise PointError(f"{given!r} is no value", hint='x="pi/4"')
        return typed.ordered[0]
    if isinstance(given, int | float | Fraction | Decimal):
        return _node(given)
    return _array(given)


def _node(given: float | Fraction | Decimal) -> Node:
    if not isfinite(given):
        raise PointError(f"{given} is no number", hint="values are finite")
    return number(Fraction(given))


def _array(given: Any) -> Value:
    """Return an array; its entries are the floats that they are."""
    import numpy as np

    if _is_tensor(given):
        given = given.detach().cpu().double()
    try:
        array = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise PointError(f"no value: {error}", hint="numbers, arrays, tensors, texts") from None
    if not np.isfinite(array).all():
        raise PointError("an array with no number in it", hint="values are finite")
    return Computed(array) if array.ndim else _node(float(array))
