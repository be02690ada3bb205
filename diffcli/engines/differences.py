"""Derivatives by difference quotients of values, extrapolated: evidence where there is no formula.

Central differences in h, with the limit h → 0 by Richardson's extrapolation and the error taken
from how far the tableau still moves (Ridders, "Accurate computation of F′(x) and F′(x)F″(x)",
Advances in Engineering Software 4 (1982)). The quotients from both sides, at ever smaller steps as
far as the rounding of the values lets tell, show whether there is such a limit at all: at a kink
the central ones have one too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise, product
from math import isfinite, log2, prod
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from diffcli.clock import now
from diffcli.engines.autograd import Evaluation, Mode, flattened, tensors

if TYPE_CHECKING:
    from diffcli.operators import Operator

Array = NDArray[np.float64]

MOST_COMPONENTS = 32
"""Of the variables together; beyond it there are no quotients."""
FIRST_STEP, RATIO = 0.0613, 4.0
"""The largest step, relative to the components but for small ones, and how fast steps shrink.

No multiple of a power of 2, with which the waves of a function may be in step.
"""
SPARED = 5
"""Bits of a component that the smallest step leaves to the values' change."""
MOST_MORE, MORE_AT_ZERO = 20, 10
"""Further steps for components that are small themselves, and for those that are 0."""
LONGEST = 5.0
"""Seconds of processor time after which the quotients are given up."""
PRECISE = 1e-6
"""The relative error of autograd's rounding in float64, unless something cancels."""
SINGLE = 1e-4
"""The same in float32."""
NOISY = 1000
"""Units in the last place by which quiet values may scatter."""
SMALLEST, PERTURBED = 4, 8
"""Steps, and perturbed evaluations, from which the scatter of the values is measured."""
WINDOW = 6
"""Steps from which a limit is extrapolated."""
RUN = 3
"""Steps at which the quotients must stay near their limit, each 1/4 of the one before."""

Program = Callable[..., Sequence[Tensor]]


class Finding(Enum):
    """What quotients say of a number that is said to be the derivative."""

    AGREES = "agrees"
    CONTRADICTS = "contradicts"
    OPEN = "open"


@dataclass(frozen=True)
class Estimate:
    """A derivative by quotients: the limit ``value``, within ``error`` as far as quotients show.

    ``central``, ``below`` and ``above`` are the quotients at each step, the largest first, and
    ``noise`` is how far rounding may move them. ``tolerance`` is the relative error that autograd's
    own rounding may make.
    """

    value: float
    error: float
    central: Array
    below: Array
    above: Array
    noise: Array
    tolerance: float
    is_fine: bool
    """Whether floats are so near each other that steps of them don't skip a stair of the values."""

    def judge(self, number: float) -> Finding:
        """Hold a number against the quotients, which tell some digits of it at most."""
        off, size = abs(number - self.value), max(abs(number), abs(self.value))
        if not isfinite(off) or not isfinite(self.error):
            return Finding.OPEN
        if number == 0 and abs(self.value) <= 4 * self.error:
            return Finding.AGREES if self._vanishes else Finding.OPEN
        if off <= max(4 * self.error, self.tolerance * size):
            is_precise = 4 * self.error <= 5e-4 * size and self._settles(1e-2 * size)
            return Finding.AGREES if is_precise else Finding.OPEN
        is_clear = off >= max(10 * self.error, 100 * self.tolerance * size)
        is_settled = self.is_fine and is_clear and self._settles(off / 4)
        return Finding.CONTRADICTS if is_settled else Finding.OPEN

    def _settles(self, within: float) -> bool:
        """Whether all quotients stay near the limit from some step on, unless rounding hides it.

        They do where they are within the given distance of the limit, and within a part of it.
        """
        last = np.flatnonzero(4 * self.noise <= within / 2)[-RUN:]
        rows = np.stack([self.central, self.below, self.above])[:, last]
        near = np.maximum(abs(self.value) / 4, 8 * self.noise[last])
        off = np.abs(rows - self.value)
        return len(last) == RUN and bool((off <= np.minimum(near, within)).all())

    @property
    def _vanishes(self) -> bool:
        """Whether the limit is 0, as far as the values' digits go."""
        sides = np.abs(np.stack([self.below, self.above]))
        # Steps so small that they change no value tell nothing: beside |x| there are such too.
        told = np.flatnonzero(self.noise <= 1e-4 * sides[:, 0].max())
        last = sides[:, told[-1]] if len(told) else sides.max(axis=1)
        goes = bool((last <= 1e-3 * sides[:, 0]).all())
        least = float(self.noise[0])
        is_steady = self.error <= 1000 * least and self._settles(1e8 * least)
        return self.is_fine and (is_steady or (goes and not self.central.any()))


