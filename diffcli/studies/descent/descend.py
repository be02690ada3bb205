"""Descent: the way to a minimum or a maximum step by step, and what was reached."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from math import inf, isfinite
from typing import Any

import numpy as np

from diffcli.differentiation import ENGINES, Settings, derive
from diffcli.errors import UsageError
from diffcli.language.function import Function
from diffcli.language.points import Point
from diffcli.language.ranges import Interval
from diffcli.language.tensors import component_names
from diffcli.operators import Grad
from diffcli.output.report import Report
from diffcli.studies.critical.kinds import PointKind, critical_kind
from diffcli.studies.descent.objective import Objective, exact_point
from diffcli.studies.descent.optimizers import OPTIMIZERS
from diffcli.studies.descent.safety import Safety
from diffcli.verdict import Verdict

FAR = 1e12
"""How many times as large as at the start f or a variable is where the descent diverges."""
PATIENCE = 50
"""Steps without any progress after which the descent stagnates."""
FLAT_RATE = 0.1
"""The learning rate where the Hessian suggests none."""


class Outcome(Enum):
    """How a descent ended."""

    CONVERGED = "converged"
    UNFINISHED = "the steps ran out"
    STAGNATED = "stagnated"
    DIVERGED = "diverged"
    OUTSIDE = "left the domain"
    UNPROVED = "no step is proved to go on"


@dataclass(frozen=True)
class DescentOptions:
    """How to descend: the optimizer by its name, its learning rate, when to stop, the bounds.

    ``rate`` of None is the optimizer's own. ``tolerance`` is that of the gradient's norm. With
    ``safe`` every step is shortened until it is proved to decrease f, or to increase it.
    """

    optimizer: str = "sgd"
    rate: float | None = None
    steps: int = 100
    tolerance: float = 1e-8
    maximize: bool = False
    safe: bool = False
    bounds: Mapping[str, Interval] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """A place on the way, f and |∇f| there; a number is nan or infinite where there is none."""

    step: int
    at: Mapping[str, Any]
    value: float
    gradient_norm: float

    @property
    def is_finite(self) -> bool:
        """Whether f and its gradient have values there."""
        return isfinite(self.value) and isfinite(self.gradient_norm)

    @property
    def coordinates(self) -> dict[str, float]:
        """Every component of every variable: ``x``, or ``x[0]``, ``x[1]`` …."""
        return {
            component: float(x)
            for name, value in self.at.items()
            for component, x in zip(
                component_names(name, np.shape(value)), np.ravel(value), strict=True
            )
        }


@dataclass(frozen=True)
class Descent:
    """The way, how it ended, and what is known of ``good``, the last step that can be trusted.

    ``plan`` has the learning rate that was taken. ``report`` is the gradient at the good step,
    certified; ``eigenvalues`` are those of f's Hessian there, in the variables that no bound
    holds; ``suggested_rate`` is 1/λ for its largest eigenvalue λ. ``reason`` says what stopped
    the descent outside the domain.
    """

    plan: DescentOptions
    steps: tuple[Step, ...]
    outcome: Outcome
    good: Step
    report: Report
    eigenvalues: tuple[float, ...]
    suggested_rate: float | None
    reason: str | None = None

    @property
    def kind(self) -> PointKind | None:
        """The kind of critical point that was reached, None where none was."""
        if self.outcome is not Outcome.CONVERGED or not self.eigenvalues:
            return None
        return critical_kind(self.eigenvalues)

    @property
    def exit_code(self) -> int:
        """0 answered; 4 there is no derivative at the start; 5 the engines disagree."""
        if self.report.results[0].verdict is Verdict.DISAGREES:
            return self.report.exit_code
        return self.report.exit_code if self.outcome is Outcome.OUTSIDE else 0


def descend(
    function: Function,
    start: Point,
    plan: DescentOptions,
    settings: Settings,
    watch: Callable[[Step], object] = lambda _: None,
) -> Descent:
    """Descend from a point until the gradient vanishes or nothing more is to be gained.

    ``watch`` is called with every step. Raises UsageError where the function has
    several values, or the optimizer can't keep the bounds.
    """
    optimizer = OPTIMIZERS[plan.optimizer]
    if plan.bounds and not optimizer.keeps_bounds:
        raise UsageError(
            f"{plan.optimizer} can't be kept within bounds", hint="--optimizer newton can"
        )
    objective = Objective(function, start, plan.bounds, settings, maximize=plan.maximize)
    rate = plan.rate or optimizer.rate or _suggested_rate(objective.curvatures()) or FLAT_RATE
    plan = replace(plan, rate=rate)
    way = _Way(objective, plan)
    move = optimizer.start(objective, rate)
    safety = Safety(function, objective, maximize=plan.maximize) if plan.safe else None
    while (outcome := way.ending()) is None:
        watch(way.steps[-1])
        before = objective.theta.detach().clone()
        move()
        objective.keep_bounds()
        if safety is not None and not safety.keeps(before):
            outcome = Outcome.UNPROVED
            break
        way.measure()

    last, reason = way.steps[-1], None
    if outcome is Outcome.DIVERGED and not last.is_finite:
        if _is_place(last):
            beyond = _gradient(function, last, replace(settings, engines=ENGINES)).results[0]
            if not beyond.has_derivative:
                outcome = Outcome.OUTSIDE
                reason = next((check.reason for check in beyond.checks if check.reason), None)
        way.steps[1:] = [step for step in way.steps[1:] if step.is_finite]
    good = way.best if outcome is Outcome.DIVERGED else way.steps[-1]
    report = _gradient(function, good, settings)
    objective.move_to(good.at)
    known = good.is_finite and report.results[0].has_derivative
    eigenvalues = tuple(objective.curvatures()) if known else ()
    return Descent(
        plan,
        tuple(way.steps),
        outcome,
        good,
        report,
        eigenvalues,
        _suggested_rate(eigenvalues),
        reason,
    )


def _gradient(function: Function, step: Step, settings: Settings) -> Report:
    report = derive(Grad(), function, [exact_point(step.at)], settings)
    return replace(report, command="descend")


def _is_place(step: Step) -> bool:
    return all(map(isfinite, step.coordinates.values()))


def _suggested_rate(eigenvalues: Sequence[float]) -> float | None:
    """Return 1/λ, at which gradient descent of a quadratic can't diverge."""
    steepest = max(map(abs, eigenvalues), default=0.0)
    return 1 / steepest if steepest else None


