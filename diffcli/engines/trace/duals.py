"""Arrays that carry a derivative in one direction along: value and tangent.

A recorded computation on them gives its directional derivative; its reverse sweep on them gives
the derivative of the gradient in that direction, a Hessian times a vector (Pearlmutter, "Fast exact
multiplication by the Hessian", Neural Computation 6, 1994).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffcli.engines.trace.arrays import Index
from diffcli.engines.trace.functions import FUNCTIONS


class Dual:
    """An array and its derivative in a direction, both balls or both bounds."""

    __slots__ = ("tangent", "value")
    __array_ufunc__ = None

    def __init__(self, value: Any, tangent: Any) -> None:
        self.value, self.tangent = value, tangent

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        return tuple(self.value.shape)

    def zeros(self) -> Dual:
        """Return zeros in the same shape."""
        return Dual(self.value.zeros(), self.tangent.zeros())

    def constant(self, name: str) -> Dual:
        """Return a constant of mathematics."""
        value = self.value.constant(name)
        return Dual(value, value * 0.0)

    def unary(self, name: str) -> Dual:
        """Return an elementary function of every number."""
        value = self.value.unary(name)
        return Dual(value, self.tangent * FUNCTIONS[name].slope(self.value, value))

    def __add__(self, other: Any) -> Dual:
        if not isinstance(other, Dual):
            return Dual(self.value + other, self.tangent)
        return Dual(self.value + other.value, self.tangent + other.tangent)

    def __sub__(self, other: Any) -> Dual:
        if not isinstance(other, Dual):
            return Dual(self.value - other, self.tangent)
        return Dual(self.value - other.value, self.tangent - other.tangent)

    def __rsub__(self, other: float) -> Dual:
        return Dual(other - self.value, -self.tangent)

    def __mul__(self, other: Any) -> Dual:
        if not isinstance(other, Dual):
            return Dual(self.value * other, self.tangent * other)
        tangent = self.tangent * other.value + self.value * other.tangent
        return Dual(self.value * other.value, tangent)

    def __truediv__(self, other: Any) -> Dual:
        if not isinstance(other, Dual):
            return Dual(self.value / other, self.tangent / other)
        quotient = self.value / other.value
        return Dual(quotient, (self.tangent - quotient * other.tangent) / other.value)

    def __rtruediv__(self, other: float) -> Dual:
        quotient = other / self.value
        return Dual(quotient, -(quotient * self.tangent) / self.value)

    def __neg__(self) -> Dual:
        return Dual(-self.value, -self.tangent)

    __radd__, __rmul__ = __add__, __mul__

    def __matmul__(self, other: Dual) -> Dual:
        tangent = self.tangent @ other.value + self.value @ other.tangent
        return Dual(self.value @ other.value, tangent)

    def inverse(self) -> Dual:
        """Return the inverses of a batch of matrices."""
        inverted = self.value.inverse()
        return Dual(inverted, -(inverted @ self.tangent @ inverted))

    def determinant(self) -> Dual:
        """Return the determinants of a batch of matrices (Jacobi's formula)."""
        value, turned = self.value.determinant(), self.tangent.transpose((0, 2, 1))
        return Dual(value, value * (self.value.inverse() * turned).sum((1, 2)))

    def sum(self, axes: tuple[int, ...]) -> Dual:
        """Return the sum along some axes."""
        return Dual(self.value.sum(axes), self.tangent.sum(axes))

    def reshape(self, shape: Sequence[int]) -> Dual:
        """Return the same numbers in another shape."""
        return Dual(self.value.reshape(shape), self.tangent.reshape(shape))

    def transpose(self, order: Sequence[int]) -> Dual:
        """Return the axes in another order."""
        return Dual(self.value.transpose(order), self.tangent.transpose(order))

    def expand(self, shape: Sequence[int]) -> Dual:
        """Return the numbers repeated to a shape that they broadcast to."""
        return Dual(self.value.expand(shape), self.tangent.expand(shape))

    def take(self, index: Index) -> Dual:
        """Return the numbers of a flat array at some places, in the index's shape."""
        return Dual(self.value.take(index), self.tangent.take(index))

    def spread(self, index: Index, size: int) -> Dual:
        """Return a flat array with these numbers added up at the places of an index."""
        return Dual(self.value.spread(index, size), self.tangent.spread(index, size))

    def place(self, index: Index, values: Dual) -> Dual:
        """Return a flat array with the numbers at some places replaced."""
        return Dual(
            self.value.place(index, values.value), self.tangent.place(index, values.tangent)
        )

    def where(self, mask: NDArray[np.bool_], other: Dual) -> Dual:
        """Return these numbers where the mask is true, others elsewhere."""
        return Dual(self.value.where(mask, other.value), self.tangent.where(mask, other.tangent))

    def weakened(self, mask: NDArray[np.bool_]) -> Dual:
        """Return the numbers, where the mask is true times every number from 0 to 1.

        The derivative there is not known: a kink has no second derivative.
        """
        unknown = self.tangent * np.where(mask, np.nan, 1.0)
        return Dual(self.value.weakened(mask), unknown if mask.any() else self.tangent)

    def joined(self, doubt: NDArray[np.bool_], one: Dual, other: Dual) -> Dual:
        """Return the numbers, whose tangents aren't known where in doubt and different."""
        if not doubt.any():
            return self
        value = self.value.joined(doubt, one.value, other.value)
        unknown = doubt & ~one.tangent.same(other.tangent)
        return Dual(value, self.tangent * np.where(unknown, np.nan, 1.0))

    def topped(self, rows: NDArray[np.bool_], values: Dual, tied: NDArray[np.bool_]) -> Dual:
        """Return the numbers, whose tangents aren't known where they are tied."""
        if not rows.any():
            return self
        value = self.value.topped(rows, values.value, tied)
        return Dual(value, self.tangent * np.where(rows, np.nan, 1.0))

    @staticmethod
    def concatenate(parts: Sequence[Dual]) -> Dual:
        """Return flat arrays one after the other."""
        kind = type(parts[0].value)
        return Dual(
            kind.concatenate([part.value for part in parts]),
            kind.concatenate([part.tangent for part in parts]),
        )
