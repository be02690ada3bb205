"""The tensor operations in torch, each one call; ``axis`` None stands for all entries together."""

from __future__ import annotations

import torch
from torch import Tensor

from diffcli.language.tensors import LAST

SHIFT_OF_VARIANCE = 1e-5
"""What torch's layer norm adds to a variance."""
SIZE_OF_MINORS = 4
"""Of the largest determinant by minors: n! products."""

# Torch's own, without a call between: the time of a small product is that of calling it.
matmul, dot, outer, trace = torch.matmul, torch.dot, torch.outer, torch.trace
softmax, log_softmax = torch.softmax, torch.log_softmax
# A vector is its own transpose.
transpose = torch.t


def sum(x: Tensor, axis: int | None = None) -> Tensor:  # noqa: A001  (the row's name)
    """Return the sum."""
    return x.sum() if axis is None else x.sum(axis)


def prod(x: Tensor, axis: int | None = None) -> Tensor:
    """Return the product."""
    return x.prod() if axis is None else x.prod(axis)


def mean(x: Tensor, axis: int | None = None) -> Tensor:
    """Return the arithmetic mean."""
    return x.mean() if axis is None else x.mean(axis)


def var(x: Tensor, axis: int | None = None) -> Tensor:
    """Return the sample variance."""
    return torch.var(x, dim=axis, correction=1)


def std(x: Tensor, axis: int | None = None) -> Tensor:
    """Return the sample standard deviation."""
    return torch.std(x, dim=axis, correction=1)


def norm(x: Tensor, axis: int | None = None) -> Tensor:
    """Return the Euclidean norm."""
    result: Tensor = torch.linalg.vector_norm(x, dim=axis)
    return result


def amax(x: Tensor, axis: int | None = None) -> Tensor:
    """Return the greatest entry."""
    return x.amax(() if axis is None else axis)


def amin(x: Tensor, axis: int | None = None) -> Tensor:
    """Return the least entry."""
    return x.amin(() if axis is None else axis)


def logsumexp(x: Tensor, axis: int | None = None) -> Tensor:
    """Return log(sum(exp(x)))."""
    return torch.logsumexp(x.reshape(-1), 0) if axis is None else torch.logsumexp(x, axis)


def cumsum(x: Tensor, axis: int = LAST) -> Tensor:
    """Return the running sums."""
    return torch.cumsum(x, axis)


def differences(x: Tensor, axis: int = LAST) -> Tensor:
    """Return the differences of neighbours."""
    return torch.diff(x, dim=axis)


def layernorm(x: Tensor, axis: int = LAST) -> Tensor:
    """Return the entries of each line less their mean, over their standard deviation."""
    deviations = x - x.mean(axis, keepdim=True)
    return deviations / (deviations.square().mean(axis, keepdim=True) + SHIFT_OF_VARIANCE).sqrt()


def kron(x: Tensor, y: Tensor) -> Tensor:
    """Return the Kronecker product of two vectors or two matrices."""
    # Torch's own can't take a transpose whose product is a view.
    return torch.kron(x.contiguous(), y.contiguous())


def det(x: Tensor) -> Tensor:
    """Return the determinant: a small one by its first row's minors, which is a polynomial.

    torch's gradient of a determinant that is 0 is 0, and its Hessian has noise where it is 0.
    """
    size = len(x)
    if size > SIZE_OF_MINORS:
        result: Tensor = torch.linalg.det(x)
        return result
    if size == 1:
        return x[0, 0]
    minors = [torch.cat([x[1:, :j], x[1:, j + 1 :]], dim=1) for j in range(size)]
    return torch.stack([(-1) ** j * x[0, j] * det(minor) for j, minor in enumerate(minors)]).sum()


def logdet(x: Tensor) -> Tensor:
    """Return the logarithm of a positive determinant; nan for another one."""
    sign, size = torch.linalg.slogdet(x)
    return torch.where(sign > 0, size, torch.nan)


def cholesky(x: Tensor) -> Tensor:
    """Return the Cholesky factor of the symmetric part; nan where that isn't positive definite."""
    factor, info = torch.linalg.cholesky_ex((x + x.T) / 2)
    return torch.where(info == 0, factor, torch.nan)


def eigvalsh(x: Tensor) -> Tensor:
    """Return the eigenvalues of the symmetric part, the least first."""
    result: Tensor = torch.linalg.eigvalsh((x + x.T) / 2)
    return result


def diag(x: Tensor) -> Tensor:
    """Return the matrix of a diagonal, or the diagonal of a matrix."""
    return x.diagonal() if x.ndim == 2 else torch.diag_embed(x)


def vec(x: Tensor) -> Tensor:
    """Return the columns of a matrix below each other."""
    return transpose(x).reshape(-1)


def eye(x: Tensor, size: int) -> Tensor:
    """Return the identity matrix times a number."""
    return x * torch.eye(size, dtype=x.dtype, device=x.device)


def full(x: Tensor, *lengths: int) -> Tensor:
    """Return a number as often as a shape has entries."""
    return x.expand(lengths)


def inv(x: Tensor) -> Tensor:
    """Return the inverse; nan where there is none."""
    inverse, info = torch.linalg.inv_ex(x)
    return torch.where(info == 0, inverse, torch.nan)


def solve(a: Tensor, b: Tensor) -> Tensor:
    """Return the solution of a @ x = b; nan where a is singular."""
    solution, info = torch.linalg.solve_ex(a, b)
    return torch.where(info == 0, solution, torch.nan)


def index(x: Tensor, *position: int | slice) -> Tensor:
    """Return an entry or a slice; torch takes no step backwards."""
    backward = [
        axis
        for axis, part in enumerate(position)
        if isinstance(part, slice) and (part.step or 1) < 0
    ]
    turned = tuple(
        _turned(part, x.shape[axis]) if axis in backward and isinstance(part, slice) else part
        for axis, part in enumerate(position)
    )
    return x.flip(backward)[turned] if backward else x[position]


def _turned(part: slice, size: int) -> slice:
    start, stop, step = part.indices(size)
    return slice(size - 1 - start, size - 1 - stop, -step)
