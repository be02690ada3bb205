"""From proved derivatives of recorded code to verdicts.

Autograd's numbers are compared with balls that contain the truth, all at once. What lies further
off than rounding explains is proved wrong, and the backward at fault is named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf, isfinite
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from torch import equal, get_rng_state

from diffcli.engines.balls.decimals import outward
from diffcli.engines.trace.blame import Blame, blame, recorded_gradient
from diffcli.engines.trace.parts import Parts, joined, unit
from diffcli.engines.trace.proof import Enclosed, Proof, Sides
from diffcli.engines.trace.record import record
from diffcli.engines.trace.replay import OutOfTimeError
from diffcli.operators import Entry, Grad, Jvp, Operator, Scalars, Vjp, labels_of
from diffcli.verdict import Check, Verdict

if TYPE_CHECKING:
    from torch import Tensor

Floats = NDArray[np.float64]

DIGITS_KEPT = {"float64": 10, "float32": 4, "float16": 2, "bfloat16": 1}
"""Below so many right digits of the dtype's 16, 7, 3 or 2 a number is called inexact."""
WRONG = {"float64": 1e-8, "float32": 1e-3, "float16": 0.1, "bfloat16": 0.3}
"""How far off a number is called wrong, relative to the largest of all entries.

A right backward may lose more digits than its operations explain: that alone is no proof of a
wrong one.
"""
REPEATED = {"float64": 2.0**-48, "float32": 2.0**-19, "float16": 2.0**-8, "bfloat16": 2.0**-5}
"""How far apart two runs of one function may be, relative to the largest value."""
KNOWN = 2.0**-44
"""The relative radius of a ball that gives all digits that are shown."""
VANISHING = 1e-25
"""Next to the largest of all entries, what is so small is told from 0 by no float."""
OUT_OF_TIME = "the time for the proof ran out: --check-budget allows more"
UNSTEADY = "a second call at the same point gives other values: it is random, or keeps a state"
DRAWS = "it draws random numbers: eval() ends dropout, and a seed set in it makes them constants"
_UNEXPLAINED = ", fewer than rounding explains"
MAX_SIDES = 32
"""Entries at a kink whose one-sided derivatives are computed."""
MAX_INTERVALS = 2_000
"""Entries whose enclosures are written out."""


@dataclass(frozen=True)
class Judgement:
    """The checks of all entries, in order, and what makes the wrong ones wrong."""

    checks: tuple[Check, ...]
    blame: Blame | None = None


