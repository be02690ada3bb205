"""The table of tensor operations: a row for each that isn't element by element.

The engines that go entry by entry have no part in it: a formula of tensors is expanded into
formulas of its components. Whoever adds an operation adds a row, its function in torch and its
record in the file of :mod:`diffcli.tensors` that the row names; the parser and the tests follow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from math import prod
from types import MappingProxyType
from typing import NamedTuple


class Slice(NamedTuple):
    """A slice of an index, ``1:``, ``:-1``, ``::2``; Python's own can't be a key."""

    start: int | None
    stop: int | None
    step: int | None


Static = tuple[int | Slice | None, ...]
"""The static part of an operation: its axis, or an index."""

LAST = -1


def component_names(name: str, shape: tuple[int, ...]) -> list[str]:
    """Return the names of a variable's components: ``x``, or ``A[0,0]``, ``A[0,1]`` …."""
    if not shape:
        return [name]
    # Each number is written once, and not once a component.
    axes = ([str(position) for position in range(length)] for length in shape)
    return [f"{name}[{','.join(index)}]" for index in product(*axes)]


def component_at(
    variables: Mapping[str, tuple[int, ...]], position: int
) -> tuple[str, tuple[int, ...]]:
    """Return the variable of a component, and its index there, by its place among all components.

    ``variables`` are the shapes, in order; each goes row by row.
    """
    for name, shape in variables.items():
        if position < prod(shape):
            index: list[int] = []
            for length in reversed(shape):
                position, own = divmod(position, length)
                index.insert(0, own)
            return name, tuple(index)
        position -= prod(shape)
    raise IndexError(position)


def component_name(name: str, index: tuple[int, ...]) -> str:
    """Return the name of one component: ``x``, ``A[0,1]``."""
    return f"{name}[{','.join(map(str, index))}]" if index else name


@dataclass(frozen=True, slots=True)
class TensorRow:
    """One operation: how it is written, what it means, and who implements it in torch.

    ``rules`` is the file of :mod:`diffcli.tensors` that holds its record. ``operands`` is how many
    tensors it takes; ``sized`` whether the lengths of its result follow them; ``axis`` whether it
    may work along one axis, and ``default`` which it takes if none is said, None being all
    together.
    """

    name: str
    rules: str
    meaning: str
    operands: int = 1
    sized: bool = False
    axis: bool = False
    default: int | None = None
    aliases: tuple[str, ...] = ()

    @property
    def torch(self) -> str:
        """The reference of its torch implementation."""
        return f"tensors:{self.name}"


# fmt: off
_ROWS = (
    TensorRow("sum", "reductions", "sum of all entries", axis=True),
    TensorRow("prod", "reductions", "product of all entries", axis=True),
    TensorRow("mean", "reductions", "arithmetic mean", axis=True, aliases=("average",)),
    TensorRow("var", "reductions", "variance of a sample: the divisor is n − 1", axis=True),
    TensorRow("std", "reductions", "standard deviation of a sample, √var", axis=True),
    TensorRow("norm", "reductions", "Euclidean norm, √(sum of squares)", axis=True),
    TensorRow("amax", "reductions", "greatest entry, also max with one argument", axis=True),
    TensorRow("amin", "reductions", "least entry, also min with one argument", axis=True),
    TensorRow("logsumexp", "reductions", "log(sum(exp(x)))", axis=True),
    TensorRow("cumsum", "lines", "sums of the first 1, 2, … entries", axis=True, default=LAST),
    TensorRow("differences", "lines", "x[1:] − x[:-1], as diff(x)", axis=True, default=LAST),
    TensorRow("softmax", "lines", "exp(x)/sum(exp(x))", axis=True, default=LAST),
    TensorRow("log_softmax", "lines", "x − logsumexp(x)", axis=True, default=LAST),
    TensorRow(
        "layernorm", "lines", "(x − mean)/√(mean square of x − mean, + 1e-5)", axis=True,
        default=LAST, aliases=("layer_norm",),
    ),
    TensorRow("dot", "products", "sum(x*y) of two vectors", operands=2, aliases=("inner",)),
    TensorRow(
        "outer", "products", "the matrix of all products of two vectors' entries", operands=2
    ),
    TensorRow("kron", "products", "Kronecker product: a block x[i,j]*y each", operands=2),
    TensorRow("matmul", "products", "x @ y", operands=2),
    TensorRow("trace", "matrices", "sum of a square matrix's diagonal", aliases=("tr",)),
    TensorRow("det", "matrices", "determinant"),
    TensorRow("logdet", "matrices", "log(det(x)), where the determinant is positive"),
    TensorRow("inv", "matrices", "inverse of a matrix"),
    TensorRow("solve", "matrices", "the x with A @ x = b, as solve(A, b)", operands=2),
    TensorRow("cholesky", "factors", "the lower triangular L with L @ L.T = (x + x.T)/2"),
    TensorRow(
        "eigvalsh", "factors", "eigenvalues of (x + x.T)/2, the least first",
    ),
    TensorRow("diag", "arrangements", "the matrix of a diagonal, and the diagonal of a matrix"),
    TensorRow("vec", "arrangements", "the columns of a matrix below each other"),
    TensorRow("eye", "arrangements", "identity matrix of n rows", sized=True),
    TensorRow(
        "full", "arrangements", "as many entries of one number", sized=True,
        aliases=("ones", "zeros"),
    ),
    TensorRow("transpose", "matrices", "x.T"),
    TensorRow("index", "matrices", "x[0], x[1:], A[i,j]"),
)
# fmt: on

TENSORS: Mapping[str, TensorRow] = MappingProxyType({row.name: row for row in _ROWS})
"""Every row by its name."""

BY_TENSOR_NAME: Mapping[str, TensorRow] = MappingProxyType(
    {
        spelling: row
        for row in _ROWS
        if row.name not in ("index", "matmul")
        for spelling in (row.name, *row.aliases)
    }
)
"""Every row that is called by name, under its name and each alias."""
