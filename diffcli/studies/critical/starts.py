"""Newton's method from many starts at once, for the points at which a gradient is 0."""

from __future__ import annotations

import torch
from torch import Tensor

from diffcli.engines.autograd import gradient
from diffcli.engines.program import Program
from diffcli.engines.remote import lower
from diffcli.language.function import Function
from diffcli.studies.critical.boxes import Box

STARTS = 1024
"""Starting points of the box, quasi-random: evenly spread in any number of variables."""
MIDDLE_STARTS, MIDDLE = 256, 1 / 8
"""As many more in the middle, this part of the range: ranges are often far wider than need be."""
ROUNDS = 60
LONGEST = 0.2
"""The longest step, as a part of the box: far from a root, Newton's is meaningless."""
STILL = 1e-12
"""A step this short, as a part of the box, ends the search."""
APART = 1e-7
"""Points that are nearer to each other, as a part of the box, are one."""
FLAT = 1e-6
"""How small a gradient must be, beside the largest at a start, where Newton's steps don't end."""


def stationary_points(
    function: Function, box: Box, most: int, seed: int = 0
) -> list[tuple[float, ...]]:
    """Return at most so many points of a box with a gradient of 0, as far as float64 can tell.

    Those come first at which Newton's steps ended, and last those of a flat slope, on which they go
    on for ever. All starts go on together: one batch of gradients and Hessians a round.
    """
    program = lower(function)
    low, high = (torch.tensor(ends, dtype=torch.float64) for ends in zip(*box, strict=True))
    span = high - low
    sobol = torch.quasirandom.SobolEngine(len(box), scramble=True, seed=seed)
    parts = sobol.draw(STARTS + MIDDLE_STARTS, dtype=torch.float64)
    parts[STARTS:] = 0.5 + MIDDLE * (parts[STARTS:] - 0.5)
    points = low + span * parts
    scale = _slopes(program, points)[0].norm(dim=1).nan_to_num(0.0).median()
    for _ in range(ROUNDS):
        slope, curvature = _slopes(program, points)
        step = torch.linalg.lstsq(_finite(curvature), slope.nan_to_num(0.0).unsqueeze(-1))
        move = step.solution.squeeze(-1)
        size = (move / span).norm(dim=1, keepdim=True)
        points = points - move * (LONGEST / size).clamp(max=1.0)
        if bool((size < STILL).all()):
            break
    slope, _ = _slopes(program, points)
    inside = ((points >= low - APART * span) & (points <= high + APART * span)).all(dim=1)
    settled = inside & (slope.norm(dim=1) <= FLAT * scale)
    stillest = size[settled].squeeze(-1).argsort(stable=True)
    return _distinct(points[settled][stillest].clamp(low, high), span, most)


def _slopes(program: Program, points: Tensor) -> tuple[Tensor, Tensor]:
    """Return the gradients, a row a point, and the Hessians."""
    inputs = [column.clone().requires_grad_() for column in points.unbind(1)]
    (output,) = program(*inputs)
    firsts = gradient(output, inputs, higher=True)
    rows = [torch.stack(gradient(first, inputs), dim=1) for first in firsts]
    return torch.stack(firsts, dim=1).detach(), torch.stack(rows, dim=1)


def _finite(curvature: Tensor) -> Tensor:
    """Return the Hessians with those beyond the domain as 1, which keeps a point where it is."""
    known = curvature.isfinite().all(dim=(1, 2), keepdim=True)
    return torch.where(known, curvature, torch.eye(curvature.shape[1], dtype=curvature.dtype))


def _distinct(points: Tensor, span: Tensor, most: int) -> list[tuple[float, ...]]:
    """Return one of each cluster."""
    starts: list[Tensor] = []
    for point in points:
        if len(starts) == most:
            break
        if all(bool(((point - other) / span).norm() > APART) for other in starts):
            starts.append(point)
    return [tuple(point.tolist()) for point in starts]
