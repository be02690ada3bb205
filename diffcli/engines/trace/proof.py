"""Proved derivatives of a recorded function: balls of the truth, and how far floats may be off.

The record is repeated on balls, whose precision is raised while that narrows the answer, and on
bounds of the dtype's rounding; a reverse sweep over either gives all derivatives of one output.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from diffcli.engines.balls.precision import working
from diffcli.engines.trace.arrays import Balls
from diffcli.engines.trace.bounded import Arithmetic
from diffcli.engines.trace.replay import OutOfTimeError, Replay
from diffcli.engines.trace.state import Kind, Note
from diffcli.engines.trace.steps import Record

if TYPE_CHECKING:
    from torch import Tensor

Floats = NDArray[np.float64]
BITS = (113, 240, 320, 500)
"""Working precisions, one after the other."""
SAFETY = 4.0
"""By how much the bound of rounding is exceeded before a number is called wrong."""
NARROW = 2.0**-64
"""The relative radius below which a ball gives every digit of a float64."""
UNITS = {
    "float64": (2.0**-53, 2.0**-1074, 2.0**1023),
    "float32": (2.0**-24, 2.0**-149, 2.0**127),
    "float16": (2.0**-11, 2.0**-24, 2.0**15),
    "bfloat16": (2.0**-8, 2.0**-133, 2.0**127),
}
"""Unit roundoff, smallest number and largest power of 2 of a dtype."""
NO_DIGIT = (1.0, 1.0, inf)
"""Those of any other."""


@dataclass(frozen=True)
class Enclosed:
    """Balls of some numbers, and how far autograd's floats of them may be off by rounding."""

    balls: NDArray[Any]
    bound: Floats

    @property
    def middle(self) -> Floats:
        """The midpoints."""
        return Balls(self.balls).middles()

    @property
    def radius(self) -> Floats:
        """The radii."""
        return Balls(self.balls).radii()


@dataclass(frozen=True)
class Sides:
    """The derivatives of an entry from the left and from the right, as balls."""

    left: Any
    right: Any


