"""Incomplete gamma and beta functions, zeta and the polylogarithm in torch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from diffcli.engines.kernels.closed import closed, numbers, of_positive, on_cpu, scipy, special
from diffcli.engines.kernels.rules import guarded
from diffcli.engines.kernels.special import lgamma, polygamma


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
