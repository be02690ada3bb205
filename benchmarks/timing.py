"""Times that can be compared: what is measured takes turns, so that a busy machine hits all alike.

On a shared machine the least of many is what the work takes, and the ratio of two leasts is
steadier than either.
"""

from __future__ import annotations

import gc
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

ROOT = Path(__file__).parent.parent
"""Where the processes run: the project's folder."""


@dataclass(frozen=True)
class Times:
    """The seconds that each round took."""

    seconds: tuple[float, ...]

    @property
    def least(self) -> float:
        """The shortest."""
        return min(self.seconds)

    @property
    def median(self) -> float:
        """The middle one."""
        return median(self.seconds)


def interleaved(
    runs: Mapping[str, Callable[[], Any]], rounds: int, *, warm: bool = True
) -> dict[str, Times]:
    """Return the times of functions that take turns, the order turned by one each round.

    With ``warm`` each is called once before anything is measured.
    """
    if warm:
        for run in runs.values():
            run()
    names = list(runs)
    found: dict[str, list[float]] = {name: [] for name in names}
    collecting = gc.isenabled()
    gc.disable()
    try:
        for turn in range(rounds):
            first = turn % len(names)
            for name in (*names[first:], *names[:first]):
                begun = perf_counter()
                runs[name]()
                found[name].append(perf_counter() - begun)
    finally:
        if collecting:
            gc.enable()
    return {name: Times(tuple(seconds)) for name, seconds in found.items()}


@dataclass(frozen=True)
class Shown:
    """A command on a terminal of its own, until it has shown a text there."""

    command: Sequence[str]
    text: str


def processes(
    commands: Mapping[str, Sequence[str] | Shown], rounds: int, **environment: str
) -> dict[str, Times]:
    """Return the times of processes that take turns: from the start to the end, or to a text.

    Each has run once before, so that what it imports stands in a cache of byte code, as it does
    after an installation. Raises CalledProcessError where one fails.
    """
    with TemporaryDirectory() as cache:
        given = {"PYTHONPYCACHEPREFIX": cache, "PYTHONDONTWRITEBYTECODE": "", **environment}
        runs = {name: _process(each, given) for name, each in commands.items()}
        return interleaved(runs, rounds)


def _process(command: Sequence[str] | Shown, environment: Mapping[str, str]) -> Callable[[], Any]:
    if isinstance(command, Shown):
        return partial(_until_shown, command, environment)
    return lambda: subprocess.run(  # noqa: S603  (commands written here)
        command,
        stdout=subprocess.DEVNULL,
        check=True,
        cwd=ROOT,
        env={**os.environ, **environment},
    )


def _until_shown(shown: Shown, environment: Mapping[str, str]) -> None:
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(ROOT)
        os.execve(  # noqa: S606  (commands written here)
            shown.command[0], list(shown.command), {**os.environ, "TERM": "xterm", **environment}
        )
    written = b""
    while shown.text.encode() not in written:
        written += os.read(terminal, 65536)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    os.close(terminal)


def python(code: str) -> list[str]:
    """Return the command that runs code in this Python."""
    return [sys.executable, "-c", code]


def diffcli(*arguments: str) -> list[str]:
    """Return the command that runs this diffcli, as its console script does."""
    return [*python("from diffcli.cli.main import main; main()"), *arguments]
