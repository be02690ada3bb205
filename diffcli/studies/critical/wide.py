"""A walk over a formula at a wide ball: what it gives holds on all of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flint import arb, arb_series, fmpq

from diffcli.engines.balls.guards import ball, centre
from diffcli.engines.balls.signs import Facts
from diffcli.engines.balls.walk import Term, Walk
from diffcli.language.expression import VARIABLE, Node

NARROW = 2.0**-30
"""Relative radius of a ball that cancellation, not the width of the box, keeps from deciding."""


class Wide(Walk):
    """A walk at a product of balls, one for each variable."""

    def __init__(self, output: Node, balls: Mapping[str, arb]) -> None:
        super().__init__(output, dict.fromkeys(balls, 0.0))
        self._balls = balls
        self._facts_here: Facts | None = None

    def move(self, balls: Mapping[str, arb]) -> None:
        """Go to other balls."""
        self._balls, self._bits, self._facts_here = balls, 0, None

    def facts_for(self, arguments: Sequence[Term]) -> Facts | None:
        """Return what is known of all points where balls are narrow, as next to a limit."""
        balls = [
            ball(centre(argument))
            for argument in arguments
            if isinstance(argument, fmpq | arb | arb_series)
        ]
        if any(narrow.rad() > NARROW * (1 + abs(narrow.mid())) for narrow in balls):
            return None
        self._facts_here = self._facts_here or Facts({}, self._balls)
        return self._facts_here

    def number(self, i: int, node: Node) -> Term:
        """Return the value of the i-th node, which may be a wide ball."""
        return self._balls[str(node.value)] if node.op == VARIABLE else super().number(i, node)
