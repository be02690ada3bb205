"""Proofs that polynomials have no common root next to a point but the point itself.

Next to p, x = p + (t^w₁·u₁, …, t^wₙ·uₙ) with u on the surface of a cube: each polynomial, divided
by a power of t, has bounds for all t up to some end, and boxes of u in which one of them isn't 0
hold no root (a weighted blow-up; Arnold, Gusein-Zade and Varchenko, "Singularities of
Differentiable Maps", volume 1, 1985, chapter 12).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from math import gcd

import numpy as np

from diffcli.engines.boxes.arithmetic import (
    Array,
    Interval,
    add,
    down,
    exactly,
    mul,
    power,
    up,
)
from diffcli.engines.polynomials import Terms

HIGHEST_WEIGHT = {1: 1, 2: 4, 3: 3}
MOST_BOXES, ROUNDS = 2_000, 16


@dataclass(frozen=True)
class Condition:
    """A polynomial that is 0 at a root, or not positive (``sense`` 1), or not negative (−1)."""

    terms: Terms
    sense: int = 0


def is_alone(conditions: Sequence[Condition], reaches: Sequence[float]) -> bool:
    """Whether 0 is proved to be the only root within these distances, one a coordinate."""
    return any(_is_alone(conditions, reaches, weights) for weights in _weights(len(reaches)))


def _weights(size: int) -> Iterator[tuple[int, ...]]:
    highest = HIGHEST_WEIGHT.get(size, 1)
    every = [each for each in product(range(1, highest + 1), repeat=size) if gcd(*each) == 1]
    yield from sorted(every, key=sum)


def _is_alone(
    conditions: Sequence[Condition], reaches: Sequence[float], weights: Sequence[int]
) -> bool:
    # The power is right to far more digits than it is widened by.
    end = max(
        reach ** (1 / weight) * (1 + 1e-12) for reach, weight in zip(reaches, weights, strict=True)
    )
    blown = [_blown(condition, weights) for condition in conditions]
    for place, side in product(range(len(weights)), (-1.0, 1.0)):
        lo, hi = -np.ones((len(weights), 1)), np.ones((len(weights), 1))
        lo[place] = hi[place] = side
        if not _has_no_root(blown, Interval(lo, hi), end):
            return False
    return True


def _blown(condition: Condition, weights: Sequence[int]) -> Condition:
    """Return a polynomial in t and u, divided by the greatest power of t."""
    degrees = {
        key: sum(k * w for k, w in zip(key, weights, strict=True)) for key in condition.terms
    }
    least = min(degrees.values(), default=0)
    terms = {(degrees[key] - least, *key): value for key, value in condition.terms.items()}
    return Condition(terms, condition.sense)


def _has_no_root(conditions: Sequence[Condition], box: Interval, end: float) -> bool:
    for _ in range(ROUNDS):
        left = np.ones(box.lo.shape[1], bool)
        for condition in conditions:
            value = _over(condition.terms, box, end)
            if condition.sense >= 0:
                left &= ~(value.lo > 0)
            if condition.sense <= 0:
                left &= ~(value.hi < 0)
        box = Interval(box.lo[:, left], box.hi[:, left])
        if not box.lo.shape[1]:
            return True
        if box.lo.shape[1] > MOST_BOXES or (box.lo == box.hi).all():
            return False
        box = _halved(box)
    return False


def _halved(box: Interval) -> Interval:
    widest = np.argmax(box.hi - box.lo, axis=0)
    columns = np.arange(widest.size)
    middle = 0.5 * (box.lo[widest, columns] + box.hi[widest, columns])
    first, second = box.hi.copy(), box.lo.copy()
    first[widest, columns] = second[widest, columns] = middle
    return Interval(
        np.concatenate([box.lo, second], axis=1), np.concatenate([first, box.hi], axis=1)
    )


def _over(terms: Terms, box: Interval, end: float) -> Interval:
    count = box.lo.shape[1]
    small = Interval(np.zeros(count), np.full(count, end))
    total = exactly(0.0, np.empty(count))
    with np.errstate(all="ignore"):
        for (height, *key), value in terms.items():
            term = _number(value, count)
            for exponent, row in zip(key, range(len(key)), strict=True):
                if exponent:
                    term = mul(term, power(Interval(box.lo[row], box.hi[row]), exponent))
            total = add(total, mul(term, power(small, height)) if height else term)
    return total


def _number(value: Fraction, count: int) -> Interval:
    near: Array = np.full(count, float(value))
    if Fraction(float(value)) == value:
        return Interval(near, near)
    return Interval(down(near), up(near))
