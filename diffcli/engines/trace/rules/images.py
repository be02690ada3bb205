"""Convolutions and pooling of images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from math import prod
from typing import Any

import numpy as np

from diffcli.engines.trace.rules.layers import per_channel
from diffcli.engines.trace.rules.reductions import RULES as REDUCTIONS
from diffcli.engines.trace.rules.reductions import mean
from diffcli.engines.trace.state import State
from diffcli.engines.trace.steps import Step
from diffcli.engines.trace.tape import UNUSED, Value


def _padded(r: State, x: Value, padding: Sequence[int]) -> Value:
    """Return a batch of images with zeros around."""
    if not any(padding):
        return x
    lead = x.shape[:2]
    size = [n + 2 * pad for n, pad in zip(x.shape[2:], padding, strict=True)]
    flat = np.zeros((*lead, *size), dtype=np.int64)
    inner = tuple(slice(pad, pad + n) for n, pad in zip(x.shape[2:], padding, strict=True))
    flat[(slice(None), slice(None), *inner)] = np.arange(1, x.size + 1).reshape(x.shape)
    zero = r.tape.constant(r.kind.array(np.zeros(1)))
    return r.concatenate([zero, x.flat()]).take(flat)


def _patches(
    x: Value, window: Sequence[int], stride: Sequence[int], dilation: Sequence[int],
    out: Sequence[int],
) -> np.ndarray[Any, Any]:  # fmt: skip
    """Return the places of each window's numbers: (batch, channel, window…, out…)."""
    flat = np.arange(x.size).reshape(x.shape)
    result = np.empty((*x.shape[:2], *window, *out), dtype=np.int64)
    for offset in product(*map(range, window)):
        cut = tuple(
            slice(o * d, o * d + s * (n - 1) + 1, s)
            for o, d, s, n in zip(offset, dilation, stride, out, strict=True)
        )
        window_slices: Any = (slice(None), slice(None), *offset)
        result[window_slices] = flat[(slice(None), slice(None), *cut)]
    return result


def _length(n: int, window: int, stride: int, dilation: int = 1) -> int:
    return (n - dilation * (window - 1) - 1) // stride + 1


def _convolution(
    r: State, step: Step, x: Value, weight: Value, bias: Any, stride: Any, padding: Any,
    dilation: Any, transposed: bool = False, output_padding: Any = None, groups: int = 1, *_: Any,
) -> Any:  # fmt: skip
    if isinstance(padding, str):
        return None
    count = len(weight.shape) - 2
    stride, padding, dilation = (
        list(option) * (count if len(option) == 1 else 1) for option in (stride, padding, dilation)
    )
    if transposed:
        return _transposed(r, x, weight, bias, stride, padding, dilation, output_padding, groups)
    x = _padded(r, x, padding)
    window = weight.shape[2:]
    out = [_length(*option) for option in zip(x.shape[2:], window, stride, dilation, strict=True)]
    batch, channels, rows = x.shape[0], weight.shape[1], weight.shape[0] // groups
    positions = _patches(x, window, stride, dilation, out)
    inner, area = channels * prod(window), prod(out)
    flat, kernels, parts = x.flat(), weight.flat(), []
    for group in range(groups):
        own = positions[:, group * channels : (group + 1) * channels]
        columns = np.moveaxis(own.reshape(batch, inner, area), 0, 1).reshape(inner, batch * area)
        start = group * rows * inner
        kernel = kernels.take(np.arange(start, start + rows * inner).reshape(rows, inner))
        parts.append((kernel @ flat.take(columns)).flat())
    whole = r.concatenate(parts).reshape((groups * rows, batch, *out))
    total = whole.transpose((1, 0, *range(2, 2 + count)))
    return total if bias is None else per_channel(total, None, bias)


def _transposed(
    r: State, x: Value, weight: Value, bias: Any, stride: Any, padding: Any, dilation: Any,
    extra: Any, groups: int,
) -> Value:  # fmt: skip
    """Return a transposed convolution: every number adds a multiple of the kernel to a window."""
    count, window = len(weight.shape) - 2, weight.shape[2:]
    extra = list(extra or [0]) * (count if len(extra or [0]) == 1 else 1)
    own = weight.shape[1]
    full = [
        (n - 1) * s + d * (k - 1) + 1 + more
        for n, s, d, k, more in zip(x.shape[2:], stride, dilation, window, extra, strict=True)
    ]
    batch, inputs, area = x.shape[0], x.shape[1] // groups, prod(x.shape[2:])
    shape = (batch, own, *full)
    blank = r.tape.constant(r.kind.array(np.zeros(shape)))
    positions = _patches(blank, window, stride, dilation, x.shape[2:]).reshape(batch, -1, area)
    columns = np.moveaxis(positions, 0, 1).reshape(-1, batch * area)
    parts = []
    for group in range(groups):
        index = np.arange(x.size).reshape(batch, -1, area)
        index = np.moveaxis(index[:, group * inputs : (group + 1) * inputs], 0, 1)
        values = x.flat().take(index.reshape(inputs, batch * area))
        start, size = group * inputs * own * prod(window), own * prod(window)
        kernel = weight.flat().take(np.arange(start, start + inputs * size).reshape(inputs, size))
        spread = kernel.transpose((1, 0)) @ values
        data = spread.data.spread(columns, prod(shape))
        parts.append(r.tape.result(data, (spread, lambda g: g.take(columns))).reshape(shape))
    cut = tuple(
        slice(pad, pad + (n - 1) * s - 2 * pad + d * (k - 1) + more + 1)
        for pad, n, s, d, k, more in zip(
            padding, x.shape[2:], stride, dilation, window, extra, strict=True
        )
    )
    kept = np.arange(prod(shape)).reshape(shape)[(slice(None), slice(None), *cut)]
    cropped = [part.flat().take(kept) for part in parts]
    swapped = [part.transpose((1, 0, *range(2, 2 + count))).flat() for part in cropped]
    whole = r.concatenate(swapped).reshape((groups * own, batch, *kept.shape[2:]))
    total = whole.transpose((1, 0, *range(2, 2 + count)))
    return total if bias is None else per_channel(total, None, bias)


