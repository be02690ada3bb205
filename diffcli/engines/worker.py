"""Processes of their own for the symbolic engine: they work while torch loads, and can be ended.

The command line forks a *template* before anything heavy is loaded. It imports the engine and
computes nothing: it forks the *worker*, which answers calls, and another one where that had to be
ended. So no process is ever forked from one with threads. All of them end with their parent. The
library, and a platform without fork, do the same work in their own process.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from math import inf
from threading import Lock
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from diffcli import clock
from diffcli.errors import LimitError, OutOfTimeError

if TYPE_CHECKING:
    from socket import socket

T = TypeVar("T")

MODULES = ("diffcli.engines.symbolic", "diffcli.engines.lambdify", "sympy.tensor.tensor")
"""What the engine needs; the last is imported by sympy's printers, when they first print."""

MEMORY = 1 << 30
"""The bytes that the worker may map."""
GRACE = 0.25
"""Seconds of processor time past its deadline after which the worker is ended."""
PATIENCE = 20
"""How many times a call's processor time it is waited for, on a machine that others use."""

_LOAD, _FORK, _END = b"L", b"F", b"E"
_PR_SET_PDEATHSIG = 1


class LostError(Exception):
    """There is no process to ask."""


class Worker:
    """A process that answers one call after the other, forked anew where it was ended."""

    def __init__(self) -> None:
        from socket import socketpair

        self.owner = os.getpid()
        self._control, theirs = socketpair()
        with theirs:
            try:
                self._template = os.fork()
            except OSError:
                self._control.close()
                raise
            if self._template == 0:
                self._control.close()
                _breed(theirs, self.owner)
        self._channel: socket | None = None
        self._is_preparing = False
        self.generation = 0
        self._turn = Lock()

    def prepare(self) -> None:
        """Let the template import the engine, without waiting for it."""
        with self._turn:
            self._prepare()

    def _prepare(self) -> None:
        if not self._is_preparing:
            self._is_preparing = True
            self._command(_LOAD)

    def call(self, function: Callable[..., Any], *arguments: Any, deadline: float = inf) -> Any:
        """Return what a module's function returns there, or raise what it raises.

        Its time goes by on this process's clock too. Soon after the deadline, a reading of
        :func:`diffcli.clock.now`, the worker is ended and OutOfTimeError raised; LimitError where
        its memory doesn't suffice, LostError where there is no template any more.
        """
        from socket import MSG_NOSIGNAL

        with self._turn:
            self._prepare()
            channel = self._channel or self._forked()
            left = deadline - clock.now() + GRACE
            request = pickle.dumps((function, arguments, clock.now(), left))
            channel.settimeout(None if left == inf else PATIENCE * max(left, GRACE))
            try:
                channel.sendall(request, MSG_NOSIGNAL)
                with channel.makefile("rb") as answers:
                    succeeded, answer, reading = pickle.load(answers)  # noqa: S301  from our own
            except TimeoutError:
                self.end()
                raise _out_of_time(deadline) from None
            except (OSError, EOFError, pickle.UnpicklingError) as error:
                if self.end() == signal.SIGPROF:
                    raise _out_of_time(deadline) from None
                raise LimitError("the formula takes too much memory") from error
            except KeyboardInterrupt:
                # Its answer would be taken for that of the next call.
                self.end()
                raise
        clock.set_to(max(reading, clock.now()))
        if succeeded:
            return answer
        raise LimitError("the formula takes too much memory") if answer is None else answer

    def keep_above(self, lowest: int) -> None:
        """Give the descriptors of these processes numbers of at least ``lowest``."""
        self._control = _raised(self._control, lowest)
        self._channel = self._channel and _raised(self._channel, lowest)

    def end(self) -> int:
        """End the worker at once; return the signal that ended it."""
        if self._channel:
            self._channel.close()
            self._channel = None
        self.generation += 1
        self._command(_END)
        if answer := self._control.recv(1):
            return answer[0]
        raise LostError

    def _forked(self) -> socket:
        from socket import socketpair

        ours, theirs = socketpair()
        self._command(_FORK, theirs.fileno())
        theirs.close()
        self._channel = ours
        return ours

    def _command(self, command: bytes, *passed: int) -> None:
        from array import array
        from socket import MSG_NOSIGNAL, SCM_RIGHTS, SOL_SOCKET

        if os.getpid() != self.owner:
            raise LostError
        files = [(SOL_SOCKET, SCM_RIGHTS, array("i", passed))] if passed else []
        try:
            self._control.sendmsg([command], files, MSG_NOSIGNAL)
        except OSError as error:
            raise LostError from error


def _raised(file: socket, lowest: int) -> socket:
    import fcntl
    from socket import socket

    number = fcntl.fcntl(file, fcntl.F_DUPFD_CLOEXEC, lowest)
    file.close()
    return socket(fileno=number)


def _out_of_time(deadline: float) -> OutOfTimeError:
    clock.set_to(max(deadline, clock.now()))
    return OutOfTimeError("the time for the formula ran out")


