"""A fork of the warm process becomes the command that was typed."""

from __future__ import annotations

import fcntl
import io
import os
import resource
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from select import select
from socket import AF_UNIX, SOCK_NONBLOCK, SOCK_STREAM, recv_fds, socket
from typing import NoReturn

from diffcli.cli.warm import request
from diffcli.cli.warm.pages import Written
from diffcli.cli.warm.request import CHUNK, MalformedError
from diffcli.engines import worker

_HANDLED = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGCHLD, signal.SIGTSTP)
_OF_MEMORY = (resource.RLIMIT_AS, resource.RLIMIT_DATA, resource.RLIMIT_STACK)
"""Limits that count from a program's start, so that a fork can't take them on."""
_MAX_DESCRIPTOR = 1 << 20
"""Linux's own limit on descriptors, unless an administrator raised it."""


@dataclass(frozen=True)
class Command:
    """A command line, and what it inherits from where it was typed.

    ``files`` are the descriptors that are open; ``limits`` are the soft and the hard resource
    limits in the order of ``request.LIMITS``; ``ignored`` are signal numbers.
    """

    identity: bytes
    arguments: tuple[str, ...]
    environment: tuple[tuple[bytes, bytes], ...]
    files: tuple[int, ...]
    umask: int
    priority: int
    limits: tuple[int, ...]
    ignored: tuple[int, ...]
    processors: frozenset[int]

    @classmethod
    def of(cls, fields: Sequence[bytes]) -> Command:
        """Return the command that the fields of a request stand for.

        Raises MalformedError where they stand for none.
        """
        try:
            _, identity, *packed, count = fields[:8]
            files, (umask, priority), limits, ignored, processors = map(_numbers, packed)
            end = 9 + int(count)
        except ValueError:
            raise MalformedError from None
        arguments, environment = fields[8:end], fields[end:]
        if (
            not arguments
            or len(arguments) != end - 8
            or len(limits) != 2 * len(request.LIMITS)
            or len(set(files)) != len(files)
            or not all(0 <= file < _MAX_DESCRIPTOR for file in files)
            or not set(ignored) <= set(request.IGNORABLE)
        ):
            raise MalformedError
        pairs = (variable.partition(b"=") for variable in environment)
        return cls(
            identity,
            tuple(map(os.fsdecode, arguments)),
            tuple((name, value) for name, _, value in pairs),
            files,
            umask,
            priority,
            limits,
            ignored,
            frozenset(processors),
        )


def _numbers(field: bytes) -> tuple[int, ...]:
    return tuple(map(int, field.split()))


def wait_for_one(channel: socket, server: int, path: str, written: Written) -> NoReturn:
    """Wait in a fork of the warm process for a command on the channel, become it, and end.

    ``server`` is the process that forked this one, which ends with it, and ``path`` its socket's.
    ``written`` are the addresses that commands write to.
    """
    code = 1
    try:
        os.setpgid(0, 0)
        worker.end_with(server)
        # Nothing of the warm process stays open, nor of the other commands.
        os.closerange(3, channel.fileno())
        os.closerange(channel.fileno() + 1, _MAX_DESCRIPTOR)
        _draw_anew()
        # Before this process has pages of its own, which a fork would share again.
        worker.start(at_once=True)
        written.copy(lambda: not select([channel], [], [], 0)[0])
        fields, files = _received(channel)
        code = _become(Command.of(fields), files, channel.detach())
        _tell(code, path)
    finally:
        os._exit(code)


def _received(channel: socket) -> tuple[Sequence[bytes], Sequence[int]]:
    """Return the fields of a request and the files that came with it.

    Raises MalformedError where the warm process ended instead.
    """
    received, files, _, _ = recv_fds(channel, CHUNK, request.MAX_FILES + 2)
    length = request.HEADER + request.body_length(received)
    while len(received) < length:
        received += channel.recv(length - len(received))
    return request.fields_of(received[request.HEADER :]), files


