"""What is too large to be checked number by number: torch's numbers, a sample of them proved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import nan
from typing import TYPE_CHECKING, Any

from diffcli.clock import Budget
from diffcli.differentiation.checks.normwise import largest
from diffcli.differentiation.numbers.arrays import Checked, Numbers
from diffcli.differentiation.problem import Problem
from diffcli.differentiation.results.builder import result_of
from diffcli.language.formula import Formula
from diffcli.language.points import Point
from diffcli.operators import ComponentEntry, Matrix
from diffcli.output.report import Result
from diffcli.verdict import NOT_A_NUMBER, Check, Verdict

if TYPE_CHECKING:
    from diffcli.differentiation.checks.samples import Sampler
    from diffcli.differentiation.checks.selection import NumberSuspects
    from diffcli.differentiation.numbers.arrays import Array
    from diffcli.differentiation.settings import Settings
    from diffcli.engines.matrices.sparse import Sparse
    from diffcli.tensors.rules import Positions


@dataclass(frozen=True)
class Large:
    """One problem at one point; ``values`` are those of the outputs.

    ``formulas`` are those of tensors, where they give torch's numbers, and ``closed`` what they
    give; ``relative`` is how far every number may be off beside the largest.
    """

    problem: Problem
    point: Point
    arrays: Mapping[str, Array]
    values: Sequence[Array]
    settings: Settings
    budget: Budget
    closed: Array | None = None
    formulas: Mapping[str, Formula] = field(default_factory=dict)
    relative: float = 0.0

    def whole(self, blocks: Sequence[Array]) -> Result:
        """Return the answer whose numbers are these blocks."""
        import numpy as np

        if self._is_nan:
            blocks = [np.full(block.shape, np.nan) for block in blocks]
        return self._result(blocks, self._target, self._kinks)

    def sparse(self, operator: Matrix, matrix: Sparse) -> Result:
        """Return the answer whose entries that aren't always zero are a sparse matrix's."""
        import numpy as np

        rows, columns, numbers = matrix.triplets()
        scalars = self.problem.scalars

        def layout(flat: Sequence[float | None]) -> Any:
            triplets = list(zip(rows.tolist(), columns.tolist(), flat, strict=True))
            return operator.sparse_layout(triplets, scalars)

        result = self._result(
            [numbers],
            lambda position: operator.entry(int(rows[position]), int(columns[position]), scalars),
            lambda at_kinks: np.flatnonzero(np.isin(columns, at_kinks)),
            layout,
        )
        products = {} if matrix.products is None else {"products": matrix.products}
        return replace(result, symbolic={}, analysis={"entries": len(numbers), **products})

    def _result(
        self,
        blocks: Sequence[Array],
        target_of: Callable[[int], ComponentEntry | None],
        depending: Callable[[Positions], Positions],
        layout: Callable[[Sequence[float | None]], Any] | None = None,
    ) -> Result:
        """Return the answer with a sample of its numbers checked, of the values if it has no more.

        ``target_of`` says which derivative the number at a place is; ``depending`` gives the places
        of the numbers that components of the variables have a part in.
        """
        import numpy as np

        flat = np.concatenate([block.ravel() for block in blocks or self.values])
        with self.budget.pause():
            suspects = self._suspects(flat, depending)
        positions = suspects.selection(flat.size, self.settings.seed)
        targets = [target for position in positions if (target := target_of(position))]
        checks = dict(
            zip(positions, self._checks(targets, positions, flat, suspects), strict=False)
        )
        left = suspects.left(checks)
        if not checks:
            left = (self._check_of_all(), *left)
        sampled = (len(checks), flat.size) if 0 < len(checks) < flat.size else None
        checked = Checked(*(({}, checks) if blocks else (checks, {})), sampled, left)
        return result_of(
            self.problem,
            {name: array.tolist() for name, array in self.arrays.items()},
            Numbers(self.values, blocks),
            checked,
            self.formulas or _unwritten(flat.size),
            layout=layout,
        )

    def _suspects(
        self, numbers: Array, depending: Callable[[Positions], Positions]
    ) -> NumberSuspects:
        """Return the numbers that are missing, or stand at a kink or a jump."""
        import numpy as np

        from diffcli.differentiation.checks.selection import NumberSuspects, suspect_numbers

        if not self._is_checked:
            return NumberSuspects(np.array([], dtype=np.int64))
        variables = self.problem.scalars.variables
        return suspect_numbers(
            self.problem.function, self.arrays, variables, numbers, self.settings, depending
        )

    def _kinks(self, columns: Positions) -> Positions:
        """Return the places of the numbers that components of the variables have a part in."""
        import numpy as np

        from diffcli.tensors.shapes import shapes_of
        from diffcli.tensors.sparsity import Dependence

        target = self._target(0)
        if target is not None and target.wrt and not isinstance(self.problem.operator, Matrix):
            return columns
        shapes = {name: array.shape for name, array in self._ordered.items()}
        depends = Dependence(
            self.problem.function, shapes_of(self.problem.function, shapes), shapes, columns
        )
        rows, own = depends.jacobian().nonzero()
        if isinstance(self.problem.operator, Matrix):
            return np.unique(rows * self.problem.scalars.width + columns[own]).astype(np.int64)
        return np.unique(rows).astype(np.int64) if target and target.along else columns[:0]

    @property
    def _ordered(self) -> dict[str, Array]:
        """The variables' values, the chosen variables first.

        Their places are places among all then.
        """
        first = {name: self.arrays[name] for name in self.problem.scalars.variables}
        return first | dict(self.arrays)

    def _target(self, position: int) -> ComponentEntry | None:
        if self.problem.operator.blocks(self.problem.scalars):
            return self.problem.operator.component_entry(position, self.problem.scalars)
        name = "f" if self.problem.scalars.height == 1 else f"f{position + 1}"
        return ComponentEntry(name, position)

    def _checks(
        self,
        targets: Sequence[ComponentEntry],
        positions: Sequence[int],
        numbers: Array,
        suspects: NumberSuspects,
    ) -> list[Check]:
        """Return the checks of a sample of the numbers, as many as the time allows.

        What formulas of tensors give is no evidence for the suspects: they share
        torch's conventions.
        """
        if not targets or not self._is_checked:
            return []
        usual = set(positions).difference(suspects.positions.tolist())
        closed = {}
        if self.closed is not None and not suspects.reason:
            closed = {position: float(self.closed[position]) for position in usual}
        return self._sampler(largest([numbers])).checks(
            targets, numbers[positions].tolist(), [closed.get(position) for position in positions]
        )

    def _sampler(self, size: float) -> Sampler:
        """Return what checks single numbers, the largest of which has this size."""
        from diffcli.differentiation.checks.samples import Sampler

        return Sampler(
            self.problem.function,
            self.point,
            self._ordered,
            self.problem.weights,
            self.settings,
            self.budget,
            self.relative,
            size,
        )

    @property
    def _is_checked(self) -> bool:
        """Whether there are values, and an engine that can check a number of another."""
        return self._is_finite and self.settings.proves

    @property
    def _is_finite(self) -> bool:
        import numpy as np

        return all(bool(np.isfinite(value).all()) for value in self.values)

    @property
    def _is_nan(self) -> bool:
        """Whether there is no value at all, and hence no derivative."""
        import numpy as np

        return all(bool(np.isnan(value).all()) for value in self.values)

    def _check_of_all(self) -> Check:
        """Return what is known where no number could be checked alone."""
        if self._is_nan:
            return self._check_of_missing_value()
        if not self._is_finite:
            return Check("f", Verdict.UNVERIFIED, reason="a value is not a finite number here")
        return Check("f", Verdict.UNVERIFIED, reason=self.problem.reason)

    def _check_of_missing_value(self) -> Check:
        """Return whether the function is proved to have no value, where torch has none."""
        if self.settings.proves:
            value = ComponentEntry("f", 0)
            (check,) = self._sampler(0.0).checks([value], [nan], [None])
            if check.verdict is Verdict.UNDEFINED:
                return check
        return Check("f", Verdict.UNVERIFIED, reason=NOT_A_NUMBER)


def _unwritten(count: int) -> Mapping[str, Formula]:
    return {"f": Formula(reason=f"{count:,} entries are too many to be written out")}
