"""Values, gradients, partials, Jacobians and Hessians."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

from diffcli.errors import LimitError, UsageError
from diffcli.language.function import Function
from diffcli.language.limits import MAX_ASKED_ORDER
from diffcli.language.tensors import component_at, component_name
from diffcli.layouts import ByVariable
from diffcli.operators.entries import ComponentEntry, Entry, PartialEntries, Scalars, Shape
from diffcli.operators.operator import Matrix, Operator, check_distinct, components

if TYPE_CHECKING:
    from torch import Tensor

    from diffcli.engines.autograd import Array, Evaluation
    from diffcli.engines.matrices.compressed import Structured
    from diffcli.engines.matrices.inertia import ExactPoint
    from diffcli.engines.matrices.sparse import Sparse

Mode = Literal["auto", "reverse", "forward"]
MODES: tuple[Mode, ...] = get_args(Mode)


def _check_order(order: int) -> None:
    if order > MAX_ASKED_ORDER:
        raise LimitError(
            f"a derivative of order {order:,}", hint=f"at most {MAX_ASKED_ORDER:,} is computed"
        )


@dataclass(frozen=True)
class Eval(Operator):
    """No derivative: the value alone."""

    name: ClassVar[str] = "eval"
    examples: ClassVar[str] = 'diffcli eval "x^2 + y" --at x=3,y=1'
    has_certificate: ClassVar[bool] = True
    element_by_element: ClassVar[bool] = True

    def entries(self, function: Function, vector: Sequence[float] = ()) -> tuple[Entry, ...]:
        """Return nothing: every answer has the value."""
        return ()

    def torch(self, evaluation: Evaluation, vector: Sequence[Tensor]) -> Sequence[Tensor]:
        """Return nothing."""
        return ()

    def blocks(self, scalars: Scalars) -> Sequence[Shape]:
        """Return nothing."""
        return ()

    def layout(self, blocks: Sequence[Any], scalars: Scalars) -> Any:
        """Return nothing."""
        return ByVariable()


@dataclass(frozen=True)
class Grad(Operator):
    """The derivative in each variable, of any order; ``wrt`` chooses the variables."""

    name: ClassVar[str] = "grad"
    examples: ClassVar[str] = """\
diffcli grad "6x^2 + 2x + 4" --at 3
diffcli grad "u^3 + v^2 + 4uv" --at u=3,v=4
diffcli grad "sin(x)/x" --at "x=linspace(1,2,5)" --order 2
diffcli grad "x^2 + 3x"\
"""
    has_closed_form: ClassVar[bool] = True
    has_certificate: ClassVar[bool] = True
    of_one_number: ClassVar[bool] = True
    element_by_element: ClassVar[bool] = True
    order: int = 1
    wrt: tuple[str, ...] = ()
    mode: Mode = "auto"

    def __post_init__(self) -> None:
        _check_order(self.order)
        check_distinct(self.wrt)

    def asked(self, wrt: tuple[str, ...]) -> Grad | Partial:
        """Return the derivative in ``wrt`` in turn, or itself where there is none."""
        if len(set(wrt)) > 1:
            return Partial(wrt)
        return replace(self, order=len(wrt), wrt=wrt[:1]) if wrt else self

    def entries(self, function: Function, vector: Sequence[float] = ()) -> Sequence[Entry]:
        """Return one partial a variable."""
        names = [component for name in self.wrt for component in components(function, name)]
        return PartialEntries(names or function.variables, self.order)

    def component_entry(self, position: int, scalars: Scalars) -> ComponentEntry | None:
        """Return the derivative in the component at a place of the chosen variables."""
        chosen = self.wrt or tuple(scalars.variables)
        if not set(chosen) <= scalars.variables.keys():
            return None
        name, index = component_at({name: scalars.variables[name] for name in chosen}, position)
        column = scalars.place(name, index)
        return ComponentEntry(component_name(name, index), 0, (column,) * self.order)

    def torch(self, evaluation: Evaluation, vector: Sequence[Tensor]) -> Sequence[Tensor]:
        """Return the gradient by one reverse pass, higher orders by nested ones.

        From order 5 on, and in forward mode, it is Taylor arithmetic.
        """
        names = self.wrt or list(evaluation.variables)
        if (
            self.order > 1
            or self.mode == "forward"
            or not set(names) <= evaluation.variables.keys()
        ):
            return [evaluation.repeated(name, self.order, self.mode) for name in names]
        return evaluation.gradient([evaluation.variables[name] for name in names])

    def blocks(self, scalars: Scalars) -> Sequence[Shape]:
        """Return the shapes of the variables chosen."""
        return [scalars.variables.get(name, ()) for name in self.wrt or scalars.variables]

    def layout(self, blocks: Sequence[Any], scalars: Scalars) -> Any:
        """Return each variable's block under its name."""
        return ByVariable(zip(self.wrt or scalars.variables, blocks, strict=True))


