"""Many points by autograd, in one vectorised pass.

A formula of numbers is applied element by element, so the gradient of the sum of its values
holds, element by element, the derivative at each point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from diffcli.engines.autograd import gradient
from diffcli.engines.program import Program
from diffcli.engines.throughput.layout import Partial, completed


@dataclass(frozen=True)
class Eager:
    """Autograd's own evaluation of a program at some points: its values and their partials."""

    program: Program
    numbers: Sequence[Partial]

    @property
    def footprint(self) -> int:
        """About how many tensors of all points it holds at once: what is recorded, and slopes."""
        order: int = max(len(wrt) for _, wrt in self.numbers)
        return (1 << order) * len(self.program.tape.steps) + len(self.numbers)

    def __call__(self, inputs: Sequence[Tensor], rows: Sequence[Tensor]) -> None:
        """Write each number at the points into its row."""
        highest = max(len(wrt) for _, wrt in self.numbers)
        with torch.enable_grad():
            leaves = [each.detach().requires_grad_() for each in inputs]
            values = self.program(*leaves, shape=rows[0].shape)
            found = completed(
                self.numbers,
                values,
                lambda lower, order: gradient(lower, leaves, higher=order < highest),
            )
        for number, row in zip(found, rows, strict=True):
            row.copy_(number.detach())
