"""Options as typed → the library's own records."""

from __future__ import annotations

import os
import shutil
import sys
from functools import partial
from math import isnan

from diffcli.cli.options import Common, names, one_of
from diffcli.cli.progress import points_done
from diffcli.derivation import DIGITS, ENGINES, Settings
from diffcli.errors import UsageError
from diffcli.output.formats import FORMATS, View

_DTYPES = ("float64", "float32")
_LONGEST = 1e6
"""Seconds of a budget; beyond them it is no limit."""
_MOST_DIGITS = 10_000
_ROWS = 40
"""Of a table on a terminal; a pipe and a file get all."""


def settings(common: Common) -> Settings:
    """Return how a derivative is computed and checked. Raises UsageError."""
    if common.dtype == "complex128":
        raise UsageError(
            "complex128 goes with eval, grad and partial", hint="use float64, or float32"
        )
    chosen = ("autograd",) if common.no_check else names(common.engines) or ENGINES
    return Settings(
        dtype=one_of(common.dtype, _DTYPES, "--dtype"),
        device=_device(common.device),
        engines=tuple(one_of(engine, ENGINES, "--engines") for engine in chosen),
        budget=_budget(common.check_budget),
        digits=_proved(_digits(common.precision)),
        seed=common.seed,
        compile=common.compile,
        progress=partial(points_done, quiet=common.quiet),
    )


def _budget(seconds: float) -> float:
    if isnan(seconds):
        raise UsageError("--check-budget is a number of seconds")
    return min(seconds, _LONGEST)


def _digits(count: int | None) -> int | None:
    if count is not None and not 1 <= count <= _MOST_DIGITS:
        raise UsageError(f"--precision is a number of digits from 1 to {_MOST_DIGITS:,}")
    return count


def _proved(shown: int | None) -> int:
    """Return how many digits are proved; not every decimal of the last two is a float64's."""
    from diffcli.output.text import KEPT

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
        found = f"{count} CUDA device{'s' if count > 1 else ''}" if count else "no CUDA device"
        raise UsageError(f"{name} was asked for, and there is {found}", hint="use --device cpu")
    return name


def format_name(common: Common) -> str:
    """Return the name of the output format. Raises UsageError."""
    return "json" if common.json else one_of(common.format, FORMATS, "--format")


def view(common: Common) -> View:
    """Return how the result is shown where it goes: a terminal, a pipe, a file."""
    if common.output:
        return View(digits=common.precision)
    terminal = sys.stdout.isatty()
    columns = terminal or os.environ.get("COLUMNS", "").isdecimal()
    return View(
        digits=common.precision,
        width=shutil.get_terminal_size().columns if columns else None,
        rows=_ROWS if terminal else None,
        colour=_colour(terminal),
    )


def _colour(terminal: bool) -> bool:
    """Whether to colour (https://no-color.org, https://force-color.org)."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (terminal and os.environ.get("TERM") != "dumb")
