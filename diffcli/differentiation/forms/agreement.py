"""A closed form held against another engine at random points, and at random lengths.

The enclosure of the formula's derivative proves what a closed form should give; where an operation
has no balls autograd's numbers are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random
from types import MappingProxyType

from diffcli.clock import now
from diffcli.differentiation.forms.blocks import ClosedForm
from diffcli.differentiation.forms.random_points import Spread, of_sizes, random_point
from diffcli.differentiation.settings import Settings
from diffcli.errors import DiffcliError
from diffcli.language.function import Function
from diffcli.language.points import Computed, Point, Typed
from diffcli.operators import Operator, Scalars
from diffcli.operators.operator import Along
from diffcli.tensors.shapes import shapes_of
from diffcli.verdict import Agreement

POINTS = 3
"""Random points at which a closed form is held against another engine."""
BUDGET = 1.0
"""Processor seconds for the enclosure, after which the points that were reached count."""
_TRIES = 12
_ROUNDING = 1e-11
"""What rounding leaves of numbers near 1 that cancel."""
_LENGTHS = 4
"""Random lengths that are drawn from, from the least one on."""
_SPREADS = (Spread(is_signed=True), Spread(), Spread(Fraction(1, 8)), Spread(Fraction(3)))
"""Where random points lie, in turn: a formula may have a value near 0 alone, or above 0."""


def agreement(
    operator: Operator, function: Function, form: ClosedForm, settings: Settings
) -> Agreement | None:
    """Return which engine has a closed form's numbers, and at how many points; None if not at one.

    Of the engines of the settings the enclosure is asked first, then autograd where the enclosure
    reaches no point. A point counts where the formula has a value.
    """
    agreed = Agreement("enclosure", 0)
    for engine in (name for name in _HOLDS if name in settings.engines):
        count = _count(engine, operator, function, form, settings.seed)
        if count is None:
            return None
        agreed = Agreement(engine, count)
        if count:
            break
    return agreed


@dataclass(frozen=True)
class _Sample:
    """A closed form and its formula at one point of certain lengths."""

    operator: Operator
    function: Function
    form: ClosedForm
    point: Point
    draw: Random
    deadline: float


def _count(
    engine: str, operator: Operator, function: Function, form: ClosedForm, seed: int
) -> int | None:
    """Return at how many points an engine agrees; None if not at one."""
    draw, count, deadline = Random(seed), 0, now() + BUDGET  # noqa: S311
    least = _least_length(function)
    for attempt in range(_TRIES):
        sizes = {length: least + draw.randrange(_LENGTHS) for length in form.names}
        try:
            own = of_sizes(function, form.variables, form.names, sizes)
            formulas = form.at_sizes(sizes)
            spread = _SPREADS[attempt % len(_SPREADS)]
            point = random_point(formulas.variables, function.said.facts, draw, spread)
            holds = _HOLDS[engine](_Sample(operator, own, formulas, point, draw, deadline))
        except DiffcliError:
            # A slice may reach beyond a length, and a formula may have no value.
            continue
        if holds is False:
            return None
        count += bool(holds)
        if count == POINTS or now() > deadline:
            break
    return count


def _least_length(function: Function) -> int:
    """Return a length at which every typed place is inside."""
    positions = (
        abs(bound) + 1
        for node in function.nodes
        if node.op == "index"
        for part in node.static
        for bound in (part if isinstance(part, tuple) else (part,))
        if isinstance(bound, int)
    )
    return max([2, *positions])


def _is_enclosed(sample: _Sample) -> bool | None:
    from diffcli.differentiation.forms.enclosure import is_enclosed

    own = sample.operator, sample.function, sample.form
    return is_enclosed(*own, sample.point, sample.draw, sample.deadline)


def _is_autograds(sample: _Sample) -> bool | None:
    """Return whether formulas give autograd's numbers at a point; None without a value."""
    import numpy as np

    from diffcli.differentiation.checks.selection import agree
    from diffcli.differentiation.numbers.evaluation import Evaluation
    from diffcli.differentiation.problem import problem_of
    from diffcli.engines.coordinates import arrays_of

    function, form = sample.function, sample.form
    settings = Settings(engines=("autograd",), components=True)
    operator = _with_vector(sample)
    arrays = arrays_of(sample.point, dtype=settings.dtype, seed=0)
    problem = replace(problem_of(operator, function, form.variables, settings, 0.0), closed=form)
    evaluation = Evaluation(operator, function, settings)
    numbers, closed = evaluation.numbers(problem, arrays), evaluation.closed(problem, arrays)
    if closed is None:
        return None
    given = [*numbers.values, *numbers.entries, *closed.values]
    if not all(np.isfinite(array).all() for array in given):
        return None
    return agree(numbers, closed, settings.dtype, _ROUNDING)


def _with_vector(sample: _Sample) -> Operator:
    """Return the operator with a random vector where it takes one."""
    import numpy as np

    operator = sample.operator
    if not isinstance(operator, Along):
        return operator
    known = shapes_of(sample.function, sample.form.variables)
    outputs = tuple(known[output] for output in sample.function.outputs)
    scalars = operator.moving(Scalars(None, sample.form.variables, outputs))
    chance = np.random.default_rng(sample.draw.randrange(2**32))
    values = (
        Computed(chance.normal(size=space)) for space in scalars.spaces[operator.along].values()
    )
    return replace(operator, vector=Typed(ordered=tuple(values)))


_HOLDS: Mapping[str, Callable[[_Sample], bool | None]] = MappingProxyType(
    {"enclosure": _is_enclosed, "autograd": _is_autograds}
)
"""Whether a closed form has an engine's numbers at a point; None where the engine has none."""
