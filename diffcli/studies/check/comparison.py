"""One claimed number at one point, held against the derivative."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from diffcli.engines.balls.decimals import outward
from diffcli.engines.difficult import as_float
from diffcli.engines.enclosure import Enclosure
from diffcli.studies.check.exceptions import Truth
from diffcli.studies.check.mistakes import ClaimedEntry
from diffcli.studies.check.places import DIGITS, MANY_DIGITS, RandomPoint

Bounds = tuple[str, str]


@dataclass(frozen=True)
class Comparison:
    """One entry at one point: the derivative and the claim, each with proved bounds.

    None stands for what has no value there: the claim, or the function itself. Where that has a
    value and no derivative, ``left`` and ``right`` are the one-sided ones, and ``reason`` says why.
    """

    entry: str
    at: Mapping[str, float]
    derivative: float | None
    claim: float | None
    derivative_bounds: Bounds | None
    claim_bounds: Bounds | None
    left: float | None = None
    right: float | None = None
    reason: str | None = None


def comparison(label: str, suspect: ClaimedEntry, point: RandomPoint) -> Comparison:
    """Return the derivative and the claim at an ordinary point."""
    derivative = point.enclosure(suspect.output, suspect.wrt)
    claim = point.enclosure(suspect.claim)
    digits = MANY_DIGITS if _overlap(derivative, claim) else DIGITS
    return Comparison(
        entry=label,
        at=point.floats,
        derivative=_float(derivative),
        claim=_float(claim),
        derivative_bounds=derivative.interval(digits),
        claim_bounds=claim.interval(digits),
    )


def _overlap(first: Enclosure, second: Enclosure) -> bool:
    """Whether bounds of ``DIGITS`` digits don't tell two numbers apart."""
    ends = first.interval(DIGITS), second.interval(DIGITS)
    if None in ends:
        return False
    (low, high), (other_low, other_high) = (
        tuple(map(Fraction, interval)) for interval in ends if interval
    )
    return low <= other_high and other_low <= high


def compared(label: str, suspect: ClaimedEntry, point: RandomPoint, truth: Truth) -> Comparison:
    """Return a comparison at what may be a difficult point."""
    plain = comparison(label, suspect, point)
    difficulty = truth.difficulty
    if difficulty is None:
        return plain
    return replace(
        plain,
        derivative=as_float(difficulty.value),
        derivative_bounds=None if truth.ball is None else outward(truth.ball, DIGITS),
        left=as_float(difficulty.left),
        right=as_float(difficulty.right),
        reason=difficulty.kind.value,
    )


def _float(enclosure: Enclosure) -> float | None:
    """Return the number; the middle where the bounds round to two floats."""
    if enclosure.ball is None:
        return None
    certain = enclosure.to_float()
    return float(enclosure.ball) if certain is None else certain


def is_plain(compared: Comparison) -> bool:
    """Whether a person can compare the numbers at a glance."""
    numbers = [abs(number) for number in (compared.derivative, compared.claim) if number]
    return all(1e-3 < number < 1e4 for number in numbers)
