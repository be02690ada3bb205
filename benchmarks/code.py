"""Proofs of the gradients of networks: seconds of processor time, and how many entries are proved.

A network, its batch and its loss are made anew; the record, the balls, the bounds of rounding and
the verdict of every entry count, what is imported doesn't. The peer is torch's own gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from time import process_time

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  (torch's own name of it)

import diffcli
from benchmarks.record import Goal, Row
from diffcli.verdict import Verdict


class Block(nn.Module):
    """A residual block of two convolutions (He et al., 2016)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.second = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norms = nn.ModuleList([nn.BatchNorm2d(outputs), nn.BatchNorm2d(outputs)])
        self.short = nn.Conv2d(inputs, outputs, 1, stride) if stride > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.norms[0](self.first(x)))
        return F.relu(self.norms[1](self.second(y)) + self.short(x))


def perceptron(*sizes: int) -> nn.Module:
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def residual(blocks: int) -> nn.Module:
    """Return ResNet-20 with three blocks a width, on 32 × 32 images."""
    layers: list[nn.Module] = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    width = 16
    for wider in (16, 32, 64):
        for place in range(blocks):
            layers.append(Block(width, wider, 2 if place == 0 and wider > width else 1))
            width = wider
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def transformer() -> nn.Module:
    layer = nn.TransformerEncoderLayer(64, 4, 128, dropout=0.0, batch_first=True)
    return nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)


def classes(output: Tensor) -> Tensor:
    return F.cross_entropy(output, torch.arange(len(output)) % output.shape[1])


def squares(output: Tensor) -> Tensor:
    return output.pow(3).mean()


CASES: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...], Callable[..., Tensor], float]] = {
    "784-32-10, batch of 8": (lambda: perceptron(784, 32, 10), (8, 784), classes, 1.0),
    "1,000,000 parameters": (lambda: perceptron(1000, 900, 100, 10), (4, 1000), classes, 15.0),
    "transformer, 2 layers of 64": (transformer, (1, 16, 64), squares, 30.0),
    "ResNet-20, one image": (lambda: residual(3), (1, 3, 32, 32), classes, 30.0),
}
"""The network, the shape of its batch, its loss, and the goal in seconds."""


def rows(quick: bool) -> Iterator[Row]:
    """Yield a row a network."""
    diffcli.verify_gradients(torch.sin, torch.ones((), dtype=torch.float64))  # the imports
    for name, (build, shape, loss, goal) in CASES.items():
        if quick and goal > 1:
            continue
        torch.manual_seed(0)
        net, batch = build().double(), torch.randn(shape, dtype=torch.float64)
        start = process_time()
        loss(net(batch)).backward()
        peer = process_time() - start
        start = process_time()
        report = diffcli.verify_gradients(net, batch, loss=loss)
        seconds = process_time() - start
        checks = report.results[0].checks
        proved = sum(each.verdict in (Verdict.CERTIFIED, Verdict.INEXACT) for each in checks)
        label = f"{name}: {proved:,} of {len(checks):,} proved"
        yield Row(label, seconds, "s", peers={"torch": peer}, goal=Goal(goal))
