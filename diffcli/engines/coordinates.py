"""Typed values → float64 arrays, each entry the float nearest to what was typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from diffcli.engines.exact import is_float, nearest
from diffcli.engines.progressions import exact, progression
from diffcli.errors import LimitError, PointError
from diffcli.language.expression import Node, number
from diffcli.language.limits import MAX_ELEMENTS
from diffcli.language.points import Computed, Generated, Point, Rounded, Tensor, Typed, Value
from diffcli.language.tensors import component_names

Array = NDArray[np.float64]


def array(value: Value, *, seed: int = 0) -> Array:
    """Return a typed value as a float64 array, 0-d for a number.

    ``seed`` is that of ``rand`` and ``randn``. Raises PointError where the value isn't real and
    finite, LimitError where the tensor would be too large.
    """
    match value:
        case Node():
            return np.array(nearest(value))
        case Tensor(shape, entries):
            return np.array([nearest(entry) for entry in entries]).reshape(shape)
        case Generated(name, arguments):
            exact = progression(value)
            numbers = [nearest(argument) for argument in arguments]
            generated = exact.floats() if exact is not None else _GENERATORS[name](numbers, seed)
            if not np.isfinite(generated).all():
                raise PointError(f"{name} leaves the range of float64", hint="use smaller numbers")
            return generated
        case Computed(numbers):
            return numbers


def arrays_of(point: Point, *, dtype: str, seed: int) -> dict[str, Array]:
    """Return each variable's value in the dtype's floats; as :func:`array`.

    Random values of several variables are independent of each other.
    """
    # What is beyond the dtype becomes infinite, and is refused as such.
    with np.errstate(over="ignore"):
        return {
            name: array(value, seed=seed + position).astype(dtype).astype(np.float64)
            for position, (name, value) in enumerate(point.values.items())
        }


def by_component(point: Point, arrays: Mapping[str, Array]) -> Point:
    """Return the point of the components: what was typed, or where it was computed its floats."""
    values: dict[str, Value] = {}
    for name, value in point.values.items():
        entries = exact(value)
        if entries is None:
            entries = [number(x) for x in arrays[name].flat]
        values |= zip(component_names(name, arrays[name].shape), entries, strict=True)
    return Point(values)


def components(typed: Typed, vector: Sequence[Array], *, names: Sequence[str]) -> list[float]:
    """Return the components of a vector, each with the constant it was typed as.

    ``vector`` is its arrays, one for each of ``names``, in order.
    """
    floats = [float(component) for entry in vector for component in entry.flat]
    is_list = _is_list(typed)
    values = typed.ordered if is_list else typed.bind(names).values.values()
    sizes = [len(floats)] if is_list else [entry.size for entry in vector]
    constants: list[Node | None] = []
    for value, size in zip(values, sizes, strict=True):
        constants += exact(value) or [None] * size
    return [
        number if constant is None or is_float(constant, number) else Rounded(number, constant)
        for number, constant in zip(floats, constants, strict=True)
    ]


def along(typed: Typed, shapes: Mapping[str, tuple[int, ...]], *, seed: int) -> list[Array]:
    """Return a typed vector as an array of each shape; a list is cut into them, in order.

    Raises PointError where it doesn't fit.
    """
    sizes = [prod(shape) for shape in shapes.values()]
    if _is_list(typed):
        flat = array(typed.ordered[0], seed=seed).ravel()
        if flat.size != sum(sizes):
            names = ", ".join(f"{name} {list(shape)}" for name, shape in shapes.items())
            raise PointError(
                f"a vector of {flat.size} numbers for {names}", hint=f"give {sum(sizes)} in order"
            )
        parts = np.split(flat, np.cumsum(sizes)[:-1])
        return [part.reshape(shape) for part, shape in zip(parts, shapes.values(), strict=True)]
    missing = [name for name in list(shapes)[len(typed.ordered) :] if name not in typed.named]
    if missing:
        example = ",".join(f"{name}=…" for name in shapes)
        raise PointError(
            f"the vector has no component for {', '.join(missing)}", hint=f"as in {example}"
        )
    result = [array(value, seed=seed) for value in typed.bind(list(shapes)).values.values()]
    for (name, shape), vector in zip(shapes.items(), result, strict=True):
        if vector.shape != shape:
            raise PointError(
                f"the vector for {name} has shape {list(vector.shape)}, and {name} {list(shape)}",
                hint="it has the shape of what it multiplies",
            )
    return result


def _is_list(typed: Typed) -> bool:
    """Whether a vector is typed as one list of all components."""
    is_one = not typed.named and len(typed.ordered) == 1
    return is_one and isinstance(typed.ordered[0], Tensor | Computed)


def _size(arguments: list[float], name: str) -> tuple[int, ...]:
    """Check that the arguments are the lengths of a tensor that fits."""
    if any(length != int(length) or length < 0 for length in arguments):
        raise PointError(f"{name} takes whole numbers", hint=f"{name}(2,3)")
    shape = tuple(int(length) for length in arguments)
    if prod(shape) > MAX_ELEMENTS:
        raise LimitError(
            f"{name} asks for {prod(shape):,} numbers", hint=f"at most {MAX_ELEMENTS:,} are made"
        )
    return shape


def _eye(arguments: list[float], _: int) -> Array:
    rows, columns = _size([*arguments, *arguments][:2], "eye")
    return np.eye(rows, columns)


def _random(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


_GENERATORS: Mapping[str, Callable[[list[float], int], Array]] = MappingProxyType(
    {
        "ones": lambda arguments, _: np.ones(_size(arguments, "ones")),
        "zeros": lambda arguments, _: np.zeros(_size(arguments, "zeros")),
        "eye": _eye,
        "rand": lambda arguments, seed: _random(seed).random(_size(arguments, "rand")),
        "randn": lambda arguments, seed: _random(seed).standard_normal(_size(arguments, "randn")),
    }
)
