"""A Function's rows, or the terms of its sum, as a few templates with slots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import repeat
from typing import overload

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
        for term in postorder([self.body]):
            if not varying.isdisjoint(term.args):
                varying.add(term)
        return tuple(term for term in postorder([self.body]) if term.args and term in varying)

    def instances(self, leaves: Mapping[str, Node]) -> Iterator[tuple[int, Node]]:
        """Yield each row's place and its node."""
        images = {term: term for term in postorder([self.body])}
        typed = zip(*self.columns, strict=True) if self.slots else repeat(())
        for row, texts in zip(self.rows, typed, strict=False):
            images.update(zip(self.slots, map(leaves.__getitem__, texts), strict=True))
            for step in self.steps:
                images[step] = node(
                    step.op, *[images[arg] for arg in step.args], static=step.static
                )
            yield row, images[self.body]


@dataclass(frozen=True, eq=False)
class RepeatedRows(Sequence[Node]):
    """The outputs of a Function, or the one sum that is its output, by the templates of their rows.

    A row is an output or a term of the sum. ``alone`` are the rows whose shape no other has,
    ``length`` counts all rows, ``names`` are the variables and ``numbers`` the values in slots.
    The nodes of the outputs are built when one is first asked for.
    """

    templates: tuple[Template, ...]
    alone: Mapping[int, Node]
    length: int
    is_sum: bool
    names: tuple[str, ...]
    numbers: Mapping[str, Fraction]
    readings: tuple[str, ...]

    @cached_property
    def _outputs(self) -> tuple[Node, ...]:
        leaves = {name: variable(name) for name in self.names}
        leaves |= {text: number(value) for text, value in self.numbers.items()}
        rows: list[Node | None] = [self.alone.get(row) for row in range(self.length)]
        for template in self.templates:
            for row, built in template.instances(leaves):
                rows[row] = built
        outputs = tuple(row for row in rows if row is not None)
        return (node("add", *outputs),) if self.is_sum else outputs

    @overload
    def __getitem__(self, index: int) -> Node: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Node, ...]: ...

    def __getitem__(self, index: int | slice) -> Node | tuple[Node, ...]:
        return self._outputs[index]

    def __len__(self) -> int:
        return 1 if self.is_sum else self.length

    def __iter__(self) -> Iterator[Node]:
        return iter(self._outputs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self._outputs == tuple(other)

    def __hash__(self) -> int:
        return hash(self._outputs)

    @property
    def size(self) -> int:
        """An upper bound of the number of nodes."""
        inner = sum(len(template.steps) * len(template.rows) for template in self.templates)
        return inner + len(self.names) + len(self.numbers) + len(self.shapes) + self.is_sum

    @property
    def shapes(self) -> tuple[Node, ...]:
        """The nodes of the bodies of all templates, and of the rows that stand alone."""
        return postorder([*self.alone.values(), *(template.body for template in self.templates)])
