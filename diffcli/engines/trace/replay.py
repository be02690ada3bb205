"""A record repeated on arrays of balls, of bounds, or of either with a tangent.

What doesn't depend on the inputs is data: the numbers that torch computed. Everything else is
computed anew by the rules, exactly what the operations mean. A comparison that isn't certain in
balls, or that holds just at its edge, leaves its choice in doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import inf, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffcli.clock import now
from diffcli.engines.trace.arrays import Balls
from diffcli.engines.trace.bounded import Bounded
from diffcli.engines.trace.domains import gaps
from diffcli.engines.trace.rules import find
from diffcli.engines.trace.state import Kind, State, floats_of
from diffcli.engines.trace.steps import CONSTANTS, Call, Cut, Record, Reference, Step
from diffcli.engines.trace.tape import UNUSED, Value, Whole

CUSTOM_SLACK = 64.0
"""Units of rounding that an operation inside a custom function may lose on its way back, where the
user's own formula need not be the stablest."""
SLACK = 4.0
HALF_ULP = 2.0**-53
LEAST = 2.0**-1074
"""By how much a midpoint that is written as a float64 is off, relative to it and at least."""
UNCOVERED = (TypeError, ValueError, IndexError, KeyError, AttributeError, ZeroDivisionError)
"""What a rule raises that is given arguments it wasn't written for."""


class OutOfTimeError(Exception):
    """Says that a record isn't repeated to its end before the deadline."""


@dataclass
class CallWindows:
    """What a custom function read and returned: each argument, with all of its storage."""

    first: int
    inputs: list[tuple[Any, Any]]
    outputs: dict[int, Any] = field(default_factory=dict)


