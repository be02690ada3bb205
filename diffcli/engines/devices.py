"""Where torch computes when nobody says: on CUDA where the work is worth its start."""

from __future__ import annotations

from collections.abc import Iterable

from diffcli.engines.coordinates import array
from diffcli.language.function import Function
from diffcli.language.points import Generated, Point, Tensor

LEAST_WORK = 10**9
"""Numbers computed, from which CUDA pays: its context takes a second or more to start, in which a
processor makes some hundred million to a billion of them."""


def device_for(function: Function, points: Iterable[Point]) -> str:
    """Return ``cuda`` where there is one and the work is large, else ``cpu``.

    The work is a number for each component of the points and each operation of the formula.
    """
    components = sum(
        array(value).size
        for point in points
        for value in point.values.values()
        if isinstance(value, Tensor | Generated)
    )
    if components * len(function.nodes) < LEAST_WORK:
        return "cpu"
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