class Proof:
    """Derivatives of the function of a record, which floats of ``dtype`` are compared with.

    Balls are computed until the deadline, a reading of the clock: what has no ball then is no
    number, and where that is all, OutOfTimeError is raised. Bounds of rounding, which cost what
    floats do, are completed.
    """

    def __init__(
        self, record: Record, inputs: Sequence[Tensor], dtype: str, deadline: float = inf
    ) -> None:
        self.record, self.inputs, self.dtype = record, tuple(inputs), dtype
        self.deadline = deadline
        self.is_cut = False
        """Whether a sweep over balls ended early."""
        self._exact: dict[int, Replay] = {}
        self._bits = 0
        self._bounded: Replay | None = None

    @property
    def notes(self) -> list[Note]:
        """What keeps entries from being proved."""
        return self.exact(self.bits).notes

    def blocks(self, kind: str) -> str | None:
        """Return the first note of a kind, in words."""
        return next((note.text for note in self.notes if note.kind == kind), None)

    @property
    def bits(self) -> int:
        """The first precision at which the outputs, and the choices on the way, are known.

        The way back loses about as many bits as the way there: they are to be left, where the time
        is enough for it.
        """
        if not self._bits:
            known = 0
            for bits in BITS:
                try:
                    replay = self.exact(bits)
                except OutOfTimeError:
                    if not known:
                        raise
                    break
                self._exact.pop(known, None)
                outputs = [output.data for output in replay.outputs]
                is_open = any(note.kind == "unsure" for note in replay.notes)
                is_known = not is_open and not any(map(_wide, outputs))
                enough = sqrt(NARROW * 2.0**-bits)
                is_last = bits == BITS[-1] or _is_hopeless(replay)
                known = bits if is_known or is_last else 0
                if is_last or (is_known and not any(_wide(data, enough) for data in outputs)):
                    break
                if not is_known:
                    del self._exact[bits]
            self._bits = known
        return self._bits

    def exact(self, bits: int) -> Replay:
        """Return the record on balls of some precision."""
        if bits not in self._exact:
            with working(bits):
                self._exact[bits] = Replay(self.record, Kind(), deadline=self.deadline)
        return self._exact[bits]

    def arithmetic(self) -> Arithmetic:
        """Return the rounding of the coarsest dtype that depends on the inputs."""
        moving = self.exact(self.bits).middles
        windows = [*self.record.inputs]
        windows += [output for step in moving for output in self.record.steps[step].outputs]
        names = {str(x.dtype).removeprefix("torch.") for x in windows if x.is_floating}
        units = (UNITS.get(name, NO_DIGIT) for name in names)
        return Arithmetic(*max(units, default=UNITS["float64"]))

    def bounded(self) -> Replay:
        """Return the record on bounds of rounding."""
        if self._bounded is None:
            with working(self.bits), np.errstate(all="ignore"):
                self._bounded = Replay(self.record, Kind(self.arithmetic()), self.exact(self.bits))
        return self._bounded

    def values(self) -> list[Enclosed]:
        """Return the outputs."""
        exact, bounded = self.exact(self.bits), self.bounded()
        return [
            Enclosed(one.data.data, np.abs(other.data.radius) * SAFETY)
            for one, other in zip(exact.outputs, bounded.outputs, strict=True)
        ]

    def gradient(self, seeds: Sequence[Floats]) -> list[Enclosed]:
        """Return the sum of the outputs, weighted by ``seeds``, differentiated by each input."""
        balls = self._narrowed(lambda bits: self._swept(self.exact(bits), seeds, bits))
        return [
            Enclosed(ball.data, bound.radius * SAFETY)
            for ball, bound in zip(balls, self.rounded_gradient(seeds), strict=True)
        ]

    def rounded_gradient(self, seeds: Sequence[Floats]) -> list[Any]:
        """Return :meth:`gradient` in floats, with bounds of their rounding."""
        with np.errstate(all="ignore"):
            return self._swept(self.bounded(), seeds, self.bits)

    def second(self, seeds: Sequence[Floats], tangents: Sequence[Floats]) -> list[Enclosed]:
        """Return the derivative of :meth:`gradient` along a direction of the inputs."""

        def turned(bits: int) -> list[Any]:
            with working(bits):
                kind = Kind(tangents=tangents)
                replay = Replay(self.record, kind, self.exact(bits), self.deadline)
            return [ball.tangent for ball in self._swept(replay, seeds, bits)]

        balls = self._narrowed(turned)
        bounds = self.rounded_second(seeds, tangents)
        return [
            # Autograd comes to second derivatives by other ways, with intermediate results of
            # their own.
            Enclosed(ball.data, bound.radius * SAFETY**2)
            for ball, bound in zip(balls, bounds, strict=True)
        ]

    def rounded_second(self, seeds: Sequence[Floats], tangents: Sequence[Floats]) -> list[Any]:
        """Return :meth:`second` in floats, with bounds of their rounding."""
        with working(self.bits), np.errstate(all="ignore"):
            kind = Kind(self.arithmetic(), tangents)
            replay = Replay(self.record, kind, self.exact(self.bits))
            return [ball.tangent for ball in self._swept(replay, seeds, self.bits)]

    def directional(self, tangents: Sequence[Floats]) -> list[Enclosed]:
        """Return the outputs' derivatives along a direction of the inputs."""

        def along(bits: int) -> list[Any]:
            with working(bits):
                kind = Kind(tangents=tangents)
                replay = Replay(self.record, kind, self.exact(bits), self.deadline)
            return [output.data.tangent for output in replay.outputs]

        balls = self._narrowed(along)
        with working(self.bits), np.errstate(all="ignore"):
            replay = Replay(self.record, Kind(self.arithmetic(), tangents), self.exact(self.bits))
        return [
            Enclosed(ball.data, output.data.tangent.radius * SAFETY**2)
            for ball, output in zip(balls, replay.outputs, strict=True)
        ]

    def sides(self, seeds: Sequence[Floats], direction: Sequence[Floats]) -> Sides | None:
        """Return the one-sided derivatives along a direction; None where they aren't known."""
        pair = []
        for sign in (-1.0, 1.0):
            tangents = [sign * part for part in direction]
            with working(self.bits):
                kind = Kind(tangents=tangents, is_one_sided=True)
                replay = Replay(self.record, kind, self.exact(self.bits), self.deadline)
                if any(note.kind == "branch" for note in replay.notes):
                    return None
                total = Balls.filled(())
                for output, seed in zip(replay.outputs, seeds, strict=True):
                    axes = tuple(range(len(output.shape)))
                    total = total + (output.data.tangent * seed).sum(axes) * sign
            pair.append(total.data[()])
        if not all(ball.is_finite() for ball in pair):
            return None
        return Sides(*pair)

    def _swept(self, replay: Replay, seeds: Sequence[Floats], bits: int) -> list[Any]:
        given: dict[int, Any] = {}
        with working(bits):
            for output, seed in zip(replay.outputs, seeds, strict=True):
                if output.node is not None:
                    own = replay.kind.array(np.broadcast_to(seed, output.shape))
                    before = given.get(output.node)
                    given[output.node] = own if before is None else before + own
            wanted = [value.node for value in replay.inputs]
            nodes = [node for node in wanted if node is not None]
            arithmetic = replay.kind.arithmetic
            deadline = self.deadline if arithmetic is None else inf
            adjoints = replay.tape.sweep(given, nodes, arithmetic=arithmetic, deadline=deadline)
            unknown = replay.tape.unfinished
            self.is_cut |= not unknown.isdisjoint(nodes)
            return [
                adjoints[value.node]
                if value.node in adjoints
                else value.data.zeros() * (float("nan") if value.node in unknown else 1.0)
                for value in replay.inputs
            ]

    def _narrowed(self, attempt: Any) -> list[Any]:
        """Return an answer at the first precision that a higher one wouldn't narrow."""
        best, wide = attempt(self.bits), None
        for bits in BITS[BITS.index(self.bits) + 1 :]:
            before, wide = wide, sum(_wide(ball) for ball in best)
            is_stuck = before is not None and wide >= before
            if wide == 0 or is_stuck or _is_hopeless(self.exact(self.bits)):
                break
            try:
                narrower = attempt(bits)
            except OutOfTimeError:
                break
            if self.is_cut:
                break
            best = narrower
        return list(best)


def _wide(balls: Balls, narrow: float = NARROW) -> int:
    """Return how many balls have a larger relative radius, by default than a float64 needs."""
    return int((~(balls.radii() <= narrow * np.abs(balls.middles()))).sum())


def _is_hopeless(replay: Replay) -> bool:
    """Whether something stands in the way that no precision removes."""
    kinds = ("unknown", "lost", "left", "branch", "kink", "jump")
    return any(note.kind in kinds for note in replay.notes)
