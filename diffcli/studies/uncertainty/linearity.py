"""How far a function is from its linear part around a point, proved by its second derivatives.

On a box around x the remainder of the tangent plane is at most ½·Σ|∂ᵢ∂ⱼf|·rᵢ·rⱼ, with the box's
half widths r and bounds of the second derivatives on all of it (Taylor's theorem). Where these vary
much, bounds of the remainder itself on each cell are nearer: its mean-value forms.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import numpy as np

from diffcli.engines.boxes.arithmetic import Array, Interval, add, down, mul, sub, up
from diffcli.engines.boxes.bounds import Bounds
from diffcli.engines.boxes.jets import Jet, Pairs
from diffcli.language.function import Function
from diffcli.language.tensors import TENSORS

REACH = 3.0
"""Half the width of the box, in standard uncertainties."""
CUTS, MOST_CELLS = 4096, 12
"""Cells that the box is cut into, and variables up to which it is cut."""
SLACK = 1e-12
"""Part by which the box is widened: a typed point may lie next to its float."""


def linear_error(
    function: Function, middle: Sequence[float], sigmas: Sequence[float]
) -> float | None:
    """Return a proved bound of the error of linear propagation within three uncertainties.

    None where nothing bounds the second derivatives, or f isn't defined on all of it.
    """
    if any(node.op in TENSORS for node in function.nodes) or not function.is_scalar:
        return None
    centre, spread = np.array(middle)[:, None], np.array(sigmas)[:, None]
    reach = REACH * spread * (1 + SLACK) + SLACK * np.abs(centre)
    cells = _cells(Interval(down(centre - reach), up(centre + reach)))
    if not (np.isfinite(cells.lo).all() and np.isfinite(cells.hi).all()):
        return None
    pairs = Pairs(len(middle), 2)
    bounds = Bounds(function.outputs, function.variables)
    with np.errstate(all="ignore"):
        jet = bounds.jet(cells.lo, cells.hi, 2)
        if (jet.domain < 1).any():
            return None
        error = min(_by_curvature(jet, pairs, up(up(reach))), _by_cells(bounds, jet, cells, centre))
    return error if isfinite(error) else None


def _by_curvature(jet: Jet, pairs: Pairs, width: Array) -> float:
    """Return the bound by Taylor's theorem."""
    if jet.hessian is None:
        return 0.0
    total = np.zeros(jet.domain.size)
    for row, (i, j) in enumerate(zip(*pairs.places, strict=True)):
        size = np.maximum(-jet.hessian.lo[row], jet.hessian.hi[row])
        weight = up(width[i] * width[j]) * (0.5 if i == j else 1.0)
        total = up(total + mul(Interval(size, size), Interval(weight, weight)).hi)
    return float(total.max())


def _by_cells(bounds: Bounds, jet: Jet, cells: Interval, centre: Array) -> float:
    """Return the bound by mean-value forms of the remainder."""
    here = bounds.jet(centre, centre, 1)
    if jet.gradient is None or here.gradient is None:
        return 0.0
    middles = 0.5 * (cells.lo + cells.hi)
    value = sub(bounds.jet(middles, middles).value, here.value)
    points = Interval(middles, middles)
    plane = mul(here.gradient, sub(points, Interval(centre, centre)))
    change = mul(sub(jet.gradient, here.gradient), sub(cells, points))
    for row in range(len(centre)):
        value = sub(value, Interval(plane.lo[row], plane.hi[row]))
        value = add(value, Interval(change.lo[row], change.hi[row]))
    return float(np.maximum(-value.lo, value.hi).max()) * (1 + 1e3 * SLACK)


def _cells(box: Interval) -> Interval:
    """Return a box cut in equal parts, as many for each variable."""
    count = len(box.lo)
    parts = max(1, int(CUTS ** (1 / count))) if count <= MOST_CELLS else 1
    edges = [
        np.linspace(float(low), float(high), parts + 1) if low < high else np.array([low, high])
        for low, high in zip(box.lo[:, 0], box.hi[:, 0], strict=True)
    ]
    lows = np.meshgrid(*(edge[:-1] for edge in edges), indexing="ij")
    highs = np.meshgrid(*(edge[1:] for edge in edges), indexing="ij")
    return Interval(
        np.array([low.ravel() for low in lows]), np.array([high.ravel() for high in highs])
    )
