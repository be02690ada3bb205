"""The closed form of a derivative where nobody gave the tensors' shapes.

A name that begins with a capital is a matrix where that goes, another one a vector; all lengths are
one, written n.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

from diffcli.differentiation.closed import ClosedForm, closed_form, has_closed_form
from diffcli.errors import LimitError, UsageError
from diffcli.language.expression import unused
from diffcli.language.function import Function
from diffcli.operators import Operator, Scalars, Shape
from diffcli.tensors.shapes import shapes_of

LENGTHS = (1009, 1013, 1019)
"""Lengths that stand for any, of which the first is taken that is no number of the formula."""
MAX_VARIABLES = 6
"""Variables up to which all combinations of shapes are tried."""
_WORDS = {0: "a number", 1: "a vector", 2: "a square matrix"}


def assumed_form(operator: Operator, function: Function) -> tuple[ClosedForm, str]:
    """Return a derivative's closed form for any length, and in words what each variable is.

    Raises LimitError where there is none, or no shapes go together.
    """
    examples = (
        f"{name}=ones({'3,3' if name[0].isupper() else '3'})" for name in function.variables
    )
    hint = f"a point gives it: {','.join(examples)}"
    if not has_closed_form(operator):
        raise LimitError(f"{operator.name} of tensors takes their shapes", hint=hint)
    numbers = {each.value for each in function.nodes}
    length = next(each for each in LENGTHS if each not in numbers)
    shapes = _shapes(operator, function, length)
    if shapes is None:
        raise LimitError("it takes the tensors' shape", hint=hint)
    name = unused("n", function.variables)
    outputs = shapes_of(function, shapes)
    whole = Scalars(None, shapes, tuple(outputs[each] for each in function.outputs))
    form = closed_form(operator, function, operator.moving(whole), shapes, {length: name})
    return form, ", ".join(f"{each} for {_WORDS[len(shape)]}" for each, shape in shapes.items())


def _shapes(operator: Operator, function: Function, length: int) -> Mapping[str, Shape] | None:
    """Return the shapes of the variables, of the first choice that goes together."""
    if len(function.variables) > MAX_VARIABLES:
        return None
    choices = ((2, 1, 0) if name[0].isupper() else (1, 0, 2) for name in function.variables)
    for orders in product(*choices):
        pairs = zip(function.variables, orders, strict=True)
        shapes = {name: (length,) * order for name, order in pairs}
        try:
            known = shapes_of(function, shapes)
        except UsageError:
            continue
        if not operator.of_one_number or known[function.outputs[0]] == ():
            return shapes
    return None
