"""The warm process itself: it is started as a program, loads everything, and answers commands."""

from __future__ import annotations

import contextlib
import fcntl
import gc
import os
import signal
import sys
import tempfile
from functools import _lru_cache_wrapper
from importlib import import_module
from pathlib import Path
from socket import AF_UNIX, SOCK_STREAM, socket

from diffcli.cli.warm import address
from diffcli.cli.warm.freshness import Installation
from diffcli.cli.warm.pages import Written
from diffcli.cli.warm.server import Server
from diffcli.engines import worker

MAX_WAITING = 128
"""Connections that wait to be accepted."""

_HUGE_PAGE = 1 << 21
_MADV_COLLAPSE = 25
"""Advice of Linux 6.1 and later."""

MODULES = (
    *worker.MODULES,
    "diffcli.commands.derivatives",
    "diffcli.differentiation.checks.checker",
    "diffcli.differentiation.checks.samples",
    "diffcli.engines.balls.rules",
    "diffcli.engines.matrices.compressed",
    "diffcli.engines.remote",
    "diffcli.output.notes",
    "diffcli.output.table",
    "diffcli.tensors.components",
    "diffcli.tensors.lines",
    "diffcli.tensors.matrices",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "scipy.optimize",
    "scipy.special",
)
"""Modules that commands load besides their own."""

WARM_UP = (
    ("grad", "exp(-x^2)*sin(3x)", "--at", "3"),
    ("grad", "x^2*y", "--at", "1,2", "--json"),
    ("hessian", "x^2*y + sin(x*y)", "--at", "1,2"),
    ("jacobian", "x.T @ A @ x", "--at", "x=[1,2],A=[[1,2],[3,4]]"),
    ("check", "x^2", "2x"),
    ("steps", "x^2*sin(x)"),
    ("plot", "tan(x)", "-q", "-o", "tan.png"),
    ("plot", "sin(x)", "-q", "-o", "sin.svg"),
    ("--help",),
)
"""Commands that are answered first: they fill the caches of the libraries."""


def serve(idle: float, ready: int | None = None) -> None:
    """Load everything and answer commands, until there were none for ``idle`` seconds.

    One byte is written to the descriptor ``ready``: 1 once commands are answered, 0 where another
    process answers already. Raises UnsafeError where the socket's folder isn't safe.
    """
    if not sys.flags.safe_path:
        sys.path.pop(0)  # the working folder, which ``-m`` puts there
    os.chdir("/")
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    identity = address.identity()
    folder = address.folder(make=True)
    path = address.socket_path(folder, identity)
    lock = _lock(path)
    if lock is not None:
        before = Installation()
        _load(folder)
        written = Written.by(_answer_as_ever)
        server = Server(_listener(path), path, lock, identity, before, idle, written)
    if ready is not None:
        os.write(ready, b"0" if lock is None else b"1")
        os.close(ready)
        os.dup2(1, 2)  # whoever started it no longer reads its errors
    if lock is not None:
        server.run()


def _lock(path: str) -> int | None:
    """Return a descriptor that locks this socket for one process; None where another has it."""
    lock = os.open(f"{path}.lock", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None
    return lock


def _listener(path: str) -> socket:
    """Return a socket at the path, in place of one that a process left which was killed."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)  # noqa: PTH108  (a path of bytes or text)
    listener = socket(AF_UNIX, SOCK_STREAM)
    before = os.umask(0o177)
    listener.bind(path)
    os.umask(before)
    listener.listen(MAX_WAITING)
    listener.setblocking(False)
    return listener


def _load(folder: str) -> None:
    """Import what commands import, and answer a few of them in a folder of their own."""
    import matplotlib as mpl
    import torch

    from diffcli.cli.commands import command, names
    from diffcli.cli.main import run

    for module in MODULES:
        import_module(module)
    for name in names():
        command(name)
    mpl.rcdefaults()
    threads = torch.get_num_threads()
    # A pool of threads would be lost in a fork.
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(dir=folder) as own, contextlib.chdir(own):
        for arguments in WARM_UP:
            run(arguments)
    torch.set_num_threads(threads)
    _close_fonts()
    # A fork writes what is in these buffers once more, and reads TMPDIR of its own.
    sys.stdout.flush()
    sys.stderr.flush()
    tempfile.tempdir = None
    # What is loaded here is no part of what the worker of a command may map.
    count = int(Path("/proc/self/statm").read_text().split()[0])
    worker.MEMORY += count * os.sysconf("SC_PAGE_SIZE")
    gc.collect()
    gc.freeze()
    _join_pages()


def _answer_as_ever() -> None:
    """Answer what commands do most, as a fork does."""
    from diffcli.cli.main import run

    gc.set_threshold(1_000_000)
    for arguments in WARM_UP[:2]:
        run(arguments)


def _join_pages() -> None:
    """Let the kernel join small pages to huge ones, where it can.

    Each fork copies the table of pages, and takes it apart at its end.
    """
    import ctypes

    madvise = ctypes.CDLL(None).madvise
    for line in Path("/proc/self/maps").read_text().splitlines():
        addresses, mode, _, _, inode, *_ = line.split()
        first, end = (int(address, 16) for address in addresses.split("-"))
        first = -(-first // _HUGE_PAGE) * _HUGE_PAGE
        if mode == "rw-p" and inode == "0" and first + _HUGE_PAGE <= end:
            madvise(ctypes.c_void_p(first), ctypes.c_size_t(end - first), _MADV_COLLAPSE)


def _close_fonts() -> None:
    """Close the files of fonts: forks would share the place in them that is read next."""
    for kept in gc.get_objects():
        if isinstance(kept, _lru_cache_wrapper) and kept.__module__.startswith("matplotlib."):
            kept.cache_clear()


if __name__ == "__main__":
    own = [int(number) for number in sys.argv[2:]]
    # What else the starting command had open isn't this process's to keep.
    lowest = 3
    for number in sorted(own):
        os.closerange(lowest, number)
        lowest = number + 1
    os.closerange(lowest, os.sysconf("SC_OPEN_MAX"))
    serve(float(sys.argv[1]), *own)
    os._exit(0)
