"""Derivatives of a holomorphic function of complex variables: f′(z), the same in all directions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from diffcli.clock import now
from diffcli.differentiation import Settings
from diffcli.engines import remote
from diffcli.engines.balls.holomorphic import (
    HOLOMORPHIC,
)
from diffcli.errors import NoDerivativeError, UsageError
from diffcli.language.formula import Formula
from diffcli.language.function import Function
from diffcli.language.parser import parse
from diffcli.language.points import Point
from diffcli.operators import Entry, Eval, Grad, Operator, Partial
from diffcli.studies.complex.at_point import AtPoint, ComplexResult

if TYPE_CHECKING:
    pass

CONVENTION = (
    "derivatives are d/dz, the same in every direction; torch's own gradient is the conjugate"
)


def differentiate(
    operator: Operator, function: Function, points: Sequence[Point], settings: Settings
) -> tuple[tuple[Entry, ...], list[ComplexResult]]:
    """Differentiate one formula in complex variables at points; without one, give the formulas.

    Raises UsageError for another operator than eval, grad and a partial in one variable, and
    NoDerivativeError for a formula that isn't holomorphic.
    """
    entries = _entries(operator, function)
    _check_holomorphic(function)
    formulas = _formulas(function, entries, settings)
    if not points and function.variables:
        return entries, [ComplexResult(None, None, (), formulas)]
    return entries, [
        AtPoint(function, point, settings).result(entries, formulas)
        for point in points or [Point({})]
    ]


def _entries(operator: Operator, function: Function) -> tuple[Entry, ...]:
    wrt = operator.wrt if isinstance(operator, Grad | Partial) else ()
    if not isinstance(operator, Eval | Grad | Partial) or (
        isinstance(operator, Partial) and len(set(wrt)) > 1
    ):
        raise UsageError(
            f"{operator.name} isn't computed for complex numbers",
            hint="eval, grad and a partial in one variable are",
        )
    if not function.is_scalar or function.has_tensors:
        raise UsageError("complex derivatives are of one formula of numbers", hint="leave one")
    return tuple(entry for entry in operator.entries(function) if entry.is_partial)


def _check_holomorphic(function: Function) -> None:
    for node in function.nodes:
        if not node.is_leaf and node.op not in HOLOMORPHIC:
            raise NoDerivativeError(
                f"{node.op} isn't holomorphic, or is computed for real numbers only: "
                "there is no d/dz",
                hint="of real variables, leave out --dtype complex128",
            )


def _formulas(
    function: Function, entries: Iterable[Entry], settings: Settings
) -> dict[str, Formula]:
    if "symbolic" not in settings.engines:
        return {}
    remote.prepare()
    remote.ready()
    partials = remote.Partials(function, now() + settings.budget)
    return {
        entry.label: _complex_formula(partials.formula(entry.wrt), function.variables)
        for entry in entries
    }


def _complex_formula(formula: Formula, names: Sequence[str]) -> Formula:
    """Return a formula, unless it is one of real numbers: sympy takes its symbols for those."""
    if formula.text is None:
        return formula
    nodes = parse(formula.text, variables=names, complex_numbers=True).nodes
    real = [node.op for node in nodes if not node.is_leaf and node.op not in HOLOMORPHIC]
    return Formula(reason=f"{real[0]} in it is of real numbers") if real else formula
