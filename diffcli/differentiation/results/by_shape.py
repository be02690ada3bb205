"""Many formulas of numbers, or one of many terms: those of one shape are computed together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from diffcli.clock import Budget
from diffcli.differentiation.problem import Problem
from diffcli.differentiation.results.large import Large
from diffcli.language.function import Function
from diffcli.language.points import Point
from diffcli.operators import Eval, Grad, Hessian, Jacobian, Matrix, Operator, Scalars
from diffcli.output.report import Result

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from diffcli.differentiation.numbers.arrays import Array
    from diffcli.differentiation.settings import Settings
    from diffcli.engines.matrices.sparse import Sparse

FEWEST = 100
"""Variables up to which one pass over the whole formula is as quick."""


def numbers_by_shape(
    operator: Operator,
    function: Function,
    point: Point,
    arrays: Mapping[str, Array],
    settings: Settings,
    budget: Budget,
) -> tuple[Result, str] | None:
    """Return the answer at a point of many numbers, a sample of it checked, and in words how.

    ``budget`` is that of the checks. None for few
    variables, for vectors, for unlike terms with conditions, and for other operators. Raises
    UsageError where the operator doesn't apply, LimitError where a matrix is too large to be whole.
    """
    is_other = isinstance(operator, Grad) and operator != Grad(mode=operator.mode)
    is_other |= isinstance(operator, Matrix) and bool(operator.wrt)
    if type(operator) not in _OPERATORS or is_other or not _suits(function, arrays, settings):
        return None
    with budget.pause():
        computed = _computed(operator, function, arrays, settings)
        import_module("diffcli.differentiation.checks.samples")
    if computed is None:
        return None
    problem = Problem(
        operator, function, computed.scalars, reason=f"{len(arrays):,} variables are too many"
    )
    large = Large(problem, point, arrays, computed.values, settings, budget)
    if not isinstance(operator, Matrix):
        return large.whole(computed.gradient if isinstance(operator, Grad) else []), computed.told
    matrix = _matrix(operator, computed)
    if operator.sparse:
        return large.sparse(operator, matrix), computed.told
    return large.whole([matrix.dense().numpy()]), computed.told


@dataclass(frozen=True)
class _Found:
    """What was computed: values, and where which derivatives stand; ``told`` says how."""

    scalars: Scalars
    values: Sequence[Array]
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    numbers: Array
    told: str

    @property
    def gradient(self) -> list[Array]:
        """The derivatives of one output, one a variable."""
        import numpy as np

        whole = np.zeros(self.scalars.width)
        whole[self.columns] = self.numbers
        return _apart(whole)


def _computed(
    operator: Operator, function: Function, arrays: Mapping[str, Array], settings: Settings
) -> _Found | None:
    """Return the derivatives by the shapes of the terms, or where they are unlike in levels."""
    import numpy as np
    import torch

    from diffcli.engines.matrices.compressed import check_size
    from diffcli.engines.templates.derivatives import Derivatives, SparsePlan
    from diffcli.engines.templates.levels import Levels, has_no_branches
    from diffcli.engines.templates.shapes import templates_of

    templates = templates_of(function)
    is_hessian = isinstance(operator, Hessian)
    if templates is None and (is_hessian or not has_no_branches(function)):
        return None
    height = templates.outputs if templates else len(function.outputs)
    scalars = Scalars(None, dict.fromkeys(arrays, ()), ((),) * height)
    operator.check(scalars)
    if isinstance(operator, Matrix) and not operator.sparse:
        check_size(len(arrays) if is_hessian else height, len(arrays))
    dtype, x = getattr(torch, settings.dtype), np.array(list(arrays.values()))
    if templates is None:
        plan: SparsePlan | Levels = (levels := Levels(function, dtype))
        values = levels.values(x)
        told = f"{len(function.nodes):,} operations in {levels.count} waves"
    else:
        derivatives = Derivatives(templates, dtype)
        plan = derivatives.hessian() if is_hessian else derivatives.jacobian()
        values = derivatives.values()(x)
        count, shapes = sum(term.count for term in templates.terms), len(templates.terms)
        told = f"{count:,} terms of {shapes} shape{'s' * (shapes > 1)}, each differentiated once"
    numbers = plan(x).astype(float)
    return _Found(scalars, _apart(values.astype(float)), plan.rows, plan.columns, numbers, told)


def _suits(function: Function, arrays: Mapping[str, Array], settings: Settings) -> bool:
    has_numbers = not any(array.ndim for array in arrays.values())
    takes_part = "autograd" in settings.engines and settings.device == "cpu"
    return len(arrays) > FEWEST and has_numbers and takes_part and not function.has_tensors


def _apart(numbers: Array) -> list[Array]:
    """Return each number as an array of its own."""
    return [number.reshape(()) for number in numbers.reshape(-1, 1)]


def _matrix(operator: Matrix, computed: _Found) -> Sparse:
    import torch

    from diffcli.engines.matrices.sparse import Sparse, component_names, numbered

    columns = component_names(computed.scalars.variables)
    is_square = isinstance(operator, Hessian)
    rows = columns if is_square else numbered("f", computed.scalars.height)
    positions = torch.from_numpy(computed.rows), torch.from_numpy(computed.columns)
    shape = (len(rows), len(columns))
    return Sparse(*positions, torch.from_numpy(computed.numbers), shape, rows, columns)


_OPERATORS = frozenset({Eval, Grad, Jacobian, Hessian})
