"""Lengths that stand for any length: how those made of them are written, and numbers for them.

Each is one large prime, so that the length of ``x[1:]``, one less than a prime, and that of
``vec(X)``, the product of two, tell of which they are made.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain, combinations_with_replacement
from math import prod

from diffcli.language.expression import Node, node, number, postorder, substituted, variable
from diffcli.language.tensors import TENSORS
from diffcli.tensors.calculus.errors import no_closed_form
from diffcli.tensors.rules import Shape

LARGEST = 10**6
"""The largest length that is a number of its own."""
FARTHEST = 10**3
"""How far a length may be from a product of those that stand for any."""
_MOST_FACTORS = 3


@dataclass(frozen=True)
class Length:
    """A length made of others: their product and a number more or less."""

    factors: tuple[int, ...]
    more: int = 0

    def text(self, names: Mapping[int, str]) -> str:
        """Return the length as it is typed: ``n``, ``n - 1``, ``m*n``."""
        text = "*".join(names[factor] for factor in self.factors)
        return f"{text} {'-' if self.more < 0 else '+'} {abs(self.more)}" if self.more else text

    def size(self, sizes: Mapping[int, int]) -> int:
        """Return the length where those that it is made of have sizes."""
        return prod(sizes[factor] for factor in self.factors) + self.more


def made_of(length: int, lengths: Iterable[int]) -> Length | None:
    """Return how a length is made of those that stand for any; None where it is a number.

    Raises NoClosedFormError where it is neither.
    """
    if length <= LARGEST:
        return None
    known = list(lengths)
    counts = range(1, _MOST_FACTORS + 1)
    for factors in chain(*(combinations_with_replacement(known, count) for count in counts)):
        if abs(length - prod(factors)) <= FARTHEST:
            return Length(factors, length - prod(factors))
    raise no_closed_form("a length that has no name")


def length_names(roots: Iterable[Node], names: Mapping[int, str]) -> dict[int, str]:
    """Return the names of lengths, with those of the lengths in formulas that are made of them."""
    result = dict(names)
    for term in postorder(roots):
        if is_sized(term):
            for length in term.static:
                new = made_of(length, names) if isinstance(length, int) else None
                if new is not None:
                    result[int(str(length))] = new.text(names)
    return result


def named_lengths(root: Node, names: Mapping[int, str]) -> Node:
    """Return a formula with the names of lengths for their numbers, as derivatives write them."""
    return substituted(root, {number(length): variable(name) for length, name in names.items()})


def is_sized(term: Node) -> bool:
    """Whether a tensor is made by its lengths."""
    return term.op in TENSORS and TENSORS[term.op].sized


def _size(length: int, sizes: Mapping[int, int]) -> int:
    new = made_of(length, sizes)
    return length if new is None else new.size(sizes)


def sized_shape(shape: Shape, sizes: Mapping[int, int]) -> Shape:
    """Return a shape with numbers for lengths that stand for any."""
    return tuple(_size(length, sizes) for length in shape)


def sized(root: Node, sizes: Mapping[int, int], lengths: Mapping[str, int]) -> Node:
    """Return a formula with numbers for lengths that stand for any, and for their names."""
    known = {variable(name): number(size) for name, size in lengths.items()}
    known |= {number(length): number(size) for length, size in sizes.items()}
    for term in postorder([root]):
        if term in known:
            continue
        static = term.static
        if is_sized(term):
            static = tuple(_size(part, sizes) if isinstance(part, int) else part for part in static)
        arguments = [known[arg] for arg in term.args]
        known[term] = term if term.is_leaf else node(term.op, *arguments, static=static)
    return known[root]
