"""Code that an interpreter on this machine runs: a file goes in with calls, numbers come out."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from diffcli.errors import UsageError
from diffcli.export.routines import Routine
from diffcli.export.target import Runner, Vector
from diffcli.programs import called

SECONDS = 60.0
"""Longest time of one run of an interpreter."""


@dataclass(frozen=True)
class Interpreter:
    """A program that runs files: its command, and how a file calls a function at points.

    ``calls`` returns the lines that print the entries of a function at each of some points, a line
    each, divided by spaces; they stand after the code, without which they can't run. ``exported``
    returns the names of a file's functions; ``suffix`` is the ending of a file's name.
    """

    program: str
    options: tuple[str, ...]
    suffix: str
    calls: Callable[[str, Sequence[Vector]], str]
    exported: Callable[[str], Sequence[str]]

    @property
    def runner(self) -> Runner:
        """How code is run by this program, where it is installed."""
        return Runner(self._load, _rows, lacks=self._lacks)

    def _lacks(self) -> str | None:
        return None if shutil.which(self.program) else f"{self.program} isn't installed"

    def _load(self, texts: Sequence[str]) -> list[dict[str, Callable[..., Any]]]:
        return [{name: Script(self, text, name) for name in self.exported(text)} for text in texts]


@dataclass(frozen=True)
class Script:
    """A function of a file, for an interpreter to run."""

    interpreter: Interpreter
    text: str
    name: str

    def __call__(self, points: Sequence[Vector]) -> list[list[float]]:
        """Return a row of numbers for each point. Raises UsageError where the code fails."""
        own = self.interpreter
        program = str(shutil.which(own.program))
        with TemporaryDirectory() as folder:
            path = Path(folder, f"code{own.suffix}")
            path.write_text(f"{self.text}\n{own.calls(self.name, points)}\n", encoding="utf-8")
            done = called([program, *own.options, str(path)], SECONDS)
        if done.returncode:
            raise UsageError(
                f"{own.program} can't run it: {done.stderr.decode(errors='replace').strip()}",
                hint="--no-check shows the code untried",
            )
        return [[float(number) for number in line.split()] for line in done.stdout.splitlines()]


def _rows(function: Callable[..., Any], _: Routine, points: Sequence[Vector]) -> list[list[float]]:
    rows: list[list[float]] = function(points)
    return rows