class Quotients(Evaluation):
    """An evaluation whose derivatives are difference quotients, with one step for all of them.

    Without a ``side`` they are central, whose error is a series in the step's square; 1 and -1 are
    the quotients from above and from below. ``rounding`` is how far a value may be off.
    """

    def __init__(
        self,
        program: Program,
        variables: Mapping[str, Tensor],
        step: float,
        rounding: float,
        side: int = 0,
    ) -> None:
        super().__init__(program, variables)
        self._here = torch.cat([tensor.reshape(-1) for tensor in self._inputs])
        self._steps = step * torch.clamp(self._here.abs(), min=1)
        self._rounding, self._side = rounding, side
        self.noise = 0.0
        """How far the rounding of the values may move a derivative."""

    def _difference(self, directions: Sequence[Tensor]) -> Tensor:
        """Return the mixed derivative of all outputs, flattened, along directions in turn."""
        total: Tensor = torch.zeros_like(self._flat)
        ends = (1, -1) if self._side == 0 else (self._side, 0)
        for signs in product(ends, repeat=len(directions)):
            moves = (sign * direction for sign, direction in zip(signs, directions, strict=True))
            point = self._here + sum(moves, torch.zeros_like(self._here))
            weight = prod(1 if sign == max(ends) else -1 for sign in signs)
            flat = flattened(self._program(*self._split(point)))
            # A function such as x[x > 0] may give another number of values beside the point.
            total += weight * flat if flat.shape == total.shape else torch.nan
        return total.div((max(ends) - min(ends)) ** len(directions))

    def _split(self, flat: Tensor) -> list[Tensor]:
        """Return a vector of all components as a tensor for each variable."""
        parts = flat.split([tensor.numel() for tensor in self._inputs])
        return [part.reshape(x.shape) for part, x in zip(parts, self._inputs, strict=True)]

    def _partial(self, positions: Sequence[int]) -> Tensor:
        """Return the mixed partial of all outputs in components by their places."""
        unit = torch.eye(len(self._here), dtype=self._here.dtype, device=self._here.device)
        difference = self._difference(
            [self._steps[position] * unit[position] for position in positions]
        )
        volume = prod(float(self._steps[position]) for position in positions)
        self.noise = max(self.noise, self._rounding / volume)
        return difference / volume

    def _place(self, variable: Tensor, index: int | None) -> int:
        before = 0
        for tensor in self._inputs:
            if tensor is variable:
                return before + (index or 0)
            before += tensor.numel()
        raise KeyError(index)

    def _nested(self, wrt: Sequence[tuple[Tensor, int | None]]) -> Tensor:
        return self._partial([self._place(*name) for name in wrt])[0]

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
    program: Program,
    point: Mapping[str, Array],
    vector: Sequence[Array],
    *,
    dtype: str,
    device: str,
    tolerance: float = PRECISE,
) -> list[Estimate] | str:
    """Return an operator's numbers, one after the other, by quotients; or why there are none.

    The program is called with tensors of ``dtype`` on ``device``; ``tolerance`` is the relative
    error of the numbers that will be held against them.
    """
    count = sum(array.size for array in point.values())
    if count > MOST_COMPONENTS:
        return f"{count:,} components are too many for difference quotients"
    deadline = now() + LONGEST
    names = map(str, range(len(vector)))
    directions = list(tensors(dict(zip(names, vector, strict=True)), dtype, device).values())
    variables = tensors(point, dtype, device)
    unit = torch.finfo(getattr(torch, dtype)).eps
    steps = _steps(point, unit)
    share = max(
        float((np.abs(x) / np.maximum(np.abs(x), 1)).max(initial=0)) for x in point.values()
    )
    rows: list[list[Array]] = []
    noises = []
    with torch.no_grad():
        rounding = _scatter(program, variables, steps, unit)
        if rounding is None:
            return "its values are too noisy for a difference quotient, or a kink or a jump is here"
        for step in steps:
            if now() > deadline:
                return "the time for difference quotients ran out"
            sides = [Quotients(program, variables, step, rounding, side) for side in (0, -1, 1)]
            rows.append([_flat(operator.torch(array, directions)) for array in sides])
            # The components at the step's ends are rounded too.
            noises.append(sides[0].noise + np.abs(rows[-1][0]) * unit * share / step)
    central, below, above = np.stack(rows, axis=1)
    noise = np.stack(noises)
    best, error = _steadiest(central, noise)
    return [
        Estimate(
            float(best[i]),
            float(error[i]),
            central[:, i],
            below[:, i],
            above[:, i],
            noise[:, i],
            tolerance,
            dtype != "float32",
        )
        for i in range(len(best))
    ]


