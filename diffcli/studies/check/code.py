"""A derivative written by hand, as code, against autograd and difference quotients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from diffcli.derivation import Settings
from diffcli.engines.autograd import tensors
from diffcli.engines.coordinates import arrays_of
from diffcli.engines.differences import estimates
from diffcli.errors import NoDerivativeError, UsageError
from diffcli.language.points import Point
from diffcli.operators import Grad, Jacobian, Operator
from diffcli.output.report import Report, Result
from diffcli.userfunction import UserFunction, derive_user

Array = NDArray[np.float64]

TOLERANCE = {"float64": 1e-9, "float32": 1e-4}
"""Of a claimed entry, relative to it or to a millionth of the largest."""
_MOST_BELOW = 12
"""The largest denominator of a factor that is named."""


@dataclass(frozen=True)
class Comparison:
    """One entry: autograd's number, the claim's, and a difference quotient with its error."""

    entry: str
    autograd: float
    claim: float
    quotient: float | None
    error: float | None
    is_right: bool

    @property
    def factor(self) -> Fraction | None:
        """How many times too large the claim is, where that is a simple number."""
        if self.is_right or not self.autograd or not np.isfinite(self.claim):
            return None
        simple = Fraction(self.claim / self.autograd).limit_denominator(_MOST_BELOW)
        off = abs(self.claim - float(simple) * self.autograd)
        return simple if simple and off <= 1e-6 * abs(self.claim) else None


@dataclass(frozen=True)
class Review:
    """What was found of a claimed derivative: the comparisons at each point, and the mistake."""

    report: Report
    claim: str
    comparisons: Sequence[Sequence[Comparison]]
    mistake: str | None

    @property
    def is_right(self) -> bool:
        """Whether every entry agrees with autograd."""
        return all(each.is_right for entries in self.comparisons for each in entries)

    @property
    def exit_code(self) -> int:
        """0 where every entry is right, else 5."""
        return 0 if self.is_right else 5


def review(
    function: UserFunction, claim: UserFunction, points: Sequence[Point], settings: Settings
) -> Review:
    """Hold a claimed gradient or Jacobian against autograd's, at points.

    ``claim`` takes the function's arguments and returns the gradient, one tensor or one a
    variable, or the Jacobian, a row an output. Raises UsageError where its numbers are too few or
    too many, NoDerivativeError where autograd can't follow the function.
    """
    if set(claim.variables) != set(function.variables):
        raise UsageError(
            f"{claim.text} takes {', '.join(claim.variables) or 'nothing'}",
            hint=f"the arguments of {function.text}: {', '.join(function.variables)}",
        )
    if not points:
        raise UsageError("code is checked at a point", hint="add --at")
    places = [arrays_of(point, dtype=settings.dtype, seed=settings.seed) for point in points]
    outputs = function(*tensors(places[0], settings.dtype, settings.device).values())
    scalar = len(outputs) == 1 and outputs[0].numel() == 1
    operator: Operator = Grad() if scalar else Jacobian()
    report = derive_user(operator, function, points, settings)
    found = [
        _compare(operator, function, claim, place, result, settings)
        for place, result in zip(places, report.results, strict=True)
    ]
    report = replace(report, command="check")
    return Review(report, claim.text, found, _mistake(found, report.results[0]))


def _compare(
    operator: Operator,
    function: UserFunction,
    claim: UserFunction,
    at: Mapping[str, Array],
    result: Result,
    settings: Settings,
) -> list[Comparison]:
    numbers = [check.autograd for check in result.checks]
    if None in numbers or len(numbers) != len(_flat(result.derivative)):
        raise NoDerivativeError("autograd gives no finite number here", hint="try another point")
    inputs = tensors(at, settings.dtype, settings.device)
    claimed = claim(*(inputs[name] for name in claim.variables))
    flat = np.concatenate([each.detach().cpu().double().numpy().ravel() for each in claimed])
    if len(flat) != len(numbers):
        raise UsageError(
            f"{claim.text} gives {len(flat)} numbers, and the derivative has {len(numbers)}",
            hint="a number for each: " + ", ".join(check.entry for check in result.checks[:6]),
        )
    truth = np.array(numbers, dtype=float)
    silent = replace(function, is_silent=True)
    quotients = estimates(operator, silent, at, (), dtype=settings.dtype, device=settings.device)
    scale = np.maximum(abs(truth), 1e-6 * abs(truth).max(initial=0))
    right = abs(flat - truth) <= TOLERANCE[settings.dtype] * scale
    return [
        Comparison(
            check.entry,
            float(truth[i]),
            float(flat[i]),
            float(quotients[0][i]) if quotients else None,
            float(quotients[1][i]) if quotients else None,
            bool(right[i]),
        )
        for i, check in enumerate(result.checks)
    ]


def _flat(derivative: Any) -> list[float]:
    """Return the numbers of a derivative as it is laid out."""
    if isinstance(derivative, Mapping):
        inner = [derivative["matrix"]] if "matrix" in derivative else list(derivative.values())
        return [number for each in inner for number in _flat(each)]
    if isinstance(derivative, list):
        return [number for each in derivative for number in _flat(each)]
    return [derivative]


def _mistake(found: Sequence[Sequence[Comparison]], first: Result) -> str | None:
    """Name what the wrong entries have in common."""
    wrong = [each for entries in found for each in entries if not each.is_right]
    if not wrong:
        return None
    if isinstance(first.derivative, Mapping) and "matrix" in first.derivative:
        rows, columns = (len(first.derivative[side]) for side in ("rows", "columns"))
        if rows > 1 and columns > 1 and all(_is_transposed(e, rows, columns) for e in found):
            return "the Jacobian is transposed"
    factors = {each.factor for each in wrong}
    factor = factors.pop()
    if factors or factor is None:
        return None
    return "the sign" if factor == -1 else f"a factor {factor}"


def _is_transposed(entries: Sequence[Comparison], rows: int, columns: int) -> bool:
    claim = np.array([each.claim for each in entries]).reshape(columns, rows)
    truth = np.array([each.autograd for each in entries]).reshape(rows, columns)
    return bool(torch.allclose(torch.tensor(claim.T), torch.tensor(truth), rtol=1e-9, atol=1e-12))
