"""Derivatives that take several sweeps: a row of a Jacobian, or a column of a Hessian, each.

Where the time isn't enough for all of them, the sweeps with suspect numbers go first: those that
the record computes otherwise in floats, and those at a kink, where rounding has no bound. The
others follow in a random order, so that what is proved is a sample.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from flint import arb
from numpy.typing import NDArray

from diffcli.clock import now
from diffcli.engines.balls.precision import working
from diffcli.engines.trace.proof import Enclosed, Proof
from diffcli.engines.trace.replay import OutOfTimeError

if TYPE_CHECKING:
    from diffcli.operators import Entry, Scalars

Floats = NDArray[np.float64]
Sweep = tuple[int, tuple[str, ...]]
"""An output, and the variables it is differentiated by before the last."""
SUSPECT = {"float64": 1e-9, "float32": 1e-4, "float16": 0.1, "bfloat16": 0.3}
"""How far from the record's own floats, relative to the largest, a number is suspect."""
SEARCHED = 0.25
"""The part of the time that the search for suspects may take."""


class Parts:
    """Sums of partials of a proof's function, whose components ``scalars`` names."""

    def __init__(self, proof: Proof, scalars: Scalars) -> None:
        self.proof, self._scalars = proof, scalars
        self._places = {name: position for position, name in enumerate(scalars.columns)}

    def enclosed(self, entries: Sequence[Entry], numbers: Floats) -> Enclosed | None:
        """Return the balls of entries, not numbers where the time ran out.

        ``numbers`` are autograd's. None where an entry is of an order that isn't proved.
        """
        parts = [part for entry in entries for part in entry.parts]
        if any(not 1 <= len(wrt) <= 2 for _, _, wrt in parts):
            return None
        sweeps = self._swept(entries, numbers)
        balls, bounds = np.empty(len(entries), dtype=object), np.zeros(len(entries))
        for row, entry in enumerate(entries):
            total = arb(0)
            for weight, output, wrt in entry.parts:
                sweep = sweeps.get((output, wrt[:-1]))
                if sweep is None:
                    total = arb.nan()
                    break
                position = self._places[wrt[-1]]
                with working(self.proof.bits):
                    total += exactly(weight) * sweep.balls[position]
                bounds[row] += abs(float(weight)) * float(sweep.bound[position])
            balls[row] = total
        return Enclosed(balls, bounds)

    def _swept(self, entries: Sequence[Entry], numbers: Floats) -> dict[Sweep, Enclosed]:
        """Return the sweeps that there is time for."""
        users: dict[Sweep, list[int]] = {}
        for position, entry in enumerate(entries):
            for _, output, wrt in entry.parts:
                users.setdefault((output, wrt[:-1]), []).append(position)
        result: dict[Sweep, Enclosed] = {}
        waiting = list(users)
        while waiting:
            begun, sweep = now(), waiting.pop(0)
            try:
                result[sweep] = self._sweep(sweep)
            except OutOfTimeError:
                self.proof.is_cut = True
                break
            left = self.proof.deadline - now()
            if left < 0 and waiting:
                self.proof.is_cut = True
                break
            if len(result) == 1 and (now() - begun) * len(waiting) > left:
                waiting = self._ordered(waiting, users, entries, numbers, SEARCHED * left)
        return result

    def _sweep(self, sweep: Sweep) -> Enclosed:
        return joined(self._along(sweep, self.proof.gradient, self.proof.second))

    def _along(self, sweep: Sweep, first: Callable[..., Any], second: Callable[..., Any]) -> Any:
        """Return a first or second derivative of one output."""
        output, before = sweep
        seeds = unit(self._scalars.outputs, output)
        if not before:
            return first(seeds)
        shapes = list(self._scalars.variables.values())
        return second(seeds, unit(shapes, self._places[before[0]]))

    def _ordered(
        self,
        sweeps: Sequence[Sweep],
        users: dict[Sweep, list[int]],
        entries: Sequence[Entry],
        numbers: Floats,
        seconds: float,
    ) -> list[Sweep]:
        """Return sweeps with suspects first, as far as these are found in some seconds."""
        end = now() + seconds
        shuffled = [
            sweeps[position] for position in np.random.default_rng(0).permutation(len(sweeps))
        ]
        suspect: set[Sweep] = set()
        for sweep in shuffled:
            if now() > end:
                break
            if self._is_suspect(sweep, users[sweep], entries, numbers):
                suspect.add(sweep)
        return sorted(shuffled, key=lambda sweep: sweep not in suspect)

    def _is_suspect(
        self, sweep: Sweep, positions: Sequence[int], entries: Sequence[Entry], numbers: Floats
    ) -> bool:
        """Whether the record's own floats, or their bounds, differ from one of autograd's."""
        proof = self.proof
        exact = self._along(sweep, proof.rounded_gradient, proof.rounded_second)
        middle = np.concatenate([np.ravel(part.middle) for part in exact])
        radius = np.concatenate([np.ravel(part.radius) for part in exact])
        scale = np.max(np.abs(middle), initial=0.0, where=np.isfinite(middle))
        for position in positions:
            ((weight, _, wrt), *others) = entries[position].parts
            own = self._places[wrt[-1]]
            off = abs(numbers[position] - float(weight) * middle[own]) if not others else 0.0
            if not off + radius[own] <= SUSPECT[proof.dtype] * scale:
                return True
        return False


def joined(parts: Sequence[Enclosed]) -> Enclosed:
    """Return all numbers one after the other."""
    balls = np.concatenate([part.balls.ravel() for part in parts])
    return Enclosed(balls, np.concatenate([part.bound.ravel() for part in parts]))


def exactly(weight: Any) -> arb:
    """Return a rational number or a float as a ball."""
    numerator, denominator = weight.as_integer_ratio()
    return arb(numerator) / arb(denominator)


def unit(shapes: Sequence[tuple[int, ...]], position: int) -> list[Floats]:
    """Return arrays of zeros with a 1 at one of their components, counted through all."""
    result = [np.zeros(shape) for shape in shapes]
    for array in result:
        if position < array.size:
            array.reshape(-1)[position] = 1.0
            break
        position -= array.size
    return result
