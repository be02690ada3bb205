"""The most general shapes that a formula takes: which lengths of its variables must be equal.

Each axis of which nothing is known begins with a length of its own. Where an operation doesn't take
its operands, the lengths that must be equal for it become one, and all is tried again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, combinations, count, permutations

from diffcli.language.expression import VARIABLE, Node
from diffcli.language.function import Function
from diffcli.language.tensors import TENSORS
from diffcli.tensors.rules import MismatchError, Shape, rule_of

_FIRST, _STEP = 10**9, 10**4
"""The lengths that stand for unknown ones are far from typed numbers; no two pairs differ alike."""
_MOST_PAIRS = 2
"""Pairs of lengths that one operation of tensors needs equal at most: ``solve`` needs two."""
Joined = Mapping[int, int]
"""A length for each that it replaces."""


def unknown_lengths() -> Iterator[int]:
    """Yield lengths that stand for unknown ones, all different."""
    for position in count():
        yield _FIRST + (_STEP << position)


def most_general(
    function: Function, variables: Mapping[str, Shape], unknown: frozenset[int]
) -> dict[str, Shape] | None:
    """Return the variables' shapes with as few of the ``unknown`` lengths joined as possible.

    None where no equality of two lengths lets the formula's operations take their operands.
    """
    shapes = dict(variables)
    while True:
        joined = _next_joined(function, shapes, unknown)
        if joined is None:
            return None
        if not joined:
            return shapes
        shapes = {name: _replaced(shape, joined) for name, shape in shapes.items()}


def _next_joined(
    function: Function, variables: Mapping[str, Shape], unknown: frozenset[int]
) -> Joined | None:
    """Return the lengths that the first operation needs joined: none where all go together."""
    known: dict[Node, Shape] = {}
    for term in function.nodes:
        if term.op == VARIABLE:
            known[term] = variables[str(term.value)]
            continue
        shapes = [known[arg] for arg in term.args]
        if term.op not in TENSORS:
            joined = _of_broadcast(shapes, unknown)
            if joined is None or joined:
                return joined
            known[term] = _broadcast(shapes)
            continue
        try:
            known[term] = rule_of(term.op).shape(term, shapes)
        except MismatchError:
            return _of_operation(term, shapes, unknown)
    return {}


def _of_broadcast(shapes: Sequence[Shape], unknown: frozenset[int]) -> Joined | None:
    """Return the lengths to join where tensors meet entry by entry: those of an axis from the end.

    Unknown lengths aren't 1.
    """
    for axis in range(1, max(map(len, shapes), default=0) + 1):
        lengths = dict.fromkeys(shape[-axis] for shape in shapes if len(shape) >= axis)
        lengths.pop(1, None)
        for pair in combinations(lengths, 2):
            joined = _joined(*pair, unknown)
            return None if joined is None else dict([joined])
    return {}


def _joined(left: int, right: int, unknown: frozenset[int]) -> tuple[int, int] | None:
    """Return an unknown length, and that which it must be for two lengths to be equal.

    Where none of both is unknown they may be made of such, as those of ``x[1:]`` and ``y[1:]``.
    """
    if right in unknown and (left in unknown or left < _FIRST):
        return right, left
    if left in unknown and right < _FIRST:
        return left, right
    differing = (pair for pair in permutations(unknown, 2) if pair[0] - pair[1] == left - right)
    return next(differing, None)


def _broadcast(shapes: Sequence[Shape]) -> Shape:
    order = max(map(len, shapes), default=0)
    padded = [(1,) * (order - len(shape)) + shape for shape in shapes]
    return tuple(max(lengths) for lengths in zip(*padded, strict=True))


def _of_operation(term: Node, shapes: Sequence[Shape], unknown: frozenset[int]) -> Joined | None:
    """Return the fewest lengths to join for an operation of tensors to take its operands."""
    lengths = [*dict.fromkeys(chain.from_iterable(shapes))]
    tried = (_joined(*pair, unknown) for pair in combinations(lengths, 2))
    pairs = [pair for pair in tried if pair is not None]
    for size in range(1, _MOST_PAIRS + 1):
        for chosen in combinations(pairs, size):
            joined = dict(chosen)
            try:
                rule_of(term.op).shape(term, [_replaced(shape, joined) for shape in shapes])
            except MismatchError:
                continue
            return joined
    return None


def _replaced(shape: Shape, joined: Joined) -> Shape:
    """Return a shape with the lengths that others are joined to."""

    def end(length: int) -> int:
        while length in joined:
            length = joined[length]
        return length

    return tuple(map(end, shape))