class Replay(State):
    """One repetition of a record.

    ``exact`` is an earlier one on balls, whose choices this one takes; and where this one is of
    bounds, the numbers of each step are torch's own, as far off as they are from that one's.
    Raises OutOfTimeError after the deadline, a reading of the clock.
    """

    def __init__(
        self, record: Record, kind: Kind, exact: Replay | None = None, deadline: float = inf
    ) -> None:
        super().__init__(record, kind, exact)
        self.starts: list[int] = []
        """How long the tape was before each step."""
        self._starting = _grouped(record.calls, lambda call: call.first)
        self._ending = _grouped(record.calls, lambda call: call.last)
        self._cuts = _grouped(record.cuts, lambda cut: cut.at)
        self.windows: dict[int, CallWindows] = {}
        is_exact = kind.arithmetic is None and kind.tangents is None
        results = () if record.problem is not None else record.results
        self._lacks_values = is_exact and not all(result.isfinite().all() for result in results)
        for self.step, step in enumerate(record.steps):
            if now() > deadline:
                raise OutOfTimeError
            self._turn()
            self.starts.append(len(self.tape.nodes))
            inside = step.call is not None
            self._set_slack(CUSTOM_SLACK if inside else SLACK)
            self._take(step, find(step))
        self.step = len(record.steps)
        self._turn()
        self.starts.append(len(self.tape.nodes))
        self._set_slack(SLACK)
        self.outputs = [self.read(output) for output in record.outputs]

    def _turn(self) -> None:
        """Take what happens between two steps: custom functions end and begin, numbers leave."""
        for call in self._ending.get(self.step, ()):
            if call.first < call.last:
                self._close(call)
        for call in self._starting.get(self.step, ()):
            self._open(call)
            if call.first == call.last:  # it does nothing, or nothing that torch sees
                self._close(call)
        for cut in self._cuts.get(self.step, ()):
            self._note_cut(cut)

    def _open(self, call: Call) -> None:
        inputs = [(self.read(window), self.storages[window.storage]) for window in call.inputs]
        self.windows[id(call)] = CallWindows(len(self.tape.nodes), inputs)

    def _close(self, call: Call) -> None:
        opened = self.windows[id(call)]
        opened.outputs = {position: self.read(window) for position, window in call.outputs.items()}

    def _set_slack(self, slack: float) -> None:
        self.tape.slack = slack
        if self.kind.arithmetic is not None:
            self.kind.arithmetic.slack = slack

    def _take(self, step: Step, rule: Callable[..., Any] | None) -> None:
        """Repeat one step."""
        arguments = [
            self._argument(value, step, is_written=step.is_in_place and position == 0)
            for position, value in enumerate(step.arguments)
        ]
        options = {key: self._argument(value, step) for key, value in step.options.items()}
        given = [*_flat(arguments), *_flat(list(options.values()))]
        if step.is_no_grad and not step.is_in_place and self._reads_moving(step):
            self.note("constant", f"no_grad at {step.where} makes a constant")
        is_moving = any(isinstance(value, Value) and value.is_moving for value in given)
        in_doubt = any(isinstance(value, Whole) and value.is_doubtful for value in given)
        if not is_moving and not in_doubt:
            results: Any = [self._data(value) for value in step.values]
        elif rule is None:
            results = []
            if not step.outputs:
                self.note("left", f"{step.label} gives a number that leaves torch")
        else:
            self._note_range(step, given)
            try:
                results = rule(self, step, *arguments, **options)
            except UNCOVERED as error:
                self.note("unknown", f"the rule of {step.label} doesn't cover this: {error}")
                results = ()
        results = results if isinstance(results, list | tuple) else [results]
        if self._lacks_values and is_moving:
            self._note_gaps(step, given, results)
        for index, reference in enumerate(step.outputs):
            result = results[index] if index < len(results) else None
            if result is None or result is UNUSED:
                if result is None:
                    self._note_unknown(step)
                    if in_doubt:
                        self.note("lost", f"{step.label} takes what is decided just at its edge")
                result = self._unknown(step, step.values[index], given, is_unused=result is UNUSED)
            elif isinstance(result, Value):
                result = result.expand(step.values[index].shape)
            self.write(reference, self._anchored(result, index, step))

    def _note_range(self, step: Step, given: Sequence[Any]) -> None:
        """Note an operation that may leave the dtype's range on its way back."""
        if self.exact is None and isinstance(self.kind.array(np.zeros(0)), Balls):
            middles = [each.data.middles() for each in given if isinstance(each, Value)]
            if leaves_range(step, middles):
                self.note("range", step.label)

    def _note_gaps(self, step: Step, given: Sequence[Any], results: Sequence[Any]) -> None:
        """Note an operation without a real value, and one of which it isn't known."""
        is_proved, is_open = gaps(step, given, results)
        if is_proved:
            self.note("outside", f"{step.label} is outside its domain")
        if is_open:
            self.note("gap", f"{step.label} may have no value")

    def _reads_moving(self, step: Step) -> bool:
        windows = [window for window in _flat([*step.arguments]) if isinstance(window, Reference)]
        return any(
            not window.is_constant and window.is_floating and self.read(window).is_moving
            for window in windows
        )

    def _argument(self, value: Any, step: Step, *, is_written: bool = False) -> Any:
        if isinstance(value, Reference):
            shown = self.read(value)
            is_stopped = (value.is_constant or step.is_no_grad) and step.call is None
            is_fixed = is_stopped and not is_written and isinstance(shown, Value)
            return shown.fixed() if is_fixed else shown
        if isinstance(value, tuple):
            return [self._argument(part, step) for part in value]
        return value

    def _data(self, tensor: Any) -> Value | Whole:
        if tensor.is_floating_point():
            return self.tape.constant(self.kind.array(floats_of(tensor)))
        return Whole(tensor.numpy(force=True))

    def _note_unknown(self, step: Step) -> None:
        if not self._has_said_why():
            self.note("unknown", f"{step.label} has no rule")

    def _has_said_why(self) -> bool:
        """Whether a rule has noted what keeps this step from being proved."""
        return any(note.step == self.step and note.kind != "constant" for note in self.notes)

    def _unknown(
        self, step: Step, tensor: Any, given: Sequence[Any], *, is_unused: bool
    ) -> Value | Whole:
        """Return what stands for a result that no rule gives: nothing is known of its slopes."""
        if not tensor.is_floating_point():
            if not is_unused and not self._has_said_why():
                self.note("lost", f"{step.label} has no rule, and no derivative to follow")
            return Whole(tensor.numpy(force=True), np.ones(tuple(tensor.shape), dtype=np.bool_))
        numbers = self.kind.array(floats_of(tensor)) * float("nan")
        values = [value for value in given if isinstance(value, Value)]
        return self.tape.result(numbers, *((value, self._empty(value)) for value in values))

    @staticmethod
    def _empty(value: Value) -> Callable[[Any], Any]:
        shape, data = value.shape, value.data
        return lambda _: data.zeros().reshape(shape) * float("nan")

    def _anchored(self, result: Value | Whole, position: int, step: Step) -> Value | Whole:
        """Note the midpoints of a step; of bounds, take torch's own numbers for midpoints."""
        if isinstance(result, Whole) or not result.is_moving:
            return result
        data = result.data
        if isinstance(data, Balls):
            own = self.middles.setdefault(self.step, [None] * len(step.outputs))
            own[position] = data.middles()
            return result
        if self.exact is None or self.kind.tangents is not None:
            return result
        truth = self.exact.middles.get(self.step, [None] * (position + 1))[position]
        if truth is None:
            return result
        seen = floats_of(step.values[position])
        off = np.abs(seen - truth) + np.where(truth == 0, 0.0, HALF_ULP * np.abs(truth) + LEAST)
        off = np.where(np.isfinite(off), off, data.radius)
        off = np.where(np.isfinite(truth) & ~np.isfinite(seen), np.inf, off)  # it overflowed
        data = Bounded(np.where(np.isfinite(seen), seen, data.middle), off, data.arithmetic)
        return Value(data, self.tape, result.node)

    def _note_cut(self, cut: Cut) -> None:
        """Note a constant that was made of numbers that move, or such a number that leaves."""
        if cut.reference is not None and not self.read(cut.reference).is_moving:
            return
        if cut.kind in CONSTANTS:
            self.note("constant", f"{cut.kind} at {cut.where} makes a constant")
        elif cut.kind == "untracked":
            said = "takes a result of a custom function that autograd doesn't follow"
            self.note("left", f"{cut.where} {said}")
        elif cut.kind == "item":
            self.note("left", f"a number leaves torch at {cut.where}")
        else:
            self.note("left", f"numbers leave torch by {cut.kind} at {cut.where}")


