"""Programs that are called, such as a compiler: with a time limit, which their children share."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from diffcli.errors import LimitError


def called(
    command: Sequence[str], seconds: float, data: bytes = b"", folder: str | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run a program on some input to its end, and return what it wrote and its exit code.

    It runs in ``folder``, or where this process does. Raises LimitError where it takes longer than
    ``seconds``; it is ended then, and so is every program that it started.
    """
    with subprocess.Popen(  # noqa: S603  the caller found the program by shutil.which
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        cwd=folder,
    ) as process:
        try:
            output, errors = process.communicate(data, seconds)
        except subprocess.TimeoutExpired:
            raise LimitError(
                f"{Path(command[0]).name} took more than {seconds:g} seconds",
                hint="a smaller formula takes it less time",
            ) from None
        finally:
            if process.poll() is None:
                _end(process)
    return subprocess.CompletedProcess(list(command), process.returncode, output, errors)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a program and those that it started, which are in a session of their own."""
    if hasattr(os, "killpg"):
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
