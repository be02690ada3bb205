"""Which of many points, or of many numbers at one point, the engines look at.

These are the difficult ones and a random sample of all.

Whoever asks (points, arrays, rows of a file), these are the suspects among points: where a term
stands at a kink, a number is missing, a small step changes a number by much, or the formula of the
derivative gives another number. The sample depends on the seed and on how many points there are,
and on nothing else: not on the entry point, nor on the chunks in which a file is read. Every point
has a random key, a hash of its place and the seed; the sample are the points of the smallest keys.
The suspects among numbers are those that are missing, or that a variable at a kink has a part in.
"""

# ruff: noqa: TID253  (imported with the first many points)
from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from diffcli.differentiation.checks.judge import DIGITS_KEPT
from diffcli.differentiation.numbers.arrays import Numbers
from diffcli.errors import LimitError
from diffcli.language.expression import Node
from diffcli.language.function import Function
from diffcli.operators import Shape
from diffcli.tensors.rules import Positions
from diffcli.verdict import Check, Verdict, unchecked

if TYPE_CHECKING:
    from diffcli.differentiation.forms.blocks import ClosedValues
    from diffcli.differentiation.numbers.arrays import Array
    from diffcli.differentiation.settings import Settings

SAMPLE = 64
"""Points that are looked at of however many: all, where there are no more."""

SAMPLED_NUMBERS = 32
"""Numbers of one point that are checked, of however many there are."""

STEPPED = 1 << 16
"""Points, the first of however many, of which it is seen what a small step changes, and whether the
formula of the derivative gives the same."""

STEP = 1e-9
"""Relative: so long is the step."""

CHANGE = 1e-3
"""Relative: a number that changes by more tells of a kink, a jump, or digits that are lost."""

Keys = NDArray[np.uint64]
Mask = NDArray[np.bool_]

_STEP, _FIRST, _SECOND = (
    np.uint64(constant) for constant in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)


def keys(start: int, stop: int, seed: int) -> Keys:
    """Return the random keys of the points at some places, from ``start`` to before ``stop``.

    They are what the generator splitmix64 gives, which can begin anywhere: Steele, Lea and Flood,
    Fast Splittable Pseudorandom Number Generators, 2014.
    """
    numbers = np.arange(start + 1, stop + 1, dtype=np.uint64)
    numbers *= _STEP
    numbers += _mixed(np.array([seed % 2**64], dtype=np.uint64))
    return _mixed(numbers)


def _mixed(numbers: Keys) -> Keys:
    """Mix the bits of some numbers in their place, and return them."""
    numbers ^= numbers >> np.uint64(30)
    numbers *= _FIRST
    numbers ^= numbers >> np.uint64(27)
    numbers *= _SECOND
    numbers ^= numbers >> np.uint64(31)
    return numbers


def sample(count: int, seed: int) -> list[int]:
    """Return the places of the points that are looked at, of so many, in a random order."""
    drawn = keys(0, count, seed)
    some = np.argpartition(drawn, SAMPLE)[:SAMPLE] if count > SAMPLE else np.arange(count)
    positions: list[int] = some[np.argsort(drawn[some])].tolist()
    return positions


@dataclass(frozen=True)
class Suspects:
    """The points at which something may happen: a mask for each sign of it."""

    kinks: Mask
    missing: Mask
    unsteady: Mask
    differing: Mask

    @property
    def mask(self) -> Mask:
        """The points with one of the signs."""
        return self.kinks | self.missing | self.unsteady | self.differing

    def positions(self) -> list[int]:
        """Return where these points are among all, those at a kink or without a number first."""
        masks = (self.kinks, self.missing, self.unsteady, self.differing)
        positions: list[int] = np.concatenate([np.flatnonzero(mask) for mask in masks]).tolist()
        return list(dict.fromkeys(positions))


