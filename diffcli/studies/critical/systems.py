"""Systems of partial derivatives that are to be 0: enclosed over boxes, roots proved.

A root is alone in a box that Krawczyk's operator maps into its own inside (Krawczyk,
"Newton-Algorithmen zur Bestimmung von Nullstellen mit Fehlerschranken", Computing 4, 1969).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from flint import arb, arb_mat

from diffcli.engines.balls.guards import Difficult, Trouble, Undefined
from diffcli.engines.balls.walk import working
from diffcli.engines.enclosure import Index, Outcome, Passes
from diffcli.language.expression import Node
from diffcli.studies.critical.boxes import FLAT, Box, hull
from diffcli.studies.critical.wide import Wide

BITS = 64
FINE_BITS = 256
"""Precision of the cells, and of a root that is known to be alone."""
MOST_STEPS = 60
SETTLING_BITS, STILL = 512, 1e-11
"""Precision of Newton's method at a multiple root; a step, as a part of the range, that ends it."""
NEAR = (1e-3, 1e-5, 1e-7)
"""Half the widths, as parts of the range, of the boxes in which a point is to be proved."""
DIGITS = 40
"""Digits of a root's coordinates."""


@dataclass(frozen=True)
class Root:
    """A root that is proved to exist; it is the only one in ``region``."""

    at: tuple[arb, ...]
    region: tuple[arb, ...]


class FlatError(ArithmeticError):
    """Every point of a box is a root."""


