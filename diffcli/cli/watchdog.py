"""``--timeout``: the work is done by a child, so that even compiled code can be ended."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

from diffcli.engines import worker
from diffcli.errors import OutOfTimeError, UsageError

_LONGEST = 1e8


def limit_time(seconds: float) -> None:
    """Limit the time of the whole run, in the way that was last added to ``limits``.

    Raises UsageError for what is no time.
    """
    if not 0 < seconds < _LONGEST:
        raise UsageError("--timeout is a number of seconds above 0")
    limits[-1](seconds)


def _in_child(seconds: float) -> None:
    """Go on in a child process; the parent waits, and ends as the child did.

    The parent ends the child after so many seconds, raising OutOfTimeError. A thread or a signal
    handler wouldn't do: compiled code that holds the interpreter's lock lets neither run.
    """
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        # Whoever ends the parent means the work.
        worker.end_with(parent)
        worker.adopt()
        return
    signal.signal(signal.SIGALRM, _ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        _, status = os.waitpid(child, 0)
    except OutOfTimeError:
        with suppress(ProcessLookupError, ChildProcessError):  # it ended at that very moment
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        raise OutOfTimeError(
            f"the time ran out after {seconds:g} s", hint="allow more with --timeout"
        ) from None
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else 128 - code)


def _ring(_signal: int, _frame: FrameType | None) -> None:
    raise OutOfTimeError("")


limits: list[Callable[[float], None]] = [_in_child]
"""The ways to limit the time, of which the last one is taken."""
