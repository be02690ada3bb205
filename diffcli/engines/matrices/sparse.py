"""A sparse matrix: the entries that may differ from zero, and the names of rows and columns."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from math import prod
from typing import overload

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diffcli.language.tensors import component_at, component_name


class Names(Sequence[str]):
    """Names of rows or columns, each made when it is asked for."""

    def __init__(self, count: int, name: Callable[[int], str]) -> None:
        self._count, self._name = count, name

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, position: int) -> str: ...
    @overload
    def __getitem__(self, position: slice) -> list[str]: ...
    def __getitem__(self, position: int | slice) -> str | list[str]:
        if isinstance(position, slice):
            return [self._name(index) for index in range(self._count)[position]]
        return self._name(range(self._count)[position])

    def __iter__(self) -> Iterator[str]:
        return map(self._name, range(self._count))


def numbered(prefix: str, count: int) -> Names:
    """Return ``f1``, ``f2`` … for the prefix ``f``."""
    return Names(count, lambda index: f"{prefix}{index + 1}")


def component_names(variables: Mapping[str, tuple[int, ...]]) -> Names:
    """Return the names of all components of variables of these shapes: ``x[0]``, ``A[0,1]``."""
    starts = list(accumulate(map(prod, variables.values()), initial=0))
    names = list(variables)

    def name(position: int) -> str:
        which = bisect_right(starts, position) - 1
        own = names[which]
        return component_name(*component_at({own: variables[own]}, position - starts[which]))

    return Names(starts[-1], name)


@dataclass(frozen=True)
class Sparse:
    """A matrix of which only the entries that may differ from zero are held, row by row.

    ``rows`` and ``columns`` are int64 tensors of one length, ``values`` a floating tensor of the
    same; an entry that isn't listed is zero by the structure of the formulas. ``products`` counts
    the products with vectors that the values took, where it was such products that gave them.
    """

    rows: Tensor
    columns: Tensor
    values: Tensor
    shape: tuple[int, int]
    row_names: Sequence[str] = field(default=(), compare=False)
    column_names: Sequence[str] = field(default=(), compare=False)
    products: int | None = None

    @property
    def filled(self) -> float:
        """The part of all entries that may differ from zero, 1 of an empty matrix."""
        size = self.shape[0] * self.shape[1]
        return len(self.values) / size if size else 1.0

    def label(self, position: int) -> str:
        """Return the name of the entry at a place of the list: ``f2,x[0]``."""
        row, column = int(self.rows[position]), int(self.columns[position])
        return f"{self.row_names[row]},{self.column_names[column]}"

    def dense(self) -> Tensor:
        """Return the whole matrix."""
        whole = self.values.new_zeros(self.shape)
        whole[self.rows, self.columns] = self.values
        return whole

    def triplets(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Return rows, columns and values as arrays on the processor."""
        values = self.values.detach().cpu().to(torch.float64)
        return self.rows.cpu().numpy(), self.columns.cpu().numpy(), values.numpy()
