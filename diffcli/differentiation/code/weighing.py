"""Autograd's numbers beside the balls of the truth: which are right, and to how many digits."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffcli.differentiation.numbers.arrays import finite_numbers
from diffcli.engines.trace.proof import Enclosed
from diffcli.verdict import Check, Verdict

Floats = NDArray[np.float64]

DIGITS_KEPT = {"float64": 10, "float32": 4, "float16": 2, "bfloat16": 1}
"""Below so many right digits of the dtype's 16, 7, 3 or 2 a number is called inexact."""
WRONG = {"float64": 1e-8, "float32": 1e-3, "float16": 0.1, "bfloat16": 0.3}
"""How far off a number is called wrong, relative to the largest of all entries.

A right backward may lose more digits than its operations explain: that alone is no proof of a
wrong one.
"""
KNOWN = 2.0**-44
"""The relative radius of a ball that gives all digits that are shown."""
VANISHING = 1e-25
"""Next to the largest of all entries, what is so small is told from 0 by no float."""
OUT_OF_TIME = "the time for the proof ran out: --check-budget allows more"
_UNEXPLAINED = ", fewer than rounding explains"


class Weighed:
    """Autograd's numbers beside the balls, element by element."""

    def __init__(
        self,
        numbers: Floats,
        enclosed: Enclosed,
        dtype: str,
        *,
        is_sample: bool = False,
        left: str | None = None,
    ) -> None:
        """``left`` is an operation that may leave the dtype's range on its way back."""
        self.numbers, self.dtype, self.left = numbers, dtype, left
        self.balls = enclosed.balls
        self.bound = np.where(np.isnan(enclosed.bound), np.inf, enclosed.bound)
        self.middle, self.radius = enclosed.middle, enclosed.radius
        size = np.abs(self.middle)
        sizes = np.where(np.isfinite(size), size, np.abs(numbers)) if is_sample else size
        self.scale = float(np.max(sizes, initial=0.0, where=np.isfinite(sizes)))
        self.error = np.abs(numbers - self.middle)
        off = self.radius + 2.0**-52 * size
        self.is_known = np.isfinite(size) & (self.radius <= KNOWN * size)
        self.is_wrong = np.isfinite(self.error) & (
            self.error - off > np.maximum(self.bound, WRONG[dtype] * self.scale)
        )
        ulp = _spacing(size, dtype)
        excess = np.maximum(self.error - ulp, 0.0)
        self.is_within = (self.error <= self.bound + off) | (excess == 0)
        self.digits = np.where(excess > 0, np.log10(size) - np.log10(excess), 99.0)
        self.ulps = self.error / ulp
        self.truth = _rounded(self.middle, dtype)
        least = 10.0 ** -DIGITS_KEPT[dtype] * self.scale
        is_kept = self.is_within & (
            ((self.truth == 0) & (self.error <= least)) | (self.digits >= DIGITS_KEPT[dtype])
        )
        self.is_below = is_kept & (self.truth == 0)
        holds_zero = _contains_zero(self.balls[self.is_below]).astype(np.bool_)
        self.is_below[self.is_below] = ~holds_zero
        is_sure = self.is_known & np.isfinite(numbers) & is_kept & ~self.is_below
        self.is_certified = is_sure & ~self.is_wrong if left is None else is_sure

    def checks(self, labels: Sequence[str], *, is_cut: bool) -> tuple[NDArray[Any], Sequence[int]]:
        """Return the checks of the certified entries, and where the others stand.

        These are None, but for the entries that a sweep which was cut left no time for.
        """
        result = np.full(len(labels), None, dtype=object)
        names = np.array(labels, dtype=object)
        sure, late = self.is_certified, np.isnan(self.middle) & is_cut
        columns = [array[sure].tolist() for array in (names, self.truth, self.numbers, self.ulps)]
        shown = finite_numbers(self.numbers[late])
        result[sure] = Check.each(Verdict.CERTIFIED, *columns)
        result[late] = Check.each(
            Verdict.UNVERIFIED, names[late].tolist(), shown, shown, reason=OUT_OF_TIME
        )
        return result, np.nonzero(~(sure | late))[0].tolist()

    def check(self, i: int, label: str, reason: str) -> Check:
        """Return the verdict of an entry that isn't certified; ``reason`` says why it's open."""
        number = float(self.numbers[i])
        shown = number if np.isfinite(number) else None
        if not self.is_known[i]:
            return self._open(i, label, shown, reason)
        truth = float(self.truth[i])
        if shown is None:
            said = f"{self.dtype} breaks down here"
            return Check(label, Verdict.INEXACT, truth, reason=said)
        ulps = float(self.ulps[i])
        if self.is_wrong[i] and self.left is None:
            said = "autograd lies outside the enclosure"
            return Check(label, Verdict.DISAGREES, truth, number, error_ulps=ulps, reason=said)
        if self.is_below[i]:
            said = f"below the range of {self.dtype}"
            return Check(label, Verdict.INEXACT, truth, number, error_ulps=ulps, reason=said)
        count = int(max(float(self.digits[i]), 0.0))
        said = f"{self.dtype} keeps {count or 'no'} digit{'s' if count > 1 else ''} here"
        if not self.is_within[i]:
            is_left = self.left is not None
            said += f": {self.left} leaves its range" if is_left else _UNEXPLAINED
        return Check(label, Verdict.INEXACT, truth, number, error_ulps=ulps, reason=said)

    def _open(self, i: int, label: str, shown: float | None, reason: str) -> Check:
        """Return the verdict of an entry whose ball is wide, or that has none."""
        if self.is_wrong[i] and shown is not None and self.left is None:
            said = "autograd lies outside the enclosure of all sides of a kink"
            return Check(label, Verdict.DISAGREES, shown, shown, reason=said)
        if self.balls[i].is_finite() and not isfinite(self.middle[i]):
            reason = f"beyond the range of {self.dtype}"
        reach = abs(self.middle[i]) + self.radius[i]
        if reach <= VANISHING * (self.scale or 1.0):
            said = f"proved to be within {reach:.1g} of 0"
            return Check(label, Verdict.INEXACT, 0.0, shown, reason=said)
        return Check(label, Verdict.UNVERIFIED, shown, shown, reason=reason)


_contains_zero = np.frompyfunc(lambda ball: ball.contains(0), 1, 1)


def _spacing(sizes: Floats, dtype: str) -> Floats:
    """Return how far a dtype's numbers of some sizes are apart."""
    import torch

    kind = torch.finfo(getattr(torch, dtype))
    least = kind.smallest_normal * kind.eps
    apart = np.ldexp(kind.eps, np.frexp(sizes)[1] - 1)
    return np.where(np.isfinite(sizes), np.maximum(apart, least), np.nan)


def _rounded(values: Floats, dtype: str) -> Floats:
    """Return numbers as a dtype has them."""
    import torch

    rounded = torch.from_numpy(values).to(getattr(torch, dtype))
    return rounded.double().numpy()