class Certificate:
    """A recorded function of tensors, whose derivatives are proved.

    ``scalars`` names its components; the record is of one run at the given tensors. After the
    deadline, a reading of the clock, nothing more is proved.
    """

    def __init__(
        self,
        function: Callable[..., Sequence[Tensor]],
        inputs: Mapping[str, Tensor],
        scalars: Scalars,
        dtype: str,
        *,
        is_asked: bool = True,
        deadline: float = inf,
    ) -> None:
        given = list(inputs.values())
        self._is_asked = is_asked
        state = get_rng_state()
        self.proof = Proof(record(function, given), given, dtype, deadline)
        self._draws = not equal(state, get_rng_state())
        self.scalars, self.dtype = scalars, dtype
        self.places = {name: position for position, name in enumerate(inputs)}

    def unsteadiness(self, values: Sequence[Floats]) -> str | None:
        """Return why the function isn't one of its arguments alone; None where it may be.

        The recorded run has to give these values too, but for the last bits: torch computes some
        derivatives in another order where it is watched. Random numbers that are drawn from a seed
        which the function sets itself are no more than constants.
        """
        if self._draws:
            return DRAWS
        again = [result.detach().cpu().double().numpy() for result in self.proof.record.results]
        repeats = len(again) == len(values) and all(
            one.shape == other.shape
            and np.allclose(one, other, rtol=0, atol=_last_bits(one, self.dtype), equal_nan=True)
            for one, other in zip(values, again, strict=True)
        )
        return None if repeats else UNSTEADY

    @property
    def remarks(self) -> list[str]:
        """What is to be said of how the function was read."""
        if self._is_late:
            return []
        return [note.text for note in self.proof.notes if note.kind == "constant"]

    def sampled(self, checks: Sequence[Check]) -> list[str]:
        """Return what is to be said of checks that there was no time to prove all of."""
        late = sum(OUT_OF_TIME in (check.reason or "") for check in checks)
        if not late:
            return []
        proved = len(checks) - late
        return [f"{proved:,} of {len(checks):,} numbers were judged; {OUT_OF_TIME}"]

    @property
    def has_jump(self) -> bool:
        """Whether an operation stands at, or too near, a jump."""
        return not self._is_late and self.proof.blocks("jump") is not None

    @cached_property
    def _is_late(self) -> bool:
        """Whether not even the function's values were computed on balls in time."""
        try:
            self.proof.exact(self.proof.bits)
        except OutOfTimeError:
            return True
        return False

    @property
    def obstacle(self) -> str | None:
        """Why nothing at all is proved; None where something may be."""
        if not self._is_asked:
            return "the enclosure engine was not asked"
        if self._is_late:
            return self.proof.record.problem or OUT_OF_TIME
        kinds = ("left", "branch", "lost")
        return self.proof.record.problem or next(filter(None, map(self.proof.blocks, kinds)), None)

    def values(self, numbers: Sequence[Floats], digits: int) -> tuple[Check, ...]:
        """Judge the values of the outputs, as torch computed them."""
        flat = np.concatenate([np.ravel(number) for number in numbers])
        labels = self.scalars.rows if len(flat) > 1 else ["f"]
        if self.obstacle is not None:
            return self._all_open(labels, flat, self.obstacle)
        whole = joined(self.proof.values())
        return self._judged(labels, flat, whole, digits).checks

    def judge(
        self,
        operator: Operator,
        entries: Sequence[Entry],
        vector: Sequence[Floats],
        numbers: Floats,
        digits: int,
    ) -> Judgement:
        """Judge an operator's numbers; of orders that aren't proved, all are unverified."""
        labels = labels_of(entries)
        if self.obstacle is not None:
            return Judgement(self._all_open(labels, numbers, self.obstacle))
        try:
            enclosed = self._enclosed(operator, entries, vector, numbers)
        except OutOfTimeError:
            return Judgement(self._all_open(labels, numbers, OUT_OF_TIME))
        if enclosed is None:
            reason = "derivatives of code are proved up to the second order"
            return Judgement(self._all_open(labels, numbers, reason))
        seeds = list(vector) if isinstance(operator, Vjp) else self._ones()
        judged = self._judged(labels, numbers, enclosed, digits, entries)
        wrong = any(check.verdict is Verdict.DISAGREES for check in judged.checks)
        if not wrong:
            return judged
        if isinstance(operator, Grad) and operator.order == 1 and not operator.wrt:
            again = np.concatenate([x.ravel() for x in recorded_gradient(self.proof, seeds)])
            if not np.allclose(again, numbers, rtol=WRONG[self.dtype], atol=0, equal_nan=True):
                reason = "its gradient differs from call to call: it keeps a state"
                return Judgement(self._all_open(labels, numbers, reason))
        at_fault = blame(self.proof, seeds)
        if at_fault is None:
            return judged
        checks = tuple(
            check.because(f"{check.reason}; {at_fault}")
            if check.verdict is Verdict.DISAGREES
            else check
            for check in judged.checks
        )
        return Judgement(checks, at_fault)

    @staticmethod
    def _all_open(labels: Sequence[str], numbers: Floats, reason: str) -> tuple[Check, ...]:
        """Return checks that nothing is proved of."""
        shown = _shown(numbers)
        return tuple(Check.each(Verdict.UNVERIFIED, labels, shown, shown, reason=reason))

    def _ones(self) -> list[Floats]:
        return [np.ones(shape) for shape in self.scalars.outputs]

    def _enclosed(
        self,
        operator: Operator,
        entries: Sequence[Entry],
        vector: Sequence[Floats],
        numbers: Floats,
    ) -> Enclosed | None:
        proof = self.proof
        if isinstance(operator, Vjp):
            return joined(proof.gradient(list(vector)))
        if isinstance(operator, Jvp):
            return joined(proof.directional(list(vector)))
        if operator.is_of_gradient and operator.product:
            return joined(proof.second(self._ones(), list(vector)))
        if isinstance(operator, Grad) and operator.order == 1 and not operator.wrt:
            return joined(proof.gradient(self._ones()))
        return Parts(proof, self.scalars).enclosed(entries, numbers)

    @cached_property
    def _columns(self) -> Mapping[str, int]:
        """The places of the variables' components among all."""
        return {name: place for place, name in enumerate(self.scalars.columns)}

    def _sides(self, entry: Entry) -> Sides | None:
        """Return the one-sided derivatives of a first partial; None of anything else."""
        ((weight, output, wrt), *others) = entry.parts
        if others or weight != 1 or len(wrt) != 1:
            return None
        shapes = list(self.scalars.variables.values())
        tangents = unit(shapes, self._columns[wrt[0]])
        try:
            return self.proof.sides(unit(self.scalars.outputs, output), tangents)
        except OutOfTimeError:
            return None

    def _judged(
        self,
        labels: Sequence[str],
        numbers: Floats,
        enclosed: Enclosed,
        digits: int,
        entries: Sequence[Entry] = (),
    ) -> Judgement:
        with np.errstate(all="ignore"):
            weighed = _Weighed(
                numbers,
                enclosed,
                self.dtype,
                is_sample=self.proof.is_cut,
                left=self.proof.blocks("range"),
            )
        sides = MAX_SIDES if self.proof.blocks("kink") else 0
        texts = len(labels) <= MAX_INTERVALS
        reason = self._reason()
        checks, rest = weighed.checks(labels, is_cut=self.proof.is_cut)
        asked = 0
        for index in range(len(labels)) if texts else rest:
            check = checks[index] or weighed.check(index, labels[index], reason)
            if check.verdict is Verdict.UNVERIFIED and entries and asked < sides:
                asked += 1
                check = _by_sides(check, self._sides(entries[index]))
            elif texts and enclosed.balls[index].is_finite():
                check = replace(check, enclosure=outward(enclosed.balls[index], digits + 3))
            checks[index] = check
        return Judgement(tuple(checks.tolist()))

    def _reason(self) -> str:
        """Return why an entry has no narrow ball."""
        for kind in ("unknown", "unsure", "jump", "kink"):
            text = self.proof.blocks(kind)
            if text is not None:
                return text
        return "an operation is outside its domain, or at its edge"


