"""Derivatives in complex variables: what ``--dtype complex128`` asks for."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from diffcli.commands.record import Plan, Request
from diffcli.errors import FormulaError, NoDerivativeError, UsageError
from diffcli.language.function import Function
from diffcli.language.parser import parse
from diffcli.language.tokens import NAME, tokenize
from diffcli.output.report import Facts

if TYPE_CHECKING:
    from diffcli.differentiation import Settings
    from diffcli.language.points import Point
    from diffcli.operators import Operator
    from diffcli.output.document import Answer

COMPLEX = "complex128"
_OF_PARTS = frozenset({"conj", "conjugate", "re", "real", "im", "imag", "arg", "angle"})
"""Functions that take a complex number apart: none has a derivative in it."""


def plan(operator: Operator, request: Request, **more: Any) -> Plan:
    """Return how an operator's derivative is computed in complex variables."""
    if request["py"] is not None:
        raise UsageError(
            "--py takes real numbers; complex128 goes with formulas",
            hint="leave out --dtype complex128, or type the formula",
        )

    def compute(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        from diffcli.studies.complex.document import answer
        from diffcli.studies.complex.holomorphic import differentiate

        entries, results = differentiate(operator, function, points, chosen)
        notation = {entry.label: entry.notation(function) for entry in entries}
        return answer(Facts.of(operator.name, function, dtype=COMPLEX, notation=notation), results)

    return Plan(compute, **(more | {"reader": _read}), is_complex=True)


def _read(texts: Sequence[str], **names: Any) -> Function:
    """Read a formula of complex numbers. Raises NoDerivativeError for one of their parts."""
    for text in texts:
        _refuse_parts(text)
    return parse(texts, complex_numbers=True, **names)


def _refuse_parts(text: str) -> None:
    try:
        tokens = tokenize(text)
    except FormulaError:
        return
    for token, after in pairwise(tokens):
        if token.kind == NAME and token.text in _OF_PARTS and after.text == "(":
            raise NoDerivativeError(
                f"{token.text} isn't holomorphic: there is no d/dz",
                hint="of real variables x and y with z = x + iy, differentiate in x and y",
                text=text,
                column=token.start,
                width=len(token.text),
            )