def _steps(point: Mapping[str, Array], unit: float) -> list[float]:
    """Return the steps, down to where the components' own digits end."""
    sizes = np.abs(np.concatenate([np.ravel(array) for array in point.values()]))
    least = float(sizes[sizes > 0].min(initial=1.0))
    bits = -log2(unit) - SPARED + log2(FIRST_STEP)
    more = min(-log2(least) / log2(RATIO), MOST_MORE)
    if not sizes.all():
        more = max(more, MORE_AT_ZERO)
    return [FIRST_STEP / RATIO**k for k in range(int(bits / log2(RATIO)) + int(more) + 1)]


def _scatter(
    program: Program, variables: Mapping[str, Tensor], steps: Sequence[float], unit: float
) -> float | None:
    """Return how far values may be off; None where that is far more than their last digits.

    It is seen in second differences at the smallest steps, and in what becomes of the values if
    the result of every operation is off in its last place (Parker, "Monte Carlo arithmetic",
    1997).
    """

    def values(step: float) -> Tensor:
        moved = (x + step * _turns(x) * torch.clamp(x.abs(), min=1) for x in variables.values())
        return flattened(program(*moved)).double()

    here = values(0.0)
    pairs = [(values(step), values(-step)) for step in (steps[0], *steps[-SMALLEST:])]
    with _Perturbed():
        again = [values(0.0) for _ in range(PERTURBED)]
    spread = [*again, *(estimate for pair in pairs for estimate in pair)]
    if any(estimate.shape != here.shape for estimate in spread):
        return None
    size = float(torch.stack([here, *spread]).nan_to_num(0.0, 0.0, 0.0).abs().max())
    seconds = [above - 2 * here + below for above, below in pairs[1:]]
    scatter = float(torch.stack([*seconds, *(estimate - here for estimate in again)]).abs().max())
    if not scatter <= NOISY * unit * size:
        return None
    return max(2 * scatter, 4 * unit * float(here.abs().max()))


class _Perturbed(TorchDispatchMode):
    """Lets every operation's result be off by a unit in its last place, up or down at random."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._random = np.random.default_rng(0)

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Keep torch from importing its compiler, which takes a second, to switch it off."""
        return False

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        # A view, and what an operation in place gives, is its argument's memory.
        is_new = all(returned.alias_info is None for returned in func._schema.returns)
        if not is_new or not isinstance(result, Tensor) or not result.is_floating_point():
            return result
        if result.is_meta or result._is_zerotensor():
            return result  # no numbers; a product of such a 0, which torch.func makes, ends Python
        drawn = torch.from_numpy(self._random.choice([-1.0, 1.0], tuple(result.shape)))
        return result * (1 + torch.finfo(result.dtype).eps * drawn.to(result))


def _turns(x: Tensor) -> Tensor:
    """Return 1 and −1 in turn for the components of a tensor."""
    signs = torch.ones_like(x).reshape(-1)
    signs[1::2] = -1
    return signs.reshape(x.shape)


def _flat(blocks: Iterable[Any]) -> Array:
    return np.concatenate([np.ravel(block.double().cpu().numpy()) for block in blocks])


def _steadiest(central: Array, noise: Array) -> tuple[Array, Array]:
    """Return the limit that the smallest steps arrive at, and its error, of each number.

    It is sought from the smallest steps on, as long as larger ones are the steadier: far from the
    limit quotients may be steady too, as those of waves are at steps of many periods.
    """
    best, error = central[-1].copy(), np.full_like(central[-1], np.inf)
    open_still = np.ones(best.shape, dtype=np.bool_)
    for first in range(max(len(central) - WINDOW, 0), -1, -1):
        limit, off = _limit(list(central[first:][:WINDOW]), list(noise[first:][:WINDOW]))
        open_still &= (off <= 10 * error) | ~np.isfinite(error)
        steadier = open_still & (off < error)
        best[steadier], error[steadier] = limit[steadier], off[steadier]
    return best, error


def _limit(column: Sequence[Array], noises: Sequence[Array]) -> tuple[Array, Array]:
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