def _batched(x: Value, count: int) -> Value:
    """Return images with the two leading axes that a batch of them has."""
    lead = x.shape[: len(x.shape) - count]
    return x.reshape((1, prod(lead), *x.shape[len(lead) :]))


def _pooled(positions: np.ndarray[Any, Any], count: int) -> np.ndarray[Any, Any]:
    """Return the places of windows with the window's axes last, as one."""
    lead = 2
    order = [*range(lead), *range(lead + count, lead + 2 * count), *range(lead, lead + count)]
    moved = positions.transpose(order)
    return moved.reshape(*moved.shape[: lead + count], -1)


def _max_pool(
    r: State, step: Step, x: Value, kernel: Any, stride: Any = (), padding: Any = (0,),
    dilation: Any = (1,), ceil_mode: bool = False,
) -> Any:  # fmt: skip
    if ceil_mode:
        return None
    count = 1 if "1d" in step.name else 3 if "3d" in step.name else 2
    window, stride, padding, dilation = (
        list(option) * (count if len(option) == 1 else 1)
        for option in (kernel, stride or kernel, padding, dilation)
    )
    images = _batched(x, count)
    lows = images
    if any(padding):
        # What stands outside is below everything.
        size = [n + 2 * pad for n, pad in zip(images.shape[2:], padding, strict=True)]
        flat = np.zeros((*images.shape[:2], *size), dtype=np.int64)
        inner = tuple(slice(p, p + n) for n, p in zip(images.shape[2:], padding, strict=True))
        flat[(slice(None), slice(None), *inner)] = np.arange(1, x.size + 1).reshape(images.shape)
        least = r.tape.constant(r.kind.array(np.array([-1e300])))
        lows = r.concatenate([least, images.flat()]).take(flat)
    out = [
        _length(*option) for option in zip(lows.shape[2:], window, stride, dilation, strict=True)
    ]
    rows = lows.flat().take(_pooled(_patches(lows, window, stride, dilation, out), count))
    highest = REDUCTIONS["amax"](r, step, rows, [len(rows.shape) - 1], False)
    highest = highest[0] if isinstance(highest, list) else highest
    return [highest.reshape(tuple(step.values[0].shape)), UNUSED]


def _avg_pool(
    r: State, step: Step, x: Value, kernel: Any, stride: Any = (), padding: Any = (0,),
    ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int | None = None,
) -> Any:  # fmt: skip
    count = 1 if "1d" in step.name else 3 if "3d" in step.name else 2
    window, stride, padding = (
        list(option) * (count if len(option) == 1 else 1)
        for option in (kernel, stride or kernel, padding)
    )
    if ceil_mode or (any(padding) and not count_include_pad):
        return None
    images = _padded(r, _batched(x, count), padding)
    ones = [1] * count
    out = [_length(*option) for option in zip(images.shape[2:], window, stride, ones, strict=True)]
    rows = images.flat().take(_pooled(_patches(images, window, stride, ones, out), count))
    total = rows.sum((len(rows.shape) - 1,)) / float(divisor_override or prod(window))
    return total.reshape(tuple(step.values[0].shape))


def _adaptive_avg_pool(r: State, step: Step, x: Value, size: Any) -> Value:
    count = len(size)
    images = _batched(x, count)
    flat = np.arange(images.size).reshape(images.shape)
    pieces = []
    for window_at in product(*map(range, size)):
        cut = tuple(
            slice(i * n // m, -(-(i + 1) * n // m))
            for i, n, m in zip(window_at, images.shape[2:], size, strict=True)
        )
        own = flat[(slice(None), slice(None), *cut)].reshape(images.shape[1], -1)
        pieces.append(mean(images.flat().take(own), (1,)))
    whole = r.concatenate(pieces).reshape((prod(size), images.shape[1]))
    return whole.transpose((1, 0)).reshape(tuple(step.values[0].shape))


RULES: dict[str, Callable[..., Any]] = {
    **dict.fromkeys(
        "convolution _convolution mkldnn_convolution convolution_overrideable".split(),
        _convolution,
    ),
    "max_pool2d_with_indices": _max_pool,
    "max_pool3d_with_indices": _max_pool,
    "avg_pool2d": _avg_pool,
    "avg_pool3d": _avg_pool,
    "_adaptive_avg_pool2d": _adaptive_avg_pool,
    "_adaptive_avg_pool3d": _adaptive_avg_pool,
}
