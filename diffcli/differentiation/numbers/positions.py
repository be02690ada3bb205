"""Which points of a vectorised evaluation make which number.

A formula of numbers is applied to tensors element by element, after broadcasting. An element of a
derivative is the sum of the partials at the positions that the variable's element is broadcast
to: one position, unless shapes differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Protocol

from flint import arb

from diffcli.engines.balls.decimals import FORMATS, certain_float
from diffcli.engines.enclosure import Coordinate
from diffcli.engines.exact import as_constant, nearest
from diffcli.engines.progressions import exact
from diffcli.errors import LimitError, UsageError
from diffcli.language.expression import Node
from diffcli.language.limits import MAX_ELEMENTS
from diffcli.language.points import Point

if TYPE_CHECKING:
    from diffcli.differentiation.numbers.arrays import Array


def broadcast(arrays: Mapping[str, Array]) -> tuple[int, ...]:
    """Return the shape that arrays broadcast to.

    Raises UsageError where they don't, LimitError where it is far larger than they are.
    """
    import numpy as np

    shapes = {name: array.shape for name, array in arrays.items()}
    try:
        result = np.broadcast_shapes(*shapes.values())
    except ValueError:
        listed = ", ".join(f"{name} {list(shape)}" for name, shape in shapes.items())
        raise UsageError(
            f"the shapes don't go together: {listed}",
            hint="give the variables one length, or numbers",
        ) from None
    if prod(result) > max([MAX_ELEMENTS, *(array.size for array in arrays.values())]):
        raise LimitError(
            f"{', '.join(shapes)} go together to {prod(result):,} numbers",
            hint=f"at most {MAX_ELEMENTS:,} are computed",
        )
    return result


class Places(Protocol):
    """The points of one evaluation, numbered in row-major order."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the broadcast variables."""

    @property
    def size(self) -> int:
        """How many points there are."""

    def dyadic(self, position: int) -> Mapping[str, float]:
        """Return the floats of one position."""

    def typed(self, position: int) -> Mapping[str, Coordinate]:
        """Return one position as typed: exact constants, and floats where it was computed."""

    def of(self, name: str, element: int) -> Sequence[int]:
        """Return the positions that an element of a variable is broadcast to."""

    def shape_of(self, name: str) -> tuple[int, ...]:
        """Return the shape of a variable."""


@dataclass(frozen=True)
class SinglePoint:
    """One point of numbers, which needs no arrays: as typed, and in floats; as :class:`Places`."""

    point: Mapping[str, Coordinate]
    floats: Mapping[str, float]
    shape: tuple[int, ...] = ()
    size: int = 1

    @classmethod
    def of_numbers(cls, numbers: Mapping[str, Node], dtype: str) -> SinglePoint:
        """Return a point of numbers. Raises PointError where one is beyond the dtype's range."""
        floats = {
            name: certain_float(arb(nearest(value)), *FORMATS[dtype]) or 0.0
            for name, value in numbers.items()
        }
        return cls(numbers, floats)

    def dyadic(self, _: int) -> Mapping[str, float]:
        """Return the point's floats."""
        return self.floats

    def typed(self, _: int) -> Mapping[str, Coordinate]:
        """Return the point as typed."""
        return self.point

    def of(self, _name: str, element: int) -> Sequence[int]:
        """Return the one position."""
        return (element,)

    def shape_of(self, _: str) -> tuple[int, ...]:
        """Return the shape of a number."""
        return ()


class Positions:
    """The points of one vectorised evaluation, from arrays; as :class:`Places`.

    Raises UsageError where the variables' shapes don't go together.
    """

    def __init__(self, point: Point, *, dtype: str, seed: int) -> None:
        import numpy as np

        from diffcli.engines.coordinates import arrays_of

        self.arrays = arrays_of(point, dtype=dtype, seed=seed)
        self._typed = {name: exact(value) for name, value in point.values.items()}
        self.shape = broadcast(self.arrays)
        self.size = int(np.prod(self.shape))
        self._sources = {
            name: np.broadcast_to(np.arange(array.size).reshape(array.shape), self.shape).ravel()
            for name, array in self.arrays.items()
        }

    def dyadic(self, position: int) -> dict[str, float]:
        """Return the floats of one position."""
        return {
            name: float(array.ravel()[self._sources[name][position]])
            for name, array in self.arrays.items()
        }

    def typed(self, position: int) -> dict[str, Coordinate]:
        """Return one position as typed: exact constants, and floats where it was computed."""
        point: dict[str, Coordinate] = dict(self.dyadic(position))
        for name, entries in self._typed.items():
            if entries is not None:
                point[name] = entries[self._sources[name][position]]
        return point

    def of(self, name: str, element: int) -> Sequence[int]:
        """Return the positions that an element of a variable is broadcast to."""
        if self.arrays[name].shape == self.shape:
            return (element,)
        return [int(position) for position in (self._sources[name] == element).nonzero()[0]]

    def shape_of(self, name: str) -> tuple[int, ...]:
        """Return the shape of a variable."""
        return self.arrays[name].shape


@dataclass(frozen=True)
class EachPosition:
    """The positions of broadcast arrays, each a point of numbers by itself; as :class:`Places`."""

    positions: Positions

    @property
    def size(self) -> int:
        """How many points there are."""
        return self.positions.size

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of a variable."""
        return (self.positions.size,)

    @property
    def columns(self) -> dict[str, Array]:
        """Each variable's number at every point."""
        import numpy as np

        return {
            name: np.broadcast_to(array, self.positions.shape).flatten()
            for name, array in self.positions.arrays.items()
        }

    def dyadic(self, position: int) -> Mapping[str, float]:
        """Return the floats of one point."""
        return self.positions.dyadic(position)

    def typed(self, position: int) -> Mapping[str, Coordinate]:
        """Return one point as typed."""
        return self.positions.typed(position)

    def point(self, position: int) -> Point:
        """Return one point, its floats as the exact numbers that they are."""
        return Point({name: as_constant(value) for name, value in self.typed(position).items()})

    def of(self, _name: str, element: int) -> Sequence[int]:
        """Return the one position of an element."""
        return (element,)

    def shape_of(self, _: str) -> tuple[int, ...]:
        """Return the shape of a variable."""
        return self.shape
