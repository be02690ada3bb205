"""The numbers of a point as values on one tape: a formula, and reverse sweeps written after it."""

from __future__ import annotations

from collections.abc import Sequence

from diffcli.engines.program import Program
from diffcli.engines.tape import Tape, Value
from diffcli.engines.throughput.layout import Partial, completed
from diffcli.engines.throughput.reverse import sweep


def written(program: Program, numbers: Sequence[Partial]) -> tuple[Tape, list[Value]]:
    """Return the tape on which each of the numbers is a value, and the values."""
    tape, outputs = program.folded()
    return tape, completed(numbers, outputs, lambda lower, _: sweep(tape, lower, tape.inputs))
