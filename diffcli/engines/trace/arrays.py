"""Arrays of Arb's balls, which a recorded computation is repeated on: they hold the truth.

Balls contain the exact results of exact inputs. ``bounded`` and ``duals`` beside this file have the
same operations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import numpy as np
from flint import acb_mat, arb, arb_mat
from numpy.typing import NDArray

from diffcli.engines.trace.functions import CONSTANTS, FUNCTIONS

Index = NDArray[np.int64]
Floats = NDArray[np.float64]

_to_ball = np.frompyfunc(arb, 1, 1)
_middle = np.frompyfunc(float, 1, 1)
_radius = np.frompyfunc(lambda ball: float(ball.rad()), 1, 1)
_FUNCTIONS = {name: np.frompyfunc(row.ball, 1, 1) for name, row in FUNCTIONS.items()}
_UNIT = arb(0.5, 0.5)
"""Every number from 0 to 1."""


class Balls:
    """An array of Arb's balls, at flint's working precision."""

    __slots__ = ("data",)
    __array_ufunc__ = None

    def __init__(self, data: Any) -> None:
        if not isinstance(data, np.ndarray):
            whole = np.empty((), dtype=object)
            whole[()] = data
            data = whole
        self.data = data

    @classmethod
    def exact(cls, values: NDArray[Any]) -> Balls:
        """Return floats as they are."""
        return cls(_to_ball(values.astype(np.float64)))

    @classmethod
    def filled(cls, shape: Sequence[int], value: float = 0.0) -> Balls:
        """Return an array of one number."""
        return cls(np.full(tuple(shape), arb(value), dtype=object))

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        return tuple(self.data.shape)

    def zeros(self) -> Balls:
        """Return zeros in the same shape."""
        return Balls.filled(self.shape)

    def constant(self, name: str) -> Balls:
        """Return a constant of mathematics, to multiply this with."""
        return Balls(CONSTANTS[name]())

    def unary(self, name: str) -> Balls:
        """Return an elementary function of every number."""
        return Balls(_FUNCTIONS[name](self.data))

    def __add__(self, other: Any) -> Balls:
        return Balls(self.data + _data(other))

    def __sub__(self, other: Any) -> Balls:
        return Balls(self.data - _data(other))

    def __rsub__(self, other: float) -> Balls:
        return Balls(other - self.data)

    def __mul__(self, other: Any) -> Balls:
        return Balls(self.data * _data(other))

    def __truediv__(self, other: Any) -> Balls:
        return Balls(self.data / _data(other))

    def __rtruediv__(self, other: float) -> Balls:
        return Balls(other / self.data)

    def __neg__(self) -> Balls:
        return Balls(-self.data)

    __radd__, __rmul__ = __add__, __mul__

    def __matmul__(self, other: Balls) -> Balls:
        left, right = self.data, other.data
        if left.ndim == 2:
            return Balls(_product(left, right))
        parts = [_product(one, two) for one, two in zip(left, right, strict=True)]
        return Balls(np.stack(parts) if parts else np.empty(_product_shape(left, right), object))

    def inverse(self) -> Balls:
        """Return the inverses of a batch of matrices; of a singular one, no number."""
        return Balls(_each_matrix(self.data, _inverted, self.shape))

    def determinant(self) -> Balls:
        """Return the determinants of a batch of matrices."""
        return Balls(_each_matrix(self.data, lambda m: [m.det()], self.shape[:1]))

    def eigen(self) -> tuple[Balls, Balls]:
        """Return the eigenvalues of a batch of symmetric matrices, rising, and unit eigenvectors.

        Raises ValueError where two eigenvalues aren't told apart.
        """
        pairs = [_eigenpairs(_matrix(matrix)) for matrix in self.data]
        count, size = self.shape[:2]
        values = np.empty((count, size), dtype=object)
        vectors = np.empty((count, size, size), dtype=object)
        for position, own in enumerate(pairs):
            for column, (value, vector) in enumerate(own):
                values[position, column], vectors[position, :, column] = value, vector
        return Balls(values), Balls(vectors)

    def sum(self, axes: tuple[int, ...]) -> Balls:
        """Return the sum along some axes."""
        balls = self.data
        for axis in sorted(axes, reverse=True):
            balls = np.add.reduce(balls, axis=axis, initial=_ZERO)
        return Balls(balls)

    def reshape(self, shape: Sequence[int]) -> Balls:
        """Return the same numbers in another shape."""
        return Balls(self.data.reshape(shape))

    def transpose(self, order: Sequence[int]) -> Balls:
        """Return the axes in another order."""
        return Balls(self.data.transpose(order))

    def expand(self, shape: Sequence[int]) -> Balls:
        """Return the numbers repeated to a shape that they broadcast to."""
        return Balls(np.broadcast_to(self.data, shape))

    def take(self, index: Index) -> Balls:
        """Return the numbers of a flat array at some places, in the index's shape."""
        return Balls(self.data[index])

    def spread(self, index: Index, size: int) -> Balls:
        """Return a flat array with these numbers added up at the places of an index."""
        balls = np.full(size, _ZERO, dtype=object)
        flat = index.ravel()
        if _is_injective(flat, size):
            balls[flat] = self.data.ravel()
        else:
            np.add.at(balls, flat, self.data.ravel())
        return Balls(balls)

    def place(self, index: Index, values: Balls) -> Balls:
        """Return a flat array with the numbers at some places replaced."""
        balls = self.data.copy()
        balls[index.ravel()] = values.data.ravel()
        return Balls(balls)

    def where(self, mask: NDArray[np.bool_], other: Balls) -> Balls:
        """Return these numbers where the mask is true, others elsewhere."""
        return Balls(np.where(mask, self.data, other.data))

    def weakened(self, mask: NDArray[np.bool_]) -> Balls:
        """Return the numbers, where the mask is true times every number from 0 to 1."""
        balls = self.data.copy()
        if mask.any():
            balls[mask] = balls[mask] * _UNIT
        return Balls(balls)

    def same(self, other: Balls) -> NDArray[np.bool_]:
        """Return where two arrays hold exactly the same numbers."""
        return np.asarray(self.data == other.data, dtype=np.bool_)

    def joined(self, doubt: NDArray[np.bool_], one: Balls, other: Balls) -> Balls:
        """Return the numbers, where in doubt balls of both others."""
        if not doubt.any():
            return self
        balls = self.data.copy()
        for index in (index for index, is_open in np.ndenumerate(doubt) if is_open):
            balls[index] = one.data[index].union(other.data[index])
        return Balls(balls)

    def topped(self, rows: NDArray[np.bool_], values: Balls, tied: NDArray[np.bool_]) -> Balls:
        """Return the numbers, in some rows the largest of the tied values."""
        if not rows.any():
            return self
        balls = self.data.copy()
        for row in np.nonzero(rows)[0]:
            balls[row] = reduce(arb.max, values.data[row][tied[row]])
        return Balls(balls)

    @staticmethod
    def concatenate(parts: Sequence[Balls]) -> Balls:
        """Return flat arrays one after the other."""
        return Balls(np.concatenate([part.data for part in parts]))

    def middles(self) -> Floats:
        """Return the midpoints as floats."""
        return np.asarray(_middle(self.data), dtype=np.float64)

    def radii(self) -> Floats:
        """Return upper bounds of the radii, with what rounding the midpoints adds."""
        radius = np.asarray(_radius(self.data), dtype=np.float64)
        return radius * (1 + 2.0**-50)


