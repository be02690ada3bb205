"""The options of a request → how a derivative is computed and checked."""

from __future__ import annotations

from math import isnan

from diffcli.commands.record import Request
from diffcli.differentiation.code.functions import HALF
from diffcli.differentiation.settings import DIGITS, ENGINES, Settings
from diffcli.errors import UsageError
from diffcli.options import DTYPE, names, one_of
from diffcli.output.text import KEPT

MAX_BUDGET = 1e6
"""Seconds of a budget; a longer one is no limit."""
BUDGET, CODE_BUDGET = 0.5, 60.0
"""Seconds of a budget that isn't given, for formulas and for code."""
MAX_DIGITS = 10_000
"""Significant digits of a number."""


def settings(request: Request, *, is_complex: bool = False) -> Settings:
    """Return how a derivative is computed and checked. Raises UsageError."""
    dtype = "float64" if is_complex else request["dtype"]
    if dtype == "complex128":
        raise UsageError(
            "complex128 goes with eval, grad and partial", hint="use float64, or float32"
        )
    if dtype in HALF and request["py"] is None:
        raise UsageError(f"{dtype} goes with code, by --py", hint="use float64, or float32")
    chosen = ("autograd",) if request["no_check"] else names(request["engines"]) or ENGINES
    return Settings(
        dtype=one_of(dtype, DTYPE.values(), "--dtype"),
        device=_device(request["device"]),
        engines=tuple(one_of(engine, ENGINES, "--engines") for engine in chosen),
        budget=_budget(request["check_budget"], BUDGET),
        code_budget=_budget(request["check_budget"], CODE_BUDGET),
        digits=_proved(_digits(request["precision"])),
        seed=request["seed"],
        compile=request["compile"],
        components=request.options.get("components", False),
        progress=request.host.points_done,
    )


def _budget(seconds: float | None, usual: float) -> float:
    if seconds is None:
        return usual
    if isnan(seconds):
        raise UsageError("--check-budget is a number of seconds")
    return min(seconds, MAX_BUDGET)


def _digits(count: int | None) -> int | None:
    if count is not None and not 1 <= count <= MAX_DIGITS:
        raise UsageError(f"--precision is a number of digits from 1 to {MAX_DIGITS:,}")
    return count


def _proved(shown: int | None) -> int:
    """Return how many digits are proved; not every decimal of the last two is a float64's."""
    return DIGITS if shown is None or shown <= KEPT else max(shown, DIGITS + 1)


def _device(name: str) -> str:
    """Return the torch device; ``auto`` is the processor, on which small formulas are fastest."""
    if name in ("auto", "cpu"):
        return "cpu"
    kind, _, number = name.partition(":")
    if kind != "cuda" or not (number.isdecimal() or name == "cuda"):
        raise UsageError(f"no device {name!r}", hint="there are auto, cpu, cuda, cuda:0, cuda:1 …")
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if int(number or 0) >= count:
        present = f"{count} CUDA device{'s' if count > 1 else ''}" if count else "no CUDA device"
        raise UsageError(f"{name} was asked for, and there is {present}", hint="use --device cpu")
    return name
