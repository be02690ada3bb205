"""Whether every matrix of an interval matrix is positive semidefinite, for many at once."""

from __future__ import annotations

import numpy as np

from diffcli.engines.boxes.arithmetic import Interval, Mask, add, div, mul, power, sub
from diffcli.engines.boxes.jets import Pairs

Entries = dict[tuple[int, int], Interval]


def _entries(hessian: Interval, pairs: Pairs) -> Entries:
    first, second = pairs.places
    return {
        (i, j): Interval(hessian.lo[row], hessian.hi[row])
        for row, (i, j) in enumerate(zip(first, second, strict=True))
    }


def semidefinite(hessian: Interval, pairs: Pairs, free: Mask | None = None) -> Mask:
    """Return where the symmetric matrices of rows i ≤ j are all positive semidefinite.

    By Gershgorin's discs, by Sylvester's criterion for two variables, or by the pivots of
    Gaussian elimination on intervals. Only the variables that are ``free`` count.
    """
    with np.errstate(all="ignore"):
        found = _entries(hessian, pairs)
        if free is not None:
            for (i, j), entry in found.items():
                counts = free[i] & free[j]
                rest = 1.0 if i == j else 0.0
                found[i, j] = Interval(
                    np.where(counts, entry.lo, rest), np.where(counts, entry.hi, rest)
                )
        size = pairs.count
        proved = _by_discs(found, size)
        if size == 2:
            proved |= _by_minors(found)
        if size > 1:
            proved |= _by_pivots(found, size)
        return proved


def _size(x: Interval) -> np.ndarray:
    return np.maximum(-x.lo, x.hi)


def _by_discs(found: Entries, size: int) -> Mask:
    proved = np.ones(found[0, 0].lo.shape, bool)
    for i in range(size):
        reach = np.zeros(proved.shape)
        for j in range(size):
            if i != j:
                # A sum that isn't exact is rounded upwards.
                term = _size(found[min(i, j), max(i, j)])
                reach = add(Interval(reach, reach), Interval(term, term)).hi
        proved &= found[i, i].lo >= reach
    return proved


def _by_minors(found: Entries) -> Mask:
    a, b, c = found[0, 0], found[0, 1], found[1, 1]
    minor = sub(mul(a, c), power(b, 2))
    return (a.lo >= 0) & (c.lo >= 0) & (minor.lo >= 0)


def _by_pivots(found: Entries, size: int) -> Mask:
    left = dict(found)
    proved = np.ones(found[0, 0].lo.shape, bool)
    for k in range(size):
        pivot = left[k, k]
        proved &= pivot.lo > 0
        for i in range(k + 1, size):
            for j in range(i, size):
                if i == j:
                    change = div(power(left[k, i], 2), pivot)
                else:
                    change = div(mul(left[k, i], left[k, j]), pivot)
                left[i, j] = sub(left[i, j], change)
    return proved
