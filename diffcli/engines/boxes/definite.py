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
        entries = _entries(hessian, pairs)
        if free is not None:
            for (i, j), entry in entries.items():
                counts = free[i] & free[j]
                rest = 1.0 if i == j else 0.0
                entries[i, j] = Interval(
                    np.where(counts, entry.lo, rest), np.where(counts, entry.hi, rest)
                )
        size = pairs.count
        proved = _by_discs(entries, size)
        if size == 2:
            proved |= _by_minors(entries)
        if size > 1:
            proved |= _by_pivots(entries, size)
        return proved


def _size(x: Interval) -> np.ndarray:
    return np.maximum(-x.lo, x.hi)


def _by_discs(entries: Entries, size: int) -> Mask:
    proved = np.ones(entries[0, 0].lo.shape, bool)
    for i in range(size):
        reach = np.zeros(proved.shape)
        for j in range(size):
            if i != j:
                # A sum that isn't exact is rounded upwards.
                term = _size(entries[min(i, j), max(i, j)])
                reach = add(Interval(reach, reach), Interval(term, term)).hi
        proved &= entries[i, i].lo >= reach
    return proved


def _by_minors(entries: Entries) -> Mask:
    a, b, c = entries[0, 0], entries[0, 1], entries[1, 1]
    minor = sub(mul(a, c), power(b, 2))
    return (a.lo >= 0) & (c.lo >= 0) & (minor.lo >= 0)


def _by_pivots(entries: Entries, size: int) -> Mask:
    left = dict(entries)
    proved = np.ones(entries[0, 0].lo.shape, bool)
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
