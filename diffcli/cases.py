"""What an operator's work consists of for variables of certain shapes, whatever the point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from diffcli.errors import LimitError
from diffcli.formula import Formula
from diffcli.language.expression import Function
from diffcli.operators import Grad, Operator, Quantity, Scalars, Shape

if TYPE_CHECKING:
    from diffcli.derivation import Settings
    from diffcli.elements import Array
    from diffcli.engines.symbolic import Symbolic

MOST_FORMULAS = 36
"""Entries whose formulas are written out."""


@dataclass(frozen=True)
class Case:
    """The operator's work for variables of certain shapes: the same at every such point.

    ``entries`` belong to ``scalars.function``, a function of numbers; where vectors stand for
    many points that is the typed one. ``vector`` is the operator's own, a tensor each of what it
    goes along. ``closed`` is a gradient as formulas of tensors, one for each variable.
    """

    scalars: Scalars
    element_by_element: bool = False
    vector: Sequence[Array] = ()
    entries: Sequence[Quantity] = ()
    symbolic: Symbolic | None = None
    formulas: Mapping[str, Formula] = field(default_factory=dict)
    closed: Function | None = None
    reason: str | None = None
    """Why the numbers can't be checked one by one."""

    @property
    def closed_formulas(self) -> dict[str, Formula]:
        """The gradient's formulas of tensors, as text."""
        from diffcli.language.printer import text_of

        if self.closed is None:
            return {}
        pairs = zip(self.closed.text, self.closed.outputs, strict=True)
        return {name: Formula(text_of(output)) for name, output in pairs}


def case_of(
    operator: Operator,
    function: Function,
    shapes: Mapping[str, Shape],
    settings: Settings,
    deadline: float,
) -> Case:
    """Return the case of variables of these shapes.

    ``deadline`` is a time of :func:`time.monotonic`. Raises UsageError where the operator doesn't
    apply, or shapes don't go together.
    """
    has_vectors = any(shapes.values())
    many = has_vectors and operator.element_by_element and not function.has_tensors
    case = Case(Scalars(function, shapes, ((),) * len(function.outputs)), element_by_element=many)
    if function.has_tensors or has_vectors != many:
        case = _expanded(operator, function, shapes, settings)
    operator.check(case.scalars)
    case = replace(case, vector=_vector(operator, case.scalars, settings))
    if case.scalars.function is None:
        return case
    flat = [float(component) for each in case.vector for component in each.flat]
    entries = operator.entries(case.scalars.function, flat)
    symbolic = None
    if "symbolic" in settings.engines:
        from diffcli.engines.symbolic import Symbolic

        # A formula that swells must leave the proofs their time.
        symbolic = Symbolic(case.scalars.function, deadline - settings.budget / 2)
    formulas = _formulas(symbolic, entries)
    return replace(case, entries=entries, symbolic=symbolic, formulas=formulas)


def _expanded(
    operator: Operator, function: Function, shapes: Mapping[str, Shape], settings: Settings
) -> Case:
    """Return the case of a function of tensors: its components, and its gradient in one piece."""
    from diffcli.engines.adjoints import gradients
    from diffcli.engines.components import expand
    from diffcli.engines.shapes import shapes_of

    inferred = shapes_of(function, shapes)
    case = Case(Scalars(None, shapes, tuple(inferred[output] for output in function.outputs)))
    if "symbolic" in settings.engines and operator == Grad() and case.scalars.rows == ["f1"]:
        found = gradients(function, inferred)
        if found is not None:
            case = replace(
                case, closed=Function(tuple(found), tuple(found.values()), tuple(shapes))
            )
    try:
        components = expand(function, inferred, case.scalars.columns)
    except LimitError as error:
        return replace(case, reason=str(error))
    return replace(case, scalars=replace(case.scalars, function=components))


def _vector(operator: Operator, scalars: Scalars, settings: Settings) -> Sequence[Array]:
    """Return the vector that the operator takes, shaped like what it goes along."""
    if operator.direction is None:
        return ()
    from diffcli.engines.coordinates import along

    found = along(operator.direction, scalars.spaces[operator.along], seed=settings.seed)
    return [each.astype(settings.dtype).astype(float) for each in found]


def _formulas(symbolic: Symbolic | None, entries: Sequence[Quantity]) -> dict[str, Formula]:
    if len(entries) > MOST_FORMULAS:
        return {"f": Formula(reason=f"{len(entries):,} entries are too many to be written out")}
    return {
        entry.label: symbolic.combination(entry.parts) if symbolic else Formula()
        for entry in entries
    }
