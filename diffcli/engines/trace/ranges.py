"""Operations on whose way back a dtype's range is left, where their derivative lies within it.

The derivative of atan2(y, x) by y is x/(x² + y²), and torch squares x: at 1e200 that is infinite,
and torch's derivative 0. That is the dtype's limit and not a wrong derivative.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np
import torch
from numpy.typing import NDArray

from diffcli.engines.trace.steps import Step

_SQUARING = frozenset(
    """acosh asinh atan atan2 cumprod dist hypot linalg_vector_norm norm prod rsqrt std std_mean var
    var_mean""".split()
)
"""Torch's names of operations whose backward squares numbers, or takes products of several."""


def leaves_range(step: Step, operands: Sequence[NDArray[np.float64]]) -> bool:
    """Return whether a square of an operand, or the result, lies outside of the dtype's range."""
    if step.name not in _SQUARING:
        return False
    dtype = torch.finfo(step.values[0].dtype)
    sizes = np.concatenate([np.abs(operand).ravel() for operand in operands])
    with np.errstate(invalid="ignore"):
        own = sizes[(sizes > 0) & np.isfinite(sizes)]
        if np.any((own < sqrt(dtype.tiny)) | (own > sqrt(dtype.max))):
            return True
    results = torch.cat([result.double().abs().ravel() for result in step.values])
    return bool((sizes > 0).all() and ((results < dtype.tiny) | results.isinf()).any())
