"""``diffcli taylor``: the Taylor polynomial about a point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from typer import Option

from diffcli.cli.answer import serve
from diffcli.cli.messages import say
from diffcli.cli.options import Common, Formulas
from diffcli.derivation import Settings
from diffcli.language.expression import number
from diffcli.language.function import Function
from diffcli.language.points import Point
from diffcli.output.document import Answer

_Order = Annotated[
    int,
    Option("--order", metavar="N", help="Of the highest term; 5.", min=0, show_default=False),
]


def taylor(formulas: Formulas = None, *, common: Common, order: _Order = 5) -> int:
    """Expand one formula about a point, or about 0."""

    def study(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        from diffcli.studies.taylor.document import answer
        from diffcli.studies.taylor.expansion import expand

        if not points and function.variables:
            where = ", ".join(f"{name} = 0" for name in function.variables)
            if not common.quiet:
                say(f"about {where}; choose another point with --at")
        points = points or [Point(dict.fromkeys(function.variables, number(0)))]
        digits = common.precision
        report, found = expand(function, points, chosen, order=order, digits=digits)
        return answer(report, found, order)

    return serve(study, formulas or (), common)
