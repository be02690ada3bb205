"""A walk over a formula at a wide ball: what it gives holds on all of it."""

from __future__ import annotations

from collections.abc import Mapping

from flint import arb

from diffcli.engines.balls.walk import Term, Walk
from diffcli.language.expression import VARIABLE, Node


class Wide(Walk):
    """A walk at a product of balls, one for each variable."""

    def __init__(self, output: Node, balls: Mapping[str, arb]) -> None:
        super().__init__(output, dict.fromkeys(balls, 0.0))
        self._balls = balls

    facts = None
    """The variables are in no one place."""

    def move(self, balls: Mapping[str, arb]) -> None:
        """Go to other balls."""
        self._balls, self._bits = balls, 0

    def number(self, i: int, node: Node) -> Term:
        """Return the value of the i-th node, which may be a wide ball."""
        return self._balls[str(node.value)] if node.op == VARIABLE else super().number(i, node)