def _grouped(members: Sequence[Any], key: Callable[[Any], int]) -> dict[int, list[Any]]:
    groups: dict[int, list[Any]] = {}
    for member in members:
        groups.setdefault(key(member), []).append(member)
    return groups


def _flat(values: Sequence[Any]) -> list[Any]:
    result = []
    for value in values:
        result += _flat([*value]) if isinstance(value, list | tuple) else [value]
    return result


# Where a dtype's range is left on an operation's way back. The derivative of atan2(y, x) by y is
# x/(x² + y²), and torch squares x: at 1e200 that is infinite, and torch's derivative 0. That is the
# dtype's limit and not a wrong derivative.

_RANGES = {
    "float64": (2.0**-1022, 2.0**1023),
    "float32": (2.0**-126, 2.0**128),
    "float16": (2.0**-14, 2.0**16),
    "bfloat16": (2.0**-126, 2.0**128),
}
"""The smallest number of a dtype that keeps all of its digits, and a bound of the largest."""

_SQUARING = frozenset(
    """acosh asinh atan atan2 cumprod dist hypot linalg_vector_norm norm prod rsqrt std std_mean var
    var_mean""".split()
)
"""Torch's names of operations whose backward squares numbers, or takes products of several."""


def leaves_range(step: Step, operands: Sequence[NDArray[np.float64]]) -> bool:
    """Return whether a square of an operand, or the result, lies outside of the dtype's range."""
    if step.name not in _SQUARING:
        return False
    smallest, largest = _RANGES[str(step.values[0].dtype).removeprefix("torch.")]
    sizes = np.concatenate([np.abs(operand).ravel() for operand in operands])
    with np.errstate(invalid="ignore"):
        own = sizes[(sizes > 0) & np.isfinite(sizes)]
        if np.any((own < sqrt(smallest)) | (own > sqrt(largest))):
            return True
    results = np.concatenate([np.abs(floats_of(result)).ravel() for result in step.values])
    return bool(np.all(sizes > 0) and np.any((results < smallest) | np.isinf(results)))
