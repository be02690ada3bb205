"""The gradient of a formula of tensors whose shapes nobody gave: where no shape changes it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from diffcli.engines.adjoints.reverse import gradients
from diffcli.engines.shapes import Shape, shapes_of
from diffcli.errors import LimitError, UsageError
from diffcli.language.expression import Node
from diffcli.language.function import Function

LENGTHS = (16, 17)
"""Two lengths on which the formulas of a gradient must agree."""
MOST_VARIABLES = 6
_WORDS = {0: "a number", 1: "a vector", 2: "a square matrix"}


def assumed_gradients(function: Function) -> tuple[dict[str, Node], dict[str, str]]:
    """Return the gradient's formulas, and what each variable was taken for.

    A name that begins with a capital is a matrix where that goes, another one a vector. Raises
    LimitError where the gradient has no closed form, or depends on the lengths.
    """
    examples = (
        f"{name}=ones({'3,3' if name[0].isupper() else '3'})" for name in function.variables
    )
    hint = f"a point gives it: {','.join(examples)}"
    orders = _orders(function)
    if orders is None:
        raise LimitError("it takes the tensors' shape", hint=hint)
    found = [_gradients(function, orders, length) for length in LENGTHS]
    if None in found or found[0] != found[1] or found[0] is None:
        raise LimitError("it takes the tensors' shape", hint=hint)
    return found[0], {name: _WORDS[order] for name, order in orders.items()}


def _orders(function: Function) -> dict[str, int] | None:
    """Return the number of axes of each variable, of the first choice that goes together."""
    if len(function.outputs) != 1 or len(function.variables) > MOST_VARIABLES:
        return None
    choices = ((2, 1, 0) if name[0].isupper() else (1, 0, 2) for name in function.variables)
    for chosen in product(*choices):
        orders = dict(zip(function.variables, chosen, strict=True))
        if _shapes(function, orders, LENGTHS[0]) is not None:
            return orders
    return None


def _shapes(function: Function, orders: Mapping[str, int], length: int) -> dict[Node, Shape] | None:
    """Return the shapes of all terms, None where they don't go together to a number."""
    try:
        found = shapes_of(function, {name: (length,) * order for name, order in orders.items()})
    except UsageError:
        return None
    return found if found[function.outputs[0]] == () else None


def _gradients(
    function: Function, orders: Mapping[str, int], length: int
) -> dict[str, Node] | None:
    shapes = _shapes(function, orders, length)
    return None if shapes is None else gradients(function, shapes)
