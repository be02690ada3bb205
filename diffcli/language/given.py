"""Facts that all points of a request share: the shapes of names, and whole numbers."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from diffcli.language.expression import NUMBER, Node
from diffcli.language.function import Given
from diffcli.language.points import Computed, Generated, Tensor, Typed, Value


def given_by(points: Sequence[Typed], variables: Sequence[str] = ()) -> Given:
    """Return what all points say alike; ``variables`` are the names of values without one."""
    known = [
        dict(zip(variables, point.ordered, strict=False)) | {**point.named} for point in points
    ]
    shapes: dict[str, tuple[int, ...]] = {}
    wholes: dict[str, int] = {}
    for name in set(known[0]).intersection(*known[1:]) if known else ():
        values = [point[name] for point in known]
        shapes_of_values = {_shape(value) for value in values}
        if len(shapes_of_values) == 1 and (shape := shapes_of_values.pop()) is not None:
            shapes[name] = shape
        numbers = {_whole_number(value) for value in values}
        if len(numbers) == 1 and (number := numbers.pop()) is not None:
            wholes[name] = number
    return Given(shapes, wholes)


def _shape(value: Value) -> tuple[int, ...] | None:
    """Return a value's shape, None where it would have to be computed."""
    match value:
        case Node():
            return ()
        case Tensor(shape):
            return shape
        case Computed(numbers):
            return numbers.shape
        case Generated("linspace", (*_, count)):
            whole = _whole_number(count)
            return None if whole is None else (whole,)
        case Generated("eye", (count, *more)):
            sizes = [_whole_number(size) for size in (count, *(more or (count,)))]
        case Generated("arange"):
            return None
        case Generated(_, arguments):
            sizes = [_whole_number(size) for size in arguments]
    return None if None in sizes else tuple(size or 0 for size in sizes)


def _whole_number(value: Value) -> int | None:
    """Return a value that is a whole number and not negative, as typed."""
    exact = value.value if isinstance(value, Node) and value.op == NUMBER else None
    return int(exact) if isinstance(exact, Fraction) and exact.denominator == 1 else None
