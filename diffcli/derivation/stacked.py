"""Many points of numbers, answered together.

Autograd's numbers at all points come from one vectorised evaluation, and so do those of the
symbolic derivatives, which they are held against. What time there is goes to proofs: first of the
points at which something may happen (a number is missing, a term stands at a kink, a small step
changes a number by much, the two engines differ), then of a random sample of the others. No point
has a better verdict than what was shown of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf, isfinite, isnan
from typing import TYPE_CHECKING

from diffcli.clock import now
from diffcli.derivation.analysis import analysis, as_typed
from diffcli.derivation.cases import Case
from diffcli.engines.sharing import shared_rule
from diffcli.errors import LimitError
from diffcli.language.expression import Function, Node
from diffcli.language.points import Point, Tensor
from diffcli.operators import Matrix, Operator
from diffcli.output.report import Result
from diffcli.verdict import NOT_A_NUMBER, Check, Verdict

if TYPE_CHECKING:
    from diffcli.derivation.evaluation import Evaluation
    from diffcli.derivation.numbers import Array, Numbers
    from diffcli.derivation.settings import Settings

MOST_SINGLE = 64
"""Points that are answered one by one, each with a verdict of its own."""

STEP = 1e-9
"""Relative: so near a kink or a jump a point counts as being there."""

HIGHEST = 4
"""The order up to which nested derivatives are quicker than Taylor arithmetic."""

CHANGE = 1e-3
"""Relative: a number that changes by more in a step tells of a kink or a jump."""

Evaluate = Callable[[Mapping[str, "Array"]], "Numbers"]
"""Gives an operator's numbers at the points of some columns."""


def together(points: Sequence[Point]) -> Point | None:
    """Return one point whose vectors are these points; None where not all are of numbers."""
    columns: dict[str, Tensor] = {}
    for name in points[0].values:
        entries = [value for point in points if isinstance(value := point.values[name], Node)]
        if len(entries) < len(points):
            return None
        columns[name] = Tensor((len(points),), tuple(entries))
    return Point(columns) if columns else None


def striking(numbers: Evaluate, arrays: Mapping[str, Array]) -> list[int]:
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


@dataclass(frozen=True)
class Stack:
    """One operator's numbers at some points of numbers, and what they are held against.

    ``case`` is that of one point, ``arrays`` are the points' columns. ``closed`` are the numbers
    that the symbolic derivatives give there; ``reason`` says why there are none. ``striking`` are
    the places of the points at which something may happen, the missing numbers and kinks first;
    ``spent`` is the time of the evaluation, which is none of the checks'.
    """

    operator: Operator
    case: Case
    points: Sequence[Point]
    arrays: Mapping[str, Array]
    settings: Settings
    numbers: Numbers
    closed: Sequence[Array] | None
    reason: str | None
    striking: Sequence[int]
    spent: float

    def at(self, places: Sequence[int]) -> Numbers:
        """Return the numbers at the points at some places."""
        values, entries = self.numbers.values, self.numbers.entries
        return replace(
            self.numbers,
            values=[each[places] for each in values],
            entries=[each[places] for each in entries],
        )

    def result(self, place: int, given: Sequence[Check | None], count: int) -> Result:
        """Return the answer at one of the points, of which ``count`` were checked.

        ``given`` are the checks of its values and its entries, if it was.
        """
        from diffcli.derivation.numbers import shaped

        scalars, one = self.case.scalars, self.at([place])
        outputs, entries = len(one.values), len(one.entries)
        found = [_named(check) for check in given or [None] * (outputs + entries)]
        is_checked = all(found)
        of_values = found[:outputs] if entries else self._of_values(place, found)
        checks = [
            check or self._of_entry(entry, place) for entry, check in enumerate(found[outputs:])
        ]
        values = shaped(one.values, [[check] for check in of_values], scalars.outputs)
        blocks = shaped(one.entries, [[check] for check in checks], self.operator.blocks(scalars))
        derivative = self.operator.layout(blocks, scalars)
        at = {name: float(each[place]) for name, each in self.arrays.items()}
        return Result(
            at=at,
            value=values if len(values) > 1 else values[0],
            derivative=derivative,
            symbolic=self.case.formulas,
            checks=tuple(checks),
            value_checks=tuple(check for check in of_values if check),
            sampled=(count, len(self.points)) if self.settings.proves and not is_checked else None,
            typed=as_typed(self.points[place], self.settings),
            analysis=analysis(
                self.operator,
                scalars,
                lambda: at,
                derivative,
                self.settings,
                inf if is_checked else 0.0,
            ),
        )

    def _of_entry(self, entry: int, place: int) -> Check:
        """Return what is known of an entry that wasn't checked: what the two engines show."""
        quantity = self.case.entries[entry]
        number = float(self.numbers.entries[entry][place])
        closed = None if self.closed is None else float(self.closed[entry][place])
        check = Check(
            quantity.label,
            Verdict.UNVERIFIED,
            value=number if isfinite(number) else None,
            autograd=number if isfinite(number) else None,
            symbolic=closed if closed is not None and isfinite(closed) else None,
        )
        if any(isnan(self.numbers.values[output][place]) for _, output, _ in quantity.parts):
            return replace(check, verdict=Verdict.UNDEFINED, reason=NOT_A_NUMBER)
        if place in self._strikes:
            return replace(check, reason=_STRIKES)
        if closed is None:
            return replace(check, reason=self.reason)
        from diffcli.verify import agreeing

        return agreeing(check, "this point wasn't checked", self._shared_rule)

    @cached_property
    def _shared_rule(self) -> str | None:
        """What autograd and the symbolic derivatives both rest on, if anything."""
        function = self.case.scalars.function
        return None if function is None else shared_rule(function.outputs)

    def _of_values(self, place: int, given: Sequence[Check | None]) -> list[Check | None]:
        """Return what is known of values that nothing is differentiated of.

        Where nothing happens they are the sample's like.
        """
        names = [f"f{output + 1}" for output in range(len(given))] if len(given) > 1 else ["f"]
        found = []
        for name, value, check in zip(names, self.at([place]).values, given, strict=True):
            other = Check(name, Verdict.UNVERIFIED, reason=_STRIKES)
            if isnan(value[0]):
                other = Check(name, Verdict.UNDEFINED, reason=NOT_A_NUMBER)
            found.append(check or (other if place in self._strikes else None))
        return found

    @cached_property
    def _strikes(self) -> frozenset[int]:
        return frozenset(self.striking)


