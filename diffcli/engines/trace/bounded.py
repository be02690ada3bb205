"""Arrays of midpoints and radii: what a dtype's arithmetic may make of a recorded computation.

The midpoint is a float64, and the radius grows by the rounding of every operation (Higham,
*Accuracy and Stability of Numerical Algorithms*, 2nd ed., section 3.1: a sum or a product of n
terms is off by at most γ_n Σ|terms|, in whatever order). The operations are those of ``Balls``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from diffcli.engines.trace.arrays import Balls, Floats, Index
from diffcli.engines.trace.functions import CONSTANTS

_to_ball_with_radius = np.frompyfunc(arb, 2, 1)


class Arithmetic:
    """The rounding of a dtype: its unit, and how many of them an operation may lose.

    ``least`` and ``largest`` are the ends of its range, beyond which nothing is kept.
    """

    def __init__(self, unit: float, least: float, largest: float) -> None:
        self.unit, self.least, self.largest, self.slack = unit, least, largest, 2.0

    def of(self, size: Any, count: int = 1) -> Any:
        """Return what ``count`` operations on numbers of some size may lose."""
        size = np.abs(size)
        lost = self.slack * count * self.unit * size + self.least
        return np.where(size > self.largest, np.inf, lost)


class Bounded:
    """Midpoints in float64, and how far a dtype's arithmetic may be from them."""

    __slots__ = ("arithmetic", "middle", "radius")
    __array_ufunc__ = None

    def __init__(self, middle: Any, radius: Any, arithmetic: Arithmetic) -> None:
        self.middle: Floats = np.asarray(middle, dtype=np.float64)
        self.radius: Floats = np.asarray(radius, dtype=np.float64)
        self.arithmetic = arithmetic

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        return tuple(self.middle.shape)

    def zeros(self) -> Bounded:
        """Return zeros in the same shape."""
        return self._moved(np.zeros(self.shape), np.zeros(self.shape))

    def _rounded(self, middle: Any, radius: Any, count: int = 1, size: Any = None) -> Bounded:
        lost = self.arithmetic.of(middle if size is None else size, count)
        return Bounded(middle, radius + lost, self.arithmetic)

    def _moved(self, middle: Any, radius: Any) -> Bounded:
        return Bounded(middle, radius, self.arithmetic)

    def _other(self, other: Any) -> tuple[Any, Any]:
        return (other.middle, other.radius) if isinstance(other, Bounded) else (other, 0.0)

    def constant(self, name: str) -> Bounded:
        """Return a constant of mathematics as the dtype has it."""
        return self._rounded(float(CONSTANTS[name]()), 0.0)

    def unary(self, name: str) -> Bounded:
        """Return an elementary function, by way of balls."""
        ball = np.isfinite(self.middle) & np.isfinite(self.radius)
        safe = Balls(
            _to_ball_with_radius(np.where(ball, self.middle, 0.5), np.where(ball, self.radius, 0.0))
        )
        balls = safe.unary(name)
        middle = np.where(ball, balls.middles(), np.nan)
        rounded = self._rounded(middle, np.where(ball, balls.radii(), np.inf), count=2)
        if name == "exp":  # of −∞, which masks what has no weight
            gone = np.isneginf(self.middle) & np.isfinite(self.radius)
            rounded.middle[gone] = rounded.radius[gone] = 0.0
        return rounded

    def __add__(self, other: Any) -> Bounded:
        middle, radius = self._other(other)
        return self._shifted(self.middle + middle, self.radius + radius, middle)

    def __sub__(self, other: Any) -> Bounded:
        middle, radius = self._other(other)
        return self._shifted(self.middle - middle, self.radius + radius, middle)

    def _shifted(self, middle: Any, radius: Any, other: Any) -> Bounded:
        """Return a sum with ``other``: one with an infinity that was given is exact."""
        is_given = np.isinf(self.middle) | np.isinf(other)
        lost = np.where(is_given, 0.0, self.arithmetic.of(middle))
        return Bounded(middle, radius + lost, self.arithmetic)

    def __rsub__(self, other: float) -> Bounded:
        return self._rounded(other - self.middle, self.radius)

    def __mul__(self, other: Any) -> Bounded:
        middle, radius = self._other(other)
        off = np.abs(self.middle) * radius + self.radius * (np.abs(middle) + radius)
        return self._rounded(self.middle * middle, off)

    def __truediv__(self, other: Any) -> Bounded:
        middle, radius = self._other(other)
        size = np.abs(middle)
        off = (np.abs(self.middle) * radius + self.radius * size) / (size * (size - radius))
        return self._rounded(self.middle / middle, np.where(size > radius, off, np.inf))

    def __rtruediv__(self, other: float) -> Bounded:
        return self._rounded(np.full(self.shape, float(other)), 0.0) / self

    def __neg__(self) -> Bounded:
        return self._moved(-self.middle, self.radius)

    __radd__, __rmul__ = __add__, __mul__

    def __matmul__(self, other: Bounded) -> Bounded:
        sizes, others = np.abs(self.middle), np.abs(other.middle)
        off = sizes @ other.radius + self.radius @ (others + other.radius)
        size = sizes @ others
        return self._rounded(self.middle @ other.middle, off, self.shape[-1] + 1, size)

    def inverse(self) -> Bounded:
        """Return the inverses of a batch of matrices, which rounding may have moved before."""
        return self._by_balls(Balls.inverse)

    def determinant(self) -> Bounded:
        """Return the determinants of a batch of matrices, which rounding may have moved before."""
        return self._by_balls(Balls.determinant)

    def eigen(self) -> tuple[Bounded, Bounded]:
        """Return eigenvalues and eigenvectors, which rounding may have moved before."""
        values, vectors = self._moved_balls().eigen()
        count = self.shape[-1]
        sizes = np.abs(values.middles()).max(axis=-1, keepdims=True, initial=0.0)
        return (
            self._rounded(values.middles(), values.radii(), count, sizes),
            self._rounded(vectors.middles(), vectors.radii(), count, 1.0),
        )

    def _by_balls(self, function: Callable[[Balls], Balls]) -> Bounded:
        balls = function(self._moved_balls())
        return self._rounded(balls.middles(), balls.radii(), self.shape[-1])

    def _moved_balls(self) -> Balls:
        """Return balls of the matrices that an algorithm may have rounded these to."""
        size = np.abs(self.middle).max(axis=(1, 2), keepdims=True, initial=0.0)
        moved = self.radius + self.arithmetic.of(size, self.shape[-1])
        return Balls(_to_ball_with_radius(self.middle, moved))

    def sum(self, axes: tuple[int, ...]) -> Bounded:
        """Return the sum along some axes."""
        count = int(np.prod([self.shape[axis] for axis in axes], dtype=np.int64))
        size = np.abs(self.middle).sum(axis=axes)
        return self._rounded(self.middle.sum(axis=axes), self.radius.sum(axis=axes), count, size)

    def reshape(self, shape: Sequence[int]) -> Bounded:
        """Return the same numbers in another shape."""
        return self._moved(self.middle.reshape(shape), self.radius.reshape(shape))

    def transpose(self, order: Sequence[int]) -> Bounded:
        """Return the axes in another order."""
        return self._moved(self.middle.transpose(order), self.radius.transpose(order))

    def expand(self, shape: Sequence[int]) -> Bounded:
        """Return the numbers repeated to a shape that they broadcast to."""
        return self._moved(np.broadcast_to(self.middle, shape), np.broadcast_to(self.radius, shape))

    def take(self, index: Index) -> Bounded:
        """Return the numbers of a flat array at some places, in the index's shape."""
        return self._moved(self.middle[index], self.radius[index])

    def spread(self, index: Index, size: int) -> Bounded:
        """Return a flat array with these numbers added up at the places of an index."""
        flat = index.ravel()
        counts = np.bincount(flat, minlength=size)
        middle, radius, sizes = (
            np.bincount(flat, weights=values.ravel(), minlength=size)
            for values in (self.middle, self.radius, np.abs(self.middle))
        )
        lost = np.where(counts > 1, self.arithmetic.of(sizes * counts), 0.0)
        return self._moved(middle, radius + lost)

    def place(self, index: Index, values: Bounded) -> Bounded:
        """Return a flat array with the numbers at some places replaced."""
        middle, radius = self.middle.copy(), self.radius.copy()
        middle[index.ravel()], radius[index.ravel()] = values.middle.ravel(), values.radius.ravel()
        return self._moved(middle, radius)

    def where(self, mask: NDArray[np.bool_], other: Bounded) -> Bounded:
        """Return these numbers where the mask is true, others elsewhere."""
        return self._moved(
            np.where(mask, self.middle, other.middle), np.where(mask, self.radius, other.radius)
        )

    def weakened(self, mask: NDArray[np.bool_]) -> Bounded:
        """Return the numbers, where the mask is true times every number from 0 to 1."""
        half = np.where(mask, 0.5, 1.0)
        return self._moved(
            self.middle * half, self.radius + np.where(mask, np.abs(self.middle) / 2, 0.0)
        )

    def same(self, other: Bounded) -> NDArray[np.bool_]:
        """Return where two arrays have the same midpoints."""
        return np.asarray(self.middle == other.middle)

    def meets(self, other: Bounded) -> NDArray[np.bool_]:
        """Return where rounding may change which of two arrays is above the other."""
        apart = np.abs(self.middle - other.middle)
        return np.asarray(apart <= self.radius + other.radius, dtype=np.bool_)

    def joined(self, doubt: NDArray[np.bool_], one: Bounded, other: Bounded) -> Bounded:
        """Return the numbers, where in doubt as far off as the others are apart."""
        off = np.where(doubt, np.abs(one.middle - other.middle) + one.radius + other.radius, 0.0)
        return self._moved(self.middle, self.radius + off)

    def topped(self, rows: NDArray[np.bool_], values: Bounded, tied: NDArray[np.bool_]) -> Bounded:
        """Return the numbers: what ties is equal but for rounding."""
        size = np.where(tied, np.abs(values.middle - self.middle[:, None]) + values.radius, 0.0)
        return self._moved(self.middle, self.radius + np.where(rows, size.max(axis=1), 0.0))

    @staticmethod
    def concatenate(parts: Sequence[Bounded]) -> Bounded:
        """Return flat arrays one after the other."""
        return Bounded(
            np.concatenate([part.middle for part in parts]),
            np.concatenate([part.radius for part in parts]),
            parts[0].arithmetic,
        )
