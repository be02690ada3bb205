"""Columns of points → columns of an operator's numbers, by one vectorised evaluation."""

# ruff: noqa: TID253  (imported with the first long arrays)
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diffcli.derivation import Settings
from diffcli.derivation.numbers import Numbers
from diffcli.engines import remote
from diffcli.engines.autograd import device_of
from diffcli.engines.throughput.checking import check, mask
from diffcli.engines.throughput.eager import Eager
from diffcli.engines.throughput.layout import Partial
from diffcli.engines.throughput.ways import WAYS, Engine, Request, by_size
from diffcli.engines.throughput.workers import over_chunks, processors
from diffcli.language.expression import Function
from diffcli.operators import Operator, Scalars

Array = NDArray[np.float64]


class Evaluation:
    """One operator of one formula of numbers, at whatever points.

    ``vectors`` has a row for each component of the operator's vector, if it takes one, with its
    number at each point. What doesn't exist is nan.
    """

    def __init__(
        self,
        operator: Operator,
        function: Function,
        scalars: Scalars,
        vectors: Array | None,
        settings: Settings,
    ) -> None:
        self._function, self._vectors = function, vectors
        self._compiles = settings.compile
        self._engines: dict[str, Engine] = {}
        names = function.variables
        moving = replace(function, variables=tuple(scalars.columns))
        ones = () if vectors is None else [1.0] * len(vectors)
        self._entries: list[list[tuple[float, Partial]]] = [
            [
                (float(weight), (output, tuple(sorted(map(names.index, wrt)))))
                for weight, output, wrt in entry.parts
            ]
            for entry in operator.entries(moving, ones)
        ]
        values: list[Partial] = [(output, ()) for output in range(len(function.outputs))]
        partials = [partial for parts in self._entries for _, partial in parts]
        self._request = Request(
            remote.program(function),
            tuple(dict.fromkeys([*values, *partials])),
            getattr(torch, settings.dtype),
            device_of(settings.device),
        )

    def __call__(self, columns: Mapping[str, Array]) -> Numbers:
        """Return the values and the entries at the points of some columns."""
        inputs = [torch.from_numpy(each).to(self._request.dtype) for each in columns.values()]
        block = self._evaluated(inputs).numpy()
        rows = dict(zip(self._request.numbers, block, strict=True))
        values = [rows[output, ()] for output in range(len(self._function.outputs))]
        return Numbers(values, [self._sum(parts, rows) for parts in self._entries])

    def _evaluated(self, inputs: Sequence[Tensor]) -> Tensor:
        """Return every number that is wanted, a row each, computed in chunks and threads."""
        request, size = self._request, len(inputs[0])
        compiles = self._compiles and size >= request.compiled_chunk
        name = "compiled" if compiles else by_size(size, request.device)
        if name not in self._engines:
            self._engines[name] = WAYS[name].make(request)
        engine = self._engines[name]
        block = torch.empty(len(request.numbers), size, dtype=request.dtype)

        def work(first: int, last: int) -> None:
            chunk = [each[first:last].to(request.device) for each in inputs]
            found = torch.empty(len(block), last - first, dtype=request.dtype)
            found = found.to(request.device)
            engine.compute(chunk, found.unbind())
            mask(found, request.numbers)
            block[:, first:last] = found

        chunks = engine.chunks(size)
        threads = min(processors(), len(chunks)) if request.device.type == "cpu" else 1
        over_chunks(iter(chunks), work, threads, lambda _: None)
        if WAYS[name].is_written:
            check(self._function, Eager(request.program, request.numbers), inputs, block)
        return block.double()

    def _sum(self, parts: Sequence[tuple[float, Partial]], rows: Mapping[Partial, Array]) -> Array:
        """Return a linear combination of partials, along the vector if there is one."""
        if self._vectors is None and len(parts) == 1 and parts[0][0] == 1:
            return rows[parts[0][1]]
        total = np.zeros_like(rows[0, ()])
        for place, (weight, partial) in enumerate(parts):
            along = weight if self._vectors is None else self._vectors[place]
            total += along * rows[partial]
        return total
