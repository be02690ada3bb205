"""A curve at one value of its parameter: place, velocity, tangent, curvature, each proved."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot, inf

from diffcli.differentiation import derive
from diffcli.engines.exact import nearest
from diffcli.errors import NoDerivativeError
from diffcli.language.expression import Node
from diffcli.language.function import Function
from diffcli.language.points import Point
from diffcli.language.printer import text_of
from diffcli.operators import Grad

SHORT = 8
"""Characters of a number that is shown as it was typed."""


@dataclass(frozen=True)
class Motion:
    """A curve at a parameter ``t``: its place and its first two derivatives in the parameter."""

    t: Node
    place: tuple[float, float]
    velocity: tuple[float, float]
    acceleration: tuple[float, float] | None

    @property
    def shown_t(self) -> str:
        """The parameter as typed where that is short, else rounded."""
        return shown(self.t)

    @property
    def slope(self) -> float:
        """The slope dy/dx of the tangent, infinite where it is upright."""
        across, up = self.velocity
        return up / across if across else inf

    @property
    def speed(self) -> float:
        """The length of the velocity."""
        return hypot(*self.velocity)

    @property
    def curvature(self) -> float | None:
        """The curvature (x′y″ − y′x″)/(x′² + y′²)^(3/2), positive to the left; None if unknown."""
        if self.acceleration is None:
            return None
        (dx, dy), (ddx, ddy) = self.velocity, self.acceleration
        return (dx * ddy - dy * ddx) / self.speed**3


def shown(value: Node) -> str:
    """Return a number as typed where that is short, else rounded."""
    text = text_of(value)
    text = text[1:-1] if text.startswith("(") else text
    return text if len(text) <= SHORT else f"{nearest(value):.4g}"


def motion_at(function: Function, time: Node) -> Motion:
    """Return a curve of two outputs at a value of its one variable.

    Raises NoDerivativeError where it has no velocity, or stands still.
    """
    pairs = [_numbers(function, time, order) for order in (1, 2)]
    first, second = pairs
    position = [value for value, _ in first]
    velocity = [slope for _, slope in first]
    if None in velocity or None in position or not any(velocity):
        raise NoDerivativeError(
            f"no tangent at {shown(time)}: the curve has no velocity there, or stands still",
            hint="choose another value of the parameter",
        )
    acceleration = [slope for _, slope in second]
    x, y = (coordinate for coordinate in position if coordinate is not None)
    dx, dy = (coordinate for coordinate in velocity if coordinate is not None)
    known = [coordinate for coordinate in acceleration if coordinate is not None]
    return Motion(time, (x, y), (dx, dy), (known[0], known[1]) if len(known) == 2 else None)


def _numbers(function: Function, time: Node, order: int) -> list[tuple[float | None, float | None]]:
    """Return each output's value and derivative of an order, None where it has none."""
    numbers: list[tuple[float | None, float | None]] = []
    for output in function.outputs:
        single = Function(("",), (output,), function.variables)
        (name,) = function.variables
        (result,) = derive(Grad(order=order), single, [Point({name: time})]).results
        slope = (result.derivative or {}).get(name)
        value = result.value
        numbers.append(
            (
                value if isinstance(value, float) else None,
                slope if isinstance(slope, float) else None,
            )
        )
    return numbers
