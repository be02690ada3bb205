"""Values, gradients, partials, Jacobians and Hessians."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

from diffcli.errors import UsageError
from diffcli.language.expression import Function
from diffcli.operators.entries import Entry, Scalars, Shape
from diffcli.operators.operator import Matrix, Operator, components

if TYPE_CHECKING:
    from torch import Tensor

    from diffcli.engines.autograd import Evaluation

Mode = Literal["auto", "reverse", "forward"]
MODES: tuple[Mode, ...] = get_args(Mode)


@dataclass(frozen=True)
class Eval(Operator):
    """No derivative: the value alone."""

    name: ClassVar[str] = "eval"
    element_by_element: ClassVar[bool] = True

    def entries(self, function: Function, vector: Sequence[float] = ()) -> tuple[Entry, ...]:
        """Return nothing: every answer has the value."""
        return ()

    def torch(self, at: Evaluation, vector: Sequence[Tensor]) -> Sequence[Tensor]:
        """Return nothing."""
        return ()

    def blocks(self, scalars: Scalars) -> Sequence[Shape]:
        """Return nothing."""
        return ()

    def layout(self, blocks: Sequence[Any], scalars: Scalars) -> Any:
        """Return nothing."""
        return {}


@dataclass(frozen=True)
class Grad(Operator):
    """The derivative in each variable, of any order; ``wrt`` chooses the variables."""

    name: ClassVar[str] = "grad"
    of_one_number: ClassVar[bool] = True
    element_by_element: ClassVar[bool] = True
    order: int = 1
    wrt: tuple[str, ...] = ()

    def entries(self, function: Function, vector: Sequence[float] = ()) -> tuple[Entry, ...]:
        """Return one partial a variable."""
        names = [each for name in self.wrt for each in components(function, name)]
        return tuple(Entry(name, 0, (name,) * self.order) for name in names or function.variables)

    def torch(self, at: Evaluation, vector: Sequence[Tensor]) -> Sequence[Tensor]:
        """Return the gradient by one reverse pass, higher orders by nested ones."""
        names = self.wrt or list(at.variables)
        if self.order > 1 or not set(names) <= at.variables.keys():
            return [at.repeated(name, self.order) for name in names]
        return at.gradient([at.variables[name] for name in names])

    def blocks(self, scalars: Scalars) -> Sequence[Shape]:
        """Return the shapes of the variables chosen."""
        return [scalars.variables.get(name, ()) for name in self.wrt or scalars.variables]

    def layout(self, blocks: Sequence[Any], scalars: Scalars) -> Any:
        """Return each variable's block under its name."""
        return dict(zip(self.wrt or scalars.variables, blocks, strict=True))


@dataclass(frozen=True)
class Partial(Operator):
    """One mixed partial: in each of ``wrt`` in turn."""

    name: ClassVar[str] = "partial"
    of_one_number: ClassVar[bool] = True
    element_by_element: ClassVar[bool] = True
    wrt: tuple[str, ...] = ()

    def entries(self, function: Function, vector: Sequence[float] = ()) -> tuple[Entry, ...]:
        """Return the one partial."""
        for name in self.wrt:
            found = components(function, name)
            if found != [name]:
                raise UsageError(
                    f"{name} has {len(found)} components here", hint=f"name one: {found[0]}"
                )
        return (Entry(self._label, 0, self.wrt),)

    @property
    def _label(self) -> str:
        return ",".join(self.wrt)

    def torch(self, at: Evaluation, vector: Sequence[Tensor]) -> Sequence[Tensor]:
        """Return the partial by nested reverse passes."""
        return [at.partial(self.wrt)]

    def blocks(self, scalars: Scalars) -> Sequence[Shape]:
        """Return the shape of the last variable."""
        return [scalars.variables.get(self.wrt[-1], ())]

    def layout(self, blocks: Sequence[Any], scalars: Scalars) -> Any:
        """Return the block under the names of the variables."""
        return {self._label: blocks[0]}


@dataclass(frozen=True)
class Jacobian(Matrix):
    """Every first derivative: a row an output, a column a variable; vectors by their components."""

    name: ClassVar[str] = "jacobian"
    mode: Mode = "auto"

    def entries(self, function: Function, vector: Sequence[float] = ()) -> tuple[Entry, ...]:
        """Return one partial for each output and variable, row by row."""
        outputs = range(len(function.outputs))
        return tuple(
            Entry(f"f{output + 1},{name}", output, (name,))
            for output, name in product(outputs, function.variables)
        )

    def torch(self, at: Evaluation, vector: Sequence[Tensor]) -> Sequence[Tensor]:
        """Return the matrix, a pass a row (reverse) or a column (forward), whichever are fewer."""
        return [at.jacobian(self.mode)]

    def _rows(self, scalars: Scalars) -> list[str]:
        return scalars.rows


@dataclass(frozen=True)
class Hessian(Matrix):
    """Every second derivative of one formula, as a symmetric matrix."""

    name: ClassVar[str] = "hessian"
    of_one_number: ClassVar[bool] = True

    def entries(self, function: Function, vector: Sequence[float] = ()) -> tuple[Entry, ...]:
        """Return one partial for each pair of variables; a pair's two are the same partial."""
        place = {name: i for i, name in enumerate(function.variables)}
        return tuple(
            Entry(f"{row},{column}", 0, tuple(sorted((row, column), key=place.__getitem__)))
            for row, column in product(place, place)
        )

    def torch(self, at: Evaluation, vector: Sequence[Tensor]) -> Sequence[Tensor]:
        """Return the Jacobian of the gradient."""
        return [at.hessian()]

    def _rows(self, scalars: Scalars) -> list[str]:
        return scalars.columns
