"""Where conditions hold, proved cell by cell: 1 on all of a cell, −1 nowhere in it, 0 unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from diffcli.studies.relations.bounding import MOST_ENCLOSED, ComponentBounds, Signs
from diffcli.studies.relations.components import Component
from diffcli.studies.relations.grid import Grid
from diffcli.studies.relations.reading import Comparison, Condition


def signs_of(
    comparison: Comparison,
    components: Sequence[Component],
    grid: Grid,
    names: tuple[str, str],
) -> Signs:
    """Return 1 for the cells (rows, columns) in which a comparison holds, −1 where it doesn't.

    A residual that is continuous, and none of whose components has a zero, has the sign of the
    middle. Where it has no value the comparison doesn't hold.
    """
    own = ComponentBounds(Component(comparison.residual, comparison.residual, names), MOST_ENCLOSED)
    factors = [
        ComponentBounds(component, MOST_ENCLOSED)
        for component in components
        if component.factor is not component.whole
    ]
    known_signs = np.zeros(grid.shape, np.int8)
    blocks = grid.blocks()
    while blocks.rows.size:
        boxes = blocks.boxes
        look = own.look(boxes)
        empty = look.empty
        if factors:
            empty = empty | np.logical_and.reduce([factor.look(boxes).empty for factor in factors])
        signs = np.where(look.undefined, -1, 0).astype(np.int8)
        known = np.nonzero(empty & look.continuous)[0]
        middles = (boxes.lo[:, known] + boxes.hi[:, known]) / 2
        signs[known] = comparison.sign * own.signs(middles)
        blocks.kept(signs != 0).fill(known_signs, signs[signs != 0])
        if blocks.size == 1:
            break
        blocks = blocks.kept(signs == 0).quartered()
    return known_signs


def truth_of(condition: Condition, known: Mapping[Comparison, Signs]) -> Signs:
    """Return where a condition holds, by its comparisons."""
    if isinstance(condition, Comparison):
        return known[condition]
    combine = np.minimum if condition.op == "and" else np.maximum
    return np.asarray(combine.reduce([truth_of(part, known) for part in condition.parts]))
