"""Values, gradients, Jacobians and Hessians of terms by their shapes, again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from diffcli.engines.remote import lower
from diffcli.engines.tape import Tape, Value, rounded
from diffcli.engines.templates.shapes import Places, ShapeGroup, Templates
from diffcli.engines.throughput.emission import emit
from diffcli.engines.throughput.reverse import sweep
from diffcli.errors import LimitError
from diffcli.language.expression import Node
from diffcli.language.function import Function

Array = NDArray[Any]
Entry = tuple[int, ...]
"""The slots that a term is differentiated in."""


@dataclass(frozen=True)
class _Part:
    """Numbers of all terms of one shape, each of which goes to one entry or two of the result.

    ``values`` are on the tape, ``wrt`` says in which slots they are derivatives.
    """

    terms: ShapeGroup
    tape: Tape
    values: Sequence[Value]
    wrt: Sequence[Entry]


class Derivatives:
    """What is computed of a function by the shapes of its terms, in one dtype.

    A result is a plan, whose call at a point, an array of the variables in their order, gives its
    numbers, and which may be called again. Plans are for one thread.
    """

    def __init__(self, templates: Templates, dtype: torch.dtype = torch.float64) -> None:
        self.templates, self.dtype = templates, dtype
        self._tapes = [tape_of(term.body, term.slots) for term in templates.terms]

    def values(self) -> SparsePlan:
        """Return the plan of the outputs."""
        parts = [
            _Part(terms, tape, [value], [()])
            for terms, (tape, value) in zip(self.templates.terms, self._tapes, strict=True)
        ]
        return SparsePlan(self, parts, 1, symmetric=False)

    def jacobian(self) -> SparsePlan:
        """Return the plan of the Jacobian's entries that aren't zero by their structure."""
        return SparsePlan(self, list(self._first()), len(self.templates.variables), symmetric=False)

    def hessian(self) -> SparsePlan:
        """Return the plan of the entries of the sum of all outputs' Hessian; it is symmetric."""
        return SparsePlan(self, list(self._second()), len(self.templates.variables), symmetric=True)

    def _first(self) -> Iterator[_Part]:
        width = len(self.templates.variables)
        for terms, (tape, value) in zip(self.templates.terms, self._tapes, strict=True):
            # The other slots are numbers.
            moving = [k for k, columns in enumerate(terms.inputs) if columns[0] < width]
            slopes = sweep(tape, value, [tape.inputs[k] for k in moving])
            pairs = zip(moving, slopes, strict=True)
            partials = {(k,): slope for k, slope in pairs if _counts(tape, slope)}
            yield _Part(terms, tape, list(partials.values()), list(partials))

    def _second(self) -> Iterator[_Part]:
        for part in self._first():
            seconds: dict[Entry, Value] = {}
            moving = [k for (k,) in part.wrt]
            if len(moving) > MAX_TOGETHER:
                raise LimitError(
                    f"a term of {len(moving):,} variables has {len(moving) ** 2:,} second partials",
                    hint=f"at most {MAX_TOGETHER:,} variables a term: hvp gives products with them",
                )
            for count, (i, slope) in enumerate(zip(moving, part.values, strict=True), 1):
                lower = moving[:count]
                slopes = sweep(part.tape, slope, [part.tape.inputs[j] for j in lower])
                pairs = zip(lower, slopes, strict=True)
                seconds |= {(i, j): second for j, second in pairs if _counts(part.tape, second)}
            yield _Part(part.terms, part.tape, list(seconds.values()), list(seconds))


def tape_of(body: Node, slots: Sequence[str]) -> tuple[Tape, Value]:
    """Return the tape of a formula of its slots, and its value."""
    tape, (value,) = lower(Function(("",), (body,), tuple(slots))).folded()
    return tape, value


def _counts(tape: Tape, value: Value) -> bool:
    return tape.exact(value) != 0


class SparsePlan:
    """The numbers of a sparse matrix: ``rows`` and ``columns`` say where they stand, row by row."""

    def __init__(
        self, of: Derivatives, parts: Sequence[_Part], width: int, *, symmetric: bool
    ) -> None:
        templates = of.templates
        numbers = [rounded(number, of.dtype) for number in templates.numbers]
        self._width = len(templates.variables)
        kind = torch.empty(0, dtype=of.dtype).numpy().dtype
        self._at = np.empty(self._width + len(numbers), dtype=kind)
        self._at[self._width :] = numbers
        count = sum(len(part.values) * part.terms.count for part in parts)
        self._found = np.empty(count, dtype=self._at.dtype)
        self._work: list[Callable[[], object]] = []
        keys, sources, start = [], [], 0
        for part in parts:
            end = start + len(part.values) * part.terms.count
            block = self._found[start:end].reshape(len(part.values), part.terms.count)
            self._bind(part, block, of.dtype)
            positions = np.arange(start, end).reshape(block.shape)
            for wrt, own in zip(part.wrt, positions, strict=True):
                for row, column in _entries(part.terms, wrt, symmetric=symmetric):
                    keys.append(row * width + column)
                    sources.append(own)
            start = end
        self._assemble(np.concatenate(keys or [_NONE]), np.concatenate(sources or [_NONE]), width)

    def _bind(self, part: _Part, block: Array, dtype: torch.dtype) -> None:
        """Write what fills a block, its constants at once."""
        tape = part.tape
        varying = [
            column for column, value in enumerate(part.values) if value not in tape.constants
        ]
        for column in set(range(len(part.values))) - set(varying):
            block[column] = rounded(tape.constants[part.values[column]], dtype)
        if not varying or not part.terms.count:
            return
        emitted = emit(tape, [part.values[column] for column in varying])
        read_there = set(tape.reached([part.values[column] for column in varying]))
        inputs: list[Array] = []
        for value, own in zip(tape.inputs, part.terms.inputs, strict=True):
            gathered = np.empty(part.terms.count, dtype=block.dtype)
            inputs.append(gathered)
            if value in read_there:
                self._work.append(partial(np.take, self._at, own, out=gathered, mode="clip"))
        self._work.append(emitted.bound(inputs, [block[column] for column in varying], dtype))

    def _assemble(self, keys: Places, sources: Places, width: int) -> None:
        unique, self._target = np.unique(keys, return_inverse=True)
        self.rows, self.columns = np.divmod(unique, width)
        self._sources = sources
        self._adds = len(unique) < len(keys)
        if not self._adds:
            self._sources = sources[np.argsort(keys)]

    def __call__(self, x: Array) -> Array:
        """Return the numbers at a point; one that doesn't exist is nan or infinite."""
        self._at[: self._width] = x
        with np.errstate(all="ignore"):
            for work in self._work:
                work()
        result = self._found.take(self._sources)
        if self._adds:
            result = np.bincount(self._target, result, len(self.rows)).astype(
                result.dtype, copy=False
            )
        return result


MAX_TOGETHER = 1000
"""Variables of one term whose second partials are written out, a formula for each pair."""

_NONE = np.empty(0, np.int64)


def _entries(terms: ShapeGroup, wrt: Entry, *, symmetric: bool) -> Iterator[tuple[Places, Places]]:
    """Yield the rows and columns that a derivative of all terms goes to."""
    if not wrt:
        yield terms.rows, np.zeros_like(terms.rows)
    elif not symmetric:
        yield terms.rows, terms.inputs[wrt[0]]
    else:
        first, second = (terms.inputs[slot] for slot in wrt)
        yield first, second
        if wrt[0] != wrt[1]:
            yield second, first
