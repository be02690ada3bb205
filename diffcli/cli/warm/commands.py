"""``diffcli warm``: the process that keeps everything loaded is started, asked and stopped."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated

from typer import Argument, Option

from diffcli.cli.options import Json
from diffcli.cli.warm import start as process
from diffcli.cli.warm.address import UnsafeError
from diffcli.errors import DiffcliError, FileError, UsageError

EXAMPLES = "diffcli warm start\ndiffcli warm status\ndiffcli warm stop"

STOP_SECONDS = 10.0
"""The warm process ends by then, unless it still works for a command."""


class Action(StrEnum):
    """Things to do with the warm process, by the word on the command line."""

    START = "start"
    STOP = "stop"
    STATUS = "status"
    RESTART = "restart"


@dataclass(frozen=True)
class Status:
    """How the warm process is: ``uptime`` and ``idle`` in seconds, ``memory`` in bytes.

    ``answered`` counts the commands; ``memory`` counts pages that forks share by their share;
    after ``idle`` seconds without a command the process ends.
    """

    version: str
    pid: int
    uptime: int
    answered: int
    memory: int
    idle: float

    @classmethod
    def asked(cls) -> Status | None:
        """Return what the warm process says; None where there is none."""
        from diffcli.cli.warm.request import STATUS

        said = process.ask(STATUS)
        if said is None:
            return None
        version, pid, uptime, answered, memory, idle = said.split("\n")
        return cls(version, int(pid), int(uptime), int(answered), int(memory), float(idle))

    def __str__(self) -> str:
        return (
            f"the warm process {self.pid} (diffcli {self.version}) has answered {self.answered} "
            f"command{'' if self.answered == 1 else 's'} in {_duration(self.uptime)}, takes "
            f"{self.memory / 1e6:.0f} MB, and ends after {_duration(self.idle)} without a command"
        )


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:g} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def warm(
    action: Annotated[
        Action,
        Argument(metavar="start|stop|status|restart", help="What to do with the warm process."),
    ],
    *,
    idle: Annotated[
        float,
        Option(
            "--idle",
            metavar="MINUTES",
            min=0.01,
            help="End after this many minutes without a command (default 30).",
        ),
    ] = process.IDLE_MINUTES,
    json_: Json = False,
) -> int:
    """Keep everything loaded in a process that answers commands in milliseconds.

    While it runs, every diffcli command of this user and this installation is handed over to a
    fork of it and answers as ever. `--cold` and DIFFCLI_WARM=0 run a command without it;
    DIFFCLI_WARM=1 starts one with the first command.
    """
    if sys.platform != "linux":
        raise UsageError("there is no warm process on this system", hint="everything else works")
    text = _ACTIONS[action](idle)
    status = Status.asked() if json_ else None
    document = {"running": status is not None, **(asdict(status) if status else {})}
    sys.stdout.write((json.dumps(document) if json_ else text) + "\n")
    return 0


def _start(idle: float) -> str:
    try:
        is_new = process.start(idle)
    except UnsafeError as error:
        raise FileError(str(error), hint="remove it, or set XDG_RUNTIME_DIR") from error
    except (OSError, RuntimeError) as error:
        raise DiffcliError(f"the warm process could not be started: {error}") from error
    return f"{'started' if is_new else 'already there'}: {Status.asked()}"


def _stop(_: float) -> str:
    before = Status.asked()
    if before is None:
        return "no warm process"
    from diffcli.cli.warm.request import STOP

    process.ask(STOP)
    deadline = time.monotonic() + STOP_SECONDS
    while Status.asked() is not None and time.monotonic() < deadline:
        time.sleep(0.01)
    return f"stopped: the warm process {before.pid}"


def _status(_: float) -> str:
    if status := Status.asked():
        return str(status)
    count = process.others()
    others = f"; {count} of another version or environment" if count else ""
    return f"no warm process{others}: diffcli warm start starts one"


def _restart(idle: float) -> str:
    _stop(idle)
    return _start(idle)


_ACTIONS: Mapping[Action, Callable[[float], str]] = MappingProxyType(
    {
        Action.START: _start,
        Action.STOP: _stop,
        Action.STATUS: _status,
        Action.RESTART: _restart,
    }
)
