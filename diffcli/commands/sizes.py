"""How many numbers an answer may have: more belong in a file, a row each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING

from diffcli.errors import LimitError
from diffcli.language.expression import Node
from diffcli.language.function import Function
from diffcli.language.limits import MAX_SHOWN, MAX_VALUES
from diffcli.language.points import Point
from diffcli.operators import Matrix, Operator, Scalars, Shape

if TYPE_CHECKING:
    from diffcli.engines.coordinates import Array

_HINT = "diffcli batch takes a file of any length"


def check_size(operator: Operator, function: Function, points: Sequence[Point]) -> None:
    """Raise LimitError before anything is computed where an answer has too many numbers.

    A matrix is counted where it is known how many of its entries may differ from zero.
    """
    vectors = [point for point in points if not _is_of_numbers(point)]
    if not vectors or function.repetition is not None:
        return
    from diffcli.engines.coordinates import array

    values = entries = 0
    for point in vectors:
        arrays = {name: array(value) for name, value in point.values.items()}
        shapes = {name: array.shape for name, array in arrays.items()}
        outputs = _outputs(function, arrays)
        values += sum(map(prod, outputs))
        if not isinstance(operator, Matrix):
            scalars = operator.moving(Scalars(function, shapes, outputs))
            entries += sum(map(prod, operator.blocks(scalars)))
    if values > MAX_VALUES and not function.has_tensors:
        raise LimitError(
            f"the formula has {values:,} values there",
            hint=f"at most {MAX_VALUES:,} are shown; {_HINT}",
        )
    if max(values, entries) > MAX_SHOWN:
        raise LimitError(
            f"the answer has {max(values, entries):,} numbers",
            hint=f"at most {MAX_SHOWN:,} are shown; {_HINT}",
        )


def _outputs(function: Function, arrays: Mapping[str, Array]) -> tuple[Shape, ...]:
    from diffcli.differentiation.numbers.positions import broadcast
    from diffcli.tensors.shapes import shapes_of

    if not function.has_tensors:
        return (broadcast(arrays),) * len(function.outputs)
    known = shapes_of(function, {name: array.shape for name, array in arrays.items()})
    return tuple(known[output] for output in function.outputs)


def _is_of_numbers(point: Point) -> bool:
    return all(isinstance(value, Node) for value in point.values.values())
