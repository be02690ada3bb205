"""The closed form of a derivative without a point: of shapes that are said, or that are guessed.

Of the variables of which nothing is said, a name that begins with a capital is a matrix where that
goes, another one a vector; their lengths are those that are said of others, or one, written n.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice, product

from diffcli.differentiation.blocks import ClosedForm
from diffcli.differentiation.closed import closed_form, has_closed_form
from diffcli.errors import LimitError, UsageError
from diffcli.language.declarations import shape_text
from diffcli.language.expression import VARIABLE, Node, unused
from diffcli.language.function import Function
from diffcli.operators import Operator, Scalars, Shape
from diffcli.tensors.rules import Shapes
from diffcli.tensors.shapes import shapes_of

LENGTHS = (198491317, 217645177, 236887691)
"""Lengths that stand for any, of which the first is taken that is no number of the formula."""
MAX_VARIABLES = 6
"""Variables up to which all combinations of shapes are tried."""
MAX_TRIES = 2000
"""Combinations of shapes that are tried."""


def assumed_form(operator: Operator, function: Function) -> tuple[ClosedForm, str]:
    """Return a derivative's closed form for any length, and in words what was guessed.

    The words are empty where all shapes are said. Raises LimitError where there is no closed form,
    or no shapes go together, and UsageError where those that are said don't.
    """
    if not has_closed_form(operator):
        raise LimitError(f"{operator.name} of tensors takes their shapes", hint=_hint(function))
    typed = function
    function, shapes = shapes_for_operator(operator, function)
    outputs = shapes_of(function, shapes)
    whole = Scalars(None, shapes, tuple(outputs[output] for output in function.outputs))
    (value, *_) = whole.outputs
    if operator.of_one_number and value:
        raise UsageError(
            f"{operator.name} takes a number, and the formula's shape is "
            f"{shape_text(value, function.said.any_length)}",
            hint="the derivative of several numbers is their jacobian",
        )
    form = closed_form(operator, function, operator.moving(whole), shapes, function.said.any_length)
    return form, in_words(typed, shapes)


def shapes_for_operator(
    operator: Operator, function: Function
) -> tuple[Function, Mapping[str, Shape]]:
    """Return the shapes that a function's variables have or are taken to have for an operator.

    As :func:`guessed_shapes`; raises LimitError where no shapes go together.
    """
    is_free = not set(function.variables) <= set(function.said.shapes)
    must_be_number = operator.of_one_number and is_free
    guessed = guessed_shapes(
        function, lambda shapes: not must_be_number or shapes[function.outputs[0]] == ()
    )
    if guessed is None:
        raise LimitError("it takes the tensors' shape", hint=_hint(function))
    return guessed


def _hint(function: Function) -> str:
    examples = (f"{name}={'(n,n)' if name[0].isupper() else 'n'}" for name in function.variables)
    return f"--shapes gives it, {','.join(examples)}, or a point"


def in_words(function: Function, shapes: Mapping[str, Shape]) -> str:
    """Return which shapes the variables were taken to have of which nothing is said."""
    free = (name for name in function.variables if name not in function.said.shapes)
    return ", ".join(
        f"{name} for {_words(shapes[name], function.said.any_length)}" for name in free
    )


def _words(shape: Shape, names: Mapping[int, str]) -> str:
    """Return what a variable of a shape is, with those of its lengths that have a name."""
    known = all(length in names for length in shape)
    if len(shape) < 2:
        own = f" of {shape_text(shape, names)}" if known and shape else ""
        return f"a vector{own}" if shape else "a number"
    kind = "a square matrix" if shape[0] == shape[1] else "a matrix"
    return f"{kind} {shape_text(shape, names)}" if known else kind


def guessed_shapes(
    function: Function, accepts: Callable[[Shapes], bool]
) -> tuple[Function, Mapping[str, Shape]] | None:
    """Return the function with one more length that stands for any, and the variables' shapes.

    They are the first choice for variables of which nothing is said that goes together and
    ``accepts`` allows, of the shapes of all nodes; None where there is none. Raises UsageError
    where shapes that are said don't go together.
    """
    numbers = {node.value for node in function.nodes}
    length = next(each for each in LENGTHS if each not in numbers)
    name = unused("n", {*function.variables, *function.said.lengths})
    free = [variable for variable in function.variables if variable not in function.said.shapes]
    names = {**function.said.any_length, length: name}
    function = replace(function, said=replace(function.said, any_length=names))
    said = {
        name: shape for name, shape in function.said.shapes.items() if name in function.variables
    }
    if not free:
        shapes = {name: said[name] for name in function.variables}
        return (function, shapes) if accepts(shapes_of(function, said)) else None
    if len(free) > MAX_VARIABLES:
        return None
    lengths = [*dict.fromkeys(size for shape in said.values() for size in shape), length]
    choices = [list(_choices(name, function, lengths)) for name in free]
    for chosen in islice(product(*choices), MAX_TRIES):
        found = said | dict(zip(free, chosen, strict=True))
        shapes = {name: found[name] for name in function.variables}
        try:
            known = shapes_of(function, shapes)
        except UsageError:
            continue
        if accepts(known):
            return function, shapes
    _check_said(function, said)
    return None


def _check_said(function: Function, said: Mapping[str, Shape]) -> None:
    """Raise UsageError where shapes that are said don't go together, whatever the others are."""
    free: set[Node] = set()
    for each in function.nodes:
        if (each.op == VARIABLE and str(each.value) not in said) or not free.isdisjoint(each.args):
            free.add(each)
    known = tuple(node for node in function.nodes if node not in free)
    shapes_of(replace(function, outputs=known), said)


def _choices(name: str, function: Function, lengths: Sequence[int]) -> Iterator[Shape]:
    """Yield the shapes that a variable may have, the likeliest first."""
    orders = (2, 1, 0) if name[0].isupper() else (1, 0, 2)
    for order in (2,) if name in function.said.facts else orders:
        is_square = name in function.said.facts
        yield from (
            shape
            for shape in product(lengths, repeat=order)
            if not is_square or len(set(shape)) == 1
        )
