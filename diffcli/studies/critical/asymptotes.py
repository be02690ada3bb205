"""The lines that a function of one variable nears far away: proved, or as far as numbers tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from flint import arb

from diffcli.engines.balls.guards import Trouble
from diffcli.engines.balls.walk import working
from diffcli.language.expression import Node
from diffcli.studies.critical.infinity import line_at_infinity
from diffcli.studies.critical.notable_points import Tag
from diffcli.studies.critical.systems import GradientSystem

FAR = (40, 60, 80)
"""Powers of ten at which a function is held against a line."""
BITS = 800
NEARLY = 1e-25
"""How near it must come: as near as 1/x is at the first of them, and more."""


@dataclass(frozen=True)
class Asymptote:
    """The line slope·x + intercept that the function nears for x → ``towards``·∞."""

    slope: float
    intercept: float
    towards: int
    tag: Tag


def asymptotes(output: Node, system: GradientSystem) -> Iterator[Asymptote]:
    """Yield the lines that a function of one variable nears on the left and on the right.

    ``system`` has the function's value.
    """
    for towards in (-1, 1):
        if proved := line_at_infinity(output, towards):
            is_exact = all(ball.is_exact() for ball in proved)
            slope, intercept = (float(ball.mid()) for ball in proved)
            tag = Tag.EXACT if is_exact else Tag.CERTIFIED
            yield Asymptote(slope, intercept + 0.0, towards, tag)
            continue
        try:
            with working(BITS):
                line = _line(system, towards)
        except Trouble:
            continue
        if line:
            yield line


def _line(system: GradientSystem, towards: int) -> Asymptote | None:
    (x,) = system.names
    far_points = [towards * arb(10) ** power for power in FAR]
    near, far, farthest = (system.values([point], [()], BITS)[0] for point in far_points)
    slope = (farthest - far) / (far_points[2] - far_points[1])
    intercept = farthest - slope * far_points[2]
    off = abs(near - slope * far_points[0] - intercept)
    # Over an interval the slope shows a wave or a step, which three points may miss.
    (rise,) = system.values([far_points[0] + arb(0, 1)], [(x,)], BITS)
    if not (off < NEARLY * (1 + abs(intercept)) and abs(rise - slope) < NEARLY):
        return None
    return Asymptote(_rounded(slope), _rounded(intercept), towards, Tag.NUMERIC)


def _rounded(ball: arb) -> float:
    """Return a number that is known to some 30 digits; 0 where it is as small as that."""
    return 0.0 if abs(ball) < NEARLY else float(ball.mid())
