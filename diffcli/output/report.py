"""The report: the numbers of an answer and the facts that head it, however they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from diffcli.language.formula import Formula
from diffcli.verdict import Agreement, Check, Verdict, worst

if TYPE_CHECKING:
    from diffcli.language.function import Function

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
    eigenvalues. ``agreement`` is what formulas without a point were held against.
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
    agreement: Agreement | None = None

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of the entries, or of the values where they are all.

        Engines that disagree on a value disagree.
        """
        values = [check.verdict for check in self.value_checks]
        entries = [check.verdict for check in self.checks] or values
        verdict_of_entries = worst(
            [*entries, *(value for value in values if value is Verdict.DISAGREES)]
        )
        return worst([verdict_of_entries, Verdict.AGREES]) if self.sampled else verdict_of_entries

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
        has_value = [check.verdict.has_value for check in self.all_checks]
        return any(has_value) if many else all(has_value)

    @property
    def all_checks(self) -> tuple[Check, ...]:
        """The checks that make the verdict: of the entries, or of the value alone."""
        return self.checks or self.value_checks

    @property
    def data(self) -> dict[str, Any]:
        """The result as JSON has it."""
        data: dict[str, Any] = {
            "at": self.at,
            "value": self.value,
            "derivative": self.derivative,
            "symbolic": {entry: formula.text for entry, formula in self.symbolic.items()},
            "verdict": self.verdict.value if self.at is not None else None,
            "checks": [_check(check) for check in self.all_checks],
        }
        if self.sampled:
            data["sampled"] = self.extent
        if self.analysis:
            data["analysis"] = dict(self.analysis)
        if self.agreement is not None:
            data["agreement"] = self.agreement.data
        return data


def _check(check: Check) -> dict[str, Any]:
    return {
        "entry": check.entry,
        "verdict": check.verdict.value,
        "autograd": check.autograd,
        "symbolic": check.symbolic,
        "enclosure": check.enclosure,
        "quotient": check.quotient,
        "error_ulps": check.error_ulps,
        "left": check.left,
        "right": check.right,
        "reason": check.reason,
    }


@dataclass(frozen=True, kw_only=True)
class Facts:
    """The head of every answer: the command, the formula, how its numbers were computed."""

    command: str
    expression: tuple[str, ...]
    read_as: str
    variables: tuple[str, ...]
    dtype: str = "float64"
    device: str = "cpu"
    readings: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    """How the numbers were computed, for who asks."""
    name: str = "f"
    """The name of the function for a person: the typed one, ``F`` for ``F = m*a``."""
    function_latex: str | None = None
    definitions_latex: Mapping[str, str] = field(default_factory=dict)
    """The definitions that stand before the function in LaTeX, by their names."""
    notation: Mapping[str, str] = field(default_factory=dict)
    """How each entry's derivative is written for a person: ``{"x,y": "∂²f/∂x∂y"}``."""
    ranks: Mapping[str, int] = field(default_factory=dict)
    """How many axes the variables have in formulas of tensors, which LaTeX prints in bold."""

    @classmethod
    def of(cls, command: str, function: Function, **more: Any) -> Self:
        """Return what a function says of itself, and what else is known."""
        own = {
            "expression": function.text,
            "read_as": function.read_as,
            "variables": function.variables,
            "readings": function.readings,
            "name": function.called,
        }
        return cls(command=command, **(own | more))

    @property
    def data(self) -> dict[str, Any]:
        """The facts as JSON has them, before any results."""
        several = len(self.expression) > 1
        return {
            "schema": SCHEMA,
            "command": self.command,
            "expression": list(self.expression) if several else "".join(self.expression),
            "read_as": self.read_as,
            "variables": list(self.variables),
            "dtype": self.dtype,
            "device": self.device,
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True, kw_only=True)
class Report(Facts):
    """The answer of a derivative: the facts, and a result a point."""

    results: tuple[Result, ...]

    @property
    def exit_code(self) -> int:
        """0 answered; 5 the engines disagree; 4 there is no derivative at any point."""
        answers = [result for result in self.results if result.at is not None]
        if any(answer.verdict is Verdict.DISAGREES for answer in answers):
            return 5
        return 4 if answers and not any(answer.has_derivative for answer in answers) else 0

    @property
    def data(self) -> dict[str, Any]:
        """The report as JSON has it."""
        return {**super().data, "results": [result.data for result in self.results]}
