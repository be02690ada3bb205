"""Notable points of a curve: horizontal and vertical tangents, crossings, cusps, isolated ones.

Where the slope is 0 or infinite the factor and one of its partials are 0, which Krawczyk's operator
proves. Where both partials are 0 the point is named if it is exact, by the curve's branches there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import combinations

import numpy as np

from diffcli.engines.balls.signs import proved_sign
from diffcli.engines.boxes.arithmetic import Array, Interval
from diffcli.errors import DiffcliError
from diffcli.language.expression import Node, node, number
from diffcli.studies.implicit.local import Local, Side, local
from diffcli.studies.relations.bounding import ComponentBounds, picked
from diffcli.studies.relations.cells import State, decide
from diffcli.studies.relations.components import Component
from diffcli.studies.relations.exact_points import ExactPoint, exact_points
from diffcli.studies.relations.grid import Grid, Index, clusters
from diffcli.studies.relations.systems import solve

MOST_CELLS = 4000
"""Cells in which a slope may be 0, at most: more are no points."""


TINY = 2.0**-40
"""Around a root, as a part of its size, where the equation has to be defined."""


class NotableKind(Enum):
    """The kind of a notable point of a curve."""

    HORIZONTAL = "horizontal"
    VERTICAL = "vertical"
    CROSSING = "crossings"
    CUSP = "cusps"
    ISOLATED = "isolated"


@dataclass(frozen=True)
class Notable:
    """A point of a curve and what it has there."""

    kind: NotableKind
    x: float
    y: float


@dataclass(frozen=True)
class Search:
    """The points that were found, and how many clusters of cells are left undecided."""

    found: tuple[Notable, ...]
    undecided: int


def notable_points(
    components: Sequence[Component], grid: Grid, kinds: Collection[NotableKind] = tuple(NotableKind)
) -> Search:
    """Return what is of note, of some kinds, on the curves of components, and where they meet."""
    notable: dict[tuple[NotableKind, float, float], Notable] = {}
    doubts = 0
    boxes = []
    for component in components:
        cells = decide(component, grid)
        rows, columns = np.nonzero(cells.states != State.EMPTY)
        boxes.append((rows, columns))
        for point, is_open in _slopes(component, grid, rows, columns):
            doubts += is_open
            if point:
                notable[point.kind, round_to(point.x), round_to(point.y)] = point
    for (one, first_boxes), (other, there) in combinations(zip(components, boxes, strict=True), 2):
        for point, is_open in _meetings(one, other, grid, first_boxes, there):
            doubts += is_open
            if point:
                notable[point.kind, round_to(point.x), round_to(point.y)] = point
    order = list(NotableKind)
    wanted = [point for point in notable.values() if point.kind in kinds]
    points = sorted(wanted, key=lambda point: (order.index(point.kind), point.x, point.y))
    return Search(tuple(points), doubts)


def round_to(value: float, digits: int = 10) -> float:
    """Return a float to so many digits, without the sign of a zero."""
    return float(f"{value:.{digits}g}") + 0.0 if abs(value) > 10.0**-digits else 0.0


Step = tuple[Notable | None, bool]
"""A point that was found, and whether something was left undecided."""


def _slopes(component: Component, grid: Grid, rows: Index, columns: Index) -> Iterator[Step]:
    """Yield the points of a component at which a partial is 0."""
    names = component.names
    try:
        partials = [component.partial(name) for name in names]
    except DiffcliError:
        yield None, True
        return
    kinds = NotableKind.HORIZONTAL, NotableKind.VERTICAL
    singular: set[ExactPoint] = set()
    for kind, partial, other in zip(kinds, partials, partials[::-1], strict=True):
        if proved_sign(partial, {}) == 0:
            continue
        near = ComponentBounds(Component(partial, partial, names))
        may = ~near.look(grid.cells(rows, columns)).empty
        if may.sum() > MOST_CELLS:
            yield None, True
            continue
        cells = grid.cells(rows[may], columns[may])
        roots = solve([component.factor, partial], names, cells)
        for x, y in _defined(component, roots.points):
            yield Notable(kind, x, y), False
        for hull in _hulls(roots.undecided, grid):
            exact = next(exact_points([component.factor, partial], component, hull), None)
            if exact is None:
                yield None, True
                continue
            point = dict(zip(names, exact.coordinates, strict=True))
            if proved_sign(other, point) not in (0, None):
                yield Notable(kind, *exact.floats), False
            elif exact not in singular:
                singular.add(exact)
                name, is_proved = _singular(component, point)
                yield (Notable(name, *exact.floats) if name else None), not is_proved


def _singular(component: Component, point: Mapping[str, Node]) -> tuple[NotableKind | None, bool]:
    """Return what a curve has at a singular point, and whether that is proved: by its branches."""
    branches = local(component.factor, point, *component.names)
    if branches is None:
        kind = _by_curvature(component, point)
        return kind, kind is not None
    sides = [*branches.left, *branches.right]
    count = len(sides) + len(branches.vertical)
    if count == 0:
        return NotableKind.ISOLATED, True
    if count > 2:
        return NotableKind.CROSSING, True
    if len(branches.left) == len(branches.right) == 1:
        return _through(branches)
    if len(sides) == 2:
        return _beside(*sides)
    return None, False


def _through(branches: Local) -> tuple[NotableKind | None, bool]:
    """Return what a curve has that goes on from left to right."""
    (left,), (right,) = branches.left, branches.right
    if left.slope is None and right.slope is None:
        is_cusp = left.goes_up != right.goes_up
        return NotableKind.CUSP if is_cusp else NotableKind.VERTICAL, True
    is_one = branches.has_one_slope()
    is_level = left.slope is not None and right.slope is not None and left.slope == right.slope == 0
    # Where the slopes differ the curve has a corner, which isn't marked.
    return NotableKind.HORIZONTAL if is_one and is_level else None, is_one is not None


def _beside(first: Side, second: Side) -> tuple[NotableKind | None, bool]:
    """Return what a curve has whose two branches lie on one side."""
    if first.slope is None or second.slope is None:
        is_cusp = first.slope is second.slope and first.goes_up == second.goes_up
        return (NotableKind.CUSP, True) if is_cusp else (None, False)
    is_cusp = first.slope == second.slope == 0
    return NotableKind.CUSP if is_cusp else None, is_cusp or not first.slope.overlaps(second.slope)


def _by_curvature(component: Component, point: Mapping[str, Node]) -> NotableKind | None:
    """Return a crossing or an isolated point by the sign of the Hessian's determinant."""
    first, second = (replace(component, factor=component.partial(name)) for name in component.names)
    x, y = component.names
    product = node("mul", first.partial(x), second.partial(y))
    determinant = node("add", product, node("neg", node("pow", first.partial(y), number(2))))
    sign = proved_sign(determinant, point)
    return {-1: NotableKind.CROSSING, 1: NotableKind.ISOLATED}.get(sign or 0)


