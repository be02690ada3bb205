"""Cells next to a pole, a kink or an edge: whether a derivative is 0 in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache

from flint import arb, fmpq

from diffcli.engines.balls.guards import Trouble
from diffcli.engines.enclosure import constant_value
from diffcli.engines.remote import Partials
from diffcli.language.expression import Node
from diffcli.language.function import Function
from diffcli.studies.critical.exact import vanishes
from diffcli.studies.critical.factors import pole_factors, zero_factors
from diffcli.studies.critical.intervals import isolate
from diffcli.studies.critical.kinds import PointKind
from diffcli.studies.critical.notable_points import NotablePoint, PointClassifier
from diffcli.studies.critical.systems import BITS, FINE_BITS, GradientSystem, Root
from diffcli.studies.critical.wide import Wide

MOST_CELLS = 100
"""Into which a region is cut in search of a factor's zeros."""
HIGHEST = 8
"""Up to which multiplicity a root is looked into."""


class ZeroFactorTest:
    """A test whether an interval is free of zeros of a function's derivatives, by its factors."""

    def __init__(self, output: Node, name: str) -> None:
        self._output, self._x = output, name
        self._factors = cache(self._found)
        self.deadline = 0.0
        """Until when exact values are sought, as :func:`diffcli.clock.now` tells it."""

    def is_clear(
        self, order: int, region: arb, known: Sequence[Node], roots: Sequence[Root]
    ) -> bool:
        """Whether it is proved that a derivative has no zero in a region but known ones.

        Those are at exact places, or its proved roots.
        """
        factors = self._factors(order)
        if factors is None:
            return False
        places = [node for node in known if region.contains(constant_value(node, FINE_BITS))]
        return all(
            self._has_known_roots(factor, order, region, roots)
            or self._is_alone(factor, region, places)
            for factor in factors
        )

    def _has_known_roots(
        self, factor: Node, order: int, region: arb, roots: Sequence[Root]
    ) -> bool:
        """Whether a factor has no zero in a region but proved roots of the derivative.

        Where the derivative has a value, a zero of its factor is one of its own.
        """
        ends = float(region.lower()), float(region.upper())
        isolation = isolate(
            GradientSystem(factor, (self._x,), [()]), (ends,), MOST_CELLS, deadline=self.deadline
        )
        return not isolation.undecided and all(
            self._is_defined(order, root.at[0])
            and any(known.region[0].contains(root.at[0]) for known in roots)
            for root in isolation.roots
        )

    def _is_defined(self, order: int, ball: arb) -> bool:
        system = GradientSystem(self._output, (self._x,), [()])
        try:
            system.values([ball], [(self._x,) * order], FINE_BITS)
        except Trouble:
            return False
        return True

    def pole(self, region: arb) -> NotablePoint | None:
        """Return the pole in a region, if it is proved that there is one and no other."""
        below, above = pole_factors(self._output)
        if not all(
            _excludes(Wide(factor, {self._x: region}), {self._x: region}) for factor in above
        ):
            return None
        for factor in below:
            system = GradientSystem(factor, (self._x,), [()])
            try:
                root = system.root([region])
            except (ArithmeticError, Trouble):
                continue
            if root:
                partials = Partials(Function(("",), (factor,), (self._x,)), self.deadline)
                point = PointClassifier(partials, system).at_root(root, PointKind.POLE)
                return replace(point, value=None, exact_value=None)
        return None

    def _found(self, order: int) -> list[Node] | None:
        return zero_factors(self._output, self._x, order)

    def _is_alone(self, factor: Node, region: arb, roots: Sequence[Node]) -> bool:
        """Whether a factor has one zero alone in a region, which is a known place.

        It is alone if the first derivative that doesn't vanish there has no zero in the region.
        """
        partials = Partials(Function(("",), (factor,), (self._x,)), self.deadline)
        for root in roots:
            for order, slope in enumerate(self._slopes(factor, region)):
                if not slope.contains(0):
                    return True
                if not vanishes(partials, [(self._x,) * order], [root]):
                    break
        return False

    def _slopes(self, factor: Node, region: arb) -> Iterator[arb]:
        """Yield a factor and its derivatives over a region, as far as they are bounded."""
        system = GradientSystem(factor, (self._x,), [()])
        for order in range(HIGHEST):
            try:
                yield system.values([region], [(self._x,) * order], BITS)[0]
            except Trouble:
                return


class Gradient:
    """A test whether a box is free of zeros of a function's gradient, by the partials' factors."""

    def __init__(self, output: Node, names: Sequence[str]) -> None:
        self._names = tuple(names)
        corner: Mapping[str, arb] = dict.fromkeys(names, arb(0))
        self._partials = [
            [Wide(factor, corner) for factor in factors]
            for name in names
            if (factors := zero_factors(output, name, 1)) is not None
        ]

    def excludes(self, balls: Sequence[arb]) -> bool:
        """Whether it is proved that some partial has no zero in a product of balls."""
        point = dict(zip(self._names, balls, strict=True))
        return any(
            all(_excludes(factor, point) for factor in factors) for factors in self._partials
        )


def _excludes(factor: Wide, point: Mapping[str, arb]) -> bool:
    factor.move(point)
    value = factor.value(BITS)
    return isinstance(value, arb | fmpq) and not arb(value).contains(0)
