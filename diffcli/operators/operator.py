"""What every operator says of itself, and the layouts that several share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from diffcli.errors import UsageError
from diffcli.language.expression import Function
from diffcli.language.points import Typed
from diffcli.operators.entries import Quantity, Scalars, Shape

if TYPE_CHECKING:
    from torch import Tensor

    from diffcli.engines.autograd import Evaluation


class Operator(ABC):
    """A kind of derivative."""

    name: ClassVar[str]
    along: ClassVar[Literal["variables", "outputs"]] = "variables"
    """The space of the vector that it takes, if it takes one."""
    element_by_element: ClassVar[bool] = False
    """Whether vectors may stand for many points at once."""
    of_one_number: ClassVar[bool] = False
    """Whether it takes one formula of a number."""

    def check(self, scalars: Scalars) -> None:
        """Raise UsageError where the operator doesn't apply."""
        count = len(scalars.rows)
        if self.of_one_number and count != 1:
            raise UsageError(
                f"{self.name} takes one formula that is a number, and there are {count} numbers",
                hint="the derivative of several is: diffcli jacobian",
            )

    @property
    def direction(self) -> Typed | None:
        """The vector that it takes, as typed."""
        return None

    @abstractmethod
    def entries(self, function: Function, vector: Sequence[float] = ()) -> tuple[Quantity, ...]:
        """Return the numbers it consists of, for a function of numbers.

        ``vector`` has the components of :attr:`direction`. Raises UsageError where the operator
        doesn't apply to the function.
        """

    @abstractmethod
    def torch(self, at: Evaluation, vector: Sequence[Tensor]) -> Sequence[Tensor]:
        """Return its blocks by autograd; ``vector`` has a tensor a variable, or an output."""

    @abstractmethod
    def blocks(self, scalars: Scalars) -> Sequence[Shape]:
        """Return the shapes of its blocks; their entries follow each other."""

    @abstractmethod
    def layout(self, blocks: Sequence[Any], scalars: Scalars) -> Any:
        """Arrange the blocks, as nested lists, as the command's ``derivative``."""


class OfVariables(Operator):
    """An operator with a block for each variable, shaped like it."""

    def blocks(self, scalars: Scalars) -> Sequence[Shape]:
        """Return the variables' shapes."""
        return list(scalars.variables.values())

    def layout(self, blocks: Sequence[Any], scalars: Scalars) -> Any:
        """Return each variable's block under its name."""
        return dict(zip(scalars.variables, blocks, strict=True))


class Matrix(Operator):
    """An operator with one block, a matrix."""

    def blocks(self, scalars: Scalars) -> Sequence[Shape]:
        """Return the matrix's shape."""
        return [(len(self._rows(scalars)), len(scalars.columns))]

    def layout(self, blocks: Sequence[Any], scalars: Scalars) -> Any:
        """Return the matrix with the names of its rows and columns."""
        rows, columns = self._rows(scalars), scalars.columns
        return {"rows": rows, "columns": columns, "matrix": blocks[0]}

    @abstractmethod
    def _rows(self, scalars: Scalars) -> list[str]:
        """Return the names of the rows."""


class Number(Operator):
    """An operator that gives one number."""

    def blocks(self, scalars: Scalars) -> Sequence[Shape]:
        """Return the shape of a number."""
        return [()]

    def layout(self, blocks: Sequence[Any], scalars: Scalars) -> Any:
        """Return the number."""
        return blocks[0]


@dataclass(frozen=True)
class Along(Operator):
    """An operator that takes a vector."""

    vector: Typed | None = None

    @property
    def direction(self) -> Typed:
        """The vector. Raises UsageError where there is none."""
        if self.vector is None:
            example = "x=1,y=-1" if self.along == "variables" else "[1,-1]"
            raise UsageError(f"{self.name} needs a vector", hint=f"--vector {example}")
        return self.vector


def components(function: Function, name: str) -> list[str]:
    """Return the variable of this name, or its components; raises UsageError for none."""
    found = [each for each in function.variables if name in (each, each.partition("[")[0])]
    if not found:
        listed = ", ".join(function.variables) or "none"
        raise UsageError(
            f"{name!r} is not a variable of the formula", hint=f"its variables: {listed}"
        )
    return found
