"""What a solution of Lagrange's system is, by multipliers and the Hessian on the tangent space.

A Hessian H is positive definite where G·d = 0 if H + c·GᵀG is positive definite for some c
(Finsler, 1937); Nocedal and Wright, "Numerical Optimization", 2006, theorems 12.5 and 12.6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from flint import arb, arb_mat

from diffcli.engines.balls.walk import working
from diffcli.studies.critical.kinds import PointKind
from diffcli.studies.critical.systems import FINE_BITS, GradientSystem

WEIGHTS = (1e2, 1e4, 1e8)
"""Multiples of GᵀG, beside the sizes of the entries, that are added to the Hessian."""


@dataclass(frozen=True)
class Curvature:
    """The Hessian of the Lagrangian in the variables, and the gradients of active constraints.

    ``pushes`` says of each active constraint which extremum its multiplier fits: −1 a minimum, 1 a
    maximum, 0 both, None where that isn't proved; an equality fits both, and always counts.
    """

    hessian: arb_mat
    gradients: list[list[arb]]
    pushes: tuple[int | None, ...]
    equalities: tuple[bool, ...]

    @property
    def fits(self) -> tuple[bool, bool]:
        """Whether the multipliers allow a minimum, and a maximum."""
        signs = [push for push, equal in self._pairs if not equal]
        return 1 not in signs, -1 not in signs

    @property
    def _pairs(self) -> list[tuple[int | None, bool]]:
        return list(zip(self.pushes, self.equalities, strict=True))

    def kind(self) -> PointKind:
        """Return what is proved of the point."""
        with working(FINE_BITS):
            if sum(self.equalities) == self.hessian.nrows():
                return PointKind.ISOLATED
            for sign, kind in ((1, PointKind.MINIMUM), (-1, PointKind.MAXIMUM)):
                if self._is_extremum(sign):
                    return kind
            falls = any(push == 1 for push, equal in self._pairs if not equal)
            rises = any(push == -1 for push, equal in self._pairs if not equal)
            for bend in self._bends():
                rises, falls = rises or bend > 0, falls or bend < 0
            return PointKind.SADDLE if rises and falls else PointKind.DEGENERATE

    def _is_extremum(self, sign: int) -> bool:
        wanted = (-sign, 0)
        if not all(equal or push in wanted for push, equal in self._pairs):
            return False
        binding = [
            row
            for row, (push, equal) in zip(self.gradients, self._pairs, strict=True)
            if equal or push == -sign
        ]
        size = self.hessian.nrows()
        if not binding:
            return _is_positive(sign * self.hessian)
        rows = arb_mat(binding)
        square = rows.transpose() * rows
        ratio = _largest(self.hessian) / max(_largest(square), 1e-300)
        for weight in WEIGHTS:
            factor = arb(max(ratio, 1e-30) * weight)
            matrix = [
                [sign * self.hessian[i, j] + factor * square[i, j] for j in range(size)]
                for i in range(size)
            ]
            if _is_positive(arb_mat(matrix)):
                return True
        return False

    def _bends(self) -> list[arb]:
        """Return second derivatives along tangent directions of least and of greatest bend."""
        size = self.hessian.nrows()
        middle = _floats(self.hessian)
        tangents, gradients = np.eye(size), self._steering()
        if gradients:
            rows = np.array([[float(entry.mid()) for entry in row] for row in gradients])
            _, singular, basis = np.linalg.svd(rows)
            rank = int((singular > 1e-12 * singular.max(initial=0.0)).sum())
            tangents = basis[rank:].T
        if not tangents.shape[1]:
            return []
        _, vectors = np.linalg.eigh(tangents.T @ middle @ tangents)
        bends = []
        for place in (0, -1):
            direction = _tangent(gradients, tangents @ vectors[:, place])
            if direction is not None:
                bends.append((direction.transpose() * self.hessian * direction)[0, 0])
        return bends

    def _steering(self) -> list[list[arb]]:
        """Return the gradients that directions must be orthogonal to, for a feasible path.

        Of a direction and its opposite, one leads inside of a single constraint that doesn't bind.
        """
        loose = [row for row, (push, equal) in enumerate(self._pairs) if push == 0 and not equal]
        if len(loose) != 1:
            return self.gradients
        return [each for row, each in enumerate(self.gradients) if row not in loose]


def _tangent(gradients: list[list[arb]], direction: np.ndarray) -> arb_mat | None:
    """Return a vector next to one that is exactly orthogonal to the gradients, in balls."""
    column = arb_mat([[arb(float(x))] for x in direction])
    if not gradients:
        return column
    rows = arb_mat(gradients)
    try:
        part = (rows * rows.transpose()).solve(rows * column)
    except ZeroDivisionError:
        return None
    return column - rows.transpose() * part


def _floats(matrix: arb_mat) -> np.ndarray:
    return np.array([[float(entry.mid()) for entry in row] for row in matrix.tolist()])


def _largest(matrix: arb_mat) -> float:
    return float(np.abs(_floats(matrix)).max(initial=0.0))


def _is_positive(matrix: arb_mat) -> bool:
    """Whether a symmetric matrix is proved to be positive definite, by its leading minors."""
    rows = matrix.tolist()
    sizes = range(1, len(rows) + 1)
    return all(arb_mat([row[:size] for row in rows[:size]]).det() > 0 for size in sizes)


def curvature(
    system: GradientSystem,
    at: Sequence[arb],
    size: int,
    pushes: Sequence[int | None],
    equalities: Sequence[bool],
) -> Curvature:
    """Return the curvature of a Lagrangian at a solution; raises Trouble where it has none."""
    names = system.names
    with working(FINE_BITS):
        indices = [tuple(sorted((a, b))) for a in names[:size] for b in names]
        balls = dict(zip(indices, system.values(at, indices, FINE_BITS), strict=True))

    def entry(a: str, b: str) -> arb:
        first, second = sorted((a, b))
        return balls[first, second]

    hessian = arb_mat([[entry(a, b) for b in names[:size]] for a in names[:size]])
    gradients = [[-entry(a, b) for a in names[:size]] for b in names[size:]]
    return Curvature(hessian, gradients, tuple(pushes), tuple(equalities))
