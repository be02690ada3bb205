"""A file of ten million rows: value and gradient of a five-variable formula, Parquet to Parquet.

Against the bare vectorised evaluation in memory: the same evaluator's call on the same columns,
chunks and threads, which returns new results as any call does, nothing read or written. Beside it
the same into memory that is there already. And what the whole process holds at most. A thousand
mixed requests, every twentieth bad, as whole processes.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from benchmarks.record import Goal, Row
from benchmarks.timing import interleaved, python
from diffcli.batch.reading import look
from diffcli.batch.results import Results
from diffcli.batch.run import Plan, Target, run
from diffcli.engines.throughput import Evaluator
from diffcli.language.parser import parse

FORMULA = "a^3*b^2/ln(c+1) + exp(a*d)*cos(b*c) + sqrt(a^2+b^2)*ln(d^2+e^2)"
POINTS = 10_000_000
REQUESTS = 1_000
IN_MEMORY, REUSED = "in memory", "into reused memory"
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
        code = MEMORY.format(formula=FORMULA, source=str(source), target=str(target))
        held = subprocess.run(python(code), capture_output=True, text=True, check=True)  # noqa: S603
        yield Row("Parquet to Parquet, memory", float(held.stdout), "MB", goal=Goal(1000))
        requests, answers = Path(folder, "r.jsonl"), Path(folder, "a.jsonl")
        count = REQUESTS // 10 if quick else REQUESTS
        requests.write_text("".join(map(_request, range(count))), encoding="utf-8")
        code = ANSWERS.format(source=str(requests), target=str(answers))
        begun = perf_counter()
        subprocess.run(python(code), capture_output=True, check=True)  # noqa: S603
        yield Row(f"{count:,} requests", perf_counter() - begun, "s", goal=Goal(20))


def _rates(
    columns: dict[str, np.ndarray], source: Path, target: Path, rounds: int
) -> Iterator[Row]:
    function, points = parse(FORMULA, variables=list(columns)), columns["a"].size
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
    copy = partial(shutil.copyfile, source, target)
    bare: dict[str, Callable[[], object]] = {
        IN_MEMORY: partial(evaluator.evaluate, columns),
        REUSED: partial(evaluator.evaluate, columns, memory=memory),
    }
    times = interleaved(runs | bare | {"a copy of the input": copy}, rounds)
    peers = {name: found.least / points * 1e9 for name, found in times.items() if name not in plans}
    for name in plans:
        yield Row(
            f"Parquet to Parquet, {name}", times[name].least / points * 1e9, "ns", peers,
            goal=Goal(2, IN_MEMORY), note=f"{points:.0e} rows",
        )  # fmt: skip


FORMULAS = (
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
        "expression": FORMULAS[number % len(FORMULAS)],
        "at": at,
    }
    return json.dumps(request | MORE.get(kind, {})) + "\n"
