"""Tests of a model's gradients, as they stand in its repository: ``pytest`` alone runs them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import diffcli


class Swish(torch.autograd.Function):
    """x·sigmoid(x), which keeps only its argument for the way back."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        """Return the values."""
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Any:
        """Return the slope times sigmoid(x) + x·sigmoid′(x)."""
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return slope * (s + x * s * (1 - s))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16], ids=str)
def test_a_custom_function(gradcheck: Callable[..., bool], dtype: torch.dtype) -> None:
    """The fixture comes with diffcli, needs no tolerance, and names a backward that is wrong."""
    assert gradcheck(Swish.apply, torch.linspace(-3, 3, 7, dtype=dtype))


def test_a_network() -> None:
    """Every entry of the gradient by the parameters is proved."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8), nn.GELU(), nn.Linear(8, 3))
    batch, target = torch.randn(5, 4), torch.tensor([0, 1, 2, 1, 0])
    report = diffcli.verify_gradients(net, batch, target, loss=nn.functional.cross_entropy)
    assert report.exit_code == 0
    assert report.results[0].verdict in (diffcli.Verdict.CERTIFIED, diffcli.Verdict.INEXACT)
