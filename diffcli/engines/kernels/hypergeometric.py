"""Hypergeometric functions, Γ(a, x) and orthogonal polynomials in torch.

The hypergeometric ones come from mpmath, number by number, to the last digit: scipy's lose digits
for many parameters. The polynomials are their recurrences in the degree (DLMF 18.9.1): that is a
tensor of integers, constant for the derivative; elsewhere the value is nan, and 0 at −1, where the
recurrences begin. Torch differentiates the recurrence, in the parameter too.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from diffcli.engines.kernels.closed import closed, numbers, on_cpu

uppergamma = closed("uppergamma", on_cpu(numbers("uppergamma")), iterated="xy")
hyp0f1 = closed("hyp0f1", on_cpu(numbers("hyp0f1")), iterated="xy")
hyp1f1 = closed("hyp1f1", on_cpu(numbers("hyp1f1")), iterated="xyz")
hyp2f1 = closed("hyp2f1", on_cpu(numbers("hyp2f1")), iterated="xyzw")
hyperu = closed("hyperu", on_cpu(numbers("hyperu")), iterated="xyz")


# Orthogonal polynomials.

LARGEST_DEGREE = 1000

Step = Callable[..., Tensor]
"""The polynomial of degree k from k, the two before it and the arguments."""


def _by_degree(degree: Tensor, step: Step, *args: Tensor) -> Tensor:
    degree, *args = torch.broadcast_tensors(degree.detach(), *args)
    before, current = torch.zeros_like(args[-1]), torch.ones_like(args[-1])
    result = torch.where(degree == -1, before, torch.where(degree == 0, current, math.nan))
    highest = min(int(degree.max()), LARGEST_DEGREE) if degree.isfinite().all() else 0
    for k in range(1, highest + 1):
        before, current = current, step(k, current, before, *args)
        result = torch.where(degree == k, current, result)
    return result


def legendre(n: Tensor, x: Tensor) -> Tensor:
    """Return Pₙ(x)."""
    return _by_degree(n, lambda k, p, q, x: ((2 * k - 1) * x * p - (k - 1) * q) / k, x)


def hermite(n: Tensor, x: Tensor) -> Tensor:
    """Return Hₙ(x)."""
    return _by_degree(n, lambda k, p, q, x: 2 * x * p - 2 * (k - 1) * q, x)


def laguerre(n: Tensor, x: Tensor, a: Tensor) -> Tensor:
    """Return the generalised Laguerre polynomial Lₙ⁽ᵃ⁾(x)."""
    return _by_degree(
        n, lambda k, p, q, x, a: ((2 * k - 1 + a - x) * p - (k - 1 + a) * q) / k, x, a
    )


def chebyshevt(n: Tensor, x: Tensor) -> Tensor:
    """Return Tₙ(x)."""
    return _by_degree(n, lambda k, p, q, x: x if k == 1 else 2 * x * p - q, x)


def chebyshevu(n: Tensor, x: Tensor) -> Tensor:
    """Return Uₙ(x)."""
    return _by_degree(n, lambda _, p, q, x: 2 * x * p - q, x)


def gegenbauer(n: Tensor, order: Tensor, x: Tensor) -> Tensor:
    """Return Cₙ⁽ᵒʳᵈᵉʳ⁾(x)."""
    return _by_degree(
        n,
        lambda k, p, q, c, x: (2 * (k + c - 1) * x * p - (k + 2 * c - 2) * q) / k,
        order,
        x,
    )
