"""What kind of critical point the eigenvalues of a Hessian tell of."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

NOISE = 1e-8
"""An eigenvalue smaller than this part of the largest may be 0."""


class CriticalKind(Enum):
    """A critical point; its value is the word for it."""

    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    SADDLE = "saddle"
    DEGENERATE = "degenerate"


def critical_kind(eigenvalues: Sequence[float]) -> CriticalKind:
    """Return the kind of a critical point; degenerate where the second derivatives don't tell."""
    least = NOISE * max(map(abs, eigenvalues), default=0.0)
    signs = {(each > least) - (each < -least) for each in eigenvalues}
    if {1, -1} <= signs:
        return CriticalKind.SADDLE
    return {frozenset({1}): CriticalKind.MINIMUM, frozenset({-1}): CriticalKind.MAXIMUM}.get(
        frozenset(signs), CriticalKind.DEGENERATE
    )
