"""A Function's rows, or the terms of its sum, as a few templates with slots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import repeat

from diffcli.language.expression import Node, node, number, postorder, variable


@dataclass(frozen=True)
class Template:
    """Rows of one shape: ``body`` in the variables ``slots``, and what stands there in each row.

    ``rows`` are their places among all rows, ``columns`` what is typed in each slot, row by row.
    """

    body: Node
    slots: tuple[Node, ...]
    columns: tuple[Sequence[str], ...]
    rows: Sequence[int]

    @cached_property
    def steps(self) -> tuple[Node, ...]:
        """The nodes that each row has for itself, leaves aside, arguments before their users."""
        varying = set(self.slots)
        for each in postorder([self.body]):
            if not varying.isdisjoint(each.args):
                varying.add(each)
        return tuple(each for each in postorder([self.body]) if each.args and each in varying)

    def instances(self, leaves: Mapping[str, Node]) -> Iterator[tuple[int, Node]]:
        """Yield each row's place and its node."""
        made = {each: each for each in postorder([self.body])}
        typed = zip(*self.columns, strict=True) if self.slots else repeat(())
        for row, texts in zip(self.rows, typed, strict=False):
            made.update(zip(self.slots, map(leaves.__getitem__, texts), strict=True))
            for each in self.steps:
                made[each] = node(each.op, *[made[arg] for arg in each.args], static=each.static)
            yield row, made[self.body]


@dataclass(frozen=True)
class Repetition:
    """Rows, which are outputs or the terms of one sum, by their templates.

    ``alone`` are the rows whose shape nothing else has, ``names`` the variables, ``numbers`` what
    stands in slots.
    """

    templates: tuple[Template, ...]
    alone: Mapping[int, Node]
    count: int
    is_sum: bool
    names: tuple[str, ...]
    numbers: Mapping[str, Fraction]
    readings: tuple[str, ...]

    def outputs(self) -> tuple[Node, ...]:
        """Return the nodes of all outputs."""
        leaves = {name: variable(name) for name in self.names}
        leaves |= {text: number(value) for text, value in self.numbers.items()}
        rows: list[Node | None] = [self.alone.get(row) for row in range(self.count)]
        for template in self.templates:
            for row, made in template.instances(leaves):
                rows[row] = made
        found = tuple(row for row in rows if row is not None)
        return (node("add", *found),) if self.is_sum else found

    @property
    def size(self) -> int:
        """How many nodes there are at most."""
        inner = sum(len(each.steps) * len(each.rows) for each in self.templates)
        return inner + len(self.names) + len(self.numbers) + len(self.shapes) + self.is_sum

    @property
    def shapes(self) -> tuple[Node, ...]:
        """The nodes of each kind of row, once."""
        return postorder([*self.alone.values(), *(each.body for each in self.templates)])
