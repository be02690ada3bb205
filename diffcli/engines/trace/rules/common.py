"""What the rules have in common: operands, and choices that balls make."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffcli.engines.trace.bounded import Bounded
from diffcli.engines.trace.duals import Dual
from diffcli.engines.trace.state import State
from diffcli.engines.trace.steps import Reference, Step
from diffcli.engines.trace.tape import Mask, Value


def number(value: float, step: Step) -> float:
    """Return a number among the arguments as the operation's dtype has it."""
    windows = [
        window for window in (*step.arguments, *step.outputs) if isinstance(window, Reference)
    ]
    dtype = next((window.dtype for window in windows if window.is_floating), None)
    # With float16 and bfloat16 torch computes in float32.
    is_single = dtype is not None and dtype.itemsize <= np.dtype(np.float32).itemsize
    return float(np.float32(value)) if is_single else float(value)


def operand(replay: State, value: Any, step: Step) -> Value:
    """Return an argument, a tensor or a number, as a value."""
    if isinstance(value, Value):
        return value
    if isinstance(value, int | float):
        return replay.tape.constant(replay.kind.array(np.asarray(number(value, step))))
    values = value.values.astype(np.float64)
    if value.is_doubtful:
        values[value.doubt] = np.nan
        replay.note("lost", f"{step.label} takes what is decided just at its edge")
    return replay.tape.constant(replay.kind.array(values))


def together(replay: State, step: Step, *values: Any) -> list[Value]:
    """Return arguments as values of one shape."""
    operands = [operand(replay, value, step) for value in values]
    shape = np.broadcast_shapes(*(value.shape for value in operands))
    return [value.expand(shape) for value in operands]


def axes_of(value: Value, dim: Any) -> tuple[int, ...]:
    """Return the axes that an argument ``dim`` means: none given are all."""
    count = len(value.shape)
    if dim is None or dim == []:
        return tuple(range(count))
    given = dim if isinstance(dim, list | tuple) else [dim]
    return tuple(sorted({axis % count for axis in given})) if count else ()


def chosen(replay: State, key: str, decide: Any) -> Any:
    """Return a choice that balls make once, and other arrays take over."""
    name = (replay.step, key)
    if replay.exact is not None:
        return replay.exact.choices[name]
    replay.choices[name] = decide()
    return replay.choices[name]


def _balls(value: Value) -> NDArray[Any]:
    result: NDArray[Any] = value.data.data
    return result


def above(replay: State, step: Step, one: Value, other: Value, key: str = "") -> tuple[Mask, Mask]:
    """Return where one value is above another, and where that is in doubt.

    Equal numbers are in doubt too, as what is near them is on both sides.
    """

    def decide() -> tuple[Mask, Mask, Mask]:
        left, right = _balls(one), _balls(other)
        more = np.asarray(left > right, dtype=np.bool_)
        less = np.asarray(left < right, dtype=np.bool_)
        doubt = ~(more | less)
        tie = np.zeros_like(doubt)
        if doubt.any():
            tie[doubt] = np.asarray(left[doubt] == right[doubt], dtype=np.bool_)
            if tie.any():
                replay.note("kink", f"{step.label} is at its kink")
            if (doubt & ~tie).any():
                replay.note("unsure", f"{step.label} is too near its kink to tell")
        return more, doubt, tie

    more, doubt, tie = chosen(replay, f"above{key}", decide)
    if replay.is_one_sided and tie.any() and isinstance(one.data, Dual):
        slope = one.data.tangent.data - other.data.tangent.data
        up, down = (np.asarray(slope > 0, dtype=np.bool_), np.asarray(slope < 0, dtype=np.bool_))
        more, doubt = np.where(tie, up, more), np.where(tie, ~(up | down), doubt)
    return more, doubt


def choose(
    replay: State, step: Step, one: Value, other: Value, first: Value, second: Value, key: str = ""
) -> Value:
    """Return ``first`` where one is above the other, else ``second``; they meet at the edge."""
    shape = np.broadcast_shapes(one.shape, other.shape, first.shape, second.shape)
    one, other = one.expand(shape), other.expand(shape)
    mask, doubt = above(replay, step, one, other, key)
    if isinstance(one.data, Bounded) and isinstance(other.data, Bounded):
        doubt = doubt | one.data.meets(other.data)  # torch may have chosen the other side
    first, second = first.expand(shape), second.expand(shape)
    return first.hull(mask, second, doubt) if doubt.any() else first.where(mask, second)
