"""Exported code of tensors is run too: at random tensors of shapes that go together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle, product
from math import prod
from random import Random
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from diffcli.differentiation import Settings, derive
from diffcli.differentiation.forms.random_points import of_sizes
from diffcli.errors import DisagreementError, UsageError
from diffcli.export.closed_forms import operator_of
from diffcli.export.code import Code
from diffcli.export.routines import Kind, Routine
from diffcli.export.targets import targets
from diffcli.language.expression import number
from diffcli.language.function import Function
from diffcli.language.points import Point, Tensor
from diffcli.layouts import Matrix
from diffcli.operators import Eval, Grad, Hessian, Jacobian, Operator
from diffcli.tensors.calculus.sizes import sized_shape

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

RELATIVE = 1e-12
"""How far a number may lie from torch's, relative to the largest."""
_SHAPES = ((3,), (3, 3), ())
_MOST_VARIABLES = 5
_LENGTHS = (3, 4, 5)
_TRIES = 200

Shapes = Mapping[str, tuple[int, ...]]


def shapes_for(code: Code) -> Shapes | None:
    """Return shapes of the variables that go together, or None where small ones don't.

    Where a derivative is one of a number, they give one if any do. They are of the shapes that are
    said of the variables, and of different lengths where that goes.
    """
    from diffcli.tensors.shapes import shapes_of

    function, first = code.function, _said(code)
    if first is not None:
        return first
    of_a_number = any(_OPERATORS[routine.kind].of_one_number for routine in code.routines)
    if len(function.variables) > _MOST_VARIABLES:
        return None
    for chosen in product(_SHAPES, repeat=len(function.variables)):
        shapes = dict(zip(function.variables, chosen, strict=True))
        try:
            known = shapes_of(function, shapes)
        except UsageError:
            continue
        if not of_a_number or known[function.outputs[0]] == ():
            return shapes
        first = first or shapes
    return first


def _said(code: Code) -> Shapes | None:
    """Return shapes of the ranks that closed forms were written for, if they were."""
    from diffcli.differentiation.forms.assumed import guessed_shapes
    from diffcli.tensors.shapes import shapes_of

    function = code.function
    of_a_number = any(_OPERATORS[routine.kind].of_one_number for routine in code.routines)
    try:
        guessed = guessed_shapes(
            function, lambda shapes: not of_a_number or shapes[function.outputs[0]] == ()
        )
    except UsageError:
        return None
    if guessed is None:
        return None
    whole, shapes = guessed
    names = whole.said.any_length
    if not set(function.variables) <= set(function.said.shapes):
        draw = Random(0)  # noqa: S311
        for _ in range(_TRIES):
            chosen = {
                name: tuple(draw.choice(_LENGTHS) for _ in shape) for name, shape in shapes.items()
            }
            try:
                if shapes_of(function, chosen)[function.outputs[0]] == () or not of_a_number:
                    return chosen
            except UsageError:
                continue
    sizes = dict(zip(names, cycle(_LENGTHS), strict=False))
    return {name: sized_shape(shape, sizes) for name, shape in shapes.items()}


def random_tensors(shapes: Shapes, seed: int) -> dict[str, Array]:
    """Return positive numbers, where most functions are defined; matrices are regular."""
    import numpy as np

    random = np.random.default_rng(seed)
    tensors = {}
    for name, shape in shapes.items():
        tensors[name] = random.uniform(0.25, 1.75, shape)
        if len(shape) == 2:
            tensors[name] += 3 * np.eye(*shape)
    return tensors


def compared(code: Code, routine: Routine, at: Mapping[str, Array]) -> tuple[int, float]:
    """Hold one function at a point against torch: how many numbers, and the largest error.

    Raises DisagreementError where it is wrong.
    """
    import numpy as np

    function, kind = code.function, routine.kind
    point = Point(
        {
            name: Tensor(array.shape, tuple(number(x) for x in array.ravel().tolist()))
            if array.ndim
            else number(float(array))
            for name, array in at.items()
        }
    )
    operator = _operator(kind, routine.wrt)
    report = derive(operator, _at_lengths(function, at), [point], Settings(engines=("autograd",)))
    (result,) = report.results
    truth = _flat(result.value if kind == "value" else _numbers(result.derivative))
    runner = targets()[code.target].runner
    if runner is None or runner.on_arrays is None:
        raise UsageError(f"{code.target} isn't run on arrays")
    (functions,) = runner.load([code.source])
    given = runner.on_arrays(functions[routine.name], list(at.values()))
    names = routine.wrt or tuple(at)
    arranged = _arranged(kind, given, [prod(at[name].shape) for name in names])
    size = float(np.abs(truth).max(initial=0.0))
    error = (
        float(np.abs(arranged - truth).max(initial=0.0))
        if arranged.shape == truth.shape
        else np.inf
    )
    if not error <= RELATIVE * size:
        listed = ", ".join(f"{name} = {array.tolist()}" for name, array in at.items())
        raise DisagreementError(
            f"the code is wrong: {routine.name} gives {arranged.tolist()} at {listed}, and torch "
            f"{truth.tolist()}",
            hint="this is a defect of diffcli; --no-check prints the code",
        )
    return truth.size, error / size if size else 0.0


def _at_lengths(function: Function, point: Mapping[str, Array]) -> Function:
    """Return a function with the lengths that its variables have at a point."""
    said = function.said
    sizes = {
        length: size
        for name, shape in said.shapes.items()
        for length, size in zip(shape, point[name].shape, strict=True)
        if length in said.any_length
    }
    return of_sizes(function, said.shapes, said.any_length, sizes) if sizes else function


def _operator(kind: Kind, wrt: Sequence[str]) -> Operator:
    return _OPERATORS[kind] if kind == "value" else operator_of(kind, wrt)


_OPERATORS: Mapping[Kind, Operator] = MappingProxyType(
    {"value": Eval(), "grad": Grad(), "jacobian": Jacobian(), "hessian": Hessian()}
)


def _numbers(derivative: Mapping[str, Any]) -> Any:
    is_matrix = isinstance(derivative, Matrix)
    return derivative["matrix"] if is_matrix else list(derivative.values())


def _flat(nested: Any) -> Array:
    import numpy as np

    if isinstance(nested, list | tuple):
        return np.concatenate([_flat(part) for part in nested]) if nested else np.empty(0)
    return np.ravel(np.asarray(nested, dtype=float))


def _arranged(kind: Kind, result: Any, sizes: Sequence[int]) -> Array:
    """Return what code gives as the numbers of the derivative's matrix, row by row."""
    import numpy as np

    if kind == "jacobian":
        return np.hstack(
            [np.reshape(part, (-1, n)) for part, n in zip(result, sizes, strict=True)]
        ).ravel()
    if kind == "hessian":
        blocks = [
            [np.reshape(part, (m, n)) for part, n in zip(row, sizes, strict=True)]
            for row, m in zip(result, sizes, strict=True)
        ]
        return np.block(blocks).ravel()
    return _flat(result)
