"""Notable points of a function: where they are, what they are, and how that is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import islice, permutations, product

import numpy as np
from flint import arb, arb_mat, arb_series

from diffcli.engines.balls.decimals import outward
from diffcli.engines.balls.guards import Trouble
from diffcli.engines.balls.walk import Steps, Walk, working
from diffcli.engines.enclosure import Enclosure, Outcome, constant_value, nearest_float
from diffcli.engines.remote import Partials
from diffcli.engines.terms.spelling import constant_text, spelling_of
from diffcli.language.expression import Node
from diffcli.studies.critical.boxes import Undecided
from diffcli.studies.critical.definite import extremum
from diffcli.studies.critical.exact import exact_root, simple, text_at, vanishes
from diffcli.studies.critical.kinds import PointKind
from diffcli.studies.critical.systems import BITS, FINE_BITS, GradientSystem, Root

PRINTED = 20
"""Digits of the bounds of a coordinate."""


MAX_CURVES, MAX_DEGREE = 100, 8
"""Lines along which a degenerate point is looked at, and the degree of the series along them."""

MAX_GUESSES = 12
"""Exact points that are tried next to a numeric one."""


class Tag(Enum):
    """How a point is known."""

    EXACT = "exact"
    CERTIFIED = "certified"
    NUMERIC = "numeric"


@dataclass(frozen=True)
class NotablePoint:
    """A notable point.

    ``exact`` are the coordinates as formulas and ``exact_value`` the function's value there, where
    they are known; ``bounds`` enclose each coordinate; ``eigenvalues`` are the Hessian's.
    """

    at: Mapping[str, float]
    value: float | None
    kind: PointKind
    tag: Tag
    bounds: Mapping[str, tuple[str, str]] | None = None
    exact: Mapping[str, str] | None = None
    exact_value: str | None = None
    eigenvalues: tuple[float, ...] = ()


@dataclass(frozen=True)
class Search:
    """The points found; ``complete`` is whether it is proved that there are no others.

    None where nobody asked. Anything else lies in an undecided cell, or on one of ``continua``:
    equations, each list of which is solved by critical points that aren't isolated. ``unproved``
    points more were found, none of them proved to be alone.
    """

    points: tuple[NotablePoint, ...]
    undecided: tuple[Undecided, ...] = ()
    complete: bool | None = None
    continua: tuple[tuple[str, ...], ...] = ()
    unproved: int = 0


class PointClassifier:
    """Says what is at a point of one output."""

    def __init__(self, partials: Partials, system: GradientSystem) -> None:
        self._partials, self._system = partials, system
        self._names = system.names

    def at_root(self, root: Root, kind: PointKind | None = None) -> NotablePoint:
        """Return what is at a root of the system; a critical point is classified."""
        exact = exact_root(self._partials, self._system.equations, root.at, root.region)
        if exact:
            return self.at_nodes(exact, kind)
        return self._notable_point(root.at, None, Tag.CERTIFIED, kind)

    def at_nodes(self, nodes: Sequence[Node], kind: PointKind | None = None) -> NotablePoint:
        """Return what is at an exact point."""
        balls = [constant_value(node, FINE_BITS) for node in nodes]
        return self._notable_point(balls, nodes, Tag.EXACT, kind)

    def at_floats(self, point: Sequence[float], reach: Sequence[float]) -> NotablePoint:
        """Return what is at a critical point that floating point found, but for some error.

        Where simple numbers near it are one, it is that one.
        """
        guesses = (list(simple(x - r, x + r)) for x, r in zip(point, reach, strict=True))
        for nodes in islice(product(*guesses), MAX_GUESSES):
            if vanishes(self._partials, self._system.equations, nodes):
                return self.at_nodes(nodes)
        return self._notable_point([arb(x) for x in point], None, Tag.NUMERIC, None)

    def _notable_point(
        self, balls: Sequence[arb], exact: Sequence[Node] | None, tag: Tag, kind: PointKind | None
    ) -> NotablePoint:
        known_kind, eigenvalues = (kind, ()) if kind else self._classified(balls, tag)
        is_open = known_kind is PointKind.DEGENERATE
        if exact and is_open and len(exact) > 1 and self._rises_and_falls(exact):
            known_kind = PointKind.SADDLE
        elif exact and is_open:
            known_kind = self._extremum(exact) or known_kind
        nodes = dict(zip(self._names, exact, strict=True)) if exact else None
        bounds = None if tag is Tag.NUMERIC else [as_bounds(ball) for ball in balls]
        floats = [nearest_float(node) for node in exact] if exact else map(as_float, balls)
        return NotablePoint(
            at=dict(zip(self._names, floats, strict=True)),
            value=self._value(balls),
            kind=known_kind,
            tag=tag,
            bounds=dict(zip(self._names, bounds, strict=True)) if bounds else None,
            exact={name: self._text(node) for name, node in nodes.items()} if nodes else None,
            exact_value=text_at(self._partials, exact) if exact else None,
            eigenvalues=eigenvalues,
        )

    def _text(self, constant: Node) -> str:
        return constant_text(constant, spelling_of(self._partials.function))

    def _rises_and_falls(self, exact: Sequence[Node]) -> bool:
        """Whether the function is proved to be greater and less than here, however near.

        The first Taylor coefficient along a line or a parabola that isn't 0 tells.
        """
        walk = Walk(self._system.output, dict(zip(self._names, exact, strict=True)))
        signs = set[int]()
        for curve in _curves(self._names):
            series = walk.series(curve, MAX_DEGREE, BITS)
            if not isinstance(series, arb_series):
                continue
            for degree in range(1, MAX_DEGREE + 1):
                coefficient = series[degree]
                if not coefficient.contains(0):
                    sign = 1 if coefficient > 0 else -1
                    signs |= {sign, -sign} if degree % 2 else {sign}
                if coefficient != 0:
                    break
        return {1, -1} <= signs

    def _extremum(self, exact: Sequence[Node]) -> PointKind | None:
        """Return whether the lowest terms of the Taylor series prove an extremum."""
        balls = [constant_value(node, FINE_BITS) for node in exact]

        def named(orders: Sequence[int]) -> tuple[str, ...]:
            pairs = zip(self._names, orders, strict=True)
            return tuple(name for name, order in pairs for _ in range(order))

        def partials(wanted: Sequence[Sequence[int]]) -> Sequence[arb]:
            return self._system.values(balls, [named(orders) for orders in wanted], FINE_BITS)

        def vanish(wanted: Sequence[Sequence[int]]) -> bool:
            return vanishes(self._partials, [named(orders) for orders in wanted], exact)

        try:
            with working(FINE_BITS):
                return extremum(len(self._names), partials, vanish)
        except Trouble:
            return None

    def _value(self, balls: Sequence[arb]) -> float | None:
        try:
            with working(FINE_BITS):
                (value,) = self._system.values(balls, [()], FINE_BITS)
        except Trouble:
            return None
        return as_float(value)

    def _classified(self, point: Sequence[arb], tag: Tag) -> tuple[PointKind, tuple[float, ...]]:
        names, size = self._names, len(self._names)
        indices = [tuple(sorted((a, b))) for a in names for b in names]
        try:
            with working(FINE_BITS):
                balls = self._system.values(point, indices, FINE_BITS)
                hessian = arb_mat(size, size, balls)
                kind = _kind(hessian)
        except Trouble:
            return PointKind.DEGENERATE, ()
        middle = np.array([float(ball.mid()) for ball in balls]).reshape(size, size)
        eigenvalues = np.linalg.eigvalsh(middle)
        # Where the root couldn't be proved, the Hessian is all but singular.
        return PointKind.DEGENERATE if tag is Tag.NUMERIC else kind, tuple(eigenvalues.tolist())


def _curves(names: Sequence[str]) -> Iterator[dict[str, Steps]]:
    """Yield lines and parabolas through a point: each variable's coefficients of t and t²."""
    for line in islice(product((0, 1, -1, 2), repeat=len(names)), 1, MAX_CURVES):
        yield dict(zip(names, line, strict=True))
    for one, other in permutations(names, 2):
        for bend in (1, -1, 2, -2, 3, arb(1) / 2):
            yield {**dict.fromkeys(names, 0), one: 1, other: [0, bend]}


def _kind(hessian: arb_mat) -> PointKind:
    """Classify by the leading minors (Sylvester's criterion), which the enclosure decides."""
    rows = hessian.tolist()
    minors = [
        arb_mat([row[:size] for row in rows[:size]]).det() for size in range(1, len(rows) + 1)
    ]
    if minors[-1].contains(0):
        return PointKind.DEGENERATE
    if all(minor > 0 for minor in minors):
        return PointKind.MINIMUM
    if all((minor > 0) if size % 2 == 0 else (minor < 0) for size, minor in enumerate(minors, 1)):
        return PointKind.MAXIMUM
    return PointKind.SADDLE


def as_float(ball: arb) -> float:
    """Return the number rounded to float64; 0 where it may be 0."""
    if ball.contains(0):
        return 0.0
    nearest = Enclosure(Outcome.ENCLOSED, ball).nearest()
    return float(ball.mid()) if nearest is None else nearest


def as_bounds(ball: arb) -> tuple[str, str]:
    """Return decimal bounds of a coordinate, rounded outwards."""
    return outward(ball, PRINTED)
