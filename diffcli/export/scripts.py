"""Code that an interpreter on this machine runs: a file goes in with calls, numbers come out."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from diffcli.errors import UsageError
from diffcli.export.routines import Routine
from diffcli.export.target import Runner, Source, Vector
from diffcli.programs import called

SECONDS = 60.0
"""Longest time of one run of an interpreter."""


@dataclass(frozen=True)
class Interpreter:
    """A program that runs files: its command, and how a file calls a function at points.

    ``calls`` returns the lines that print the entries of a function at each of some points, a line
    each, divided by spaces; they stand after the code, without which they can't run. ``first``
    stands before it; ``suffix`` is the ending of a file's name.
    """

    program: str
    options: tuple[str, ...]
    suffix: str
    calls: Callable[[Source, Routine, Sequence[Vector]], str]
    first: str = ""

    @property
    def runner(self) -> Runner:
        """How code is run by this program, where it is installed."""
        return Runner(self._load, _rows, lacks=self._lacks)

    def _lacks(self) -> str | None:
        return None if shutil.which(self.program) else f"{self.program} isn't installed"

    def _load(self, sources: Sequence[Source]) -> list[dict[str, Callable[..., Any]]]:
        return [
            {routine.name: partial(script.rows, routine) for routine in source.routines}
            for source in sources
            for script in [Script(self, source)]
        ]


class Script:
    """A file for an interpreter to run; one run computes all functions of it at some points."""

    def __init__(self, interpreter: Interpreter, source: Source) -> None:
        self.interpreter, self.source = interpreter, source
        self._computed = lru_cache(maxsize=8)(self._run)

    def rows(self, routine: Routine, points: Sequence[Vector]) -> list[list[float]]:
        """Return a row of numbers for each point. Raises UsageError where the code fails."""
        return self._computed(tuple(points))[routine.name]

    def _run(self, points: Sequence[Vector]) -> dict[str, list[list[float]]]:
        own, source = self.interpreter, self.source
        calls = [own.calls(source, routine, points) for routine in source.routines]
        program = str(shutil.which(own.program))
        with TemporaryDirectory() as folder:
            path = Path(folder, f"code{own.suffix}")
            text = "\n".join([f"{own.first}{source.text}", *calls])
            path.write_text(f"{text}\n", encoding="utf-8")
            done = called([program, *own.options, str(path)], SECONDS)
        if done.returncode:
            raise UsageError(
                f"{own.program} can't run it: {done.stderr.decode(errors='replace').strip()}",
                hint="--no-check shows the code untried",
            )
        lines = [[float(number) for number in line.split()] for line in done.stdout.splitlines()]
        names = [routine.name for routine in source.routines]
        count = len(points)
        return {name: lines[i * count : (i + 1) * count] for i, name in enumerate(names)}


def _rows(
    function: Callable[..., list[list[float]]], _: Routine, points: Sequence[Vector]
) -> list[list[float]]:
    return function(points)