_ZERO = arb(0)


def _data(other: Any) -> Any:
    return other.data if isinstance(other, Balls) else other


def _product_shape(left: NDArray[Any], right: NDArray[Any]) -> tuple[int, ...]:
    return (*left.shape[:-1], right.shape[-1])


def _product(left: NDArray[Any], right: NDArray[Any]) -> NDArray[Any]:
    """Return a product of matrices by Arb's own, which is the quicker the larger it is."""
    product = np.empty(left.shape[0] * right.shape[1], dtype=object)
    if left.shape[1] == 0:
        product[:] = _ZERO
    elif product.size:
        product[:] = (_matrix(left) * _matrix(right)).entries()
    return product.reshape(_product_shape(left, right))


def _matrix(data: NDArray[Any]) -> arb_mat:
    rows, columns = data.shape
    return arb_mat(rows, columns, data.ravel().tolist())


def _inverted(matrix: arb_mat) -> list[arb]:
    try:
        return matrix.inv().entries()
    except ZeroDivisionError:
        return [arb("nan")] * (matrix.nrows() * matrix.ncols())


def _eigenpairs(matrix: arb_mat) -> list[tuple[arb, list[arb]]]:
    """Return the eigenvalues of a symmetric matrix, rising, each with its unit eigenvector."""
    size = matrix.nrows()
    values, vectors = acb_mat(matrix).eig(right=True)
    pairs = []
    for column, value in enumerate(values):
        own = [vectors[row, column] for row in range(size)]
        largest = max(own, key=lambda entry: float(abs(entry).mid()))
        # An eigenvector is a multiple of a real one, and so is real where one component is.
        real = [(entry / largest).real for entry in own]
        length = sum((entry * entry for entry in real), arb(0)).sqrt()
        pairs.append((value.real, [entry / length for entry in real]))
    return sorted(pairs, key=lambda pair: float(pair[0].mid()))


def _each_matrix(
    data: NDArray[Any], function: Callable[[arb_mat], list[arb]], shape: tuple[int, ...]
) -> NDArray[Any]:
    entries = [entry for part in data for entry in function(_matrix(part))]
    matrices = np.empty(len(entries), dtype=object)
    matrices[:] = entries
    return matrices.reshape(shape)


def _is_injective(flat: Index, size: int) -> bool:
    if flat.size > size:
        return False
    seen = np.zeros(size, dtype=np.bool_)
    seen[flat] = True
    return int(seen.sum()) == flat.size
