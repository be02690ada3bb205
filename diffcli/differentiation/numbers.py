"""Autograd's numbers, and those that stand once they are checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite, prod
from typing import TYPE_CHECKING, Any

from diffcli.operators import Shape
from diffcli.verdict import Check
from diffcli.verify import DIGITS_KEPT

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from diffcli.differentiation.closed import ClosedValues

    Array = NDArray[np.float64]


@dataclass(frozen=True)
class Numbers:
    """Autograd's numbers: each output's values, and each entry's; many where vectors are points."""

    values: Sequence[Array]
    entries: Sequence[Array]


def agree(numbers: Numbers, closed: ClosedValues, dtype: str) -> bool:
    """Whether autograd's entries are those of formulas, wherever both are numbers."""
    import numpy as np

    near = 10.0 ** -DIGITS_KEPT[dtype]
    for own, formula in closed.pairs(np.concatenate([each.ravel() for each in numbers.entries])):
        both = np.isfinite(own) & np.isfinite(formula)
        size = np.abs(formula[both]).max(initial=0.0)
        if not np.allclose(own[both], formula[both], rtol=near, atol=near * size):
            return False
    return True


def final_values(
    numbers: Sequence[Array] | None, checks: Sequence[Sequence[Check | None]]
) -> list[float | None]:
    """Return the numbers that stand, one after the other, None where there is no number.

    That is the truth where it is proved, else autograd's.
    """
    given = [found for each in checks for found in each]
    flat = [None] * len(given) if numbers is None else [x for each in numbers for x in each.flat]
    return [
        check.value if check else float(number) if number is not None and isfinite(number) else None
        for check, number in zip(given, flat, strict=True)
    ]


def shaped(
    numbers: Sequence[Array] | None,
    checks: Sequence[Sequence[Check | None]],
    shapes: Sequence[Shape],
) -> list[Any]:
    """Return the numbers that stand as nested lists of the shapes, which follow each other."""
    flat = final_values(numbers, checks)
    found, start = [], 0
    for shape in shapes:
        end = start + prod(shape)
        found.append(_nested(flat[start:end], shape))
        start = end
    return found


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
    return [number for each in arrays for number in each.reshape(-1, 1)]
