"""Roots of partial derivatives in a box: each proved to exist alone, and none left out.

A cell is dropped where an enclosure over it excludes 0, and keeps a root where Krawczyk's operator
maps it into its own inside; anything else is cut in two (Krawczyk, "Newton-Algorithmen zur
Bestimmung von Nullstellen mit Fehlerschranken", Computing 4, 1969; Neumaier, "Interval Methods for
Systems of Equations", 1990, chapter 5).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf

from flint import arb

from diffcli.clock import now, until
from diffcli.engines.balls.guards import Difficult, Undefined
from diffcli.studies.critical.boxes import (
    CROWDED,
    FLAT,
    MOST_ROOTS,
    OUT_OF_TIME,
    Box,
    Undecided,
    around,
    cut_down,
    halves,
    inflated,
    meets,
    merged,
)
from diffcli.studies.critical.systems import FlatError, GradientSystem, Root

FINEST = {1: 2.0**-40}
COARSER = 2.0**-22
"""The width at which a cell is given up, as a part of the box: in one variable, and in more."""
MOST_CELLS = {1: 4_000}
MANY_CELLS = 20_000
"""Cells that are looked at, in one variable and in more."""
CLOSE = 1e-6
"""Undecided cells that are nearer, as a part of the range, are told as one."""
MOST_TRIED = 50
"""Undecided cells in which Newton's method has a try."""


@dataclass(frozen=True)
class Isolation:
    """Every root in a box is one of these, or lies in an undecided cell."""

    roots: tuple[Root, ...]
    undecided: tuple[Undecided, ...]


def isolate(
    system: GradientSystem,
    box: Box,
    most: int | None = None,
    excludes: Callable[[Sequence[arb]], bool] = lambda _: False,
    watch: Callable[[int], object] = lambda _: None,
    deadline: float = inf,
) -> Isolation:
    """Find every root in a box, by at most so many cells; ``MOST_ROOTS`` are told apart.

    A root within rounding of the box's edge may be among them. ``excludes`` is whether another
    proof rules a root out in a cell in which the system can't be enclosed; ``watch`` is called with
    the number of cells so far. Past the ``deadline``, a reading of :func:`diffcli.clock.now`, the
    cells that are left are undecided.
    """
    with until(deadline):
        return _isolated(system, box, most, excludes, watch, deadline)


def _isolated(
    system: GradientSystem,
    box: Box,
    most: int | None,
    excludes: Callable[[Sequence[arb]], bool],
    watch: Callable[[int], object],
    deadline: float,
) -> Isolation:
    spans = [high - low for low, high in box]
    least = FINEST.get(len(box), COARSER)
    most = most or MOST_CELLS.get(len(box), MANY_CELLS)
    queue, roots, undecided = deque([box]), list[Root](), list[Undecided]()
    seen = 0
    while queue:
        if len(roots) >= MOST_ROOTS or now() > deadline:
            break
        cell = queue.popleft()
        seen += 1
        watch(seen)
        reason = "the bounds are too wide to decide"
        wide = inflated(cell, spans)
        try:
            image = system.narrowed(wide)
            if image is None or not meets(image, cell):
                continue
            inside = all(a.contains_interior(b) for a, b in zip(wide, image, strict=True))
            if inside and _is_added(system, wide, roots):
                continue
            cell = cut_down(cell, image)
        except Undefined:
            continue
        except Difficult as trouble:
            if excludes(wide):
                continue
            reason = trouble.reason
        except FlatError as flat:
            undecided.append(Undecided(cell, str(flat)))
            continue
        except ArithmeticError:
            reason = "the roots may be multiple"
        widths = [(high - low) / span for (low, high), span in zip(cell, spans, strict=True)]
        if max(widths) <= least or seen >= most:
            undecided.append(Undecided(cell, reason))
        else:
            queue.extend(halves(cell, widths.index(max(widths))))
    gaps = [CLOSE * span for span in spans]
    is_crowded = len(roots) >= MOST_ROOTS
    if not is_crowded:
        undecided += (Undecided(cell, OUT_OF_TIME) for cell in queue)
    doubts = merged(undecided, gaps)
    if queue and is_crowded:
        doubts.append(Undecided(around(queue), CROWDED))
    for doubt in doubts[:MOST_TRIED]:
        middle = [(low + high) / 2 for low, high in doubt.cell]
        if now() > deadline:
            break
        if doubt.reason not in (FLAT, CROWDED, OUT_OF_TIME) and (root := system.near(middle, box)):
            _note(root, roots)
    return Isolation(tuple(roots), tuple(doubts))


def _is_added(system: GradientSystem, wide: Sequence[arb], roots: list[Root]) -> bool:
    """Note the root of a box, if it is found to many digits; a known one lies in its region."""
    root = system.root(wide)
    if root:
        _note(root, roots)
    return root is not None


def _note(root: Root, roots: list[Root]) -> None:
    if not any(
        all(r.contains(x) for r, x in zip(known.region, root.at, strict=True)) for known in roots
    ):
        roots.append(root)
