"""Operations that make few numbers of many: sums, means, extremes, norms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from diffcli.engines.trace.bounded import Bounded
from diffcli.engines.trace.duals import Dual
from diffcli.engines.trace.rules.choices import RULES as CHOICES
from diffcli.engines.trace.rules.common import axes_of, chosen, number
from diffcli.engines.trace.rules.elementary import power
from diffcli.engines.trace.state import State
from diffcli.engines.trace.steps import Step
from diffcli.engines.trace.tape import Mask, Value, Whole, extreme


def _sum(r: State, step: Step, x: Any, dim: Any = None, keepdim: bool = False, **_: Any) -> Any:
    if not isinstance(x, Value):
        return None
    return x.sum(axes_of(x, dim), keeps=keepdim)


def mean(x: Value, axes: Sequence[int], *, keeps: bool = False) -> Value:
    """Return the mean along some axes."""
    return x.sum(axes, keeps=keeps) / float(max(prod(x.shape[axis] for axis in axes), 1))


def _mean(r: State, step: Step, x: Value, dim: Any = None, keepdim: bool = False, **_: Any) -> Any:
    return mean(x, axes_of(x, dim), keeps=keepdim)


def variance(x: Value, axes: Sequence[int], correction: float, *, keeps: bool = False) -> Value:
    """Return the variance along some axes, over n − correction."""
    count = prod(x.shape[axis] for axis in axes) - correction
    off = x - mean(x, axes, keeps=True)
    return (off * off).sum(axes, keeps=keeps) / float(count)


def _var(
    r: State, step: Step, x: Value, dim: Any = None, *, correction: float | None = None,
    keepdim: bool = False,
) -> Value:  # fmt: skip
    return variance(x, axes_of(x, dim), 1 if correction is None else correction, keeps=keepdim)


def _std(r: State, step: Step, x: Value, dim: Any = None, **options: Any) -> Value:
    return _var(r, step, x, dim, **options).unary("sqrt")


def _var_mean(r: State, step: Step, x: Value, dim: Any = None, **options: Any) -> list[Value]:
    keeps = options.get("keepdim", False)
    return [_var(r, step, x, dim, **options), mean(x, axes_of(x, dim), keeps=keeps)]


def _std_mean(r: State, step: Step, x: Value, dim: Any = None, **options: Any) -> list[Value]:
    spread, middle = _var_mean(r, step, x, dim, **options)
    return [spread.unary("sqrt"), middle]


def _largest(r: State, x: Value, axes: Sequence[int]) -> Any:
    """Return the largest numbers along some axes, as floats."""

    def decide() -> Any:
        return np.max(x.data.middles(), axis=tuple(axes), keepdims=True, initial=-np.inf)

    return chosen(r, "shift", decide)


def shift(r: State, x: Value, axes: Sequence[int]) -> Value:
    """Return the largest numbers along some axes as a constant, to take from the others."""
    return r.tape.constant(r.kind.array(_largest(r, x, axes)))


def log_sum_exp(r: State, x: Value, axes: Sequence[int], *, keeps: bool = False) -> Value:
    """Return log Σ exp along some axes."""
    top = shift(r, x, axes)
    # Torch's way back takes exp(x − result), which is off by as much as the result was rounded.
    sizes = np.abs(_largest(r, x, axes))
    r.tape.slack *= 1 + np.max(sizes, initial=0.0, where=np.isfinite(sizes))
    total = (x - top).unary("exp").sum(axes, keeps=True).unary("log") + top
    kept = [n for axis, n in enumerate(x.shape) if axis not in axes]
    return total if keeps else total.reshape(kept)


def _logsumexp(r: State, step: Step, x: Value, dim: Any, keepdim: bool = False) -> Value:
    return log_sum_exp(r, x, axes_of(x, dim), keeps=keepdim)


def softmax(r: State, x: Value, axes: Sequence[int]) -> Value:
    """Return the softmax along some axes."""
    powers = (x - shift(r, x, axes)).unary("exp")
    return powers / powers.sum(axes, keeps=True)


def _softmax(r: State, step: Step, x: Value, dim: int, _: Any = None) -> Value:
    return softmax(r, x, axes_of(x, dim))


def _log_softmax(r: State, step: Step, x: Value, dim: int, _: Any = None) -> Value:
    moved = x - shift(r, x, axes_of(x, dim))
    return moved - moved.unary("exp").sum(axes_of(x, dim), keeps=True).unary("log")


def _extreme(sign: float, key: str = "extreme") -> Callable[..., Any]:
    """Return the rule of a largest number, or with −1 of a smallest."""

    def rule(r: State, step: Step, x: Any, dim: Any = None, keepdim: bool = False) -> Any:
        if not isinstance(x, Value):
            return None
        axes = axes_of(x, dim)
        others = [axis for axis in range(len(x.shape)) if axis not in axes]
        width = prod(x.shape[axis] for axis in axes)
        rows = x.transpose([*others, *axes]).reshape((x.size // max(width, 1), width))
        rows = rows if sign > 0 else -rows

        def decide() -> tuple[Any, Mask]:
            data = rows.data.data
            best = np.argmax(rows.data.middles(), axis=1)
            top = data[np.arange(len(best)), best][:, None]
            tied = ~np.asarray(data < top, dtype=np.bool_)
            if (tied.sum(axis=1) > 1).any():
                r.note("kink", f"{step.label} is at a tie")
            return best, tied

        best, tied = chosen(r, key, decide)
        if r.is_one_sided and isinstance(rows.data, Dual):
            best, tied = _leading(rows.data, best, tied)
        if isinstance(rows.data, Bounded):
            own = np.arange(len(best)) * width + best
            top = rows.data.reshape((rows.size,)).take(own).reshape((len(best), 1))
            tied = tied | rows.data.meets(top) | (rows.data.middle > top.middle)
        extremes = extreme(rows, best, tied)
        extremes = extremes if sign > 0 else -extremes
        kept = [1 if axis in axes else n for axis, n in enumerate(x.shape)]
        values = extremes.reshape(kept if keepdim else [x.shape[axis] for axis in others])
        if len(step.values) == 1 or step.values[1].is_floating_point():
            return values
        return [values, _place(step.values[1].numpy(force=True), best, tied)]

    return rule


def _leading(rows: Dual, best: Any, tied: Mask) -> tuple[Any, Mask]:
    """Return the largest of each row just past a tie: of equal numbers the one that rises most."""
    values, slopes = rows.value.data, rows.tangent.data
    best, tied = best.copy(), tied.copy()
    for row in np.nonzero(tied.sum(axis=1) > 1)[0]:
        own = np.nonzero(tied[row])[0]
        first = max(own, key=lambda index: float(slopes[row, index]))
        top, rise = values[row, first], slopes[row, first]
        if all(values[row, index] == top and slopes[row, index] <= rise for index in own):
            best[row] = first
            tied[row] = np.arange(tied.shape[1]) == first
    return best, tied


def _both_extremes(
    r: State, step: Step, x: Value, *, dim: Any = None, keepdim: bool = False
) -> Any:
    return [
        _extreme(sign, key)(r, step, x, dim, keepdim)
        for sign, key in ((-1.0, "least"), (1.0, "most"))
    ]


def _chosen_place(sign: float) -> Callable[..., Any]:
    """Return the rule of argmax, or with −1 of argmin."""
    largest = _extreme(sign)

    def rule(r: State, step: Step, x: Value, dim: Any = None, keepdim: bool = False) -> Any:
        largest(r, step, x, dim, keepdim)
        best, tied = chosen(r, "extreme", lambda: None) if r.exact else r.choices[r.step, "extreme"]
        return _place(step.values[0].numpy(force=True), best, tied)

    return rule


def _place(seen: Any, best: Any, tied: Mask) -> Whole:
    """Return the places that torch chose, in doubt at a tie and where rounding misled it."""
    doubt = (tied.sum(axis=1) > 1).reshape(seen.shape) | (seen != best.reshape(seen.shape))
    return Whole(seen, doubt if doubt.any() else None)


def _sorted(r: State, step: Step, x: Value, *given: Any, **options: Any) -> Any:
    """Return sorted numbers, or the largest: those that torch put there, if they are apart."""
    names = {"sort": ("dim", "descending"), "topk": ("k", "dim", "largest", "sorted")}[step.name]
    if step.overload == "stable":
        names, given = ("dim", "descending"), given[1:] if given else given
    defaults = {"largest": True, "sorted": True} if step.name == "topk" else {}
    arguments = {**defaults, **dict(zip(names, given, strict=False)), **options}
    axis = arguments.get("dim", -1) % max(len(x.shape), 1)
    source = step.values[1].numpy(force=True)
    flat = np.arange(x.size).reshape(x.shape)
    index = np.take_along_axis(flat, source, axis) if x.shape else flat

    def decide() -> tuple[Mask, Mask]:
        data = np.moveaxis(np.asarray(x.data.data), axis, -1) if x.shape else x.data.data[None]
        order = np.argsort(np.moveaxis(x.data.middles(), axis, -1) if x.shape else [0.0], axis=-1)
        ranked = np.take_along_axis(data, order, -1)
        apart = np.asarray(ranked[..., :-1] < ranked[..., 1:], dtype=np.bool_)
        seen = np.moveaxis(source, axis, -1) if x.shape else source[None]
        own = np.take_along_axis(np.argsort(order, axis=-1), seen, -1)
        count, kept = order.shape[-1], own.shape[-1]
        falls = arguments.get("descending", False) or arguments.get("largest", False)
        right = np.arange(count - kept, count) if falls else np.arange(kept)
        if step.name == "topk" and not arguments["sorted"]:
            own = np.sort(own, axis=-1)
        elif falls:
            right = right[::-1]
        return ~apart, own != right

    close, misled = chosen(r, "order", decide)
    if close.any():
        r.note("kink", f"{step.label} is at a tie")
        return None
    if misled.any():
        r.note("lost", f"rounding changes the order that {step.label} finds")
        return None
    return [x.flat().take(index), Whole(source)]


def _ranked(r: State, step: Step, x: Value, *given: Any, **options: Any) -> Any:
    """Return the k-th smallest numbers along an axis, or the medians, if they are apart."""
    names = ("k", "dim", "keepdim") if step.name == "kthvalue" else ("dim", "keepdim")
    arguments = {**dict(zip(names, given, strict=False)), **options}
    dim = arguments.get("dim", -1 if step.name == "kthvalue" else None)
    axes = axes_of(x, dim)
    others = [axis for axis in range(len(x.shape)) if axis not in axes]
    width = prod(x.shape[axis] for axis in axes)
    rows = x.transpose([*others, *axes]).reshape((x.size // max(width, 1), width))
    rank = arguments.get("k", (width - 1) // 2 + 1) - 1

    def decide() -> tuple[Any, bool]:
        data = rows.data.data
        best = np.argsort(rows.data.middles(), axis=1)[:, rank]
        own = data[np.arange(len(best)), best][:, None]
        below, beyond = (np.asarray(side, dtype=np.bool_) for side in (data < own, data > own))
        is_apart = (below.sum(axis=1) == rank) & (beyond.sum(axis=1) == width - rank - 1)
        return best, bool(is_apart.all())

    best, is_apart = chosen(r, "rank", decide)
    if not is_apart:
        r.note("kink", f"{step.label} is at a tie")
        return None
    kept = [1 if axis in axes else n for axis, n in enumerate(x.shape)]
    shape = kept if arguments.get("keepdim") else [x.shape[axis] for axis in others]
    values = rows.flat().take(np.arange(len(best)) * width + best).reshape(shape)
    if len(step.values) == 1:
        return values
    seen = step.values[1].numpy(force=True)
    return [values, Whole(seen, seen != best.reshape(seen.shape))]


def norm(r: State, step: Step, x: Value, p: float, axes: Sequence[int], *, keeps: bool) -> Any:
    """Return the p-norm along some axes."""
    if p == 2:
        return (x * x).sum(axes, keeps=keeps).unary("sqrt")
    if p == 0:
        return None
    size = CHOICES["abs"](r, step, x)
    if p == 1:
        return size.sum(axes, keeps=keeps)
    if p in (float("inf"), float("-inf")):
        return _extreme(1.0 if p > 0 else -1.0)(r, step, size, list(axes), keeps)
    exponent = number(p, step)
    return power(power(size, exponent).sum(axes, keeps=keeps), 1.0 / exponent)


def _vector_norm(
    r: State, step: Step, x: Value, ord: float = 2, dim: Any = None, keepdim: bool = False,  # noqa: A002
    **_: Any,
) -> Any:  # fmt: skip
    return norm(r, step, x, ord, axes_of(x, dim), keeps=keepdim)


def _norm(
    r: State, step: Step, x: Value, p: float | None = 2, dim: Any = None, keepdim: bool = False,
    **_: Any,
) -> Any:  # fmt: skip
    return norm(r, step, x, 2 if p is None else p, axes_of(x, dim), keeps=keepdim)


def _dist(r: State, step: Step, x: Any, y: Any, p: float = 2) -> Any:
    difference = x - y
    return norm(r, step, difference, p, axes_of(difference, None), keeps=False)


def _running(product: bool) -> Callable[..., Any]:
    """Return the rule of a running sum, or product."""

    def rule(r: State, step: Step, x: Value, dim: int, **_: Any) -> Value:
        if not x.shape:
            return x
        axis = dim % len(x.shape)
        flat = x.flat()
        positions = np.moveaxis(np.arange(x.size).reshape(x.shape), axis, 0)
        parts: list[Value] = []
        for row in positions:
            own = flat.take(row.ravel())
            if parts:
                own = parts[-1] * own if product else parts[-1] + own
            parts.append(own)
        if not parts:
            return x
        whole = r.concatenate(parts).reshape(positions.shape)
        return whole.transpose([*range(1, axis + 1), 0, *range(axis + 1, len(x.shape))])

    return rule


def _prod(r: State, step: Step, x: Value, dim: Any = None, keepdim: bool = False, **_: Any) -> Any:
    axes = axes_of(x, dim)
    others = [axis for axis in range(len(x.shape)) if axis not in axes]
    width = prod(x.shape[axis] for axis in axes)
    rows = x.size // max(width, 1)
    flat = x.transpose([*others, *axes]).flat()
    product = None
    for index in range(width):
        own = flat.take(np.arange(rows) * width + index)
        product = own if product is None else product * own
    if product is None:
        return None
    kept = [1 if axis in axes else n for axis, n in enumerate(x.shape)]
    return product.reshape(kept if keepdim else [x.shape[axis] for axis in others])


RULES: dict[str, Callable[..., Any]] = {
    "sum": _sum,
    "mean": _mean,
    "var": _var,
    "std": _std,
    "var_mean": _var_mean,
    "std_mean": _std_mean,
    "logsumexp": _logsumexp,
    "_softmax": _softmax,
    "_safe_softmax": _softmax,
    "_log_softmax": _log_softmax,
    "amax": _extreme(1.0),
    "amin": _extreme(-1.0),
    "max": _extreme(1.0),
    "min": _extreme(-1.0),
    "argmax": _chosen_place(1.0),
    "argmin": _chosen_place(-1.0),
    "sort": _sorted,
    **dict.fromkeys("median nanmedian kthvalue".split(), _ranked),
    "aminmax": _both_extremes,
    "topk": _sorted,
    "linalg_vector_norm": _vector_norm,
    "norm": _norm,
    "dist": _dist,
    "cumsum": _running(product=False),
    "cumprod": _running(product=True),
    "prod": _prod,
}
