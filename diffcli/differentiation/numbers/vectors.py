"""Very long vectors: many points at once, and formulas that repeat along slices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING

from diffcli.differentiation.problem import MAX_NESTED_ORDER
from diffcli.language.function import Function
from diffcli.operators import Eval, Grad, Operator

if TYPE_CHECKING:
    from torch import Tensor

    from diffcli.differentiation.numbers.arrays import Array, Numbers
    from diffcli.differentiation.settings import Settings

FEWEST = 100_000
"""Points from which one pass of autograd is no longer the quickest way."""


def evaluated(
    operator: Operator, function: Function, arrays: Mapping[str, Array], settings: Settings
) -> tuple[Numbers, str] | None:
    """Return values and gradients at very many points, and in words how they were computed.

    None for few points, for vectors of different lengths, and for other operators. Raises what
    :meth:`diffcli.engines.throughput.Evaluator.evaluate` raises.
    """
    shapes = {array.shape for array in arrays.values() if array.ndim}
    if not isinstance(operator, Eval | Grad) or len(shapes) != 1:
        return None
    (shape,) = shapes
    order, wrt = (operator.order, operator.wrt) if isinstance(operator, Grad) else (1, ())
    if prod(shape) < FEWEST or order > MAX_NESTED_ORDER or not set(wrt) <= arrays.keys():
        return None
    from diffcli.differentiation.numbers.arrays import Numbers
    from diffcli.engines.throughput import Evaluator

    evaluator = Evaluator(
        function,
        wrt,
        ("value",) if isinstance(operator, Eval) else ("value", "grad"),
        order=order,
        dtype=settings.dtype,
        device=settings.device,
        way="compiled" if settings.compile else "auto",
    )
    columns = {
        name: tensor.ravel() if tensor.ndim else float(tensor) for name, tensor in arrays.items()
    }
    with settings.progress(operator.name, prod(shape)) as watch:
        rows = {
            kind: tensor.double().cpu().numpy().reshape(-1, *shape)
            for kind, tensor in evaluator.evaluate(columns, progress=watch).items()
        }
    # The derivative in a number that all points share is the sum of theirs.
    entries = [
        row if arrays[name].ndim else row.sum()
        for name, row in zip(wrt or arrays, rows.get("grad", ()), strict=False)
    ]
    return Numbers(list(rows["value"]), entries), evaluator.told


def product(
    operator: Operator,
    function: Function,
    tensors: Mapping[str, Tensor],
    vector: Sequence[Tensor],
    settings: Settings,
) -> list[Tensor] | None:
    """Return the blocks of a gradient or a product of a formula along slices of long vectors.

    None for short vectors, for other formulas and other operators.
    """
    kind = operator.product if operator != Grad() else "gradient"
    length = max((tensor.numel() for tensor in tensors.values()), default=0)
    if not kind or length < FEWEST or settings.device != "cpu":
        return None
    from diffcli.engines.throughput.products import Products
    from diffcli.engines.throughput.slices import sliced

    formula = sliced(function, {name: tuple(tensor.shape) for name, tensor in tensors.items()})
    if formula is None:
        return None
    of = Products(formula, compiling=settings.compile)
    point = {name: tensor.detach() for name, tensor in tensors.items()}
    return of.blocks(kind, point, vector)
