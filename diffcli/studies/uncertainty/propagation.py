"""Uncertainty of a value from those of its inputs: by derivatives, and by sampling as a check.

Joint Committee for Guides in Metrology, "Guide to the expression of uncertainty in measurement",
JCGM 100:2008, section 5, and its supplement JCGM 101:2008 on Monte Carlo.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import hypot, inf, isfinite, nan, sqrt

import numpy as np
import torch
from numpy.typing import NDArray

from diffcli.clock import now
from diffcli.differentiation import Settings, derive
from diffcli.engines.coordinates import arrays_of
from diffcli.engines.remote import lower
from diffcli.errors import UsageError
from diffcli.language.function import Function
from diffcli.language.points import Point
from diffcli.operators import Grad, Hessian
from diffcli.output.report import Report
from diffcli.studies.uncertainty.linearity import linear_error

Array = NDArray[np.float64]

SAMPLES = 100_000
FIRST, GROWTH = 1000, 10
"""Samples that are taken in any case, and how many times as many are taken next in the budget."""
SCATTER = 4.0
"""Three standard deviations of a quantile, in half intervals, over the root of the samples."""
TOLERANCE = 0.05
"""How far the ends of the linear interval may be off, as a part of half the sampled one."""
COVERAGE, REACH = (0.025, 0.975), 1.959963984540054
"""The quantiles between which 95 % lie, and their distance in standard deviations if normal."""
EPSILON = 1e-12
"""An eigenvalue of a covariance may be less than 0 by this part of them all."""


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation of samples of f, and where 95 % of them lie.

    ``outside`` counts the samples outside the domain, which are left out.
    """

    count: int
    outside: int
    mean: float
    sigma: float
    interval: tuple[float, float]

    def validates(self, value: float, sigma: float) -> bool:
        """Whether value ± REACH·sigma is the sampled interval (JCGM 101:2008, section 8)."""
        low, high = self.interval
        error = max(abs(value - REACH * sigma - low), abs(value + REACH * sigma - high))
        tolerance = max(TOLERANCE, SCATTER / sqrt(self.count))
        return not self.outside and error <= tolerance * (high - low) / 2 + EPSILON * abs(value)


@dataclass(frozen=True)
class Input:
    """A measured input: its value, its standard uncertainty, and what comes of it.

    ``contribution`` is |∂f/∂x|·σ, ``sampled`` the samples of this input alone, and ``is_linear``
    whether they agree. ``share`` is its part of the variance of f, negative where a correlation
    takes more away than it adds. What needs a derivative that isn't there is nan.
    """

    name: str
    value: float
    sigma: float
    derivative: float
    contribution: float
    share: float
    sampled: Spread
    is_linear: bool


@dataclass(frozen=True)
class SecondOrder:
    """Mean and standard uncertainty of f with the second derivatives, for normal inputs."""

    mean: float
    sigma: float


@dataclass(frozen=True)
class Propagation:
    """The standard uncertainty of f at measured inputs.

    ``report`` is the value and the gradient with their verdicts; ``sigma`` is nan where there is
    no gradient. ``covariance`` is that of the inputs. ``is_linear`` says whether sampling agrees;
    ``linear_error`` is a proved bound of what f differs from its tangent plane by within ±3σ.
    """

    report: Report
    inputs: tuple[Input, ...]
    covariance: tuple[tuple[float, ...], ...]
    sigma: float
    second: SecondOrder | None
    sampled: Spread
    is_linear: bool
    linear_error: float | None


