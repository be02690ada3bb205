"""A function of tensors as a function of numbers: every component a variable or an output.

The engines that go entry by entry, the symbolic one and the enclosure, then work on it as on any
formula of numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import prod

import numpy as np

from diffcli.errors import LimitError
from diffcli.language.expression import VARIABLE, Node, node, number, variable
from diffcli.language.function import Function
from diffcli.language.tensors import TENSORS, component_names
from diffcli.tensors.rules import Nodes, Shape, rule_of

MAX_COMPONENTS = 100_000
"""Components of all terms together; beyond it there is autograd alone."""


def expand(
    function: Function, shapes: Mapping[Node, Shape], variables: Mapping[str, Shape]
) -> Function:
    """Return the Function of numbers whose outputs are the components of a Function's outputs.

    ``shapes`` are those of all its nodes, ``variables`` those of its variables, in order. Raises
    LimitError where there are too many components.
    """
    _check_size(function, shapes)
    values: dict[Node, Nodes] = {}
    for term in function.nodes:
        if term.op == VARIABLE:
            name = str(term.value)
            values[term] = as_array(
                map(variable, component_names(name, shapes[term])), shapes[term]
            )
        elif term.is_leaf:
            values[term] = as_array([term], ())
        else:
            rule = rule_of(term.op).expand if term.op in TENSORS else _elementwise
            values[term] = rule(term, *(values[arg] for arg in term.args))
    outputs = [values[output] for output in function.outputs]
    return Function(
        text=function.text,
        outputs=tuple(component for output in outputs for component in output.flat),
        variables=tuple(
            part for name, shape in variables.items() for part in component_names(name, shape)
        ),
        called=function.called,
    )


def _check_size(function: Function, shapes: Mapping[Node, Shape]) -> None:
    """Refuse a function whose components take too long to write out."""
    count = sum(
        prod(shapes[node]) + sum(prod(shapes[arg]) for arg in node.args) for node in function.nodes
    )
    if count > MAX_COMPONENTS:
        raise LimitError(f"{count:,} components are too many to be written out")


def _elementwise(new: Node, *args: Nodes) -> Nodes:
    shape = np.broadcast_shapes(*(arg.shape for arg in args))
    flat = [np.broadcast_to(arg, shape).flat for arg in args]
    return as_array((node(new.op, *parts) for parts in zip(*flat, strict=True)), shape)


def as_array(nodes: Iterable[Node], shape: Shape) -> Nodes:
    """Return nodes as an array of a shape, in row-major order."""
    array = np.empty(shape, dtype=object)
    array.reshape(-1)[:] = list(nodes)
    return array


def total(terms: Sequence[Node]) -> Node:
    """Return a sum, 0 of no terms."""
    return node("add", *terms) if len(terms) > 1 else (terms[0] if terms else number(0))


def product(factors: Sequence[Node]) -> Node:
    """Return a product, 1 of no factors."""
    return node("mul", *factors) if len(factors) > 1 else (factors[0] if factors else number(1))
