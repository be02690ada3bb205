"""Boxes in which no constrained extremum lies: thousands at a time, in floats rounded outwards.

At an extremum the gradients of f and of the active constraints are linearly dependent (F. John,
"Extremum problems with inequalities as subsidiary conditions", 1948). A box is discarded where a
constraint can't hold, or where these gradients are independent at every point of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import cast

import numpy as np

from diffcli.engines.boxes.arithmetic import Array, Interval, Mask, add, down, mul, up
from diffcli.engines.boxes.bounds import Bounds
from diffcli.engines.boxes.jets import Jet
from diffcli.studies.constrained.problem import Problem


class Cells:
    """The tests that discard boxes of one problem.

    ``only_infeasible`` says whether all boxes so far were discarded as no constraint holds there.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        formulas = [problem.outputs[0], *(constraint.side for constraint in problem.constraints)]
        self.bounds = Bounds(formulas, problem.variables)
        self.only_infeasible = True

    def open(self, box: Interval, whole: Interval) -> Mask:
        """Return which boxes may hold an extremum, or a point of no derivative.

        A kink may lie on the edge of a box: slopes are those of a box a little larger, within the
        ``whole``.
        """
        lo, hi = np.maximum(down(box.lo), whole.lo), np.minimum(up(box.hi), whole.hi)
        with np.errstate(all="ignore"):
            return self._open(cast(list[Jet], self.bounds.over(lo, hi, 1)))

    def touched(self, box: Interval) -> Mask:
        """Return which constraints may be active in boxes, a row each; equalities always are."""
        with np.errstate(all="ignore"):
            return self._touched(cast(list[Jet], self.bounds.over(box.lo, box.hi)))

    def _touched(self, jets: Sequence[Jet]) -> Mask:
        pairs = zip(jets[1:], self.problem.constraints, strict=True)
        return np.array(
            [~((jet.value.lo > 0) | (jet.value.hi < 0)) | (each.sense == 0) for jet, each in pairs]
        )

    def _open(self, jets: Sequence[Jet]) -> Mask:
        possible = np.logical_and.reduce([jet.domain >= 0 for jet in jets])
        for jet, each in zip(jets[1:], self.problem.constraints, strict=True):
            if each.sense >= 0:
                possible &= ~(jet.value.lo > 0)
            if each.sense <= 0:
                possible &= ~(jet.value.hi < 0)
        touched = self._touched(jets)
        sure = np.logical_and.reduce([jet.domain > 0 for jet in jets])
        kept = possible.copy()
        known = possible & sure
        patterns: set[tuple[bool, ...]] = set(map(tuple, touched[:, known].T.tolist()))
        for pattern in sorted(patterns):
            mine = known & (touched == np.array(pattern)[:, None]).all(axis=0)
            rows = [0, *(1 + int(place) for place in np.flatnonzero(pattern))]
            kept[mine] = ~_independent([_slopes(jets[row], mine) for row in rows])
        self.only_infeasible &= bool((kept == possible).all())
        return np.asarray(kept)


def _slopes(jet: Jet, mine: Mask) -> Interval | None:
    if jet.gradient is None:
        return None
    shape = (jet.gradient.lo.shape[0], mine.size)
    ends = (np.broadcast_to(end, shape)[:, mine] for end in jet.gradient)
    return Interval(*ends)


def _independent(rows: Sequence[Interval | None]) -> Mask | bool:
    """Return where vectors are independent, whatever they are within their bounds.

    They are where some product of their matrix with another is strictly diagonally dominant.
    """
    known = [row for row in rows if row is not None]
    if len(known) < len(rows) or len(rows) > known[0].lo.shape[0]:
        return False
    scaled = [_scaled(each) for each in known]
    lo = np.stack([each.lo for each in scaled])
    hi = np.stack([each.hi for each in scaled])
    size, _, count = lo.shape
    middle = np.nan_to_num(0.5 * (lo + hi), nan=0.0, posinf=0.0, neginf=0.0)
    try:
        inverse: Array = np.linalg.pinv(np.moveaxis(middle, -1, 0)).astype(np.float64)
    except np.linalg.LinAlgError:
        return np.zeros(count, bool)
    return np.asarray(
        np.logical_and.reduce([_dominant(lo[i], hi[i], inverse, i) for i in range(size)])
    )


def _scaled(row: Interval) -> Interval:
    """Return vectors of a size about 1: that they are independent doesn't depend on sizes."""
    most = np.maximum(-row.lo, row.hi).max(axis=0)
    fits = np.isfinite(most) & (most > 0)
    factor = np.exp2(-np.floor(np.log2(np.where(fits, most, 1.0))).clip(-900, 900))
    return mul(row, Interval(factor, factor))


def _dominant(lo: Array, hi: Array, inverse: Array, i: int) -> Mask:
    """Whether the diagonal entry of row i of the product exceeds the sum of the others' sizes."""
    parts = []
    for j in range(inverse.shape[2]):
        entry = Interval(np.zeros(lo.shape[1]), np.zeros(lo.shape[1]))
        for k in range(inverse.shape[1]):
            factor = inverse[:, k, j]
            entry = add(entry, mul(Interval(lo[k], hi[k]), Interval(factor, factor)))
        parts.append(entry.lo if i == j else np.minimum(entry.lo, -entry.hi))
    margin = reduce(add, (Interval(part, part) for part in parts))
    return np.asarray(margin.lo > 0)
