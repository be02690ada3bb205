"""Products of matrices and vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from diffcli.engines.trace.rules.common import number
from diffcli.engines.trace.state import State
from diffcli.engines.trace.steps import Step
from diffcli.engines.trace.tape import Value


def _mm(r: State, step: Step, x: Value, y: Value) -> Value:
    return x @ y


def _mv(r: State, step: Step, x: Value, y: Value) -> Value:
    return (x @ y.reshape((y.size, 1))).reshape((x.shape[0],))


def _dot(r: State, step: Step, x: Value, y: Value) -> Value:
    return (x.reshape((1, x.size)) @ y.reshape((y.size, 1))).reshape(())


def _scaled(step: Step, x: Value, factor: float) -> Value:
    return x if factor == 1 else x * number(factor, step)


def _added(product: Callable[..., Value]) -> Callable[..., Any]:
    """Return the rule of β·bias + α·product."""

    def rule(
        r: State, step: Step, bias: Value, x: Value, y: Value, beta: float = 1, alpha: float = 1
    ) -> Value:
        total = _scaled(step, product(r, step, x, y), alpha)
        return total if beta == 0 else _scaled(step, bias, beta) + total

    return rule


def _linear(r: State, step: Step, x: Value, weight: Value, bias: Value | None = None) -> Value:
    flat = x.reshape((x.size // x.shape[-1], x.shape[-1])) @ weight.transpose((1, 0))
    product = flat.reshape((*x.shape[:-1], weight.shape[0]))
    return product if bias is None else product + bias


def _outer(r: State, step: Step, x: Value, y: Value) -> Value:
    return x.reshape((x.size, 1)) * y.reshape((1, y.size))


RULES: dict[str, Callable[..., Any]] = {
    "mm": _mm,
    "bmm": _mm,
    "mv": _mv,
    "dot": _dot,
    "vdot": _dot,
    "addmm": _added(_mm),
    "baddbmm": _added(_mm),
    "addmv": _added(_mv),
    "addr": _added(_outer),
    "linear": _linear,
}
