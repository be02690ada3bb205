"""The loop of the warm process: it waits for commands, and forks for each.

It waits for three kinds of events: a connection, bytes on a connection, the end of a command. What
was handed over stays in the fork, so nothing that a command does reaches the next.
"""

from __future__ import annotations

import contextlib
import errno
import os
import selectors
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from socket import SO_PEERCRED, SOL_SOCKET, recv_fds, socket

from diffcli._version import __version__
from diffcli.cli.warm import address, request
from diffcli.cli.warm.command import Command
from diffcli.cli.warm.fork import Fork
from diffcli.cli.warm.freshness import Installation
from diffcli.cli.warm.pages import Written
from diffcli.cli.warm.request import CHUNK, MalformedError

MAX_CONNECTIONS = 128
"""Clients at once; others wait to be accepted."""


@dataclass(eq=False)
class Connection:
    """One client: what it has sent so far, and the fork that works for it.

    ``peer`` is the client's process; ``has_begun`` says that it let the command start.
    """

    socket: socket
    peer: int
    received: bytearray = field(default_factory=bytearray)
    files: list[int] = field(default_factory=list)
    fork: Fork | None = None
    has_begun: bool = False


class Server:
    """The loop of the warm process.

    ``path`` is the socket's, ``lock`` a descriptor that keeps others from it, and ``loaded`` what
    was installed before anything was loaded. After ``idle`` seconds without a command the loop
    ends. ``written`` are the addresses that commands write to.
    """

    def __init__(
        self,
        listener: socket,
        path: str,
        lock: int,
        identity: bytes,
        loaded: Installation,
        idle: float,
        written: Written,
    ) -> None:
        self._listener, self._path, self._lock = listener, path, lock
        self._identity, self._loaded, self._idle = identity, loaded, idle
        self._written = written
        self._inode = Path(path).stat().st_ino
        self._started = time.monotonic()
        self._processors = frozenset(os.sched_getaffinity(0))
        self._answered = 0
        self._connections: set[Connection] = set()
        self._spare: Fork | None = None
        self._wants_spare = True
        self._is_ending = False
        self._events = selectors.DefaultSelector()
        self._watch(listener, self._accept)

    def run(self) -> None:
        """Answer until it is told to stop, has become stale, or was idle for too long."""
        while not self._is_ending or self._connections:
            events = self._next_events()
            if not events:
                break
            for key, _ in events:
                # What one event does may close the connection of the next.
                registered = self._events.get_map().get(key.fd)
                if registered is not None and registered.data is key.data:
                    key.data()
        self._end()

    def _next_events(self) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for events; fork for a command to come where no client waits meanwhile."""
        is_starting = any(
            connection.fork and not connection.has_begun for connection in self._connections
        )
        is_wanted = self._wants_spare and self._spare is None
        if is_wanted and not is_starting and not self._is_ending:
            if events := self._events.select(0):
                return events
            # One for each command: where none can live, not one after the other.
            self._wants_spare = False
            with contextlib.suppress(OSError):
                self._spare = self._forked()
        has_work = any(connection.fork for connection in self._connections)
        return self._events.select(None if has_work else self._idle)

    def _forked(self) -> Fork:
        """Return a new fork, whose end is watched. Raises OSError where none is to be had."""
        fork = Fork.new(self._path, self._written)
        self._watch(fork.ended, lambda: self._reap(fork))
        return fork

    def _watch(self, file: socket | int, then: Callable[[], None]) -> None:
        self._events.register(file, selectors.EVENT_READ, then)

    def _accept(self) -> None:
        try:
            accepted, _ = self._listener.accept()
        except OSError:  # the client is gone, or too many files are open
            return
        pid, user = address.peer(accepted.getsockopt(SOL_SOCKET, SO_PEERCRED, 12))
        if user != os.getuid():
            accepted.close()
            return
        connection = Connection(accepted, pid)
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
            elif connection.fork:
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
            case [request.ENDED, code]:
                self._release(connection.peer, code)
                self._close(connection)
            case [request.STATUS]:
                self._answer(connection, self._status().encode())
                self._close(connection)
            case [request.STOP]:
                self._close(connection)
                self._end()
            case _:
                raise MalformedError

    def _consider(self, connection: Connection, command: Command) -> None:
        """Hand a command to a fork, or refuse it with the reason."""
        reasons = {
            "it ends": self._is_ending,
            "it has another environment": command.identity != self._identity,
            "it has other processors": command.processors != self._processors,
            "a file is missing": len(connection.files) != 1 + len(command.files),
        }
        reason = next((reason for reason, holds in reasons.items() if holds), "")
        if not reason:
            try:
                self._start(connection)
            except OSError as error:
                reason = f"it can't fork: {error.strerror}"
        # The fork prepares the command meanwhile; it starts once the client and this loop say so.
        is_stale = not self._loaded.is_unchanged()
        if is_stale:
            reason = reason or "something was installed or changed since it started"
        if reason:
            self._answer(connection, request.REFUSED + reason.encode())
            self._close(connection)
        if is_stale:
            self._end()

    def _start(self, connection: Connection) -> None:
        """Hand a request to a fork. Raises OSError where no process or descriptor is to be had."""
        files = [connection.socket.fileno(), *connection.files]
        spare, self._spare = self._spare, None
        if spare is None or not spare.takes(connection.received, files):
            spare = self._forked()
            if not spare.takes(connection.received, files):
                raise BlockingIOError(errno.EAGAIN, "it ended")
        connection.fork = spare
        connection.received.clear()
        self._forget_files(connection)

    def _obey(self, connection: Connection, numbers: bytes) -> None:
        """Let a command start, or send it signals."""
        if connection.fork is None:
            return
        for number in numbers:
            if number != request.GO:
                connection.fork.signal(number)
            elif not connection.has_begun and connection.fork.starts():
                connection.has_begun = self._wants_spare = True
                self._answered += 1

    def _release(self, pid: int, code: bytes) -> None:
        """Tell the client how its command ended, whose process is still to be taken apart.

        Raises MalformedError where no fork of this number works for a client.
        """
        connection = self._client_of(lambda fork: fork.pid == pid)
        if connection is None or not connection.has_begun:
            raise MalformedError
        self._finish(connection, request.EXITED + bytes([int(code)]))

    def _reap(self, fork: Fork) -> None:
        """Wait for a fork that has ended, and tell the client that didn't hear of it before."""
        self._events.unregister(fork.ended)
        status = fork.reaped()
        if fork is self._spare:
            self._spare = None
        if connection := self._client_of(lambda other: other is fork):
            kind = request.EXITED if status >= 0 else request.KILLED
            # A client that hasn't let its command start runs it itself.
            self._finish(connection, kind + bytes([abs(status)]) if connection.has_begun else b"")

    def _client_of(self, is_meant: Callable[[Fork], bool]) -> Connection | None:
        clients = (one for one in self._connections if one.fork and is_meant(one.fork))
        return next(clients, None)

    def _finish(self, connection: Connection, ending: bytes) -> None:
        self._answer(connection, ending)
        connection.fork = None
        self._close(connection)

    def _answer(self, connection: Connection, answer: bytes) -> None:
        with contextlib.suppress(OSError):  # the client is gone
            connection.socket.sendall(answer)

    def _close(self, connection: Connection) -> None:
        """Forget a connection; a command whose client is gone ends at once."""
        self._forget_files(connection)
        if connection.fork:
            connection.fork.kill()
        self._events.unregister(connection.socket)
        connection.socket.close()
        self._connections.remove(connection)
        if len(self._connections) == MAX_CONNECTIONS - 1 and not self._is_ending:
            self._watch(self._listener, self._accept)

    def _forget_files(self, connection: Connection) -> None:
        for file in connection.files:
            os.close(file)
        connection.files.clear()

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
        if self._spare:
            self._spare.kill()

    def _status(self) -> str:
        facts = (
            __version__,
            os.getpid(),
            round(time.monotonic() - self._started),
            self._answered,
            sum(map(_proportional_memory, _with_descendants(os.getpid()))),
            f"{self._idle:g}",
        )
        return "\n".join(map(str, facts))


def _with_descendants(pid: int) -> Iterator[int]:
    """Yield a process, and those that it or they forked."""
    yield pid
    with contextlib.suppress(OSError):  # it has ended
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield from _with_descendants(int(child))


def _proportional_memory(pid: int) -> int:
    """Return a process's memory in bytes, shared pages counted by their share."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0
