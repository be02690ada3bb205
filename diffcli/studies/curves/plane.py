"""A Function of two variables as what is drawn over a plane: its values and gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from diffcli.language.function import Function
from diffcli.studies.curves.breaks import Floats
from diffcli.studies.curves.iterated import is_iterated, numbers
from diffcli.studies.curves.line import Range, periods, whole

COUNT, FEW = 161, 33
"""Points along each side of the grid, and where each takes long; odd, for one in the middle."""
CELLS, FEW_CELLS = 101, 11
"""Points along each side that decide the default ranges, likewise: prime numbers."""
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

    The function may have any number of variables: then there are as many partials. What mpmath
    would compute number by number is rounded from enclosures.
    """
    if is_iterated(function):
        return _of_enclosures(function)
    import torch

    from diffcli.engines.autograd import gradient
    from diffcli.engines.remote import lower

    program = lower(function)

    def evaluate(points: Floats) -> tuple[Floats, Floats]:
        inputs = [torch.tensor(row, dtype=torch.float64, requires_grad=True) for row in points]
        outputs = [output.to(torch.float64).expand(points.shape[1]) for output in program(*inputs)]
        values = np.array([output.numpy(force=True) for output in outputs])
        gradients = np.array(
            [[part.numpy(force=True) for part in gradient(output, inputs)] for output in outputs]
        )
        return _known(values, gradients)

    return evaluate


def _of_enclosures(function: Function) -> Evaluate:
    indices = [(), *((name,) for name in function.variables)]

    def evaluate(points: Floats) -> tuple[Floats, Floats]:
        both = numbers(function, indices, points)
        return _known(both[:, 0], both[:, 1:])

    return evaluate


def _known(values: Floats, gradients: Floats) -> tuple[Floats, Floats]:
    known = np.isfinite(values)
    known_both = known[:, None] & np.isfinite(gradients)
    return np.where(known, values, np.nan), np.where(known_both, gradients, np.nan)


def grid_size(function: Function) -> int:
    """Return how many points each side of a function's grid has."""
    return FEW if is_iterated(function) else COUNT


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
    # Midpoints of cells, as for a function of one variable.
    cells = FEW_CELLS if is_iterated(function) else CELLS
    steps = WIDEST * ((2 * np.arange(cells) + 1) / cells - 1)
    grid = np.array([side.ravel() for side in np.meshgrid(steps, steps)])
    known = np.isfinite(evaluate(grid)[0]).any(axis=0)
    return [
        wave or whole(np.sort(side[known]), WIDEST) for wave, side in zip(waves, grid, strict=True)
    ]
