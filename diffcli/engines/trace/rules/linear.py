"""Products of matrices and vectors, inverses and determinants, and what is solved with them.

The adjoints are, of X = A⁻¹, −Xᵀ G Xᵀ, and of det A, det A · Xᵀ (Giles, "Collected matrix
derivative results for forward and reverse mode algorithmic differentiation", 2008).
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from diffcli.engines.trace.rules.common import number
from diffcli.engines.trace.state import State
from diffcli.engines.trace.steps import Step
from diffcli.engines.trace.tape import UNUSED, Value


def batched(x: Value) -> Value:
    """Return matrices with one axis before theirs."""
    return x.reshape((prod(x.shape[:-2]), *x.shape[-2:]))


def inverse(x: Value) -> Value:
    """Return the inverses of a batch of matrices."""
    inverted = x.data.inverse()

    def pull(g: Any) -> Any:
        turned = inverted.transpose((0, 2, 1))
        return -(turned @ g @ turned)

    return x.tape.result(inverted, (x, pull))


def determinant(x: Value) -> Value:
    """Return the determinants of a batch of matrices, which must not be singular."""
    value, inverted = x.data.determinant(), x.data.inverse()
    count = x.shape[0]

    def pull(g: Any) -> Any:
        return (g * value).reshape((count, 1, 1)) * inverted.transpose((0, 2, 1))

    return x.tape.result(value, (x, pull))


def _inv(r: State, step: Step, x: Value, *_: Any, **__: Any) -> list[Any]:
    return [inverse(batched(x)).reshape(x.shape), UNUSED]


def _solve(
    r: State, step: Step, a: Value, b: Value, left: bool = True, **_: Any
) -> list[Any] | None:
    if not left or len(b.shape) not in (len(a.shape), len(a.shape) - 1):
        return None
    is_vector = len(b.shape) == len(a.shape) - 1
    right = b.reshape((*b.shape, 1)) if is_vector else b
    solution = inverse(batched(a)) @ batched(right)
    return [solution.reshape(b.shape), *[UNUSED] * (len(step.values) - 1)]


def _det(r: State, step: Step, x: Value) -> list[Any]:
    return [determinant(batched(x)).reshape(x.shape[:-2]), *[UNUSED] * (len(step.values) - 1)]


def _slogdet(r: State, step: Step, x: Value) -> list[Any]:
    """Return the sign, which is constant, and log|det|."""
    value = determinant(batched(x)).reshape(x.shape[:-2])
    sign = r.tape.constant(r.kind.array(step.values[0].double().numpy(force=True)))
    return [sign, (value * sign).unary("log"), *[UNUSED] * (len(step.values) - 2)]


def _trace(r: State, step: Step, x: Value) -> Value:
    rows, columns = x.shape
    positions = [i * columns + i for i in range(min(rows, columns))]
    return x.flat().take(np.array(positions, dtype=np.int64)).sum()


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
    "linalg_inv_ex": _inv,
    "inverse": _inv,
    "_linalg_solve_ex": _solve,
    "_linalg_det": _det,
    "_linalg_slogdet": _slogdet,
    "trace": _trace,
}
