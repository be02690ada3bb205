"""A file of ten million rows: value and gradient of a five-variable formula, Parquet to Parquet.

Against the bare vectorised evaluation in memory, which is what a user would write by hand: torch's
eager forward and backward pass on columns that are tensors already. And, stricter, against this
project's own evaluator called on them. And what the whole process holds at most. A thousand mixed
requests, every twentieth bad, as whole processes.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from benchmarks.formulas import FORMULAS, eager
from benchmarks.record import Goal, Row
from benchmarks.timing import interleaved, python
from diffcli.batch.results import Results
from diffcli.batch.run import Plan, Target, run
from diffcli.engines.throughput import Evaluator
from diffcli.language.parser import parse
from diffcli.rows.formats import look

FORMULA = next(each for each in FORMULAS if each.name == "five variables")
POINTS = 10_000_000
REQUESTS = 1_000
EAGER, EVALUATOR, REUSED = "torch eager", "our evaluator", "our evaluator, memory reused"
MEMORY = """
from diffcli.cli.main import run
assert run(["batch", {formula!r}, "--points", {source!r}, "-o", {target!r}, "-q"]) == 0
# What getrusage says would be at least what the process that started this one holds.
lines = open("/proc/self/status").read().splitlines()
print([int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")][0])
"""
ANSWERS = """
from diffcli.cli.main import run
assert run(["batch", {source!r}, "-o", {target!r}]) == 3
"""


def rows(quick: bool) -> Iterator[Row]:
    """Yield the time and the memory of a file of rows, and the time of requests."""
    points = POINTS // 10 if quick else POINTS
    with TemporaryDirectory() as folder:
        source, target = Path(folder, "p.parquet"), Path(folder, "g.parquet")
        random = np.random.default_rng(0)
        columns = {name: random.uniform(0.5, 1.5, points) for name in "abcde"}
        parquet.write_table(pa.table(columns), source)
        yield from _rates(columns, source, target, rounds=3 if quick else 5)
        code = MEMORY.format(formula=FORMULA.text, source=str(source), target=str(target))
        held = subprocess.run(python(code), capture_output=True, text=True, check=True)  # noqa: S603
        yield Row("Parquet to Parquet, memory", float(held.stdout), "MB", goal=Goal(1000))
        requests, answers = Path(folder, "r.jsonl"), Path(folder, "a.jsonl")
        count = REQUESTS // 10 if quick else REQUESTS
        requests.write_text("".join(map(_request, range(count))), encoding="utf-8")
        code = ANSWERS.format(source=str(requests), target=str(answers))
        begun, before = perf_counter(), os.times()
        subprocess.run(python(code), capture_output=True, check=True)  # noqa: S603
        seconds, after = perf_counter() - begun, os.times()
        yield Row(f"{count:,} requests", seconds, "s", goal=Goal(20))
        spent = sum(after[2:4]) - sum(before[2:4])
        yield Row(f"{count:,} requests, processor time", spent, "s", goal=Goal(20))


def _rates(
    columns: dict[str, np.ndarray], source: Path, target: Path, rounds: int
) -> Iterator[Row]:
    function, points = parse(FORMULA.text, variables=list(columns)), columns["a"].size
    evaluator = Evaluator(function, way="emitted")
    memory = evaluator.allocate(points)
    plans = {
        "the results alone": Plan(Results(function, ("value", "grad")), keep=()),
        "with the five columns": Plan(Results(function, ("value", "grad"))),
    }
    there = Target(target, "parquet")
    runs: dict[str, Callable[[], object]] = {
        name: partial(run, plan, look(source, None), there, lambda _: None)
        for name, plan in plans.items()
    }
    runs |= {
        EAGER: eager(FORMULA, list(columns.values())),
        EVALUATOR: partial(evaluator.evaluate, columns),
        REUSED: partial(evaluator.evaluate, columns, memory=memory),
        "a copy of the input": partial(shutil.copyfile, source, target),
    }
    spent: dict[str, list[float]] = {name: [] for name in runs}
    times = interleaved({name: _metered(each, spent[name]) for name, each in runs.items()}, rounds)
    wall = {name: found.least / points * 1e9 for name, found in times.items()}
    processor = {name: min(found) / points * 1e9 for name, found in spent.items()}
    for what, found in (("", wall), (", processor time", processor)):
        peers = {name: each for name, each in found.items() if name not in plans}
        for name, against in product(plans, (EAGER, EVALUATOR)):
            yield Row(
                f"Parquet to Parquet, {name}{what}", found[name], "ns", peers,
                goal=Goal(2, against), note=f"{points:.0e} rows",
            )  # fmt: skip


def _metered(run: Callable[[], object], spent: list[float]) -> Callable[[], None]:
    """Return a function that notes the seconds of processor time, of all threads, that it takes."""

    def metered() -> None:
        begun = process_time()
        run()
        spent.append(process_time() - begun)

    return metered


MIXED = (
    "x^2*sin(y) + exp(x*y)/(1+x^2)",
    "x^3*y^2 - ln(x+y)",
    "sqrt(x^2+y^2)*cos(x)",
    "atan2(y,x) + x*y",
    "gamma(x+1)*y",
    "tanh(x*y)^2",
)
KINDS = ("eval", "grad", "partial", "hessian", "jvp", "hvp", "laplacian")
VECTOR: dict[str, object] = {"vector": {"x": 1, "y": -1}}
MORE: Mapping[str, dict[str, object]] = {
    "partial": {"wrt": ["x", "y"]},
    "jvp": VECTOR,
    "hvp": VECTOR,
}


def _request(number: int) -> str:
    """Return a line: every twentieth is none."""
    if number % 20 == 7:
        return f'{{"id": {number}, "expression": "sinx +", "at": 1}}\n'
    kind = KINDS[number % len(KINDS)]
    at = {"x": 0.2 + number / 700, "y": 2.1 - number / 600}
    request: dict[str, object] = {
        "id": number,
        "kind": kind,
        "expression": MIXED[number % len(MIXED)],
        "at": at,
    }
    return json.dumps(request | MORE.get(kind, {})) + "\n"
