"""Gradients and products with vectors of formulas along slices, in chunks with a halo.

Whoever owns a chunk of a result computes all that is added up there, so that a few numbers beyond
its ends are computed twice, and threads share nothing. Compiled code computes the inside of the
results entry by entry; their ends, where fewer windows reach, are left to emitted code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType

import torch
from torch import Tensor

from diffcli.engines.remote import lower
from diffcli.engines.tape import Tape, Value
from diffcli.engines.throughput.compiled import compiled
from diffcli.engines.throughput.emission import emit
from diffcli.engines.throughput.reverse import sweep
from diffcli.engines.throughput.slices import Column, Sliced, gathered
from diffcli.engines.throughput.workers import Pool, Work, one_thread_each, over_chunks, processors

CHUNK, COMPILED_CHUNK = 1 << 16, 1 << 18

Vectors = Mapping[str, Tensor]
"""A vector for each variable."""

Compute = Callable[[Sequence[Tensor], Sequence[Tensor]], None]
"""Writes each number along a chunk into its row."""

Along = tuple[Compute, Sequence[Column], Sequence[str]]
"""What computes a chunk of results, what it reads beside them, and which results they are."""

COTANGENT, VALUE = "cotangent", "value"
"""What stands for a variable's name where there is none: alone in what is given, or found."""

Written = tuple[Tape, list[Value]]
"""A tape, and the values on it that are wanted."""


class Products:
    """The derivatives of one formula along slices, of float64 or float32 vectors on the CPU.

    ``jvp`` has the shape of the formula's value, the others that of the variables; ``hvp`` and
    ``gradient`` are those of the sum of the formula's values. They are new vectors, or ``memory``
    that is written over. With ``compiling`` the code is compiled where the vectors are long; raises
    CompilerError where it can't be.
    """

    def __init__(self, formula: Sliced, *, compiling: bool = False) -> None:
        self.formula, self._compiling = formula, compiling
        starts = [start for _, start in formula.slots]
        self._halo = max(starts)
        self._inside = (self._halo, formula.length + min(starts))
        self._emitted: dict[tuple[str, torch.dtype], tuple[Compute, Pool[Tensor]]] = {}
        self._compiled: dict[tuple[str, torch.dtype], Along] = {}

    def gradient(self, point: Vectors, memory: Vectors | None = None) -> Vectors:
        """Return the gradient in each variable."""
        return self._added("gradient", (point,), memory)

    def vjp(self, point: Vectors, cotangent: Tensor, memory: Vectors | None = None) -> Vectors:
        """Return a cotangent, shaped like the value, times the Jacobian."""
        given = {COTANGENT: cotangent.expand(self.formula.length)}
        return self._added("vjp", (point, given), memory)

    def hvp(self, point: Vectors, vector: Vectors, memory: Vectors | None = None) -> Vectors:
        """Return the Hessian times a vector."""
        return self._added("hvp", (point, vector), memory)

    def jvp(self, point: Vectors, vector: Vectors) -> Tensor:
        """Return the Jacobian times a vector."""
        row = torch.empty(self.formula.length, dtype=_dtype(point))
        if self._compiles(0, row.numel()):
            along = self._along("jvp", row.dtype)
            self._compute(along, (point, vector), {VALUE: row}, (0, row.numel()))
        else:
            compute = self._sweep("jvp", row.dtype)[0]
            columns = self._columns("jvp")

            def work(first: int, last: int) -> None:
                compute(_read(columns, (point, vector), first, last), [row[first:last]])

            _over(0, row.numel(), CHUNK, work)
        return row.sum() if self.formula.is_sum else row

    def blocks(self, kind: str, point: Vectors, vector: Sequence[Tensor]) -> list[Tensor]:
        """Return the blocks of ``gradient``, ``hvp``, ``jvp`` or ``vjp``, with a block a part."""
        if kind == "vjp":
            return list(self.vjp(point, vector[0]).values())
        along = dict(zip(point, vector, strict=False))
        if kind == "jvp":
            return [self.jvp(point, along)]
        return list(self._added(kind, (point, along), None).values())

    def _added(self, kind: str, given: Sequence[Vectors], memory: Vectors | None) -> Vectors:
        """Return what the sweep gives for each slot, added up at the entries of its variable."""
        point = given[0]
        results = memory or {name: torch.empty_like(vector) for name, vector in point.items()}
        length = max(vector.numel() for vector in results.values())
        ends = [(0, length)]
        if self._compiles(*self._inside):
            first, last = self._inside
            self._compute(self._along(kind, _dtype(point)), given, results, self._inside)
            ends = [(0, first), (last, length)]
        for first, last in ends:
            self._add(kind, given, results, first, last)
        return results

    def _add(
        self, kind: str, given: Sequence[Vectors], results: Vectors, start: int, end: int
    ) -> None:
        """Compute the results from one entry to another by emitted code."""
        slots, columns = self.formula.slots, self._columns(kind)
        compute, pool = self._sweep(kind, _dtype(given[0]))

        def work(first: int, last: int) -> None:
            begin = max(0, first - self._halo)
            stop = max(begin, min(self.formula.length, last))
            with pool.lent() as rows:
                if begin < stop:
                    compute(_read(columns, given, begin, stop), rows[:, : stop - begin].unbind())
                for variable, result in results.items():
                    parts = []
                    for (name, shift), row in zip(slots, rows, strict=True):
                        low, high = max(first, begin + shift), min(last, stop + shift)
                        if name == variable and low < high:
                            part = row[low - shift - begin : high - shift - begin]
                            parts.append((low, high, part))
                    _add_up(result, first, last, parts)

        _over(start, end, CHUNK, work)

    def _compute(
        self, along: Along, given: Sequence[Vectors], results: Vectors, inside: tuple[int, int]
    ) -> None:
        """Compute the inside of the results by compiled code, whose chunks have one size."""
        compute, columns, names = along
        for name in results.keys() - set(names):
            results[name][slice(*inside)] = 0

        def work(first: int, last: int) -> None:
            last = max(last, inside[0] + COMPILED_CHUNK)
            first = last - COMPILED_CHUNK
            compute(
                _read(columns, given, first, last), [results[name][first:last] for name in names]
            )

        _over(*inside, COMPILED_CHUNK, work)

    def _columns(self, kind: str) -> list[Column]:
        """Return what the inputs of a sweep are."""
        columns = [Column(0, *slot) for slot in self.formula.slots]
        if kind == "vjp":
            return [*columns, Column(1, COTANGENT, 0)]
        return (
            columns
            if kind == "gradient"
            else [*columns, *(column._replace(source=1) for column in columns)]
        )

    def _sweep(self, kind: str, dtype: torch.dtype) -> tuple[Compute, Pool[Tensor]]:
        """Return what computes a chunk with its halo, and memory for what it gives."""
        if (kind, dtype) not in self._emitted:
            tape, rows = _SWEEPS[kind](self.formula)
            size = CHUNK + self._halo
            memory = partial(torch.empty, len(rows), size, dtype=dtype)
            self._emitted[kind, dtype] = (emit(tape, rows).at_work(size, dtype), Pool(memory))
        return self._emitted[kind, dtype]

    def _along(self, kind: str, dtype: torch.dtype) -> Along:
        """Return compiled code for a chunk of the inside."""
        if (kind, dtype) not in self._compiled:
            tape, slopes = _SWEEPS[kind](self.formula)
            columns: Sequence[Column] = self._columns(kind)
            names: Sequence[str] = (VALUE,)
            if kind != "jvp":
                gathered_rows = gathered(tape, slopes, self.formula.slots, columns)
                tape, slopes = gathered_rows.tape, list(gathered_rows.rows.values())
                columns, names = gathered_rows.columns, tuple(gathered_rows.rows)
            # The cotangent of a sum is one number.
            spread = [self.formula.is_sum and column.variable == COTANGENT for column in columns]
            with one_thread_each():
                compute = compiled(
                    tape, slopes, COMPILED_CHUNK, dtype, torch.device("cpu"), spread=spread
                )
            self._compiled[kind, dtype] = (compute, columns, names)
        return self._compiled[kind, dtype]

    def _compiles(self, first: int, last: int) -> bool:
        return self._compiling and last - first >= COMPILED_CHUNK


