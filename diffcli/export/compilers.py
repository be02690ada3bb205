"""Code that a compiler on this machine turns into a library, which is loaded and called."""

from __future__ import annotations

import ctypes
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from diffcli.errors import UsageError
from diffcli.export.routines import Routine
from diffcli.export.target import Runner, Source, Vector
from diffcli.programs import called

SECONDS = 60.0
"""Longest time of a compiler."""


@dataclass(frozen=True)
class Compiler:
    """A program that compiles files: its names, its options, and what it is given.

    ``joined`` returns one file of some sources, with a function that C can call for each routine:
    its name is :func:`entry_name`, and it takes an array of the variables and one for the results.
    ``libraries`` are the options that follow the file's name.
    """

    programs: tuple[str, ...]
    options: tuple[str, ...]
    suffix: str
    joined: Callable[[Sequence[Source]], str]
    libraries: tuple[str, ...] = ()

    @property
    def runner(self) -> Runner:
        """How code is run by this compiler, where it is installed."""
        return Runner(self._load, _rows, lacks=self._lacks)

    @property
    def _program(self) -> str | None:
        return next(filter(None, map(shutil.which, self.programs)), None)

    def _lacks(self) -> str | None:
        return None if self._program else f"{' or '.join(self.programs)} isn't installed"

    def _load(self, sources: Sequence[Source]) -> list[dict[str, Callable[..., Any]]]:
        """Compile files into one library, and load it."""
        with TemporaryDirectory() as folder:
            path, library = Path(folder, f"code{self.suffix}"), Path(folder, "code.so")
            path.write_text(self.joined(sources) + "\n", encoding="utf-8")
            files = [f"{path}", "-o", f"{library}"]
            command = [str(self._program), *self.options, *files, *self.libraries]
            done = called(command, SECONDS, folder=folder)
            if done.returncode:
                raise UsageError(
                    f"{command[0]} can't compile: {done.stderr.decode(errors='replace').strip()}",
                    hint="--no-check shows the code untried",
                )
            loaded = ctypes.CDLL(str(library))
        return [
            {routine.name: getattr(loaded, entry_name(routine)) for routine in source.routines}
            for source in sources
        ]


def entry_name(routine: Routine) -> str:
    """Return the name under which a routine is called from outside."""
    return f"{routine.name}_entry"


def _rows(
    function: Callable[..., Any], routine: Routine, points: Sequence[Vector]
) -> list[list[float]]:
    results = (ctypes.c_double * len(routine.indices))()
    rows = []
    for point in points:
        function((ctypes.c_double * len(point))(*point), results)
        rows.append(list(results))
    return rows
