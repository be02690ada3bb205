"""The sign of a derivative on either side of an exact point, where that is proved.

On one side abs, sign, max and conditions take one branch, and the derivative there is a product of
factors. The sign of each is told by an enclosure over the side, or by the first derivative of the
factor that isn't 0 at the point and keeps its sign on the side.
"""

from __future__ import annotations

from flint import arb

from diffcli.engines.balls.guards import Trouble
from diffcli.engines.balls.walk import working
from diffcli.engines.enclosure import constant_value
from diffcli.engines.remote import Partials
from diffcli.errors import DiffcliError
from diffcli.language.expression import Node, node, number
from diffcli.language.function import Function
from diffcli.language.parser import parse
from diffcli.studies.critical.exact import vanishes
from diffcli.studies.critical.systems import BITS, FINE_BITS, GradientSystem

MAX_FACTORS = 8
"""Factors whose sign is sought."""
MAX_ORDER = 8
"""Order of the derivative of a factor up to which it may vanish at the point."""

LEFT, RIGHT = -1, 1


class Sides:
    """A function of one variable next to its points."""

    def __init__(self, partials: Partials) -> None:
        self._partials = partials
        (self._x,) = partials.function.variables

    def signs(self, order: int, point: Node, reach: float) -> tuple[int | None, int | None]:
        """Return the signs of a derivative up to ``reach`` on the left and the right of a point.

        0 is a derivative that is 0 on all of the side, None a sign that isn't proved.
        """
        return self._sign(order, point, LEFT, reach), self._sign(order, point, RIGHT, reach)

    def _sign(self, order: int, point: Node, side: int, reach: float) -> int | None:
        with working(FINE_BITS):
            here = constant_value(point, FINE_BITS)
            end = float(here) + side * reach
            stretch = here.union(arb(end))
        far = number(abs(end))
        ends = (point, far if end >= 0 else node("neg", far))
        known: dict[str, int] = {}
        for _ in range(MAX_FACTORS):
            found = self._partials.sign_between(
                (self._x,) * order, ends if side > 0 else ends[::-1], known
            )
            if not isinstance(found, str):
                return found
            sign = self._sign_of_factor(found, point, side, stretch)
            if sign is None:
                return None
            known[found] = sign
        return None

    def _sign_of_factor(self, text: str, point: Node, side: int, stretch: arb) -> int | None:
        try:
            (term,) = parse(text, variables=(self._x,)).outputs
        except DiffcliError:
            return None
        system = GradientSystem(term, (self._x,), [()])
        partials = Partials(Function(("",), (term,), (self._x,)), self._partials.deadline)
        for order in range(MAX_ORDER):
            index = (self._x,) * order
            try:
                (slope,) = system.values([stretch], [index], BITS)
            except Trouble:
                return None
            if not slope.contains(0):
                return (1 if slope > 0 else -1) * (side if order % 2 else 1)
            if not vanishes(partials, [index], [point]):
                return None
        return None
