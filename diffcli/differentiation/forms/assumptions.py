"""What is assumed of matrices, held against points, and which derivative and product are meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from diffcli.errors import PointError
from diffcli.language.expression import NUMBER
from diffcli.language.function import Function
from diffcli.language.points import Point, Tensor
from diffcli.language.printer import text_of
from diffcli.operators import Operator

if TYPE_CHECKING:
    from diffcli.differentiation.numbers.arrays import Array
    from diffcli.differentiation.settings import Settings

MATRIX = 2
"""The number of axes of a matrix."""
NEAR = 1e-10
"""How far the columns of an orthogonal matrix may be from orthonormal: typed decimals are."""


def check_assumptions(function: Function, points: Sequence[Point], settings: Settings) -> None:
    """Raise PointError where a point breaks what is assumed of a matrix."""
    facts = function.said.facts
    if not facts:
        return
    from diffcli.engines.coordinates import arrays_of

    for point in points:
        arrays = arrays_of(point, dtype=settings.dtype, seed=settings.seed)
        for name, fact in facts.items():
            if name in arrays and not _holds(fact, arrays[name]):
                raise PointError(
                    f"{name} is assumed {fact}, and at the point it isn't",
                    hint="leave out --assume, or correct the point",
                )


def entry_by_entry(function: Function, points: Sequence[Point]) -> Iterator[str]:
    """Yield where a product without a sign, or a power, isn't that of matrices as on paper."""
    values = points[0].values if points else {}
    shapes = {
        name: value.shape if isinstance(value, Tensor) else () for name, value in values.items()
    }
    typed = " ".join(function.text)
    has_sign = "*" in typed.replace("**", "")
    if all(len(shape) < MATRIX for shape in shapes.values()):
        return
    from diffcli.tensors.shapes import shapes_of

    known = shapes_of(function, shapes)
    for term in function.nodes:
        factors = [factor for factor in term.args if known[factor]]
        if all(len(known[factor]) < MATRIX for factor in factors):
            continue
        if term.op == "mul" and len(factors) > 1 and not has_sign:
            product = " @ ".join(map(text_of, factors))
            yield f"{text_of(term)} is taken entry by entry; the product of matrices is {product}"
        if term.op == "pow" and "^" in typed and term.args[1].op == NUMBER:
            power = f"matrix_power({', '.join(map(text_of, term.args))})"
            yield f"{text_of(term)} is taken entry by entry; the power of a matrix is {power}"


def unconstrained(operator: Operator, function: Function) -> Iterator[str]:
    """Yield what is to be said of derivatives in matrices of which something is assumed."""
    chosen = getattr(operator, "wrt", ()) or function.variables
    names = [name for name in function.said.facts if name in chosen]
    if names:
        yield (
            f"the derivative in {' and '.join(names)} is the unconstrained one: its entries vary "
            "independently"
        )


def _holds(fact: str, array: Array) -> bool:
    is_square = array.ndim == 2 and array.shape[0] == array.shape[1]
    return is_square and _TESTS[fact](array)


def _is_symmetric(array: Array) -> bool:
    return bool((array == array.T).all())


def _is_positive_definite(array: Array) -> bool:
    import numpy as np

    return _is_symmetric(array) and bool((np.linalg.eigvalsh(array) > 0).all())


def _is_diagonal(array: Array) -> bool:
    import numpy as np

    return bool((array == np.diag(array.diagonal())).all())


def _is_orthogonal(array: Array) -> bool:
    import numpy as np

    return bool((np.abs(array.T @ array - np.eye(len(array))) <= NEAR).all())


_TESTS: Mapping[str, Callable[[Array], bool]] = MappingProxyType(
    {
        "symmetric": _is_symmetric,
        "posdef": _is_positive_definite,
        "diagonal": _is_diagonal,
        "orthogonal": _is_orthogonal,
    }
)
"""Whether a square matrix is what is assumed of it."""
