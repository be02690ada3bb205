"""Operations on whose way back a dtype's range is left, where their derivative lies within it.

The derivative of atan2(y, x) by y is x/(x² + y²), and torch squares x: at 1e200 that is infinite,
and torch's derivative 0. That is the dtype's limit and not a wrong derivative.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from diffcli.engines.trace.state import floats_of
from diffcli.engines.trace.steps import Step

_RANGES = {
    "float64": (2.0**-1022, 2.0**1023),
    "float32": (2.0**-126, 2.0**128),
    "float16": (2.0**-14, 2.0**16),
    "bfloat16": (2.0**-126, 2.0**128),
}
"""The smallest number of a dtype that keeps all of its digits, and a bound of the largest."""

_SQUARING = frozenset(
    """acosh asinh atan atan2 cumprod dist hypot linalg_vector_norm norm prod rsqrt std std_mean var
    var_mean""".split()
)
"""Torch's names of operations whose backward squares numbers, or takes products of several."""


def leaves_range(step: Step, operands: Sequence[NDArray[np.float64]]) -> bool:
    """Return whether a square of an operand, or the result, lies outside of the dtype's range."""
    if step.name not in _SQUARING:
        return False
    smallest, largest = _RANGES[str(step.values[0].dtype).removeprefix("torch.")]
    sizes = np.concatenate([np.abs(operand).ravel() for operand in operands])
    with np.errstate(invalid="ignore"):
        own = sizes[(sizes > 0) & np.isfinite(sizes)]
        if np.any((own < sqrt(smallest)) | (own > sqrt(largest))):
            return True
    results = np.concatenate([np.abs(floats_of(result)).ravel() for result in step.values])
    return bool(np.all(sizes > 0) and np.any((results < smallest) | np.isinf(results)))