def _become(command: Command, files: Sequence[int], go: int) -> int:
    """Run a command in this process, with its own files and folder; return its exit code.

    ``files`` are descriptors of the client's connection, of the working folder and of the open
    files. The client is told that the command may start; it starts when a byte comes from the
    descriptor ``go``, and never where that is closed instead.
    """
    first = max(*map(int, os.listdir("/proc/self/fd")), *command.files) + 1  # noqa: PTH208
    go, connection, folder, *opened = (
        fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, first) for file in (go, *files)
    )
    worker.keep_above(first)
    os.closerange(0, first)
    try:
        _inherit(command, folder, opened)
    except (OSError, OverflowError, TypeError, ValueError) as error:
        os.write(connection, request.REFUSED + f"it can't inherit all: {error}".encode())
        return 1
    os.write(connection, request.ACCEPTED)
    os.close(connection)
    may_start = os.read(go, 1)
    os.close(go)
    return _run(command.arguments) if may_start else 1


def _tell(code: int, path: str) -> None:
    """Close all files and tell the warm process the exit code.

    To take this process apart takes the system milliseconds, for which nobody waits so. Where the
    warm process can't be told, it sees the end itself.
    """
    os.closerange(0, _MAX_DESCRIPTOR)
    with suppress(OSError), socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK) as connection:
        connection.connect(path)
        connection.sendall(request.message([request.ENDED, b"%d" % code]))


def _inherit(command: Command, folder: int, opened: Sequence[int]) -> None:
    """Take on what a process inherits. Raises an error where that can't be had."""
    os.fchdir(folder)
    os.close(folder)
    for number, file in zip(command.files, opened, strict=True):
        os.dup2(file, number)
        os.close(file)
    pairs = zip(*[iter(command.limits)] * 2, strict=True)
    bounds = dict(zip(request.LIMITS, pairs, strict=True))
    limits = {limit: pair for limit, pair in bounds.items() if resource.getrlimit(limit) != pair}
    if not limits.keys().isdisjoint(_OF_MEMORY):
        raise ValueError("memory is limited")
    for limit, pair in limits.items():
        resource.setrlimit(limit, pair)
    is_prior = os.getpriority(os.PRIO_PROCESS, 0) == command.priority
    if not is_prior:
        os.setpriority(os.PRIO_PROCESS, 0, command.priority)
    if limits or not is_prior:
        worker.renew()
    os.umask(command.umask)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for handled in _HANDLED:
        signal.signal(handled, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for ignored in command.ignored:
        signal.signal(ignored, signal.SIG_IGN)
    os.environb.clear()
    os.environb.update(command.environment)
    time.tzset()
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        stream = _stream(number) if number in command.files else None
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    _read_settings_of_matplotlib()


def _stream(number: int) -> io.TextIOWrapper:
    """Open a standard stream as the interpreter does at its start."""
    like = (sys.__stdin__, sys.__stdout__, sys.__stderr__)[number]
    if not isinstance(like, io.TextIOWrapper):
        raise TypeError(f"the warm process has no standard stream {number}")
    raw = io.FileIO(number, "r" if number == 0 else "w", closefd=False)
    raw.name = like.name
    buffer: io.FileIO | io.BufferedReader | io.BufferedWriter = raw  # as ``python -u`` has it
    if not isinstance(like.buffer, io.FileIO):
        buffer = io.BufferedReader(raw) if number == 0 else io.BufferedWriter(raw)
    return io.TextIOWrapper(
        buffer,
        encoding=like.encoding,
        errors=like.errors,
        newline="\n",
        line_buffering=not like.write_through and (number == 2 or raw.isatty()),
        write_through=like.write_through,
    )


def _read_settings_of_matplotlib() -> None:
    """Read the user's settings, or the working folder's; the warm process has the defaults."""
    import matplotlib as mpl

    path = mpl.matplotlib_fname()
    if path != f"{mpl.get_data_path()}/matplotlibrc":
        mpl.rc_file(path)


def _draw_anew() -> None:
    """Seed the generators of random numbers, as each process does; Python's own does so itself."""
    import numpy as np
    import torch

    np.random.seed()  # noqa: NPY002  (what user code may call)
    torch.default_generator.seed()


def _run(arguments: Sequence[str]) -> int:
    """Run the command line; return the exit code where it didn't end the process itself."""
    from diffcli.cli.main import completed

    sys.argv = list(arguments)
    try:
        return completed() & 0xFF
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:  # noqa: BLE001  as the interpreter does at its end
        sys.excepthook(*sys.exc_info())
        code = 1
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    return code & 0xFF
