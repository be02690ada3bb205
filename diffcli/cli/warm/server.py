"""The loop of the warm process: it waits for commands, and forks for each.

It waits for three kinds of events: a connection, bytes on a connection, the end of a command. What
was handed over stays in the fork, so nothing that a command does reaches the next.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from socket import SO_PEERCRED, SOL_SOCKET, recv_fds, socket
from typing import NoReturn

from diffcli._version import __version__
from diffcli.cli.warm import address, request
from diffcli.cli.warm.command import Command, become
from diffcli.cli.warm.freshness import Installation
from diffcli.cli.warm.request import MalformedError
from diffcli.engines import worker

MAX_CONNECTIONS = 128
"""Clients at once; others wait to be accepted."""
CHUNK = 1 << 16
"""Bytes read from a connection at once."""


@dataclass(eq=False)
class Connection:
    """One client: what it has sent so far, and the command that runs for it."""

    socket: socket
    received: bytearray = field(default_factory=bytearray)
    files: list[int] = field(default_factory=list)
    child: int | None = None
    go: int | None = None
    """A descriptor on which the command waits for a byte before it starts."""
    ended: int | None = None
    """A descriptor that becomes readable when the command has ended."""


class Server:
    """The loop of the warm process.

    ``path`` is the socket's, ``lock`` a descriptor that keeps others from it, and ``loaded`` what
    was installed before anything was loaded. After ``idle`` seconds without a command the loop
    ends.
    """

    def __init__(
        self,
        listener: socket,
        path: str,
        lock: int,
        identity: bytes,
        loaded: Installation,
        idle: float,
    ) -> None:
        self._listener, self._path, self._lock = listener, path, lock
        self._identity, self._loaded, self._idle = identity, loaded, idle
        self._inode = Path(path).stat().st_ino
        self._started = time.monotonic()
        self._processors = frozenset(os.sched_getaffinity(0))
        self._answered = 0
        self._connections: set[Connection] = set()
        self._is_ending = False
        self._events = selectors.DefaultSelector()
        self._watch(listener, self._accept)

    def run(self) -> None:
        """Answer until it is told to stop, has become stale, or was idle for too long."""
        while not self._is_ending or self._connections:
            has_work = any(connection.child is not None for connection in self._connections)
            events = self._events.select(None if has_work else self._idle)
            if not events:
                break
            for key, _ in events:
                # What one event does may close the connection of the next.
                registered = self._events.get_map().get(key.fd)
                if registered is not None and registered.data is key.data:
                    key.data()
        self._end()

    def _watch(self, file: socket | int, then: Callable[[], None]) -> None:
        self._events.register(file, selectors.EVENT_READ, then)

    def _accept(self) -> None:
        try:
            accepted, _ = self._listener.accept()
        except OSError:  # the client is gone, or too many files are open
            return
        _, user = address.peer(accepted.getsockopt(SOL_SOCKET, SO_PEERCRED, 12))
        if user != os.getuid():
            accepted.close()
            return
        connection = Connection(accepted)
        self._connections.add(connection)
        self._watch(accepted, lambda: self._receive(connection))
        if len(self._connections) == MAX_CONNECTIONS:
            self._events.unregister(self._listener)

    def _receive(self, connection: Connection) -> None:
        try:
            data, files, _, _ = recv_fds(connection.socket, CHUNK, request.MAX_FILES + 1)
        except OSError:
            data, files = b"", []
        connection.files += files
        try:
            if not data or (connection.received and files):
                self._close(connection)
            elif connection.child is not None:
                self._obey(connection, data)
            else:
                connection.received += data
                self._begin(connection)
        except MalformedError:
            self._close(connection)

    def _begin(self, connection: Connection) -> None:
        """Do what a connection asks for, once all of the request is there."""
        header = bytes(connection.received[: request.HEADER])
        if not request.MAGIC.startswith(header[: len(request.MAGIC)]):
            raise MalformedError
        if len(header) < request.HEADER:
            return
        end = request.HEADER + request.body_length(header)
        if len(connection.received) < end:
            return
        fields = request.fields_of(bytes(connection.received[request.HEADER : end]))
        match fields:
            case [request.RUN, *_] if len(connection.received) == end:
                self._consider(connection, Command.of(fields))
            case [request.STATUS]:
                self._answer(connection, self._status().encode())
                self._close(connection)
            case [request.STOP]:
                self._close(connection)
                self._end()
            case _:
                raise MalformedError

    def _consider(self, connection: Connection, command: Command) -> None:
        """Start a command, or refuse it with the reason."""
        is_stale = not self._loaded.is_unchanged()
        reasons = {
            "it ends": self._is_ending,
            "something was installed or changed since it started": is_stale,
            "it has another environment": command.identity != self._identity,
            "it has other processors": command.processors != self._processors,
            "a file is missing": len(connection.files) != 1 + len(command.files),
        }
        reason = next((reason for reason, holds in reasons.items() if holds), "")
        if not reason:
            try:
                self._start(connection, command)
            except OSError as error:
                reason = f"it can't fork: {error.strerror}"
        if reason:
            self._answer(connection, request.REFUSED + reason.encode())
            self._close(connection)
        if is_stale:
            self._end()

    def _start(self, connection: Connection, command: Command) -> None:
        """Fork for a command. Raises OSError where no process or descriptor is to be had."""
        server = os.getpid()
        waits, connection.go = os.pipe()
        try:
            child = os.fork()
            if child == 0:
                self._become(connection, command, server, waits)
        finally:
            os.close(waits)
        connection.child = child
        with contextlib.suppress(OSError):  # the child did it, or is gone
            os.setpgid(child, child)
        connection.ended = os.pidfd_open(child)
        self._watch(connection.ended, lambda: self._finish(connection))
        self._forget_files(connection)

    def _become(self, connection: Connection, command: Command, server: int, go: int) -> NoReturn:
        try:
            os.setpgid(0, 0)
            worker.end_with(server)
            become(command, connection.files, connection.socket.fileno(), go)
        finally:
            os._exit(1)

    def _obey(self, connection: Connection, numbers: bytes) -> None:
        """Let a command start, or send it signals."""
        for number in numbers:
            if number != request.GO:
                self._signal(connection, number)
            elif connection.go is not None:
                with contextlib.suppress(BrokenPipeError):
                    os.write(connection.go, b"1")
                    self._answered += 1
                self._forget_go(connection)

    def _signal(self, connection: Connection, number: int) -> None:
        if connection.child is not None:
            with contextlib.suppress(OSError, ValueError):
                os.killpg(connection.child, number)

    def _finish(self, connection: Connection) -> None:
        """Tell the client how its command ended."""
        if connection.child is None:
            return
        _, status = os.waitpid(connection.child, 0)
        connection.child = None
        code = os.waitstatus_to_exitcode(status)
        kind = request.EXITED if code >= 0 else request.KILLED
        self._answer(connection, kind + bytes([abs(code)]))
        self._close(connection)

    def _answer(self, connection: Connection, answer: bytes) -> None:
        with contextlib.suppress(OSError):  # the client is gone
            connection.socket.sendall(answer)

    def _close(self, connection: Connection) -> None:
        """Forget a connection; a command whose client is gone ends at once."""
        self._forget_files(connection)
        self._forget_go(connection)
        if connection.ended is not None:
            self._events.unregister(connection.ended)
        if connection.child is not None:
            self._kill(connection, connection.child)
        elif connection.ended is not None:
            os.close(connection.ended)
        self._events.unregister(connection.socket)
        connection.socket.close()
        self._connections.remove(connection)
        if len(self._connections) == MAX_CONNECTIONS - 1 and not self._is_ending:
            self._watch(self._listener, self._accept)

    def _kill(self, connection: Connection, child: int) -> None:
        """End a command at once, and wait for its end beside the other commands."""
        self._signal(connection, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        ended = connection.ended
        if ended is None:  # no descriptor was to be had that tells of the end
            os.waitpid(child, 0)
            return

        def reap() -> None:
            os.waitpid(child, 0)
            self._events.unregister(ended)
            os.close(ended)

        self._watch(ended, reap)

    def _forget_files(self, connection: Connection) -> None:
        for file in connection.files:
            os.close(file)
        connection.files.clear()

    def _forget_go(self, connection: Connection) -> None:
        if connection.go is not None:
            os.close(connection.go)
            connection.go = None

    def _end(self) -> None:
        """Accept nothing more; the loop ends with the last command."""
        if self._is_ending:
            return
        self._is_ending = True
        if len(self._connections) < MAX_CONNECTIONS:
            self._events.unregister(self._listener)
        with contextlib.suppress(OSError):
            # Where the folder was cleared meanwhile, another process may listen there.
            if Path(self._path).stat().st_ino == self._inode:
                Path(self._path).unlink()
        self._listener.close()
        os.close(self._lock)

    def _status(self) -> str:
        facts = (
            __version__,
            os.getpid(),
            round(time.monotonic() - self._started),
            self._answered,
            _proportional_memory(),
            f"{self._idle:g}",
        )
        return "\n".join(map(str, facts))


def _proportional_memory() -> int:
    """Return this process's memory in bytes, shared pages counted by their share."""
    for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0