class GradientSystem:
    """As many partial derivatives of one output as there are variables, all to be 0."""

    def __init__(self, output: Node, names: Sequence[str], equations: Sequence[Index]) -> None:
        self.output, self.names, self.equations = output, tuple(names), tuple(equations)
        self._walk = Wide(output, dict.fromkeys(names, arb(0)))
        self._slopes = [[tuple(sorted((*e, name))) for name in names] for e in equations]
        self._indices = list(dict.fromkeys([*equations, *(s for row in self._slopes for s in row)]))

    def values(self, balls: Sequence[arb], indices: Sequence[Index], bits: int) -> list[arb]:
        """Enclose partial derivatives over a product of balls.

        Raises Undefined where the function has no value in all of it, Difficult where a rule
        doesn't hold on all of it.
        """
        self._walk.move(dict(zip(self.names, balls, strict=True)))
        passes = Passes(self._walk, indices, bits)
        numbers = []
        for index in indices:
            enclosure = passes.enclose(index)
            if enclosure.ball is None:
                undefined = enclosure.outcome is Outcome.UNDEFINED
                raise (Undefined if undefined else Difficult)(str(enclosure.reason))
            numbers.append(enclosure.ball)
        return numbers

    def over(self, balls: Sequence[arb], bits: int) -> tuple[list[arb], arb_mat]:
        """Enclose the equations and their Jacobian; raises as :meth:`values`."""
        known = dict(zip(self._indices, self.values(balls, self._indices, bits), strict=True))
        slopes = arb_mat([[known[index] for index in row] for row in self._slopes])
        return [known[index] for index in self.equations], slopes

    def narrowed(self, balls: Sequence[arb], bits: int = BITS) -> list[arb] | None:
        """Return Krawczyk's operator of a box, which holds every root in it; None: there is none.

        Raises ArithmeticError where the slopes are singular, FlatError where all of it are roots,
        and what :meth:`values` raises.
        """
        with working(bits):
            values, slopes = self.over(balls, bits)
            if not all(value.contains(0) for value in values):
                return None
            if all(value == 0 for value in values):
                raise FlatError(FLAT)
            middle = [ball.mid() for ball in balls]
            here = _column(self.values(middle, self.equations, bits))
            offset = _column([ball - mid for ball, mid in zip(balls, middle, strict=True)])
            if not all(entry.contains(0) for entry in (here + slopes * offset).entries()):
                return None
            inverse = _inverse(slopes)
            size = len(balls)
            unit = arb_mat(size, size, [int(i == j) for i in range(size) for j in range(size)])
            mapped = _column(middle) - inverse * here + (unit - inverse * slopes) * offset
            return list(mapped.entries())

    def root(self, balls: Sequence[arb], bits: int = BITS) -> Root | None:
        """Return the root of a box in which there is exactly one, if that can be proved.

        Raises as :meth:`narrowed`.
        """
        mapped = self.narrowed(balls, bits)
        if mapped is None or not all(
            ball.contains_interior(image) for ball, image in zip(balls, mapped, strict=True)
        ):
            return None
        refined = self._refined(mapped)
        return Root(tuple(refined), tuple(balls)) if refined else None

    def near(self, place: Sequence[float], box: Box) -> Root | None:
        """Prove that there is one root where Newton's method leads from a point, in a box around.

        A wide box comes first, as it says more.
        """
        spans = [high - low for low, high in box]
        try:
            with working(BITS):
                point = self._approached([arb(x) for x in place], BITS, BITS // 4)
        except (ArithmeticError, Trouble):
            return None
        for part in NEAR:
            reach = [part * span for span in spans]
            wide = [hull(float(x) - r, float(x) + r) for x, r in zip(point, reach, strict=True)]
            try:
                if root := self.root(wide):
                    return root
            except (ArithmeticError, Trouble):
                continue
        return None

    def settled(self, start: Sequence[float], box: Box) -> tuple[float, ...] | None:
        """Return where Newton's method comes to rest from a point, in more digits than a float has.

        At a multiple root its steps shrink by a constant factor alone, and in floating point end
        too early. None where it doesn't come to rest in the box.
        """
        spans = [high - low for low, high in box]
        try:
            with working(SETTLING_BITS):
                point = _column([arb(x) for x in start])
                for _ in range(MOST_STEPS):
                    values, slopes = self.over(point.entries(), SETTLING_BITS)
                    step = _inverse(slopes) * _column(values)
                    point = _column([entry.mid() for entry in (point - step).entries()])
                    moved = zip(step.entries(), spans, strict=True)
                    if all(abs(s) < STILL * span for s, span in moved):
                        floats = tuple(map(float, point.entries()))
                        inside = zip(floats, box, strict=True)
                        return floats if all(a <= x <= b for x, (a, b) in inside) else None
        except (ArithmeticError, Trouble):
            return None
        return None

    def _approached(self, start: Sequence[arb], bits: int, digits: int) -> list[arb]:
        """Return where Newton's method leads, once a step is that short; exact as it stands."""
        point = _column(start)
        for _ in range(MOST_STEPS):
            values, slopes = self.over(point.entries(), bits)
            step = _inverse(slopes) * _column(values)
            point = _column([entry.mid() for entry in (point - step).entries()])
            if all(abs(s) < r for s, r in zip(step.entries(), _reach(point, digits), strict=True)):
                break
        return list(point.entries())

    def _refined(self, balls: Sequence[arb]) -> list[arb] | None:
        """Return many digits of the root that is alone in a box: Newton's method, then a proof."""
        with working(FINE_BITS):
            point = self._approached([ball.mid() for ball in balls], FINE_BITS, DIGITS)
            reach = _reach(_column(point), DIGITS)
            near = [x + arb(0, r) for x, r in zip(point, reach, strict=True)]
            image = self.narrowed(near, FINE_BITS)
            is_proved = image and all(
                a.contains_interior(b) and ball.contains(b)
                for a, b, ball in zip(near, image, balls, strict=True)
            )
            return image if is_proved else None


def _reach(point: arb_mat, digits: int) -> list[arb]:
    return [arb(10) ** -digits * (1 + abs(x)) for x in point.entries()]


def _column(balls: Sequence[arb]) -> arb_mat:
    return arb_mat(len(balls), 1, list(balls))


def _inverse(slopes: arb_mat) -> arb_mat:
    """Return an approximate inverse of the middle, exact as it stands."""
    middle = np.array([[float(entry.mid()) for entry in row] for row in slopes.tolist()])
    if not np.isfinite(middle).all():
        raise ArithmeticError("the slopes are not bounded")
    try:
        inverse = np.linalg.inv(middle)
    except np.linalg.LinAlgError as error:
        raise ArithmeticError("the slopes are singular") from error
    return arb_mat([[arb(float(entry)) for entry in row] for row in inverse])
