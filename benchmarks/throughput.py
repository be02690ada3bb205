"""How many derivatives a second: value and gradient of a formula at 10^7 points.

Nanoseconds a point, the least of some rounds that take turns; memory is what a process holds at
most beyond its inputs and results.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from benchmarks.formulas import FORMULAS, Formula, limit, peers
from benchmarks.record import LIMIT, Goal, Row
from benchmarks.timing import interleaved, python
from diffcli.engines.throughput import Evaluator
from diffcli.engines.throughput.compiled import CompilerError
from diffcli.language.parser import parse

POINTS = 10_000_000
MEMORY = """
import torch
from diffcli.engines.throughput import Evaluator
from diffcli.language.parser import parse
evaluator = Evaluator(parse({text!r}, variables=list({variables!r})), way={way!r})
def held():
    # What getrusage says would be at least what the process that started this one holds.
    lines = open("/proc/self/status").read().splitlines()
    return [int(line.split()[1]) for line in lines if line.startswith("VmHWM")][0]
columns = {{name: torch.rand({points}, dtype=torch.float64).add_(0.5) for name in {variables!r}}}
memory = evaluator.allocate({points}).fill_(0)
evaluator.evaluate({{name: each[:1_000] for name, each in columns.items()}})
before = held()
evaluator.evaluate(columns, memory=memory)
print((held() - before) / 1024)
"""


def rows(quick: bool) -> Iterator[Row]:
    """Yield the rows of each formula; at a tenth of the points where it is to be quick."""
    points = POINTS // 10 if quick else POINTS
    for formula in FORMULAS:
        yield from _times(formula, points, rounds=3 if quick else 9)
        yield _memory(formula, points)


def _times(formula: Formula, points: int, rounds: int) -> Iterator[Row]:
    random = np.random.default_rng(0)
    inputs = [random.uniform(0.5, 1.5, points) for _ in formula.variables]
    outputs = [np.empty(points) for _ in range(len(inputs) + 1)]
    columns = dict(zip(formula.variables, inputs, strict=True))
    runs: dict[str, Callable[[], Any]] = {LIMIT: limit(formula, inputs, outputs)}
    for way in ("compiled", "emitted", "chunked"):
        evaluator = Evaluator(parse(formula.text, variables=list(columns)), way=way)
        memory = evaluator.allocate(points)
        runs[way] = partial(evaluator.evaluate, columns, memory=memory)
    try:
        runs["compiled"]()
    except CompilerError:
        del runs["compiled"]
    others = dict(peers(formula, inputs))
    runs |= {name: others.pop(name) for name in ("jax",) if name in others}
    seconds = interleaved(runs, rounds) | interleaved(others, 2)
    times = {name: found.least / points * 1e9 for name, found in seconds.items()}
    fused = times.pop(LIMIT)
    ours = {way: times.pop(way) for way in ("compiled", "emitted", "chunked") if way in times}
    goals = {"compiled": Goal(1.5, LIMIT), "emitted": Goal(6, LIMIT)}
    for way, nanoseconds in ours.items():
        yield Row(
            f"{formula.name}, {way}", nanoseconds, "ns", times, fused, goals.get(way),
            note=f"{points:.0e} points",
        )  # fmt: skip
    yield Row(f"{formula.name}, emitted", ours["emitted"], "ns", times, fused, Goal(1 / 3.5, "jax"))


def _memory(formula: Formula, points: int) -> Row:
    code = MEMORY.format(
        text=formula.text, variables=formula.variables, way="emitted", points=points
    )
    done = subprocess.run(python(code), capture_output=True, text=True, check=True)  # noqa: S603
    return Row(f"{formula.name}, memory", float(done.stdout), "MB", goal=Goal(32))
