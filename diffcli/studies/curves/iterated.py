"""Functions whose numbers mpmath computes one by one, sampled by the enclosure engine instead.

A partial in a parameter, as in the s of ζ(s, a), takes mpmath up to a second at a point; Arb takes
some milliseconds. A picture has many points, so fewer are taken, which is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import numpy as np

from diffcli.clock import now
from diffcli.engines.enclosure import Enclosure, Index, partials
from diffcli.language.expression import VARIABLE, Node, postorder
from diffcli.language.function import Function
from diffcli.studies.curves.breaks import Floats

DIGITS, MOST_BITS = 15, 500
"""Digits of a number that are enough for a picture, and the most bits that are spent on them."""
LEAST_BITS = 20
"""Bits of a number that are certain at least, or it is left out."""
PATIENCE = 0.25
"""Processor seconds after which a point is left without a number."""


def is_iterated(function: Function) -> bool:
    """Whether autograd's values or partials of a function are mpmath's, number by number."""
    from diffcli.engines.kernels import table  # noqa: F401  (its files fill the record)
    from diffcli.engines.kernels.closed import ITERATED

    moving = set[Node]()
    for node in postorder(function.outputs):
        if node.op == VARIABLE or any(arg in moving for arg in node.args):
            moving.add(node)
        if any(node.args[index] in moving for index in ITERATED.get(node.op, ())):
            return True
    return False


def numbers(function: Function, indices: Sequence[Index], points: Floats) -> Floats:
    """Return partials (outputs, indices, n) of every output at points (variables, n), nan for none.

    Each is rounded from its enclosure.
    """
    values = np.full((len(function.outputs), len(indices), points.shape[1]), np.nan)
    for k, column in enumerate(points.T.tolist()):
        if not all(map(isfinite, column)):
            continue
        point = dict(zip(function.variables, column, strict=True))
        for row, output in zip(values, function.outputs, strict=True):
            enclosed = partials(
                output, point, indices, digits=DIGITS, max_bits=MOST_BITS, deadline=now() + PATIENCE
            )
            row[:, k] = [_rounded(enclosed[index]) for index in indices]
    return values


def _rounded(enclosure: Enclosure) -> float:
    if enclosure.ball is None or enclosure.ball.rel_accuracy_bits() < LEAST_BITS:
        return 0.0 if enclosure.ball is not None and enclosure.ball == 0 else np.nan
    return float(enclosure.ball.mid())


def no_errors(_output: int, highest: int, _x: float) -> list[float]:
    """Return the bounds of the rounding errors of such samples: none that a picture shows."""
    return [0.0] * (highest + 1)


def said(function: Function, points: int) -> tuple[str, ...]:
    """Return the note that a picture of such a function has few points; none for another."""
    if not is_iterated(function):
        return ()
    return (f"drawn from {points:,} points, as each takes long: a narrower range shows more",)
