"""What is too large to be checked number by number: torch's numbers, a sample of them proved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from diffcli.derivation.cases import Case
from diffcli.derivation.normwise import largest
from diffcli.formula import Formula
from diffcli.language.expression import Function
from diffcli.language.points import Point
from diffcli.operators import Matrix, Operator, Target
from diffcli.output.report import Result
from diffcli.verdict import NOT_A_NUMBER, Check, Verdict

if TYPE_CHECKING:
    from diffcli.derivation.numbers import Array
    from diffcli.derivation.settings import Settings
    from diffcli.engines.sparse import Sparse


@dataclass(frozen=True)
class Large:
    """One operator of one function at one point; ``values`` are those of its outputs.

    ``agrees`` tells that a gradient's formulas of tensors give torch's numbers, ``relative`` how
    far every number may be off beside the largest.
    """

    operator: Operator
    function: Function
    case: Case
    point: Point
    arrays: Mapping[str, Array]
    values: Sequence[Array]
    settings: Settings
    deadline: float
    agrees: bool = False
    relative: float = 0.0

    def whole(self, blocks: Sequence[Array]) -> Result:
        """Return the answer whose numbers are these blocks."""
        import numpy as np

        scalars = self.case.scalars
        flat = np.concatenate([each.ravel() for each in blocks or self.values])
        if self._is_nan:
            flat[:] = np.nan
        places = self._sample(flat.size)
        targets = [self._target(place) for place in places]
        checks = self._checks([each for each in targets if each], flat[places], largest([flat]))
        for place, check in zip(places, checks, strict=False):
            flat[place] = np.nan if check.value is None else check.value
        ends = np.cumsum([each.size for each in blocks])[:-1]
        parts = [
            _nested(part.reshape(each.shape))
            for part, each in zip(np.split(flat, ends), blocks, strict=False)
        ]
        return self._result(self.operator.layout(parts, scalars), checks, flat.size)

    def sparse(self, operator: Matrix, matrix: Sparse) -> Result:
        """Return the answer whose entries that aren't always zero are a sparse matrix's."""
        rows, columns, numbers = matrix.triplets()
        scalars = self.case.scalars
        places = self._sample(len(numbers))
        targets = [operator.entry(int(rows[k]), int(columns[k]), scalars) for k in places]
        checks = self._checks(targets, numbers[places], largest([numbers]))
        numbers = numbers.copy()
        for place, check in zip(places, checks, strict=False):
            numbers[place] = float("nan") if check.value is None else check.value
        triplets = list(zip(rows.tolist(), columns.tolist(), _nested(numbers), strict=True))
        result = self._result(operator.sparse_layout(triplets, scalars), checks, len(numbers))
        products = {} if matrix.products is None else {"products": matrix.products}
        return replace(result, symbolic={}, analysis={"entries": len(numbers), **products})

    def _sample(self, count: int) -> list[int]:
        from diffcli.derivation.samples import sample_of

        return [int(place) for place in sample_of(count, self.settings.seed)]

    def _target(self, place: int) -> Target | None:
        if self.operator.blocks(self.case.scalars):
            return self.operator.target(place, self.case.scalars)
        name = "f" if self.case.scalars.height == 1 else f"f{place + 1}"
        return Target(name, place)

    def _checks(self, targets: Sequence[Target], numbers: Array, size: float) -> list[Check]:
        """Return the checks of a sample, as many as the time allows.

        ``size`` is that of the largest of all numbers.
        """
        if not targets or not self._is_finite or not _PROVING & set(self.settings.engines):
            return []
        from diffcli.derivation.samples import Sampler

        # Places among the variables chosen are places among all where these come first.
        first = {name: self.arrays[name] for name in self.case.scalars.variables}
        found = Sampler(
            self.function,
            self.point,
            first | dict(self.arrays),
            [float(number) for each in self.case.vector for number in each.flat],
            self.settings,
            self.deadline,
            self.relative,
            size,
        ).checks(targets, numbers.tolist())
        if self.agrees:
            return [
                replace(each, verdict=Verdict.AGREES, reason=None)
                if each.verdict is Verdict.UNVERIFIED
                else each
                for each in found
            ]
        return found

    @property
    def _is_finite(self) -> bool:
        import numpy as np

        return all(bool(np.isfinite(each).all()) for each in self.values)

    @property
    def _is_nan(self) -> bool:
        """Whether there is no value at all, and hence no derivative."""
        import numpy as np

        return all(bool(np.isnan(each).all()) for each in self.values)

    def _result(self, derivative: Any, checks: Sequence[Check], count: int) -> Result:
        values = [_nested(each) for each in self.values]
        sampled = (len(checks), count) if 0 < len(checks) < count else None
        return Result(
            at={name: each.tolist() for name, each in self.arrays.items()},
            value=values[0] if self.function.is_scalar else values,
            derivative=derivative,
            symbolic=self.case.closed_formulas if self.agrees else _unwritten(count),
            checks=tuple(checks) or (self._check_of_all(),),
            sampled=sampled,
        )

    def _check_of_all(self) -> Check:
        """Return what is known where no number could be checked alone."""
        if self._is_nan:
            return Check("f", Verdict.UNDEFINED, reason=NOT_A_NUMBER)
        if not self._is_finite:
            return Check("f", Verdict.UNVERIFIED, reason="a value is not a finite number here")
        if self.agrees:
            return Check("f", Verdict.AGREES)
        reason = self.case.reason
        return Check("f", Verdict.UNVERIFIED, reason=reason)


_PROVING = {"symbolic", "enclosure"}
"""The engines that can check a number of another."""


def _unwritten(count: int) -> Mapping[str, Formula]:
    return {"f": Formula(reason=f"{count:,} entries are too many to be written out")}


def _nested(array: Array) -> Any:
    """Return an array as nested lists, with None for what is no number."""
    import numpy as np

    finite = np.isfinite(array)
    if finite.all():
        return array.tolist()
    found = array.astype(object)
    found[~finite] = None
    return found.tolist()
