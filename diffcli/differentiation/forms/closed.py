"""The closed form of each operator's derivative: formulas of tensors, one for each block of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from diffcli.differentiation.forms.blocks import Block, ClosedForm
from diffcli.language.algebra import ZERO
from diffcli.language.expression import Node, unused, variable
from diffcli.language.function import Function
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
from diffcli.tensors.calculus.errors import NoClosedFormError, no_closed_form
from diffcli.tensors.calculus.identities import rewritten
from diffcli.tensors.calculus.kinks import where_formulas_hold
from diffcli.tensors.calculus.networks import Space
from diffcli.tensors.calculus.sizes import length_names, named_lengths
from diffcli.tensors.calculus.symmetry import orthogonal_in, symmetric_in
from diffcli.tensors.rules import Shape
from diffcli.tensors.shapes import shapes_of

MOST_BLOCKS = 36
"""Blocks of a Jacobian or a Hessian that are written out."""
_MOST_AXES = 2
"""The operators that differentiate twice; Vhp is among them."""


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
    names = names or {}
    outputs = tuple(rewritten(named_lengths(output, names)) for output in function.outputs)
    function = replace(function, outputs=outputs)
    sizes = {**variables, **dict.fromkeys(names.values(), ())}
    shapes = {variable(name): shape for name, shape in sizes.items()}
    # A gradient that is differentiated again in a matrix mustn't be of a symmetric one.
    moving = scalars.variables if operator.is_of_gradient else ()
    facts = {name: fact for name, fact in function.said.facts.items() if name not in moving}
    shapes |= shapes_of(function, sizes)
    if any(0 in shape for shape in shapes.values()):
        raise no_closed_form("a tensor without entries")
    space = Space(shapes, names, symmetric_in(facts), orthogonal_in(facts))
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
        return [f"f{position}" for position in count] if several else [self.function.called]

    def directions(self, names: Sequence[str]) -> dict[str, str]:
        """Return a name for the direction of each variable, and give it the variable's shape."""
        taken = {*self.function.variables, *self.space.names.values()}
        result = {}
        for name in names:
            letter = "V" if len(self.shape(name)) > 1 else "v"
            direction = unused(letter if len(names) == 1 else f"{letter}_{name}", taken)
            self.space.shapes[variable(direction)] = self.shape(name)
            taken.add(direction)
            result[name] = direction
        return result

    def form(
        self,
        blocks: Sequence[Block],
        directions: Mapping[str, Shape],
        rows: Sequence[Shape],
        columns: Sequence[Shape] = (),
    ) -> ClosedForm:
        """Return the closed form of some blocks. Raises NoClosedFormError for an odd length."""
        length_names([block.node for block in blocks], self.space.names)
        shapes = {name: self.space.shape(variable(name)) for name in self.function.variables}
        return ClosedForm(
            tuple(blocks),
            shapes,
            tuple(self.chosen),
            directions,
            tuple(rows),
            tuple(columns),
            self.space.names,
            where_formulas_hold(self.space),
        )


# -- blocks by variable ---------------------------------------------------------------------------


def _by_variable(
    writing: _Writing, nodes: Mapping[str, Node], symbol: str, directions: Mapping[str, Shape]
) -> ClosedForm:
    shapes = [writing.shape(name) for name in writing.chosen]
    blocks = [
        Block(name, symbol.format(name), nodes.get(name, ZERO), row)
        for row, name in enumerate(writing.chosen)
    ]
    return writing.form(blocks, directions, shapes)


def _grad(writing: _Writing) -> ClosedForm:
    for name in writing.chosen:
        writing.shape(name)
    first = forms.gradient(writing.space, writing.root, writing.chosen)
    gradients = {name: forms.whole_of(writing.space, root, name) for name, root in first.items()}
    return _by_variable(writing, gradients, f"∂{writing.function.called}/∂{{}}", {})


def _hvp(writing: _Writing) -> ClosedForm:
    names = writing.directions(writing.chosen)
    along = {name: variable(direction) for name, direction in names.items()}
    products = forms.hessian_along(writing.space, writing.root, writing.chosen, along)
    shapes = {direction: writing.shape(name) for name, direction in names.items()}
    return _by_variable(writing, products, f"D_v ∂{writing.function.called}/∂{{}}", shapes)


