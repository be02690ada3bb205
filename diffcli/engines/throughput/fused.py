"""A tape as plain torch code without buffers, for torch.compile to fuse into one loop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import isfinite
from types import MappingProxyType

import torch

from diffcli.engines.program import rounded
from diffcli.engines.throughput.tape import ALIASES, Op, Tape, Value

_SIGNS: Mapping[Op, str] = MappingProxyType(
    {
        "torch:add": "+",
        "torch:sub": "-",
        "torch:mul": "*",
        "torch:div": "/",
        "torch:lt": "<",
        "torch:le": "<=",
        "torch:gt": ">",
        "torch:ge": ">=",
        "torch:eq": "==",
        "torch:ne": "!=",
    }
)
"""What is written between its operands, so that a constant is a number in the code."""


def fused(
    tape: Tape, rows: Sequence[Value], dtype: torch.dtype
) -> tuple[str, tuple[Value, ...], tuple[Op, ...]]:
    """Return source that defines ``sweep(v, c, r)``: inputs, constants, rows to be written.

    With it, which values the constants are, and the functions that it calls ``f0``, ``f1`` …
    """
    names: dict[Value, str] = {value: f"v[{place}]" for place, value in enumerate(tape.inputs)}
    constants: dict[Value, str] = {}
    functions: dict[Op, str] = {}
    lines: list[str] = []

    def named(value: Value, *, literal: bool) -> str:
        while tape.steps[value].op in ALIASES:
            value = tape.steps[value].args[-1]
        if value not in tape.constants:
            return names[value]
        number = tape.constants[value]
        if literal and isinstance(number, Fraction) and isfinite(rounded(number, dtype).real):
            return f"({rounded(number, dtype)!r})"
        return constants.setdefault(value, f"c[{len(constants)}]")

    for value in tape.reached(rows):
        step = tape.steps[value]
        if not step.args or step.op in ALIASES:
            continue
        sign = _SIGNS.get(step.op)
        if sign:
            first, second = (named(arg, literal=True) for arg in step.args)
            text = f"{first} {sign} {second}"
        else:
            function = functions.setdefault(step.op, f"f{len(functions)}")
            args = [*(named(arg, literal=False) for arg in step.args), *map(repr, step.static)]
            text = f"{function}({', '.join(args)})"
        names[value] = f"t{value}"
        lines.append(f"    t{value} = {text}")
    lines += [
        f"    r[{place}].copy_({named(value, literal=False)})" for place, value in enumerate(rows)
    ]
    source = "\n".join(["def sweep(v, c, r):", *lines, ""])
    return source, tuple(constants), tuple(functions)
