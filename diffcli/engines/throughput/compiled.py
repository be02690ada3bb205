"""A sweep compiled by torch.compile: one loop over a chunk, from its inputs into its results."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from fractions import Fraction
from math import isfinite
from pathlib import Path
from shutil import which
from typing import Any

import torch
from torch import Tensor

from diffcli.engines.tape import Op, Tape, Value, called, rounded
from diffcli.engines.writing import BETWEEN, Writer, defined, unpacked
from diffcli.errors import UsageError

COMPILERS = ("g++", "clang++", "c++")


class CompilerError(UsageError):
    """There is nothing that compiles, or the formula can't be compiled."""


def compiled(
    tape: Tape,
    rows: Sequence[Value],
    chunk: int,
    dtype: torch.dtype,
    device: torch.device,
    *,
    spread: Sequence[bool] = (),
) -> Callable[[Sequence[Tensor], Sequence[Tensor]], None]:
    """Return what computes a chunk of exactly so many points; any thread may call it.

    The first time a formula is compiled takes seconds; the next, from the cache, two. Raises
    CompilerError where there is no compiler or a function of the formula can't be compiled.
    ``spread`` says of each input whether it is one number, expanded.
    """
    if device.type == "cpu" and not any(map(which, (os.environ.get("CXX", ""), *COMPILERS))):
        raise CompilerError(
            "compiling needs a C++ compiler, and there is none",
            hint="install g++, or leave --compile out",
        )
    _keep_what_is_compiled()
    from torch._dynamo.exc import TorchDynamoException
    from torch._inductor.exc import InductorError

    source, constants, functions = _fused(tape, rows, dtype)
    namespace: dict[str, Any] = {
        f"f{position}": called(op) for position, op in enumerate(functions)
    }
    exec(compile(source, "<sweep>", "exec"), namespace)  # noqa: S102  it holds nothing that was typed
    # The wrapper in C++ lets go of the interpreter's lock, so that threads run side by side.
    options: dict[str, Any] = {"cpp_wrapper": True} if device.type == "cpu" else {}
    sweep: Callable[..., None] = torch.compile(
        namespace["sweep"], fullgraph=True, dynamic=False, options=options
    )
    numbers = [
        torch.tensor(rounded(tape.constants[constant], dtype), device=device, dtype=dtype)
        for constant in constants
    ]

    def compute(inputs: Sequence[Tensor], results: Sequence[Tensor]) -> None:
        with torch.no_grad():
            sweep(list(inputs), numbers, list(results))

    def blank() -> list[Tensor]:
        kinds = spread or [False] * len(tape.inputs)
        sizes = [1 if is_one else chunk for is_one in kinds]
        return [torch.ones(size, dtype=dtype, device=device).expand(chunk) for size in sizes]

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's own, of its own modules
            compute(blank(), [torch.empty(chunk, dtype=dtype, device=device) for _ in rows])
    except (TorchDynamoException, InductorError) as error:
        raise CompilerError("the formula can't be compiled", hint="leave --compile out") from error
    return compute


def _keep_what_is_compiled() -> None:
    """Name a folder of the user's own for torch's cache, where it can be made."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "diffcli" / "compiled"
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(folder))


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


def _fused(
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
