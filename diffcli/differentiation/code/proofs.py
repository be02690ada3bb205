"""From proved derivatives of recorded code to verdicts.

Autograd's numbers are compared with balls that contain the truth, all at once. What lies further
off than rounding explains is proved wrong, and the backward at fault is named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf
from typing import TYPE_CHECKING

import numpy as np
from torch import equal, get_rng_state

from diffcli.differentiation.code.weighing import OUT_OF_TIME, WRONG, Floats, Weighed
from diffcli.differentiation.numbers.arrays import finite_numbers
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

REPEATED = {"float64": 2.0**-48, "float32": 2.0**-19, "float16": 2.0**-8, "bfloat16": 2.0**-5}
"""How far apart two runs of one function may be, relative to the largest value."""
UNSTEADY = "a second call at the same point gives other values: it is random, or keeps a state"
DRAWS = "it draws random numbers: eval() ends dropout, and a seed set in it makes them constants"
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

    @property
    def known_values(self) -> list[bool]:
        """Which numbers of the outputs are proved to exist."""
        if self.obstacle is not None:
            return [False] * len(self.scalars.rows)
        return [bool(ball.is_finite()) for ball in joined(self.proof.values()).balls]

    @property
    def gap(self) -> str | None:
        """Where the function is outside its real domain, if that is why it has no value."""
        if self.obstacle is not None or self.proof.blocks("gap") or self.proof.blocks("unknown"):
            return None
        return self.proof.blocks("outside")

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
        shown = finite_numbers(numbers)
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
            weighed = Weighed(
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
