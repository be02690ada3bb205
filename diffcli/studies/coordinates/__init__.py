"""Gradient, Laplacian, divergence and curl in polar, cylindrical and spherical coordinates.

``systems`` has the coordinates and their scale factors, ``fields`` the formulas and their proof.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from diffcli.commands.record import Plan, Request
from diffcli.errors import UsageError
from diffcli.language.parser import parse
from diffcli.options import Kind, Option, one_of, variables
from diffcli.output.answers import answer_of

if TYPE_CHECKING:
    from diffcli.differentiation import Settings
    from diffcli.language.function import Function
    from diffcli.language.points import Point
    from diffcli.output.document import Answer

COORDINATES = Option(
    "coordinates",
    Kind.TEXT,
    "Coordinates of the variables: cartesian (default), polar, cylindrical or spherical.",
    default=None,
    metavar="SYSTEM",
)
CURVED = ("cartesian", "polar", "cylindrical", "spherical")


def is_curved(request: Request) -> bool:
    """Whether a request is about other coordinates. Raises UsageError for unknown ones."""
    if request.options.get("coordinates") is None:
        return False
    one_of(request["coordinates"], CURVED, "--coordinates")
    return bool(request["coordinates"] != "cartesian")


def plan(request: Request) -> Plan:
    """Return how an operator is computed in curvilinear coordinates."""
    from diffcli.studies.coordinates.systems import SYSTEMS

    if request["py"] is not None or request["dtype"] == "complex128":
        raise UsageError("--coordinates goes with formulas of real numbers")
    if request.options.get("wrt") or request.options.get("order", 1) != 1:
        raise UsageError("--coordinates goes without --wrt and --order")
    system, declared = SYSTEMS[request["coordinates"]], variables(request["vars"])

    def read(texts: Sequence[str], **known: Any) -> Function:
        used = parse(texts, **{**known, "variables": ()}).variables
        names = system.chosen(used, declared)
        return parse(texts, **{**known, "variables": names})

    def compute(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        from diffcli.studies.coordinates.fields import differentiated

        where = system.meaning.format(*function.variables)
        request.host.say(f"{', '.join(function.variables)}: {where}")
        return answer_of(differentiated(request.command, system, function, points, chosen))

    return Plan(compute, reader=read)
