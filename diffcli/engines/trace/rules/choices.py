"""Operations that choose: comparisons, conditions, kinks and jumps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from diffcli.engines.trace.bounded import Bounded
from diffcli.engines.trace.rules.common import above, choose, chosen, number, operand, together
from diffcli.engines.trace.state import State
from diffcli.engines.trace.steps import Step
from diffcli.engines.trace.tape import Mask, Value, Whole


def _compared(sign: Callable[[Mask, Mask], Mask]) -> Callable[..., Any]:
    """Return the rule of a comparison, given what it says where left is above and where below."""

    def rule(r: State, step: Step, x: Any, y: Any) -> Any:
        if not isinstance(x, Value) and not isinstance(y, Value):
            return None
        seen = step.values[0].numpy(force=True)
        if isinstance(x, Value) and isinstance(y, Value) and x.node == y.node and x.is_moving:
            return Whole(seen)  # a number with itself, as is asked to find what is none
        one, other = together(r, step, x, y)
        more, doubt = above(r, step, one, other)
        expected = sign(more, ~more & ~doubt)
        if r.is_one_sided:
            return Whole(np.where(doubt, seen, expected), doubt)
        return Whole(seen, doubt | (expected != seen))

    return rule


def _where(r: State, step: Step, mask: Whole, x: Any, y: Any) -> Value | None:
    if not step.values[0].is_floating_point():
        return None
    one, other = together(r, step, x, y)
    shape = np.broadcast_shapes(mask.values.shape, one.shape)
    one, other = one.expand(shape), other.expand(shape)
    truth = np.broadcast_to(mask.values.astype(np.bool_), shape)
    doubt = np.zeros(shape, np.bool_) if mask.doubt is None else np.broadcast_to(mask.doubt, shape)
    return _met(r, step, one, truth, other, doubt)


def _met(r: State, step: Step, one: Value, truth: Mask, other: Value, doubt: Mask) -> Value:
    """Return a choice: what is in doubt is continuous where both are equal, and else unknown."""

    def decide() -> Mask:
        if not doubt.any():
            return doubt
        return doubt & ~np.asarray(one.data.data == other.data.data, dtype=np.bool_)

    apart = chosen(r, "apart", decide)
    result = one.hull(truth, other, doubt) if doubt.any() else one.where(truth, other)
    if not apart.any():
        return result
    r.note("lost", f"{step.label} may jump here")
    return result * r.tape.constant(r.kind.array(np.where(apart, np.nan, 1.0)))


def _masked_fill(r: State, step: Step, x: Value, mask: Whole, value: Any) -> Value | None:
    return _where(r, step, mask, operand(r, value, step), x)


def _relu(r: State, step: Step, x: Value) -> Value:
    zero = operand(r, 0.0, step)
    return choose(r, step, x, zero, x, zero)


def _leaky_relu(r: State, step: Step, x: Value, negative_slope: float = 0.01) -> Value:
    return choose(r, step, x, operand(r, 0.0, step), x, x * number(negative_slope, step))


def _prelu(r: State, step: Step, x: Value, weight: Value) -> Value:
    if len(x.shape) > 1 and weight.size > 1:
        weight = weight.reshape((weight.size, *([1] * (len(x.shape) - 2))))
    return choose(r, step, x, operand(r, 0.0, step), x, x * weight)


def _threshold(r: State, step: Step, x: Value, threshold: float, value: float) -> Value:
    edge = operand(r, threshold, step).expand(x.shape)
    mask, doubt = above(r, step, x, edge)
    return _met(r, step, x, mask, operand(r, value, step).expand(x.shape), doubt)


def _clamp(r: State, step: Step, x: Value, low: Any = None, high: Any = None) -> Value:
    result = operand(r, x, step)
    if low is not None:
        edge = operand(r, low, step)
        result = choose(r, step, result, edge, result, edge, "low")
    if high is not None:
        edge = operand(r, high, step)
        result = choose(r, step, edge, result, result, edge, "high")
    return result


def _clamp_named(r: State, step: Step, x: Value, min: Any = None, max: Any = None) -> Value:  # noqa: A002
    return _clamp(r, step, x, min, max)


def _maximum(r: State, step: Step, x: Any, y: Any) -> Value:
    one, other = together(r, step, x, y)
    return choose(r, step, one, other, one, other)


def _minimum(r: State, step: Step, x: Any, y: Any) -> Value:
    one, other = together(r, step, x, y)
    return choose(r, step, one, other, other, one)


def _abs(r: State, step: Step, x: Value) -> Value:
    return choose(r, step, x, operand(r, 0.0, step), x, -x)


def _stepwise(r: State, step: Step, x: Value, decimals: int = 0) -> Value | None:
    """Return floor, ceil, round, trunc or sign: constant but where it jumps."""
    if decimals:
        return None
    return _part(r, step, x, step.name, step.values[0].double().numpy(force=True))


def _part(r: State, step: Step, x: Value, name: str, values: Any) -> Value:
    """Return a function that is constant between jumps, which has these values here."""

    def decide() -> tuple[Mask, Any]:
        jumps = np.empty(x.shape, dtype=np.bool_)
        for index, ball in np.ndenumerate(x.data.data):
            low, high = _JUMPS[name](float(values[index]))
            jumps[index] = not (ball > low and ball < high)
        if jumps.any():
            r.note("jump", f"{step.label} is at, or too near, a jump")
        return jumps, values

    jumps, seen = chosen(r, "jumps", decide)
    steps = r.tape.constant(r.kind.array(np.where(jumps, np.nan, seen)))
    if not jumps.any():
        return steps
    return steps + x * r.tape.constant(r.kind.array(np.where(jumps, np.nan, 0.0)))


def _whole_part(r: State, step: Step, x: Value, name: str) -> Value:
    """Return floor or trunc of what isn't an output of the operation itself."""
    middle = x.data.middles() if r.exact is None else np.zeros(x.shape)
    result = _part(r, step, x, name, getattr(np, name)(middle))
    if isinstance(x.data, Bounded):  # rounding may have taken torch over a jump
        low, high = (getattr(np, name)(x.data.middle + s * x.data.radius) for s in (-1, 1))
        off = np.abs(high - low)
        data = Bounded(result.data.middle, result.data.radius + off, x.data.arithmetic)
        return Value(data, result.tape, result.node)
    return result


