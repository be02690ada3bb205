"""A tape as plain torch code without buffers, for torch.compile to fuse into one loop."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import isfinite

import torch

from diffcli.engines.tape import Op, Tape, Value, rounded
from diffcli.engines.writing import BETWEEN, Writer, defined, unpacked


class _Fused(Writer):
    """Writes constants as numbers between operands, where a compiler sees them."""

    def __init__(self, tape: Tape, rows: Sequence[Value], dtype: torch.dtype) -> None:
        super().__init__(tape, rows)
        self.literals: dict[Value, str] = {}
        for value in self.constants:
            exact = tape.constants[value]
            if isinstance(exact, Fraction) and isfinite(number := rounded(exact, dtype).real):
                self.literals[value] = f"({number!r})"

    def expression(self, value: Value, args: Sequence[str]) -> str:
        """Return a step as an expression of Python."""
        step = self.tape.steps[value]
        if step.op in BETWEEN:
            origins = map(self.origin, step.args)
            args = [self.literals.get(arg, name) for arg, name in zip(origins, args, strict=True)]
        return super().expression(value, args)


def fused(
    tape: Tape, rows: Sequence[Value], dtype: torch.dtype
) -> tuple[str, tuple[Value, ...], tuple[Op, ...]]:
    """Return source that defines ``sweep(v, c, r)``: inputs, constants, rows to be written.

    With it, which values the constants are, and the functions that it calls ``f0``, ``f1`` …
    """
    writer = _Fused(tape, rows, dtype)
    writer.write()
    head = unpacked(v=len(tape.inputs), c=len(writer.constants))
    copies = [f"r[{row}].copy_({writer.name(value)})" for row, value in enumerate(rows)]
    source = defined("sweep(v, c, r)", [*head, *writer.lines, *copies])
    return source, tuple(writer.constants), tuple(writer.functions)
