"""Bessel, Airy and Lambert functions in torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from diffcli.engines.kernels.closed import closed, numbers, of_positive, on_cpu, scipy, special
from diffcli.engines.kernels.rules import Formula, Rule

NEAR = 1e-30
"""A number so near 0 that a second term of a series in its square is lost."""


def _of_natural(name: str) -> Formula:
    """Return a function of scipy that takes orders 0, 1, 2, …; nan elsewhere."""
    function = getattr(special, name)

    def value(order: Any, x: Any) -> Any:
        is_natural = (order >= 0) & (order == np.floor(order))
        return np.where(is_natural, function(np.where(is_natural, order, 0).astype(int), x), np.nan)

    return on_cpu(value)


def _besselk(order: Any, x: Any) -> Any:
    """Return K; from 690 on by the scaled one, as scipy gives 0 before the floats end."""
    half = np.exp(-x / 2)
    return np.where(x > 690, special.kve(order, x) * half * half, special.kv(order, x))


def _airy(name: str, position: int) -> Formula:
    """Return one of scipy's four; by mpmath where those give up before the floats end."""

    def value(x: Any) -> Any:
        result = np.array(special.airy(x)[position])
        is_lost = (x > 103) & (x < 109)
        if is_lost.any():
            result[is_lost] = numbers(name)(x[is_lost])
        return result

    return on_cpu(value)


def _lambertw(x: Any, branch: Any) -> Any:
    value = special.lambertw(x, np.where(branch == -1, -1, 0))
    is_real = (value.imag == 0) & ((branch == 0) | (branch == -1)) & (x != -np.inf)
    return np.where(is_real, value.real, np.nan)


def _besseli(order: Any, x: Any) -> Any:
    """Return scipy's, and where that underflows on its way the series' first term, DLMF 10.25.2."""
    is_near = (np.abs(x) < NEAR) & (order >= 0)
    power, near = np.where(is_near, order, 0), np.where(is_near, x, 0)
    first = (near / 2) ** power / special.gamma(power + 1)
    return np.where(is_near, first, special.iv(order, np.where(is_near, 1, x)))


besselj = closed("besselj", scipy("jv"))
bessely = closed("bessely", of_positive(special.yv))
besseli = closed("besseli", on_cpu(_besseli))
besselk = closed("besselk", of_positive(_besselk))
sphericalj = closed("sphericalj", _of_natural("spherical_jn"), fixed="x")
sphericaly = closed("sphericaly", _of_natural("spherical_yn"), fixed="x")
airyai = closed("airyai", _airy("airyai", 0))
airyaiprime = closed("airyaiprime", _airy("airyaiprime", 1))
airybi = closed("airybi", _airy("airybi", 2))
airybiprime = closed("airybiprime", _airy("airybiprime", 3))
lambertw = closed("lambertw", on_cpu(_lambertw), fixed="y")


def _of_order(function: Rule, order: int) -> Callable[[Tensor], Tensor]:
    def value(x: Tensor) -> Tensor:
        return function(torch.full_like(x, order), x)

    return value


j0, j1 = _of_order(besselj, 0), _of_order(besselj, 1)
y0, y1 = _of_order(bessely, 0), _of_order(bessely, 1)
i0, i1 = _of_order(besseli, 0), _of_order(besseli, 1)
k0, k1 = _of_order(besselk, 0), _of_order(besselk, 1)
