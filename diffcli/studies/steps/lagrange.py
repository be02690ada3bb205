"""Lagrange's system of a problem written out: the Lagrangian, its partials, the constraints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from diffcli.clock import now
from diffcli.engines.remote import Partials
from diffcli.language.function import Function
from diffcli.language.printer import text_of
from diffcli.output.answers import function_lines
from diffcli.output.document import Answer, Document, Formulas, Line, Remarks
from diffcli.output.report import Facts
from diffcli.studies.constrained.problem import Constraint, Problem

TIMES = 20
"""Budgets that the partials may take."""


@dataclass(frozen=True)
class LagrangeSystem:
    """The Lagrangian, its partial in each variable, and what holds beside them, as texts."""

    lagrangian: str
    partials: dict[str, str]
    conditions: tuple[str, ...]


def lagrange_system(problem: Problem, budget: float) -> LagrangeSystem:
    """Write out the system that extrema under constraints satisfy."""
    output, names = problem.lagrangian(range(len(problem.constraints)))
    shown = {name: f"λ{index}" for index, name in enumerate(names, 1)}
    function = Function((), (output,), (*problem.variables, *names))
    partials = Partials(function, now() + TIMES * budget)
    slopes = {}
    for name in problem.variables:
        derivative = partials.combination([(1, 0, (name,))])
        slopes[name] = _named(derivative.text or f"not found: {derivative.reason}", shown)
    conditions = [
        part
        for index, constraint in enumerate(problem.constraints, 1)
        for part in _conditions(constraint, f"λ{index}")
    ]
    return LagrangeSystem(_named(text_of(output), shown), slopes, tuple(conditions))


def _named(text: str, shown: dict[str, str]) -> str:
    for name, symbol in sorted(shown.items(), key=lambda pair: -len(pair[0])):
        text = text.replace(name, symbol)
    return text


def _conditions(constraint: Constraint, symbol: str) -> Iterator[str]:
    yield constraint.text
    if constraint.sense:
        yield f"{symbol} = 0 or {text_of(constraint.side)} = 0"
        down, up = ("<=", ">=") if constraint.sense > 0 else (">=", "<=")
        yield f"{symbol} {down} 0 at a minimum, {symbol} {up} 0 at a maximum"


def lagrange_answer(problem: Problem, system: LagrangeSystem, facts: Facts) -> Answer:
    """Return the system, an equation a line."""
    lines = (
        *function_lines(facts),
        Line("L", system.lagrangian),
        *(Line(f"∂L/∂{name}", f"{text} = 0") for name, text in system.partials.items()),
        *_numbered(system.conditions),
    )
    said = (
        "an extremum satisfies all of these, or the constraints' gradients are dependent there",
        "critical --subject-to solves them, and proves that no solution is left out",
    )
    document = Document((Formulas(lines), Remarks(said)))

    def data() -> dict[str, object]:
        return {
            **facts.data,
            "results": [],
            "lagrange": {
                "lagrangian": system.lagrangian,
                "partials": system.partials,
                "conditions": list(system.conditions),
                "constraints": [constraint.text for constraint in problem.constraints],
            },
        }

    return Answer(facts, 0, data, lambda _: document)


def _numbered(conditions: Sequence[str]) -> Iterator[Line]:
    return (Line(f"({index})", text) for index, text in enumerate(conditions, 1))
