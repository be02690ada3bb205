"""What is said of a point beside the numbers and their checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from diffcli.derivation.settings import DIGITS, Settings
from diffcli.engines.exact import exact
from diffcli.language.expression import Node
from diffcli.language.points import Point, Tensor, Value
from diffcli.language.printer import text_of
from diffcli.operators import Matrix, Operator, Scalars
from diffcli.output.report import NestedText

if TYPE_CHECKING:
    from diffcli.engines.enclosure import Coordinate

MAX_TYPED = 10_000
"""Entries of a typed list up to which they are shown as typed."""


def analysis(
    operator: Operator,
    scalars: Scalars,
    typed: Callable[[], Mapping[str, Coordinate]],
    derivative: Any,
    settings: Settings,
    deadline: float,
) -> Mapping[str, Any]:
    """Return what a matrix that is whole and no larger than can be decomposed says.

    ``typed`` gives the point. Past the ``deadline`` nothing is said of the gradient.
    """
    if not isinstance(operator, Matrix):
        return {}
    import numpy as np

    from diffcli.engines.matrices.spectra import LARGEST, is_critical

    matrix = np.array(derivative["matrix"], dtype=np.float64)
    if not 0 < max(matrix.shape) <= LARGEST or not np.isfinite(matrix).all():
        return {}

    def critical() -> bool:
        if scalars.function is None or "enclosure" not in settings.engines:
            return False
        return is_critical(scalars.function.outputs[0], typed(), scalars.columns, deadline)

    return operator.analysis(matrix, settings.dtype, critical)


def as_typed(point: Point, settings: Settings) -> Mapping[str, NestedText] | None:
    """Return the numbers of a point as typed, where its floats would show others."""
    if settings.digits <= DIGITS and settings.dtype == "float64":
        return None
    found = {name: _texts(value) for name, value in point.values.items()}
    return {name: text for name, text in found.items() if text is not None}


def _texts(value: Value) -> NestedText | None:
    entries = exact(value)
    if entries is None or len(entries) > MAX_TYPED:
        return None
    if isinstance(value, Node):
        return text_of(value)
    shape = value.shape if isinstance(value, Tensor) else (len(entries),)
    return _nested([text_of(entry) for entry in entries], shape)


def _nested(texts: Sequence[str], shape: tuple[int, ...]) -> NestedText:
    if not shape:
        return texts[0]
    length = len(texts) // shape[0]
    parts = (texts[k : k + length] for k in range(0, len(texts), length))
    return [_nested(part, shape[1:]) for part in parts]
