"""Many formulas of numbers as a few: terms of one shape are differentiated once, for all of them.

Every output is taken as a sum of terms. Terms that differ by their variables and numbers alone are
one formula in slots, whose reverse sweep is written once and computed for all at once: what stands
in the slots is gathered, and the derivatives go where they belong in a sparse matrix.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from diffcli.language.expression import NUMBER, VARIABLE, Node, node, number, postorder, variable
from diffcli.language.function import Function
from diffcli.language.repetition import Template

Places = NDArray[np.int64]

ARITHMETIC = frozenset({"add", "neg", "mul", "div"})
"""Operations in which a number may stand that is another one in the next term."""


@dataclass(frozen=True)
class ShapeGroup:
    """Terms of one shape: ``body`` in the variables ``slots``, and what each stands for.

    ``inputs`` has a row a slot and a column a term: places among the variables, then the numbers.
    ``rows`` are the outputs that the terms belong to.
    """

    body: Node
    slots: tuple[str, ...]
    inputs: Places
    rows: Places

    @property
    def count(self) -> int:
        """How many terms there are."""
        return len(self.rows)


@dataclass(frozen=True)
class Templates:
    """The terms of a function by their shapes; ``numbers`` are those that stand in slots."""

    terms: tuple[ShapeGroup, ...]
    numbers: tuple[Fraction, ...]
    variables: tuple[str, ...]
    outputs: int


def templates_of(function: Function, most: int = 64) -> Templates | None:
    """Return the terms of a function of numbers by their shapes, None for more shapes than most."""
    return _Collector(function, most).templates()


class _Collector:
    """Takes the rows of a function apart."""

    def __init__(self, function: Function, most: int) -> None:
        self.function, self.most = function, most
        self.places: dict[Node | str, int] = {}
        self.numbers: dict[Fraction, int] = {}
        for position, name in enumerate(function.variables):
            self.places[name] = position
        self.found: dict[Node, tuple[list[str], list[Places], list[Places]]] = {}

    def templates(self) -> Templates | None:
        function, repetition = self.function, self.function.repetition
        alone = dict(enumerate(function.outputs)) if repetition is None else repetition.alone
        is_sum = repetition is not None and repetition.is_sum
        if repetition is not None:
            for template in repetition.templates:
                self.add_template(template, repetition.numbers, one_row=is_sum)
        for row, output in alone.items():
            for term in summands(output):
                self.add_term(term, {}, np.array([0 if is_sum else row]))
                if len(self.found) > self.most:
                    return None
        count = 1 if is_sum else repetition.length if repetition is not None else len(alone)
        terms = tuple(self.finished())
        return Templates(terms, tuple(self.numbers), function.variables, count)

    def add_template(
        self, template: Template, numbers: Mapping[str, Fraction], *, one_row: bool
    ) -> None:
        rows = np.zeros(len(template.rows), np.int64) if one_row else np.array(template.rows)
        columns: dict[Node, Places] = {}
        for slot, typed in zip(template.slots, template.columns, strict=True):
            numbered = self.places
            if slot.op == NUMBER:
                numbered = {text: self.number(numbers[text]) for text in dict.fromkeys(typed)}
            columns[slot] = np.fromiter(map(numbered.__getitem__, typed), np.int64, len(typed))
        self.add(template.body, columns, rows)

    def number(self, value: Fraction) -> int:
        return len(self.function.variables) + self.numbers.setdefault(value, len(self.numbers))

    def add(self, body: Node, columns: Mapping[Node, Places], rows: Places) -> None:
        """Add rows of one shape: what stands in the leaves that differ, row by row."""
        for term in summands(body):
            steady = [leaf for leaf in _steady(term) if leaf in columns]
            for leaves, chosen in self.split(steady, columns):
                own = {leaf: column[chosen] for leaf, column in columns.items()}
                self.add_term(_grafted(term, leaves), own, rows[chosen])

    def split(
        self, steady: Sequence[Node], columns: Mapping[Node, Places]
    ) -> Iterator[tuple[dict[Node, Node], Places | slice]]:
        """Yield the rows by what they have in some leaves, which become those numbers."""
        if not steady:
            yield {}, slice(None)
            return
        values, which = np.unique(
            np.stack([columns[leaf] for leaf in steady]), axis=1, return_inverse=True
        )
        known = list(self.numbers)
        for index in range(values.shape[1]):
            leaves = [
                number(known[value - len(self.function.variables)]) for value in values[:, index]
            ]
            yield dict(zip(steady, leaves, strict=True)), np.flatnonzero(which.ravel() == index)

    def add_term(self, term: Node, columns: Mapping[Node, Places], rows: Places) -> None:
        steady = _steady(term)
        slots: dict[bytes, Node] = {}
        arguments: dict[Node, Node] = {}
        inputs: list[Places] = []
        for leaf in postorder([term]):
            if leaf.op not in (NUMBER, VARIABLE) or leaf in steady:
                continue
            column = columns.get(leaf)
            if column is None:
                leaf_slot = (
                    self.places[str(leaf.value)]
                    if leaf.op == VARIABLE
                    else self.number(Fraction(leaf.value or 0))
                )
                column = np.full(len(rows), leaf_slot)
            key = column.tobytes()
            if key not in slots:
                kind = "c" if leaf.op == NUMBER else "s"
                slots[key] = variable(f"{kind}{len(slots)}")
                inputs.append(column)
            arguments[leaf] = slots[key]
        grafted = _grafted(term, arguments)
        names = [str(slot.value) for slot in slots.values()]
        _, blocks, outputs = self.found.setdefault(grafted, (names, [], []))
        blocks.append(np.stack(inputs) if inputs else np.empty((0, len(rows)), np.int64))
        outputs.append(rows)

    def finished(self) -> Iterator[ShapeGroup]:
        """Yield the shapes, a number that is the same in all terms in its place again."""
        known, width = list(self.numbers), len(self.function.variables)
        for body, (names, blocks, rows) in self.found.items():
            inputs = np.concatenate(blocks, axis=1)
            same = (inputs == inputs[:, :1]).all(axis=1) & (inputs[:, 0] >= width)
            leaves = {
                variable(names[k]): number(known[inputs[k, 0] - width])
                for k in np.flatnonzero(same)
            }
            slots = tuple(name for name, is_same in zip(names, same, strict=True) if not is_same)
            yield ShapeGroup(_grafted(body, leaves), slots, inputs[~same], np.concatenate(rows))


def summands(body: Node) -> Iterator[Node]:
    """Yield the terms of a sum, those of a sum in it too."""
    stack = [body]
    while stack:
        summand = stack.pop()
        if summand.op == "add":
            stack.extend(reversed(summand.args))
        else:
            yield summand


def _steady(term: Node) -> set[Node]:
    """Return the numbers that belong to the shape: exponents, and arguments of functions."""
    result: set[Node] = set()
    for inner in postorder([term]):
        if inner.op == "pow":
            result |= {leaf for leaf in postorder([inner.args[1]]) if leaf.op == NUMBER}
        elif inner.op not in ARITHMETIC:
            result |= {arg for arg in inner.args if arg.op == NUMBER}
    return result


def _grafted(term: Node, replaced: Mapping[Node, Node]) -> Node:
    """Return a term with other nodes in the places of its leaves."""
    if not replaced:
        return term
    results: dict[Node, Node] = dict(replaced)
    for inner in postorder([term]):
        if inner not in results:
            args = [results[arg] for arg in inner.args]
            results[inner] = node(inner.op, *args, static=inner.static) if args else inner
    return results[term]