def propagate(
    function: Function,
    point: Point,
    covariance: Array,
    settings: Settings,
    *,
    order: int = 1,
    samples: int = SAMPLES,
) -> Propagation:
    """Return the uncertainty of a formula at a point of numbers.

    ``covariance`` is that of the variables, in order; ``order`` 2 adds the terms of the second
    derivatives. Raises UsageError where a variable is a vector.
    """
    report = replace(derive(Grad(), function, [point], settings), command="uncertainty")
    arrays = arrays_of(point, dtype=settings.dtype, seed=settings.seed)
    if any(array.ndim for array in arrays.values()):
        raise UsageError("each variable has one measured value", hint="x=3±0.1,y=2±0.05")
    (result,) = report.results
    value = result.value if isinstance(result.value, float) else nan
    middle = np.array([array.item() for array in arrays.values()])
    slopes = np.array([result.derivative[name] for name in arrays], dtype=np.float64)
    # In the unit of the steepest slope, no square overflows.
    unit = float(np.abs(slopes).max(initial=0)) or 1.0
    parts = slopes / unit * (covariance @ (slopes / unit))
    variance = float(parts.sum())
    shares, combined = parts / (variance or nan), unit * sqrt(variance)
    sampler = _Sampler(function, settings, samples, settings.budget / (len(slopes) + 1))
    inputs = []
    for i, name in enumerate(arrays):
        sigma, slope = sqrt(covariance[i, i]), float(slopes[i])
        contribution = abs(slope) * sigma
        alone = np.zeros_like(covariance)
        alone[i, i] = sigma
        spread = sampler.spread(middle, alone)
        inputs.append(
            Input(
                name, float(middle[i]), sigma, slope, contribution, float(shares[i]), spread,
                is_linear=spread.validates(value, contribution),
            )
        )  # fmt: skip
    spread = sampler.spread(middle, _root(covariance))
    # Without all slopes there is no plane that f could differ from.
    has_plane = bool(np.isfinite(slopes).all())
    sigmas = np.sqrt(covariance.diagonal()).tolist()
    return Propagation(
        report,
        tuple(inputs),
        tuple(map(tuple, covariance.tolist())),
        combined,
        _second_order(function, point, covariance, combined, settings) if order > 1 else None,
        spread,
        is_linear=spread.validates(value, combined),
        linear_error=linear_error(function, middle.tolist(), sigmas) if has_plane else None,
    )


def _root(covariance: Array) -> Array:
    """Return a matrix whose product with its transpose is the covariance."""
    values, axes = np.linalg.eigh(covariance)
    return np.asarray(axes * np.sqrt(values.clip(min=0)))


def _second_order(
    function: Function, point: Point, covariance: Array, sigma: float, settings: Settings
) -> SecondOrder:
    """Return E f = f + ½ tr HΣ and Var f = ∇fᵀΣ∇f + ½ tr (HΣ)², exact for quadratic f.

    For normal inputs; Mathai and Provost, "Quadratic forms in random variables" (1992), 3.2.
    """
    (result,) = derive(Hessian(), function, [point], settings).results
    spread = np.array(result.derivative["matrix"], dtype=np.float64) @ covariance
    value = result.value if isinstance(result.value, float) else nan
    unit = float(np.abs(spread).max(initial=0)) or 1.0
    bend = unit * sqrt(np.trace(spread / unit @ (spread / unit)) / 2)
    return SecondOrder(float(value + np.trace(spread) / 2), hypot(sigma, bend))


class _Sampler:
    """Draws normal inputs, the same ones each time, and evaluates f at as many as the time allows.

    ``budget`` is the processor time of one spread.
    """

    def __init__(self, function: Function, settings: Settings, count: int, budget: float) -> None:
        self._budget = budget
        self._program, self._settings = lower(function), settings
        self._normal = np.random.default_rng(settings.seed).standard_normal(
            (len(function.variables), count)
        )

    def spread(self, middle: Array, root: Array) -> Spread:
        """Return how f spreads where the inputs do, by a root of their covariance."""
        values = self._values(middle[:, None] + root @ self._normal)
        known = values[np.isfinite(values)]
        outside = values.size - known.size
        if not known.size:
            return Spread(values.size, outside, nan, nan, (nan, nan))
        low, high = np.quantile(known, COVERAGE).tolist()
        # Of a constant, the mean may be off by a rounding, and so the deviation not be 0.
        with np.errstate(over="ignore"):
            beyond = known - known[0]
            unit = float(np.abs(beyond).max()) or 1.0
        if not isfinite(unit):
            return Spread(values.size, outside, nan, nan, (low, high))
        mean = float(known[0] + unit * (beyond / unit).mean())
        sigma = unit * float((beyond / unit).std())
        return Spread(values.size, outside, mean, sigma, (low, high))

    def _values(self, columns: Array) -> Array:
        """Return f at the first of some columns of inputs, more of them while there is time."""
        begun, values = now(), np.empty(0)
        count = columns.shape[1]
        while values.size < count:
            stop = min(values.size * GROWTH or FIRST, count)
            more = (stop - values.size) / (values.size or inf)
            if (now() - begun) * (1 + more) > self._budget and values.size:
                break
            values = np.append(values, self._at(columns[:, values.size : stop]))
        return values

    def _at(self, columns: Array) -> Array:
        kind, device = getattr(torch, self._settings.dtype), self._settings.device
        inputs = [torch.tensor(column, dtype=kind, device=device) for column in columns]
        (output,) = self._program(*inputs)
        numbers: Array = output.to("cpu", torch.float64).numpy()
        return numbers