def _named(check: Check | None) -> Check | None:
    """Return the check of one point, without its place among the others."""
    return check and replace(check, entry=check.entry.rpartition("[")[0])


def stack_of(
    operator: Operator,
    case: Case,
    points: Sequence[Point],
    arrays: Mapping[str, Array],
    settings: Settings,
    evaluation: Evaluation,
) -> Stack | None:
    """Return the stack of some points whose columns are ``arrays``.

    None where there are too many entries, or one by one the points are quicker.
    """
    function = case.scalars.function
    is_sparse = isinstance(operator, Matrix) and operator.sparse
    if function is None or is_sparse:
        return None
    if case.order > HIGHEST and not operator.element_by_element:
        return None
    evaluate, columns = evaluation.of_columns(case)
    closed, reason = None, "the symbolic engine was not asked" if settings.proves else None
    kinks: list[int] = []
    try:
        if case.symbolic is not None:
            closed = columns.closed(case.symbolic, arrays)
        if settings.proves:
            kinks = _kinks(function, arrays, settings)
    except LimitError as error:
        closed, reason = None, str(error)
    begun = now()
    numbers = evaluate(arrays)
    strikes = striking(evaluate, arrays) if settings.proves else []
    differs = _differing(numbers, closed, settings.dtype) if closed else []
    places = list(dict.fromkeys([*kinks, *strikes, *differs]))
    spent = now() - begun
    return Stack(operator, case, points, arrays, settings, numbers, closed, reason, places, spent)


def _kinks(function: Function, arrays: Mapping[str, Array], settings: Settings) -> list[int]:
    """Return the places of the points where a term stands exactly at a kink or a jump."""
    import numpy as np

    from diffcli.engines.touching import touching

    dtype, device = settings.dtype, settings.device
    found = touching(function, arrays, shape=None, dtype=dtype, device=device)
    places: set[int] = set()
    for _, mask in found:
        places.update(np.flatnonzero(mask).tolist())
    return sorted(places)


def _differing(numbers: Numbers, closed: Sequence[Array], dtype: str) -> list[int]:
    """Return the places of the points where autograd's numbers aren't the formulas'."""
    import numpy as np

    from diffcli.verify import DIGITS_KEPT

    differs = np.zeros(closed[0].shape, dtype=np.bool_)
    for found, formula in zip(numbers.entries, closed, strict=True):
        size = np.abs(formula)
        with np.errstate(invalid="ignore", over="ignore"):
            near = 10.0 ** -DIGITS_KEPT[dtype] * size + np.spacing(size.astype(dtype))
            differs |= ~(np.abs(found - formula) <= near)
    places: list[int] = np.flatnonzero(differs).tolist()
    return places


_STRIKES = "no number, a jump or a kink is near, and the time for a proof ran out"