def suspects(
    function: Function,
    arrays: Mapping[str, Array],
    numbers: Numbers,
    settings: Settings,
    *,
    evaluate: Callable[[Mapping[str, Array]], Numbers],
    closed: Callable[[Mapping[str, Array]], Sequence[Array] | None] = lambda _: None,
    before: int = 0,
) -> Suspects:
    """Return the suspects among some points: all, where it isn't known which stand at a kink.

    ``arrays`` are the points, ``numbers`` those at them, after broadcasting; ``evaluate`` gives the
    numbers at other points, ``closed`` the derivatives by their formulas. ``before`` is how many
    points of the same question come before these: of the first ``STEPPED`` alone it is seen whether
    numbers are unsteady or differ.
    """
    shape = np.broadcast_shapes(*(array.shape for array in (*arrays.values(), *numbers.values)))
    kinks = unsteady = differing = np.zeros(shape, dtype=np.bool_)
    entries = [entry for entry in numbers.entries if entry.shape == shape]
    varies = kinks.size > 0 and any(array.ndim for array in arrays.values())
    if settings.proves and varies:
        kinks = _kinks(function, arrays, settings, shape)
    if varies and (count := min(kinks.size, STEPPED - before)) > 0:
        first = {
            name: np.broadcast_to(array, shape).ravel()[:count] for name, array in arrays.items()
        }
        if settings.proves:
            unsteady = _first_of(shape, _unsteady(evaluate, first))
        if formulas := closed(first):
            derived = [entry.ravel()[:count] for entry in entries]
            differing = _first_of(shape, _differing(derived, formulas, settings.dtype))
    missing = where_any(_is_not_finite, (*numbers.values, *entries), shape)
    return Suspects(kinks, missing, unsteady, differing)


def where_any(test: Callable[[Array], Mask], arrays: Iterable[Array], shape: Shape) -> Mask:
    """Return the points of this shape at which a number of some arrays passes a test.

    A sum must pass the test if one of its terms does: it is the faster to compute.
    """
    mask = np.zeros(shape, dtype=np.bool_)
    for array in arrays:
        if test(array.sum()):
            mask |= test(array)
    return mask


def _is_not_finite(numbers: Array) -> Mask:
    return ~np.isfinite(numbers)


def _first_of(shape: Shape, first: Mask) -> Mask:
    """Return a mask of this shape that is that of its first points, and false at the others."""
    mask = np.zeros(shape, dtype=np.bool_)
    mask.flat[: len(first)] = first
    return mask


def _kinks(
    function: Function, arrays: Mapping[str, Array], settings: Settings, shape: Shape
) -> Mask:
    try:
        return np.broadcast_to(difficult(function, arrays, settings), shape)
    except LimitError:
        return np.ones(shape, dtype=np.bool_)


def difficult(function: Function, arrays: Mapping[str, Array], settings: Settings) -> Mask:
    """Return which points stand at a kink, a jump or an edge, or within rounding of one.

    ``arrays`` are the points' columns, of one length, or single numbers. Raises LimitError where a
    term is too large.
    """
    shape = np.broadcast_shapes(*(array.shape for array in arrays.values()))
    total = np.zeros(shape, dtype=np.bool_)
    for _, mask in _at_kinks(function, arrays, settings, None):
        total |= mask
    return total


def _at_kinks(
    function: Function, arrays: Mapping[str, Array], settings: Settings, shape: Shape | None
) -> Sequence[tuple[Node, Mask]]:
    from diffcli.engines.touching import at_kinks

    dtype, device = settings.dtype, settings.device
    return at_kinks(function, arrays, shape=shape, dtype=dtype, device=device)


@dataclass(frozen=True)
class NumberSuspects:
    """The positions of the suspects among the numbers of one point.

    ``reason`` says why not all kinks are known.
    """

    positions: Positions
    reason: str | None = None

    def selection(self, count: int, seed: int) -> list[int]:
        """Return which of ``count`` numbers are checked: first suspects, then a random sample."""
        suspects = self.positions[:SAMPLED_NUMBERS].tolist()
        return list(dict.fromkeys([*suspects, *sampled_numbers(count, seed)]))

    def left(self, checked: Collection[int]) -> tuple[Check, ...]:
        """Return one unverified check for the suspects that were not checked."""
        unknown = (Check("f", Verdict.UNVERIFIED, reason=self.reason),) if self.reason else ()
        count = len(self.positions) - len(set(checked).intersection(self.positions.tolist()))
        return (*unknown, *unchecked(count))


