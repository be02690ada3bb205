"""How a descent moves: torch's optimizers, and Newton's method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import torch
from torch import optim

from diffcli.studies.descent.objective import Objective

Move = Callable[[], Any]
"""Changes the objective's ``theta``, at which its gradient has just been measured."""

ARMIJO = 1e-4
SHORTEST = 2.0**-40
"""Part of Newton's step that the line search still tries."""


@dataclass(frozen=True)
class Optimizer:
    """A rule that makes a move with a learning rate, and its default rate.

    ``rate`` is None where it depends on the function: 1/λ, λ the Hessian's largest eigenvalue.
    ``keeps_bounds`` says whether it may be projected onto bounds after every step.
    """

    start: Callable[[Objective, float], Move]
    rate: float | None = None
    keeps_bounds: bool = True


def _first_order(kind: Callable[..., optim.Optimizer], **options: Any) -> Callable[..., Move]:
    def start(objective: Objective, rate: float) -> Move:
        return kind([objective.theta], lr=rate, **options).step

    return start


def _lbfgs(objective: Objective, rate: float) -> Move:
    optimizer = optim.LBFGS(
        [objective.theta],
        lr=rate,
        max_iter=1,
        max_eval=25,
        tolerance_grad=0,
        tolerance_change=0,
        line_search_fn="strong_wolfe",
    )

    return lambda: optimizer.step(objective.measure)


def _newton(objective: Objective, rate: float) -> Move:
    """Newton's method on |H|, so that it leaves saddles, with Armijo's line search.

    Nocedal and Wright, "Numerical Optimization" (2006), sections 3.1 and 3.4; |H| as in Dauphin
    and others, "Identifying and attacking the saddle point problem" (2014). Along a bound it
    moves in the free variables alone.
    """

    def move() -> None:
        theta, slope = objective.theta.detach(), objective.slope
        free, hessian = objective.free(), objective.hessian()
        if not hessian.isfinite().all():
            return
        curvatures, axes = torch.linalg.eigh(hessian[free][:, free])
        sizes = curvatures.abs()
        least = torch.finfo(theta.dtype).eps * sizes.max()
        direction = torch.zeros_like(theta)
        direction[free] = -axes @ ((axes.T @ slope[free]) / sizes.clamp(min=least))
        here, descent = objective(theta), slope @ direction
        noise = 4 * torch.finfo(theta.dtype).eps * here.abs()
        part = rate
        while part > SHORTEST:
            there = objective.project(theta + part * direction)
            if objective(there) <= here + ARMIJO * part * descent + noise:
                theta.copy_(there)
                return
            part /= 2

    return move


OPTIMIZERS: Mapping[str, Optimizer] = MappingProxyType(
    {
        "sgd": Optimizer(_first_order(optim.SGD)),
        "momentum": Optimizer(_first_order(optim.SGD, momentum=0.9)),
        "adam": Optimizer(_first_order(optim.Adam), 0.1),
        "rmsprop": Optimizer(_first_order(optim.RMSprop), 0.01),
        "adagrad": Optimizer(_first_order(optim.Adagrad), 0.5),
        "lbfgs": Optimizer(_lbfgs, 1.0, keeps_bounds=False),
        "newton": Optimizer(_newton, 1.0),
    }
)
"""Every optimizer by its name."""