class _Way:
    """The steps so far, and whether they lead anywhere."""

    def __init__(self, objective: Objective, plan: DescentOptions) -> None:
        self._objective, self._plan = objective, plan
        self.steps: list[Step] = []
        self._progress = 0
        self._least_norm = inf
        self.measure()
        self.best = self.steps[0]

    def measure(self) -> None:
        """Add the step at the objective's place."""
        objective = self._objective
        value = objective.sign * objective.measure() + 0.0  # -0.0 is 0
        norm = objective.slope.norm().item()
        self.steps.append(Step(len(self.steps), objective.at(), value, norm))

    def ending(self) -> Outcome | None:
        """Return how the descent ends with the last step, or None where it goes on."""
        first, last, plan = self.steps[0], self.steps[-1], self._plan
        if not last.is_finite:
            return Outcome.DIVERGED
        if self._objective.residual() <= plan.tolerance:
            return Outcome.CONVERGED
        if abs(last.value) > FAR * (1 + abs(first.value)) or _size(last) > FAR * (1 + _size(first)):
            return Outcome.DIVERGED
        if self._is_better(last, self.best):
            self.best, self._progress = last, last.step
        if last.gradient_norm < self._least_norm:
            self._least_norm, self._progress = last.gradient_norm, last.step
        stuck = last.step - self._progress >= PATIENCE
        if not stuck and last.step < plan.steps:
            return None
        if self._is_better(first, last) and last.gradient_norm > first.gradient_norm:
            return Outcome.DIVERGED
        return Outcome.STAGNATED if stuck else Outcome.UNFINISHED

    def _is_better(self, step: Step, than: Step) -> bool:
        sign = self._objective.sign
        return sign * step.value < sign * than.value


def _size(step: Step) -> float:
    return max(map(abs, step.coordinates.values()), default=0.0)
