"""What is said of a point beside the numbers and their checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from diffcli.derivation.settings import DIGITS, Settings
from diffcli.language.expression import Node
from diffcli.language.points import Point
from diffcli.language.printer import text_of
from diffcli.operators import Matrix, Operator, Scalars

if TYPE_CHECKING:
    from diffcli.engines.enclosure import Coordinate


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


def as_typed(point: Point, settings: Settings) -> Mapping[str, str] | None:
    """Return the numbers of a point as typed, where more digits than a float's are wanted."""
    if settings.digits <= DIGITS:
        return None
    return {name: text_of(value) for name, value in point.values.items() if isinstance(value, Node)}
