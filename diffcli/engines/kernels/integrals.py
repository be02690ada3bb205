"""Error functions, exponential integrals and elliptic integrals in torch.

The elliptic ones are Carlson's symmetric integrals of their parameter m (DLMF 19.25): the closed
partials in m are 0/0 at m = 0, and lose all digits near it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch import Tensor

from diffcli.engines.kernels.closed import closed, numbers, of_positive, on_cpu, scipy, special
from diffcli.engines.kernels.rules import Rule, guarded
from diffcli.engines.kernels.special import cospi, fold, sinpi

# DLMF 7.12.1: (2k − 1)!!/2^k, the terms of the asymptotic series of erfcx and of Dawson's integral.
_FAR = 7.0
_TERMS = [math.prod(range(1, 2 * k, 2)) / 2**k for k in range(26)]


def _asymptotic(x: Tensor, sign: int) -> Tensor:
    """Return Σ (±1)ᵏ (2k − 1)!!/(2^k x^(2k + 1)), which torch differentiates without loss."""
    inverse = x.reciprocal()
    square, total = sign * inverse.square(), torch.zeros_like(x)
    for term in reversed(_TERMS):
        total = total * square + term
    return total * inverse


_erfcx = closed("erfcx", scipy("erfcx"))
_dawson = closed("dawson", scipy("dawsn"))


def erfcx(x: Tensor) -> Tensor:
    """Return e^(x²)·erfc(x)."""
    far = x > _FAR
    series = _asymptotic(guarded(far, x), -1) / math.sqrt(math.pi)
    return torch.where(far, series, _erfcx(guarded(~far, x)))


def dawson(x: Tensor) -> Tensor:
    """Return e^(−x²)·∫₀ˣ e^(t²) dt."""
    far = x.abs() > _FAR
    return torch.where(far, _asymptotic(guarded(far, x), 1) / 2, _dawson(guarded(~far, x)))


_SMALL = 3.0
_shi_series = [1 / ((2 * k + 1) * math.factorial(2 * k + 1)) for k in range(16)]


def Shi(x: Tensor) -> Tensor:  # noqa: N802  (the row's name)
    """Return ∫₀ˣ sinh(t)/t dt; near 0 by its power series, whose terms have one sign."""
    near = x.abs() < _SMALL
    z = guarded(near, x)
    square, total = z.square(), torch.zeros_like(x)
    for coefficient in reversed(_shi_series):
        total = total * square + coefficient
    return torch.where(near, total * z, _shi(guarded(~near, x)))


def _turns(x: Tensor) -> Tensor:
    """Return x²/2 less a multiple of 2, to the last digit however large x is."""
    even = 2 * torch.round(x / 2)
    rest = x - even
    # x² = even² + 2·even·rest + rest²: the first is a multiple of 4, the second exact.
    return fold(even * rest) + rest.square() / 2


# sin(πx²/2) and cos(πx²/2), exact where they are 0.
_sine: Rule = Rule(lambda x: sinpi(_turns(x)), lambda x: math.pi * x * _cosine(x))
_cosine: Rule = Rule(lambda x: cospi(_turns(x)), lambda x: -math.pi * x * _sine(x))
fresnels = Rule(on_cpu(lambda x: special.fresnel(x)[0]), _sine)
fresnelc = Rule(on_cpu(lambda x: special.fresnel(x)[1]), _cosine)


def _expint_value(n: Any, x: Any) -> Any:
    """Return Eₙ(x): below n = 1 by the incomplete gamma function (DLMF 8.19.1)."""
    n, x = np.broadcast_arrays(n, x)
    integral = np.where(
        n < 1,
        x ** (n - 1) * special.gamma(1 - n) * special.gammaincc(np.where(n < 1, 1 - n, 1), x),
        special.expn(np.where(n < 0, 0, n).astype(int), x),
    )
    other = (n > 1) & (n != np.floor(n))
    integral[other] = numbers("expint")(n[other], x[other])
    return np.where(x > 0, integral, np.nan)


erfinv = closed("erfinv", scipy("erfinv"))
erfcinv = closed("erfcinv", scipy("erfcinv"))
normlogcdf = closed("normlogcdf", scipy("log_ndtr"))
expint = closed("expint", on_cpu(_expint_value), iterated="xy")
e1 = closed("e1", of_positive(special.exp1))
Ei = closed("Ei", scipy("expi"))
Si = closed("Si", on_cpu(lambda x: special.sici(x)[0]))
Ci = closed("Ci", of_positive(lambda x: special.sici(x)[1]))
Chi = closed("Chi", of_positive(lambda x: special.shichi(x)[1]))
_shi = closed("Shi", on_cpu(lambda x: special.shichi(x)[0]))
li = closed("li", on_cpu(lambda x: special.expi(np.log(x))))


# Elliptic integrals, by their parameter m.


def _incomplete(phi: Any, m: Any, complete: Any, third: float) -> Any:
    """Return s·R_F − third·m·s³·R_D, s = sin φ, and the complete integral for each half turn."""
    turns = np.round(phi / np.pi)
    rest = phi - turns * np.pi
    sine, cosine = np.sin(rest), np.cos(rest)
    below = 1 - m * sine**2
    integral = sine * special.elliprf(cosine**2, below, 1)
    if third:
        integral = integral - third * m * sine**3 * special.elliprd(cosine**2, below, 1)
    integral = integral + np.where(turns == 0, 0, 2 * turns * complete(m))
    return np.where(below > 0, integral, np.nan)


def _third_kind(n: Any, m: Any) -> Any:
    first = special.elliprf(0, 1 - m, 1)
    integral = first + n / 3 * special.elliprj(0, 1 - m, 1, 1 - n)
    return np.where((n < 1) & (m < 1), integral, np.nan)


ellipk = closed("ellipk", scipy("ellipk"), exact="x")
ellipe = closed("ellipe", scipy("ellipe"), exact="x")
ellipf = closed("ellipf", on_cpu(lambda phi, m: _incomplete(phi, m, special.ellipk, 0)), exact="y")
ellipeinc = closed(
    "ellipeinc", on_cpu(lambda phi, m: _incomplete(phi, m, special.ellipe, 1 / 3)), exact="y"
)
ellippiinc = closed("ellippiinc", on_cpu(numbers("ellippiinc")), exact="xz", iterated="xyz")
ellippi = closed("ellippi", on_cpu(_third_kind), exact="xy")
