"""Layers and losses of neural networks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from diffcli.engines.trace.rules.choices import RULES as CHOICES
from diffcli.engines.trace.rules.common import choose, number, operand
from diffcli.engines.trace.rules.reductions import RULES as REDUCTIONS
from diffcli.engines.trace.rules.reductions import mean, shift, softmax
from diffcli.engines.trace.steps import Step
from diffcli.engines.trace.tape import UNUSED, Value

if TYPE_CHECKING:
    from diffcli.engines.trace.replay import Replay

MEAN, SUM = 1, 2
"""How a loss is reduced; 0 is not at all."""


def _reduced(x: Value, reduction: int) -> Value:
    if reduction == MEAN:
        return mean(x, range(len(x.shape)))
    return x.sum() if reduction == SUM else x


def _normalised(x: Value, axes: Sequence[int], eps: float) -> tuple[Value, Value, Value]:
    """Return (x − mean)/√(variance + eps), the mean, and the reciprocal root."""
    middle = mean(x, axes, keeps=True)
    off = x - middle
    scale = 1.0 / (mean(off * off, axes, keeps=True) + eps).unary("sqrt")
    return off * scale, middle, scale


def _layer_norm(
    r: Replay, step: Step, x: Value, shape: Any, weight: Any, bias: Any, eps: float
) -> list[Value]:
    axes = range(len(x.shape) - len(shape), len(x.shape))
    found, middle, scale = _normalised(x, axes, number(eps, step))
    found = found if weight is None else found * weight
    return [found if bias is None else found + bias, middle, scale]


def _rms_norm(
    r: Replay, step: Step, x: Value, shape: Any, weight: Any = None, eps: float | None = None
) -> Any:
    if eps is None:
        return None
    axes = range(len(x.shape) - len(shape), len(x.shape))
    scale = 1.0 / (mean(x * x, axes, keeps=True) + number(eps, step)).unary("sqrt")
    found = x * scale
    return [found if weight is None else found * weight, scale]


def _group_norm(
    r: Replay, step: Step, x: Value, weight: Any, bias: Any, n: int, c: int, area: int,
    groups: int, eps: float,
) -> list[Value]:  # fmt: skip
    grouped = x.reshape((n, groups, c // groups * area))
    found, middle, scale = _normalised(grouped, (2,), number(eps, step))
    found = _per_channel(found.reshape(x.shape), weight, bias)
    return [found, middle.reshape((n, groups)), scale.reshape((n, groups))]


def _per_channel(x: Value, weight: Any, bias: Any) -> Value:
    shape = (1, x.shape[1], *([1] * (len(x.shape) - 2)))
    x = x if weight is None else x * weight.reshape(shape)
    return x if bias is None else x + bias.reshape(shape)


def _batch_norm(
    r: Replay, step: Step, x: Value, weight: Any, bias: Any, middle: Any, spread: Any,
    training: bool, momentum: float, eps: float,
) -> list[Any]:  # fmt: skip
    if training:
        axes = [axis for axis in range(len(x.shape)) if axis != 1]
        found, own, scale = _normalised(x, axes, number(eps, step))
        count = (x.shape[1],)
        saved: list[Any] = [own.reshape(count), scale.reshape(count)]
    else:
        shape = (1, x.shape[1], *([1] * (len(x.shape) - 2)))
        scale = 1.0 / (spread.reshape(shape) + number(eps, step)).unary("sqrt")
        found = (x - middle.reshape(shape)) * scale
        saved = [UNUSED, UNUSED]
    rest = [UNUSED] * (len(step.values) - 3)
    return [_per_channel(found, weight, bias), *saved, *rest]


def _batch_norm_legit(r: Replay, step: Step, x: Value, *given: Any) -> list[Any]:
    if step.overload == "no_stats":
        weight, bias, *rest = given
        return _batch_norm(r, step, x, weight, bias, None, None, *rest)
    return _batch_norm(r, step, x, *given)


def _padded(r: Replay, x: Value, padding: Sequence[int]) -> Value:
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
    found = np.empty((*x.shape[:2], *window, *out), dtype=np.int64)
    for offset in product(*map(range, window)):
        cut = tuple(
            slice(o * d, o * d + s * (n - 1) + 1, s)
            for o, d, s, n in zip(offset, dilation, stride, out, strict=True)
        )
        place: Any = (slice(None), slice(None), *offset)
        found[place] = flat[(slice(None), slice(None), *cut)]
    return found


def _length(n: int, window: int, stride: int, dilation: int = 1) -> int:
    return (n - dilation * (window - 1) - 1) // stride + 1


def _convolution(
    r: Replay, step: Step, x: Value, weight: Value, bias: Any, stride: Any, padding: Any,
    dilation: Any, transposed: bool = False, output_padding: Any = None, groups: int = 1, *_: Any,
) -> Any:  # fmt: skip
    if isinstance(padding, str):
        return None
    count = len(weight.shape) - 2
    stride, padding, dilation = (
        list(each) * (count if len(each) == 1 else 1) for each in (stride, padding, dilation)
    )
    if transposed:
        return _transposed(r, x, weight, bias, stride, padding, dilation, output_padding, groups)
    x = _padded(r, x, padding)
    window = weight.shape[2:]
    out = [_length(*each) for each in zip(x.shape[2:], window, stride, dilation, strict=True)]
    batch, channels, rows = x.shape[0], weight.shape[1], weight.shape[0] // groups
    places = _patches(x, window, stride, dilation, out)
    inner, area = channels * prod(window), prod(out)
    flat, kernels, parts = x.flat(), weight.flat(), []
    for group in range(groups):
        own = places[:, group * channels : (group + 1) * channels]
        columns = np.moveaxis(own.reshape(batch, inner, area), 0, 1).reshape(inner, batch * area)
        start = group * rows * inner
        kernel = kernels.take(np.arange(start, start + rows * inner).reshape(rows, inner))
        parts.append((kernel @ flat.take(columns)).flat())
    whole = r.concatenate(parts).reshape((groups * rows, batch, *out))
    found = whole.transpose((1, 0, *range(2, 2 + count)))
    return found if bias is None else _per_channel(found, None, bias)


def _transposed(
    r: Replay, x: Value, weight: Value, bias: Any, stride: Any, padding: Any, dilation: Any,
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
    places = _patches(blank, window, stride, dilation, x.shape[2:]).reshape(batch, -1, area)
    columns = np.moveaxis(places, 0, 1).reshape(-1, batch * area)
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
    found = whole.transpose((1, 0, *range(2, 2 + count)))
    return found if bias is None else _per_channel(found, None, bias)


def _batched(x: Value, count: int) -> Value:
    """Return images with the two leading axes that a batch of them has."""
    lead = x.shape[: len(x.shape) - count]
    return x.reshape((1, prod(lead), *x.shape[len(lead) :]))


def _pooled(places: np.ndarray[Any, Any], count: int) -> np.ndarray[Any, Any]:
    """Return the places of windows with the window's axes last, as one."""
    lead = 2
    order = [*range(lead), *range(lead + count, lead + 2 * count), *range(lead, lead + count)]
    moved = places.transpose(order)
    return moved.reshape(*moved.shape[: lead + count], -1)


