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
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, Union

from diffcli.differentiation import ENGINES, Settings
from diffcli.errors import PointError, UsageError
from diffcli.language.expression import Node, number
from diffcli.language.points import Computed, Point, Typed, Value, read_points
from diffcli.layouts import Matrix, SparseMatrix

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

Number: TypeAlias = Union[
    str, int, float, Fraction, Decimal, "Sequence[Any]", "NDArray[Any]", "np.generic", "Tensor"
]
"""A variable's value: a number, a text such as ``"pi/4"``, an array, a tensor, nested lists."""

Name = TypeVar("Name", bound=str)

At: TypeAlias = Number | Mapping[str, Number]
"""Values by name, or one value in the order of the variables."""


@dataclass(frozen=True)
class ArrayKind:
    """What numbers are given back as: ``float``, ``numpy`` or ``torch``, and in which dtype."""

    library: str = "float"
    dtype: str = "float64"
    device: str = "cpu"

    def made(self, numbers: Any) -> Any:
        """Return an array, or nested lists of numbers, as this kind; one number may be a float.

        A number that is missing is nan.
        """
        filled = _filled(numbers)
        if self.library == "float" and isinstance(filled, float):
            return filled
        import numpy as np

        array = np.array(filled, dtype=self.dtype)
        if self.library == "numpy":
            return array
        import torch

        return torch.from_numpy(array).to(self.device) if self.library == "torch" else array

    def sparse(self, entries: Sequence[tuple[int, int, Any]], shape: Sequence[int]) -> Any:
        """Return (row, column, number) as scipy's ``coo_array``, or a sparse tensor."""
        rows, columns, numbers = zip(*entries, strict=True) if entries else ((), (), ())
        values = self.made(list(numbers))
        if self.library == "torch":
            import torch

            positions = torch.tensor([rows, columns], device=self.device)
            return torch.sparse_coo_tensor(positions, values, tuple(shape), check_invariants=True)
        from scipy.sparse import coo_array

        return coo_array((values, (rows, columns)), tuple(shape))

    def settings(self, settings: Settings | None) -> Settings:
        """Return the settings that a call was given, or those that its values ask for.

        Raises UsageError for an engine or a dtype that there is none of.
        """
        if settings is None:
            return replace(Settings(), dtype=self.dtype, device=self.device)
        for engine in settings.engines:
            one_of("engine", engine, ENGINES)
        one_of("dtype", settings.dtype, ("float64", "float32"))
        return settings


def one_of(what: str, given: Name, known: Iterable[str]) -> Name:
    """Return what is one of the known. Raises UsageError for what isn't."""
    choices = tuple(known)
    if given not in choices:
        raise UsageError(f"{given!r} is no {what}", hint=f"one of {', '.join(choices)}")
    return given


def names_of(given: str | Sequence[str]) -> tuple[str, ...]:
    """Return names from a list of them, or from a text such as ``x,y``."""
    return tuple(name.strip() for name in given.split(",")) if isinstance(given, str) else (*given,)


def order_of(given: int) -> int:
    """Return an order. Raises UsageError for what isn't a whole number from 1 on."""
    if not isinstance(given, int) or given < 1:
        raise UsageError(f"{given!r} is no order", hint="a whole number, 1 or more")
    return given


def _filled(numbers: Any) -> Any:
    """Return nested lists of floats, nan where a number is missing; an array as it is."""
    if isinstance(numbers, list):
        return [_filled(number) for number in numbers]
    if numbers is None:
        return nan
    return numbers if hasattr(numbers, "dtype") else float(numbers)


def arranged(found: Any, kind: ArrayKind) -> Any:
    """Return a command's ``derivative`` with its numbers in a kind; of a matrix, the matrix."""
    if isinstance(found, Matrix):
        return kind.made(found["matrix"])
    if isinstance(found, SparseMatrix):
        return kind.sparse(found["entries"], found["shape"])
    if isinstance(found, Mapping):
        return {name: kind.made(part) for name, part in found.items()}
    return kind.made(found)


