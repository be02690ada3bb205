"""Layers of neural networks: normalisations and attention."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from diffcli.engines.trace.rules.common import number
from diffcli.engines.trace.rules.reductions import mean, shift, softmax
from diffcli.engines.trace.state import State
from diffcli.engines.trace.steps import Step
from diffcli.engines.trace.tape import UNUSED, Value


def _normalised(x: Value, axes: Sequence[int], eps: float) -> tuple[Value, Value, Value]:
    """Return (x − mean)/√(variance + eps), the mean, and the reciprocal root."""
    middle = mean(x, axes, keeps=True)
    off = x - middle
    scale = 1.0 / (mean(off * off, axes, keeps=True) + eps).unary("sqrt")
    return off * scale, middle, scale


def _layer_norm(
    r: State, step: Step, x: Value, shape: Any, weight: Any, bias: Any, eps: float
) -> list[Value]:
    axes = range(len(x.shape) - len(shape), len(x.shape))
    normal, middle, scale = _normalised(x, axes, number(eps, step))
    normal = normal if weight is None else normal * weight
    return [normal if bias is None else normal + bias, middle, scale]


def _rms_norm(
    r: State, step: Step, x: Value, shape: Any, weight: Any = None, eps: float | None = None
) -> Any:
    if eps is None:
        return None
    axes = range(len(x.shape) - len(shape), len(x.shape))
    scale = 1.0 / (mean(x * x, axes, keeps=True) + number(eps, step)).unary("sqrt")
    scaled = x * scale
    return [scaled if weight is None else scaled * weight, scale]


def _group_norm(
    r: State, step: Step, x: Value, weight: Any, bias: Any, n: int, c: int, area: int,
    groups: int, eps: float,
) -> list[Value]:  # fmt: skip
    grouped = x.reshape((n, groups, c // groups * area))
    normal, middle, scale = _normalised(grouped, (2,), number(eps, step))
    normal = per_channel(normal.reshape(x.shape), weight, bias)
    return [normal, middle.reshape((n, groups)), scale.reshape((n, groups))]


def per_channel(x: Value, weight: Any, bias: Any) -> Value:
    """Return images times a weight plus a bias, each of them one number a channel."""
    shape = (1, x.shape[1], *([1] * (len(x.shape) - 2)))
    x = x if weight is None else x * weight.reshape(shape)
    return x if bias is None else x + bias.reshape(shape)


def _batch_norm(
    r: State, step: Step, x: Value, weight: Any, bias: Any, middle: Any, spread: Any,
    training: bool, momentum: float, eps: float,
) -> list[Any]:  # fmt: skip
    if training:
        axes = [axis for axis in range(len(x.shape)) if axis != 1]
        normal, own, scale = _normalised(x, axes, number(eps, step))
        count = (x.shape[1],)
        saved: list[Any] = [own.reshape(count), scale.reshape(count)]
    else:
        shape = (1, x.shape[1], *([1] * (len(x.shape) - 2)))
        scale = 1.0 / (spread.reshape(shape) + number(eps, step)).unary("sqrt")
        normal = (x - middle.reshape(shape)) * scale
        saved = [UNUSED, UNUSED]
    rest = [UNUSED] * (len(step.values) - 3)
    return [per_channel(normal, weight, bias), *saved, *rest]


def _batch_norm_legit(r: State, step: Step, x: Value, *given: Any) -> list[Any]:
    if step.overload == "no_stats":
        weight, bias, *rest = given
        return _batch_norm(r, step, x, weight, bias, None, None, *rest)
    return _batch_norm(r, step, x, *given)


def _attention(
    r: State, step: Step, query: Value, key: Value, value: Value, dropout_p: float = 0.0,
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
    mixed = softmax(r, scores, (2,)) @ value.reshape((count, keys, value.shape[-1]))
    return [mixed.reshape((*query.shape[:-1], value.shape[-1])), UNUSED]


def _causal(
    r: State, step: Step, scores: Value, value: Value, shape: tuple[int, int, int],
    outer: tuple[int, ...],
) -> list[Any]:  # fmt: skip
    """Return attention in which nothing looks ahead: what is ahead has weight exactly 0."""
    count, length, keys = shape
    seen = np.broadcast_to(np.tril(np.ones((length, keys), dtype=np.bool_)), shape)
    low = r.tape.constant(r.kind.array(np.full(shape, -1e4)))
    zero = r.tape.constant(r.kind.array(np.zeros(shape)))
    masked = scores.where(seen, low)
    powers = (masked - shift(r, masked, (2,))).unary("exp").where(seen, zero)
    weights = powers / powers.sum((2,), keeps=True)
    mixed = weights @ value.reshape((count, keys, value.shape[-1]))
    return [mixed.reshape((*outer[:-1], value.shape[-1])), UNUSED]


RULES: dict[str, Callable[..., Any]] = {
    "native_layer_norm": _layer_norm,
    "_fused_rms_norm": _rms_norm,
    "native_group_norm": _group_norm,
    "native_batch_norm": _batch_norm,
    "_native_batch_norm_legit": _batch_norm_legit,
    "_scaled_dot_product_flash_attention_for_cpu": _attention,
}
