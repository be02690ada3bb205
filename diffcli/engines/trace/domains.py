"""Operations that have no real value, which is proved: their operands lie outside of the domain.

That torch gives nan proves nothing: it does so too where numbers overflow, or where rounding takes
the cosine of two equal vectors beyond 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from diffcli.engines.trace.steps import Step
from diffcli.engines.trace.tape import Value

Mask = NDArray[np.bool_]

_OUTSIDE: dict[str, Callable[[arb], bool]] = {
    **dict.fromkeys(("log", "log2", "log10"), lambda x: bool(x <= 0)),
    **dict.fromkeys(("sqrt", "special_entr"), lambda x: bool(x < 0)),
    **dict.fromkeys(("asin", "acos"), lambda x: bool(abs(x) > 1)),
    **dict.fromkeys(("atanh", "erfinv"), lambda x: bool(abs(x) >= 1)),
    "rsqrt": lambda x: bool(x <= 0),
    "log1p": lambda x: bool(x <= -1),
    "acosh": lambda x: bool(x < 1),
    "reciprocal": lambda x: bool(x == 0),
}
"""Functions of one number, by torch's names: whether every number of a ball is outside."""

_PASSING = frozenset(
    """sum mean cumsum mm bmm addmm baddbmm dot mv addmv addbmm convolution""".split()
)
"""Operations on several numbers that have a value wherever all of these have one."""


def gaps(step: Step, given: Sequence[Any], results: Sequence[Any]) -> tuple[bool, bool]:
    """Return whether a step has results that are proved not to exist, and whether others are open.

    ``given`` are its operands and ``results`` what its rule made of them, on balls. What follows
    from operands without a value counts as neither.
    """
    operands = [value for value in given if isinstance(value, Value)]
    known = [_known(value) for value in operands]
    is_proved = is_open = False
    for result in results:
        if not isinstance(result, Value) or (missing := ~_known(result)).sum() == 0:
            continue
        if step.labels or (step.name in _PASSING and not all(mask.all() for mask in known)):
            continue
        try:
            shape = np.broadcast_shapes(*(mask.shape for mask in known))
        except ValueError:
            shape = ()
        if shape == missing.shape:  # element by element
            missing &= np.logical_and.reduce([np.broadcast_to(mask, shape) for mask in known])
        if not missing.any():
            continue
        outside = _outside(step, operands, missing.shape)
        is_proved |= bool((missing & outside).any())
        is_open |= bool((missing & ~outside).any())
    return is_proved, is_open


def _outside(step: Step, operands: Sequence[Value], shape: tuple[int, ...]) -> Mask:
    """Return which results of a step have operands that are proved to be outside of its domain."""
    outside = np.zeros((), dtype=np.bool_)
    if step.name in _OUTSIDE and len(operands) == 1:
        outside = np.frompyfunc(_OUTSIDE[step.name], 1, 1)(operands[0].data.data)
    elif step.name == "div" and len(operands) == 2:
        outside = operands[1].data.data == 0
    elif step.name == "pow" and len(operands) == 1 and isinstance(step.arguments[1], int | float):
        base, exponent = operands[0].data.data, float(step.arguments[1])
        outside = (base == 0) & (exponent < 0) | (base < 0) & (not exponent.is_integer())
    return np.broadcast_to(np.asarray(outside, dtype=np.bool_), shape)


def _known(value: Value) -> Mask:
    finite = np.frompyfunc(lambda ball: ball.is_finite(), 1, 1)
    return np.asarray(finite(value.data.data), dtype=np.bool_)
