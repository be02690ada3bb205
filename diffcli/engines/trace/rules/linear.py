"""Inverses and determinants of matrices, and what is solved with them.

Their adjoints are those of X = A⁻¹, −Xᵀ G Xᵀ, and of det A, det A · Xᵀ (Giles, "Collected matrix
derivative results for forward and reverse mode algorithmic differentiation", 2008).
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

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


RULES: dict[str, Callable[..., Any]] = {
    "linalg_inv_ex": _inv,
    "inverse": _inv,
    "_linalg_solve_ex": _solve,
    "_linalg_det": _det,
    "_linalg_slogdet": _slogdet,
    "trace": _trace,
}
