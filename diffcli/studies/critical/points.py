"""The critical points of a function in a box: found by Newton's method, or none left out."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from flint import arb

from diffcli.clock import now
from diffcli.engines.remote import Partials
from diffcli.errors import LimitError
from diffcli.language.function import Function
from diffcli.language.printer import text_of
from diffcli.studies.critical.boxes import Box, hull
from diffcli.studies.critical.clearing import Gradient
from diffcli.studies.critical.continua import inhabited
from diffcli.studies.critical.intervals import Isolation, isolate
from diffcli.studies.critical.notable_points import NotablePoint, PointClassifier, Search
from diffcli.studies.critical.systems import GradientSystem, Root
from diffcli.studies.curves.iterated import is_iterated

LOOSE = 1e-7
"""How far, as a part of the range, a point may be off that could not be proved."""
AROUND = 1e-3
"""How far around it, as a part of the range, the slope of a point may be 0 that isn't proved."""
SEARCH = 120
"""How many budgets the search of the whole box may take."""
MOST_VARIABLES = 10
MOST = 100
"""Points that are looked at: many more are no points but a curve."""
MOST_SETTLED = 25
"""Unproved points that are followed until Newton's method converges."""
MOST_UNPROVED = 12
"""Points that are listed without a proof that they are alone."""


def critical_points(
    function: Function,
    box: Box,
    *,
    certify: bool = False,
    budget: float = 0.5,
    seed: int = 0,
    watch: Callable[[int], object] = lambda _: None,
) -> Search:
    """Find the points of a box at which the gradient of a function of several variables is 0.

    They are found by Newton's method from many starts, then proved one by one. With ``certify``
    the box is also searched through by intervals, which leave none out, in at most ``SEARCH``
    budgets. ``budget`` is in seconds, for exact values; ``watch`` is called with the number of
    cells that were searched. Raises
    LimitError beyond ``MOST_VARIABLES`` variables.
    """
    if len(box) > MOST_VARIABLES:
        raise LimitError(
            f"a search in {len(box)} variables", hint=f"at most {MOST_VARIABLES} are searched"
        )
    (output,) = function.outputs
    system = GradientSystem(output, function.variables, [(name,) for name in function.variables])
    searched = Isolation((), ())
    excludes = Gradient(output, function.variables).excludes
    if certify:
        searched = isolate(
            system, box, excludes=excludes, watch=watch, deadline=now() + SEARCH * budget
        )
    roots = [root for root in searched.roots if _is_inside(root.at, box)]
    loose: list[tuple[float, ...]] = []
    # Newton's method evaluates a thousand points at once, which mpmath takes hours for.
    if (not certify or searched.undecided) and not is_iterated(function):
        from diffcli.studies.critical.starts import stationary_points

        for candidate in stationary_points(function, box, MOST, seed):
            if any(_holds(root, candidate) for root in roots):
                continue
            root = system.near(candidate, box)
            if root is None:
                if not excludes(_around(candidate, box)):
                    loose.append(candidate)
            elif _is_inside(root.at, box):
                roots.append(root)
    loose = _settled(system, box, loose)
    partials = Partials(function, now() + budget)
    # Newton's steps may run along a valley's floor without an end.
    continua = inhabited(partials, box, loose) if loose or not roots else {}
    apart = [
        candidate
        for candidate in loose
        if not any(candidate in points_of for points_of in continua.values())
    ]
    classifier = PointClassifier(partials, system)
    points = [classifier.at_root(root) for root in roots]
    reach = [LOOSE * (high - low) for low, high in box]
    points += [classifier.at_floats(candidate, reach) for candidate in apart[:MOST_UNPROVED]]
    return Search(
        points=tuple(sorted(points, key=_order)),
        undecided=searched.undecided,
        complete=not searched.undecided if certify else None,
        continua=tuple(tuple(map(text_of, equations)) for equations in continua),
        unproved=len(apart[MOST_UNPROVED:]),
    )


def _settled(
    system: GradientSystem, box: Box, candidates: Sequence[tuple[float, ...]]
) -> list[tuple[float, ...]]:
    """Return the points at which Newton's method comes to rest from some places, each once.

    A place from which it doesn't is a point of its own, unless it is near one of these: next to a
    multiple root the steps may lead anywhere.
    """
    settled: list[tuple[float, ...]] = []
    unsettled: list[tuple[float, ...]] = []
    for turn, candidate in enumerate(candidates):
        end = system.settled(candidate, box) if turn < MOST_SETTLED else None
        if end is None:
            unsettled.append(candidate)
        elif not _is_near(end, settled, box, LOOSE):
            settled.append(end)
    return [
        *settled,
        *(candidate for candidate in unsettled if not _is_near(candidate, settled, box, AROUND)),
    ]


def _is_near(
    point: Sequence[float], others: Sequence[Sequence[float]], box: Box, part: float
) -> bool:
    reaches = [part * (high - low) for low, high in box]
    return any(
        all(abs(x - y) <= r for x, y, r in zip(point, other, reaches, strict=True))
        for other in others
    )


def _order(point: NotablePoint) -> tuple[float, ...]:
    """Order by value, lowest first, then by place."""
    value = float("inf") if point.value is None else round(point.value, 9)
    return (value, *point.at.values())


def _around(point: Sequence[float], box: Box) -> list[arb]:
    """Return the box around a point in which its root would lie."""
    reaches = [AROUND * (high - low) for low, high in box]
    return [hull(x - reach, x + reach) for x, reach in zip(point, reaches, strict=True)]


def _is_inside(point: tuple[arb, ...], box: Box) -> bool:
    return all(ball.overlaps(hull(*ends)) for ball, ends in zip(point, box, strict=True))


def _holds(root: Root, point: tuple[float, ...]) -> bool:
    return all(ball.contains(x) for ball, x in zip(root.region, point, strict=True))
