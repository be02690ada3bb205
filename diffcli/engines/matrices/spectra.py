"""What the numbers of a matrix say together: rank and condition, eigenvalues and definiteness."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from diffcli.clock import until
from diffcli.engines.balls.signs import proved_sign
from diffcli.engines.enclosure import TINY, Coordinate, partials
from diffcli.errors import FormulaError, LimitError
from diffcli.language.builder import Builder
from diffcli.language.derivative import differentiate
from diffcli.language.expression import Node

LARGEST = 200
"""Rows and columns of a matrix that is decomposed."""

SYMMETRIC = 1e-6
"""Relative: how far two entries may differ that stand for the same mixed partial."""

UNITS = {"float32": 2.0**-23, "float64": 2.0**-52}


def of_jacobian(matrix: NDArray[np.float64], dtype: str) -> dict[str, Any]:
    """Return the rank, the condition number, and of a square matrix the determinant.

    A determinant beyond float64 is left out.
    By singular values; one below max(m, n)·ε times the largest counts as zero (Golub and Van Loan,
    Matrix Computations, 4th ed., 5.4.1). The condition number of a singular matrix is None.
    """
    values = np.linalg.svd(matrix, compute_uv=False)
    least = max(matrix.shape) * UNITS[dtype] * values.max(initial=0.0)
    rank = int((values > least).sum())
    found: dict[str, Any] = {"rank": rank}
    if matrix.shape[0] == matrix.shape[1]:
        with np.errstate(over="ignore", invalid="ignore"):
            determinant = float(np.linalg.det(matrix))
        if np.isfinite(determinant):
            found["determinant"] = determinant
    regular = 0 < rank == min(matrix.shape)
    return {**found, "condition": float(values[0] / values[-1]) if regular else None}


def of_hessian(matrix: NDArray[np.float64], dtype: str, *, critical: bool) -> dict[str, Any]:
    """Return the eigenvalues, least first, the definiteness, and the kind of a critical point.

    Nothing where the order of differentiation counts, as the matrix isn't symmetric then. An
    eigenvalue below n·ε times the largest counts as zero. ``critical`` tells that the gradient is
    zero; a semidefinite Hessian doesn't decide the kind then.
    """
    if not np.allclose(matrix, matrix.T, rtol=SYMMETRIC, atol=0):
        return {}
    values = np.linalg.eigvalsh(matrix)
    least = len(values) * UNITS[dtype] * np.abs(values).max(initial=0.0)
    signs = frozenset(int(np.sign(value)) if abs(value) > least else 0 for value in values)
    definiteness, kind = _KINDS[signs]
    found = {"eigenvalues": values.tolist(), "definiteness": definiteness}
    return {**found, "critical_point": kind} if critical else found


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


def is_critical(
    output: Node, at: Mapping[str, Coordinate], variables: Sequence[str], deadline: float
) -> bool:
    """Whether every first derivative is proved to be zero at a point; one that is tiny isn't."""
    found = partials(output, at, [(name,) for name in variables], digits=1, deadline=deadline)
    if any(each.ball is None or not abs(each.ball) < arb(2) ** TINY for each in found.values()):
        return False
    build = Builder()
    try:
        with until(deadline):
            return all(
                proved_sign(differentiate(output, name, build), at) == 0 for name in variables
            )
    except (FormulaError, LimitError):
        return False
