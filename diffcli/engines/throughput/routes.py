"""The routes by which many points are evaluated, and from how many on each is taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor

from diffcli.engines.autograd import gradient
from diffcli.engines.program import Program
from diffcli.engines.tape import Tape, Value
from diffcli.engines.throughput.compiled import compiled
from diffcli.engines.throughput.emission import emit
from diffcli.engines.throughput.layout import Partial, with_lower_orders
from diffcli.engines.throughput.reverse import sweep
from diffcli.engines.throughput.workers import one_thread_each, processors

Compute = Callable[[Sequence[Tensor], Sequence[Tensor]], None]
"""Writes every number at some points into its row; any thread may call it."""

MEMORY = 16 << 20
"""Bytes that all threads together hold beyond inputs and results, about."""

LEAST_CHUNK = 1024


@dataclass(frozen=True)
class Request:
    """Numbers of a program to be computed, their dtype and device."""

    program: Program
    numbers: Sequence[Partial]
    dtype: torch.dtype
    device: torch.device

    def chunk(self, most: int, tensors: int) -> int:
        """Return how many points a thread takes at once that holds so many tensors of them."""
        if self.device.type == "cuda":
            return CUDA_CHUNK
        bytes_used = max(1, tensors) * self.dtype.itemsize * processors()
        return max(LEAST_CHUNK, min(most, MEMORY // bytes_used))

    @property
    def compiled_chunk(self) -> int:
        """How many points compiled code takes at once, no fewer."""
        return COMPILED_CHUNK if self.device.type == "cpu" else CUDA_CHUNK


@dataclass(frozen=True)
class PreparedRoute:
    """A prepared request: the size of a chunk, and the function that computes one."""

    chunk: int
    compute: Compute
    is_fixed: bool = False
    """Whether every chunk has this very size: the last one then begins earlier."""
    masks: bool = False
    """Whether it makes every number nan itself that doesn't exist."""

    def chunks(self, points: int) -> list[tuple[int, int]]:
        """Return the first and last point of each chunk, that one left out."""
        ends = [min(points, first + self.chunk) for first in range(0, points, self.chunk)]
        if self.is_fixed:
            return [(last - self.chunk, last) for last in ends]
        return [(position * self.chunk, last) for position, last in enumerate(ends)]


@dataclass(frozen=True)
class Eager:
    """Autograd's own evaluation of a program at some points: its values and their partials.

    A formula of numbers is applied element by element, so the gradient of the sum of its values
    holds, element by element, the derivative at each point.
    """

    program: Program
    numbers: Sequence[Partial]

    @property
    def footprint(self) -> int:
        """About how many tensors of all points it holds at once: what is recorded, and slopes."""
        order: int = max(len(wrt) for _, wrt in self.numbers)
        return (1 << order) * len(self.program.tape.steps) + len(self.numbers)

    def __call__(self, inputs: Sequence[Tensor], rows: Sequence[Tensor]) -> None:
        """Write each number at the points into its row."""
        highest = max(len(wrt) for _, wrt in self.numbers)
        with torch.enable_grad():
            leaves = [tensor.detach().requires_grad_() for tensor in inputs]
            values = self.program(*leaves, shape=rows[0].shape)
            results = with_lower_orders(
                self.numbers,
                values,
                lambda lower, order: gradient(lower, leaves, higher=order < highest),
            )
        for number, row in zip(results, rows, strict=True):
            row.copy_(number.detach())


def written(program: Program, numbers: Sequence[Partial]) -> tuple[Tape, list[Value]]:
    """Return the tape on which each of the numbers is a value, and the values."""
    tape, outputs = program.folded()
    return tape, with_lower_orders(
        numbers, outputs, lambda lower, _: sweep(tape, lower, tape.inputs)
    )


def _by_autograd(most: int) -> Callable[[Request], PreparedRoute]:
    def make(request: Request) -> PreparedRoute:
        eager = Eager(request.program, request.numbers)
        return PreparedRoute(request.chunk(most, eager.footprint), eager)

    return make


def _emitted(request: Request) -> PreparedRoute:
    emitted = emit(*written(request.program, request.numbers))
    chunk = request.chunk(CHUNK, emitted.footprint)
    return PreparedRoute(chunk, emitted.at_work(chunk, request.dtype))


def _compiled(request: Request) -> PreparedRoute:
    tape, rows = written(request.program, request.numbers)
    chunk = request.compiled_chunk
    with one_thread_each():
        compute = compiled(
            tape, _masked(tape, rows, request.numbers), chunk, request.dtype, request.device
        )
    return PreparedRoute(chunk, compute, is_fixed=True, masks=True)


def _masked(tape: Tape, rows: Sequence[Value], numbers: Sequence[Partial]) -> list[Value]:
    """Return the numbers, each nan where it or its output's value isn't finite.

    x − x is 0 for what is finite and nan for what isn't; in one loop that costs nothing.
    """
    zeros = [tape.sub(row, row) for row in rows]
    return [
        tape.add(row, tape.add(zeros[position], zeros[output]))
        for position, (row, (output, _)) in enumerate(zip(rows, numbers, strict=True))
    ]


@dataclass(frozen=True)
class Route:
    """A route: its name in words, the function that prepares it, and whether it isn't autograd."""

    says: str
    prepare: Callable[[Request], PreparedRoute]
    is_written: bool = False


CHUNK, COMPILED_CHUNK, CUDA_CHUNK = 1 << 16, 1 << 17, 1 << 24
"""Points at once: in a processor's cache, in one call of compiled code, on a GPU."""

ROUTES: Mapping[str, Route] = MappingProxyType(
    {
        "eager": Route("autograd, one pass", _by_autograd(10 * CHUNK)),
        "chunked": Route("autograd", _by_autograd(CHUNK)),
        "emitted": Route("an emitted reverse sweep", _emitted, is_written=True),
        "compiled": Route("a compiled reverse sweep", _compiled, is_written=True),
    }
)

CHUNKED_FROM, EMITTED_FROM = 100_000, 1_000_000


def route_for(points: int, device: torch.device) -> str:
    """Return the name of the route that suits a number of points where nothing is compiled."""
    if points < CHUNKED_FROM:
        return "eager"
    if points < EMITTED_FROM:
        return "chunked"
    if device.type == "cpu":
        return "emitted"
    # On a GPU unfused code moves 12 to 17 times the bytes.
    return "compiled" if points >= CUDA_CHUNK else "chunked"
