"""A Function of two variables as what is drawn over a plane: its values and gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from diffcli.language.function import Function
from diffcli.studies.curves.breaks import Floats
from diffcli.studies.curves.line import Range, periods, whole

COUNT = 161
"""Points along each side of the grid; odd, so that the middle is one of them."""
WIDEST = 3
"""Half the default range of a variable that doesn't stand in waves alone."""

Evaluate = Callable[[Floats], tuple[Floats, Floats]]
"""Points (2, n) → values (outputs, n) and gradients (outputs, 2, n), nan for none."""


@dataclass(frozen=True)
class Plane:
    """A grid ``x`` (columns,), ``y`` (rows,); ``values`` (outputs, rows, columns), nan for none.

    ``gradients`` is (outputs, 2, rows, columns).
    """

    x: Floats
    y: Floats
    values: Floats
    gradients: Floats


def evaluator(function: Function) -> Evaluate:
    """Return what evaluates every output and its gradient, by autograd.

    The function may have any number of variables: then there are as many partials.
    """
    import torch

    from diffcli.engines.autograd import gradient
    from diffcli.engines.remote import lower

    program = lower(function)

    def evaluate(points: Floats) -> tuple[Floats, Floats]:
        inputs = [torch.tensor(row, dtype=torch.float64, requires_grad=True) for row in points]
        outputs = [each.to(torch.float64).expand(points.shape[1]) for each in program(*inputs)]
        values = np.array([each.numpy(force=True) for each in outputs])
        gradients = np.array(
            [[part.numpy(force=True) for part in gradient(each, inputs)] for each in outputs]
        )
        known = np.isfinite(values)
        known_both = known[:, None] & np.isfinite(gradients)
        return np.where(known, values, np.nan), np.where(known_both, gradients, np.nan)

    return evaluate


def sample_plane(
    evaluate: Evaluate, ranges: Sequence[tuple[float, float]], count: int = COUNT
) -> Plane:
    """Evaluate a function and its gradient on a grid over the ranges of both variables."""
    x, y = (np.linspace(low, high, count) for low, high in ranges)
    grid = np.array([side.ravel() for side in np.meshgrid(x, y)])
    values, gradients = evaluate(grid)
    return Plane(
        x,
        y,
        values.reshape(-1, count, count),
        gradients.reshape(-1, 2, count, count),
    )


def default_ranges(function: Function, evaluate: Evaluate) -> list[Range]:
    """Return the ranges of both variables: a period, the domain, or −3:3."""
    waves = [periods(function, name, turns=1) for name in function.variables]
    # Midpoints of a prime number of cells, as for a function of one variable.
    steps = WIDEST * ((2 * np.arange(101) + 1) / 101 - 1)
    grid = np.array([side.ravel() for side in np.meshgrid(steps, steps)])
    known = np.isfinite(evaluate(grid)[0]).any(axis=0)
    return [
        wave or whole(np.sort(side[known]), WIDEST) for wave, side in zip(waves, grid, strict=True)
    ]
