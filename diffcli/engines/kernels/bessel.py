"""Bessel, Airy and Lambert functions in torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from diffcli.engines.kernels.closed import closed, of_positive, on_cpu, scipy, special
from diffcli.engines.kernels.rules import Formula, Rule


def _of_natural(name: str) -> Formula:
    """Return a function of scipy that takes orders 0, 1, 2, …; nan elsewhere."""
    function = getattr(special, name)

    def value(order: Any, x: Any) -> Any:
        is_natural = (order >= 0) & (order == np.floor(order))
        return np.where(is_natural, function(np.where(is_natural, order, 0).astype(int), x), np.nan)

    return on_cpu(value)


def _lambertw(x: Any, branch: Any) -> Any:
    value = special.lambertw(x, np.where(branch == -1, -1, 0))
    is_real = (value.imag == 0) & ((branch == 0) | (branch == -1)) & (x != -np.inf)
    return np.where(is_real, value.real, np.nan)


besselj = closed("besselj", scipy("jv"))
bessely = closed("bessely", of_positive(special.yv))
besseli = closed("besseli", scipy("iv"))
besselk = closed("besselk", of_positive(special.kv))
sphericalj = closed("sphericalj", _of_natural("spherical_jn"), fixed="x")
sphericaly = closed("sphericaly", _of_natural("spherical_yn"), fixed="x")
airyai = closed("airyai", on_cpu(lambda x: special.airy(x)[0]))
airyaiprime = closed("airyaiprime", on_cpu(lambda x: special.airy(x)[1]))
airybi = closed("airybi", on_cpu(lambda x: special.airy(x)[2]))
airybiprime = closed("airybiprime", on_cpu(lambda x: special.airy(x)[3]))
lambertw = closed("lambertw", on_cpu(_lambertw), fixed="y")


def _of_order(function: Rule, order: int) -> Callable[[Tensor], Tensor]:
    def value(x: Tensor) -> Tensor:
        return function(torch.full_like(x, order), x)

    return value


j0, j1 = _of_order(besselj, 0), _of_order(besselj, 1)
y0, y1 = _of_order(bessely, 0), _of_order(bessely, 1)
i0, i1 = _of_order(besseli, 0), _of_order(besseli, 1)
k0, k1 = _of_order(besselk, 0), _of_order(besselk, 1)
