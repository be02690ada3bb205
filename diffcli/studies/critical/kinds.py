"""The kinds of notable points of a function, and that of a critical point by its Hessian."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

NOISE = 1e-8
"""An eigenvalue smaller than this part of the largest may be 0."""


class PointKind(Enum):
    """The kind of a point; its value is the word for it.

    A minimum may share its value with points next to it. A saddle is neither a minimum nor a
    maximum, in several variables. An inflection has a derivative, and f″ has opposite signs on its
    two sides. Of a degenerate point none of these is proved. An isolated point is the only
    one next to it that satisfies the constraints; at a singular one their gradients are dependent.
    """

    MINIMUM = "minimum"
    MAXIMUM = "maximum"
    SADDLE = "saddle"
    DEGENERATE = "degenerate"
    ISOLATED = "isolated"
    SINGULAR = "singular"
    ZERO = "zero"
    INFLECTION = "inflection"
    POLE = "pole"
    KINK = "kink"
    JUMP = "jump"
    EDGE = "edge"
    GAP = "gap"


def critical_kind(eigenvalues: Sequence[float]) -> PointKind:
    """Return the kind of a critical point; degenerate where the second derivatives don't tell."""
    least = NOISE * max(map(abs, eigenvalues), default=0.0)
    signs = {(eigenvalue > least) - (eigenvalue < -least) for eigenvalue in eigenvalues}
    if {1, -1} <= signs:
        return PointKind.SADDLE
    return {frozenset({1}): PointKind.MINIMUM, frozenset({-1}): PointKind.MAXIMUM}.get(
        frozenset(signs), PointKind.DEGENERATE
    )
