"""A function of tensors as a function of numbers: every component a variable or an output.

The engines that go entry by entry, the symbolic one and the enclosure, then work on it as on any
formula of numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import prod

import numpy as np
from numpy.typing import NDArray

from diffcli.engines.exact import exact
from diffcli.engines.expansions import EXPANSIONS, Nodes, as_array
from diffcli.engines.shapes import Shape
from diffcli.errors import LimitError
from diffcli.language.expression import VARIABLE, Node, node, number, variable
from diffcli.language.function import Function
from diffcli.language.points import Point, Value
from diffcli.language.tensors import names_of, rule_for

MAX_COMPONENTS = 100_000
"""Of all terms together; beyond it there is autograd alone."""


def expand(
    function: Function, shapes: Mapping[Node, Shape], variables: Mapping[str, Shape]
) -> Function:
    """Return the Function of numbers whose outputs are the components of a Function's outputs.

    ``shapes`` are those of all its nodes, ``variables`` those of its variables, in order. Raises
    LimitError where there are too many components.
    """
    _check_size(function, shapes)
    values: dict[Node, Nodes] = {}
    for each in function.nodes:
        if each.op == VARIABLE:
            name = str(each.value)
            values[each] = as_array(map(variable, names_of(name, shapes[each])), shapes[each])
        elif each.is_leaf:
            values[each] = as_array([each], ())
        else:
            rule = rule_for(each.op, EXPANSIONS, _elementwise)
            values[each] = rule(each, *(values[arg] for arg in each.args))
    outputs = [values[output] for output in function.outputs]
    return Function(
        text=function.text,
        outputs=tuple(component for output in outputs for component in output.flat),
        variables=tuple(
            part for name, shape in variables.items() for part in names_of(name, shape)
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


def by_component(point: Point, arrays: Mapping[str, NDArray[np.float64]]) -> Point:
    """Return the point of the components: what was typed, or where it was computed its floats."""
    values: dict[str, Value] = {}
    for name, value in point.values.items():
        entries = exact(value)
        if entries is None:
            entries = [number(Fraction(x)) for x in arrays[name].flat]
        values |= zip(names_of(name, arrays[name].shape), entries, strict=True)
    return Point(values)


def _elementwise(made: Node, *args: Nodes) -> Nodes:
    shape = np.broadcast_shapes(*(arg.shape for arg in args))
    flat = [np.broadcast_to(arg, shape).flat for arg in args]
    return as_array((node(made.op, *parts) for parts in zip(*flat, strict=True)), shape)
