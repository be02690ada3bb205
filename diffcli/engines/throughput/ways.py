"""The ways to evaluate many points, and from how many on each is taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor

from diffcli.engines.program import Program
from diffcli.engines.tape import Tape, Value
from diffcli.engines.throughput.compiled import compiled
from diffcli.engines.throughput.eager import Eager
from diffcli.engines.throughput.emission import emit
from diffcli.engines.throughput.layout import Partial
from diffcli.engines.throughput.partials import written
from diffcli.engines.throughput.workers import one_thread_each, processors

Compute = Callable[[Sequence[Tensor], Sequence[Tensor]], None]
"""Writes every number at some points into its row; any thread may call it."""

MEMORY = 16 << 20
"""Bytes that all threads together hold beyond inputs and results, about."""

LEAST_CHUNK = 1024


@dataclass(frozen=True)
class Request:
    """What is to be computed: which numbers of a program, in which dtype, on which device."""

    program: Program
    numbers: Sequence[Partial]
    dtype: torch.dtype
    device: torch.device

    def chunk(self, most: int, tensors: int) -> int:
        """Return how many points a thread takes at once that holds so many tensors of them."""
        if self.device.type == "cuda":
            return CUDA_CHUNK
        held = max(1, tensors) * self.dtype.itemsize * processors()
        return max(LEAST_CHUNK, min(most, MEMORY // held))

    @property
    def compiled_chunk(self) -> int:
        """How many points compiled code takes at once, no fewer."""
        return COMPILED_CHUNK if self.device.type == "cpu" else CUDA_CHUNK


@dataclass(frozen=True)
class Engine:
    """A request made ready: the size of a chunk, and what computes one."""

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
        return [(place * self.chunk, last) for place, last in enumerate(ends)]


def _by_autograd(most: int) -> Callable[[Request], Engine]:
    def make(request: Request) -> Engine:
        eager = Eager(request.program, request.numbers)
        return Engine(request.chunk(most, eager.footprint), eager)

    return make


def _emitted(request: Request) -> Engine:
    sweep = emit(*written(request.program, request.numbers))
    chunk = request.chunk(CHUNK, sweep.footprint)
    return Engine(chunk, sweep.at_work(chunk, request.dtype))


def _compiled(request: Request) -> Engine:
    tape, rows = written(request.program, request.numbers)
    chunk = request.compiled_chunk
    with one_thread_each():
        compute = compiled(
            tape, _masked(tape, rows, request.numbers), chunk, request.dtype, request.device
        )
    return Engine(chunk, compute, is_fixed=True, masks=True)


def _masked(tape: Tape, rows: Sequence[Value], numbers: Sequence[Partial]) -> list[Value]:
    """Return the numbers, each nan where it or its output's value isn't finite.

    x − x is 0 for what is finite and nan for what isn't; in one loop that costs nothing.
    """
    zeros = [tape.sub(row, row) for row in rows]
    return [
        tape.add(row, tape.add(zeros[place], zeros[output]))
        for place, (row, (output, _)) in enumerate(zip(rows, numbers, strict=True))
    ]


@dataclass(frozen=True)
class Way:
    """One way: what it is called, what makes it ready, and whether it isn't autograd itself."""

    says: str
    make: Callable[[Request], Engine]
    is_written: bool = False


CHUNK, COMPILED_CHUNK, CUDA_CHUNK = 1 << 16, 1 << 17, 1 << 24
"""Points at once: in a processor's cache, in one call of compiled code, on a GPU."""

WAYS: Mapping[str, Way] = MappingProxyType(
    {
        "eager": Way("autograd, one pass", _by_autograd(10 * CHUNK)),
        "chunked": Way("autograd", _by_autograd(CHUNK)),
        "emitted": Way("an emitted reverse sweep", _emitted, is_written=True),
        "compiled": Way("a compiled reverse sweep", _compiled, is_written=True),
    }
)

CHUNKED_FROM, EMITTED_FROM = 100_000, 1_000_000


def by_size(points: int, device: torch.device) -> str:
    """Return the way that suits a number of points where nothing is compiled."""
    if points < CHUNKED_FROM:
        return "eager"
    if points < EMITTED_FROM:
        return "chunked"
    if device.type == "cpu":
        return "emitted"
    # On a GPU unfused code moves 12 to 17 times the bytes.
    return "compiled" if points >= CUDA_CHUNK else "chunked"
