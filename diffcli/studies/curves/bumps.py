"""What all samples miss: a bump narrower than the cells, where bounds rise above the chords."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from diffcli.studies.curves.breaks import Floats

ROUNDS = 24
"""How often a cell is halved in search of a bump."""
MOST_CELLS = 8_000
"""Cells that are looked at in one round: more, and the bounds say too little."""

Ranges = Callable[[Floats, Floats], tuple[Floats, Floats]]
"""Ends of intervals (n,) → bounds of a function over them (n,), infinite where there are none."""


def bumps(
    ranges: Ranges, value: Callable[[Floats], Floats], x: Floats, row: Floats, least: float
) -> Floats:
    """Return points at which a function lies more than ``least`` from the chords of its samples.

    ``row`` are its values at ``x``, nan where it breaks. A cell whose bounds keep to its chord
    has no such point; any other is halved and looked at again. Cells that are next to a break are
    left out.
    """
    known = np.isfinite(row)
    inner = np.nonzero(known[:-1] & known[1:])[0]
    low, high = x[inner], x[inner + 1]
    found = [np.empty(0)]
    for _ in range(ROUNDS):
        if not 0 < low.size <= MOST_CELLS:
            break
        bottom, top = ranges(low, high)
        ends = np.interp(low, x, row), np.interp(high, x, row)
        rises = (top > np.maximum(*ends) + least) | (bottom < np.minimum(*ends) - least)
        low, high = low[rises], high[rises]
        middle = (low + high) / 2
        away = np.abs(value(middle) - np.interp(middle, x, row)) > least
        found.append(middle[away])
        # Where a bump is found the line is refined anyway.
        cell = np.searchsorted(x, middle)
        left = ~np.isin(cell, cell[away])
        low = np.concatenate([low[left], middle[left]])
        high = np.concatenate([middle[left], high[left]])
    return np.unique(np.concatenate(found))