@dataclass(frozen=True)
class Partial(Operator):
    """One mixed partial derivative: in the variables given, one after the other."""

    name: ClassVar[str] = "partial"
    examples: ClassVar[str] = 'diffcli partial "x^2*y^3" x y y --at 1,2'
    has_certificate: ClassVar[bool] = True
    of_one_number: ClassVar[bool] = True
    element_by_element: ClassVar[bool] = True
    wrt: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_order(len(self.wrt))

    def entries(self, function: Function, vector: Sequence[float] = ()) -> tuple[Entry, ...]:
        """Return the one partial."""
        for name in self.wrt:
            parts = components(function, name)
            if parts != [name]:
                raise UsageError(
                    f"{name} has {len(parts)} components here", hint=f"name one: {parts[0]}"
                )
        return (Entry.partial(self._label, 0, self.wrt),)

    @property
    def _label(self) -> str:
        return ",".join(self.wrt)

    def torch(self, evaluation: Evaluation, vector: Sequence[Tensor]) -> Sequence[Tensor]:
        """Return the partial by nested reverse passes, from order 5 on by Taylor arithmetic."""
        return [evaluation.partial(self.wrt)]

    def blocks(self, scalars: Scalars) -> Sequence[Shape]:
        """Return the shape of the last variable."""
        return [scalars.variables.get(self.wrt[-1], ())]

    def layout(self, blocks: Sequence[Any], scalars: Scalars) -> Any:
        """Return the block under the names of the variables."""
        return ByVariable({self._label: blocks[0]})


@dataclass(frozen=True)
class Jacobian(Matrix):
    """Every first derivative: a row an output, a column a variable; vectors by their components."""

    name: ClassVar[str] = "jacobian"
    examples: ClassVar[str] = 'diffcli jacobian "x^2*y" "5x + sin(y)" --at 1,2'
    has_closed_form: ClassVar[bool] = True
    has_certificate: ClassVar[bool] = True
    mode: Mode = "auto"

    def entries(self, function: Function, vector: Sequence[float] = ()) -> tuple[Entry, ...]:
        """Return one partial for each output and variable, row by row."""
        outputs = range(len(function.outputs))
        return tuple(
            Entry.partial(f"f{output + 1},{name}", output, (name,))
            for output, name in product(outputs, function.variables)
        )

    def torch(self, evaluation: Evaluation, vector: Sequence[Tensor]) -> Sequence[Tensor]:
        """Return the matrix, a pass a row (reverse) or a column (forward), whichever are fewer."""
        return [evaluation.jacobian(self.mode)]

    def triplets(self, structured: Structured) -> Sparse:
        """Return the entries that aren't always zero, by few products where they are few."""
        return structured.sparse_jacobian(self.mode)

    def analysis(self, matrix: Array, dtype: str, exact: ExactPoint | None) -> Mapping[str, Any]:
        """Return rank, determinant and condition number."""
        from diffcli.engines.matrices.spectra import of_jacobian

        return of_jacobian(matrix, dtype, exact)

    def entry(self, row: int, column: int, scalars: Scalars) -> ComponentEntry:
        """Return an output's derivative in a component."""
        return ComponentEntry(f"f{row + 1},{scalars.column(column)}", row, (column,))

    def _height(self, scalars: Scalars) -> int:
        return scalars.height

    def _rows(self, scalars: Scalars) -> list[str]:
        return scalars.rows


@dataclass(frozen=True)
class Hessian(Matrix):
    """Every second derivative of one formula: the Jacobian of its gradient.

    The matrix is symmetric but where the order of differentiation counts: the entry of a row and
    a column is differentiated by the row's variable first.
    """

    name: ClassVar[str] = "hessian"
    examples: ClassVar[str] = """\
diffcli hessian "x^2*y + y^3" --at 1,2
diffcli hessian "logsumexp(X@w)" --wrt w --at "X=[[1,2],[3,4]],w=[1,1]"\
"""
    has_closed_form: ClassVar[bool] = True
    is_of_gradient: ClassVar[bool] = True
    has_certificate: ClassVar[bool] = True
    of_one_number: ClassVar[bool] = True

    def entries(self, function: Function, vector: Sequence[float] = ()) -> tuple[Entry, ...]:
        """Return one partial for each pair of variables, in either order."""
        pairs = product(function.variables, repeat=2)
        return tuple(Entry.partial(",".join(pair), 0, pair) for pair in pairs)

    def torch(self, evaluation: Evaluation, vector: Sequence[Tensor]) -> Sequence[Tensor]:
        """Return the Jacobian of the gradient, its lower half on both sides of the diagonal."""
        lower = evaluation.hessian().tril()
        return [lower + lower.tril(-1).T]

    def triplets(self, structured: Structured) -> Sparse:
        """Return the entries that aren't always zero, by few products where they are few."""
        return structured.sparse_hessian()

    def analysis(self, matrix: Array, dtype: str, exact: ExactPoint | None) -> Mapping[str, Any]:
        """Return eigenvalues, definiteness, and where the gradient is 0 what point it is."""
        from diffcli.engines.matrices.spectra import of_hessian

        return of_hessian(matrix, dtype, exact)

    def entry(self, row: int, column: int, scalars: Scalars) -> ComponentEntry:
        """Return the second derivative in two components."""
        return ComponentEntry(f"{scalars.column(row)},{scalars.column(column)}", 0, (row, column))

    def _height(self, scalars: Scalars) -> int:
        return scalars.width

    def _rows(self, scalars: Scalars) -> list[str]:
        return scalars.columns
