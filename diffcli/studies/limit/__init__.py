"""``limit``: where a function of one variable goes, with proof.

``notation`` reads a limit as it is written in a formula, ``place`` the point, its side and
infinity, ``finding`` has the verdict, ``expansions`` writes the expansion that proves it, ``rules``
and ``hospital`` say how it is found by hand, and ``document`` shows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from diffcli.commands.record import Command, Plan, Request
from diffcli.options import (
    AT,
    CHECK_BUDGET,
    CODE,
    COMMON,
    COMPILE,
    DEVICE,
    DTYPE,
    ENGINES,
    NO_CHECK,
    POINTS_FILE,
    SEED,
    VERBOSE,
    Kind,
    Option,
)
from diffcli.output.report import Facts

if TYPE_CHECKING:
    from diffcli.differentiation import Settings
    from diffcli.language.function import Function
    from diffcli.language.points import Point
    from diffcli.output.document import Answer

SIDE = Option(
    "side",
    Kind.TEXT,
    "Side from which the point is neared: both (default), left or right.",
    default="both",
    metavar="SIDE",
    choices=("both", "left", "right"),
)
WRT = Option(
    "wrt",
    Kind.TEXT,
    "Variable that moves (default the only one); the point fixes the others.",
    metavar="NAME",
)
_PLACE = replace(AT, help="Point that is neared: 0, pi/2, inf, -inf, x=0; 0+ or 0- for one side.")
_PATIENCE = replace(
    CHECK_BUDGET,
    help="CPU seconds for the proof (default 5).",
    default=5.0,
    environment=None,
)
_OWN = {AT: _PLACE, CHECK_BUDGET: _PATIENCE}


def plan(request: Request) -> Plan:
    """Return how a limit is found."""
    from diffcli.studies.limit.notation import asked_limit
    from diffcli.studies.limit.place import asked_places

    written = asked_limit(request.formulas, request["wrt"])
    wrt = written.name if written else request["wrt"]
    typed = [f"{written.name}={written.point}"] if written else []
    asked = asked_places([*typed, *(request["at"] or ())], request["side"])

    def compute(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        from diffcli.studies.limit.document import limit_answer
        from diffcli.studies.limit.finding import find
        from diffcli.studies.limit.place import places_of

        timeout = request["timeout"]
        budget = chosen.budget if timeout is None else min(chosen.budget, timeout / 2)
        places = places_of(function, points, asked.side, wrt)
        digits = request["precision"]
        results = [find(function.outputs[0], place, budget, digits or 17) for place in places]
        return limit_answer(Facts.of("limit", function), results)

    formulas = [written.formula] if written else None
    return Plan(compute, formulas=formulas, at=asked.texts, declared=(wrt,) if wrt else ())


COMMAND = Command(
    "limit",
    help="""Find a limit, with proof: at a point, on one side of it, or at infinity.

The answer is a proved number, +inf or -inf, or a proof that there is none: the sides differ, or
the function oscillates. Where nothing is proved it says so, with the numbers next to the point.""",
    examples="""\
diffcli limit "sin(x)/x" --at 0
diffcli limit "lim x->0+ 1/x"
diffcli limit "(1 + 1/x)^x" --at inf
diffcli limit "x^x" --at 0+
diffcli limit "sin(1/x)" --at 0
diffcli limit "((x+h)^3 - x^3)/h" --at "h=0,x=2" --wrt h""",
    common=tuple(_OWN.get(each, each) for each in COMMON),
    options=(SIDE, WRT),
    unused=(POINTS_FILE, *CODE, DTYPE, DEVICE, SEED, ENGINES, NO_CHECK, VERBOSE, COMPILE),
    plan=plan,
)
