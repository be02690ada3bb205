"""How long one answer takes from the shell: whole processes that take turns.

What they are held against is what any program on the same libraries pays first: importing them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from benchmarks.record import Goal, Row
from benchmarks.timing import Shown, diffcli, processes, python

TORCH, TYPER, SYMPY = "import torch", "import typer, rich", "import sympy, typer, rich"
FORMULA, POINT = "6*x**2+2*x+4", ("--at", "3")


class Case(NamedTuple):
    command: Sequence[str] | Shown
    peer: str
    most: float | None = None


GRAD = diffcli("grad", FORMULA, *POINT)
CASES: Mapping[str, Case] = {
    "grad, all three engines": Case(GRAD, TORCH, 0.8),
    "its certified number, on a terminal": Case(Shown(GRAD, "certified"), TORCH, 0.2),
    "grad --engines enclosure": Case([*GRAD, "--engines", "enclosure"], TYPER, 3.0),
    "grad without a point": Case(diffcli("grad", FORMULA), SYMPY, 1.6),
    "steps": Case(diffcli("steps", FORMULA), SYMPY, 1.6),
    "check": Case(diffcli("check", "x^2", "2x"), SYMPY, 1.6),
    "--version": Case(diffcli("--version"), TYPER),
    "--help": Case(diffcli("--help"), TYPER),
    "functions": Case(diffcli("functions"), TYPER),
}


def rows(quick: bool) -> Iterator[Row]:
    """Yield the whole processes' times."""
    peers = {name: python(name) for name in (TORCH, TYPER, SYMPY)}
    ours = {name: case.command for name, case in CASES.items()}
    times = processes(peers | ours, rounds=3 if quick else 15)
    for name, case in CASES.items():
        least = 1e3 * times[name].least
        yield Row(
            name,
            least,
            peers={case.peer: 1e3 * times[case.peer].least},
            goal=Goal(case.most, case.peer) if case.most else None,
        )
