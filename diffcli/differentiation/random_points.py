"""A closed form held against autograd at random points, of random lengths where it is for any."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from diffcli.differentiation.cases import case_of
from diffcli.differentiation.closed import ClosedForm, closed_form
from diffcli.differentiation.evaluation import Evaluation
from diffcli.differentiation.settings import Settings
from diffcli.errors import DiffcliError
from diffcli.language.expression import Node, node, number, postorder, variable
from diffcli.language.function import Function
from diffcli.operators import Operator, Scalars
from diffcli.operators.operator import Along
from diffcli.tensors.shapes import shapes_of

if TYPE_CHECKING:
    from numpy.random import Generator

    from diffcli.differentiation.numbers import Array

POINTS = 3
"""Random points at which a closed form is held against autograd."""
_TRIES = 12
_LENGTHS = (2, 6)
"""The least random length, and one more than the greatest."""
_SIZED = frozenset({"eye", "full"})
"""Operations whose axes are lengths."""


def agreements(operator: Operator, function: Function, form: ClosedForm, seed: int) -> int | None:
    """Return at how many random points formulas give autograd's numbers; None if not at one.

    A point counts where the formula has a value. Each variable is random between 1/2 and 3/2, a
    square matrix with 3 more on its diagonal, so that it has an inverse. A product with a vector
    is held against autograd at a point alone, and here at 0 points.
    """
    import numpy as np

    if isinstance(operator, Along):
        return 0
    chance, count = np.random.default_rng(seed), 0
    settings = Settings(engines=("autograd",), components=True, seed=seed)
    for _ in range(_TRIES):
        sizes = {length: int(chance.integers(*_LENGTHS)) for length in form.names}
        try:
            whole = _function(function, form, sizes)
            own = _of_lengths(operator, whole, form, sizes)
            holds = _holds(operator, whole, own, chance, settings)
        except DiffcliError:
            # A slice may reach beyond a length, and a formula may have no value.
            continue
        if holds is False:
            return None
        count += bool(holds)
        if count == POINTS:
            break
    return count


def _holds(
    operator: Operator,
    function: Function,
    form: ClosedForm,
    chance: Generator,
    settings: Settings,
) -> bool | None:
    """Return whether formulas give autograd's numbers at a random point; None without a value."""
    import numpy as np

    facts = function.said.facts
    arrays = {
        name: _MATRICES[facts.get(name)](_random(shape, chance))
        for name, shape in form.variables.items()
    }
    from diffcli.differentiation.selection import agree

    case = replace(case_of(operator, function, form.variables, settings, 0.0), closed=form)
    evaluation = Evaluation(operator, function, settings)
    numbers, closed = evaluation.numbers(case, arrays), evaluation.closed(case, arrays)
    given = [*numbers.values, *numbers.entries]
    if closed is None or not all(np.isfinite(each).all() for each in given):
        return None
    return agree(numbers, closed, settings.dtype)


def _random(shape: tuple[int, ...], chance: Generator) -> Array:
    import numpy as np

    value = np.asarray(chance.uniform(0.5, 1.5, shape))
    is_square = len(shape) == 2 and shape[0] == shape[1]
    return value + 3 * np.eye(shape[0]) if is_square else value


def _orthogonal(matrix: Array) -> Array:
    import numpy as np

    return np.asarray(np.linalg.qr(matrix).Q)


_MATRICES: Mapping[str | None, Callable[[Array], Array]] = MappingProxyType(
    {
        None: lambda matrix: matrix,
        "symmetric": lambda matrix: (matrix + matrix.T) / 2,
        "posdef": lambda matrix: matrix @ matrix.T,
        "diagonal": lambda matrix: matrix * (matrix > 2),
        "orthogonal": _orthogonal,
    }
)
"""Makes a matrix of which something is assumed of a random one, by what is assumed."""


def _function(function: Function, form: ClosedForm, sizes: Mapping[int, int]) -> Function:
    """Return the function with lengths that are numbers."""
    names = {name: sizes[length] for length, name in form.names.items()}
    return replace(function, outputs=tuple(_sized(each, sizes, names) for each in function.outputs))


def _of_lengths(
    operator: Operator, function: Function, form: ClosedForm, sizes: Mapping[int, int]
) -> ClosedForm:
    """Return a closed form for any length as one for given lengths: the same formulas."""
    variables = {
        name: tuple(sizes.get(length, length) for length in shape)
        for name, shape in form.variables.items()
    }
    known = shapes_of(function, variables)
    scalars = Scalars(None, variables, tuple(known[each] for each in function.outputs))
    layout = closed_form(operator, function, operator.moving(scalars), variables)
    names = {name: sizes[length] for length, name in form.names.items()}
    blocks = (
        replace(own, node=_sized(block.node, sizes, names))
        for own, block in zip(layout.blocks, form.blocks, strict=True)
    )
    return replace(layout, blocks=tuple(blocks))


def _sized(root: Node, sizes: Mapping[int, int], names: Mapping[str, int]) -> Node:
    """Return a formula in which lengths and their names are numbers."""
    made = {variable(name): number(size) for name, size in names.items()}
    for each in postorder([root]):
        if each not in made:
            args = [made[arg] for arg in each.args]
            static = each.static
            if each.op in _SIZED:
                static = tuple(sizes.get(part, part) if isinstance(part, int) else part
                               for part in static)  # fmt: skip
            made[each] = each if each.is_leaf else node(each.op, *args, static=static)
    return made[root]
