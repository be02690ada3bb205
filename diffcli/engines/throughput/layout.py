"""What is computed at every point: its numbers, each a row of one of the results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Literal, TypeVar, get_args

import torch
from torch import Tensor

from diffcli.errors import UsageError
from diffcli.language.function import Function

Kind = Literal["value", "grad", "jacobian", "hessian"]
KINDS: tuple[Kind, ...] = get_args(Kind)

Partial = tuple[int, tuple[int, ...]]
"""A number of a point: of which output, differentiated in which inputs in turn."""


@dataclass(frozen=True)
class Wanted:
    """The results of one request, and the numbers that they consist of.

    ``outputs`` is how many outputs the formula has, ``wrt`` the places of the inputs that it is
    differentiated in, ``order`` that of ``grad``.
    """

    outputs: int
    wrt: tuple[int, ...]
    kinds: tuple[Kind, ...]
    order: int = 1

    @classmethod
    def of(
        cls, function: Function, wrt: Sequence[str], kinds: Sequence[Kind], order: int
    ) -> Wanted:
        """Return the layout; raises UsageError where a formula has no such derivative."""
        count = len(function.outputs)
        if count > 1 and {"grad", "hessian"}.intersection(kinds):
            raise UsageError(f"{count} formulas have no gradient", hint="they have a jacobian")
        unknown = [name for name in wrt if name not in function.variables]
        if unknown:
            raise UsageError(f"{unknown[0]!r} is not a variable of the formula")
        positions = tuple(function.variables.index(name) for name in wrt or function.variables)
        return cls(count, positions, tuple(kinds), order)

    def partials(self, kind: Kind) -> list[Partial]:
        """Return the numbers of a result, in row-major order."""
        outputs = range(self.outputs)
        match kind:
            case "value":
                return [(output, ()) for output in outputs]
            case "grad":
                return [(0, (position,) * self.order) for position in self.wrt]
            case "jacobian":
                return [(output, (position,)) for output, position in product(outputs, self.wrt)]
            case "hessian":
                return [(0, pair) for pair in product(self.wrt, self.wrt)]

    def shape(self, kind: Kind) -> tuple[int, ...]:
        """Return the shape of a result at one point."""
        count = len(self.wrt)
        match kind:
            case "value":
                return () if self.outputs == 1 else (self.outputs,)
            case "grad":
                return (count,)
            case "jacobian":
                return (self.outputs, count)
            case "hessian":
                return (count, count)

    @cached_property
    def numbers(self) -> tuple[Partial, ...]:
        """Every number once, the values first: they say where the formula is defined."""
        values: list[Partial] = [(output, ()) for output in range(self.outputs)]
        wanted = [partial for kind in self.kinds for partial in self.partials(kind)]
        return tuple(dict.fromkeys((output, _ordered(wrt)) for output, wrt in (*values, *wanted)))

    def allocate(self, points: int, dtype: torch.dtype, device: torch.device) -> Tensor:
        """Return memory for all numbers at some points, a row a number."""
        return torch.empty(len(self.numbers), points, dtype=dtype, device=device)

    def results(self, block: Tensor) -> dict[str, Tensor]:
        """Return the rows of all numbers as results: the shape at one point, then the points."""
        row_of = {number: i for i, number in enumerate(self.numbers)}
        result: dict[str, Tensor] = {}
        for kind in self.kinds:
            rows = [row_of[output, _ordered(wrt)] for output, wrt in self.partials(kind)]
            first, count = min(rows, default=0), len(rows)
            is_run = rows == list(range(first, first + count))
            # Neighbours are given as they lie there.
            chosen = block[first : first + count] if is_run else block[rows]
            result[kind] = chosen.reshape(*self.shape(kind), block.shape[1])
        return result


T = TypeVar("T")


def with_lower_orders(
    numbers: Sequence[Partial], values: Sequence[T], slopes: Callable[[T, int], Sequence[T]]
) -> list[T]:
    """Return every number of a layout, each gradient of a lower one computed once.

    ``slopes`` gives the derivatives in each input of a partial, for a partial of the order given.
    """
    lower: dict[Partial, T] = {(output, ()): value for output, value in enumerate(values)}
    for output, wrt in numbers:
        for order in range(1, len(wrt) + 1):
            if (output, wrt[:order]) not in lower:
                slope = slopes(lower[output, wrt[: order - 1]], order)
                lower |= {(output, (*wrt[: order - 1], i)): x for i, x in enumerate(slope)}
    return [lower[number] for number in numbers]


def _ordered(wrt: tuple[int, ...]) -> tuple[int, ...]:
    """Return a mixed partial's inputs in the one order that stands for all."""
    return tuple(sorted(wrt))