class _Weighed:
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
        shown = _shown(self.numbers[late])
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
        reach = abs(self.middle[i]) + self.radius[i]
        if reach <= VANISHING * (self.scale or 1.0):
            said = f"proved to be within {reach:.1g} of 0"
            return Check(label, Verdict.INEXACT, 0.0, shown, reason=said)
        return Check(label, Verdict.UNVERIFIED, shown, shown, reason=reason)


_contains_zero = np.frompyfunc(lambda ball: ball.contains(0), 1, 1)


def _shown(numbers: Floats) -> list[float | None]:
    """Return numbers, None for those that are none."""
    return [x if isfinite(x) else None for x in numbers.tolist()]


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


def _last_bits(values: Floats, dtype: str) -> float:
    """Return a few units of rounding of the largest of some values."""
    return REPEATED[dtype] * float(np.max(np.abs(values), initial=0.0, where=np.isfinite(values)))


def _by_sides(check: Check, sides: Sides | None) -> Check:
    """Decide an entry at a kink by its one-sided derivatives."""
    if sides is None:
        return check
    left, right = (float(ball.mid()) for ball in (sides.left, sides.right))
    if sides.left < sides.right or sides.left > sides.right:
        return replace(
            check, verdict=Verdict.NOT_DIFFERENTIABLE, value=None, left=left, right=right
        )
    if sides.left == sides.right:  # both exact
        said: str | None = None
        if check.autograd != left:
            shown = "no number" if check.autograd is None else f"{check.autograd:.6g}"
            said = f"autograd's convention gives {shown} ({check.reason})"
        return replace(check, verdict=Verdict.CERTIFIED, value=left, reason=said)
    return check
