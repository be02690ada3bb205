"""Command lines, each in a fork of one warm process: limited, timed, and gone afterwards.

The engines are imported once, so that a command takes milliseconds and is still a process of its
own, whose memory, time and children are counted. Run as a program, this is the warm process.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

GIGABYTE = 1 << 30
_PR_SET_CHILD_SUBREAPER = 36
MODULES = (
    "diffcli.differentiation.checks.checker",
    "diffcli.differentiation.checks.samples",
    "diffcli.engines.balls.rules",
    "diffcli.tensors.components",
    "diffcli.engines.matrices.compressed",
    "diffcli.engines.remote",
    "diffcli.engines.symbolic",
    "diffcli.engines.lambdify",
    "diffcli.output.table",
    "diffcli.output.plots.matrix",
    "diffcli.commands.derivatives",
    "matplotlib.backends.backend_svg",
    "scipy.special",
    "scipy.optimize",
    "scipy.sparse",
)


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    ``seconds`` is the time of processors, that of all its descendants too; ``memory`` the largest
    resident size of any of them, in bytes; ``left`` those that it left behind. A negative code is
    a signal.
    """

    code: int
    stdout: str
    stderr: str
    seconds: float
    memory: int
    left: tuple[str, ...]
    size: int
    """Bytes of stdout, of which ``stdout`` has the first million."""


class Commands:
    """The warm process, asked for one command after the other."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(
        self,
        *arguments: str,
        stdin: str = "",
        env: Mapping[str, str | None] | None = None,
        cwd: Path | None = None,
        patience: float = 60,
        memory: int = 3 * GIGABYTE,
        stdout: str | int | None = None,
        closed: Sequence[int] = (),
        hidden: Sequence[str] = (),
        stop: tuple[int, float] | None = None,
    ) -> Ended:
        """Run one command: killed after ``patience`` seconds of the wall's clock.

        ``stdout`` is a file to write to, or how many bytes a reader takes before it goes away;
        ``closed`` are streams that aren't there, ``hidden`` packages that aren't; ``stop`` is a
        signal, and after how many seconds it is sent.
        """
        request = {
            "arguments": arguments,
            "stdin": stdin,
            "env": dict(env or {}),
            "cwd": str(cwd or "/"),
            "patience": patience,
            "memory": memory,
            "stdout": stdout,
            "closed": closed,
            "hidden": hidden,
            "stop": stop,
        }
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        found = json.loads(self._process.stdout.readline())
        return Ended(**found | {"left": tuple(found["left"])})


@contextmanager
def commands() -> Iterator[Commands]:
    environment = {**os.environ, "NO_COLOR": "1", "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"}
    with subprocess.Popen(
        [sys.executable, __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    ) as process:
        yield Commands(process)
        assert process.stdin
        process.stdin.close()


def serve() -> None:
    """Fork a command for each line of standard input; tell how it ended on standard output."""
    from diffcli.engines import worker

    for module in MODULES:
        import_module(module)
    # What is loaded here already is no part of what the worker may map.
    worker.MEMORY += int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    # Descendants whose parent is gone become children of this process, which counts them.
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    for line in sys.stdin:
        sys.stdout.write(json.dumps(_ended(json.loads(line))) + "\n")
        sys.stdout.flush()


def _ended(request: Mapping[str, Any]) -> Mapping[str, Any]:
    streams = [os.memfd_create(name) for name in ("stdin", "stdout", "stderr")]
    os.write(streams[0], request["stdin"].encode(errors="surrogateescape"))
    os.lseek(streams[0], 0, os.SEEK_SET)
    wanted = request["stdout"]
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        if isinstance(wanted, str):
            os.dup2(os.open(wanted, os.O_WRONLY), streams[1])
        elif wanted is not None:
            os.dup2(theirs, streams[1])
        for end in (ours, theirs):
            os.close(end)
        _become(request["arguments"], streams, request)
    os.close(theirs)
    while isinstance(wanted, int) and wanted > 0 and (part := os.read(ours, wanted)):
        wanted -= len(part)
    os.close(ours)
    if request["stop"]:
        number, seconds = request["stop"]
        time.sleep(seconds)
        with suppress(ProcessLookupError):
            os.kill(child, number)
    deadline = time.monotonic() + request["patience"]
    ended, status, used = os.wait4(child, os.WNOHANG)
    while not ended and (patience := deadline - time.monotonic()) > 0:
        signal.sigtimedwait({signal.SIGCHLD}, patience)
        ended, status, used = os.wait4(child, os.WNOHANG)
    if not ended:
        os.killpg(child, signal.SIGKILL)
        _, status, used = os.wait4(child, 0)
    left = _group(child)
    if left:
        os.killpg(child, signal.SIGKILL)
    usages = [used, *_orphans(child)]
    texts = []
    for stream in streams[1:]:
        with os.fdopen(os.dup(stream), "rb") as file:
            file.seek(0)
            texts.append(file.read(1_000_000).decode(errors="surrogateescape"))
    size = os.fstat(streams[1]).st_size
    for stream in streams:
        os.close(stream)
    return {
        "code": os.waitstatus_to_exitcode(status),
        "stdout": texts[0],
        "stderr": texts[1],
        "seconds": sum(each.ru_utime + each.ru_stime for each in usages),
        "memory": max(each.ru_maxrss for each in usages) * 1024,
        "left": left,
        "size": size,
    }


def _group(leader: int) -> list[str]:
    """The processes of a group that are alive a moment after their leader ended."""
    found: list[str] = []
    for _ in range(50):
        found = []
        for entry in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = entry.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == leader and fields[0] != "Z":
                found.append(entry.parent.name)
        if not found:
            break
        time.sleep(0.02)
    return found


def _orphans(group: int) -> Iterator[resource.struct_rusage]:
    """Reap the dead of a group; yield what each used."""
    with suppress(ChildProcessError):
        while True:
            yield os.wait4(-group, 0)[2]


def _become(arguments: Sequence[str], streams: Sequence[int], request: Mapping[str, Any]) -> None:
    from diffcli.cli.main import main

    try:
        os.setsid()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
        for place, stream in enumerate(streams):
            os.dup2(stream, place)
        sys.modules |= dict.fromkeys(request["hidden"])  # type: ignore[arg-type]
        sys.stdin = os.fdopen(0, "r")
        for place in request["closed"]:
            os.close(place)
            setattr(sys, ("stdin", "stdout", "stderr")[place], None)
        os.chdir(request["cwd"])
        for name, value in request["env"].items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
        resource.setrlimit(resource.RLIMIT_DATA, (request["memory"], request["memory"]))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        sys.argv = ["diffcli", *arguments]
        main()
    finally:
        os._exit(99)


if __name__ == "__main__":
    serve()
