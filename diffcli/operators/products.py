"""Products of Jacobians and Hessians with vectors, for which no matrix is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from diffcli.language.function import Function
from diffcli.operators.entries import ComponentEntry, Entry, Scalars, Shape, output_name, weighted
from diffcli.operators.operator import Along, Chosen, Number, OfVariables

if TYPE_CHECKING:
    from torch import Tensor

    from diffcli.engines.autograd import Evaluation


@dataclass(frozen=True)
class Jvp(Along, Chosen):
    """The Jacobian times a vector: the derivative of every output along the vector."""

    name: ClassVar[str] = "jvp"
    product: ClassVar[str] = "jvp"
    examples: ClassVar[str] = 'diffcli jvp "[x^2*y, 5x + sin(y)]" --at 1,2 --vector x=1,y=-1'
    has_closed_form: ClassVar[bool] = True

    def entries(self, function: Function, vector: Sequence[float] = ()) -> tuple[Entry, ...]:
        """Return one derivative along the vector for each output."""
        return tuple(
            weighted(
                name := output_name(function, output),
                "D_v {f}" if function.is_scalar else f"D_v {name}",
                ((step, output, (x,)) for step, x in zip(vector, function.variables, strict=True)),
                is_directional=True,
            )
            for output in range(len(function.outputs))
        )

    def component_entry(self, position: int, scalars: Scalars) -> ComponentEntry:
        """Return an output's derivative along the vector."""
        name = f"f{position + 1}" if scalars.height > 1 else "f"
        return ComponentEntry(name, position, along=True)

    def torch(self, evaluation: Evaluation, vector: Sequence[Tensor]) -> Sequence[Tensor]:
        """Return the product by two reverse passes."""
        return evaluation.jvp(vector)

    def blocks(self, scalars: Scalars) -> Sequence[Shape]:
        """Return the shapes of the outputs."""
        return scalars.outputs

    def layout(self, blocks: Sequence[Any], scalars: Scalars) -> Any:
        """Return the product shaped like the value."""
        return blocks[0] if len(blocks) == 1 else list(blocks)


@dataclass(frozen=True)
class Vjp(Along, OfVariables):
    """A vector times the Jacobian: the gradient of the outputs weighted by the vector."""

    name: ClassVar[str] = "vjp"
    product: ClassVar[str] = "vjp"
    examples: ClassVar[str] = 'diffcli vjp "2x" --at "x=ones(3)" --vector "[0.1,1,10]"'
    has_closed_form: ClassVar[bool] = True
    along: ClassVar[Literal["variables", "outputs"]] = "outputs"

    def entries(self, function: Function, vector: Sequence[float] = ()) -> tuple[Entry, ...]:
        """Return one derivative of the weighted sum for each variable."""
        return tuple(
            weighted(
                name, f"∂(v f)/∂{name}", ((weight, i, (name,)) for i, weight in enumerate(vector))
            )
            for name in function.variables
        )

    def component_entry(self, position: int, scalars: Scalars) -> ComponentEntry:
        """Return the derivative of the weighted sum in a component."""
        return ComponentEntry(scalars.column(position), None, (position,))

    def torch(self, evaluation: Evaluation, vector: Sequence[Tensor]) -> Sequence[Tensor]:
        """Return the product by one reverse pass."""
        return evaluation.vjp(vector)


@dataclass(frozen=True)
class Hvp(Along, OfVariables):
    """The Hessian of one formula times a vector."""

    name: ClassVar[str] = "hvp"
    product: ClassVar[str] = "hvp"
    is_of_gradient: ClassVar[bool] = True
    examples: ClassVar[str] = 'diffcli hvp "x^2*y + y^3" --at 1,2 --vector x=1,y=-1'
    has_closed_form: ClassVar[bool] = True
    of_one_number: ClassVar[bool] = True
    _symbol: ClassVar[str] = "D_v ∂{{f}}/∂{}"

    def entries(self, function: Function, vector: Sequence[float] = ()) -> tuple[Entry, ...]:
        """Return the derivative along the vector of each variable's derivative."""
        names = function.variables
        return tuple(
            weighted(
                row,
                self._symbol.format(row),
                ((step, 0, self._turns(row, x)) for step, x in zip(vector, names, strict=True)),
                is_directional=True,
            )
            for row in names
        )

    def _turns(self, row: str, column: str) -> tuple[str, str]:
        """Return the variables in which an entry of the Hessian is differentiated in turn."""
        return row, column

    def component_entry(self, position: int, scalars: Scalars) -> ComponentEntry:
        """Return the derivative along the vector of a component's derivative."""
        return ComponentEntry(scalars.column(position), 0, (position,), along=True)

    def torch(self, evaluation: Evaluation, vector: Sequence[Tensor]) -> Sequence[Tensor]:
        """Return the gradient of the gradient's product with the vector: two reverse passes."""
        return evaluation.hvp(vector)


@dataclass(frozen=True)
class Vhp(Hvp):
    """A vector times the Hessian of one formula; the same, where that is symmetric."""

    name: ClassVar[str] = "vhp"
    examples: ClassVar[str] = 'diffcli vhp "x^2*y + y^3" --at 1,2 --vector x=1,y=-1'
    _symbol: ClassVar[str] = "∂(D_v {{f}})/∂{}"

    def _turns(self, row: str, column: str) -> tuple[str, str]:
        return column, row


@dataclass(frozen=True)
class Directional(Along, Number):
    """The derivative of one formula along a vector, as long as it is: grad f · v."""

    name: ClassVar[str] = "directional"
    of_one_number: ClassVar[bool] = True

    def entries(self, function: Function, vector: Sequence[float] = ()) -> tuple[Entry, ...]:
        """Return the derivative along the vector."""
        return Jvp().entries(function, vector)

    def torch(self, evaluation: Evaluation, vector: Sequence[Tensor]) -> Sequence[Tensor]:
        """Return the product by two reverse passes."""
        return evaluation.jvp(vector)
