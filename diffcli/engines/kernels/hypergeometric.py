"""Hypergeometric functions, those of gamma and zeta, and orthogonal polynomials in torch.

The hypergeometric ones come from mpmath, number by number, to the last digit: scipy's lose digits
for many parameters. The polynomials are their recurrences in the degree (DLMF 18.9.1): that is a
tensor of integers, constant for the derivative; elsewhere the value is nan, and 0 at −1, where the
recurrences begin. Torch differentiates the recurrence, in the parameter too.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from diffcli.engines.kernels.closed import closed, numbers, of_positive, on_cpu, scipy, special
from diffcli.engines.kernels.rules import guarded
from diffcli.engines.kernels.special import lgamma, polygamma

uppergamma = closed("uppergamma", on_cpu(numbers("uppergamma")), iterated="xy")
hyp0f1 = closed("hyp0f1", on_cpu(numbers("hyp0f1")), iterated="xy")
hyp1f1 = closed("hyp1f1", on_cpu(numbers("hyp1f1")), iterated="xyz")
hyp2f1 = closed("hyp2f1", on_cpu(numbers("hyp2f1")), iterated="xyzw")
hyperu = closed("hyperu", on_cpu(numbers("hyperu")), iterated="xyz")


# The gamma function and its integrals.


def trigamma(x: Tensor) -> Tensor:
    """Return ψ′(x)."""
    return polygamma(torch.ones_like(x), x)


def multigammaln(a: Tensor, d: Tensor) -> Tensor:
    """Return log Γ_d(a), a sum of log Γ(a − j/2) for j < d (DLMF 35.3.4); nan unless d = 1, 2 …."""
    total = d * (d - 1) / 4 * math.log(math.pi)
    for j in range(int(d.detach().max())):
        counts = d > j
        total = total + torch.where(counts, lgamma(guarded(counts, a) - j / 2), 0.0)
    inside = (d == d.floor()) & (d >= 1) & (2 * a > d - 1)
    return torch.where(inside, total, math.nan)


def _zeta_value(s: Any, a: Any) -> Any:
    s, a = np.broadcast_arrays(s, a)
    zeta = np.where(a > 0, special.zeta(np.maximum(s, 1), a), np.nan)
    left = (s < 1) & (a > 0)
    zeta[left] = numbers("zeta")(s[left], a[left])
    return np.where(s == 1, np.nan, zeta)


gammainc = closed("gammainc", scipy("gammainc"))
gammaincc = closed("gammaincc", scipy("gammaincc"))
loggamma = closed("loggamma", of_positive(special.gammaln))
betainc = closed("betainc", scipy("betainc"))
lbeta = closed("lbeta", scipy("betaln"))
zeta = closed("zeta", on_cpu(_zeta_value), iterated="xy")
polylog = closed("polylog", on_cpu(numbers("polylog")), exact="xy", iterated="xy")


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