def flattened(found: Any) -> list[float]:
    """Return the numbers of a command's ``value`` or ``derivative`` one after the other."""
    if isinstance(found, Mapping):
        parts = found["matrix"] if isinstance(found, Matrix) else found.values()
        return [number for part in parts for number in flattened(part)]
    if isinstance(found, list):
        return [number for part in found for number in flattened(part)]
    return [nan if found is None else float(found)]


def kind_of(values: Iterable[Any]) -> ArrayKind:
    """Return what the numbers that belong to some values are given back as.

    Raises PointError for values that aren't real.
    """
    flat = [
        part for value in values for part in (value.values() if _is_mapping(value) else [value])
    ]
    tensors = [number for number in flat if _is_tensor(number)]
    arrays = [number for number in flat if hasattr(number, "dtype")]
    dtypes = {str(array.dtype).removeprefix("torch.") for array in arrays}
    if any(isinstance(number, complex) for number in flat) or any(
        "complex" in number for number in dtypes
    ):
        raise PointError("a complex value", hint="derivatives are in real variables")
    dtype = "float32" if dtypes and dtypes <= {"float32", "float16", "bfloat16"} else "float64"
    if tensors:
        return ArrayKind("torch", dtype, str(tensors[0].device))
    return ArrayKind("numpy" if arrays else "float", dtype)


def _is_mapping(value: Any) -> bool:
    return isinstance(value, Mapping)


def _is_tensor(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def point_of(values: Sequence[At], named: Mapping[str, Number], variables: Sequence[str]) -> Point:
    """Return the point that the arguments of a call say. Raises PointError where they don't fit."""
    typed = typed_of(values, named)
    missing = [name for name in variables[len(typed.ordered) :] if name not in typed.named]
    if missing:
        raise PointError(
            f"no value for {_listed(missing)}",
            hint=f"the variables are {_listed(variables)}; each is an argument: {missing[0]}=…",
        )
    return typed.bind(variables)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + (" …" if len(names) > 10 else "")


def typed_of(values: Sequence[At], named: Mapping[str, Number]) -> Typed:
    """Return values, in order and by name, as they would be typed. Raises PointError."""
    names: dict[str, Value] = {}
    ordered: list[Value] = []
    for value in (*values, named):
        typed = _typed(value)
        twice = names.keys() & typed.named.keys()
        if twice:
            raise PointError(f"{min(twice)} has two values", hint="give it one")
        names |= typed.named
        ordered += typed.ordered
    return Typed(names, tuple(ordered))


def written_point(given: At) -> Any:
    """Return a point as JSON has it, every number exactly as it is."""
    if isinstance(given, Mapping):
        return {name: _written(value) for name, value in given.items()}
    return _written(given)


def _written(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Sequence):
        return [_written(part) for part in value]
    if isinstance(value, float) and not isfinite(value):
        raise PointError(f"{value} is no finite number")
    exact = Fraction(value)
    return f"({exact.numerator}/{exact.denominator})" if exact.denominator > 1 else str(exact)


def ends_of(name: str, given: Any) -> tuple[float, float]:
    """Return the ends of a variable's range. Raises PointError where it isn't two numbers."""
    from diffcli.engines.exact import nearest

    ends = [_value(end) for end in given] if isinstance(given, list | tuple) else []
    numbers = [nearest(end) for end in ends if isinstance(end, Node)]
    if len(numbers) != 2 or len(ends) != 2:
        raise PointError(f"the range of {name} isn't two numbers", hint=f"{name}=(-1, 1)")
    return numbers[0], numbers[1]


def _typed(given: At) -> Typed:
    if isinstance(given, Mapping):
        return Typed({name: _value(value) for name, value in given.items()})
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

    if given is None:
        raise PointError("None is no value", hint="numbers, arrays, tensors, texts")
    if _is_tensor(given):
        given = given.detach().cpu().double()
    try:
        array = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise PointError(f"no value: {error}", hint="numbers, arrays, tensors, texts") from None
    if not np.isfinite(array).all():
        raise PointError("an array with nan or infinity in it", hint="values are finite")
    return Computed(array) if array.ndim else _node(float(array))
