"""Many points of numbers as one point of vectors, and its answer taken apart again.

The numbers of all points come from one vectorised evaluation. A sample of the points is checked
as they are, and so is every point at which something may happen: a number is missing, or a small
step changes one by much.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from diffcli.derivation.cases import Case
from diffcli.language.expression import Node
from diffcli.language.points import Point, Tensor
from diffcli.operators import Operator
from diffcli.output.report import Result
from diffcli.verdict import NOT_A_NUMBER, Check, Verdict

if TYPE_CHECKING:
    from diffcli.derivation.checker import Checked
    from diffcli.derivation.numbers import Array, Numbers

MOST_SINGLE = 64
"""Points that are answered one by one, each with a verdict of its own."""

STEP = 1e-9
"""Relative: so near a kink or a jump a point counts as being there."""

CHANGE = 1e-3
"""Relative: a number that changes by more in a step tells of a kink or a jump."""


def stacked(points: Sequence[Point]) -> Point | None:
    """Return one point whose vectors are these points; None for few, or not all of numbers."""
    if len(points) <= MOST_SINGLE:
        return None
    columns: dict[str, Tensor] = {}
    for name in points[0].values:
        entries = [value for point in points if isinstance(value := point.values[name], Node)]
        if len(entries) < len(points):
            return None
        columns[name] = Tensor((len(points),), tuple(entries))
    return Point(columns)


def striking(
    numbers: Callable[[Mapping[str, Array]], Numbers], arrays: Mapping[str, Array]
) -> list[int]:
    """Return the places of the points at which a number is missing, or changes in a small step.

    The step goes another way for each variable, so that it crosses x = y too.
    """
    import numpy as np

    def table(sign: int) -> Array:
        moved = {
            name: each + sign * (1 + place) * STEP * np.maximum(1, np.abs(each))
            for place, (name, each) in enumerate(arrays.items())
        }
        found = numbers(moved)
        return np.stack([each.ravel() for each in (*found.values, *found.entries)])

    here, below, above = table(0), table(-1), table(1)
    exists = np.isfinite(here)
    usual = np.where(exists, np.abs(here), 0.0).mean(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        size = np.maximum(np.maximum(np.abs(below), np.abs(above)), usual)
        steady = np.abs(above - below) <= CHANGE * size
    places: list[int] = np.flatnonzero(~(exists & steady).all(axis=0)).tolist()
    return places


def apart(
    operator: Operator,
    case: Case,
    arrays: Mapping[str, Array],
    numbers: Numbers,
    checked: Checked,
    *,
    proves: bool,
) -> list[Result]:
    """Return a result for each of the points that were evaluated as one.

    ``case`` is that of the vectors; points that weren't checked agree with the
    sample, unless no engine ``proves`` anything.
    """
    import numpy as np

    from diffcli.derivation.numbers import standing

    points = next(iter(arrays.values())).size
    values = _rows(standing(numbers.values, checked.values), points)
    entries = _rows(standing(numbers.entries, checked.entries), points)
    scalars = replace(case.scalars, variables=dict.fromkeys(arrays, ()))
    missing = [np.isnan(numbers.values[entry.parts[0][1]]).ravel() for entry in case.entries]
    results = []
    for place in range(points):
        given = [each[place] for each in checked.entries]
        if not proves:
            given = [
                _unproved(f"{entry.label}[{place}]", each[place], bool(gone[place]))
                for entry, each, gone in zip(case.entries, entries, missing, strict=True)
            ]
        shown = [each[place] for each in values]
        results.append(
            Result(
                at={name: float(each[place]) for name, each in arrays.items()},
                value=shown[0] if len(shown) == 1 else shown,
                derivative=operator.layout([each[place] for each in entries], scalars),
                symbolic=case.formulas,
                checks=_named(given),
                value_checks=_named([each[place] for each in checked.values]),
                sampled=None if all(given) else checked.sampled,
            )
        )
    return results


def _rows(flat: Sequence[float | None], size: int) -> list[Sequence[float | None]]:
    return [flat[first : first + size] for first in range(0, len(flat), size)]


def _unproved(label: str, number: float | None, is_of_nan: bool) -> Check:
    """Return the check of autograd's number, which nothing is held against."""
    if is_of_nan:
        return Check(label, Verdict.UNDEFINED, reason=NOT_A_NUMBER)
    return Check(label, Verdict.UNVERIFIED, number, number)


def _named(checks: Sequence[Check | None]) -> tuple[Check, ...]:
    """Return the checks of one point, without its place among the others."""
    return tuple(
        replace(check, entry=check.entry.rpartition("[")[0])
        for check in checks
        if check is not None
    )


def unproved(result: Result) -> Result:
    """Return the result of a point that has no number, and wasn't looked at."""
    if all(each is not None for each in (result.value, *result.derivative.values())):
        return result
    reason = "no number; the point is not among those that were checked"
    return replace(result, checks=(Check("f", Verdict.UNDEFINED, reason=reason),))
