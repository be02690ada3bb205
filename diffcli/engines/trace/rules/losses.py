"""Losses of neural networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from diffcli.engines.trace.rules.choices import RULES as CHOICES
from diffcli.engines.trace.rules.common import choose, number, operand
from diffcli.engines.trace.rules.reductions import mean
from diffcli.engines.trace.state import State
from diffcli.engines.trace.steps import Step
from diffcli.engines.trace.tape import Value

MEAN, SUM = 1, 2
"""How a loss is reduced; 0 is not at all."""


def _reduced(x: Value, reduction: int) -> Value:
    if reduction == MEAN:
        return mean(x, range(len(x.shape)))
    return x.sum() if reduction == SUM else x


def _nll_loss(
    r: State, step: Step, x: Value, target: Any, weight: Any, reduction: int, ignore: int
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


def _mse_loss(r: State, step: Step, x: Value, target: Any, reduction: int = MEAN) -> Value:
    off = x - operand(r, target, step)
    return _reduced(off * off, reduction)


def _l1_loss(r: State, step: Step, x: Value, target: Any, reduction: int = MEAN) -> Value:
    return _reduced(CHOICES["abs"](r, step, x - operand(r, target, step)), reduction)


def _huber(
    r: State, step: Step, x: Value, target: Value, reduction: int = MEAN, delta: float = 1
) -> Value:
    off, edge = x - target, number(delta, step)
    size = CHOICES["abs"](r, step, off)
    linear = (size - 0.5 * edge) * edge
    losses = _smoothly(r, step, size, edge, linear, off * off * 0.5)
    return _reduced(losses, reduction)


def _smooth_l1(
    r: State, step: Step, x: Value, target: Value, reduction: int = MEAN, beta: float = 1
) -> Value:
    off, edge = x - target, number(beta, step)
    size = CHOICES["abs"](r, step, off)
    if edge == 0:
        return _reduced(size, reduction)
    losses = _smoothly(r, step, size, edge, size - 0.5 * edge, off * off * 0.5 / edge)
    return _reduced(losses, reduction)


def _smoothly(
    r: State, step: Step, size: Value, edge: float, linear: Value, square: Value
) -> Value:
    return choose(r, step, size, operand(r, edge, step), linear, square, "smooth")


def _cross_entropy_binary(
    r: State, step: Step, x: Value, target: Value, weight: Any = None, reduction: int = MEAN
) -> Value:
    """Return −t log x − (1 − t) log(1 − x), whose logarithms torch bounds below by −100."""
    low = operand(r, -100.0, step)
    one, other = x.unary("log"), (1.0 - x).unary("log")
    one = choose(r, step, one, low, one, low, "one")
    other = choose(r, step, other, low, other, low, "other")
    losses = -(target * one + (1.0 - target) * other)
    return _reduced(losses if weight is None else losses * weight, reduction)


def _cross_entropy_logits(
    r: State, step: Step, x: Value, target: Value, weight: Any = None, positive: Any = None,
    reduction: int = MEAN,
) -> Value:  # fmt: skip
    smooth = (-x).unary("softplus")
    if positive is None:
        losses = (1.0 - target) * x + smooth
    else:
        losses = (1.0 - target) * x + ((positive - 1.0) * target + 1.0) * smooth
    return _reduced(losses if weight is None else losses * weight, reduction)


def _soft_margin(r: State, step: Step, x: Value, target: Any, reduction: int = MEAN) -> Value:
    """Return log(1 + e^−tx)."""
    return _reduced((-(operand(r, target, step) * x)).unary("softplus"), reduction)


RULES: dict[str, Callable[..., Any]] = {
    "nll_loss_forward": _nll_loss,
    "nll_loss2d_forward": _nll_loss,
    "mse_loss": _mse_loss,
    "soft_margin_loss": _soft_margin,
    "huber_loss": _huber,
    "smooth_l1_loss": _smooth_l1,
    "binary_cross_entropy": _cross_entropy_binary,
    "binary_cross_entropy_with_logits": _cross_entropy_logits,
}
