"""Autograd's numbers, their checks, and the numbers that stand once they are checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite, nan, prod
from typing import TYPE_CHECKING, Any

from diffcli.operators import Shape
from diffcli.verdict import Check

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Numbers:
    """Autograd's numbers: each output's values, and each entry's; many where vectors are points."""

    values: Sequence[Array]
    entries: Sequence[Array]


@dataclass(frozen=True)
class Checked:
    """The checks of an answer's values and entries, by place among all in row-major order.

    Where not all were checked, ``sampled`` is (checked, all). ``left`` are checks of several
    numbers together, such as the suspects that were not checked.
    """

    values: Mapping[int, Check] = field(default_factory=dict)
    entries: Mapping[int, Check] = field(default_factory=dict)
    sampled: tuple[int, int] | None = None
    left: tuple[Check, ...] = ()

    def of_points(self, numbers: Numbers) -> dict[int, list[Check | None]]:
        """Return the checks at each of the points that were examined: of values, then of entries.

        ``numbers`` are those that were checked, each an array as long as the points.
        """
        count = numbers.values[0].size
        outputs, entries = range(len(numbers.values)), range(len(numbers.entries))
        return {
            point: [
                *(self.values.get(row * count + point) for row in outputs),
                *(self.entries.get(row * count + point) for row in entries),
            ]
            for point in sorted({position % count for position in (*self.values, *self.entries)})
        }

    def corrected(self, numbers: Numbers) -> Numbers:
        """Return the numbers with what is proved of them, nan where there is none."""
        return Numbers(
            _corrected(numbers.values, self.values), _corrected(numbers.entries, self.entries)
        )


def _corrected(arrays: Sequence[Array], checks: Mapping[int, Check]) -> list[Array]:
    """Return arrays of one length with the values of some checks, by place among all."""
    copies = [array.copy() for array in arrays]
    for position, check in checks.items():
        row, column = divmod(position, copies[0].size)
        copies[row][column] = nan if check.value is None else check.value
    return copies


def final_values(
    numbers: Sequence[Array] | None, checks: Mapping[int, Check], count: int
) -> list[float | None]:
    """Return the numbers that stand, one after the other, None where there is no number.

    That is the truth where it is proved, else autograd's. ``count`` is how many there are.
    """
    flat: list[float | None] = [None] * count
    if numbers is not None:
        flat = [number for array in numbers for number in finite_numbers(array)]
    for position, check in checks.items():
        flat[position] = check.value
    return flat


def finite_numbers(array: Array) -> Sequence[float | None]:
    """Return the numbers of an array in a row, None for what is no finite number."""
    flat: list[float] = array.ravel().tolist()
    if all(map(isfinite, flat)):
        return flat
    return [number if isfinite(number) else None for number in flat]


def shaped(
    numbers: Sequence[Array] | None, checks: Mapping[int, Check], shapes: Sequence[Shape]
) -> list[Any]:
    """Return the numbers that stand as nested lists of the shapes, which follow each other."""
    flat = final_values(numbers, checks, sum(map(prod, shapes)))
    parts, start = [], 0
    for shape in shapes:
        end = start + prod(shape)
        parts.append(_nested(flat[start:end], shape))
        start = end
    return parts


def _nested(flat: Sequence[Any], shape: Sequence[int]) -> Any:
    """Return numbers in row-major order as nested lists of a shape."""
    if not shape:
        return flat[0]
    if len(shape) == 1:
        return list(flat)
    step = prod(shape[1:])
    return [_nested(flat[row * step : (row + 1) * step], shape[1:]) for row in range(shape[0])]


def one_by_one(arrays: Iterable[Array]) -> list[Array]:
    """Return every number of some arrays as an array of its own."""
    return [number for array in arrays for number in array.reshape(-1, 1)]
