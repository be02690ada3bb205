"""A derivative as formulas of tensors, one for each block of it, and their values at a point."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from types import MappingProxyType
from typing import TYPE_CHECKING

from diffcli.formula import Formula
from diffcli.language.algebra import ZERO
from diffcli.language.expression import Node, unused, variable
from diffcli.language.function import Function
from diffcli.language.latex.matrices import matrix_latex
from diffcli.operators import (
    Directional,
    Grad,
    Hessian,
    Hvp,
    Jacobian,
    Jvp,
    Operator,
    Scalars,
    Vhp,
    Vjp,
)
from diffcli.tensors.calculus import forms
from diffcli.tensors.calculus.errors import no_closed_form
from diffcli.tensors.calculus.networks import Space
from diffcli.tensors.calculus.presentation import text
from diffcli.tensors.calculus.symmetry import orthogonal_in, symmetric_in
from diffcli.tensors.rules import Shape
from diffcli.tensors.shapes import shapes_of

if TYPE_CHECKING:
    from diffcli.differentiation.numbers import Array

MOST_BLOCKS = 36
"""Blocks of a Jacobian or a Hessian that are written out."""
_MOST_AXES = 2
_TWICE = (Hessian, Hvp)
"""The operators that differentiate twice; Vhp is among them."""


@dataclass(frozen=True)
class Block:
    """One formula: its label in the answer, its symbol, and the rows and columns that it fills.

    ``shape`` is that of its value. With ``along`` it is a linear map: it gives the product of that
    part of the matrix with a direction of this name.
    """

    label: str
    symbol: str
    node: Node
    shape: Shape
    rows: slice
    columns: slice = field(default_factory=lambda: slice(0, 1))
    along: str | None = None


@dataclass(frozen=True)
class ClosedForm:
    """A derivative as formulas of the variables and of directions, whose shapes are given.

    ``height`` and ``width`` are those of all numbers as a matrix, of one column but for matrices;
    ``names`` are those of lengths that stand for any length.
    """

    blocks: tuple[Block, ...]
    variables: Mapping[str, Shape]
    directions: Mapping[str, Shape]
    height: int
    width: int = 1
    names: Mapping[int, str] = field(default_factory=dict)

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
        return {
            block.label: Formula(
                text(block.node, self.names, numbers), matrix_latex(block.node, ranks, self.names)
            )
            for block in self.blocks
        }

    @property
    def notation(self) -> dict[str, str]:
        """How each block is written for a person, by label."""
        return {block.label: block.symbol for block in self.blocks}


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

        if any(block.along for block in self.form.blocks):
            return None
        whole = np.zeros((self.form.height, self.form.width))
        for block, value in zip(self.form.blocks, self.values, strict=True):
            part = whole[block.rows, block.columns]
            part[...] = np.broadcast_to(value, block.shape).reshape(part.shape)
        return whole.ravel()

    def pairs(self, numbers: Array) -> Iterator[tuple[Array, Array]]:
        """Yield for each block what a derivative's numbers, all in a row, and its formula give."""
        import numpy as np

        whole = numbers.reshape(self.form.height, self.form.width)
        for block, value in zip(self.form.blocks, self.values, strict=True):
            part = whole[block.rows, block.columns]
            if block.along is not None:
                part = part @ self.directions[block.along].ravel()
            yield part.ravel(), np.broadcast_to(value, block.shape).ravel()


def has_closed_form(operator: Operator) -> bool:
    """Whether an operator's derivative may have a closed form, of whole variables and once."""
    if isinstance(operator, Grad) and operator.order != 1:
        return False
    return type(operator) in _WRITERS and not getattr(operator, "sparse", False)


def closed_form(
    operator: Operator,
    function: Function,
    scalars: Scalars,
    variables: Mapping[str, Shape],
    names: Mapping[int, str] | None = None,
) -> ClosedForm:
    """Return an operator's derivative in closed form.

    ``scalars`` has the variables that it differentiates in, ``variables`` are the shapes of all,
    ``names`` those of lengths that stand for any length. Raises LimitError, mostly
    NoClosedFormError, where there is none.
    """
    shapes = {variable(name): shape for name, shape in variables.items()}
    # A gradient that is differentiated again in a matrix mustn't be of a symmetric one.
    moving = scalars.variables if isinstance(operator, _TWICE) else ()
    facts = {name: fact for name, fact in function.said.facts.items() if name not in moving}
    space = Space(
        shapes | shapes_of(function, variables), names, symmetric_in(facts), orthogonal_in(facts)
    )
    return _WRITERS[type(operator)](_Writing(operator, function, scalars, space))


