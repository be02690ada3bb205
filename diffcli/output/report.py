"""The report: everything an answer says, knowing nothing of how it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from diffcli.formula import Formula
from diffcli.verdict import Check, Verdict, worst

SCHEMA = 1
"""The version of the JSON documents' layout."""

Nested = float | None | list["Nested"]
"""A number, a missing number, or nested lists of them in the shape of a tensor."""

NestedText = str | list["NestedText"]
"""A number as typed, or nested lists of them in the shape of a tensor."""


@dataclass(frozen=True)
class Result:
    """The answer at one point, or without a point the formulas alone.

    ``at`` gives each variable's value; ``value`` is the function's, ``derivative`` the operator's
    own layout of numbers, of :mod:`diffcli.layouts`; ``symbolic`` the formula of each entry;
    ``checks`` one check an entry, ``value_checks`` those of the values. ``typed`` is the point as
    typed, given where its floats would show other digits. Where only a sample was checked,
    ``sampled`` is (checked, all). ``analysis`` is what the numbers together say: a determinant,
    eigenvalues.
    """

    at: Mapping[str, Nested] | None
    value: Nested | list[Any] | None
    derivative: Any
    symbolic: Mapping[str, Formula]
    checks: tuple[Check, ...] = ()
    value_checks: tuple[Check, ...] = ()
    sampled: tuple[int, int] | None = None
    typed: Mapping[str, NestedText] | None = None
    analysis: Mapping[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of the entries, or of the values where they are all.

        Engines that disagree on a value disagree.
        """
        values = [check.verdict for check in self.value_checks]
        entries = [check.verdict for check in self.checks] or values
        found = worst([*entries, *(each for each in values if each is Verdict.DISAGREES)])
        return worst([found, Verdict.AGREES]) if self.sampled else found

    @property
    def shown_at(self) -> Mapping[str, Any]:
        """The numbers of the point: as typed where that is given, else the floats."""
        return {**(self.at or {}), **(self.typed or {})}

    @property
    def extent(self) -> str | None:
        """How much of the answer was checked, in words; None of one that was checked as a whole."""
        return f"{self.sampled[0]} of {self.sampled[1]} entries" if self.sampled else None

    @property
    def has_derivative(self) -> bool:
        """Whether there is one: in every entry of a point, or at one of a tensor's many points."""
        many = any(isinstance(value, list) for value in (self.at or {}).values())
        found = [check.verdict.has_value for check in self.checks or self.value_checks]
        return any(found) if many else all(found)


@dataclass(frozen=True)
class Report:
    """The answer to one command."""

    command: str
    expression: tuple[str, ...]
    read_as: str
    variables: tuple[str, ...]
    dtype: str
    device: str
    results: tuple[Result, ...]
    readings: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    """How the numbers were computed, for who asks."""
    name: str = "f"
    """The name of the function for a person: the typed one, ``F`` for ``F = m*a``."""
    function_latex: str | None = None
    notation: Mapping[str, str] | None = None
    """How each entry's derivative is written for a person: ``{"x,y": "∂²f/∂x∂y"}``."""

    @property
    def exit_code(self) -> int:
        """0 answered; 5 the engines disagree; 4 there is no derivative at any point."""
        answers = [result for result in self.results if result.at is not None]
        if any(answer.verdict is Verdict.DISAGREES for answer in answers):
            return 5
        return 4 if answers and not any(answer.has_derivative for answer in answers) else 0
