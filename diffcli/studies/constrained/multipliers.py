"""Lagrange's system over a small box: no solution, exactly one, or undecided.

Where the gradients of the active constraints are independent on all of a box, the multipliers of
any solution in it lie between bounds that a linear system of intervals gives, and Krawczyk's
operator decides the box times these bounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from flint import arb, arb_mat

from diffcli.engines.balls.guards import Trouble
from diffcli.engines.balls.walk import working
from diffcli.studies.constrained.problem import Problem
from diffcli.studies.critical.systems import BITS, GradientSystem, Root

ROUNDS = 8
"""Times that a box is narrowed by Krawczyk's operator before it is given up."""
WIDER = 1e-3
"""How much wider bounds of multipliers are made, so that a solution is inside of them."""


@dataclass(frozen=True)
class Stationary:
    """A solution of Lagrange's system: the variables, then the multipliers of the active ones."""

    active: tuple[int, ...]
    root: Root


class DependentError(ArithmeticError):
    """The gradients of the active constraints may be dependent."""


class Lagrange:
    """Lagrange's system of one set of active constraints."""

    def __init__(self, problem: Problem, active: Sequence[int]) -> None:
        self.active, self.size = tuple(active), len(problem.variables)
        output, multipliers = problem.lagrangian(active)
        names = (*problem.variables, *multipliers)
        self.system = GradientSystem(output, names, [(name,) for name in names])

    def solution(self, box: Sequence[arb]) -> Stationary | None:
        """Return the only solution in a box; None: it is proved that there is none.

        Raises ArithmeticError, DependentError among them, or Trouble where neither is proved.
        """
        balls = [*box, *self.bounds_of_multipliers(box)]
        for _ in range(ROUNDS):
            image = self.system.narrowed(balls)
            if image is None or not all(a.overlaps(b) for a, b in zip(balls, image, strict=True)):
                return None
            if all(a.contains_interior(b) for a, b in zip(balls, image, strict=True)):
                root = self.system.root(balls)
                if root is None:
                    raise ArithmeticError("the digits of a solution aren't settled")
                return Stationary(self.active, root)
            smaller = [_wider(a.intersection(b)) for a, b in zip(balls, image, strict=True)]
            if all(
                a.rad() > 0.9 * b.rad() for a, b in zip(smaller, balls, strict=True) if b.rad() > 0
            ):
                break
            balls = smaller
        raise ArithmeticError("the bounds are too wide to decide")

    def bounds_of_multipliers(self, box: Sequence[arb]) -> list[arb]:
        """Return bounds of the multipliers of all solutions in a box. Raises DependentError."""
        if not self.active:
            return []
        with working(BITS):
            values, slopes = self.system.over([*box, *(arb(0) for _ in self.active)], BITS)
            # f's gradient is Gᵀλ, where G has a row −∂ᵢ∂L/∂λ a constraint.
            rows = [[-slopes[i, self.size + j] for j in range(len(self.active))]
                    for i in range(self.size)]  # fmt: skip
            gradient = arb_mat(self.size, 1, values[: self.size])
            jacobian = arb_mat(rows)
            left = _left_inverse(rows)
            try:
                found = (left * jacobian).solve(left * gradient)
            except ZeroDivisionError as error:
                raise DependentError("the gradients of the constraints may be dependent") from error
        if not all(ball.is_finite() for ball in found.entries()):
            raise DependentError("the gradients of the constraints may be dependent")
        return [_wider(ball) for ball in found.entries()]

    def near(self, place: Sequence[float], box: Sequence[tuple[float, float]]) -> Root | None:
        """Return the solution to which Newton's method leads from a point, if one is proved."""
        balls = [arb(x) for x in place]
        try:
            middle = [float(ball.mid()) for ball in self.bounds_of_multipliers(balls)]
        except (ArithmeticError, Trouble):
            return None
        spans = [(x - max(1.0, abs(x)), x + max(1.0, abs(x))) for x in middle]
        return self.system.near([*place, *middle], (*box, *spans))


def _left_inverse(rows: Sequence[Sequence[arb]]) -> arb_mat:
    middle = np.array([[float(entry.mid()) for entry in row] for row in rows])
    if not np.isfinite(middle).all():
        raise DependentError("the slopes are not bounded")
    return arb_mat([[arb(float(entry)) for entry in row] for row in np.linalg.pinv(middle)])


def _wider(ball: arb) -> arb:
    reach = WIDER * ball.rad() + 2.0**-40 * (1 + abs(ball.mid()))
    return ball + arb(0, reach)
