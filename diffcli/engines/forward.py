"""The Jacobian-vector product of autograd: the derivative along one variable."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor
from torch.autograd.functional import jvp

from diffcli.engines.autograd import gradient


def forward_partial(
    program: Callable[..., Sequence[Tensor]],
    point: Mapping[str, Tensor],
    wrt: Sequence[str],
    output: int = 0,
) -> Tensor:
    """Return the mixed partial of a program's output in each of ``wrt`` in turn.

    The last one is a Jacobian-vector product, by the reverse pass of a reverse pass (dual numbers,
    torch.autograd.forward_ad, load a second's worth of imports at the first sum with a constant);
    those before it are reverse passes. ``point`` gives the program's arguments in order, tensors
    that require grad; the result is shaped like the output.
    """
    *before, last = wrt

    def lower(x: Tensor) -> Tensor:
        moving = {**point, last: x}
        value = program(*moving.values())[output]
        for name in before:
            (value,) = gradient(value, [moving[name]], higher=True)
        return value

    product: Tensor = jvp(lower, point[last], torch.ones_like(point[last]))[1]
    return product
