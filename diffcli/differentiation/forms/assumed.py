"""The closed form of a derivative without a point: of shapes that are said, or that are guessed.

Of the variables of which nothing is said, a name that begins with a capital is a matrix where that
goes, another one a vector; of their lengths those are equal that the formula needs equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice, product

from diffcli.differentiation.forms.blocks import ClosedForm
from diffcli.differentiation.forms.closed import closed_form, has_closed_form
from diffcli.errors import LimitError, UsageError
from diffcli.language.declarations import shape_text
from diffcli.language.expression import VARIABLE, Node, unused
from diffcli.language.function import Function
from diffcli.operators import Operator, Scalars, Shape
from diffcli.tensors.rules import Shapes
from diffcli.tensors.shapes import shapes_of
from diffcli.tensors.unification import most_general, unknown_lengths

LENGTHS = (
    198491317, 217645177, 236887691, 256203161, 275604541, 295075147, 314606869, 334214459,
    353868013, 373587883, 393342739, 413158511, 433024253,
)  # fmt: skip
"""Primes that stand for any length, of which those are taken that are no numbers of the formula."""
_LETTERS = "mnpkqrstuvabcd"
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
    return form, in_words(typed, function, shapes)


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


def in_words(function: Function, guessed: Function, shapes: Mapping[str, Shape]) -> str:
    """Return which shapes the variables were taken to have of which nothing is said.

    ``guessed`` is the function with the lengths that were guessed besides those that were said.
    """
    names = guessed.said.any_length
    if len(names) == 1:
        # Where all lengths are one its name says nothing.
        names = function.said.any_length
    free = (name for name in function.variables if name not in function.said.shapes)
    return ", ".join(f"{name} for {_words(shapes[name], names)}" for name in free)


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
    """Return the function with more lengths that stand for any, and the variables' shapes.

    Of the variables of which nothing is said the first choice of axes counts that goes together and
    that ``accepts`` allows, of the shapes of all nodes: with the most general lengths, else with
    one for all axes. None where there is none. Raises UsageError where shapes that are said don't
    go together.
    """
    free = [name for name in function.variables if name not in function.said.shapes]
    said = {
        name: shape for name, shape in function.said.shapes.items() if name in function.variables
    }
    if len(free) > MAX_VARIABLES:
        return None
    for orders in islice(product(*(_orders(name, function) for name in free)), MAX_TRIES):
        for chosen in _of_orders(function, said, dict(zip(free, orders, strict=True))):
            whole, shapes = _named(function, chosen)
            try:
                known = shapes_of(whole, shapes)
            except UsageError:
                continue
            if accepts(known):
                return whole, shapes
    _check_said(function, said)
    return None


def _orders(name: str, function: Function) -> Sequence[int]:
    """Return how many axes a variable may have, the likeliest first."""
    if name in function.said.facts:
        return (2,)
    return (2, 1, 0) if name[0].isupper() else (1, 0, 2)


def _of_orders(
    function: Function, said: Mapping[str, Shape], orders: Mapping[str, int]
) -> Iterator[Mapping[str, Shape]]:
    """Yield shapes of variables with so many axes, of unknown lengths: the most general, then one.

    A matrix of which something is assumed is square.
    """
    lengths = unknown_lengths()
    shapes = {
        name: (next(lengths),) * order
        if name in function.said.facts
        else tuple(islice(lengths, order))
        for name, order in orders.items()
    }
    whole = {name: said[name] if name in said else shapes[name] for name in function.variables}
    unknown = frozenset(chain.from_iterable(shapes.values()))
    general = most_general(function, whole, unknown)
    if general is not None:
        yield general
    if len(unknown) > 1:
        (one, *_) = unknown
        yield {
            name: tuple(one if length in unknown else length for length in shape)
            for name, shape in whole.items()
        }


def _named(function: Function, shapes: Mapping[str, Shape]) -> tuple[Function, Mapping[str, Shape]]:
    """Return shapes whose unknown lengths are numbers that stand for any, and have names."""
    said = function.said
    known = {*said.lengths.values(), *chain.from_iterable(said.shapes.values())}
    lengths = dict.fromkeys(chain.from_iterable(shapes.values()))
    unknown = [length for length in lengths if length not in known]
    typed = {term.value for term in function.nodes}
    free = [length for length in LENGTHS if length not in typed]
    numbers = dict(zip(unknown, free, strict=False))
    taken = {*function.variables, *said.lengths}
    letters = _LETTERS if len(unknown) > 1 else "n"
    called = [letter for letter in letters if letter not in taken] or [unused("n", taken)]
    called += [f"{called[0]}_{position}" for position in range(1, len(unknown))]
    names = {**said.any_length, **dict(zip(numbers.values(), called, strict=False))}
    return replace(function, said=replace(said, any_length=names)), {
        name: tuple(numbers.get(length, length) for length in shape)
        for name, shape in shapes.items()
    }


def _check_said(function: Function, said: Mapping[str, Shape]) -> None:
    """Raise UsageError where shapes that are said don't go together, whatever the others are."""
    free: set[Node] = set()
    for term in function.nodes:
        if (term.op == VARIABLE and str(term.value) not in said) or not free.isdisjoint(term.args):
            free.add(term)
    known = tuple(node for node in function.nodes if node not in free)
    shapes_of(replace(function, outputs=known), said)
