"""Jacobians and Hessians of a known structure: few products with vectors where they are sparse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from diffcli.engines.autograd import Evaluation, Mode, flattened, held
from diffcli.engines.matrices.sparse import Names, Sparse, component_names, numbered
from diffcli.errors import LimitError
from diffcli.language.expression import Node
from diffcli.language.function import Function
from diffcli.tensors.rules import Shape
from diffcli.tensors.shapes import shapes_of

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from diffcli.engines.matrices.colouring import Colouring
    from diffcli.tensors.sparsity import Dependence

TAYLOR_ORDER = 5
"""From here on Taylor arithmetic is faster than nested autograd."""
MOST_NESTED = 8
"""The order up to which autograd is nested where Taylor arithmetic has no rule."""
MOST_CELLS = 100_000
"""Coefficients of a node in several steps, beyond which it is differentiated one by one."""
MOST_COEFFICIENTS = 5_000
"""Of one mixed partial."""
LEAST_COLUMNS = 50
"""Up to so many, the whole matrix takes no longer."""
MOST_FILLED = 0.2
"""The part of the entries that may differ from zero, below which products are few."""
MOST_NUMBERS = 4_000_000
"""Numbers of a matrix that is made whole: 2,000 by 2,000, which nobody reads one by one."""

LEAST_CUT = 2**18
"""Components of the variables from which a product is made piece by piece."""
PIECE = 2**16
"""Terms of one piece."""

_Product = Callable[[Tensor], Tensor]


class Structured(Evaluation):
    """An evaluation of a function's program that knows which derivatives are zero everywhere.

    ``function`` is what the program was made of; ``moving`` are the variables to differentiate in,
    all of them unless said. The rest is as in Evaluation.
    """

    def __init__(
        self,
        function: Function,
        program: Callable[..., Sequence[Tensor]],
        variables: Mapping[str, Tensor],
        *,
        moving: Sequence[str] = (),
        element_by_element: bool = False,
    ) -> None:
        self._function, self._all = function, variables
        if moving and [*moving] != [*variables]:
            program, variables = held(program, variables, moving)
            self._all = variables | dict(self._all)
        super().__init__(program, variables, element_by_element=element_by_element)

    def partial(self, wrt: Sequence[str], mode: Mode = "auto") -> Tensor:
        """Return a mixed partial, by Taylor arithmetic in forward mode and from order 5 on.

        Raises LimitError where it takes too many coefficients, or has no rule there and autograd
        takes too long.
        """
        if mode == "reverse" or (mode == "auto" and len(wrt) < TAYLOR_ORDER):
            return super().partial(wrt)
        if (count := prod(count + 1 for count in Counter(wrt).values())) > MOST_COEFFICIENTS:
            raise LimitError(
                f"a partial that takes {count:,} Taylor coefficients",
                hint=f"at most {MOST_COEFFICIENTS:,}: take a lower order",
            )
        from diffcli.engines.taylor.partials import taylor_partial

        elements = self._element_by_element
        try:
            return taylor_partial(self._function, self.variables, wrt, element_by_element=elements)
        except LimitError as error:
            self._nested_instead(error, len(wrt))
            return super().partial(wrt)

    def taylor(self, indices: Sequence[Sequence[str]]) -> list[Tensor]:
        """Return Taylor coefficients, all that move together by one pass of Taylor arithmetic.

        Raises LimitError where that has no rule and autograd takes too long.
        """
        from diffcli.engines.taylor.partials import coefficients

        moving, total = tuple(self.columns), max(map(len, indices))
        if (total + 1) ** len(moving) > MOST_CELLS:
            return super().taylor(indices)
        degrees = [tuple(map(wrt.count, moving)) for wrt in indices]
        try:
            (series,) = coefficients(
                self._function, self.variables, moving, (total,) * len(moving), total
            )
        except LimitError as error:
            self._nested_instead(error, total)
            return super().taylor(indices)
        return [series[degree] for degree in degrees]

    def _nested_instead(self, error: LimitError, order: int) -> None:
        """Say that autograd is nested for want of a rule, or raise where that takes too long."""
        if order > MOST_NESTED:
            raise LimitError(
                error.message, hint="--engines symbolic,enclosure does without"
            ) from None
        self.remarks.append(f"{error.message}: differentiated again and again instead")

    def jacobian(self, mode: Mode = "auto") -> Tensor:
        """Return the Jacobian, by few products where it is large and sparse; as Evaluation does.

        Raises LimitError where it is too large to be made whole.
        """
        if self._width <= LEAST_COLUMNS:
            return super().jacobian(mode)
        check_size(self._flat.numel(), self._width)
        return self.sparse_jacobian(mode).dense()

    def hessian(self) -> Tensor:
        """Return the Hessian, by few products where it is large and sparse; as Evaluation does.

        Raises LimitError where it is too large to be made whole.
        """
        if self._width <= LEAST_COLUMNS:
            return super().hessian()
        check_size(self._width, self._width)
        return self.sparse_hessian().dense()

    def hvp(self, vector: Sequence[Tensor]) -> list[Tensor]:
        """Return the Hessian times a vector, piece by piece where the formula allows it.

        As Evaluation does; a sum over a window that moves along long vectors takes little memory.
        """
        from diffcli.engines.matrices.windows import window_of

        is_long = self.variables is self._all and self._width >= LEAST_CUT
        window = window_of(self._function, self._node_shapes) if is_long else None
        if window is None:
            return super().hvp(vector)
        terms, overlap = window
        total = [torch.zeros_like(tensor) for tensor in self._inputs]
        for start in range(0, terms, PIECE):
            part = slice(start, min(start + PIECE, terms) + overlap)
            own = {
                name: (tensor.detach()[part] if tensor.ndim else tensor.detach()).requires_grad_()
                for name, tensor in self.variables.items()
            }
            steps = [tensor[part] if tensor.ndim else tensor for tensor in vector]
            product = Evaluation(self._program, own).hvp(steps)
            for whole, row in zip(total, product, strict=True):
                (whole[part] if whole.ndim else whole).add_(row)
        return total

    def sparse_jacobian(self, mode: Mode = "auto") -> Sparse:
        """Return the entries of the Jacobian that may differ from zero.

        ``reverse`` groups rows, ``forward`` columns; ``auto`` takes whichever makes fewer products,
        and dense lines alone. Raises LimitError where there are too many entries.
        """
        from diffcli.engines.matrices.colouring import coloured

        pattern = self._dependence.jacobian()
        frame = self._frame(pattern, numbered("f", pattern.shape[0]))
        if not _pays(frame):
            check_size(*frame.shape)
            return replace(frame, values=super().jacobian(mode)[frame.rows, frame.columns])
        alone = mode == "auto"
        ways: list[tuple[Colouring, _Entries, _Product, _Product]] = []
        if mode != "forward":
            by_rows = coloured(pattern.T.tocsr(), alone=alone)
            ways.append((by_rows, (frame.columns, frame.rows), self._vjp, self._jvp))
        if mode != "reverse":
            by_columns = coloured(pattern, alone=alone)
            ways.append((by_columns, (frame.rows, frame.columns), self._jvp, self._vjp))
        way = min(ways, key=lambda way: way[0].products)
        return replace(frame, values=_recovered(*way, frame.values), products=way[0].products)

    def sparse_hessian(self) -> Sparse:
        """Return the entries of the first output's Hessian that may differ from zero, symmetric.

        Raises LimitError where there are too many.
        """
        from diffcli.engines.matrices.colouring import coloured

        pattern = self._dependence.hessian()
        frame = self._frame(pattern, component_names(self._shapes))
        # An entry and its mirror image are read at one place.
        lower = torch.maximum(frame.rows, frame.columns), torch.minimum(frame.rows, frame.columns)
        if not _pays(frame):
            check_size(*frame.shape)
            return replace(frame, values=super().hessian()[lower])
        colouring = coloured(pattern, symmetric=True)
        entries = _with_rows_alone(colouring, lower)
        values = _recovered(colouring, entries, self._hvp, self._hvp, frame.values)
        return replace(frame, values=values, products=colouring.products)

    @cached_property
    def _shapes(self) -> dict[str, Shape]:
        return {name: tuple(variable.shape) for name, variable in self.variables.items()}

    @cached_property
    def _all_shapes(self) -> dict[str, Shape]:
        return {name: tuple(tensor.shape) for name, tensor in self._all.items()}

    @cached_property
    def _width(self) -> int:
        return sum(map(prod, self._shapes.values()))

    @cached_property
    def _node_shapes(self) -> dict[Node, Shape]:
        return shapes_of(self._function, self._all_shapes)

    @cached_property
    def _dependence(self) -> Dependence:
        from diffcli.tensors.sparsity import Dependence

        some = self.variables is not self._all
        columns = np.arange(self._width) if some else None
        return Dependence(self._function, self._node_shapes, self._all_shapes, columns)

    def _frame(self, pattern: csr_array, rows: Names) -> Sparse:
        """Return a pattern as a matrix that has no values yet."""
        coordinates, like = pattern.sorted_indices().tocoo(), self.outputs[0]
        row, column = (
            torch.as_tensor(index, dtype=torch.int64, device=like.device)
            for index in (coordinates.row, coordinates.col)
        )
        columns = component_names(self._shapes)
        return Sparse(row, column, like.new_zeros(pattern.nnz), pattern.shape, rows, columns)

    def _vjp(self, vector: Tensor) -> Tensor:
        return flattened(self.vjp(_cut(vector, self.outputs)))

    def _jvp(self, vector: Tensor) -> Tensor:
        return flattened(self.jvp(_cut(vector, self._inputs)))

    def _hvp(self, vector: Tensor) -> Tensor:
        return flattened(self.hvp(_cut(vector, self._inputs)))


_Entries = tuple[Tensor, Tensor]
"""Rows and columns."""


def _pays(frame: Sparse) -> bool:
    return frame.shape[1] > LEAST_COLUMNS and frame.filled < MOST_FILLED


def check_size(rows: int, columns: int) -> None:
    """Raise LimitError where a matrix is too large to be made whole."""
    if rows * columns > MOST_NUMBERS:
        raise LimitError(
            f"a matrix of {rows:,} rows and {columns:,} columns is too large to be made whole",
            hint="--sparse gives the entries that may differ from zero; jvp, vjp, hvp its products",
        )


def _with_rows_alone(colouring: Colouring, entries: _Entries) -> _Entries:
    """Return entries of a symmetric matrix, mirrored so that a line taken alone is their row."""
    rows, columns = entries
    alone = torch.zeros(colouring.rows, dtype=torch.bool, device=rows.device)
    alone[torch.as_tensor(colouring.alone, device=rows.device)] = True
    flips = alone[columns] & ~alone[rows]
    return torch.where(flips, columns, rows), torch.where(flips, rows, columns)


def _recovered(
    colouring: Colouring, entries: _Entries, along: _Product, across: _Product, zeros: Tensor
) -> Tensor:
    """Return the entries' values: products ``along`` the columns of a colour, ``across`` a row."""
    rows, columns = entries
    colours, alone = (
        torch.as_tensor(index, device=zeros.device)
        for index in (colouring.colours, colouring.alone)
    )
    slots = rows.new_full((colouring.rows,), -1)
    slots[alone] = torch.arange(len(alone), device=zeros.device)
    lone = slots[rows] >= 0
    by_colour = [along(colours == colour) for colour in range(colouring.count)]
    by_row = [across(slots == index) for index in range(len(alone))]
    values = zeros.clone()
    if by_colour:
        values[~lone] = torch.stack(by_colour)[colours[columns[~lone]], rows[~lone]]
    if by_row:
        values[lone] = torch.stack(by_row)[slots[rows[lone]], columns[lone]]
    return values


def _cut(vector: Tensor, like: Sequence[Tensor]) -> list[Tensor]:
    """Return a vector of all components as tensors like some."""
    parts = vector.split([tensor.numel() for tensor in like])
    pairs = zip(parts, like, strict=True)
    return [part.reshape(tensor.shape).to(tensor.dtype) for part, tensor in pairs]