def _dtype(vectors: Vectors) -> torch.dtype:
    return next(iter(vectors.values())).dtype


def _read(
    columns: Sequence[Column], given: Sequence[Vectors], first: int, last: int
) -> list[Tensor]:
    """Return the inputs of a chunk."""
    return [given[source][name][first + start : last + start] for source, name, start in columns]


def _over(start: int, end: int, chunk: int, work: Work) -> None:
    chunks = [(first, min(end, first + chunk)) for first in range(start, end, chunk)]
    over_chunks(iter(chunks), work, min(processors(), len(chunks)), lambda _: None)


def _gradient(formula: Sliced) -> Written:
    tape, value = _tape(formula)
    return tape, sweep(tape, value, tape.inputs)


def _vjp(formula: Sliced) -> Written:
    tape, value = _tape(formula)
    inputs = list(tape.inputs)
    return tape, sweep(tape, tape.mul(value, tape.input()), inputs)


def _jvp(formula: Sliced) -> Written:
    tape, value = _tape(formula)
    return tape, [_along(tape, value, list(tape.inputs))]


def _hvp(formula: Sliced) -> Written:
    tape, value = _tape(formula)
    inputs = list(tape.inputs)
    return tape, sweep(tape, _along(tape, value, inputs), inputs)


_SWEEPS: Mapping[str, Callable[[Sliced], Written]] = MappingProxyType(
    {"gradient": _gradient, "vjp": _vjp, "jvp": _jvp, "hvp": _hvp}
)


def _tape(formula: Sliced) -> tuple[Tape, Value]:
    tape, (value,) = lower(formula.body).folded()
    return tape, value


def _along(tape: Tape, value: Value, inputs: Sequence[Value]) -> Value:
    """Write the derivative of a value along a vector, whose components are new inputs."""
    slopes = sweep(tape, value, inputs)
    total, *rest = [tape.mul(slope, tape.input()) for slope in slopes]
    for summand in rest:
        total = tape.add(total, summand)
    return total


def _add_up(
    result: Tensor, first: int, last: int, parts: Sequence[tuple[int, int, Tensor]]
) -> None:
    """Write the sum of parts, each with its ends, into a range of a result."""
    whole = [part for low, high, part in parts if (low, high) == (first, last)]
    here = result[first:last]
    if len(whole) > 1:
        torch.add(whole[0], whole[1], out=here)
    elif whole:
        here.copy_(whole[0])
    else:
        here.zero_()
    for low, high, part in parts:
        if all(part is not first for first in whole[:2]):
            result[low:high] += part
