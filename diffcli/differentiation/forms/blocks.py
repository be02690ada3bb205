"""What a closed form consists of: a formula for each block of a derivative, and its values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import TYPE_CHECKING

from diffcli.language.expression import Node, variable
from diffcli.language.formula import Formula
from diffcli.language.function import Function
from diffcli.language.latex.matrices import matrix_latex
from diffcli.tensors.calculus.presentation import shared_text
from diffcli.tensors.calculus.sizes import length_names, sized, sized_shape
from diffcli.tensors.rules import Shape

if TYPE_CHECKING:
    from diffcli.differentiation.numbers.arrays import Array


_AXES = 2
ROW_BY_ROW = (
    "rows and columns take a matrix row by row, X[0,0], X[0,1], …; "
    "where books stack columns the factors of kron change places"
)


@dataclass(frozen=True)
class Block:
    """One formula: its label in the answer, its symbol, and which tensors it belongs to.

    ``row`` and ``column`` count among the form's; a block without a column is of a vector. With
    ``along`` it is a linear map: its product with a direction of this name.
    """

    label: str
    symbol: str
    node: Node
    row: int
    column: int | None = None
    along: str | None = None


@dataclass(frozen=True)
class ClosedForm:
    """A derivative as formulas of the variables and of directions, whose shapes are given.

    It is one in the ``chosen`` variables. ``rows`` are the shapes of the outputs or variables that
    its rows belong to, ``columns`` those of the variables of its columns, none where it is a
    vector; ``names`` are those of lengths that stand for any length. ``where`` says in words where
    it holds, if there are kinks elsewhere.
    """

    blocks: tuple[Block, ...]
    variables: Mapping[str, Shape]
    chosen: tuple[str, ...]
    directions: Mapping[str, Shape]
    rows: tuple[Shape, ...]
    columns: tuple[Shape, ...] = ()
    names: Mapping[int, str] = field(default_factory=dict)
    where: str = ""

    @property
    def function(self) -> Function:
        """The formulas as one function of the variables, then the directions."""
        labels = tuple(block.label for block in self.blocks)
        nodes = tuple(block.node for block in self.blocks)
        return Function(labels, nodes, (*self.variables, *self.directions))

    @property
    def formulas(self) -> dict[str, Formula]:
        """The formulas as text and in LaTeX, by label."""
        shapes = {**self.variables, **self.directions, **dict.fromkeys(self.names.values(), ())}
        numbers = frozenset(variable(name) for name, shape in shapes.items() if not shape)
        ranks = {name: len(shape) for name, shape in shapes.items()}
        lengths = length_names([block.node for block in self.blocks], self.names)
        called: dict[Node, str] = {}
        taken = set(shapes)
        return {
            block.label: Formula(
                shared_text(block.node, self.names, numbers, called, taken),
                matrix_latex(block.node, ranks, lengths),
            )
            for block in self.blocks
        }

    @property
    def notation(self) -> dict[str, str]:
        """How each block is written for a person, by label."""
        return {block.label: block.symbol for block in self.blocks}

    @property
    def matrices(self) -> ClosedForm | None:
        """The form without linear maps; None where a block is such a map alone."""
        whole = tuple(block for block in self.blocks if block.along is None)
        cells = {(block.row, block.column) for block in whole}
        if any((block.row, block.column) not in cells for block in self.blocks):
            return None
        return replace(self, blocks=whole, directions={} if self.columns else self.directions)

    @property
    def remarks(self) -> Iterator[str]:
        """What is to be said of the formulas: where they hold, and the order of their rows."""
        if self.where:
            yield self.where
        whole = (block for block in self.blocks if block.along is None and block.column is not None)
        if any(max(len(self.rows[x.row]), len(self.columns[x.column or 0])) > 1 for x in whole):
            yield ROW_BY_ROW

    def twin(self, block: Block) -> Block | None:
        """Return the other form of a block that is a matrix and a linear map."""
        cell = block.row, block.column
        others = (other for other in self.blocks if (other.row, other.column) == cell)
        return next((other for other in others if other is not block), None)

    def shape(self, block: Block) -> Shape:
        """Return the shape of a block's value; a derivative of more axes is one of rows."""
        row, columns = self.rows[block.row], self.columns
        if block.column is None or block.along is not None:
            return row
        column = columns[block.column]
        return (*row, *column) if len(row) + len(column) <= _AXES else (prod(row), prod(column))

    def area(self, block: Block) -> tuple[slice, slice]:
        """Return the rows and the columns that a block fills in the matrix of all numbers."""
        whole = slice(0, 1)
        columns = whole if block.column is None else _parts(self.columns)[block.column]
        return _parts(self.rows)[block.row], columns

    @property
    def extent(self) -> tuple[int, int]:
        """The height and the width of all numbers as a matrix."""
        width = sum(map(prod, self.columns)) if self.columns else 1
        return sum(map(prod, self.rows)), width

    def at_sizes(self, sizes: Mapping[int, int]) -> ClosedForm:
        """Return the same formulas with numbers for the lengths that stand for any."""
        lengths = {name: sizes[length] for length, name in self.names.items()}
        return replace(
            self,
            blocks=tuple(
                replace(block, node=sized(block.node, sizes, lengths)) for block in self.blocks
            ),
            variables={name: sized_shape(own, sizes) for name, own in self.variables.items()},
            directions={name: sized_shape(own, sizes) for name, own in self.directions.items()},
            rows=tuple(sized_shape(own, sizes) for own in self.rows),
            columns=tuple(sized_shape(own, sizes) for own in self.columns),
            names={},
        )


def _parts(shapes: Sequence[Shape]) -> list[slice]:
    """Return where tensors of these shapes stand in a row of all their numbers."""
    ends = [sum(map(prod, shapes[: count + 1])) for count in range(len(shapes))]
    return [slice(end - prod(shape), end) for end, shape in zip(ends, shapes, strict=True)]


@dataclass(frozen=True)
class ClosedValues:
    """The values of a closed form's formulas at a point, and the directions that they take."""

    form: ClosedForm
    values: Sequence[Array]
    directions: Mapping[str, Array]

    @property
    def flat(self) -> Array | None:
        """All numbers of the derivative in a row; None where a block is a linear map."""
        import numpy as np

        if self.form.matrices is None:
            return None
        whole = np.zeros(self.form.extent)
        for block, value in zip(self.form.blocks, self.values, strict=True):
            if block.along is not None:
                continue
            part = whole[self.form.area(block)]
            part[...] = np.broadcast_to(value, self.form.shape(block)).reshape(part.shape)
        return whole.ravel()

    def pairs(self, numbers: Array) -> Iterator[tuple[Array, Array]]:
        """Yield for each block what a derivative's numbers, all in a row, and its formula give."""
        import numpy as np

        whole = numbers.reshape(self.form.extent)
        for block, value in zip(self.form.blocks, self.values, strict=True):
            part = whole[self.form.area(block)]
            if block.along is not None:
                part = part @ self.directions[block.along].ravel()
            yield part.ravel(), np.broadcast_to(value, self.form.shape(block)).ravel()
