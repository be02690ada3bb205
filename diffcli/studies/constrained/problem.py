"""Constraints as typed, ``x^2 + y^2 = 1; x >= 0``, and the Lagrangian of those that are active."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from diffcli.errors import FormulaError
from diffcli.language.expression import NUMBER, Node, node, unused, variable
from diffcli.language.function import Function
from diffcli.language.parser import parse
from diffcli.language.printer import text_of
from diffcli.studies.prove.forms import condition_of, spoken, with_equality

EXAMPLE = 'as in --subject-to "x^2 + y^2 = 1; x >= 0"'
MOST = 12
"""Constraints that a problem may have."""
_SENSES = {"eq": 0, "le": 1, "ge": -1}


@dataclass(frozen=True)
class Constraint:
    """A constraint: ``side`` is 0, at most 0 (``sense`` 1) or at least 0 (−1).

    ``is_face`` marks an end of the box.
    """

    text: str
    side: Node
    sense: int
    is_face: bool = False


@dataclass(frozen=True)
class Problem(Function):
    """A function and the constraints on its variables."""

    constraints: tuple[Constraint, ...] = ()

    def lagrangian(self, active: Sequence[int]) -> tuple[Node, tuple[str, ...]]:
        """Return f − λ₁g₁ − … of the active constraints, and the names of the multipliers."""
        names: list[str] = []
        parts = [self.outputs[0]]
        for place in active:
            names.append(unused(f"lambda{place + 1}", self.variables))
            term = node("mul", variable(names[-1]), self.constraints[place].side)
            parts.append(node("neg", term))
        return (node("add", *parts) if active else parts[0]), tuple(names)


def read_problem(texts: Sequence[str], *, subject_to: str, **names: Any) -> Problem:
    """Read a formula and its constraints; ``names`` are those of the parser.

    Raises FormulaError where they can't be read, or bound nothing.
    """
    typed = [part.strip() for part in subject_to.split(";") if part.strip()]
    if not typed:
        raise FormulaError("no constraint", hint=EXAMPLE)
    if len(texts) != 1:
        raise FormulaError("constraints go with one formula", hint='diffcli critical "x*y"')
    function = parse([*texts, *map(with_equality, typed)], **names)
    output, *conditions = function.outputs
    constraints: list[Constraint] = []
    for text, each in zip(typed, conditions, strict=True):
        condition = condition_of(each)
        if condition is None:
            raise FormulaError(f"{text} is no constraint", hint=EXAMPLE)
        whole = _parts(condition)
        said = text if len(whole) == 1 else None
        constraints += [_constraint(part, said) for part in whole]
    if len(constraints) > MOST:
        raise FormulaError(f"{len(constraints)} constraints", hint=f"at most {MOST} are searched")
    return Problem(
        tuple(texts),
        (output,),
        function.variables,
        function.definitions,
        spoken(function.readings),
        called=function.called,
        constraints=tuple(constraints),
    )


def _parts(condition: Node) -> list[Node]:
    if condition.op == "and":
        return [part for arg in condition.args for part in _parts(arg)]
    return [condition]


def _constraint(part: Node, text: str | None) -> Constraint:
    said = text or text_of(part)
    if part.op in ("lt", "gt"):
        sign = "<=" if part.op == "lt" else ">="
        raise FormulaError(
            f"{said} bounds an open set, on which there may be no extremum",
            hint=f"write {sign}: then the edge counts",
        )
    if part.op not in _SENSES:
        raise FormulaError(f"{said} is no constraint", hint=EXAMPLE)
    left, right = part.args
    is_zero = right.op == NUMBER and right.value == 0
    side = left if is_zero else node("add", left, node("neg", right))
    return Constraint(said, side, _SENSES[part.op])


def with_faces(problem: Problem, ranges: Mapping[str, tuple[Node, Node]]) -> Problem:
    """Return a problem with the ends of a box as more constraints."""
    found = []
    for name, ends in ranges.items():
        for end, sense, sign in zip(ends, (-1, 1), (">=", "<="), strict=True):
            side = node("add", variable(name), node("neg", end))
            found.append(Constraint(f"{name} {sign} {text_of(end)}", side, sense, is_face=True))
    return replace(problem, constraints=(*problem.constraints, *found))
