"""Factors of matrices: Cholesky, QR, eigenvectors, singular values; and triangular systems.

A triangular factor is computed column by column, so that the tape differentiates it; of eigenvalues
w and eigenvectors V of a symmetric matrix, dw = diag(Vᵀ dA V) and dV = V (F ∘ Vᵀ dA V) with
Fᵢⱼ = 1/(wⱼ − wᵢ) (Giles, "Collected matrix derivative results for forward and reverse mode
algorithmic differentiation", 2008). The signs of vectors are those that torch has chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from diffcli.engines.trace.rules.common import chosen
from diffcli.engines.trace.rules.linear import batched, inverse
from diffcli.engines.trace.state import State
from diffcli.engines.trace.steps import Step
from diffcli.engines.trace.tape import UNUSED, Value

FLIPPED = (0, 2, 1)
NEAR = 1e-2
"""How near torch's pseudoinverse is to one of full rank, relative to the largest number."""


def _symmetric(r: State, step: Step, x: Value) -> Value:
    """Return matrices as torch differentiates by them, which takes them for symmetric.

    Raises ValueError where they aren't.
    """
    matrices = batched(x)
    turned = matrices.transpose(FLIPPED)

    def decide() -> bool:
        gaps = (matrices.data - turned.data).data
        return all(gap.contains(0) for gap in gaps.ravel())

    if not chosen(r, "symmetric", decide):
        raise ValueError("the matrix isn't symmetric")
    r.note("constant", f"{step.label} takes its matrix for symmetric")
    return (matrices + turned) * 0.5


def _constant(r: State, values: Any) -> Value:
    return r.tape.constant(r.kind.array(np.asarray(values, dtype=np.float64)))


def _lower(r: State, x: Value) -> Value:
    """Return the lower triangular L of LLᵀ = x, for a batch of matrices."""
    count, size = x.shape[:2]
    positions = np.arange(x.size).reshape(x.shape)
    columns: list[Value] = []
    starts, start = [], 1
    for j in range(size):
        column = x.flat().take(np.ascontiguousarray(positions[:, j:, j].T))
        for k, before in enumerate(columns):
            rest = np.arange((j - k) * count, (size - k) * count).reshape(size - j, count)
            column = column - before.take(rest) * before.take(rest[:1])
        pivot = column.flat().take(np.arange(count)[None]).unary("sqrt")
        columns.append((column / pivot).flat())
        starts.append(start)
        start += columns[-1].size
    index = np.zeros(x.shape, dtype=np.int64)
    for j in range(size):
        own = np.arange((size - j) * count).reshape(size - j, count)
        index[:, j:, j] = (starts[j] + own).T
    return r.concatenate([_constant(r, [0.0]), *columns]).take(index)


def _cholesky(r: State, step: Step, x: Value, upper: bool = False, **_: Any) -> list[Any]:
    factor = _lower(r, _symmetric(r, step, x))
    factor = factor.transpose(FLIPPED) if upper else factor
    return [factor.reshape(x.shape), *[UNUSED] * (len(step.values) - 1)]


def _triangle(r: State, x: Value, *, upper: bool, unit: bool = False) -> Value:
    """Return a triangle of each matrix, with zeros elsewhere and perhaps ones on the diagonal."""
    matrices = batched(x)
    index = np.arange(2, matrices.size + 2).reshape(matrices.shape)
    index = np.triu(index) if upper else np.tril(index)
    if unit:
        diagonal = np.arange(matrices.shape[1])
        index[:, diagonal, diagonal] = 1
    return r.concatenate([_constant(r, [0.0, 1.0]), matrices.flat()]).take(index)


def _solve_triangular(
    r: State, step: Step, a: Value, b: Value, *, upper: bool, left: bool = True,
    unitriangular: bool = False,
) -> Value:  # fmt: skip
    lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    a, b = a.expand((*lead, *a.shape[-2:])), b.expand((*lead, *b.shape[-2:]))
    inverted = inverse(_triangle(r, a, upper=upper, unit=unitriangular))
    solution = inverted @ batched(b) if left else batched(b) @ inverted
    return solution.reshape(b.shape)


def _cholesky_solve(r: State, step: Step, b: Value, factor: Value, upper: bool = False) -> Value:
    inverted = inverse(_triangle(r, factor, upper=upper))
    turned = inverted.transpose(FLIPPED)
    whole = inverted @ turned if upper else turned @ inverted
    return (whole @ batched(b)).reshape(b.shape)