def _frac(r: State, step: Step, x: Value) -> Value:
    return x - _whole_part(r, step, x, "trunc")


def _remainder(name: str) -> Callable[..., Value]:
    """Return the rule of x − y·floor(x/y), or with trunc of fmod."""

    def rule(r: State, step: Step, x: Any, y: Any) -> Value:
        one, other = together(r, step, x, y)
        return one - other * _whole_part(r, step, one / other, name)

    return rule


def _div(r: State, step: Step, x: Any, y: Any, rounding_mode: str | None = None) -> Value:
    quotient = operand(r, x, step) / operand(r, y, step)
    return quotient if rounding_mode is None else _whole_part(r, step, quotient, rounding_mode)


def _shrunk(r: State, step: Step, x: Value, lambd: float = 0.5) -> Value:
    """Return x moved towards 0 by λ, 0 where it is no further than that."""
    edge, zero = operand(r, lambd, step), operand(r, 0.0, step)
    above_it = choose(r, step, x, edge, x - edge, zero, "high")
    below_it = choose(r, step, -x, edge, x + edge, zero, "low")
    return above_it + below_it


def _glu(r: State, step: Step, x: Value, dim: int = -1) -> Value:
    positions = np.arange(x.size).reshape(x.shape)
    first, second = (x.flat().take(half) for half in np.split(positions, 2, axis=dim))
    return first * second.unary("sigmoid")


_JUMPS: dict[str, Callable[[float], tuple[float, float]]] = {
    "floor": lambda n: (n, n + 1),
    "ceil": lambda n: (n - 1, n),
    "round": lambda n: (n - 0.5, n + 0.5),
    "trunc": lambda n: (n - (n <= 0), n + (n >= 0)),
    "sign": lambda n: (0.0, np.inf) if n > 0 else (-np.inf, 0.0) if n < 0 else (0.0, 0.0),
    "sgn": lambda n: (0.0, np.inf) if n > 0 else (-np.inf, 0.0) if n < 0 else (0.0, 0.0),
}
"""Between which numbers each function has the value that torch gives."""


