"""A record repeated on arrays of balls, of bounds, or of either with a tangent.

What doesn't depend on the inputs is data: the numbers that torch computed. Everything else is
computed anew by the rules, exactly what the operations mean. A comparison that isn't certain in
balls, or that holds just at its edge, leaves its choice in doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffcli.clock import now
from diffcli.engines.trace.arrays import Balls
from diffcli.engines.trace.bounded import Arithmetic, Bounded
from diffcli.engines.trace.duals import Dual
from diffcli.engines.trace.rules import find
from diffcli.engines.trace.steps import Call, Record, Reference, Step
from diffcli.engines.trace.tape import UNUSED, Tape, Value, Whole, concatenate

CUSTOM_SLACK = 64.0
"""Units of rounding that an operation inside a custom function may lose on its way back, where the
user's own formula need not be the stablest."""
SLACK = 4.0
HALF_ULP = 2.0**-53
"""By how much a midpoint that is written as a float64 is off, relative to it."""
UNCOVERED = (TypeError, ValueError, IndexError, KeyError, AttributeError, ZeroDivisionError)
"""What a rule raises that is given arguments it wasn't written for."""


class OutOfTimeError(Exception):
    """Says that a record isn't repeated to its end before the deadline."""


@dataclass
class Note:
    """Something that keeps entries from being proved: what, and at which step."""

    kind: str
    text: str
    step: int


@dataclass
class CallWindows:
    """What a custom function read and returned: each argument, with all of its storage."""

    first: int
    inputs: list[tuple[Any, Any]]
    outputs: dict[int, Any] = field(default_factory=dict)


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
        found: Any = Balls.exact(values)
        if self.arithmetic is not None:
            found = Bounded(values, np.zeros(values.shape), self.arithmetic)
        return found if self.tangents is None else Dual(found, found.zeros())

    def variable(self, place: int, values: NDArray[Any]) -> Any:
        """Return the array of an input."""
        found = self.array(values)
        if self.tangents is not None:
            found.tangent = self.array(self.tangents[place]).value
        return found