def sampled_numbers(count: int, seed: int) -> list[int]:
    """Return the positions that are checked, of so many: the ends, and a random sample between."""
    if count <= SAMPLED_NUMBERS:
        return list(range(count))
    draw = np.random.default_rng(seed)
    between = draw.choice(count - 2, SAMPLED_NUMBERS - 2, replace=False)
    return [0, count - 1, *(between + 1).tolist()]


def suspect_numbers(
    function: Function,
    arrays: Mapping[str, Array],
    chosen: Collection[str],
    numbers: Array,
    settings: Settings,
    depending: Callable[[Positions], Positions],
) -> NumberSuspects:
    """Return the suspects among the numbers of one point.

    ``depending`` gives the positions of the numbers in which components of the ``chosen`` variables
    have a part.
    """
    from diffcli.engines.touching import components_at_kinks

    kinks, reason = np.array([], dtype=np.int64), None
    try:
        ordered = {name: arrays[name] for name in chosen} | dict(arrays)
        width = sum(arrays[name].size for name in chosen)
        kinks = components_at_kinks(function, ordered, _at_kinks(function, arrays, settings, ()))
        kinks = depending(kinks[kinks < width]) if kinks.size else kinks
    except LimitError as error:
        reason = f"it isn't known which numbers stand at a kink: {error.message}"
    return NumberSuspects(np.union1d(kinks, np.flatnonzero(_is_not_finite(numbers))), reason)


def _unsteady(
    evaluate: Callable[[Mapping[str, Array]], Numbers], arrays: Mapping[str, Array]
) -> Mask:
    """Return at which points a number changes by much in a small step, beside the values there.

    The step goes another way for each variable, so that it crosses x = y too.
    """
    count = len(next(iter(arrays.values())))

    def moved(sign: int) -> tuple[Array, Array]:
        numbers = evaluate(
            {
                name: array + sign * (1 + row) * STEP * np.maximum(1, np.abs(array))
                for row, (name, array) in enumerate(arrays.items())
            }
        )
        rows = [*numbers.values, *numbers.entries]
        table = np.stack([np.broadcast_to(row, count) for row in rows])
        return table[: len(numbers.values)], table

    (values, below), (_, above) = moved(-1), moved(1)
    with np.errstate(invalid="ignore", over="ignore"):
        usual = np.abs(values).max(axis=0, initial=0.0)
        size = np.maximum(np.maximum(np.abs(below), np.abs(above)), usual)
        steady = np.abs(above - below) <= CHANGE * size
    is_unsteady: Mask = ~steady.all(axis=0)
    return is_unsteady


def _differing(numbers: Sequence[Array], closed: Sequence[Array], dtype: str) -> Mask:
    """Return at which points autograd's derivatives aren't those of the ``closed`` formulas."""
    differs = np.zeros(closed[0].shape, dtype=np.bool_)
    for number, formula in zip(numbers, closed, strict=True):
        size = np.abs(formula)
        with np.errstate(invalid="ignore", over="ignore"):
            near = 10.0 ** -DIGITS_KEPT[dtype] * size + np.spacing(size.astype(dtype))
            differs |= ~(np.abs(number - formula) <= near)
    return differs


def agree(numbers: Numbers, closed: ClosedValues, dtype: str, floor: float = 0.0) -> bool:
    """Whether autograd's entries are those of formulas, wherever both are numbers.

    They may differ by ``floor`` where all of a formula cancels.
    """
    near = 10.0 ** -DIGITS_KEPT[dtype]
    flat = np.concatenate([entry.ravel() for entry in numbers.entries])
    for own, formula in closed.pairs(flat):
        both = np.isfinite(own) & np.isfinite(formula)
        size = np.abs(formula[both]).max(initial=0.0)
        if not np.allclose(own[both], formula[both], rtol=near, atol=near * size + floor):
            return False
    return True


def smallest(new: Keys, before: Keys) -> Mask:
    """Return which keys are among the sample's of all, those of its points ``before`` included."""
    joined = np.concatenate([before, new])
    if len(joined) <= SAMPLE:
        return np.ones(len(new), dtype=np.bool_)
    most = np.partition(joined, SAMPLE - 1)[SAMPLE - 1]
    is_drawn: Mask = new <= most
    return is_drawn
