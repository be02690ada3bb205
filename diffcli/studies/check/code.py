"""A derivative written by hand, as code, against what is proved of the function's.

Where nothing is proved, autograd's number is the derivative unless a difference quotient
contradicts it, as where a function's own backward is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from diffcli.differentiation import Settings
from diffcli.differentiation.code.functions import HALF, UserFunction
from diffcli.differentiation.code.reports import derive_user
from diffcli.engines.autograd import tensors
from diffcli.engines.coordinates import arrays_of
from diffcli.engines.differences import Estimate, Finding
from diffcli.errors import NoDerivativeError, UsageError
from diffcli.language.points import Point
from diffcli.layouts import Matrix
from diffcli.operators import Grad, Jacobian, Operator
from diffcli.output.report import Report, Result
from diffcli.verdict import Check, Verdict

Array = NDArray[np.float64]

TOLERANCE = {"float64": 1e-9, "float32": 1e-4}
"""Allowed error of a claimed entry, relative to it or to a millionth of the largest."""
_MOST_BELOW = 12
"""The largest denominator of a factor that is named."""


@dataclass(frozen=True)
class Comparison:
    """One entry: autograd's number, the claim's, and a difference quotient with its error.

    ``is_right`` is None where nothing can tell; ``is_contradicted`` says that the proof, or the
    quotient, contradicts autograd's own number, and decides. ``proved`` is the true number.
    """

    entry: str
    autograd: float
    claim: float
    quotient: float | None
    error: float | None
    is_right: bool | None
    is_contradicted: bool = False
    proved: float | None = None

    @property
    def truth(self) -> float:
        """The number that the claim is held against."""
        if self.proved is not None:
            return self.proved
        return self.quotient if self.is_contradicted and self.quotient else self.autograd

    @property
    def factor(self) -> Fraction | None:
        """How many times too large the claim is, where that is a simple number."""
        if self.is_right is not False or not self.truth or not np.isfinite(self.claim):
            return None
        simple = Fraction(self.claim / self.truth).limit_denominator(_MOST_BELOW)
        off = abs(self.claim - float(simple) * self.truth)
        return simple if simple and off <= 1e-6 * abs(self.claim) else None


@dataclass(frozen=True)
class Review:
    """A claimed derivative as it was checked: the comparisons at each point, and the mistake."""

    report: Report
    claim: str
    comparisons: Sequence[Sequence[Comparison]]
    mistake: str | None

    @property
    def is_right(self) -> bool | None:
        """Whether every entry is right; None where none is wrong, but one is undecided."""
        are_right = [entry.is_right for entries in self.comparisons for entry in entries]
        return False if False in are_right else (None if None in are_right else True)

    @property
    def contradicted(self) -> Sequence[Comparison]:
        """The entries in which the proof or a difference quotient contradicts autograd."""
        return [entry for x in self.comparisons for entry in x if entry.is_contradicted]

    @property
    def exit_code(self) -> int:
        """5 where an entry is wrong, 6 where nothing can tell, else 0."""
        return {True: 0, False: 5, None: 6}[self.is_right]


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
    if settings.dtype in HALF:
        raise UsageError(
            f"claims aren't compared in {settings.dtype}", hint="--dtype float32, or float64"
        )
    points_as_arrays = [
        arrays_of(point, dtype=settings.dtype, seed=settings.seed) for point in points
    ]
    outputs = function(*tensors(points_as_arrays[0], settings.dtype, settings.device).values())
    scalar = len(outputs) == 1 and outputs[0].numel() == 1
    operator: Operator = Grad() if scalar else Jacobian()
    report = derive_user(operator, function, points, settings)
    comparisons = [
        _compare(operator, function, claim, arrays, result, settings)
        for arrays, result in zip(points_as_arrays, report.results, strict=True)
    ]
    report = replace(report, command="check")
    return Review(report, claim.text, comparisons, _mistake(comparisons, report.results[0]))


def _compare(
    operator: Operator,
    function: UserFunction,
    claim: UserFunction,
    point: Mapping[str, Array],
    result: Result,
    settings: Settings,
) -> list[Comparison]:
    numbers = [check.autograd for check in result.checks]
    if None in numbers or len(numbers) != len(_flat(result.derivative)):
        raise NoDerivativeError("autograd gives no finite number here", hint="try another point")
    inputs = tensors(point, settings.dtype, settings.device)
    claimed = claim(*(inputs[name] for name in claim.variables))
    flat = np.concatenate([tensor.detach().cpu().double().numpy().ravel() for tensor in claimed])
    if len(flat) != len(numbers):
        raise UsageError(
            f"{claim.text} gives {len(flat)} numbers, and the derivative has {len(numbers)}",
            hint="a number for each: " + ", ".join(check.entry for check in result.checks[:6]),
        )
    proved = [_proved(check) for check in result.checks]
    pairs = zip(proved, numbers, strict=True)
    truth = np.array([seen if true is None else true for true, seen in pairs], dtype=float)
    moving = tuple(point)
    numeric = function.quotients(operator, point, moving, (), settings)
    quotients = [None] * len(numbers) if isinstance(numeric, str) else numeric
    scale = np.maximum(abs(truth), 1e-6 * abs(truth).max(initial=0))
    same = abs(flat - truth) <= TOLERANCE[settings.dtype] * scale
    return [
        _comparison(check, float(claim), bool(is_same), quotient)
        for check, claim, is_same, quotient in zip(
            result.checks, flat, same, quotients, strict=True
        )
    ]


def _comparison(check: Check, claim: float, is_same: bool, quotient: Estimate | None) -> Comparison:
    """Hold one claimed number against the proof, or autograd's, or a quotient that contradicts it.

    Where autograd's number is neither agreed with nor contradicted, a claim that differs from it
    is wrong only if the quotient contradicts the claim.
    """
    number, proved = check.autograd or 0.0, _proved(check)
    of_claim = quotient.judge(claim) if quotient else Finding.OPEN
    is_contradicted = check.verdict is Verdict.DISAGREES
    if proved is not None:
        is_right: bool | None = is_same
    elif check.verdict is Verdict.NOT_DIFFERENTIABLE:
        is_right = None
    elif is_same and not is_contradicted:
        is_right = True
    elif check.verdict is Verdict.AGREES:
        is_right = False
    else:
        is_right = {Finding.AGREES: True, Finding.CONTRADICTS: False}.get(of_claim)
    return Comparison(
        check.entry,
        number,
        claim,
        quotient.value if quotient else None,
        quotient.error if quotient else None,
        is_right,
        is_contradicted,
        proved,
    )


def _proved(check: Check) -> float | None:
    """Return the proved number of an entry; None where nothing is proved."""
    if check.verdict in (Verdict.CERTIFIED, Verdict.INEXACT) or check.error_ulps is not None:
        return check.value
    return None


def _flat(derivative: Any) -> list[float]:
    """Return the numbers of a derivative as it is laid out."""
    if isinstance(derivative, Mapping):
        is_matrix = isinstance(derivative, Matrix)
        inner = [derivative["matrix"]] if is_matrix else list(derivative.values())
        return [number for part in inner for number in _flat(part)]
    if isinstance(derivative, list):
        return [number for part in derivative for number in _flat(part)]
    return [derivative]


def _mistake(comparisons: Sequence[Sequence[Comparison]], first: Result) -> str | None:
    """Name what the wrong entries have in common."""
    wrong = [entry for entries in comparisons for entry in entries if entry.is_right is False]
    if not wrong:
        return None
    if isinstance(first.derivative, Matrix):
        rows, columns = (len(first.derivative[side]) for side in ("rows", "columns"))
        if rows > 1 and columns > 1 and all(_is_transposed(e, rows, columns) for e in comparisons):
            return "the Jacobian is transposed"
    factors = {entry.factor for entry in wrong}
    factor = factors.pop()
    if factors or factor is None:
        return None
    return "the sign" if factor == -1 else f"a factor {factor}"


def _is_transposed(entries: Sequence[Comparison], rows: int, columns: int) -> bool:
    claim = np.array([entry.claim for entry in entries]).reshape(columns, rows)
    truth = np.array([entry.truth for entry in entries]).reshape(rows, columns)
    return bool(torch.allclose(torch.tensor(claim.T), torch.tensor(truth), rtol=1e-9, atol=1e-12))
