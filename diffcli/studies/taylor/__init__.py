"""The Taylor polynomial about a point: ``expansion`` computes it, ``document`` shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from diffcli.commands.record import Command, Plan, Request
from diffcli.language.expression import number
from diffcli.language.points import Point
from diffcli.options import CODE, COMPILE, Kind, Option

if TYPE_CHECKING:
    from diffcli.differentiation import Settings
    from diffcli.language.function import Function
    from diffcli.output.document import Answer

ORDER = Option(
    "order", Kind.WHOLE, "Order of the highest term (default 5).", default=5, metavar="N", least=0
)


def plan(request: Request) -> Plan:
    """Return how a formula is expanded."""

    def compute(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        from diffcli.studies.taylor.document import answer
        from diffcli.studies.taylor.expansion import expand

        if not points and function.variables:
            where = ", ".join(f"{name} = 0" for name in function.variables)
            request.host.say(f"about {where}; choose another point with --at")
        points = points or [Point(dict.fromkeys(function.variables, number(0)))]
        order = request["order"]
        found = expand(function, points, chosen, order=order, digits=request["precision"])
        return answer(*found, order)

    return Plan(compute)


COMMAND = Command(
    "taylor",
    help="Expand one formula about a point, or about 0.",
    examples="""\
diffcli taylor "exp(sin(x))" --order 8
diffcli taylor "log(x)" --at 1
diffcli taylor "exp(x)*cos(y)" --at 0,0 --order 2""",
    options=(ORDER,),
    unused=(*CODE, COMPILE),
    plan=plan,
)