def _breed(control: socket, parent: int) -> NoReturn:
    """Import and fork as the parent says, until there is no parent any more."""
    from socket import recv_fds, socket

    child = 0
    try:
        _leave_terminal(parent)
        while True:
            command, passed, _, _ = recv_fds(control, 1, 1)
            ended_by = _ended(child) if child else 0
            child = 0
            if command == _LOAD:
                with suppress(ImportError):  # the worker will say so
                    load()
                gc.freeze()  # what is here stays, and its pages are the worker's too
            elif command == _FORK:
                if sys.platform == "linux":
                    _resemble(parent)
                child = os.fork()
                if child == 0:
                    control.close()
                    _serve(socket(fileno=passed[0]), os.getppid())
                os.close(passed[0])
            elif command == _END:
                control.sendall(bytes([ended_by]))
            else:
                break
    finally:
        # Whatever happened, none of the parent's own endings is to be done twice.
        os._exit(0)


def _resemble(parent: int) -> None:
    """Take on the parent's priority and limits, which may have changed since it forked this."""
    import resource

    with suppress(OSError, ValueError):
        priority = os.getpriority(os.PRIO_PROCESS, parent)
        if priority != os.getpriority(os.PRIO_PROCESS, 0):
            os.setpriority(os.PRIO_PROCESS, 0, priority)
        for name in dir(resource):
            if name.startswith("RLIMIT_"):
                limit = getattr(resource, name)
                bounds = resource.prlimit(parent, limit)
                if bounds != resource.getrlimit(limit):
                    resource.setrlimit(limit, bounds)


def _ended(child: int) -> int:
    """End a child; return the signal that ended it."""
    with suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    return max(0, -os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


def _serve(channel: socket, parent: int) -> NoReturn:
    """Answer calls until there is nobody to ask any more."""
    import resource

    try:
        end_with(parent)
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        most = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))
        stream = channel.makefile("rwb")
        while True:
            function, arguments, reading, seconds = pickle.load(stream)  # noqa: S301  the parent's
            clock.set_to(reading)
            # By default this timer's signal ends the process, in the midst of compiled code too.
            signal.setitimer(signal.ITIMER_PROF, 0 if seconds == inf else max(seconds, GRACE))
            answer: tuple[bool, Any]
            try:
                answer = True, function(*arguments)
            except MemoryError:
                answer = False, None
            except Exception as error:  # noqa: BLE001  raised again where it was asked for
                answer = False, error
            pickle.dump((*answer, clock.now()), stream)
            stream.flush()
            signal.setitimer(signal.ITIMER_PROF, 0)
    finally:
        os._exit(0)


def _leave_terminal(parent: int) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with(parent)


def end_with(parent: int) -> None:
    """Let this process end with its parent, however busy it is."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        raise LostError


_worker: Worker | None = None
_owner = 0
"""The process whose first call starts a worker; 0 where none does."""
_starting = Lock()


def load() -> None:
    """Import what the engine needs."""
    for module in MODULES:
        import_module(module)


def start(*, at_once: bool = False) -> None:
    """Fork the template, unless there is one. Only to be called while this process has one thread.

    Where the engine is loaded already, as in a fork of the warm process, there is nothing to gain
    by a template that no call needs, unless ``at_once`` is said: the first call forks it, or
    ``begin``.
    """
    global _owner  # noqa: PLW0603  one process has one worker
    if _worker is not None and _worker.owner == os.getpid():
        return
    _owner = os.getpid() if hasattr(os, "fork") else 0
    if at_once or not sys.modules.keys() >= {*MODULES}:
        begin()


def keep_above(lowest: int) -> None:
    """Give the descriptors of the processes, if there are any, numbers of at least ``lowest``."""
    if _worker is not None:
        _worker.keep_above(lowest)


def renew() -> None:
    """End the worker, if there is one: the next takes on this process's priority and limits."""
    if _worker is not None:
        _worker.end()


def begin() -> Worker | None:
    """Return the worker, after forking its template if that is due; None where there is none.

    Call this before the first thread is started.
    """
    global _worker, _owner  # noqa: PLW0603  one process has one worker
    with _starting:
        if _owner == os.getpid():
            _owner = 0
            with suppress(OSError):  # no process to be had: the work is done in this one
                _worker = Worker()
    return _worker


def generation() -> int:
    """Return how many workers have been ended: what they kept is lost."""
    return _worker.generation if _worker else 0


def adopt() -> None:
    """Let this process, forked from the one that started the worker, ask in its place."""
    global _owner  # noqa: PLW0603  one process has one worker
    _owner = os.getpid() if _owner else 0
    if _worker is not None:
        _worker.owner = os.getpid()


def prepare() -> None:
    """Let the engine be imported meanwhile, where there is a template."""
    if worker := begin():
        with suppress(LostError):
            worker.prepare()


def call(function: Callable[..., T], *arguments: Any, deadline: float = inf) -> T:
    """Call a function in the worker, as :meth:`Worker.call`; LostError where there is none."""
    worker = begin()
    if worker is None:
        raise LostError
    answer: T = worker.call(function, *arguments, deadline=deadline)
    return answer
