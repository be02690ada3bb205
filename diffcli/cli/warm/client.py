"""Hands a command over to the warm process, passes signals on, and ends as the command does.

Whatever is odd about the warm process, the command runs here as if there were none: it starts
there only once this process has sent ``GO``, and from then on it is never run here.
"""

from __future__ import annotations

import os
import sys

from diffcli.cli.warm import address, request

TYPE_CHECKING = False  # typing is slow to import
if TYPE_CHECKING:
    import signal
    from collections.abc import Sequence
    from socket import AF_UNIX, SCM_RIGHTS, SO_PEERCRED, SOCK_STREAM, SOL_SOCKET, socket
    from typing import Any
else:
    # What these two wrap in enums takes longer to import than all the rest of the client.
    import _signal as signal
    from _socket import AF_UNIX, SCM_RIGHTS, SO_PEERCRED, SOCK_STREAM, SOL_SOCKET, socket

PATIENCE_SECONDS = 2.0
"""A process that hasn't taken the command by then is left alone."""
MAX_REASON = 1 << 10
"""Bytes of the reason for which a command is refused."""

_FORWARDED = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
    signal.SIGWINCH,
    signal.SIGTSTP,
)


class UnusableError(Exception):
    """The warm process doesn't take this command; the text says why."""


def hand_over(typed: Sequence[str], options: Sequence[str], *, starts_one: bool) -> None:
    """Let the warm process run a command, and end; return where it must run here.

    ``options`` are the arguments before ``--``. Where there is no warm process, ``starts_one``
    starts one for the next command. With ``-v``, a warm process that isn't used is told of.
    """
    try:
        try:
            connection = _connected()
            _send(connection, typed, options)
            _wait(connection)
        except (FileNotFoundError, ConnectionRefusedError):
            if starts_one:
                from diffcli.cli.warm.start import start_unattended

                start_unattended()
        except (OSError, ValueError, UnusableError, address.UnsafeError) as error:
            if "-v" in options or "--verbose" in options:
                _say(f"the warm process isn't used: {error}")
    except KeyboardInterrupt:
        os._exit(130)


def _connected() -> socket:
    """Return a connection to this user's warm process of the same installation.

    Raises FileNotFoundError or ConnectionRefusedError where there is none.
    """
    path = address.socket_path(address.folder(), address.identity())
    address.check_socket(path)
    connection = socket(AF_UNIX, SOCK_STREAM)
    connection.settimeout(PATIENCE_SECONDS)
    connection.connect(path)
    pid, user = address.peer(connection.getsockopt(SOL_SOCKET, SO_PEERCRED, 12))
    if user != os.getuid():
        raise UnusableError("it is another user's")
    if _is_stopped(pid):
        raise UnusableError("it is stopped")
    return connection


def _is_stopped(pid: int) -> bool:
    with open(f"/proc/{pid}/stat", "rb") as status:  # noqa: PTH123  (pathlib is slow to import)
        return status.read().rpartition(b") ")[2][:1] in b"Tt"


def _send(connection: socket, typed: Sequence[str], options: Sequence[str]) -> None:
    """Hand the command over and let it start. Raises UnusableError where it can't be."""
    if _asks_for_cuda(options):
        raise UnusableError("it never initialises CUDA")
    if _is_in_background():
        raise UnusableError("a command in the background would read from the terminal there")
    files = inheritable()
    folder = os.open(".", os.O_PATH | os.O_DIRECTORY)
    passed = b"".join(number.to_bytes(4, sys.byteorder) for number in (folder, *files))
    message = request.message(request.command_fields(address.identity(), typed, files))
    sent = connection.sendmsg([message], [(SOL_SOCKET, SCM_RIGHTS, passed)])
    connection.sendall(message[sent:])
    os.close(folder)
    answer = connection.recv(1)
    if answer == request.REFUSED:
        raise _refused(connection)
    if answer != request.ACCEPTED:
        raise UnusableError("it ended")
    connection.settimeout(None)
    try:  # noqa: SIM105  (contextlib is slow to import)
        connection.sendall(bytes([request.GO]))
    except OSError:
        pass  # the answer says why


def _refused(connection: socket) -> UnusableError:
    return UnusableError(connection.recv(MAX_REASON).decode() or "it ended")


def _asks_for_cuda(options: Sequence[str]) -> bool:
    values = [option.removeprefix("--device=") for option in options if "--device" in option]
    values += options[options.index("--device") + 1 :][:1] if "--device" in options else []
    return any(value.startswith("cuda") for value in values)


def _is_in_background() -> bool:
    """Whether standard input is the terminal, and another job has it.

    Elsewhere than here the system wouldn't stop a command that reads from it.
    """
    try:
        return os.tcgetpgrp(0) != os.getpgrp()
    except OSError:
        return False


def inheritable() -> list[int]:
    """Return the open descriptors that a program started from here would inherit."""
    numbers = []
    for number in map(int, os.listdir("/proc/self/fd")):  # noqa: PTH208
        try:
            if os.get_inheritable(number):
                numbers.append(number)
        except OSError:
            pass  # the list's own descriptor is closed by now
    return sorted(numbers)


def _forward_signals(connection: socket) -> dict[int, Any]:
    """Pass signals on to the command; Ctrl-Z stops the command first, and then this process.

    The handlers until then are returned.
    """

    def forward(number: int, _frame: object) -> None:
        try:
            if number != signal.SIGTSTP:
                connection.sendall(bytes([number]))
                return
            connection.sendall(bytes([signal.SIGSTOP]))
            os.kill(os.getpid(), signal.SIGSTOP)
            while _is_in_background():
                os.kill(os.getpid(), signal.SIGTTIN)
            connection.sendall(bytes([signal.SIGCONT]))
        except OSError:
            pass  # the command has ended, which the answer says

    handlers: dict[int, Any] = {number: signal.getsignal(number) for number in _FORWARDED}
    for number, handler in handlers.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, forward)
    return handlers


def _wait(connection: socket) -> None:
    """Wait for the command's end, and end likewise.

    Raises UnusableError where the command was refused before it started.
    """
    handlers = _forward_signals(connection)
    try:
        kind = connection.recv(1)
        if kind == request.REFUSED:
            for number, handler in handlers.items():
                signal.signal(number, handler)
            raise _refused(connection)
        number = ord(connection.recv(1))
    except (OSError, TypeError):
        kind, number = b"", 0
    if kind == request.EXITED:
        os._exit(number)
    if kind == request.KILLED:
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        os._exit(128 + number)
    _say("error: the warm process ended before the command did")
    os._exit(1)


def _say(line: str) -> None:
    try:  # noqa: SIM105  (contextlib is slow to import)
        os.write(2, f"{line}\n".encode(errors="backslashreplace"))
    except OSError:
        pass  # standard error is closed
