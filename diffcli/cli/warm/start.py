"""Starting the warm process, asking it how it is, and stopping it."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

from diffcli.cli.warm import address

IDLE_MINUTES = 30.0
"""Minutes without a command after which the warm process ends, unless ``--idle`` says otherwise."""
ANSWER_SECONDS = 5.0
"""A process that doesn't say how it is by then is no warm process."""


def _program(idle: float) -> list[str]:
    """Return the command of the warm process, of this same interpreter with its flags."""
    flags = sys.orig_argv[1 : len(sys.orig_argv) - len(sys.argv)]
    if flags[-1:] in (["-m"], ["-c"]):
        flags.pop()
    return [sys.executable, *flags, "-m", "diffcli.cli.warm.process", str(60 * idle)]


def start(idle: float) -> bool:
    """Start the warm process and wait until it answers; return False where there was one.

    ``idle`` is in minutes. Raises UnsafeError where its folder isn't safe, OSError where no
    process can be had, RuntimeError where it ended before it answered.
    """
    import subprocess

    address.folder(make=True)
    ours, theirs = os.pipe()
    process = subprocess.Popen(  # noqa: S603  (this interpreter, and this package)
        [*_program(idle), str(theirs)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        pass_fds=[theirs],
        cwd="/",
        start_new_session=True,
        umask=0o077,
    )
    os.close(theirs)
    answer = os.read(ours, 1)
    os.close(ours)
    if answer:
        process.returncode = 0  # it goes on by itself, and nobody waits for it
        return answer == b"1"
    _, said = process.communicate()
    raise RuntimeError(said.decode(errors="replace").strip().rpartition("\n")[2] or "it ended")


def start_unattended() -> None:
    """Start the warm process without waiting for it; where none can be had, there is none."""
    null = os.open(os.devnull, os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, null, stream) for stream in range(3)]
    try:
        address.folder(make=True)
        os.posix_spawn(
            sys.executable, _program(IDLE_MINUTES), os.environ, file_actions=actions, setsid=True
        )
    except (OSError, address.UnsafeError):
        pass
    os.close(null)


def ask(question: bytes) -> str | None:
    """Return what the warm process answers to STATUS or STOP; None where there is none."""
    from diffcli.cli.warm import request

    try:
        path = address.socket_path(address.folder(), address.identity())
        address.check_socket(path)
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ANSWER_SECONDS)
            connection.connect(path)
            connection.sendall(request.message([question]))
            parts = []
            while part := connection.recv(1 << 12):
                parts.append(part)
    except (OSError, address.UnsafeError):
        return None
    return b"".join(parts).decode()


def others() -> int:
    """Return how many warm processes of other versions or environments this user has."""
    try:
        folder = address.folder()
        own = address.socket_path(folder, address.identity())
        paths = set(map(str, Path(folder).glob("*.sock")))
    except (OSError, address.UnsafeError):
        return 0
    return sum(map(_listens, paths - {own}))


def _listens(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(ANSWER_SECONDS)
        return connection.connect_ex(path) == 0
