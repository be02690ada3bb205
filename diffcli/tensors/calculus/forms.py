"""Gradients, Jacobians, Hessians and their products with vectors as formulas of tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from diffcli.language.algebra import ZERO
from diffcli.language.expression import Node, variable
from diffcli.tensors.calculus.errors import no_closed_form
from diffcli.tensors.calculus.kronecker import as_matrix
from diffcli.tensors.calculus.networks import UNIT, Labels, Product, Space
from diffcli.tensors.calculus.opening import atom
from diffcli.tensors.calculus.sums import node_of
from diffcli.tensors.calculus.sweeps import Backward, Forward, own_derivative

_MOST_AXES = 2


def gradient(space: Space, root: Node, wrt: Sequence[str]) -> dict[str, Node]:
    """Return the gradient of a number in each of its variables; each broadcasts to its variable.

    Raises NoClosedFormError where an operation has no differential, or the language no form.
    """
    result = Backward(space, root, UNIT, wrt).gradients()
    return {
        name: node_of(space, products, space.axes(variable(name)), full=False)
        for name, products in result.items()
    }


def cotangents(
    space: Space, roots: Sequence[Node], weights: Sequence[Node], wrt: Sequence[str]
) -> dict[str, Node]:
    """Return the Jacobian times weights from the left, in each variable.

    ``weights`` gives each root a tensor of its shape.
    """
    result: dict[str, list[Product]] = {name: [] for name in wrt}
    for root, weight in zip(roots, weights, strict=True):
        seed = atom(weight, space.axes(root))
        for name, products in Backward(space, root, seed, wrt).gradients().items():
            result[name] += products
    return {
        name: node_of(space, products, space.axes(variable(name)))
        for name, products in result.items()
    }


def jacobian(space: Space, root: Node, name: str) -> Node:
    """Return the derivative of a number or a vector in a vector or a number.

    Its axes are the root's, then the variable's. Raises NoClosedFormError, of more axes too.
    """
    term = variable(name)
    extra = space.labels(space.shape(term))
    free: Labels = (*space.axes(root), *extra)
    if len(free) > _MOST_AXES:
        raise no_closed_form("a derivative of more than two axes")
    sweep = Forward(space, {term: own_derivative(space, term, extra)}, extra)
    return node_of(space, sweep.derivative(root), free)


def kronecker(space: Space, root: Node, name: str) -> Node:
    """Return the derivative of a matrix in a matrix as one matrix, both taken row by row.

    Raises NoClosedFormError where it takes more than Kronecker products, and of other tensors.
    """
    term = variable(name)
    shapes = space.shape(root), space.shape(term)
    if any(len(shape) != _MOST_AXES for shape in shapes):
        raise no_closed_form("a derivative of three axes")
    extra = space.labels(shapes[1])
    sweep = Forward(space, {term: own_derivative(space, term, extra)}, extra)
    return as_matrix(space, sweep.derivative(root), space.axes(root), extra)


def hessian(space: Space, root: Node, row: str, column: str) -> Node:
    """Return the second derivative of a number in two vectors or numbers."""
    first = gradient(space, root, [row]).get(row, ZERO)
    shape = space.shape(variable(row))
    if space.shape(first) != shape:
        first = whole_of(space, first, row)
    return jacobian(space, first, column)


def along(space: Space, root: Node, directions: Mapping[str, Node]) -> Node:
    """Return the derivative along a direction: the Jacobian times a vector.

    ``directions`` gives each variable a tensor of its shape.
    """
    seeds = {
        variable(name): atom(direction, space.axes(variable(name)))
        for name, direction in directions.items()
    }
    return node_of(space, Forward(space, seeds).derivative(root), space.axes(root))


def hessian_along(
    space: Space, root: Node, wrt: Sequence[str], directions: Mapping[str, Node]
) -> dict[str, Node]:
    """Return the gradient's derivative along a direction: the Hessian times a vector."""
    gradients = gradient(space, root, wrt)
    return {
        name: along(space, whole_of(space, gradients[name], name), directions)
        if name in gradients
        else ZERO
        for name in wrt
    }


def whole_of(space: Space, term: Node, name: str) -> Node:
    """Return a formula that broadcasts to a variable as one with the variable's own shape."""
    axes = space.axes(variable(name))
    order = len(space.shape(term))
    return node_of(space, [atom(term, axes[len(axes) - order :])], axes)
