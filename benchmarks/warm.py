"""Answers of the warm process: whole client processes that take turns with cold ones and peers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks.record import Goal, Row
from benchmarks.timing import ROOT, interleaved, python

CLIENT = python("from diffcli.cli.entry import main; main()")
TORCH = python("import torch")
BARE = [sys.executable, "-S", "-c", "pass"]
FORMULA = "exp(-x^2)*sin(3x)"
GRAD = ("grad", FORMULA, "--at", "3", "--json")
PLOT = ("plot", "tan(x)", "-q", "-o", "tan.png")
PEERS = {
    "qalc": ["qalc", "-t", "diff(e^(-x^2)*sin(3x), x)"],
    "maxima": ["maxima", "--very-quiet", "--batch-string", "diff(exp(-x^2)*sin(3*x), x);"],
}
COMMANDS = 1_000
SECONDS = 60.0
"""For so many commands one after the other."""


class Case(NamedTuple):
    command: Sequence[str]
    peer: str
    most: float


CASES: Mapping[str, Case] = {
    "grad, three engines": Case([*CLIENT, *GRAD], "import torch", 0.06),
    "plot to a file": Case([*CLIENT, *PLOT], "plot, cold", 0.3),
    "--help": Case([*CLIENT, "--help"], "python -S -c pass", 3.0),
}


def rows(quick: bool) -> Iterator[Row]:
    """Yield the whole processes' times; the warm process is started, and stopped, here."""
    rounds = 3 if quick else 15
    with TemporaryDirectory() as folder:
        # Byte code is kept, as an installation has it.
        environment = {
            **os.environ,
            "XDG_RUNTIME_DIR": folder,
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "",
        }
        environment.pop("DIFFCLI_WARM", None)

        def process(command: Sequence[str], **more: str) -> Callable[[], object]:
            return partial(
                subprocess.run,
                command,
                env=environment | more,
                cwd=folder,
                check=True,
                stdout=subprocess.DEVNULL,
            )

        runs = {name: process(case.command) for name, case in CASES.items()}
        runs["import torch"] = process(TORCH)
        runs["python -S -c pass"] = process(BARE)
        runs["plot, cold"] = process([*CLIENT, *PLOT], DIFFCLI_WARM="0")
        runs |= {name: process(PEERS[name]) for name in PEERS if shutil.which(name)}
        process([*CLIENT, "warm", "start"])()
        try:
            times = interleaved(runs, rounds)
            count = COMMANDS // 20 if quick else COMMANDS
            in_turn = partial(_repeat, runs["grad, three engines"], count)
            whole = interleaved({"in turn": in_turn}, 1, warm=False)["in turn"]
        finally:
            process([*CLIENT, "warm", "stop"])()
    for name, case in CASES.items():
        peers = {case.peer: 1e3 * times[case.peer].least}
        yield Row(name, 1e3 * times[name].least, peers=peers, goal=Goal(case.most, case.peer))
    for peer in filter(times.__contains__, PEERS):
        ours = 1e3 * times["grad, three engines"].least
        theirs = {peer: 1e3 * times[peer].least}
        yield Row(f"grad, beside {peer}", ours, peers=theirs, goal=Goal(1.0, peer))
    yield Row(
        f"{count:,} commands one after the other",
        1e3 * whole.least,
        goal=Goal(1e3 * SECONDS * count / COMMANDS),
    )


def _repeat(run: Callable[[], object], count: int) -> None:
    for _ in range(count):
        run()
