"""Boxes, and the cells that they are cut into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, nextafter

from flint import arb

from diffcli.engines.balls.walk import working
from diffcli.engines.enclosure import constant_value
from diffcli.engines.exact import nearest
from diffcli.errors import PointError
from diffcli.language.expression import Node

Box = tuple[tuple[float, float], ...]
"""The ends of each variable's interval."""

INFLATION = 0.05
"""How much wider a cell is looked at, so that a root on an edge is inside of something."""
MOST_CLUSTERS = 500
"""Undecided cells that are told apart."""
FLAT = "0 on all of it"
MOST_ROOTS = 100
"""Roots that are told apart: more are a crowd."""
CROWDED = f"more than {MOST_ROOTS} are found, and more crowd here"
OUT_OF_TIME = "the time ran out; --check-budget allows more"
END_BITS = 256
"""Precision of the ends of a typed range."""


@dataclass(frozen=True)
class Undecided:
    """A cell of which nothing is proved, and why."""

    cell: Box
    reason: str


def box_of(ranges: Mapping[str, tuple[Node, Node]]) -> Box:
    """Return typed ranges as a box: ends that no float64 hits are moved outwards to the next.

    Raises PointError where a range is empty or has no finite ends.
    """
    box = []
    for name, (first, last) in ranges.items():
        low, high = _end(first, -inf), _end(last, inf)
        if not low < high:
            raise PointError(
                f"the range {low:g}:{high:g} of {name} is empty", hint="the lower end comes first"
            )
        box.append((low, high))
    return tuple(box)


def _end(typed: Node, outwards: float) -> float:
    near = nearest(typed)
    with working(END_BITS):
        exact = constant_value(typed, END_BITS)
        inside = exact >= near if outwards > 0 else exact <= near
        return near if exact == near or not inside else nextafter(near, outwards)


def merged(undecided: Sequence[Undecided], gaps: Sequence[float]) -> list[Undecided]:
    """Return the undecided cells, those that all but touch as one; a great many all as one.

    A cell of nothing but roots is none that could not be decided: it stays apart.
    """
    if len(gaps) == 1:
        return _in_line(undecided, gaps)
    if len(undecided) > MOST_CLUSTERS:
        return [Undecided(around([doubt.cell for doubt in undecided]), undecided[0].reason)]
    left = sorted(undecided, key=lambda doubt: doubt.cell)
    joined: list[Undecided] = []
    while left:
        current, rest = left[0], left[1:]
        touching = [doubt for doubt in rest if _touch(current, doubt, gaps)]
        if touching:
            cell = around([current.cell, *(doubt.cell for doubt in touching)])
            left = [Undecided(cell, current.reason), *(e for e in rest if e not in touching)]
        else:
            joined.append(current)
            left = rest
    return joined


def _in_line(undecided: Sequence[Undecided], gaps: Sequence[float]) -> list[Undecided]:
    """Return intervals, those that all but touch as one."""
    chains: dict[bool, list[Undecided]] = {True: [], False: []}
    for doubt in sorted(undecided, key=lambda doubt: doubt.cell):
        chain = chains[doubt.reason == FLAT]
        if chain and _touch(chain[-1], doubt, gaps):
            chain[-1] = Undecided(around([chain[-1].cell, doubt.cell]), chain[-1].reason)
        else:
            chain.append(doubt)
    return sorted((doubt for chain in chains.values() for doubt in chain), key=lambda e: e.cell)


def around(cells: Sequence[Box]) -> Box:
    """Return the least box that holds some."""
    return tuple(
        (min(low for low, _ in sides), max(high for _, high in sides))
        for sides in zip(*cells, strict=True)
    )


def _touch(one: Undecided, other: Undecided, gaps: Sequence[float]) -> bool:
    sides = zip(one.cell, other.cell, gaps, strict=True)
    same = (one.reason == FLAT) == (other.reason == FLAT)
    return same and all(a <= d + gap and c <= b + gap for (a, b), (c, d), gap in sides)


def hull(low: float, high: float) -> arb:
    """Return the ball that holds an interval."""
    return arb(low).union(arb(high))


def inflated(cell: Box, spans: Sequence[float]) -> list[arb]:
    """Return a cell a little wider, as balls; ``spans`` are the widths of the whole box."""
    pads = [INFLATION * (b - a) + 2.0**-45 * s for (a, b), s in zip(cell, spans, strict=True)]
    return [hull(low - pad, high + pad) for (low, high), pad in zip(cell, pads, strict=True)]


def meets(image: Sequence[arb], cell: Box) -> bool:
    """Whether a product of balls may have a point in a cell."""
    return all(ball.overlaps(hull(*ends)) for ball, ends in zip(image, cell, strict=True))


def cut_down(cell: Box, image: Sequence[arb]) -> Box:
    """Return the part of a cell that the image leaves."""
    return tuple(
        (
            max(low, nextafter(float(ball.lower()), -inf)),
            min(high, nextafter(float(ball.upper()), inf)),
        )
        for (low, high), ball in zip(cell, image, strict=True)
    )


def halves(cell: Box, side: int) -> list[Box]:
    """Return the two halves of a cell, cut across a side."""
    low, high = cell[side]
    middle = (low + high) / 2
    return [(*cell[:side], part, *cell[side + 1 :]) for part in ((low, middle), (middle, high))]
