"""A claim about a formula of tensors, as one about its components.

``2*x`` for ``sum(x^2)`` becomes ``[2*x[0], 2*x[1]]`` for ``x[0]**2 + x[1]**2``, at the shapes that
a point gives; it is then decided as any claim is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

from diffcli.differentiation import Settings
from diffcli.engines.coordinates import arrays_of, by_component
from diffcli.engines.enclosure import Coordinate
from diffcli.errors import UsageError
from diffcli.language.expression import Node
from diffcli.language.function import Function
from diffcli.language.points import Point
from diffcli.language.printer import text_of
from diffcli.language.tensors import component_names
from diffcli.studies.check.claim import Claim
from diffcli.studies.check.judgement import Decision, decide
from diffcli.tensors.components import expand
from diffcli.tensors.rules import Shape
from diffcli.tensors.shapes import shapes_of


@dataclass(frozen=True)
class _Components:
    """The formula and its claim in numbers, and the columns: the components of ``wrt``."""

    function: Function
    claim: Claim
    columns: tuple[str, ...]


def decide_tensors(
    function: Function,
    claim: Claim,
    points: Sequence[Point],
    settings: Settings,
    *,
    wrt: Sequence[str] = (),
    order: int | None = None,
    alone: bool = False,
) -> Decision:
    """Decide whether a claim of tensors is the derivative, as :func:`decide` of its components.

    With ``alone`` it is compared at these points and no others. Raises UsageError where no point
    gives the shapes, points differ in them, or the claim's shape isn't the derivative's.
    """
    if not points:
        raise UsageError(
            "nothing says the shapes of the tensors", hint="a point does, as x=[1,2,3]"
        )
    arrays = [arrays_of(point, dtype=settings.dtype, seed=settings.seed) for point in points]
    shapes, *others = ({name: array.shape for name, array in by_name.items()} for by_name in arrays)
    if any(other != shapes for other in others):
        raise UsageError("the points differ in their shapes", hint="check them one by one")
    parts = _components(function, claim, shapes, tuple(wrt))
    coordinates: list[Mapping[str, Coordinate]] = []
    for point, by_name in zip(points, arrays, strict=True):
        values = by_component(point, by_name).values
        coordinates.append(
            {name: value for name, value in values.items() if isinstance(value, Node)}
        )
    decision = decide(
        parts.function,
        parts.claim,
        wrt=parts.columns,
        declared=parts.function.variables,
        order=order,
        points=coordinates,
        budget=settings.budget,
        seed=settings.seed,
        alone=alone,
    )
    first = len(function.outputs) - len(claim.formulas)
    typed = replace(function, text=function.text[:first], outputs=function.outputs[:first])
    said = [text_of(output) for output in function.outputs[first:]]
    return replace(
        decision,
        report=replace(decision.report, read_as=typed.read_as, readings=function.readings),
        claim_read_as=said[0] if not claim.shape else f"[{', '.join(said)}]",
    )


def _components(
    function: Function, claim: Claim, variables: Mapping[str, Shape], wrt: tuple[str, ...]
) -> _Components:
    """Return the components, the claim's in the order of the derivative's."""
    shapes = shapes_of(function, variables)
    first = len(function.outputs) - len(claim.formulas)
    values = [shapes[output] for output in function.outputs[:first]]
    claimed = [shapes[output] for output in function.outputs[first:]]
    names = wrt or tuple(name for name in function.variables if name in variables)
    columns = tuple(part for name in names for part in component_names(name, variables[name]))
    shape = _shape(values, claimed, claim.shape, [variables[name] for name in names])
    numbers = expand(function, shapes, variables)
    rows = sum(map(prod, values))
    outputs = tuple(numbers.outputs[rows:])
    # A number claimed of a tensor is claimed of each of its entries.
    outputs *= prod(shape) // len(outputs)
    texts = tuple(text_of(output) for output in outputs)
    return _Components(
        replace(
            numbers,
            text=(*function.text[:first], *texts),
            outputs=(*numbers.outputs[:rows], *outputs),
        ),
        replace(claim, shape=shape, formulas=texts),
        columns,
    )


def _shape(
    values: Sequence[Shape], claimed: Sequence[Shape], typed: Shape, variables: Sequence[Shape]
) -> Shape:
    """Return the claim's shape among numbers: of a gradient, a Jacobian or a Hessian."""
    columns = sum(map(prod, variables))
    if typed and not any(claimed) and len(claimed) > 1:
        return typed
    gradients = [(*value, *lengths) for value in values for lengths in variables]
    if list(claimed) == gradients or (not any(claimed) and len(claimed) == 1 == len(values)):
        is_gradient = len(values) == 1 and not values[0]
        return (columns,) if is_gradient else (sum(map(prod, values)), columns)
    if len(values) == len(variables) == len(claimed) == 1:
        # Matrices are taken row by row.
        whole = (prod(values[0]) if values[0] else columns, columns)
        if claimed[0] == whole:
            return whole
    raise UsageError(
        f"the claim's shape is {_words(claimed)}, and the derivative's {_words(gradients)}",
        hint="in some variables alone: wrt x; a formula for each variable: [f, g]",
    )


def _words(shapes: Sequence[Shape]) -> str:
    return ", ".join(str(list(shape)) if shape else "a number" for shape in shapes)
