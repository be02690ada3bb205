"""Bounds of a factor over boxes: where it has no zero, where it is continuous, and its signs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

import numpy as np
from numpy.typing import NDArray

from diffcli.engines.boxes.arithmetic import Array, Interval, Mask, add, mul, sub
from diffcli.engines.boxes.bounds import Bounds
from diffcli.engines.boxes.jets import Jet
from diffcli.engines.boxes.rules import Domain
from diffcli.studies.relations.components import Component

BATCH = 8192
"""Boxes that are bounded in one go: as many as a processor's cache holds."""
FEW = 512
"""Boxes that are bounded in one go where Arb encloses them one by one."""
MOST_ENCLOSED = 20_000
"""Values that Arb encloses for one curve, at most (20 µs to 2 ms each): the rest is undecided."""

Signs = NDArray[np.int8]


@dataclass(frozen=True)
class Look:
    """Proofs for boxes: no zero, a continuous factor, and no value of the equation."""

    empty: Mask
    continuous: Mask
    undefined: Mask


class ComponentBounds:
    """A component, laid out to be bounded over thousands of boxes; a box is (2, boxes).

    ``most`` values of functions are enclosed by Arb, one by one; nothing is proved after that.
    """

    def __init__(self, component: Component, most: float = inf) -> None:
        self.component = component
        self._most = most
        self._factor = Bounds([component.factor], component.names)
        is_own = component.factor is component.whole
        self._whole = None if is_own else Bounds([component.whole], component.names)

    @property
    def is_spent(self) -> bool:
        """Whether Arb has enclosed as many values as it may."""
        return self.enclosed >= self._most

    @property
    def enclosed(self) -> int:
        """How many values of functions Arb has enclosed so far, one by one."""
        return self._factor.enclosed + (self._whole.enclosed if self._whole else 0)

    def _parts(self, boxes: Interval) -> Iterator[Interval]:
        return batches(boxes, FEW if self.enclosed else BATCH)

    def look(self, boxes: Interval) -> Look:
        """Return what is proved of boxes.

        By the factor's own bounds, and by the mean value form (Moore, Kearfott and Cloud,
        Introduction to Interval Analysis, 2009, section 6.3).
        """
        parts = [self._look(part) for part in self._parts(boxes)]
        if len(parts) == 1:
            return parts[0]
        return Look(
            np.concatenate([part.empty for part in parts]),
            np.concatenate([part.continuous for part in parts]),
            np.concatenate([part.undefined for part in parts]),
        )

    def _look(self, boxes: Interval) -> Look:
        if self.is_spent:
            unknown = np.zeros(boxes.lo.shape[1], bool)
            return Look(unknown, unknown.copy(), unknown.copy())
        jet = self._factor.jet(*boxes, order=1)
        domain = jet.domain
        if self._whole is not None:
            domain = np.minimum(domain, self._whole.jet(*boxes).domain)
        empty = (jet.value.lo > 0) | (jet.value.hi < 0) | (domain < 0)
        gradient = _gradient_of(jet, boxes)
        smooth = (np.isfinite(gradient.lo) & np.isfinite(gradient.hi)).all(axis=0)
        smooth &= jet.domain > 0
        left = np.nonzero(smooth & ~empty)[0]
        if left.size:
            value = self._mean_value(picked(boxes, left), picked(gradient, left))
            empty[left] = (value.lo > 0) | (value.hi < 0)
        return Look(empty, smooth & (domain > 0), domain < 0)

    def _mean_value(self, boxes: Interval, slopes: Interval) -> Interval:
        middle = boxes.lo + (boxes.hi - boxes.lo) / 2
        with np.errstate(all="ignore"):
            rise = mul(slopes, sub(boxes, Interval(middle, middle)))
            across, up = (Interval(rise.lo[row], rise.hi[row]) for row in (0, 1))
            return add(self._factor.jet(middle, middle).value, add(across, up))

    def signs(self, points: Array) -> Signs:
        """Return the proved signs of the factor at points (2, n); 0 where none is."""
        parts = [np.zeros(0, np.int8)]
        for part in self._parts(Interval(points, points)):
            if self.is_spent:
                parts.append(np.zeros(part.lo.shape[1], np.int8))
                continue
            jet = self._factor.jet(*part)
            parts.append(_sign_of(jet.value, jet.domain))
        return np.concatenate(parts)

    def values(self, points: Array) -> Array:
        """Return about the values of the factor at points (2, n), without proof; nan for none."""
        parts = [np.zeros(0)]
        for part in batches(Interval(points, points)):
            jet = self._factor.jet(*part)
            with np.errstate(invalid="ignore"):
                middle = (jet.value.lo + jet.value.hi) / 2
            parts.append(np.where(jet.domain > 0, middle, np.nan))
        return np.concatenate(parts)


def _sign_of(value: Interval, domain: Domain) -> Signs:
    sign = (value.lo > 0).astype(np.int8) - (value.hi < 0).astype(np.int8)
    return np.where(domain > 0, sign, 0).astype(np.int8)


def _gradient_of(jet: Jet, boxes: Interval) -> Interval:
    if jet.gradient is not None:
        return jet.gradient
    zero = np.zeros_like(boxes.lo)
    return Interval(zero, zero)


def batches(boxes: Interval, size: int = BATCH) -> Iterator[Interval]:
    """Yield boxes in parts that are bounded in one go; at least one part."""
    for first in range(0, max(boxes.lo.shape[1], 1), size):
        yield Interval(boxes.lo[:, first : first + size], boxes.hi[:, first : first + size])


def picked(boxes: Interval, which: Mask | NDArray[np.int64]) -> Interval:
    """Return some of the boxes."""
    return Interval(boxes.lo[:, which], boxes.hi[:, which])
