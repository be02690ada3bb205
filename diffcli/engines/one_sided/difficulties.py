"""What there may be at a difficult point, and what is proved of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

from flint import arb

from diffcli.engines.enclosure import Enclosure, Outcome


class Kind(Enum):
    """What was found at a difficult point."""

    DIFFERENTIABLE = "differentiable"
    ENDPOINT = "an endpoint of the domain, differentiable from inside"
    KINK = "the one-sided derivatives differ"
    VERTICAL = "a vertical tangent"
    GRADIENTLESS = "the partials exist, but they make up no gradient"
    JUMP = "a jump"
    POLE = "a pole"
    UNDEFINED = "outside the domain"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True)
class Difficulty:
    """The derivative at a difficult point, as balls.

    ``value`` is the derivative where there is one, at an endpoint the one from inside, which
    ``side`` names; ``left`` and ``right`` are the one-sided derivatives, infinite ones included,
    and None where there is none. ``reason`` names the culprit.
    """

    kind: Kind
    reason: str
    value: arb | None = None
    left: arb | None = None
    right: arb | None = None
    side: Literal["left", "right"] | None = None

    @property
    def is_proved(self) -> bool:
        """Whether what is said is a proof."""
        return self.kind is not Kind.UNDETERMINED


def as_float(ball: arb | None, dtype: str = "float64") -> float | None:
    """Return a proved derivative as a float, infinite where it is; None where it isn't certain."""
    if ball is None or not ball.is_finite():
        return None if ball is None else float(ball)
    return Enclosure(Outcome.ENCLOSED, ball).nearest(dtype)