def _eigen(r: State, x: Value, seen: Any) -> tuple[Value, Value]:
    """Return the eigenvalues, rising, and the eigenvectors of symmetric matrices.

    ``seen`` are torch's eigenvectors as columns, or nothing where it has computed none.
    """
    values, vectors = x.data.eigen()
    size = x.shape[1]
    if seen is not None and seen.size:
        middles = vectors.middle if hasattr(vectors, "middle") else vectors.middles()
        signs = np.sign((middles * seen.reshape(x.shape)).sum(axis=1, keepdims=True))
        vectors = vectors * r.kind.array(signs)
    turned = vectors.transpose(FLIPPED)
    diagonal = r.kind.array(np.broadcast_to(np.eye(size), x.shape))
    rows, columns = values.reshape((-1, size, 1)), values.reshape((-1, 1, size))
    apart = (1.0 / (columns - rows + diagonal)) * (1.0 - diagonal)

    def pull_values(g: Any) -> Any:
        return (vectors * g.reshape((-1, 1, size))) @ turned

    def pull_vectors(g: Any) -> Any:
        return vectors @ (apart * (turned @ g)) @ turned

    return r.tape.result(values, (x, pull_values)), r.tape.result(vectors, (x, pull_vectors))


def _eigh(r: State, step: Step, x: Value, *_: Any, **__: Any) -> list[Any]:
    values, vectors = _eigen(r, _symmetric(r, step, x), _seen(step, 1))
    has_vectors = bool(step.values[1].numel())
    return [values.reshape(x.shape[:-1]), vectors.reshape(x.shape) if has_vectors else UNUSED]


def _seen(step: Step, position: int) -> Any:
    return step.values[position].double().numpy(force=True)


def _svd(
    r: State, step: Step, x: Value, full_matrices: bool = False, compute_uv: bool = True, **_: Any
) -> list[Any] | None:
    """Return U, S and Vᵀ by the eigenvectors of xᵀx, or of xxᵀ where that is smaller."""
    rows, columns = x.shape[-2:]
    if full_matrices and compute_uv and rows != columns:
        return None
    matrices = batched(x)
    is_wide = rows < columns
    tall = matrices.transpose(FLIPPED) if is_wide else matrices
    seen = None
    if compute_uv:
        seen = _seen(step, 0) if is_wide else np.swapaxes(_seen(step, 2), -1, -2)
        seen = seen[..., ::-1]
    squares, right = _eigen(r, tall.transpose(FLIPPED) @ tall, seen)
    size = min(rows, columns)
    falling = np.arange(right.size).reshape(right.shape)[..., ::-1]
    order = np.arange(squares.size).reshape(squares.shape)[..., ::-1]
    right, values = right.flat().take(falling), squares.flat().take(order).unary("sqrt")
    singular = values.reshape((*x.shape[:-2], size))
    if not compute_uv:
        return [UNUSED, singular, UNUSED]
    left = (tall @ right) / values.reshape((-1, 1, size))
    u, v = (right, left) if is_wide else (left, right)
    lead = x.shape[:-2]
    return [
        u.reshape((*lead, rows, size)),
        singular,
        v.transpose(FLIPPED).reshape((*lead, size, columns)),
    ]


def _qr(r: State, step: Step, x: Value, mode: str = "reduced") -> list[Any] | None:
    """Return Q and R by the Cholesky factor of xᵀx, in as many columns as there are rows."""
    rows, columns = x.shape[-2:]
    if mode == "complete" and rows > columns:
        return None
    size, matrices, lead = min(rows, columns), batched(x), x.shape[:-2]
    positions = np.arange(matrices.size).reshape(matrices.shape)
    first = matrices.flat().take(np.ascontiguousarray(positions[:, :, :size]))
    diagonal = np.diagonal(_seen(step, 1), axis1=-2, axis2=-1).reshape(-1, size, 1)
    triangle = _lower(r, first.transpose(FLIPPED) @ first).transpose(FLIPPED)
    triangle = triangle * _constant(r, np.sign(diagonal))
    q = first @ inverse(triangle)
    whole = triangle if size == columns else q.transpose(FLIPPED) @ matrices
    shown = q.reshape((*lead, rows, size)) if step.values[0].numel() else UNUSED
    return [shown, whole.reshape((*lead, size, columns))]


def _pseudoinverse(
    r: State, step: Step, x: Value, *, hermitian: bool = False, **_: Any
) -> Value | None:
    """Return (xᵀx)⁻¹xᵀ, or xᵀ(xxᵀ)⁻¹, of matrices whose rank torch takes for full."""
    if hermitian:
        return None
    matrices = batched(x)
    turned = matrices.transpose(FLIPPED)
    is_wide = x.shape[-2] < x.shape[-1]
    square = matrices @ turned if is_wide else turned @ matrices
    inverted = turned @ inverse(square) if is_wide else inverse(square) @ turned
    inverted = inverted.reshape((*x.shape[:-2], x.shape[-1], x.shape[-2]))

    def decide() -> bool:
        seen, truth = _seen(step, 0), inverted.data.middles()
        scale = np.max(np.abs(truth), initial=0.0)
        return bool(np.allclose(seen, truth, rtol=0.0, atol=NEAR * scale))

    return inverted if chosen(r, "rank", decide) else None


RULES: dict[str, Callable[..., Any]] = {
    "cholesky": _cholesky,
    "linalg_cholesky_ex": _cholesky,
    "cholesky_solve": _cholesky_solve,
    "linalg_solve_triangular": _solve_triangular,
    "_linalg_eigh": _eigh,
    "_linalg_svd": _svd,
    "linalg_qr": _qr,
    "linalg_pinv": _pseudoinverse,
}
