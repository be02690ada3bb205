"""Autograd's numbers, computed in the way that suits their count."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from importlib import import_module
from typing import TYPE_CHECKING

from diffcli.differentiation.numbers.vectors import evaluated
from diffcli.differentiation.problem import Problem
from diffcli.differentiation.settings import Settings
from diffcli.engines import remote
from diffcli.language.function import Function
from diffcli.operators import Operator

if TYPE_CHECKING:
    from torch import Tensor

    from diffcli.differentiation.forms.blocks import ClosedValues
    from diffcli.differentiation.numbers.arrays import Array, Numbers
    from diffcli.differentiation.numbers.columns import Columns
    from diffcli.engines.matrices.compressed import Structured
    from diffcli.engines.program import Program


class Evaluation:
    """The evaluations of one operator of one Function.

    ``remarks`` are what the user is warned of, ``told`` in words how the numbers were computed.
    """

    def __init__(self, operator: Operator, function: Function, settings: Settings) -> None:
        self._operator, self._function, self._settings = operator, function, settings
        self.remarks: dict[str, None] = {}
        self.told: dict[str, None] = {}

    def numbers(self, problem: Problem, arrays: Mapping[str, Array]) -> Numbers:
        """Return what autograd gives, cut into the numbers that are checked."""
        import numpy as np

        from diffcli.differentiation.numbers.arrays import Numbers, one_by_one
        from diffcli.differentiation.numbers.positions import broadcast
        from diffcli.engines.autograd import to_array

        shape = broadcast(arrays) if problem.element_by_element else ()
        if problem.element_by_element and (
            at_many := evaluated(self._operator, self._function, arrays, self._settings)
        ):
            self.told[at_many[1]] = None
            return _where_defined(problem, at_many[0].values, at_many[0].entries)
        evaluation, vector = self.at(problem, arrays)
        blocks = [to_array(block) for block in self._operator.torch(evaluation, vector)]
        self.remarks |= dict.fromkeys(evaluation.remarks)
        values = [to_array(output) for output in evaluation.outputs]
        if problem.element_by_element:
            values = [np.broadcast_to(value, shape) for value in values]
            return _where_defined(problem, values, blocks)
        return Numbers(one_by_one(values), one_by_one(blocks))

    def prepare(self) -> None:
        """Import and lower what many points take, which is none of the engines' work."""
        for module in ("diffcli.differentiation.numbers.columns", "diffcli.engines.touching"):
            import_module(module)
        _ = self._program

    def of_columns(
        self, problem: Problem, vectors: Array | None = None
    ) -> tuple[Callable[[Mapping[str, Array]], Numbers], Columns]:
        """Return callbacks for the numbers at many points of numbers; ``problem`` is that of one.

        With ``vectors`` the entries' weights are its rows. Operators that torch applies element by
        element keep their own way.
        """
        from diffcli.differentiation.numbers.columns import Columns

        columns = Columns(self._function, self._program, problem.entries, self._settings, vectors)
        if self._operator.element_by_element:
            return partial(self.numbers, replace(problem, element_by_element=True)), columns
        return columns, columns

    def at(self, problem: Problem, arrays: Mapping[str, Array]) -> tuple[Structured, list[Tensor]]:
        """Return the function evaluated at a point, and the operator's vector."""
        from diffcli.engines.autograd import tensors
        from diffcli.engines.matrices.compressed import Structured

        dtype, device = self._settings.dtype, self._settings.device
        evaluation = Structured(
            self._function,
            partial(self._program, shape=None if problem.element_by_element else ()),
            tensors(arrays, dtype, device),
            moving=tuple(problem.scalars.variables),
            element_by_element=problem.element_by_element,
        )
        names = map(str, range(len(problem.vector)))
        vector = tensors(dict(zip(names, problem.vector, strict=True)), dtype, device)
        return evaluation, list(vector.values())

    def closed(self, problem: Problem, arrays: Mapping[str, Array]) -> ClosedValues | None:
        """Return the values of the derivative's formulas of tensors; None where there are none."""
        form = problem.closed
        if form is None:
            return None
        import numpy as np

        from diffcli.differentiation.forms.blocks import ClosedValues
        from diffcli.engines.autograd import tensors, to_array

        chance = np.random.default_rng(self._settings.seed)
        directions = {name: chance.normal(size=shape) for name, shape in form.directions.items()}
        if self._operator.direction is not None:
            directions = dict(zip(directions, problem.vector, strict=True))
        values = tensors({**arrays, **directions}, self._settings.dtype, self._settings.device)
        results = remote.lower(form.function)(*values.values(), shape=())
        return ClosedValues(form, [to_array(tensor) for tensor in results], directions)

    @cached_property
    def _program(self) -> Program:
        return remote.lower(self._function)


def _where_defined(problem: Problem, values: Sequence[Array], entries: Sequence[Array]) -> Numbers:
    """Return the numbers of many points, without derivatives where there is no value."""
    import numpy as np

    from diffcli.differentiation.numbers.arrays import Numbers

    missing = [np.isnan(value) for value in values]
    if not any(position.any() for position in missing):
        return Numbers(values, entries)
    kept = []
    for quantity, entry in zip(problem.entries, entries, strict=True):
        gone = missing[quantity.parts[0][1]]
        kept.append(np.where(gone if gone.shape == entry.shape else gone.any(), np.nan, entry))
    return Numbers(values, kept)
