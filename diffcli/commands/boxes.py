"""The box that a command is about: ``--in x=0:1,y=0:pi``, by components ``x=[0:1,0:2]``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf

from diffcli.commands.record import Request
from diffcli.differentiation.settings import Settings
from diffcli.errors import PointError
from diffcli.language.declarations import Shape
from diffcli.language.expression import Node
from diffcli.language.function import Function
from diffcli.language.ranges import Ends, Ranges, numbers_alone, read_box
from diffcli.options import CHECK_BUDGET, COMMON, Kind, Option

IN = Option(
    "in",
    Kind.TEXT,
    "Box that it is about: x=0:1,y=0:pi, of a vector x=[0:1,0:2]; ends may be inf.",
    metavar="BOX",
    flags=("--in", "--range"),
)
_PATIENCE = replace(
    CHECK_BUDGET,
    help="CPU seconds for the proof (default 20); it says what is proved by then.",
    default=20.0,
    environment=None,
)
PATIENT = tuple(_PATIENCE if option is CHECK_BUDGET else option for option in COMMON)
"""The common options of a command that proves things over a box."""


def patience(request: Request, chosen: Settings) -> tuple[float, float]:
    """Return the seconds that a proof may take, of the processor and on the wall.

    What is proved within ``--timeout`` can be told only if the proof ends before it.
    """
    timeout = request["timeout"]
    if timeout is None:
        return chosen.budget, inf
    return min(chosen.budget, timeout / 2), timeout / 2


def whole_box(typed: str | None, names: Sequence[str]) -> dict[str, Ranges]:
    """Read every variable's range, in order. Raises PointError where one is missing."""
    ranges = read_box(typed, names) if typed else {}
    missing = [name for name in names if name not in ranges]
    if missing:
        example = ",".join(f"{name}=0:1" for name in missing)
        raise PointError(f"no range for {', '.join(missing)}", hint=f"--in {example}")
    return {name: ranges[name] for name in names}


def box_of_numbers(typed: str | None, names: Sequence[str]) -> dict[str, Ends]:
    """Read every variable's range, of which none is a tensor. Raises PointError for others."""
    return numbers_alone(whole_box(typed, names))


@dataclass(frozen=True)
class Components:
    """A function of numbers over a box: the components of tensors are variables and outputs.

    ``shapes`` are those of the terms before, empty where all were numbers.
    """

    function: Function
    ranges: Mapping[str, Ends]
    shapes: Mapping[Node, Shape]


def by_components(function: Function, box: Mapping[str, Ranges]) -> Components:
    """Return a function over a box as one of numbers.

    Raises UsageError where the operations don't take the shapes of the box.
    """
    ranges = {
        part: ends
        for name, ranges in box.items()
        for part, ends in ranges.by_component(name).items()
    }
    if not function.has_tensors and not any(ranges.shape for ranges in box.values()):
        return Components(function, ranges, {})
    from diffcli.tensors.components import expand
    from diffcli.tensors.shapes import shapes_of

    sizes = {name: ranges.shape for name, ranges in box.items()}
    shapes = shapes_of(function, sizes)
    return Components(expand(function, shapes, sizes), ranges, shapes)
