"""What an operator's work consists of for variables of certain shapes, whatever the point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import TYPE_CHECKING

from diffcli.engines.remote import Partials
from diffcli.errors import LimitError
from diffcli.language.formula import Formula
from diffcli.language.function import Function
from diffcli.operators import Entry, Matrix, Operator, Scalars, Shape
from diffcli.tensors.shapes import shapes_of

if TYPE_CHECKING:
    from diffcli.differentiation.forms.blocks import ClosedForm
    from diffcli.differentiation.numbers.arrays import Array
    from diffcli.differentiation.settings import Settings

MAX_NESTED_ORDER = 4
"""Order up to which nested derivatives are quicker than Taylor arithmetic."""
MOST_FORMULAS = 36
"""Entries whose formulas are written out."""
MOST_ENTRIES = 1024
"""Of one derivative whose numbers are checked in turn; of more, a sample is."""


@dataclass(frozen=True)
class Problem:
    """An operator of a function in variables of certain shapes: the same at every such point.

    ``entries`` belong to ``scalars.function``, a function of numbers; where vectors stand for
    many points that is the typed one. The variables of ``scalars`` are those that the operator
    differentiates in, the function's others are constants. ``vector`` is the operator's own, a
    tensor each of what it goes along; ``weights`` are its components, as they were typed.
    ``closed`` is the derivative as formulas of tensors.
    """

    operator: Operator
    function: Function
    scalars: Scalars
    element_by_element: bool = False
    vector: Sequence[Array] = ()
    weights: Sequence[float] = ()
    entries: Sequence[Entry] = ()
    symbolic: Partials | None = None
    formulas: Mapping[str, Formula] = field(default_factory=dict)
    closed: ClosedForm | None = None
    reason: str | None = None
    """Why the numbers can't be checked one by one."""

    @property
    def order(self) -> int:
        """That of the highest partial that takes part."""
        return max((len(wrt) for entry in self.entries for _, _, wrt in entry.parts), default=0)


def problem_of(
    operator: Operator,
    function: Function,
    shapes: Mapping[str, Shape],
    settings: Settings,
    deadline: float,
    *,
    of_many: bool = False,
) -> Problem:
    """Return the problem of variables of these shapes.

    ``deadline`` is a reading of :func:`diffcli.clock.now`; of ``of_many`` points as many entries as
    there are may be checked. Raises UsageError where the operator
    doesn't apply, or shapes don't go together.
    """
    has_vectors = any(shapes.values())
    many = has_vectors and operator.element_by_element and not function.has_tensors
    problem = Problem(
        operator,
        function,
        Scalars(function, shapes, ((),) * len(function.outputs)),
        element_by_element=many,
    )
    if isinstance(operator, Matrix) and operator.sparse:
        problem = Problem(operator, function, _unexpanded(function, shapes))
    elif function.has_tensors or has_vectors != many:
        problem = _expanded(operator, function, shapes)
    problem = replace(problem, scalars=operator.moving(problem.scalars))
    operator.check(problem.scalars)
    problem = _with_closed_form(problem, shapes, settings)
    vector = _vector(operator, problem.scalars, settings)
    problem = replace(problem, vector=vector, weights=_weights(operator, problem.scalars, vector))
    count = max(problem.scalars.height, sum(map(prod, operator.blocks(problem.scalars))))
    if not (problem.element_by_element or of_many) and count > MOST_ENTRIES:
        scalars = replace(problem.scalars, function=None)
        problem = replace(problem, scalars=scalars, reason=f"{count:,} entries are too many")
    if (whole := problem.scalars.function) is None:
        return problem
    chosen = [*problem.scalars.variables] != [*shapes]
    moving = replace(whole, variables=tuple(problem.scalars.columns)) if chosen else whole
    entries = operator.entries(moving, problem.weights)
    symbolic = None
    if "symbolic" in settings.engines:
        # A formula that swells must leave the proofs their time.
        symbolic = Partials(whole, deadline - settings.budget / 2)
    # These are evidence even where the closed form is what is shown.
    written = _formulas(symbolic if operator.has_formulas else None, entries)
    formulas = problem.formulas or written
    return replace(problem, entries=entries, symbolic=symbolic, formulas=formulas)


def _expanded(operator: Operator, function: Function, shapes: Mapping[str, Shape]) -> Problem:
    """Return the problem of a function of tensors: its components."""
    from diffcli.tensors.components import expand

    inferred = shapes_of(function, shapes)
    problem = Problem(operator, function, _unexpanded(function, shapes))
    try:
        components = expand(function, inferred, shapes)
    except LimitError as error:
        return replace(problem, reason=str(error))
    return replace(problem, scalars=replace(problem.scalars, function=components))


def _with_closed_form(problem: Problem, shapes: Mapping[str, Shape], settings: Settings) -> Problem:
    """Return the problem with the derivative as formulas of tensors, or the reason for none."""
    operator, function = problem.operator, problem.function
    tensors = function.has_tensors or any(shapes.values())
    if not tensors or problem.element_by_element or "symbolic" not in settings.engines:
        return problem
    from diffcli.differentiation.forms.closed import closed_form, has_closed_form

    if not has_closed_form(operator) or settings.components:
        return problem
    try:
        closed = closed_form(operator, function, problem.scalars, shapes)
    except LimitError as error:
        reason = f"no closed form: {error.message}; --components writes it out"
        return replace(problem, formulas={"f": Formula(reason=reason)})
    return replace(problem, closed=closed, formulas=closed.formulas)


def _unexpanded(function: Function, shapes: Mapping[str, Shape]) -> Scalars:
    """Return the shapes of the outputs, without their components."""
    inferred = shapes_of(function, shapes)
    return Scalars(None, shapes, tuple(inferred[output] for output in function.outputs))


def _vector(operator: Operator, scalars: Scalars, settings: Settings) -> Sequence[Array]:
    """Return the vector that the operator takes, shaped like what it goes along."""
    if operator.direction is None:
        return ()
    from diffcli.engines.coordinates import along

    parts = along(operator.direction, scalars.spaces[operator.along], seed=settings.seed)
    return [part.astype(settings.dtype).astype(float) for part in parts]


def _weights(operator: Operator, scalars: Scalars, vector: Sequence[Array]) -> Sequence[float]:
    """Return the components of the operator's vector, with what they were typed as."""
    if operator.direction is None:
        return ()
    from diffcli.engines.coordinates import components

    names = list(scalars.spaces[operator.along])
    return components(operator.direction, vector, names=names)


def _formulas(symbolic: Partials | None, entries: Sequence[Entry]) -> dict[str, Formula]:
    if len(entries) > MOST_FORMULAS:
        return {"f": Formula(reason=f"{len(entries):,} entries are too many to be written out")}
    return {
        entry.label: symbolic.combination(entry.parts) if symbolic else Formula()
        for entry in entries
    }
