"""Laplacian, divergence and curl."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from diffcli.errors import UsageError
from diffcli.language.function import Function
from diffcli.layouts import ByVariable
from diffcli.operators.entries import Entry, Scalars, Shape, weighted
from diffcli.operators.operator import Chosen, Number, Operator

if TYPE_CHECKING:
    from torch import Tensor

    from diffcli.engines.autograd import Evaluation


@dataclass(frozen=True)
class Laplacian(Chosen, Number):
    """The sum of the second derivatives in each variable of one formula."""

    name: ClassVar[str] = "laplacian"
    examples: ClassVar[str] = 'diffcli laplacian "x^2*y + y^3" --at 1,2'
    knows_coordinates: ClassVar[bool] = True
    of_one_number: ClassVar[bool] = True

    def entries(self, function: Function, vector: Sequence[float] = ()) -> tuple[Entry, ...]:
        """Return the trace of the Hessian."""
        return (weighted("f", "∇²{f}", ((1.0, 0, (x, x)) for x in function.variables)),)

    def torch(self, evaluation: Evaluation, vector: Sequence[Tensor]) -> Sequence[Tensor]:
        """Return the trace of the Hessian."""
        return [evaluation.hessian().trace()]


@dataclass(frozen=True)
class Divergence(Chosen, Number):
    """The sum of each output's derivative in its own variable, of as many outputs as variables."""

    name: ClassVar[str] = "divergence"
    examples: ClassVar[str] = 'diffcli divergence "[x^2*y, 5x + sin(y)]" --at 1,2'
    knows_coordinates: ClassVar[bool] = True

    def check(self, scalars: Scalars) -> None:
        """Raise UsageError where the formulas are no vector field."""
        _check_field(self.name, scalars, max(scalars.height, scalars.width))

    def entries(self, function: Function, vector: Sequence[float] = ()) -> tuple[Entry, ...]:
        """Return the trace of the Jacobian."""
        parts = ((1.0, output, (x,)) for output, x in enumerate(function.variables))
        return (weighted("f", "∇·f", parts),)

    def torch(self, evaluation: Evaluation, vector: Sequence[Tensor]) -> Sequence[Tensor]:
        """Return the trace of the Jacobian."""
        return [evaluation.jacobian("reverse").trace()]


@dataclass(frozen=True)
class Curl(Operator):
    """The rotation of a field of three outputs in three variables."""

    name: ClassVar[str] = "curl"
    examples: ClassVar[str] = 'diffcli curl "[y*z, x*z, 2*x*y]" --at 1,2,3'
    knows_coordinates: ClassVar[bool] = True

    def check(self, scalars: Scalars) -> None:
        """Raise UsageError where the formulas are no vector field."""
        _check_field(self.name, scalars, 3)

    def entries(self, function: Function, vector: Sequence[float] = ()) -> tuple[Entry, ...]:
        """Return the three differences of partials."""
        x = function.variables
        return tuple(
            weighted(x[i], f"(∇×f) {x[i]}", ((1.0, k, (x[j],)), (-1.0, j, (x[k],))))
            for i, j, k in _CYCLES
        )

    def torch(self, evaluation: Evaluation, vector: Sequence[Tensor]) -> Sequence[Tensor]:
        """Return the antisymmetric part of the Jacobian."""
        matrix = evaluation.jacobian("reverse")
        return [matrix[k, j] - matrix[j, k] for _, j, k in _CYCLES]

    def blocks(self, scalars: Scalars) -> Sequence[Shape]:
        """Return three numbers."""
        return [(), (), ()]

    def layout(self, blocks: Sequence[Any], scalars: Scalars) -> Any:
        """Return each component under the variable that it points along."""
        return ByVariable(zip(scalars.columns, blocks, strict=True))


_CYCLES = ((0, 1, 2), (1, 2, 0), (2, 0, 1))


def _check_field(command: str, scalars: Scalars, count: int) -> None:
    """Refuse what isn't a vector field: as many numbers as variables."""
    size = scalars.height, scalars.width
    if size != (count, count):
        raise UsageError(
            f"{command} takes {count} formulas of {count} variables, not {size[0]} of {size[1]}",
            hint="as [y*z, x*z, 2*x*y]; vars x,y,z declares a variable that is in none",
        )
