"""The box that a command is about: ``--in x=0:1,y=0:pi``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from typer import Option

from diffcli.cli.options import CHECKS, Common, option
from diffcli.errors import PointError
from diffcli.language.expression import Node
from diffcli.language.points import read_ranges

In = Annotated[
    str | None,
    Option(
        "--in", "--range", metavar="BOX", help="x=0:1,y=0:pi; ends may be inf.", show_default=False
    ),
]
_PATIENCE = "CPU seconds for the proof (default 20); it says what is proved by then."


@dataclass(frozen=True)
class Patient(Common):
    """The common options of a command that proves things over a box."""

    check_budget: Annotated[
        float, option("--check-budget", CHECKS, "SECONDS", _PATIENCE, min=0)
    ] = 20.0


def read_box(typed: str | None, names: Sequence[str]) -> dict[str, tuple[Node, Node]]:
    """Return every variable's range, in order. Raises PointError where one is missing."""
    ranges = read_ranges(typed, names) if typed else {}
    missing = [name for name in names if name not in ranges]
    if missing:
        example = ",".join(f"{name}=0:1" for name in missing)
        raise PointError(f"no range for {', '.join(missing)}", hint=f"--in {example}")
    return {name: ranges[name] for name in names}
