"""Claims as tables over the signs of the differences in them: ``x >= 0 or x < 0`` always holds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import product

import numpy as np

from diffcli.engines.boxes.arithmetic import Interval, Mask
from diffcli.engines.boxes.rules import Domain
from diffcli.engines.polynomials import polynomial
from diffcli.language.expression import Node, names_in, node

MOST_GAPS = 5
"""Differences of which every pattern of signs is looked at."""
_HOLDS: Mapping[str, Callable[[int], bool]] = {
    "lt": lambda sign: sign > 0,
    "le": lambda sign: sign >= 0,
    "gt": lambda sign: sign < 0,
    "ge": lambda sign: sign <= 0,
    "eq": lambda sign: sign == 0,
    "ne": lambda sign: sign != 0,
}
"""Whether ``left op right`` holds for a sign of right − left."""


class SignTable:
    """A claim of comparisons, of which those of one difference are one entry of a pattern."""

    def __init__(self, claim: Node, leaves: Sequence[Node]) -> None:
        self.claim, self.leaves = claim, tuple(leaves)
        keys: dict[object, int] = {}
        self._places: dict[Node, tuple[int, int]] = {}
        for leaf in leaves:
            key, turn = _key(leaf)
            self._places[leaf] = keys.setdefault(key, len(keys)), turn
        self.count = len(keys)

    def truth(self, gaps: Sequence[Interval], known: Mask) -> Domain:
        """Return the truth over boxes of bounded differences, right minus left, one a leaf.

        ``known`` says on which boxes all of them have a value.
        """
        truths = np.zeros(known.shape, np.int8)
        if self.count > MOST_GAPS:
            return truths
        possible = np.ones((self.count, 3, known.size), bool)
        for leaf, gap in zip(self.leaves, gaps, strict=True):
            place, turn = self._places[leaf]
            signs = (gap.lo < 0, (gap.lo <= 0) & (gap.hi >= 0), gap.hi > 0)
            possible[place] &= np.array(signs if turn > 0 else signs[::-1])
        may = {True: np.zeros(known.shape, bool), False: np.zeros(known.shape, bool)}
        for pattern in product((-1, 0, 1), repeat=self.count):
            mask = np.ones(known.shape, bool)
            for place, sign in enumerate(pattern):
                mask &= possible[place, sign + 1]
            may[self._holds(self.claim, pattern)] |= mask
        truths[known & ~may[False]] = 1
        truths[known & ~may[True]] = -1
        return truths

    def _holds(self, claim: Node, pattern: Sequence[int]) -> bool:
        if claim.op in ("and", "or"):
            parts = [self._holds(arg, pattern) for arg in claim.args]
            return all(parts) if claim.op == "and" else any(parts)
        place, turn = self._places[claim]
        return _HOLDS[claim.op](turn * pattern[place])


def _key(leaf: Node) -> tuple[object, int]:
    """Return what stands for a comparison's difference and its multiples, and the sign of these."""
    left, right = leaf.args
    names = sorted(names_in(leaf.args))
    terms = polynomial(node("add", right, node("neg", left)), dict.fromkeys(names, Fraction(0)))
    if terms is None:
        return ((left, right), 1) if repr(left) <= repr(right) else ((right, left), -1)
    ordered = sorted(terms.items())
    scale = abs(ordered[0][1]) if ordered else Fraction(1)
    turn = -1 if ordered and ordered[0][1] < 0 else 1
    return (tuple(names), tuple((key, turn * value / scale) for key, value in ordered)), turn
