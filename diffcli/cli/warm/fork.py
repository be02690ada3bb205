"""A fork of the warm process, which waits for one command and becomes it."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from socket import send_fds, socket, socketpair

from diffcli.cli.warm.command import wait_for_one
from diffcli.cli.warm.pages import Written

PATIENCE_SECONDS = 2.0
"""A fork that doesn't take a command by then is given up."""


@dataclass(frozen=True, eq=False)
class Fork:
    """A fork: its process, a channel to it, and a descriptor that is readable once it has ended."""

    pid: int
    channel: socket
    ended: int

    @classmethod
    def new(cls, path: str, written: Written) -> Fork:
        """Fork this process, whose socket lies at a path; ``written`` are addresses.

        Raises OSError where no process or descriptor is to be had.
        """
        server = os.getpid()
        ours, theirs = socketpair()
        try:
            with theirs:
                pid = os.fork()
                if pid == 0:
                    wait_for_one(theirs, server, path, written)
        except OSError:
            ours.close()
            raise
        with suppress(OSError):  # the fork did it, or is gone
            os.setpgid(pid, pid)
        ours.settimeout(PATIENCE_SECONDS)
        try:
            return cls(pid, ours, os.pidfd_open(pid))
        except OSError:
            ours.close()
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise

    def takes(self, request: bytearray, files: Sequence[int]) -> bool:
        """Hand over a request with its files; end the fork, and return False, where it can't be."""
        try:
            sent = send_fds(self.channel, [request], files)
            self.channel.sendall(request[sent:])
        except OSError:
            self.kill()
            return False
        return True

    def starts(self) -> bool:
        """Let the command start; return whether the fork was still there."""
        try:
            self.channel.sendall(b"1")
        except OSError:
            return False
        return True

    def signal(self, number: int) -> None:
        """Send a signal to the command and the processes that it started."""
        with suppress(OSError, ValueError):
            os.killpg(self.pid, number)

    def kill(self) -> None:
        """End the command at once; its end is still to be waited for."""
        self.signal(signal.SIGKILL)
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def reaped(self) -> int:
        """Return the exit code of the fork that has ended, or the negative signal's number."""
        self.channel.close()
        os.close(self.ended)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
