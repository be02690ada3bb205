"""What each operation of torch computes, written with the primitives of the tape.

A rule takes the replay, the step and the operation's own arguments: floating-point tensors as
values, others as whole numbers. None stands for a result that it doesn't cover.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from diffcli.engines.trace.rules import (
    choices,
    elementary,
    factors,
    images,
    layers,
    linear,
    losses,
    movement,
    reductions,
)
from diffcli.engines.trace.steps import Step

Rule = Callable[..., Any]

RULES: dict[str, Rule] = {
    **elementary.RULES,
    **choices.RULES,
    **reductions.RULES,
    **linear.RULES,
    **factors.RULES,
    **layers.RULES,
    **images.RULES,
    **losses.RULES,
    **movement.RULES,
}
"""By torch's name, with the overload where rules differ."""


def find(step: Step) -> Rule | None:
    """Return the rule of a step's operation; None where there is none."""
    if step.labels:
        return movement.rearranged
    return RULES.get(f"{step.name}.{step.overload}", RULES.get(step.name))
