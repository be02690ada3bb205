"""Numbers of one formula at many points: computed in chunks, and a written sweep checked.

What is written for many points is held against autograd, at a random sample of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from diffcli.engines.throughput.layout import Partial
from diffcli.engines.throughput.routes import ROUTES, Eager, PreparedRoute, Request
from diffcli.engines.throughput.workers import Work, over_chunks, processors
from diffcli.errors import DisagreementError
from diffcli.language.function import Function

SAMPLE = 64
"""Points."""

_NEAR = {torch.float64: 1e-10, torch.float32: 1e-4}
"""Numbers that differ by less, relatively, agree without a bound of their rounding errors."""


class Pointwise:
    """The numbers of a request, at however many points."""

    def __init__(self, function: Function, request: Request) -> None:
        self.function, self.request = function, request
        self._eager = Eager(request.program, request.numbers)
        self._prepared: dict[str, PreparedRoute] = {}

    @property
    def threads(self) -> int:
        """How many threads may take part."""
        return processors() if self.request.device.type == "cpu" else 1

    def prepared(self, route: str) -> PreparedRoute:
        """Return a route, prepared once."""
        if route not in self._prepared:
            self._prepared[route] = ROUTES[route].prepare(self.request)
        return self._prepared[route]

    def evaluate(
        self,
        route: str,
        inputs: Sequence[Tensor],
        block: Tensor,
        *,
        progress: Callable[[int], None] = lambda _: None,
        values: Tensor | None = None,
    ) -> int:
        """Write every number into its row of ``block``, and return how many threads took part.

        A number that doesn't exist becomes nan, a derivative where the value overflows too;
        ``values`` are written as they come out. Raises DisagreementError where autograd
        contradicts a sweep that was written for many points.
        """
        prepared, points = self.prepared(route), block.shape[1]
        chunks = prepared.chunks(points)
        threads = min(self.threads, len(chunks))
        work = self.work(prepared, inputs, block, values)
        over_chunks(iter(chunks), work, threads, lambda done: progress(min(done, points)))
        if ROUTES[route].is_written:
            check(self.function, self._eager, inputs, block)
        return threads

    def work(
        self,
        prepared: PreparedRoute,
        inputs: Sequence[Tensor],
        block: Tensor,
        values: Tensor | None = None,
    ) -> Work:
        """Return a function that computes the points from a first to a last."""
        numbers, device, dtype = self.request.numbers, self.request.device, self.request.dtype

        def work(first: int, last: int) -> None:
            columns = [tensor[first:last].to(device, dtype).contiguous() for tensor in inputs]
            rows = block[:, first:last]
            results = rows if rows.device == device else torch.empty_like(rows, device=device)
            prepared.compute(columns, results.unbind())
            if values is not None:
                values[:, first:last] = results[: len(values)]
            if not prepared.masks:
                mask(results, numbers)
            if results is not rows:
                rows.copy_(results)

        return work


def mask(block: Tensor, numbers: Sequence[Partial]) -> None:
    """Make every number nan that doesn't exist; the values stand first, in order."""
    # A sum is finite only if all its terms are, and is read off the cache.
    if all(bool(row.sum().isfinite()) for row in block):
        return
    exists = block.isfinite()
    for row, (output, _) in enumerate(numbers):
        block[row].masked_fill_(~(exists[row] & exists[output]), torch.nan)


def check(function: Function, eager: Eager, inputs: Sequence[Tensor], block: Tensor) -> None:
    """Compare the numbers at a sample of the points with autograd's.

    Raises DisagreementError where they differ by more than floating point explains.
    """
    points = block.shape[1]
    chosen = torch.randint(
        points, (min(SAMPLE, points),), generator=torch.Generator().manual_seed(0)
    )
    values = [tensor[chosen.to(tensor.device)].cpu().to(block.dtype) for tensor in inputs]
    written = block[:, chosen.to(block.device)].cpu()
    autograd = torch.empty_like(written)
    eager(values, list(autograd))
    mask(autograd, eager.numbers)
    size = torch.maximum(written.abs(), autograd.abs())
    agrees = (written - autograd).abs() <= _NEAR[block.dtype] * size
    agrees |= written.isnan() & autograd.isnan()
    for row, column in (~agrees).nonzero().tolist():
        point = {
            name: float(tensor[column])
            for name, tensor in zip(function.variables, values, strict=True)
        }
        _explain(function, eager.numbers[row], point, written[row, column], autograd[row, column])


def _explain(
    function: Function, number: Partial, point: dict[str, float], written: Tensor, autograd: Tensor
) -> None:
    """Raise DisagreementError unless floating point may err so far."""
    from diffcli.engines.rounding import rounding_bounds

    output, positions = number
    wrt = tuple(function.variables[position] for position in positions)
    dtype = str(written.dtype).removeprefix("torch.")
    bound = rounding_bounds(function.outputs[output], point, [wrt], dtype)[wrt]
    if bound.explains(float((written - autograd).abs().nan_to_num(nan=float("inf")))):
        return
    where = ", ".join(f"{name} = {value!r}" for name, value in point.items())
    what = f"the derivative in {', '.join(wrt)}" if wrt else "the value"
    raise DisagreementError(
        f"{what} at {where}: autograd gives {float(autograd)!r}, "
        f"the sweep written for many points {float(written)!r}"
    )
