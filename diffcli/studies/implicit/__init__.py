"""Derivatives of what equations define.

``formulas`` writes them, ``points`` computes and encloses them, ``derivatives`` gives the answer,
``document`` shows it. At a singular point ``germs`` makes a polynomial of the equation, ``puiseux``
finds its real half-branches, ``local`` those of an equation with kinks, and ``described`` says
what follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from diffcli.commands.record import Command, Plan, Request
from diffcli.options import OF_DERIVATIVES, WRT, Kind, Option, variables

if TYPE_CHECKING:
    from diffcli.differentiation import Settings
    from diffcli.language.function import Function
    from diffcli.language.points import Point
    from diffcli.output.document import Answer
    from diffcli.output.report import Report

OF = Option(
    "of", Kind.NAMES, "Variables that depend on the others (default the last).", metavar="NAMES"
)
ORDER = Option(
    "order",
    Kind.WHOLE,
    "Order of the highest derivative (default 1).",
    default=1,
    metavar="N",
    least=1,
)


def plan(request: Request) -> Plan:
    """Return how an equation is differentiated."""
    of, wrt = variables(request["of"]), variables(request["wrt"])

    def compute(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        from diffcli.studies.implicit.document import answer

        return answer(report_of(function, points, chosen, of, wrt, request["order"]))

    return Plan(compute, declared=(*of, *wrt), reader=partial(_read, (*of, *wrt)))


def report_of(
    function: Function,
    points: Sequence[Point],
    chosen: Settings,
    of: Sequence[str],
    wrt: Sequence[str],
    order: int,
) -> Report:
    """Differentiate what equations define, at points or as formulas alone.

    ``of`` are the variables that depend on those of ``wrt``. Raises UsageError where they can't be
    chosen so, PointError where a point doesn't lie on the curve.
    """
    from diffcli.engines.coordinates import arrays_of
    from diffcli.studies.implicit.derivatives import choose, derivatives
    from diffcli.studies.implicit.document import implicit_report
    from diffcli.studies.implicit.rates import Related, rates, unknown_rates

    if isinstance(function, Related):
        unknowns = unknown_rates(function, of)
        answered = rates(function, unknowns, points, chosen, order)
    else:
        unknowns = choose(function, of, wrt)
        answered = derivatives(function, unknowns, points, chosen, order=order)
    arrays = [arrays_of(point, dtype=chosen.dtype, seed=chosen.seed) for point in points]
    return implicit_report(
        function,
        answered,
        [{name: float(value) for name, value in coordinates.items()} for coordinates in arrays],
        dtype=chosen.dtype,
        device=chosen.device,
        warnings=unknowns.choice,
        is_total=isinstance(function, Related),
    )


def _read(asked: Sequence[str], texts: Sequence[str], **known: Any) -> Function:
    from diffcli.studies.implicit.rates import read_related

    return read_related(texts, asked, **known)


COMMAND = Command(
    "implicit",
    help="""Differentiate what an equation makes of a variable: dy/dx where x^2 + y^2 = 25.

Several equations in brackets determine as many variables. The point must lie on the curve. Between
functions of one variable the rates are related: x(t)^2 + y(t)^2 = 25 with x' gives y'.""",
    examples="""\
diffcli implicit "x^2 + y^2 = 25" --at 3,4
diffcli implicit "x^3 + y^3 = 6xy" --at 3,3 --order 2
diffcli implicit "x*y*z = 8" --of z --at 1,2,4
diffcli implicit "[u + v = x, u*v = y]" --of u,v
diffcli implicit "x(t)^2 + y(t)^2 = 25" --at "x=3,y=4,x'=2"\
""",
    options=(OF, WRT, ORDER),
    unused=OF_DERIVATIVES,
    plan=plan,
)