def _meetings(
    one: Component,
    other: Component,
    grid: Grid,
    cells: tuple[Index, Index],
    there: tuple[Index, Index],
) -> Iterator[Step]:
    """Yield the points at which two components meet."""
    width = grid.shape[1]
    common = np.intersect1d(cells[0] * width + cells[1], there[0] * width + there[1])
    if common.size > MOST_CELLS:
        yield None, True
        return
    roots = solve(
        [one.factor, other.factor], one.names, grid.cells(common // width, common % width)
    )
    for x, y in _defined(one, roots.points):
        yield Notable(NotableKind.CROSSING, x, y), False
    for hull in _hulls(roots.undecided, grid):
        exact = next(exact_points([one.factor, other.factor], one, hull), None)
        yield (Notable(NotableKind.CROSSING, *exact.floats) if exact else None), exact is None


def _defined(component: Component, points: Array) -> list[tuple[float, float]]:
    """Return the points around which the component's equation is defined."""
    around = Interval(points - TINY * np.abs(points), points + TINY * np.abs(points))
    kept = ComponentBounds(component).look(around).continuous
    return [(float(x), float(y)) for x, y in points[:, kept].T]


def _hulls(boxes: Interval, grid: Grid) -> Iterator[Interval]:
    """Yield the hulls (2, 1) of undecided boxes, those in touching cells together."""
    middle = (boxes.lo + boxes.hi) / 2
    rows = np.searchsorted(grid.y, middle[1], "right") - 1
    columns = np.searchsorted(grid.x, middle[0], "right") - 1
    cells, owner = np.unique(np.array([rows, columns]), axis=1, return_inverse=True)
    for members in clusters(*cells):
        part = picked(boxes, np.isin(owner.ravel(), members))
        yield Interval(part.lo.min(axis=1, keepdims=True), part.hi.max(axis=1, keepdims=True))
