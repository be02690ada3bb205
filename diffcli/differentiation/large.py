"""What is too large to be checked number by number: torch's numbers, a sample of them proved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from diffcli.clock import now
from diffcli.differentiation.cases import Case
from diffcli.differentiation.normwise import largest
from diffcli.errors import LimitError
from diffcli.formula import Formula
from diffcli.language.function import Function
from diffcli.language.points import Point
from diffcli.operators import Matrix, Operator, Target
from diffcli.output.report import Result
from diffcli.verdict import NOT_A_NUMBER, Check, Verdict, unchecked

if TYPE_CHECKING:
    from diffcli.differentiation.numbers import Array
    from diffcli.differentiation.settings import Settings
    from diffcli.engines.matrices.sparse import Sparse
    from diffcli.tensors.rules import Positions


@dataclass(frozen=True)
class Large:
    """One operator of one function at one point; ``values`` are those of its outputs.

    ``formulas`` are those of tensors, where they give torch's numbers, and ``closed`` what they
    give; ``relative`` is how far every number may be off beside the largest.
    """

    operator: Operator
    function: Function
    case: Case
    point: Point
    arrays: Mapping[str, Array]
    values: Sequence[Array]
    settings: Settings
    deadline: float
    closed: Array | None = None
    formulas: Mapping[str, Formula] = field(default_factory=dict)
    relative: float = 0.0

    def whole(self, blocks: Sequence[Array]) -> Result:
        """Return the answer whose numbers are these blocks."""
        import numpy as np

        scalars = self.case.scalars
        flat = np.concatenate([each.ravel() for each in blocks or self.values])
        if self._is_nan:
            flat[:] = np.nan
        found = self._suspects(flat, self._kinks)
        places = self._sample(flat.size, found.places)
        targets = [self._target(place) for place in places]
        checks = self._checks([each for each in targets if each], places, flat, found)
        for place, check in zip(places, checks, strict=False):
            flat[place] = np.nan if check.value is None else check.value
        ends = np.cumsum([each.size for each in blocks])[:-1]
        parts = [
            _nested(part.reshape(each.shape))
            for part, each in zip(np.split(flat, ends), blocks, strict=False)
        ]
        layout = self.operator.layout(parts, scalars)
        return self._result(layout, checks, flat.size, found.left(places[: len(checks)]))

    def sparse(self, operator: Matrix, matrix: Sparse) -> Result:
        """Return the answer whose entries that aren't always zero are a sparse matrix's."""
        import numpy as np

        rows, columns, numbers = matrix.triplets()
        scalars = self.case.scalars
        found = self._suspects(numbers, lambda at: np.flatnonzero(np.isin(columns, at)))
        places = self._sample(len(numbers), found.places)
        targets = [operator.entry(int(rows[k]), int(columns[k]), scalars) for k in places]
        checks = self._checks(targets, places, numbers, found)
        numbers = numbers.copy()
        for place, check in zip(places, checks, strict=False):
            numbers[place] = float("nan") if check.value is None else check.value
        triplets = list(zip(rows.tolist(), columns.tolist(), _nested(numbers), strict=True))
        layout = operator.sparse_layout(triplets, scalars)
        left = found.left(places[: len(checks)])
        result = self._result(layout, checks, len(numbers), left)
        products = {} if matrix.products is None else {"products": matrix.products}
        return replace(result, symbolic={}, analysis={"entries": len(numbers), **products})

    def _sample(self, count: int, suspects: Positions) -> list[int]:
        """Return the places that are checked: some of the suspects, then a random sample."""
        from diffcli.differentiation.samples import SAMPLE, sample_of

        first, usual = suspects[:SAMPLE].tolist(), sample_of(count, self.settings.seed).tolist()
        return list(dict.fromkeys([*first, *usual]))

    def _suspects(self, numbers: Array, places_of: Callable[[Positions], Positions]) -> _Suspects:
        """Find the numbers that are missing, or stand at a kink or a jump.

        ``places_of`` gives those of the numbers that components of the variables have a part in.
        """
        import numpy as np

        if not self._is_checked:
            return _Suspects(np.array([], dtype=np.int64))
        from diffcli.engines.touching import at_kinks, components_at_kinks

        begun, settings = now(), self.settings
        kinks, reason = np.array([], dtype=np.int64), None
        try:
            found = at_kinks(
                self.function, self.arrays, shape=(), dtype=settings.dtype, device=settings.device
            )
            at = components_at_kinks(self.function, self._ordered, found)
            kinks = places_of(at[at < self.case.scalars.width]) if at.size else at
        except LimitError as error:
            reason = f"it isn't known which numbers stand at a kink: {error.message}"
        places = np.union1d(kinks, np.flatnonzero(~np.isfinite(numbers)))
        return _Suspects(places, reason, now() - begun)

    def _kinks(self, columns: Positions) -> Positions:
        """Return the places of the numbers that components of the variables have a part in."""
        import numpy as np

        from diffcli.tensors.shapes import shapes_of
        from diffcli.tensors.sparsity import Dependence

        target = self._target(0)
        if target is not None and target.wrt and not isinstance(self.operator, Matrix):
            return columns
        shapes = {name: each.shape for name, each in self._ordered.items()}
        depends = Dependence(self.function, shapes_of(self.function, shapes), shapes, columns)
        rows, own = depends.jacobian().nonzero()
        if isinstance(self.operator, Matrix):
            return np.unique(rows * self.case.scalars.width + columns[own]).astype(np.int64)
        return np.unique(rows).astype(np.int64) if target and target.along else columns[:0]

    @property
    def _ordered(self) -> dict[str, Array]:
        """The variables' values, the chosen variables first.

        Their places are places among all then.
        """
        first = {name: self.arrays[name] for name in self.case.scalars.variables}
        return first | dict(self.arrays)

    def _target(self, place: int) -> Target | None:
        if self.operator.blocks(self.case.scalars):
            return self.operator.target(place, self.case.scalars)
        name = "f" if self.case.scalars.height == 1 else f"f{place + 1}"
        return Target(name, place)

    def _checks(
        self, targets: Sequence[Target], places: Sequence[int], numbers: Array, found: _Suspects
    ) -> list[Check]:
        """Return the checks of a sample of the numbers, as many as the time allows.

        What formulas of tensors give is no evidence for the suspects: they share
        torch's conventions.
        """
        if not targets or not self._is_checked:
            return []
        from diffcli.differentiation.samples import Sampler

        usual = set(places).difference(found.places.tolist())
        closed = (
            {} if self.closed is None or found.reason else {k: float(self.closed[k]) for k in usual}
        )
        return Sampler(
            self.function,
            self.point,
            self._ordered,
            self.case.weights,
            self.settings,
            self.deadline + found.spent,
            self.relative,
            largest([numbers]),
        ).checks(targets, numbers[places].tolist(), [closed.get(place) for place in places])

    @property
    def _is_checked(self) -> bool:
        """Whether there are values, and an engine that can check a number of another."""
        return self._is_finite and self.settings.proves

    @property
    def _is_finite(self) -> bool:
        import numpy as np

        return all(bool(np.isfinite(each).all()) for each in self.values)

    @property
    def _is_nan(self) -> bool:
        """Whether there is no value at all, and hence no derivative."""
        import numpy as np

        return all(bool(np.isnan(each).all()) for each in self.values)

    def _result(
        self, derivative: Any, checks: Sequence[Check], count: int, left: tuple[Check, ...]
    ) -> Result:
        values = [_nested(each) for each in self.values]
        sampled = (len(checks), count) if 0 < len(checks) < count else None
        return Result(
            at={name: each.tolist() for name, each in self.arrays.items()},
            value=values[0] if self.function.is_scalar else values,
            derivative=derivative,
            symbolic=self.formulas or _unwritten(count),
            checks=(*(checks or [self._check_of_all()]), *left),
            sampled=sampled,
        )

    def _check_of_all(self) -> Check:
        """Return what is known where no number could be checked alone."""
        if self._is_nan:
            return Check("f", Verdict.UNDEFINED, reason=NOT_A_NUMBER)
        if not self._is_finite:
            return Check("f", Verdict.UNVERIFIED, reason="a value is not a finite number here")
        return Check("f", Verdict.UNVERIFIED, reason=self.case.reason)


@dataclass(frozen=True)
class _Suspects:
    """Where numbers are missing, or stand at a kink; ``reason`` says why not all kinks are known.

    ``spent`` are the seconds that it took, which are none of the checks'.
    """

    places: Positions
    reason: str | None = None
    spent: float = 0.0

    def left(self, checked: Sequence[int]) -> tuple[Check, ...]:
        """Return one unverified check for the suspects that were not checked."""
        unknown = (Check("f", Verdict.UNVERIFIED, reason=self.reason),) if self.reason else ()
        count = len(self.places) - len(set(checked).intersection(self.places.tolist()))
        return (*unknown, *unchecked(count))


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
