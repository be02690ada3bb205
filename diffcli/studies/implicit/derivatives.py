"""Derivatives of what equations make of some variables: dy/dx where x² + y² = 25."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from diffcli.clock import now
from diffcli.differentiation import Settings
from diffcli.engines.remote import RemoteObject
from diffcli.errors import LimitError, UsageError
from diffcli.language.formula import Formula
from diffcli.language.function import Function
from diffcli.language.points import Point
from diffcli.studies.implicit.formulas import Slopes, Unknowns
from diffcli.studies.implicit.points import CurvePoint
from diffcli.verdict import Check

MOST_UNKNOWNS = 6

Key = tuple[str, str, int]
"""Which variable's derivative, in which, of which order."""


@dataclass(frozen=True)
class Derivative:
    """The n-th derivative of one variable in another, as a formula, and at a point its check."""

    of: str
    wrt: str
    order: int
    formula: Formula
    check: Check | None = None

    @property
    def label(self) -> str:
        """How it is written in ASCII: ``dy/dx``, ``d2y/dx2``."""
        n = "" if self.order == 1 else str(self.order)
        return f"d{n}{self.of}/d{self.wrt}{n}"


def choose(function: Function, of: Sequence[str], wrt: Sequence[str]) -> Unknowns:
    """Return the unknowns: the last variables, unless they are named.

    Raises UsageError where they don't fit the equations.
    """
    names, count = function.variables, len(function.outputs)
    for name in (*of, *wrt):
        if name not in names:
            listed = ", ".join(names) or "none"
            raise UsageError(
                f"{name!r} is not a variable of the equation", hint=f"its variables: {listed}"
            )
    rest = [name for name in names if name not in wrt]
    are_chosen = not of and len(rest) > count
    of = tuple(of) or tuple(rest[-count:])
    wrt = tuple(wrt) or tuple(name for name in names if name not in of)
    if len(of) != count or not wrt or set(of) & set(wrt):
        plural = "s" if count > 1 else ""
        raise UsageError(
            f"{count} equation{plural} in {', '.join(names) or 'no variable'}: "
            f"{count} variable{plural} can depend on the others",
            hint="--of y --wrt x says which on which",
        )
    if count > MOST_UNKNOWNS:
        raise LimitError(f"{count} equations", hint=f"at most {MOST_UNKNOWNS} are solved")
    return Unknowns(of, wrt, are_chosen)


def derivatives(
    function: Function,
    unknowns: Unknowns,
    points: Sequence[Point],
    settings: Settings,
    *,
    order: int = 1,
) -> list[list[Derivative]]:
    """Return the derivatives up to an order at each point; without a point, their formulas.

    ``function`` has an output for each equation, which is 0 where it holds. Raises PointError for
    a point that isn't on the curve.
    """
    slopes = RemoteObject(Slopes, function, unknowns, settings.budget)
    deadline = now() + settings.budget
    wanted = "symbolic" in settings.engines
    keys = [(of, wrt, n) for n in range(1, order + 1) for wrt in unknowns.wrt for of in unknowns.of]
    formulas = [
        Derivative(*key, _formula(slopes, key, deadline) if wanted else Formula()) for key in keys
    ]
    if not points:
        return [formulas]
    results = []
    for point in points:
        curve_point = CurvePoint(function, unknowns, point, settings, order)
        values = [
            _value(slopes, key, curve_point.floats, settings)
            if wanted and curve_point.trouble is None
            else None
            for key in keys
        ]
        results.append(
            [
                replace(formula, check=curve_point.check(formula.label, key, value))
                for formula, key, value in zip(formulas, keys, values, strict=True)
            ]
        )
    return results


def _formula(slopes: RemoteObject[Slopes], key: Key, deadline: float) -> Formula:
    try:
        return slopes.ask(Slopes.formula, *key, deadline=deadline)
    except LimitError as error:
        return Formula(reason=str(error))


def _value(
    slopes: RemoteObject[Slopes], key: Key, point: Mapping[str, float], settings: Settings
) -> float | None:
    deadline = now() + settings.budget
    try:
        return slopes.ask(Slopes.value, *key, point, deadline, deadline=deadline)
    except LimitError:
        return None
