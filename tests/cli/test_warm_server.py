"""The loop of the warm process, with other processes in place of its forks."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import pytest

from diffcli.cli.warm import request, server
from diffcli.cli.warm.fork import Fork
from diffcli.cli.warm.pages import Written

IDENTITY = b"as the commands"
SECONDS = 60
"""A loop that doesn't answer by then never will."""


class Unchanged:
    """An installation in which nothing changes."""

    def is_unchanged(self) -> bool:
        return True


@dataclass
class Loop:
    """A running loop, and the processes that it takes for its forks."""

    path: Path
    processes: list[subprocess.Popen[bytes]]

    def connected(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(SECONDS)
        connection.connect(str(self.path))
        return connection

    def ask(self, question: bytes) -> bytes:
        with self.connected() as connection:
            connection.sendall(request.message([question]))
            said = b""
            while part := connection.recv(1 << 12):
                said += part
        return said


@pytest.fixture
def loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loop]:
    """A loop whose forks outlive the signal that ends them, as where the system is slow."""
    running = Loop(tmp_path / "loop.sock", [])
    channels: list[socket.socket] = []

    def new(_path: str, _written: Written) -> Fork:
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(["sleep", "600"], stdin=theirs)
        running.processes.append(process)
        channels.append(ours)
        return Fork(process.pid, ours, os.pidfd_open(process.pid))

    monkeypatch.setattr(server.Fork, "new", new)
    monkeypatch.setattr(server.Fork, "kill", lambda _: None)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(running.path))
    listener.listen()
    lock = os.open(tmp_path / "lock", os.O_CREAT | os.O_WRONLY)
    answers = server.Server(
        listener,
        str(running.path),
        lock,
        IDENTITY,
        Unchanged(),  # type: ignore[arg-type]
        SECONDS,
        Written(),
    )
    thread = Thread(target=answers.run, daemon=True)
    thread.start()
    yield running
    running.ask(request.STOP)
    thread.join(SECONDS)
    for process in running.processes:
        process.kill()
        process.wait()
    for channel in channels:
        channel.close()
    assert not thread.is_alive()


def _started(loop: Loop) -> socket.socket:
    """A client whose command has begun."""
    connection = loop.connected()
    folder = os.open("/", os.O_PATH)
    message = request.message(request.command_fields(IDENTITY, ["x^2"], []))
    socket.send_fds(connection, [message], [folder])
    os.close(folder)
    connection.sendall(bytes([request.GO]))
    return connection


def _answered(loop: Loop) -> int:
    return int(loop.ask(request.STATUS).split(b"\n")[3])


def test_a_command_that_takes_long_to_end_keeps_no_other_waiting(loop: Loop) -> None:
    """Its client is gone, and others are answered before and after it has ended at last."""
    with _started(loop):
        while _answered(loop) < 1:
            pass
        late = loop.processes[0]
    assert loop.ask(request.STATUS).count(b"\n") == 5
    with _started(loop) as other:
        while _answered(loop) < 2:
            pass
        late.send_signal(signal.SIGKILL)
        # The loop reaps it beside the one that works, whose end it reports.
        loop.processes[1].send_signal(signal.SIGTERM)
        assert other.recv(2) == request.KILLED + bytes([signal.SIGTERM])
    assert loop.ask(request.STATUS).count(b"\n") == 5
    assert not Path(f"/proc/{late.pid}").exists()


def test_an_end_is_believed_of_the_fork_alone(loop: Loop) -> None:
    """What says that a command has ended, and isn't its process, is dropped."""
    with _started(loop) as client:
        while _answered(loop) < 1:
            pass
        with loop.connected() as connection:
            connection.sendall(request.message([request.ENDED, b"0"]))
            assert connection.recv(1) == b""
        loop.processes[0].send_signal(signal.SIGTERM)
        assert client.recv(2) == request.KILLED + bytes([signal.SIGTERM])


def test_a_fork_that_died_before_its_command_began_is_no_answer(loop: Loop) -> None:
    """The client then runs the command itself."""
    connection = loop.connected()
    with connection:
        folder = os.open("/", os.O_PATH)
        message = request.message(request.command_fields(IDENTITY, ["x^2"], []))
        socket.send_fds(connection, [message], [folder])
        os.close(folder)
        assert _answered(loop) == 0  # so the request has been handed to the fork
        loop.processes[0].send_signal(signal.SIGKILL)
        assert connection.recv(2) == b""
    assert _answered(loop) == 0
