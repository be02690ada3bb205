"""What the numbers of a matrix say together: rank and condition, eigenvalues and definiteness."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffcli.engines.matrices.inertia import ExactPoint

LARGEST = 200
"""Rows and columns of a matrix that is decomposed."""

SYMMETRIC = 1e-6
"""Relative: how far two entries may differ that stand for the same mixed partial."""

UNITS = {"float32": 2.0**-23, "float64": 2.0**-52}


def of_jacobian(
    matrix: NDArray[np.float64], dtype: str, exact: ExactPoint | None
) -> dict[str, Any]:
    """Return the rank, the condition number, and of a square matrix the determinant.

    By singular values: those above max(m, n)·ε times the largest aren't zero (Golub and Van Loan,
    Matrix Computations, 4th ed., 5.4.1). Where some aren't, only what is proved is returned. A
    determinant beyond float64 is left out; the condition number of a singular matrix is None.
    """
    values = np.linalg.svd(matrix, compute_uv=False)
    least = max(matrix.shape) * UNITS[dtype] * values.max(initial=0.0)
    rank = int((values > least).sum())
    full = min(matrix.shape)
    if rank == full:
        facts: dict[str, Any] = {"rank": rank}
        if matrix.shape[0] == matrix.shape[1]:
            with np.errstate(over="ignore", invalid="ignore"):
                determinant = float(np.linalg.det(matrix))
            if np.isfinite(determinant) and determinant:
                facts["determinant"] = determinant
        return {**facts, "condition": float(values[0] / values[-1])}
    proved = exact.rank() if exact else None
    if proved is None or proved == full:
        return {} if proved is None else {"rank": proved}
    facts = {"rank": proved}
    if matrix.shape[0] == matrix.shape[1]:
        facts["determinant"] = 0.0
    return {**facts, "condition": None}


def of_hessian(matrix: NDArray[np.float64], dtype: str, exact: ExactPoint | None) -> dict[str, Any]:
    """Return the eigenvalues, least first, the definiteness, and the kind of a critical point.

    Nothing where the order of differentiation counts, as the matrix isn't symmetric then. The sign
    of an eigenvalue below n·ε times the largest has to be proved, else there is no definiteness.
    The kind is that of a point where the gradient is proved to be zero.
    """
    if not np.allclose(matrix, matrix.T, rtol=SYMMETRIC, atol=0):
        return {}
    values = np.linalg.eigvalsh(matrix)
    least = len(values) * UNITS[dtype] * np.abs(values).max(initial=0.0)
    clear = np.abs(values) > least
    known = frozenset(np.sign(values[clear]).astype(int).tolist())
    signs: frozenset[int] | None = known
    if not clear.all() and known != {-1, 1}:
        signs = exact.signs() if exact else None
    definiteness, kind = _KINDS[signs] if signs is not None else (None, _UNDECIDED)
    facts: dict[str, Any] = {"eigenvalues": values.tolist()}
    if definiteness is not None:
        facts["definiteness"] = definiteness
    return {**facts, "critical_point": kind} if exact and exact.is_critical() else facts


_UNDECIDED = "undecided by the Hessian"
_KINDS: Mapping[frozenset[int], tuple[str, str]] = {
    frozenset({1}): ("positive definite", "minimum"),
    frozenset({-1}): ("negative definite", "maximum"),
    frozenset({1, 0}): ("positive semidefinite", _UNDECIDED),
    frozenset({-1, 0}): ("negative semidefinite", _UNDECIDED),
    frozenset({0}): ("zero", _UNDECIDED),
    frozenset({-1, 1}): ("indefinite", "saddle point"),
    frozenset({-1, 0, 1}): ("indefinite", "saddle point"),
}
"""Definiteness and critical point by the signs of the eigenvalues."""
