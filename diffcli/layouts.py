"""How the numbers of a derivative are laid out; each is the JSON of itself.

A derivative is a :class:`ByVariable`, a :class:`Matrix` or a :class:`SparseMatrix`, else a number
or nested lists shaped like the function's value. Which it is, its class tells: ``matrix`` may be
the name of a variable.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class ByVariable(dict[str, Any]):
    """Numbers, or nested lists of them, by the name of a variable, a partial or a monomial."""


class Matrix(dict[str, Any]):
    """A matrix, with the names of its ``rows`` and ``columns``."""

    def __init__(self, rows: Sequence[str], columns: Sequence[str], matrix: Any) -> None:
        super().__init__(rows=rows, columns=columns, matrix=matrix)

    def __reduce__(self) -> tuple[Any, ...]:
        return Matrix, (self["rows"], self["columns"], self["matrix"])


class SparseMatrix(dict[str, Any]):
    """The entries of a matrix that aren't always zero: (row, column, number), by places."""

    def __init__(
        self,
        rows: Sequence[str],
        columns: Sequence[str],
        shape: Sequence[int],
        entries: Sequence[tuple[int, int, Any]],
    ) -> None:
        super().__init__(rows=rows, columns=columns, shape=shape, entries=entries)

    def __reduce__(self) -> tuple[Any, ...]:
        return SparseMatrix, (self["rows"], self["columns"], self["shape"], self["entries"])