def _vjp(writing: _Writing) -> ClosedForm:
    shapes = dict(zip(writing.called, writing.scalars.outputs, strict=True))
    seeds, taken = {}, set(writing.function.variables)
    for name, shape in shapes.items():
        letter = "V" if len(shape) > 1 else "v"
        seeds[name] = unused(letter if len(shapes) == 1 else f"{letter}_{name}", taken)
        writing.space.shapes[variable(seeds[name])] = shape
    weights = [variable(seed) for seed in seeds.values()]
    products = forms.cotangents(writing.space, writing.function.outputs, weights, writing.chosen)
    directions = {seeds[name]: shape for name, shape in shapes.items()}
    return _by_variable(writing, products, f"∂(v {writing.function.called})/∂{{}}", directions)


# -- blocks by output -----------------------------------------------------------------------------


def _jvp(writing: _Writing) -> ClosedForm:
    names = writing.directions(writing.chosen)
    along = {name: variable(direction) for name, direction in names.items()}
    outputs = writing.scalars.outputs
    labels = ["f"] if len(outputs) == 1 else writing.called
    blocks = [
        Block(label, f"D_v {called}", forms.along(writing.space, output, along), row)
        for row, (label, called, output) in enumerate(
            zip(labels, writing.called, writing.function.outputs, strict=True)
        )
    ]
    shapes = {direction: writing.shape(name) for name, direction in names.items()}
    return writing.form(blocks, shapes, outputs)


# -- matrices -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Cell:
    """One block of a matrix that is still to be written: the derivative of ``root`` in ``name``."""

    label: str
    symbol: str
    root: Node
    row: int
    name: str


def _jacobian(writing: _Writing) -> ClosedForm:
    cells = [
        _Cell(f"f{row + 1},{name}", f"∂{called}/∂{name}", output, row, name)
        for row, (called, output) in enumerate(
            zip(writing.called, writing.function.outputs, strict=True)
        )
        for name in writing.chosen
    ]
    return _matrix(writing, cells, writing.scalars.outputs)


def _hessian(writing: _Writing) -> ClosedForm:
    first = forms.gradient(writing.space, writing.root, writing.chosen)
    whole = {name: forms.whole_of(writing.space, root, name) for name, root in first.items()}
    called = writing.function.called
    cells = [
        _Cell(
            f"{name},{column}",
            f"∂²{called}/∂{name}²" if name == column else f"∂²{called}/∂{name}∂{column}",
            whole.get(name, ZERO),
            row,
            column,
        )
        for row, name in enumerate(writing.chosen)
        for column in writing.chosen
    ]
    return _matrix(writing, cells, [writing.shape(name) for name in writing.chosen])


def _matrix(writing: _Writing, cells: Sequence[_Cell], rows: Sequence[Shape]) -> ClosedForm:
    """Return the blocks of a matrix, one a cell; of more than two axes as a linear map too."""
    if len(cells) > MOST_BLOCKS:
        raise no_closed_form(f"{len(cells)} blocks are too many to be written out")
    columns = [writing.shape(name) for name in writing.chosen]

    def is_map(cell: _Cell) -> bool:
        return len(rows[cell.row]) + len(writing.shape(cell.name)) > _MOST_AXES

    mapped = {cell.name for cell in cells if is_map(cell)}
    directions = writing.directions([name for name in writing.chosen if name in mapped])
    blocks = []
    for cell in cells:
        column = writing.chosen.index(cell.name)
        if not is_map(cell):
            label = "matrix" if len(cells) == 1 else cell.label
            formula = forms.jacobian(writing.space, cell.root, cell.name)
            blocks.append(Block(label, cell.symbol, formula, cell.row, column))
            continue
        blocks += _of_matrices(writing, cell, column, len(cells) == 1)
        along = directions[cell.name]
        label = f"{'map' if len(cells) == 1 else cell.label}[{along}]"
        formula = forms.along(writing.space, cell.root, {cell.name: variable(along)})
        blocks.append(Block(label, f"{cell.symbol}[{along}]", formula, cell.row, column, along))
    shapes = {directions[name]: writing.shape(name) for name in directions}
    return writing.form(blocks, shapes, rows, columns)


def _of_matrices(writing: _Writing, cell: _Cell, column: int, is_alone: bool) -> Iterator[Block]:
    """Yield the derivative of a matrix in a matrix as one matrix, if it has such a form."""
    try:
        whole = forms.kronecker(writing.space, cell.root, cell.name)
    except NoClosedFormError:
        return
    yield Block("matrix" if is_alone else cell.label, cell.symbol, whole, cell.row, column)


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