@dataclass(frozen=True)
class _Writing:
    """What the closed form of one operator is written from."""

    operator: Operator
    function: Function
    scalars: Scalars
    space: Space

    @property
    def root(self) -> Node:
        """The one formula."""
        return self.function.outputs[0]

    @property
    def chosen(self) -> list[str]:
        """The variables that the operator differentiates in."""
        wrt: tuple[str, ...] = getattr(self.operator, "wrt", ())
        return list(wrt or self.scalars.variables)

    def shape(self, name: str) -> Shape:
        """Return a variable's shape. Raises NoClosedFormError for a component."""
        if name not in self.scalars.variables:
            raise no_closed_form("a component is chosen")
        return self.scalars.variables[name]

    @property
    def called(self) -> list[str]:
        """The names of the outputs."""
        several = len(self.function.outputs) > 1
        count = range(1, len(self.function.outputs) + 1)
        return [f"f{place}" for place in count] if several else [self.function.called]

    def directions(self, names: Sequence[str]) -> dict[str, str]:
        """Return a name for the direction of each variable, and give it the variable's shape."""
        taken = {*self.function.variables, *self.space.names.values()}
        found = {}
        for name in names:
            letter = "V" if len(self.shape(name)) > 1 else "v"
            direction = unused(letter if len(names) == 1 else f"{letter}_{name}", taken)
            self.space.shapes[variable(direction)] = self.shape(name)
            taken.add(direction)
            found[name] = direction
        return found

    def form(
        self, blocks: Sequence[Block], directions: Mapping[str, Shape], height: int, width: int = 1
    ) -> ClosedForm:
        """Return the closed form of some blocks."""
        shapes = {name: self.space.shape(variable(name)) for name in self.function.variables}
        return ClosedForm(tuple(blocks), shapes, directions, height, width, self.space.names)

    def parts(self, shapes: Sequence[Shape]) -> list[slice]:
        """Return where tensors of these shapes stand in a row of all their numbers."""
        ends = [sum(map(prod, shapes[: count + 1])) for count in range(len(shapes))]
        return [slice(end - prod(shape), end) for end, shape in zip(ends, shapes, strict=True)]


# -- blocks by variable ---------------------------------------------------------------------------


def _by_variable(
    at: _Writing, nodes: Mapping[str, Node], symbol: str, directions: Mapping[str, Shape]
) -> ClosedForm:
    shapes = [at.shape(name) for name in at.chosen]
    blocks = [
        Block(name, symbol.format(name), nodes.get(name, ZERO), shape, rows)
        for name, shape, rows in zip(at.chosen, shapes, at.parts(shapes), strict=True)
    ]
    return at.form(blocks, directions, sum(map(prod, shapes)))


def _grad(at: _Writing) -> ClosedForm:
    for name in at.chosen:
        at.shape(name)
    found = forms.gradient(at.space, at.root, at.chosen)
    return _by_variable(at, found, f"∂{at.function.called}/∂{{}}", {})


def _hvp(at: _Writing) -> ClosedForm:
    names = at.directions(at.chosen)
    along = {name: variable(direction) for name, direction in names.items()}
    found = forms.hessian_along(at.space, at.root, at.chosen, along)
    shapes = {direction: at.shape(name) for name, direction in names.items()}
    return _by_variable(at, found, f"D_v ∂{at.function.called}/∂{{}}", shapes)


def _vjp(at: _Writing) -> ClosedForm:
    shapes = dict(zip(at.called, at.scalars.outputs, strict=True))
    seeds, taken = {}, set(at.function.variables)
    for name, shape in shapes.items():
        letter = "V" if len(shape) > 1 else "v"
        seeds[name] = unused(letter if len(shapes) == 1 else f"{letter}_{name}", taken)
        at.space.shapes[variable(seeds[name])] = shape
    weights = [variable(seed) for seed in seeds.values()]
    found = forms.cotangents(at.space, at.function.outputs, weights, at.chosen)
    directions = {seeds[name]: shape for name, shape in shapes.items()}
    return _by_variable(at, found, f"∂(v {at.function.called})/∂{{}}", directions)