class Replay:
    """One repetition of a record.

    ``exact`` is an earlier one on balls, whose choices this one takes; and where this one is of
    bounds, the numbers of each step are torch's own, as far off as they are from that one's.
    Raises OutOfTimeError after the deadline, a reading of the clock.
    """

    def __init__(
        self, record: Record, kind: Kind, exact: Replay | None = None, deadline: float = inf
    ) -> None:
        self.record, self.kind, self.exact = record, kind, exact
        self.tape = Tape()
        self.storages: dict[int, Value | Whole] = {}
        self.notes: list[Note] = []
        self.choices: dict[tuple[int, str], Any] = {}
        """What each step that chooses has chosen, and where that is in doubt."""
        self.middles: dict[int, list[NDArray[np.float64] | None]] = {}
        self.starts: list[int] = []
        """How long the tape was before each step."""
        self.step = 0
        self._windows: dict[Any, Value] = {}
        self.inputs = [self._variable(place) for place in range(len(record.inputs))]
        starting = {call.first: call for call in record.calls}
        ending = {call.last: call for call in record.calls}
        self.windows: dict[int, CallWindows] = {}
        for self.step, step in enumerate(record.steps):
            if now() > deadline:
                raise OutOfTimeError
            if self.step in ending:
                self._close(ending[self.step])
            if self.step in starting:
                self._open(starting[self.step])
            self.starts.append(len(self.tape.nodes))
            inside = step.call is not None
            self._set_slack(CUSTOM_SLACK if inside else SLACK)
            self._take(step, find(step))
        self.step = len(record.steps)
        if self.step in ending:
            self._close(ending[self.step])
        self.starts.append(len(self.tape.nodes))
        self._set_slack(SLACK)
        self.outputs = [self.read(each) for each in record.outputs]
        self._note_cuts()

    def _open(self, call: Call) -> None:
        inputs = [(self.read(each), self.storages[each.storage]) for each in call.inputs]
        self.windows[id(call)] = CallWindows(len(self.tape.nodes), inputs)

    def _close(self, call: Call) -> None:
        opened = self.windows[id(call)]
        opened.outputs = {place: self.read(each) for place, each in call.outputs.items()}

    def _set_slack(self, slack: float) -> None:
        self.tape.slack = slack
        if self.kind.arithmetic is not None:
            self.kind.arithmetic.slack = slack

    def _variable(self, place: int) -> Value:
        window = self.record.inputs[place]
        values = _floats(self.record.constants[window.storage])
        found = self.tape.variable(self.kind.variable(place, values[_index(window)]))
        whole = found.flat()
        if window.offset or whole.size != values.size:
            base = self.tape.constant(self.kind.array(values))
            whole = base.place(_index(window).ravel(), whole)
        elif not _is_contiguous(window):
            whole = self.tape.constant(self.kind.array(values)).place(_index(window).ravel(), whole)
        self.storages[window.storage] = whole
        return found

    def _take(self, step: Step, rule: Callable[..., Any] | None) -> None:
        """Repeat one step."""
        arguments = [
            self._argument(each, step, is_written=step.is_in_place and place == 0)
            for place, each in enumerate(step.arguments)
        ]
        options = {key: self._argument(each, step) for key, each in step.options.items()}
        given = [*_flat(arguments), *_flat(list(options.values()))]
        if step.is_no_grad and not step.is_in_place and self._reads_moving(step):
            self.note("constant", f"no_grad at {step.where} makes a constant")
        is_moving = any(isinstance(each, Value) and each.is_moving for each in given)
        in_doubt = any(isinstance(each, Whole) and each.is_doubtful for each in given)
        if not is_moving and not in_doubt:
            results: Any = [self._data(each) for each in step.values]
        elif rule is None:
            results = []
            if not step.outputs:
                self.note("left", f"{step.label} gives a number that leaves torch")
        else:
            try:
                results = rule(self, step, *arguments, **options)
            except UNCOVERED as error:
                self.note("unknown", f"the rule of {step.label} doesn't cover this: {error}")
                results = ()
        results = results if isinstance(results, list | tuple) else [results]
        for place, reference in enumerate(step.outputs):
            found = results[place] if place < len(results) else None
            if found is None or found is UNUSED:
                if found is None:
                    self._note_unknown(step)
                    if in_doubt:
                        self.note("lost", f"{step.label} takes what is decided just at its edge")
                found = self._unknown(step, step.values[place], given, is_unused=found is UNUSED)
            self._write(reference, self._anchored(found, place, step))

    def _reads_moving(self, step: Step) -> bool:
        windows = [each for each in _flat([*step.arguments]) if isinstance(each, Reference)]
        return any(
            not each.is_constant and each.is_floating and self.read(each).is_moving
            for each in windows
        )

    def _argument(self, value: Any, step: Step, *, is_written: bool = False) -> Any:
        if isinstance(value, Reference):
            found = self.read(value)
            is_stopped = (value.is_constant or step.is_no_grad) and step.call is None
            is_fixed = is_stopped and not is_written and isinstance(found, Value)
            return found.fixed() if is_fixed else found
        if isinstance(value, tuple):
            return [self._argument(each, step) for each in value]
        return value

    def _data(self, tensor: Any) -> Value | Whole:
        if tensor.is_floating_point():
            return self.tape.constant(self.kind.array(_floats(tensor)))
        return Whole(tensor.numpy(force=True))

    def _note_unknown(self, step: Step) -> None:
        if not self._has_said_why():
            self.note("unknown", f"{step.label} has no rule")

    def _has_said_why(self) -> bool:
        """Whether a rule has noted what keeps this step from being proved."""
        return any(each.step == self.step and each.kind != "constant" for each in self.notes)

    def _unknown(
        self, step: Step, tensor: Any, given: Sequence[Any], *, is_unused: bool
    ) -> Value | Whole:
        """Return what stands for a result that no rule gives: nothing is known of its slopes."""
        if not tensor.is_floating_point():
            if not is_unused and not self._has_said_why():
                self.note("lost", f"{step.label} has no rule, and no derivative to follow")
            return Whole(tensor.numpy(force=True), np.ones(tuple(tensor.shape), dtype=np.bool_))
        found = self.kind.array(_floats(tensor)) * float("nan")
        values = [each for each in given if isinstance(each, Value)]
        return self.tape.result(found, *((each, self._empty(each)) for each in values))

    @staticmethod
    def _empty(value: Value) -> Callable[[Any], Any]:
        shape, data = value.shape, value.data
        return lambda _: data.zeros().reshape(shape) * float("nan")

    def _anchored(self, found: Value | Whole, place: int, step: Step) -> Value | Whole:
        """Note the midpoints of a step; of bounds, take torch's own numbers for midpoints."""
        if isinstance(found, Whole) or not found.is_moving:
            return found
        data = found.data
        if isinstance(data, Balls):
            own = self.middles.setdefault(self.step, [None] * len(step.outputs))
            own[place] = data.middles()
            return found
        if self.exact is None or self.kind.tangents is not None:
            return found
        truth = self.exact.middles.get(self.step, [None] * (place + 1))[place]
        if truth is None:
            return found
        seen = _floats(step.values[place])
        off = np.abs(seen - truth) + HALF_ULP * np.abs(truth)
        off = np.where(np.isfinite(off), off, data.radius)
        off = np.where(np.isfinite(truth) & ~np.isfinite(seen), np.inf, off)  # it overflowed
        data = Bounded(np.where(np.isfinite(seen), seen, data.middle), off, data.arithmetic)
        return Value(data, self.tape, found.node)

    def read(self, window: Reference) -> Any:
        """Return the numbers that a tensor shows of its storage."""
        whole = self.storages.get(window.storage)
        if whole is None:
            constant = self.record.constants[window.storage]
            floats = constant.is_floating_point()
            whole = (
                self.tape.constant(self.kind.array(_floats(constant)))
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

    def _write(self, window: Reference, found: Value | Whole) -> None:
        size = self.record.sizes[window.storage]
        if isinstance(found, Whole):
            before = self.storages.get(window.storage)
            values = np.zeros(size, dtype=found.values.dtype)
            doubt = np.zeros(size, dtype=np.bool_)
            if isinstance(before, Whole):
                values[:] = before.values
                doubt |= False if before.doubt is None else before.doubt
            elif window.storage in self.record.constants:
                values[:] = self.record.constants[window.storage].numpy()
            values[_index(window)] = found.values
            doubt[_index(window)] = False if found.doubt is None else found.doubt
            self.storages[window.storage] = Whole(values, doubt if doubt.any() else None)
            return
        found = found.expand(window.shape)
        if found.size == size and _is_contiguous(window):
            self.storages[window.storage] = found.flat()
            return
        before = self.storages.get(window.storage)
        if not isinstance(before, Value):
            constant = self.record.constants.get(window.storage)
            values = np.zeros(size) if constant is None else _floats(constant)
            before = self.tape.constant(self.kind.array(values))
        if found.size:
            self.storages[window.storage] = before.place(_index(window).ravel(), found.flat())
        else:
            self.storages[window.storage] = before

    def note(self, kind: str, text: str) -> None:
        """Note what keeps entries from being proved."""
        if all(each.text != text for each in self.notes):
            self.notes.append(Note(kind, text, self.step))

    def _note_cuts(self) -> None:
        for cut in self.record.cuts:
            if cut.kind in ("detach", "data", "no_grad", "padding_idx"):
                self.note("constant", f"{cut.kind} at {cut.where} makes a constant")
            elif cut.kind == "untracked":
                if cut.reference is not None and self.read(cut.reference).is_moving:
                    said = "takes a result of a custom function that autograd doesn't follow"
                    self.note("left", f"{cut.where} {said}")
            else:
                self.note("left", f"numbers leave torch by {cut.kind} at {cut.where}")

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


def _floats(tensor: Any) -> NDArray[np.float64]:
    found: NDArray[np.float64] = tensor.detach().double().cpu().numpy(force=True)
    return found


def _flat(values: Sequence[Any]) -> list[Any]:
    found = []
    for each in values:
        found += _flat([*each]) if isinstance(each, list | tuple) else [each]
    return found


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
    found = np.full(window.shape, window.offset, dtype=np.int64)
    for axis, (length, stride) in enumerate(zip(window.shape, window.strides, strict=True)):
        shape = [1] * len(window.shape)
        shape[axis] = length
        found += (np.arange(length) * stride).reshape(shape)
    return found


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
            found = whole.reshape([window.shape[axis] for axis in order])
            if order != axes:
                found = found.transpose([order.index(axis) for axis in axes])
            return found.reshape(window.shape)
    return whole.take(_index(window))
