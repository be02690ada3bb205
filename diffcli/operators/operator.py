"""The base of every operator, and the layouts that several share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from diffcli import layouts
from diffcli.errors import UsageError
from diffcli.language.function import Function
from diffcli.language.points import Typed
from diffcli.layouts import ByVariable, SparseMatrix
from diffcli.operators.entries import ComponentEntry, Entry, Scalars, Shape

if TYPE_CHECKING:
    from torch import Tensor

    from diffcli.engines.autograd import Array, Evaluation
    from diffcli.engines.matrices.compressed import Structured
    from diffcli.engines.matrices.inertia import ExactPoint
    from diffcli.engines.matrices.sparse import Sparse


class Operator(ABC):
    """A kind of derivative."""

    name: ClassVar[str]
    along: ClassVar[Literal["variables", "outputs"]] = "variables"
    """The space of the vector that it takes, if it takes one."""
    element_by_element: ClassVar[bool] = False
    """Whether vectors may stand for many points at once."""
    of_one_number: ClassVar[bool] = False
    """Whether it takes one formula of a number."""
    has_formulas: ClassVar[bool] = True
    """Whether its entries are written out as formulas of the variables."""
    has_closed_form: ClassVar[bool] = False
    """Whether its derivative of tensors has a closed form."""
    has_certificate: ClassVar[bool] = False
    """Whether its numbers are partials, which a certificate can claim."""
    is_of_gradient: ClassVar[bool] = False
    """Whether it is a derivative of the gradient of one formula."""
    product: ClassVar[str] = ""
    """The product of autograd that gives all of its numbers at once."""
    knows_coordinates: ClassVar[bool] = False
    """Whether it is known in curvilinear coordinates."""
    examples: ClassVar[str] = ""
    """Commands that its help shows, a line each."""

    def check(self, scalars: Scalars) -> None:
        """Raise UsageError where the operator doesn't apply."""
        count = scalars.height
        if self.of_one_number and count != 1:
            raise UsageError(
                f"{self.name} takes one formula that is a number, and there are {count} numbers",
                hint="the derivative of several is their jacobian",
            )

    def asked(self, wrt: tuple[str, ...]) -> Operator:
        """Return the operator for a formula typed as a derivative in ``wrt``, which was left."""
        return self

    @property
    def direction(self) -> Typed | None:
        """The vector that it takes, as typed."""
        return None

    def moving(self, scalars: Scalars) -> Scalars:
        """Return the function in the variables that the operator differentiates in."""
        return scalars

    @abstractmethod
    def entries(self, function: Function, vector: Sequence[float] = ()) -> Sequence[Entry]:
        """Return the numbers it consists of, for a function of numbers.

        ``vector`` has the components of :attr:`direction`. Raises UsageError where the operator
        doesn't apply to the function.
        """

    def component_entry(self, position: int, scalars: Scalars) -> ComponentEntry | None:
        """Return which derivative the number at a place is; None where it sums over many.

        ``position`` counts the numbers of all blocks.
        """
        return None

    @abstractmethod
    def torch(self, evaluation: Evaluation, vector: Sequence[Tensor]) -> Sequence[Tensor]:
        """Return its blocks by autograd; ``vector`` has a tensor a variable, or an output."""

    @abstractmethod
    def blocks(self, scalars: Scalars) -> Sequence[Shape]:
        """Return the shapes of its blocks; their entries follow each other."""

    @abstractmethod
    def layout(self, blocks: Sequence[Any], scalars: Scalars) -> Any:
        """Arrange the blocks, as nested lists, as the command's ``derivative``."""


@dataclass(frozen=True)
class Chosen(Operator):
    """An operator in the variables of ``wrt``, in that order: the others are constants."""

    wrt: tuple[str, ...] = field(default=(), kw_only=True)

    def __post_init__(self) -> None:
        check_distinct(self.wrt)

    def moving(self, scalars: Scalars) -> Scalars:
        """Return the function in the chosen variables. Raises UsageError for what is none."""
        for name in self.wrt:
            if name not in scalars.variables:
                raise no_variable(name, scalars.variables)
        names = self.wrt or scalars.variables
        return replace(scalars, variables={name: scalars.variables[name] for name in names})


class OfVariables(Chosen):
    """An operator with a block for each variable, shaped like it."""

    def blocks(self, scalars: Scalars) -> Sequence[Shape]:
        """Return the variables' shapes."""
        return list(scalars.variables.values())

    def layout(self, blocks: Sequence[Any], scalars: Scalars) -> Any:
        """Return each variable's block under its name."""
        return ByVariable(zip(scalars.variables, blocks, strict=True))


@dataclass(frozen=True)
class Matrix(Chosen):
    """An operator with one block, a matrix, of which ``sparse`` gives what isn't always zero."""

    sparse: bool = field(default=False, kw_only=True)

    def blocks(self, scalars: Scalars) -> Sequence[Shape]:
        """Return the matrix's shape."""
        return [(self._height(scalars), scalars.width)]

    def layout(self, blocks: Sequence[Any], scalars: Scalars) -> Any:
        """Return the matrix with the names of its rows and columns."""
        return layouts.Matrix(self._rows(scalars), scalars.columns, blocks[0])

    def sparse_layout(
        self, entries: Sequence[tuple[int, int, Any]], scalars: Scalars
    ) -> SparseMatrix:
        """Return the entries, a row, a column and a number each, with the names of both."""
        shape = [self._height(scalars), scalars.width]
        return SparseMatrix(self._rows(scalars), scalars.columns, shape, entries)

    def component_entry(self, position: int, scalars: Scalars) -> ComponentEntry:
        """Return the entry at a place, row by row."""
        return self.entry(*divmod(position, scalars.width), scalars)

    def analysis(self, matrix: Array, dtype: str, exact: ExactPoint | None) -> Mapping[str, Any]:
        """Return what its numbers say together; ``exact`` proves what they leave open."""
        return {}

    @abstractmethod
    def entry(self, row: int, column: int, scalars: Scalars) -> ComponentEntry:
        """Return which derivative the entry of a row and a column is."""

    @abstractmethod
    def triplets(self, structured: Structured) -> Sparse:
        """Return the entries that aren't always zero."""

    @abstractmethod
    def _height(self, scalars: Scalars) -> int:
        """Return how many rows there are."""

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
    matching = [
        variable
        for variable in function.variables
        if name in (variable, variable.partition("[")[0])
    ]
    if not matching:
        raise no_variable(name, function.variables)
    return matching


def no_variable(name: str, variables: Iterable[str]) -> UsageError:
    """Return the error of a name that isn't among the variables."""
    listed = ", ".join(variables) or "none"
    return UsageError(f"{name!r} is not a variable of the formula", hint=f"its variables: {listed}")


def check_distinct(wrt: Sequence[str]) -> None:
    """Raise UsageError where a variable is named twice."""
    if len(set(wrt)) < len(wrt):
        twice = next(name for position, name in enumerate(wrt) if name in wrt[:position])
        raise UsageError(f"{twice} is named twice", hint="name each variable once")
