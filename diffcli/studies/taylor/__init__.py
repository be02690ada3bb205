"""The Taylor polynomial about a point.

``expansion`` computes it, ``document`` shows it, ``picture`` draws those of all orders.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from diffcli.commands.record import Command, Plan, Request
from diffcli.errors import UsageError
from diffcli.language.expression import number
from diffcli.language.points import Point
from diffcli.options import OF_DERIVATIVES, Kind, Option
from diffcli.output.matrices import PICTURES

if TYPE_CHECKING:
    from diffcli.differentiation import Settings
    from diffcli.language.function import Function
    from diffcli.output.document import Answer
    from diffcli.output.report import Report
    from diffcli.studies.taylor.expansion import Expansion

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
        report, expansions = expand(
            function, points, chosen, order=order, digits=request["precision"]
        )
        shown = answer(report, expansions, order, partial(_drawn, function, expansions, report))
        return replace(shown, figure=partial(_beside, function, expansions))

    return Plan(compute)


def _drawn(function: Function, expansions: Sequence[Expansion], report: Report, kind: str) -> bytes:
    """Return the picture of the one expansion; files of matrices hold none."""
    if kind not in PICTURES:
        from diffcli.output.matrices import matrix_file

        return matrix_file(report, kind)
    if len(expansions) > 1:
        raise UsageError("several points, and one expansion is drawn", hint="draw them one by one")
    from diffcli.output.plots.style import Canvas
    from diffcli.studies.taylor.picture import expansion_figure

    return expansion_figure(function, expansions[0], Canvas(kind=kind))


def _beside(function: Function, expansions: Sequence[Expansion]) -> str | None:
    """Return the polynomials as a figure of HTML, else the function alone if it can be drawn."""
    from diffcli.errors import DiffcliError
    from diffcli.output.plots.beside import figure_beside
    from diffcli.output.plots.inline import described
    from diffcli.output.plots.inline_svg import svg_figure
    from diffcli.studies.taylor.picture import expansion_picture

    if len(function.variables) != 1 or len(expansions) != 1:
        return figure_beside(function, ())
    try:
        picture = expansion_picture(function, expansions[0])
        return svg_figure(picture.paint, described(picture))
    except (DiffcliError, ArithmeticError):
        return None


COMMAND = Command(
    "taylor",
    help="""Expand one formula about a point, or about 0.

-o taylor.png draws a formula of one variable with its polynomials T1, T2, ….""",
    examples="""\
diffcli taylor "exp(sin(x))" --order 8
diffcli taylor "log(x)" --at 1
diffcli taylor "sin(x)" --order 7 -o taylor.png
diffcli taylor "exp(x)*cos(y)" --at 0,0 --order 2""",
    options=(ORDER,),
    unused=OF_DERIVATIVES,
    beside=PICTURES,
    plan=plan,
)
