"""A product's sweep rewritten so that every entry of its result is computed where it stands.

Along the inside of the vectors each slot adds to an entry what the formula gives at one window.
Written for all these windows at once, on inputs that are shifted against each other, a result is
written once and never read, and the memory's speed is what limits compiled code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from diffcli.engines.tape import Tape, Value
from diffcli.engines.throughput.slices import Slot


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
        made: dict[Value, Value] = {}
        for value, column in zip(tape.inputs, columns, strict=True):
            shifted = column._replace(start=column.start - slot.start)
            if shifted not in inputs:
                inputs[shifted] = whole.input()
            made[value] = inputs[shifted]
        term, before = _copied(tape, slope, whole, made), rows.get(slot.variable)
        rows[slot.variable] = term if before is None else whole.add(before, term)
    return Gathered(whole, rows, tuple(inputs))


def _copied(tape: Tape, root: Value, into: Tape, made: dict[Value, Value]) -> Value:
    """Write again what a value is computed from, on the inputs that are made already."""
    for value in tape.reached([root]):
        step = tape.steps[value]
        if value in tape.constants:
            made[value] = into.constant(tape.constants[value])
        elif value not in made:
            made[value] = into(step.op, *(made[arg] for arg in step.args), static=step.static)
    return made[root]
