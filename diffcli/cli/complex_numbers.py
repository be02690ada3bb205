"""Derivatives in complex variables: what ``--dtype complex128`` asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from diffcli.cli.answer import Answer, serve
from diffcli.cli.options import Common
from diffcli.derivation import Settings
from diffcli.errors import FormulaError, NoDerivativeError, UsageError
from diffcli.language.function import Function
from diffcli.language.parser import parse
from diffcli.language.points import Point
from diffcli.language.tokens import NAME, tokenize
from diffcli.operators import Operator
from diffcli.output.report import Report
from diffcli.verdict import Verdict

COMPLEX = "complex128"
_OF_PARTS = frozenset({"conj", "conjugate", "re", "real", "im", "imag", "arg", "angle"})
"""Functions that take a complex number apart: none has a derivative in it."""


def answer_complex(
    operator: Operator, formulas: Sequence[str], common: Common, wrt: Sequence[str] = ()
) -> int:
    """Differentiate a formula in complex variables; return the exit code."""
    if common.py is not None:
        raise UsageError(
            "--py takes real numbers; complex128 goes with formulas",
            hint="leave out --dtype complex128, or type the formula",
        )

    def study(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        from diffcli.output.holomorphic import holomorphic_listing
        from diffcli.studies.holomorphic import differentiate

        entries, found = differentiate(operator, function, points, chosen)
        report = Report(
            command=operator.name,
            expression=function.text,
            read_as=function.read_as,
            variables=function.variables,
            dtype=COMPLEX,
            device="cpu",
            results=(),
            readings=function.readings,
            name=function.called,
            notation={each.label: each.notation(function) for each in entries},
        )
        answered = [each.verdict for each in found if each.value]
        code = 4 if answered and not any(each.has_value for each in answered) else 0
        code = 5 if Verdict.DISAGREES in answered else code
        return Answer(report, holomorphic_listing(report, found, common.precision), code)

    real = replace(common, dtype="float64")
    return serve(study, formulas, real, wrt, _read)


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
