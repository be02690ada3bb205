"""Derivatives by difference quotients of values, extrapolated: evidence where there is no formula.

Central differences in h, with the limit h → 0 by Richardson's extrapolation and the error taken
from how far the tableau still moves (Ridders, "Accurate computation of F′(x) and F′(x)F″(x)",
Advances in Engineering Software 4 (1982)).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise, product
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diffcli.engines.autograd import Evaluation, Mode, tensors

if TYPE_CHECKING:
    from diffcli.operators import Operator

Array = NDArray[np.float64]

MOST_COMPONENTS = 32
"""Of the variables together; beyond it there are no quotients."""
FIRST_STEP, RATIO, STEPS = 2.0**-5, 4.0, 8


class Quotients(Evaluation):
    """An evaluation whose derivatives are central differences, with one step for all of them.

    The error is a series in the step's square.
    """

    def __init__(
        self, program: Callable[..., Sequence[Tensor]], variables: Mapping[str, Tensor], step: float
    ) -> None:
        super().__init__(program, variables)
        self._here = torch.cat([each.reshape(-1) for each in self._inputs])
        self._steps = step * torch.clamp(self._here.abs(), min=1)
        self._rounding = torch.finfo(self._flat.dtype).eps / 2 * float(self._flat.abs().max())
        self.noise = 0.0
        """How far the rounding of the values may move a derivative."""

    def _difference(self, directions: Sequence[Tensor]) -> Tensor:
        """Return the mixed derivative of all outputs, flattened, along directions in turn."""
        total: Tensor = torch.zeros_like(self._flat)
        for signs in product((1, -1), repeat=len(directions)):
            moves = (sign * each for sign, each in zip(signs, directions, strict=True))
            place = self._here + sum(moves, torch.zeros_like(self._here))
            outputs = self._program(*self._split(place))
            flat = torch.cat([output.reshape(-1) for output in outputs])
            # A function such as x[x > 0] may give another number of values beside the point.
            total += prod(signs) * flat if flat.shape == total.shape else torch.nan
        return total.div(2 ** len(directions))

    def _split(self, flat: Tensor) -> list[Tensor]:
        """Return a vector of all components as a tensor for each variable."""
        parts = flat.split([each.numel() for each in self._inputs])
        return [part.reshape(x.shape) for part, x in zip(parts, self._inputs, strict=True)]

    def _partial(self, places: Sequence[int]) -> Tensor:
        """Return the mixed partial of all outputs in components by their places."""
        unit = torch.eye(len(self._here), dtype=self._here.dtype, device=self._here.device)
        found = self._difference([self._steps[place] * unit[place] for place in places])
        volume = prod(float(self._steps[place]) for place in places)
        self.noise = max(self.noise, self._rounding / volume)
        return found / volume

    def _place(self, variable: Tensor, index: int | None) -> int:
        before = 0
        for each in self._inputs:
            if each is variable:
                return before + (index or 0)
            before += each.numel()
        raise KeyError(index)

    def _nested(self, wrt: Sequence[tuple[Tensor, int | None]]) -> Tensor:
        return self._partial([self._place(*each) for each in wrt])[0]

    def jacobian(self, mode: Mode = "auto") -> Tensor:  # noqa: ARG002  columns are all there are
        """Return the matrix of first derivatives, column by column."""
        return torch.stack([self._partial([i]) for i in range(len(self._here))], dim=1)

    def gradient(self, inputs: Sequence[Tensor]) -> list[Tensor]:
        """Return the gradient of the first output in each input."""
        whole = self._split(self.jacobian()[0])
        return [whole[next(i for i, x in enumerate(self._inputs) if x is y)] for y in inputs]

    def hessian(self) -> Tensor:
        """Return the matrix of second derivatives of the first output."""
        count = len(self._here)
        entries = [self._partial([i, j])[0] for i, j in product(range(count), repeat=2)]
        return torch.stack(entries).reshape(count, count)

    def vjp(self, vector: Sequence[Tensor]) -> list[Tensor]:
        """Return a vector times the Jacobian."""
        return self._split(torch.cat([v.reshape(-1) for v in vector]) @ self.jacobian())

    def jvp(self, vector: Sequence[Tensor]) -> list[Tensor]:
        """Return the Jacobian times a vector, shaped like the outputs."""
        product_ = self.jacobian() @ torch.cat([v.reshape(-1) for v in vector])
        parts = product_.split([output.numel() for output in self.outputs])
        return [part.reshape(o.shape) for part, o in zip(parts, self.outputs, strict=True)]

    def hvp(self, vector: Sequence[Tensor]) -> list[Tensor]:
        """Return the Hessian of the first output times a vector."""
        return self._split(self.hessian() @ torch.cat([v.reshape(-1) for v in vector]))


def estimates(
    operator: Operator,
    program: Callable[..., Sequence[Tensor]],
    at: Mapping[str, Array],
    vector: Sequence[Array],
    *,
    dtype: str,
    device: str,
) -> tuple[Array, Array] | None:
    """Return an operator's numbers, one after the other, by quotients, and their errors.

    The program is called with tensors of ``dtype`` on ``device``. None where the variables have
    too many components.
    """
    if sum(each.size for each in at.values()) > MOST_COMPONENTS:
        return None
    names = map(str, range(len(vector)))
    directions = list(tensors(dict(zip(names, vector, strict=True)), dtype, device).values())
    variables = tensors(at, dtype, device)
    steps = [FIRST_STEP / RATIO**k for k in range(STEPS)]
    with torch.no_grad():
        quotients = [Quotients(program, variables, step) for step in steps]
        found = [_flat(operator.torch(each, directions)) for each in quotients]
    return _limit(found, [each.noise for each in quotients])


def _flat(blocks: Iterable[Any]) -> Array:
    return np.concatenate([np.ravel(block.double().cpu().numpy()) for block in blocks])


def _limit(column: Sequence[Array], noises: Sequence[float]) -> tuple[Array, Array]:
    """Extrapolate to step 0, and return the steadiest entries of the tableau with their errors.

    ``noises`` are the errors that rounding makes at each step.
    """
    best, error = column[0].copy(), np.full_like(column[0], np.inf)
    for level in range(1, len(column)):
        factor = RATIO ** (2 * level)
        finer = [(factor * after - before) / (factor - 1) for before, after in pairwise(column)]
        for here, before, after, noise in zip(
            finer, column, column[1:], noises[level:], strict=False
        ):
            moved = np.maximum(abs(here - before), abs(here - after)) + noise
            steadier = moved < error
            best[steadier], error[steadier] = here[steadier], moved[steadier]
        column = finer
    return best, error
