"""A written sweep held against autograd, at a random sample of its points."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from diffcli.engines.throughput.eager import Eager
from diffcli.engines.throughput.layout import Partial
from diffcli.errors import DisagreementError
from diffcli.language.function import Function

SAMPLE = 64
"""Points."""

_NEAR = {torch.float64: 1e-10, torch.float32: 1e-4}
"""Numbers that differ by less, relatively, agree without a bound of their rounding errors."""


def mask(block: Tensor, numbers: Sequence[Partial]) -> None:
    """Make every number nan that doesn't exist; the values stand first, in order."""
    # A sum is finite only if all its terms are, and is read off the cache.
    if all(bool(row.sum().isfinite()) for row in block):
        return
    exists = block.isfinite()
    for row, (output, _) in enumerate(numbers):
        block[row].masked_fill_(~(exists[row] & exists[output]), torch.nan)


def check(function: Function, eager: Eager, inputs: Sequence[Tensor], block: Tensor) -> None:
    """Compare the numbers at a sample of the points with autograd's.

    Raises DisagreementError where they differ by more than floating point explains.
    """
    points = block.shape[1]
    chosen = torch.randint(
        points, (min(SAMPLE, points),), generator=torch.Generator().manual_seed(0)
    )
    at = [each[chosen.to(each.device)].cpu().to(block.dtype) for each in inputs]
    found = block[:, chosen.to(block.device)].cpu()
    autograd = torch.empty_like(found)
    eager(at, list(autograd))
    mask(autograd, eager.numbers)
    size = torch.maximum(found.abs(), autograd.abs())
    agrees = (found - autograd).abs() <= _NEAR[block.dtype] * size
    agrees |= found.isnan() & autograd.isnan()
    for row, place in (~agrees).nonzero().tolist():
        point = {
            name: float(each[place]) for name, each in zip(function.variables, at, strict=True)
        }
        _explain(function, eager.numbers[row], point, found[row, place], autograd[row, place])


def _explain(
    function: Function, number: Partial, point: dict[str, float], written: Tensor, autograd: Tensor
) -> None:
    """Raise DisagreementError unless floating point may err so far."""
    from diffcli.engines.rounding import rounding_bounds

    output, places = number
    wrt = tuple(function.variables[place] for place in places)
    dtype = str(written.dtype).removeprefix("torch.")
    bound = rounding_bounds(function.outputs[output], point, [wrt], dtype)[wrt]
    if bound.explains(float((written - autograd).abs().nan_to_num(nan=float("inf")))):
        return
    place = ", ".join(f"{name} = {value!r}" for name, value in point.items())
    what = f"the derivative in {', '.join(wrt)}" if wrt else "the value"
    raise DisagreementError(
        f"{what} at {place}: autograd gives {float(autograd)!r}, "
        f"the sweep written for many points {float(written)!r}"
    )
