"""Run the benchmarks: ``python -m benchmarks [NAME …] [--quick] [--json FILE]``."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from pathlib import Path

from rich.console import Console

from benchmarks.record import Row, machine, table

WIDTH = 120
"""Of the tables, in a pipe or a file."""

BENCHMARKS: Mapping[str, str] = {
    "startup": "an answer from the shell: whole processes",
    "warm": "an answer from the shell, handed over to the warm process",
    "verdict": "an answer within a process, and its checks alone",
    "throughput": "value and gradient at ten million points",
    "batch": "files of rows, and requests line by line",
    "products": "Hessian and Jacobian times a vector of a million",
    "matrices": "sparse Jacobians and Hessians, and closed forms, against torch",
    "boxes": "statements over boxes: global minima enclosed, inequalities decided",
    "code": "gradients of networks, every entry proved",
    "templates": "large systems written out as text: from the text, and again",
}
"""Every benchmark: the module of its name in this package, which has ``rows(quick)``."""


def rows_of(name: str, *, quick: bool) -> list[Row]:
    """Return what one benchmark measured; ``quick`` asks for fewer rounds and smaller sizes."""
    rows: Callable[[bool], Iterable[Row]] = import_module(f"benchmarks.{name}").rows
    return list(rows(quick))


def main() -> None:
    parser = ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="fewer rounds, smaller sizes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to a file")
    chosen = parser.parse_args()
    if unknown := set(chosen.names) - set(BENCHMARKS):
        parser.error(
            f"no benchmark {', '.join(sorted(unknown))}: there are {', '.join(BENCHMARKS)}"
        )
    about, found = machine(), {}
    console = Console() if sys.stdout.isatty() else Console(width=WIDTH)
    gpu = about["gpu"] or "none: GPU figures are missing"
    console.print(f"{about['date']}, {about['cpu']}, {about['cores']} cores, GPU {gpu}")
    for name in chosen.names or BENCHMARKS:
        found[name] = rows_of(name, quick=chosen.quick)
        console.print()
        console.print(table(f"{name}: {BENCHMARKS[name]}", found[name]))
    if chosen.json:
        benchmarks = {name: [row.document() for row in rows] for name, rows in found.items()}
        text = json.dumps({"machine": about, "benchmarks": benchmarks}, indent=1, allow_nan=False)
        chosen.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