# -- blocks by output -----------------------------------------------------------------------------


def _jvp(at: _Writing) -> ClosedForm:
    names = at.directions(at.chosen)
    along = {name: variable(direction) for name, direction in names.items()}
    outputs = at.scalars.outputs
    labels = ["f"] if len(outputs) == 1 else at.called
    blocks = [
        Block(label, f"D_v {called}", forms.along(at.space, output, along), shape, rows)
        for label, called, output, shape, rows in zip(
            labels, at.called, at.function.outputs, outputs, at.parts(outputs), strict=True
        )
    ]
    shapes = {direction: at.shape(name) for name, direction in names.items()}
    return at.form(blocks, shapes, at.scalars.height)


# -- matrices -------------------------------------------------------------------------------------


def _jacobian(at: _Writing) -> ClosedForm:
    outputs = at.scalars.outputs
    cells = [
        (f"{label},{name}", f"∂{called}/∂{name}", output, shape, rows, name)
        for label, called, output, shape, rows in zip(
            [f"f{place + 1}" for place in range(len(outputs))],
            at.called,
            at.function.outputs,
            outputs,
            at.parts(outputs),
            strict=True,
        )
        for name in at.chosen
    ]
    return _matrix(at, cells, at.scalars.height)


def _hessian(at: _Writing) -> ClosedForm:
    shapes = [at.shape(name) for name in at.chosen]
    first = forms.gradient(at.space, at.root, at.chosen)
    whole = {name: forms.whole_of(at.space, each, name) for name, each in first.items()}
    called = at.function.called
    cells = [
        (
            f"{row},{column}",
            f"∂²{called}/∂{row}²" if row == column else f"∂²{called}/∂{row}∂{column}",
            whole.get(row, ZERO),
            shape,
            rows,
            column,
        )
        for row, shape, rows in zip(at.chosen, shapes, at.parts(shapes), strict=True)
        for column in at.chosen
    ]
    return _matrix(at, cells, at.scalars.width)


def _matrix(
    at: _Writing, cells: Sequence[tuple[str, str, Node, Shape, slice, str]], height: int
) -> ClosedForm:
    """Return the blocks of a matrix, one a cell; of more than two axes as a linear map."""
    if len(cells) > MOST_BLOCKS:
        raise no_closed_form(f"{len(cells)} blocks are too many to be written out")
    shapes = [at.shape(name) for name in at.chosen]
    columns = dict(zip(at.chosen, at.parts(shapes), strict=True))
    maps = {
        name for _, _, _, shape, _, name in cells if len(shape) + len(at.shape(name)) > _MOST_AXES
    }
    names = at.directions([name for name in at.chosen if name in maps])
    blocks = []
    for cell, symbol, root, shape, rows, name in cells:
        if len(shape) + len(at.shape(name)) <= _MOST_AXES:
            label = "matrix" if len(cells) == 1 else cell
            made = forms.jacobian(at.space, root, name)
            own = (*shape, *at.shape(name))
            blocks.append(Block(label, symbol, made, own, rows, columns[name]))
            continue
        along = names[name]
        label = f"{'map' if len(cells) == 1 else cell}[{along}]"
        made = forms.along(at.space, root, {name: variable(along)})
        blocks.append(Block(label, f"{symbol}[{along}]", made, shape, rows, columns[name], along))
    directions = {names[name]: at.shape(name) for name in names}
    return at.form(blocks, directions, height, sum(map(prod, shapes)))


_WRITERS: Mapping[type[Operator], Callable[[_Writing], ClosedForm]] = MappingProxyType(
    {
        Grad: _grad,
        Jacobian: _jacobian,
        Hessian: _hessian,
        Jvp: _jvp,
        Directional: _jvp,
        Vjp: _vjp,
        Hvp: _hvp,
        Vhp: _hvp,
    }
)
"""Writes an operator's derivative in closed form, by its class."""
