"""The tensor operations as sympy functions, for the lowering to torch alone."""

from __future__ import annotations

from functools import cache
from typing import Any, Self

from sympy import Atom, Expr
from sympy.core.function import Application

from diffcli.language.tensors import Slice, Static


class Operation(Application, Expr):  # type: ignore[misc]
    """A tensor operation: its operands, then a :class:`Known`."""

    row: str


class Known(Atom):  # type: ignore[misc]
    """What an operation knows before anything runs."""

    __slots__ = ("static",)

    static: Static

    def __new__(cls, static: Static) -> Self:
        """Return the leaf that holds it."""
        instance: Self = super().__new__(cls)
        instance.static = static
        return instance

    def _hashable_content(self) -> tuple[Any, ...]:
        return (self.static,)

    @property
    def source(self) -> str:
        """It as Python source, integers and slices alone."""
        parts = [repr(slice(*part) if isinstance(part, Slice) else part) for part in self.static]
        return ", ".join(parts)


@cache
def operation(row: str) -> type[Operation]:
    """Return the class of a row of the table of tensor operations."""
    return type(row, (Operation,), {"row": row})
