"""What a record's tensors are on the tape, as far as it is repeated: what every rule is given.

Each storage is one flat value, of which a tensor shows a window by its offset and strides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffcli.engines.trace.arrays import Balls
from diffcli.engines.trace.bounded import Arithmetic, Bounded
from diffcli.engines.trace.duals import Dual
from diffcli.engines.trace.steps import Record, Reference
from diffcli.engines.trace.tape import Tape, Value, Whole, concatenate


@dataclass
class Note:
    """Something that keeps entries from being proved: what, and at which step."""

    kind: str
    text: str
    step: int


class Kind:
    """What a record is repeated on: how floats and an anchor become an array."""

    def __init__(
        self,
        arithmetic: Arithmetic | None = None,
        tangents: Sequence[Any] | None = None,
        *,
        is_one_sided: bool = False,
    ) -> None:
        self.arithmetic, self.tangents, self.is_one_sided = arithmetic, tangents, is_one_sided

    def array(self, values: NDArray[Any]) -> Any:
        """Return exact floats."""
        exact: Any = Balls.exact(values)
        if self.arithmetic is not None:
            exact = Bounded(values, np.zeros(values.shape), self.arithmetic)
        return exact if self.tangents is None else Dual(exact, exact.zeros())

    def variable(self, position: int, values: NDArray[Any]) -> Any:
        """Return the array of an input."""
        result = self.array(values)
        if self.tangents is not None:
            result.tangent = self.array(self.tangents[position]).value
        return result


class State:
    """The values, choices and notes of one repetition of a record.

    ``exact`` is an earlier one on balls, whose choices this one takes.
    """

    def __init__(self, record: Record, kind: Kind, exact: State | None = None) -> None:
        self.record, self.kind, self.exact = record, kind, exact
        self.tape = Tape()
        self.storages: dict[int, Value | Whole] = {}
        self.notes: list[Note] = []
        self.choices: dict[tuple[int, str], Any] = {}
        """What each step that chooses has chosen, and where that is in doubt."""
        self.middles: dict[int, list[NDArray[np.float64] | None]] = {}
        """The midpoints of each step's results, where they are balls."""
        self.step = 0
        self._windows: dict[Any, Value] = {}
        self.inputs = [self._variable(index) for index in range(len(record.inputs))]

    def note(self, kind: str, text: str) -> None:
        """Note what keeps entries from being proved."""
        if all(note.text != text for note in self.notes):
            self.notes.append(Note(kind, text, self.step))

    @property
    def is_one_sided(self) -> bool:
        """Whether choices at an edge are those of the tangents' direction."""
        return self.kind.is_one_sided

    def places(self, window: Reference) -> NDArray[np.int64]:
        """Return the places in its storage that a tensor shows."""
        return _index(window)

    def concatenate(self, parts: Sequence[Value]) -> Value:
        """Return flat values one after the other."""
        return concatenate(parts)

    def _variable(self, position: int) -> Value:
        window = self.record.inputs[position]
        values = floats_of(self.record.constants[window.storage])
        result = self.tape.variable(self.kind.variable(position, values[_index(window)]))
        whole = result.flat()
        if window.offset or whole.size != values.size:
            base = self.tape.constant(self.kind.array(values))
            whole = base.place(_index(window).ravel(), whole)
        elif not _is_contiguous(window):
            whole = self.tape.constant(self.kind.array(values)).place(_index(window).ravel(), whole)
        self.storages[window.storage] = whole
        return result

    def read(self, window: Reference) -> Any:
        """Return the numbers that a tensor shows of its storage."""
        whole = self.storages.get(window.storage)
        if whole is None:
            constant = self.record.constants[window.storage]
            floats = constant.is_floating_point()
            whole = (
                self.tape.constant(self.kind.array(floats_of(constant)))
                if floats
                else Whole(constant.numpy(force=True))
            )
            self.storages[window.storage] = whole
        if isinstance(whole, Whole) is window.is_floating:
            self.note("lost", "numbers are viewed as those of another dtype")
            if window.is_floating:
                return self.tape.constant(self.kind.array(np.full(window.shape, np.nan)))
            return Whole(np.zeros(window.shape), np.ones(window.shape, dtype=np.bool_))
        if isinstance(whole, Whole):
            if not len(whole.values):
                return Whole(whole.values.reshape(window.shape))
            index = _index(window)
            doubt = None if whole.doubt is None else whole.doubt[index]
            return Whole(whole.values[index], doubt)
        key = (id(whole), window.offset, window.shape, window.strides)
        if key not in self._windows:
            self._windows[key] = _window(whole, window)
            self._windows[id(whole)] = whole  # alive, so that its number isn't given to another
        return self._windows[key]

    def write(self, window: Reference, value: Value | Whole) -> None:
        """Let a tensor show these numbers of its storage."""
        size = self.record.sizes[window.storage]
        if isinstance(value, Whole):
            before = self.storages.get(window.storage)
            values = np.zeros(size, dtype=value.values.dtype)
            doubt = np.zeros(size, dtype=np.bool_)
            if isinstance(before, Whole):
                values[:] = before.values
                doubt |= False if before.doubt is None else before.doubt
            elif window.storage in self.record.constants:
                values[:] = self.record.constants[window.storage].numpy()
            values[_index(window)] = value.values
            doubt[_index(window)] = False if value.doubt is None else value.doubt
            self.storages[window.storage] = Whole(values, doubt if doubt.any() else None)
            return
        value = value.expand(window.shape)
        if value.size == size and _is_contiguous(window):
            self.storages[window.storage] = value.flat()
            return
        before = self.storages.get(window.storage)
        if not isinstance(before, Value):
            constant = self.record.constants.get(window.storage)
            values = np.zeros(size) if constant is None else floats_of(constant)
            before = self.tape.constant(self.kind.array(values))
        if value.size:
            self.storages[window.storage] = before.place(_index(window).ravel(), value.flat())
        else:
            self.storages[window.storage] = before


def floats_of(tensor: Any) -> NDArray[np.float64]:
    """Return the numbers of a tensor of torch in float64."""
    result: NDArray[np.float64] = tensor.detach().double().cpu().numpy(force=True)
    return result


def _is_contiguous(window: Reference) -> bool:
    stride = 1
    for length, own in zip(reversed(window.shape), reversed(window.strides), strict=True):
        if length != 1 and own != stride:
            return False
        stride *= length
    return window.offset == 0


def _index(window: Reference) -> NDArray[np.int64]:
    """Return the places in its storage that a tensor shows."""
    if 0 in window.shape:
        return np.zeros(window.shape, dtype=np.int64)
    result = np.full(window.shape, window.offset, dtype=np.int64)
    for axis, (length, stride) in enumerate(zip(window.shape, window.strides, strict=True)):
        shape = [1] * len(window.shape)
        shape[axis] = length
        result += (np.arange(length) * stride).reshape(shape)
    return result


def _window(whole: Value, window: Reference) -> Value:
    """Return what a tensor shows of a storage, by its axes in order where that is all of it."""
    axes = [axis for axis, stride in enumerate(window.strides) if window.shape[axis] != 1]
    order = sorted(axes, key=lambda axis: -window.strides[axis])
    stride = 1
    for axis in reversed(order):
        if window.strides[axis] != stride:
            break
        stride *= window.shape[axis]
    else:
        if window.offset == 0 and stride == whole.size and whole.size:
            value = whole.reshape([window.shape[axis] for axis in order])
            if order != axes:
                value = value.transpose([order.index(axis) for axis in axes])
            return value.reshape(window.shape)
    return whole.take(_index(window))
