"""Claims of several variables that depend on fewer numbers: exp(x·y) ≥ 1 + x·y is one about x·y."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from diffcli.engines.boxes.bounds import Bounds
from diffcli.engines.boxes.region import Region
from diffcli.language.expression import (
    Node,
    names_in,
    number,
    postorder,
    substituted,
    unused,
    variable,
)

MOST_NODES = 400


def reductions(formula: Node, region: Region) -> Iterator[tuple[Node, Region]]:
    """Yield the formula in terms of a common part, over all that the part may be.

    What holds for these holds for the formula; what doesn't says nothing.
    """
    order = postorder([formula])
    if len(region.names) < 2 or len(order) > MOST_NODES:
        return
    for part in reversed(order[:-1]):
        inner = names_in([part])
        if part.is_leaf or len(inner) < 2:
            continue
        name = unused("u", region.names)
        whole = substituted(formula, {part: variable(name)})
        if inner & names_in([whole]):
            continue
        start = region.start()
        jet = Bounds([part], region.names).jet(start.lo, start.hi)
        low, high = float(jet.value.lo[0]), float(jet.value.hi[0])
        if jet.domain[0] < 1 or not np.isfinite([low, high]).all() or not low < high:
            continue
        kept = {n: ends for n, ends in region.ranges.items() if n not in inner}
        yield whole, Region({name: (number(Fraction(low)), number(Fraction(high))), **kept})
        return
