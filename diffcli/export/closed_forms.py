"""Derivatives of tensors in closed form, for code that needs no autograd."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from diffcli.differentiation.forms.assumed import assumed_form
from diffcli.differentiation.forms.blocks import Block, ClosedForm
from diffcli.errors import DiffcliError
from diffcli.export.routines import Kind
from diffcli.language.algebra import ZERO
from diffcli.language.declarations import shape_text
from diffcli.language.expression import VARIABLE, Node, node, postorder
from diffcli.language.function import Function
from diffcli.operators import Grad, Hessian, Jacobian, Operator
from diffcli.tensors.calculus.networks import filled
from diffcli.tensors.calculus.sizes import is_sized, length_names
from diffcli.tensors.rules import Shape
from diffcli.tensors.shapes import shapes_of

_OPERATORS: Mapping[Kind, type[Grad | Hessian | Jacobian]] = MappingProxyType(
    {"grad": Grad, "jacobian": Jacobian, "hessian": Hessian}
)

_KINDS = ("a number", "a vector", "a matrix")


@dataclass(frozen=True)
class ClosedRoutine:
    """A derivative's formulas, one for each block, and the lengths that they take.

    ``lengths`` gives a name its place: an axis of a variable. ``names`` are those of all lengths
    in the formulas, ``taken`` says the shapes of the variables.
    """

    form: ClosedForm
    roots: tuple[Node, ...]
    lengths: Mapping[str, tuple[str, int]]
    names: Mapping[int, str]
    taken: str


def operator_of(kind: Kind, wrt: Sequence[str]) -> Operator:
    """Return the operator of a kind of derivative."""
    return _OPERATORS[kind](wrt=tuple(wrt))


def closed_routine(function: Function, kind: Kind, wrt: Sequence[str]) -> ClosedRoutine | None:
    """Return a derivative of tensors in closed form; None where there is none for their shapes.

    Shapes that nobody said are guessed; a formula that takes one of their lengths is none then, as
    the guess gives them all one length.
    """
    try:
        form, guessed = assumed_form(operator_of(kind, wrt), function)
    except DiffcliError:
        return None
    if (whole := form.matrices) is None:
        return None
    form = whole
    roots = tuple(_full(form, block) for block in form.blocks)
    names = length_names(roots, form.names)
    lengths = places_read(roots, form.variables, form.names)
    has_sizes = any(is_sized(term) for term in postorder(roots))
    if guessed and (lengths or has_sizes):
        return None
    taken = ", ".join(
        f"{name} is {_KINDS[len(shape)]}"
        + ("" if guessed or not shape else f" {shape_text(shape, form.names)}")
        for name, shape in form.variables.items()
    )
    return ClosedRoutine(form, roots, lengths, names, taken)


def _full(form: ClosedForm, block: Block) -> Node:
    """Return a block's formula with all axes of its shape."""
    shapes = dict(form.variables) | dict.fromkeys(form.names.values(), ())
    function = Function(("",), (block.node,), tuple(shapes))
    said = replace(function.said, any_length=form.names)
    own = shapes_of(replace(function, said=said), shapes)[block.node]
    shape = form.shape(block)
    if block.node is ZERO:
        return filled(shape, ZERO)
    return block.node if own == shape else node("mul", block.node, filled(shape))


def places_read(
    roots: Sequence[Node], shapes: Mapping[str, Shape], names: Mapping[int, str]
) -> dict[str, tuple[str, int]]:
    """Return for each length that formulas take by its name an axis of a variable that has it."""
    lengths_read: set[str] = set()
    known = length_names(roots, names)
    for term in postorder(roots):
        if term.op == VARIABLE:
            lengths_read.add(str(term.value))
        elif is_sized(term):
            texts = (known[size] for size in term.static if isinstance(size, int) and size in known)
            lengths_read.update(word for text in texts for word in re.findall(r"[^\W\d]\w*", text))
    return {
        names[length]: (name, axis)
        for name, shape in shapes.items()
        for axis, length in enumerate(shape)
        if names.get(length) in lengths_read
    }
