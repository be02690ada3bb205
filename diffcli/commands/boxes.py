"""The box that a command is about: ``--in x=0:1,y=0:pi``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from diffcli.errors import PointError
from diffcli.language.expression import Node
from diffcli.language.points import read_ranges
from diffcli.options import CHECK_BUDGET, COMMON, Kind, Option

IN = Option(
    "in",
    Kind.TEXT,
    "Box that it is about: x=0:1,y=0:pi; ends may be inf.",
    metavar="BOX",
    flags=("--in", "--range"),
)
_PATIENCE = replace(
    CHECK_BUDGET,
    help="CPU seconds for the proof (default 20); it says what is proved by then.",
    default=20.0,
    environment=None,
)
PATIENT = tuple(_PATIENCE if each is CHECK_BUDGET else each for each in COMMON)
"""The common options of a command that proves things over a box."""


def read_box(typed: str | None, names: Sequence[str]) -> dict[str, tuple[Node, Node]]:
    """Return every variable's range, in order. Raises PointError where one is missing."""
    ranges = read_ranges(typed, names) if typed else {}
    missing = [name for name in names if name not in ranges]
    if missing:
        example = ",".join(f"{name}=0:1" for name in missing)
        raise PointError(f"no range for {', '.join(missing)}", hint=f"--in {example}")
    return {name: ranges[name] for name in names}