def _max_pool(
    r: Replay, step: Step, x: Value, kernel: Any, stride: Any = (), padding: Any = (0,),
    dilation: Any = (1,), ceil_mode: bool = False,
) -> Any:  # fmt: skip
    if ceil_mode:
        return None
    count = 1 if "1d" in step.name else 3 if "3d" in step.name else 2
    window, stride, padding, dilation = (
        list(each) * (count if len(each) == 1 else 1)
        for each in (kernel, stride or kernel, padding, dilation)
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
    out = [_length(*each) for each in zip(lows.shape[2:], window, stride, dilation, strict=True)]
    rows = lows.flat().take(_pooled(_patches(lows, window, stride, dilation, out), count))
    found = REDUCTIONS["amax"](r, step, rows, [len(rows.shape) - 1], False)
    found = found[0] if isinstance(found, list) else found
    return [found.reshape(tuple(step.values[0].shape)), UNUSED]


def _avg_pool(
    r: Replay, step: Step, x: Value, kernel: Any, stride: Any = (), padding: Any = (0,),
    ceil_mode: bool = False, count_include_pad: bool = True, divisor_override: int | None = None,
) -> Any:  # fmt: skip
    count = 1 if "1d" in step.name else 3 if "3d" in step.name else 2
    window, stride, padding = (
        list(each) * (count if len(each) == 1 else 1)
        for each in (kernel, stride or kernel, padding)
    )
    if ceil_mode or (any(padding) and not count_include_pad):
        return None
    images = _padded(r, _batched(x, count), padding)
    ones = [1] * count
    out = [_length(*each) for each in zip(images.shape[2:], window, stride, ones, strict=True)]
    rows = images.flat().take(_pooled(_patches(images, window, stride, ones, out), count))
    total = rows.sum((len(rows.shape) - 1,)) / float(divisor_override or prod(window))
    return total.reshape(tuple(step.values[0].shape))


def _adaptive_avg_pool(r: Replay, step: Step, x: Value, size: Any) -> Value:
    count = len(size)
    images = _batched(x, count)
    flat = np.arange(images.size).reshape(images.shape)
    pieces = []
    for place in product(*map(range, size)):
        cut = tuple(
            slice(i * n // m, -(-(i + 1) * n // m))
            for i, n, m in zip(place, images.shape[2:], size, strict=True)
        )
        own = flat[(slice(None), slice(None), *cut)].reshape(images.shape[1], -1)
        pieces.append(mean(images.flat().take(own), (1,)))
    whole = r.concatenate(pieces).reshape((prod(size), images.shape[1]))
    return whole.transpose((1, 0)).reshape(tuple(step.values[0].shape))


def _nll_loss(
    r: Replay, step: Step, x: Value, target: Any, weight: Any, reduction: int, ignore: int
) -> Any:
    if target.is_doubtful:
        return None
    classes = x.shape[1] if len(x.shape) > 1 else x.shape[0]
    axis = 1 if len(x.shape) > 1 else 0
    flat = np.moveaxis(np.arange(x.size).reshape(x.shape), axis, -1).reshape(-1, classes)
    wanted = target.values.reshape(-1)
    is_kept = wanted != ignore
    safe = np.where(is_kept, wanted, 0)
    taken = x.flat().take(flat[np.arange(len(wanted)), safe])
    weights = r.tape.constant(r.kind.array(is_kept.astype(np.float64)))
    if weight is not None:
        weights = weights * weight.take(safe)
    losses = -(taken * weights)
    total = weights.sum()
    if reduction == 0:
        return [losses.reshape(target.values.shape), total]
    return [losses.sum() / total if reduction == MEAN else losses.sum(), total]


def _mse_loss(r: Replay, step: Step, x: Value, target: Any, reduction: int = MEAN) -> Value:
    off = x - operand(r, target, step)
    return _reduced(off * off, reduction)


def _l1_loss(r: Replay, step: Step, x: Value, target: Any, reduction: int = MEAN) -> Value:
    return _reduced(CHOICES["abs"](r, step, x - operand(r, target, step)), reduction)


def _huber(
    r: Replay, step: Step, x: Value, target: Value, reduction: int = MEAN, delta: float = 1
) -> Value:
    off, edge = x - target, number(delta, step)
    size = CHOICES["abs"](r, step, off)
    linear = (size - 0.5 * edge) * edge
    found = _smoothly(r, step, size, edge, linear, off * off * 0.5)
    return _reduced(found, reduction)


def _smooth_l1(
    r: Replay, step: Step, x: Value, target: Value, reduction: int = MEAN, beta: float = 1
) -> Value:
    off, edge = x - target, number(beta, step)
    size = CHOICES["abs"](r, step, off)
    if edge == 0:
        return _reduced(size, reduction)
    found = _smoothly(r, step, size, edge, size - 0.5 * edge, off * off * 0.5 / edge)
    return _reduced(found, reduction)


def _smoothly(
    r: Replay, step: Step, size: Value, edge: float, linear: Value, square: Value
) -> Value:
    return choose(r, step, size, operand(r, edge, step), linear, square, "smooth")


def _cross_entropy_binary(
    r: Replay, step: Step, x: Value, target: Value, weight: Any = None, reduction: int = MEAN
) -> Value:
    """Return −t log x − (1 − t) log(1 − x), whose logarithms torch bounds below by −100."""
    low = operand(r, -100.0, step)
    one, other = x.unary("log"), (1.0 - x).unary("log")
    one = choose(r, step, one, low, one, low, "one")
    other = choose(r, step, other, low, other, low, "other")
    found = -(target * one + (1.0 - target) * other)
    return _reduced(found if weight is None else found * weight, reduction)


def _cross_entropy_logits(
    r: Replay, step: Step, x: Value, target: Value, weight: Any = None, positive: Any = None,
    reduction: int = MEAN,
) -> Value:  # fmt: skip
    smooth = (-x).unary("softplus")
    if positive is None:
        found = (1.0 - target) * x + smooth
    else:
        found = (1.0 - target) * x + ((positive - 1.0) * target + 1.0) * smooth
    return _reduced(found if weight is None else found * weight, reduction)


def _attention(
    r: Replay, step: Step, query: Value, key: Value, value: Value, dropout_p: float = 0.0,
    is_causal: bool = False, *, attn_mask: Any = None, scale: float | None = None,
) -> Any:  # fmt: skip
    if dropout_p:
        return None
    count, length, width = prod(query.shape[:-2]), query.shape[-2], query.shape[-1]
    keys = key.shape[-2]
    factor = scale if scale is not None else 1.0 / np.sqrt(width)
    scores = query.reshape((count, length, width)) @ key.reshape((count, keys, width)).transpose(
        (0, 2, 1)
    )
    scores = scores * number(float(factor), step)
    if isinstance(attn_mask, Value):
        wide = attn_mask.expand((*query.shape[:-2], length, keys))
        scores = scores + wide.reshape((count, length, keys))
    elif attn_mask is not None:
        return None
    if is_causal:
        return _causal(r, step, scores, value, (count, length, keys), query.shape)
    found = softmax(r, scores, (2,)) @ value.reshape((count, keys, value.shape[-1]))
    return [found.reshape((*query.shape[:-1], value.shape[-1])), UNUSED]


def _causal(
    r: Replay, step: Step, scores: Value, value: Value, shape: tuple[int, int, int],
    outer: tuple[int, ...],
) -> list[Any]:  # fmt: skip
    """Return attention in which nothing looks ahead: what is ahead has weight exactly 0."""
    count, length, keys = shape
    seen = np.broadcast_to(np.tril(np.ones((length, keys), dtype=np.bool_)), shape)
    low = r.tape.constant(r.kind.array(np.full(shape, -1e4)))
    zero = r.tape.constant(r.kind.array(np.zeros(shape)))
    held = scores.where(seen, low)
    powers = (held - shift(r, held, (2,))).unary("exp").where(seen, zero)
    weights = powers / powers.sum((2,), keeps=True)
    found = weights @ value.reshape((count, keys, value.shape[-1]))
    return [found.reshape((*outer[:-1], value.shape[-1])), UNUSED]


RULES: dict[str, Callable[..., Any]] = {
    "native_layer_norm": _layer_norm,
    "_fused_rms_norm": _rms_norm,
    "native_group_norm": _group_norm,
    "native_batch_norm": _batch_norm,
    "_native_batch_norm_legit": _batch_norm_legit,
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
    "nll_loss_forward": _nll_loss,
    "nll_loss2d_forward": _nll_loss,
    "mse_loss": _mse_loss,
    "huber_loss": _huber,
    "smooth_l1_loss": _smooth_l1,
    "binary_cross_entropy": _cross_entropy_binary,
    "binary_cross_entropy_with_logits": _cross_entropy_logits,
    "_scaled_dot_product_flash_attention_for_cpu": _attention,
}
