"""Columns of points → columns of an operator's numbers, by one vectorised evaluation."""

# ruff: noqa: TID253  (imported with the first many points)
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from diffcli.differentiation.numbers.arrays import Numbers
from diffcli.differentiation.settings import Settings
from diffcli.engines.autograd import device_of
from diffcli.engines.throughput.layout import Partial
from diffcli.engines.throughput.pointwise import Pointwise
from diffcli.engines.throughput.routes import Request, route_for
from diffcli.language.function import Function
from diffcli.operators import Entry

if TYPE_CHECKING:
    from diffcli.differentiation.numbers.arrays import Array
    from diffcli.engines.program import Program
    from diffcli.engines.remote import Partials


class Columns:
    """Some quantities of one formula of numbers, at whatever points.

    ``program`` is the formula, lowered. With ``vectors`` the parts of each quantity are weighted by
    its rows, whose numbers are those at each point, the points being the first of them. What
    doesn't exist is nan, and so is the derivative of a value that overflows.
    """

    def __init__(
        self,
        function: Function,
        program: Program,
        quantities: Sequence[Entry],
        settings: Settings,
        vectors: Array | None = None,
    ) -> None:
        self._function, self._vectors = function, vectors
        self._compiles = settings.compile
        names = function.variables
        self._quantities: list[list[tuple[float, Partial]]] = [
            [
                (float(weight), (output, tuple(sorted(map(names.index, wrt)))))
                for weight, output, wrt in quantity.parts
            ]
            for quantity in quantities
        ]
        values: list[Partial] = [(output, ()) for output in range(len(function.outputs))]
        self._partials = tuple(
            dict.fromkeys(partial for parts in self._quantities for _, partial in parts)
        )
        numbers = tuple(dict.fromkeys([*values, *self._partials]))
        dtype, device = getattr(torch, settings.dtype), device_of(settings.device)
        self._pointwise = Pointwise(function, Request(program, numbers, dtype, device))

    def __call__(self, columns: Mapping[str, Array]) -> Numbers:
        """Return the values and the quantities at the points of some columns."""
        request = self._pointwise.request
        inputs = [torch.from_numpy(column).to(request.dtype) for column in columns.values()]
        block = self._evaluated(inputs).numpy()
        size = block.shape[1]
        rows = dict(zip(request.numbers, block, strict=True))
        values = [rows[output, ()] for output in range(len(self._function.outputs))]
        return Numbers(values, [self._sum(parts, rows, size) for parts in self._quantities])

    def closed(self, partials: Partials, columns: Mapping[str, Array]) -> list[Array]:
        """Return the quantities that the symbolic derivatives give, in float64.

        Raises LimitError where a formula swells, or a function has no closed partial.
        """
        names = self._function.variables
        wanted = [
            (output, tuple(names[variable] for variable in wrt)) for output, wrt in self._partials
        ]
        inputs = [torch.from_numpy(column) for column in columns.values()]
        shape = inputs[0].shape
        tensors = partials.program(wanted)(*inputs, shape=shape)
        rows = dict(
            zip(
                self._partials,
                (tensor.expand(shape).numpy() for tensor in tensors),
                strict=True,
            )
        )
        return [self._sum(parts, rows, len(inputs[0])) for parts in self._quantities]

    def _evaluated(self, inputs: Sequence[Tensor]) -> Tensor:
        """Return every number that is wanted, a row each, computed in chunks and threads."""
        request, size = self._pointwise.request, len(inputs[0])
        compiles = self._compiles and size >= request.compiled_chunk
        route = "compiled" if compiles else route_for(size, request.device)
        block = torch.empty(len(request.numbers), size, dtype=request.dtype)
        values = torch.empty(len(self._function.outputs), size, dtype=request.dtype)
        self._pointwise.evaluate(route, inputs, block, values=values)
        # A value that overflows exists.
        block[: len(values)].copy_(torch.where(values.isinf(), values, block[: len(values)]))
        return block.double()

    def _sum(
        self, parts: Sequence[tuple[float, Partial]], rows: Mapping[Partial, Array], size: int
    ) -> Array:
        """Return a linear combination of partials, along the vector if there is one."""
        if self._vectors is None and len(parts) == 1 and parts[0][0] == 1:
            return rows[parts[0][1]]
        total = np.zeros(size)
        for position, (weight, partial) in enumerate(parts):
            along = weight if self._vectors is None else self._vectors[position][:size]
            total += along * rows[partial]
        return total
