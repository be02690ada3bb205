"""Formulas that are one formula of numbers along slices of vectors, such as chains and stencils.

Of ``sum(100*(x[1:] - x[:-1]^2)^2)`` the numbers are ``x[i + 1]`` and ``x[i]``: the derivatives of
100·(s₀ − s₁²)² at each i, added up at the entries that they belong to, are those of the whole.

Along the inside of the vectors each slot adds to an entry what the formula gives at one window. A
sweep that is gathered is written for all these windows at once, on inputs that are shifted against
each other: a result is written once and never read, and the memory's speed is what limits compiled
code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from diffcli.engines.tape import Tape, Value
from diffcli.language.expression import VARIABLE, Node, node, postorder, variable
from diffcli.language.function import Function
from diffcli.language.tensors import TENSORS
from diffcli.tensors.rules import Shape, index_of
from diffcli.tensors.shapes import shapes_of


class Slot(NamedTuple):
    """A number of the repeated formula: the i-th of a variable from ``start`` on."""

    variable: str
    start: int


@dataclass(frozen=True)
class Sliced:
    """A formula of numbers, ``slots``, repeated ``length`` times, and added up or not."""

    body: Function
    slots: tuple[Slot, ...]
    length: int
    is_sum: bool


def sliced(function: Function, shapes: Mapping[str, Shape]) -> Sliced | None:
    """Return a formula as one that repeats along slices, None where it isn't such a one."""
    if not function.is_scalar:
        return None
    inferred = shapes_of(function, shapes)
    (root,) = function.outputs
    is_sum = root.op == "sum" and root.static == (None,)
    inner = root.args[0] if is_sum else root
    if len(inferred[inner]) != 1:
        return None
    (length,) = inferred[inner]
    slots: dict[Slot, Node] = {}
    results: dict[Node, Node] = {}
    for term in postorder([inner]):
        slot = _slot(term, inferred)
        if slot is not None and inferred[term] == (length,):
            results[term] = slots.setdefault(slot, variable(f"s{len(slots)}"))
        elif term.op in TENSORS:
            return None
        elif term.op != VARIABLE:
            results[term] = node(
                term.op, *(results[arg] for arg in term.args if arg in results), value=term.value
            )
            if len(results[term].args) < len(term.args):
                return None
    names = tuple(str(slot.value) for slot in slots.values())
    return Sliced(Function(function.text, (results[inner],), names), tuple(slots), length, is_sum)


def _slot(term: Node, shapes: Mapping[Node, Shape]) -> Slot | None:
    """Return the slot that a vector, or a slice of one without gaps, stands for."""
    if term.op == VARIABLE:
        return Slot(str(term.value), 0)
    if term.op != "index" or term.args[0].op != VARIABLE:
        return None
    (offset,) = index_of(term) if len(term.static) == 1 else (0,)
    if not isinstance(offset, slice) or len(shapes[term.args[0]]) != 1:
        return None
    start, _, step = offset.indices(shapes[term.args[0]][0])
    return Slot(str(term.args[0].value), start) if step == 1 else None


class Column(NamedTuple):
    """An input: a vector of the point (0) or of what is multiplied (1), from ``start`` on."""

    source: int
    variable: str
    start: int


@dataclass(frozen=True)
class Gathered:
    """A tape whose rows are the results, one a variable; its inputs begin beside the result."""

    tape: Tape
    rows: Mapping[str, Value]
    columns: Sequence[Column]


def gathered(
    tape: Tape, slopes: Sequence[Value], slots: Sequence[Slot], columns: Sequence[Column]
) -> Gathered:
    """Return the sums, at each entry, of what the slots give there.

    ``slopes`` are the slots' values on the tape, ``columns`` what its inputs are.
    """
    whole = Tape()
    inputs: dict[Column, Value] = {}
    rows: dict[str, Value] = {}
    for slot, slope in zip(slots, slopes, strict=True):
        moved: dict[Value, Value] = {}
        for value, column in zip(tape.inputs, columns, strict=True):
            shifted = column._replace(start=column.start - slot.start)
            if shifted not in inputs:
                inputs[shifted] = whole.input()
            moved[value] = inputs[shifted]
        tape.copy([slope], whole, moved)
        term, before = moved[slope], rows.get(slot.variable)
        rows[slot.variable] = term if before is None else whole.add(before, term)
    return Gathered(whole, rows, tuple(inputs))
