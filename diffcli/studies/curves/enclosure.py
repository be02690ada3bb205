"""The proved band of a curve: on each of many stretches, bounds that hold all its values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from diffcli.engines.boxes.arithmetic import Interval, add, mul, sub
from diffcli.engines.boxes.bounds import Bounds
from diffcli.language.expression import Node
from diffcli.language.tensors import TENSORS
from diffcli.studies.curves.breaks import Floats

STRETCHES = 160
"""Stretches of a range."""


@dataclass(frozen=True)
class Band:
    """Bounds of an output on stretches of its variable, ``edges`` being their ends.

    Where nothing bounds it they are infinite; where it has no value at all they are nan.
    """

    output: int
    edges: Floats
    low: Floats
    high: Floats


def band(output: int, formula: Node, name: str, low: float, high: float) -> Band | None:
    """Return what is proved of a formula of one variable; None for formulas of tensors."""
    bounds = Bounds([formula], (name,))
    if any(node.op in TENSORS for node in bounds.nodes):
        return None
    edges = np.linspace(low, high, STRETCHES + 1)
    box = Interval(edges[None, :-1], edges[None, 1:])
    middle = 0.5 * (box.lo + box.hi)
    with np.errstate(all="ignore"):
        jet, here = bounds.jet(box.lo, box.hi, 1), bounds.jet(middle, middle)
        slanted = here.value
        if jet.gradient is not None:
            reach = sub(box, Interval(middle, middle))
            change = mul(Interval(jet.gradient.lo[:1], jet.gradient.hi[:1]), reach)
            slanted = add(slanted, Interval(change.lo[0], change.hi[0]))
    usable = (jet.domain > 0) & (here.domain > 0) & ~np.isnan(slanted.lo) & ~np.isnan(slanted.hi)
    least = np.where(usable, np.fmax(jet.value.lo, slanted.lo), jet.value.lo)
    most = np.where(usable, np.fmin(jet.value.hi, slanted.hi), jet.value.hi)
    never = jet.domain < 0
    shape = (STRETCHES,)
    return Band(
        output,
        edges,
        np.where(never, np.nan, np.broadcast_to(least, shape)),
        np.where(never, np.nan, np.broadcast_to(most, shape)),
    )
