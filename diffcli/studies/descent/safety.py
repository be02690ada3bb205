"""Steps that are proved to decrease a function: by its slope, and bounds of its second derivatives.

From x to x + d it changes by at most ∇f(x)·d + ½·max dᵀHd, the maximum being over the box between
both points (Taylor's theorem), in intervals that are rounded outwards.
"""

from __future__ import annotations

import numpy as np
import torch

from diffcli.engines.boxes.arithmetic import Array, Interval, add, exactly, mul, sub
from diffcli.engines.boxes.bounds import Bounds
from diffcli.engines.boxes.jets import Pairs
from diffcli.errors import UsageError
from diffcli.language.expression import node
from diffcli.language.function import Function
from diffcli.language.tensors import TENSORS
from diffcli.studies.descent.objective import Objective

SHORTEST = 2.0**-40
"""Part of a step down to which it is shortened."""


class Safety:
    """Shortens the steps of a descent until they are proved to lead down (or up, to maximize)."""

    def __init__(self, function: Function, objective: Objective, *, maximize: bool) -> None:
        """Refuse formulas of vectors, which have no bounds over boxes; raises UsageError."""
        formula = function.outputs[0]
        is_of_numbers = objective.theta.numel() == len(function.variables)
        if any(term.op in TENSORS for term in function.nodes) or not is_of_numbers:
            raise UsageError(
                "--safe takes formulas of numbers", hint="write the components: x^2 + y^2"
            )
        self._bounds = Bounds([node("neg", formula) if maximize else formula], function.variables)
        self._objective = objective

    def keeps(self, before: torch.Tensor) -> bool:
        """Shorten the step from a place to ``theta``; go back and return False if none is."""
        theta = self._objective.theta.detach()
        step, part = theta.clone() - before, 1.0
        while part > SHORTEST:
            theta.copy_(self._objective.project(before + part * step))
            if self.is_proved(_column(before), _column(theta)):
                return True
            part /= 2
        theta.copy_(before)
        return False

    def is_proved(self, before: Array, after: Array) -> bool:
        """Whether the function is proved to be less ``after`` than ``before``, both columns."""
        box = Interval(np.minimum(before, after), np.maximum(before, after))
        if not (np.isfinite(box.lo).all() and np.isfinite(box.hi).all()):
            return False
        pairs = Pairs(len(before), 2)
        with np.errstate(all="ignore"):
            here = self._bounds.jet(before, before, 1)
            over = self._bounds.jet(box.lo, box.hi, 2)
            if here.domain[0] < 1 or over.domain[0] < 1 or here.gradient is None:
                return False
            move = sub(Interval(after, after), Interval(before, before))
            change = exactly(0.0, np.zeros(1))
            slope = mul(here.gradient, move)
            for row in range(len(before)):
                change = add(change, Interval(slope.lo[row], slope.hi[row]))
            if over.hessian is not None:
                half = exactly(0.5, np.zeros(1))
                for row, (i, j) in enumerate(zip(*pairs.places, strict=True)):
                    bend = Interval(over.hessian.lo[row], over.hessian.hi[row])
                    first = Interval(move.lo[i], move.hi[i])
                    second = Interval(move.lo[j], move.hi[j])
                    term = mul(bend, mul(first, second))
                    change = add(change, mul(half, term) if i == j else term)
        return bool(change.hi[0] < 0)


def _column(point: torch.Tensor) -> Array:
    return np.asarray(point.to("cpu", torch.float64).numpy(), dtype=np.float64)[:, None]
