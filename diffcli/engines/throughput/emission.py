"""A tape as straight-line code for one chunk of points.

Each step writes into a buffer of a chunk's size, which goes to the next step that needs one as
soon as its value isn't read any more, so that a chunk's work stays in the cache. Buffers are
torch's and numpy's at once: where numpy has a loop for a step it is taken, as it takes a tenth to
two thirds of the time of torch's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diffcli.engines.tape import Constant, Op, Tape, Value, called, rounded
from diffcli.engines.throughput.workers import Pool
from diffcli.engines.writing import Writer, defined, unpacked

_FLOATS = (
    "torch:add torch:sub torch:mul torch:div torch:neg torch:where torch:pow torch:reciprocal "
    "torch:sqrt torch:exp torch:log torch:log1p torch:log2 torch:log10 torch:sin torch:cos "
    "torch:tan torch:atan torch:sinh torch:cosh torch:erf torch:abs torch:sign torch:floor "
    "torch:ceil torch:round torch:remainder torch:maximum torch:minimum"
).split()
_BOOLEANS = (
    "torch:lt torch:le torch:gt torch:ge torch:eq torch:ne "
    "torch:logical_and torch:logical_or torch:logical_not"
).split()
_LOOPS: Mapping[Op, Callable[..., Any]] = MappingProxyType(
    {
        "torch:add": np.add,
        "torch:sub": np.subtract,
        "torch:mul": np.multiply,
        "torch:div": np.divide,
        "torch:neg": np.negative,
        "torch:sqrt": np.sqrt,
        "torch:exp": np.exp,
        "torch:log": np.log,
        "torch:log1p": np.log1p,
        "torch:log2": np.log2,
        "torch:log10": np.log10,
        "torch:tan": np.tan,
        "torch:atan": np.arctan,
        "torch:sinh": np.sinh,
        "torch:cosh": np.cosh,
    }
)
"""Where numpy's vector loops are the faster ones; its sin, cos and 1/x of doubles are not."""

_OUT: Mapping[Op, Literal["b", "m"]] = MappingProxyType(
    {**dict.fromkeys(_FLOATS, "b"), **dict.fromkeys(_BOOLEANS, "m")}
)
"""The torch functions that take ``out=``, and whether they write numbers or booleans."""


@dataclass(frozen=True)
class Emitted:
    """Straight-line code that writes numbers at a chunk of points into rows of memory.

    ``source`` defines ``sweep(v, c, f, b, m, r)``: inputs, constants, functions, buffers of
    numbers and of booleans, rows.
    """

    source: str
    constants: tuple[Constant, ...]
    functions: tuple[Op, ...]
    buffers: Mapping[str, int]

    @property
    def footprint(self) -> int:
        """How many tensors of a chunk's size a thread holds."""
        return sum(self.buffers.values())

    @cached_property
    def _sweep(self) -> Callable[..., None]:
        namespace: dict[str, Any] = {}
        exec(compile(self.source, "<sweep>", "exec"), namespace)  # noqa: S102  it holds nothing that was typed
        sweep: Callable[..., None] = namespace["sweep"]
        return sweep

    def at_work(
        self, chunk: int, dtype: torch.dtype
    ) -> Callable[[Sequence[Tensor], Sequence[Tensor]], None]:
        """Return what computes chunks of at most so many points; any thread may call it."""

        def buffers() -> tuple[NDArray[Any], NDArray[Any]]:
            numbers = torch.empty(self.buffers["b"], chunk, dtype=dtype).numpy()
            return numbers, np.empty((self.buffers["m"], chunk), dtype=bool)

        pool = Pool(buffers)
        constants, functions = self._operands(dtype)

        def compute(inputs: Sequence[Tensor], rows: Sequence[Tensor]) -> None:
            size = rows[0].numel()
            # What isn't real or finite becomes nan and inf in silence.
            with torch.no_grad(), np.errstate(all="ignore"), pool.lent() as (numbers, booleans):
                self._sweep(
                    [tensor.numpy() for tensor in inputs],
                    constants,
                    functions,
                    list(numbers[:, :size]),
                    list(booleans[:, :size]),
                    [row.numpy() for row in rows],
                )

        return compute

    def bound(
        self, inputs: Sequence[NDArray[Any]], rows: Sequence[NDArray[Any]], dtype: torch.dtype
    ) -> Callable[[], None]:
        """Return what computes some arrays from others again and again, for one thread alone.

        The caller must silence numpy's floating-point warnings.
        """
        size = rows[0].size
        constants, functions = self._operands(dtype)
        numbers = list(np.empty((self.buffers["b"], size), dtype=rows[0].dtype))
        booleans = list(np.empty((self.buffers["m"], size), dtype=bool))
        return partial(self._sweep, inputs, constants, functions, numbers, booleans, rows)

    def _operands(self, dtype: torch.dtype) -> tuple[list[NDArray[Any]], list[Callable[..., Any]]]:
        """Return the constants, rounded, and the functions."""
        kind = torch.empty(0, dtype=dtype).numpy().dtype
        constants = [
            np.array(rounded(constant, dtype), dtype=bool if isinstance(constant, bool) else kind)
            for constant in self.constants
        ]
        return constants, [_LOOPS.get(op) or _on_arrays(called(op)) for op in self.functions]


def _on_arrays(function: Callable[..., Tensor]) -> Callable[..., Any]:
    """Return a function of tensors as one of arrays, on their own memory."""

    def call(*args: Any, out: NDArray[Any] | None = None) -> Any:
        tensors = [torch.from_numpy(x) if isinstance(x, np.ndarray) else x for x in args]
        if out is None:
            return function(*tensors).numpy()
        return function(*tensors, out=torch.from_numpy(out))

    return call


def emit(tape: Tape, rows: Sequence[Value]) -> Emitted:
    """Write the code that computes each value of a tape into its row."""
    writer = _IntoBuffers(tape, rows)
    writer.write()
    return writer.emitted()


class _IntoBuffers(Writer):
    """Writes the lines of one sweep."""

    def __init__(self, tape: Tape, rows: Sequence[Value]) -> None:
        super().__init__(tape, rows)
        self.row_of = {
            self.origin(value): f"r{row}" for row, value in reversed(list(enumerate(rows)))
        }

    def step(self, value: Value, args: Sequence[str]) -> None:
        """Write a step into its row, or into a buffer that is free."""
        kind = _OUT.get(self.tape.steps[value].op)
        if kind is None:
            self.names[value] = self.fresh("t")
            self.lines.append(f"{self.names[value]} = {self.call(value, args)}")
        else:
            name = self.names[value] = self.row_of.get(value) or self.fresh(kind)
            self.lines.append(self.call(value, args, f"out={name}"))

    def emitted(self) -> Emitted:
        """Return the code, once it is written."""
        copies = [
            # A constant has no row of its own, nor has the second of two equal numbers.
            f"r{row}[...] = {self.name(value)}"
            for row, value in enumerate(self.roots)
            if self.name(value) != f"r{row}"
        ]
        counts = {
            "v": len(self.tape.inputs),
            "c": len(self.constants),
            "f": len(self.functions),
            **{kind: self.counts[kind] for kind in "bm"},
            "r": len(self.roots),
        }
        lines = [*unpacked(**counts), *self.lines, *copies]
        return Emitted(
            defined(f"sweep({', '.join(counts)})", lines),
            tuple(self.tape.constants[value] for value in self.constants),
            tuple(self.functions),
            self.counts,
        )
