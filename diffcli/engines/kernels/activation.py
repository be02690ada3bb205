"""Activations in torch, whose derivatives neither overflow nor flush to 0 far from the origin."""

from __future__ import annotations

import torch
from torch import Tensor

from diffcli.engines.kernels.elementary import expm1, sech, tanh
from diffcli.engines.kernels.rules import Rule
from diffcli.engines.kernels.special import ndtr


def leaky_relu(x: Tensor, a: Tensor) -> Tensor:
    """Return x above 0, a·x below."""
    return torch.where(x > 0, x, a * x)


def elu(x: Tensor, a: Tensor) -> Tensor:
    """Return x above 0, a(e^x − 1) below."""
    return torch.where(x > 0, x, a * expm1(torch.clamp(x, max=0)))


sigmoid = Rule(torch.sigmoid, lambda x: (sech(x / 2) / 2).square())
softplus = Rule(
    lambda x: torch.clamp(x, min=0) + torch.log1p(torch.exp(-x.abs())),
    sigmoid,
    beyond_reals=lambda x: torch.log1p(torch.exp(x)),
)
softsign = Rule(lambda x: x / (1 + x.abs()), lambda x: (1 + x.abs()).reciprocal().square())
# log(x/(1−x)); near its zero at 1/2, by the 2x − 1 that is exact there.
logit = Rule(
    lambda x: torch.where(
        x < 0.25, torch.log(x) - torch.log1p(-x), torch.log1p((2 * x - 1) / (1 - x))
    ),
    lambda x: (x * (1 - x)).reciprocal(),
    beyond_reals=lambda x: torch.log(x) - torch.log1p(-x),
)


def logsigmoid(x: Tensor) -> Tensor:
    """Return log(sigmoid(x))."""
    return -softplus(-x)


def gelu(x: Tensor) -> Tensor:
    """Return x·normcdf(x) (Hendrycks and Gimpel 2016)."""
    return x * ndtr(x)


def silu(x: Tensor) -> Tensor:
    """Return x·sigmoid(x)."""
    return x * sigmoid(x)


def mish(x: Tensor) -> Tensor:
    """Return x·tanh(softplus(x)) (Misra 2019)."""
    return x * tanh(softplus(x))


def hardtanh(x: Tensor) -> Tensor:
    """Return x kept within −1 … 1."""
    return torch.clamp(x, -1, 1)