def _hardtanh(r: State, step: Step, x: Value, low: float = -1, high: float = 1) -> Value:
    return _clamp(r, step, x, low, high)


def _hardsigmoid(r: State, step: Step, x: Value) -> Value:
    return _clamp(r, step, x + 3.0, 0.0, 6.0) / 6.0


def _hardswish(r: State, step: Step, x: Value) -> Value:
    return x * _clamp(r, step, x + 3.0, 0.0, 6.0) / 6.0


def _scalar(r: State, step: Step, x: Any) -> list[Any]:
    """Note a number that leaves torch, or a branch that it decides."""
    if isinstance(x, Value):
        if x.is_moving:
            r.note("left", f"a number leaves torch at {step.where}")
    elif x.is_doubtful:
        r.note("branch", f"a branch at {step.where} is decided just at its edge")
    return []


def _all_alike(r: State, step: Step, *given: Any, **_: Any) -> Any:
    """Return whole numbers made of whole numbers: where any is in doubt, all are."""
    if any(isinstance(part, Value) for part in given):
        return None
    return Whole(
        step.values[0].numpy(force=True), np.ones(tuple(step.values[0].shape), dtype=np.bool_)
    )


def _mask_operation(r: State, step: Step, x: Any, *others: Any) -> Any:
    """Return truth values made one by one: those in doubt stay so."""
    given = [operand for operand in (x, *others) if not isinstance(operand, int | float)]
    if any(isinstance(operand, Value) for operand in given):
        return None
    shape = tuple(step.values[0].shape)
    doubt = np.zeros(shape, dtype=np.bool_)
    for argument in given:
        if argument.doubt is not None:
            doubt |= np.broadcast_to(argument.doubt, shape)
    if r.is_one_sided and step.name in _TRUTHS:
        values = [
            np.asarray(getattr(operand, "values", operand), np.bool_) for operand in (x, *others)
        ]
        return Whole(_TRUTHS[step.name](*values), doubt)
    return Whole(step.values[0].numpy(force=True), doubt)


_TRUTHS: dict[str, Callable[..., Any]] = {
    "logical_and": np.logical_and,
    "logical_or": np.logical_or,
    "logical_not": np.logical_not,
    "logical_xor": np.logical_xor,
    "bitwise_and": np.logical_and,
    "bitwise_or": np.logical_or,
    "bitwise_not": np.logical_not,
}


RULES: dict[str, Callable[..., Any]] = {
    "gt": _compared(lambda more, less: more),
    "lt": _compared(lambda more, less: less),
    "ge": _compared(lambda more, less: more),
    "le": _compared(lambda more, less: less),
    "eq": _compared(lambda more, less: ~(more | less)),
    "ne": _compared(lambda more, less: more | less),
    "where": _where,
    "masked_fill": _masked_fill,
    "relu": _relu,
    "leaky_relu": _leaky_relu,
    "_prelu_kernel": _prelu,
    "threshold": _threshold,
    "clamp": _clamp_named,
    "clamp_min": _clamp,
    "clamp_max": lambda r, step, x, high: _clamp(r, step, x, None, high),
    "maximum": _maximum,
    "minimum": _minimum,
    "fmax": _maximum,
    "fmin": _minimum,
    "max.other": _maximum,
    "min.other": _minimum,
    "abs": _abs,
    "frac": _frac,
    "remainder": _remainder("floor"),
    "fmod": _remainder("trunc"),
    "div": _div,
    "softshrink": _shrunk,
    "glu": _glu,
    "hardtanh": _hardtanh,
    "hardsigmoid": _hardsigmoid,
    "hardswish": _hardswish,
    "_local_scalar_dense": _scalar,
    # These stop the program or do nothing.
    **dict.fromkeys(("_linalg_check_errors", "_assert_async"), lambda *_, **__: []),
    **dict.fromkeys(_JUMPS, _stepwise),
    **dict.fromkeys(_TRUTHS, _mask_operation),
    **dict.fromkeys(("any", "all"), _all_alike),
}
