"""A small network, one of whose backward passes misses a term."""

import torch
from torch import nn


class Swish(torch.autograd.Function):
    """x·sigmoid(x)."""

    @staticmethod
    def forward(ctx, x):
        """Return the values."""
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, slope):
        """Return sigmoid(x) times the slope, and forget the other half of the product rule."""
        (x,) = ctx.saved_tensors
        return slope * torch.sigmoid(x)


class Activation(nn.Module):
    """Swish as a layer."""

    def forward(self, x):
        """Return the values."""
        return Swish.apply(x)


torch.manual_seed(0)
net = nn.Sequential(nn.Linear(2, 2), Activation(), nn.Linear(2, 1))


def loss(output, target):
    """Return the mean of the squares."""
    return nn.functional.mse_loss(output, target)
