"""``bounds``: the proved range of a function over a box, of its partials, and what follows.

``ranges`` finds the least and the greatest values, ``pieces`` parts a range next to infinity and
to points without a value, ``statement`` has what follows for growth, convexity and Lipschitz
constants, ``document`` lays it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from diffcli.commands.boxes import IN, PATIENT, by_components, patience, whole_box
from diffcli.commands.record import Command, Plan, Request
from diffcli.errors import UsageError
from diffcli.language.ranges import names_of_box
from diffcli.options import CERTIFICATE, OF_DERIVATIVES, OF_POINTS, Kind, Option
from diffcli.output.report import Facts

if TYPE_CHECKING:
    from diffcli.differentiation import Settings
    from diffcli.language.function import Function
    from diffcli.language.points import Point
    from diffcli.output.document import Answer

TOL = Option(
    "tol",
    Kind.REAL,
    "Relative width of the bounds (default 1e-6).",
    default=1e-6,
    metavar="T",
    least=1e-12,
)


def plan(request: Request) -> Plan:
    """Return how a function is bounded."""
    if request["at"] or request["points"]:
        raise UsageError("bounds looks at a box, not at a point", hint="--in x=0:1")

    def compute(function: Function, _: Sequence[Point], chosen: Settings) -> Answer:
        from diffcli.studies.bounds.document import bounds_answer
        from diffcli.studies.bounds.statement import state

        if not function.is_scalar or not function.variables:
            raise UsageError("bounds takes one formula with a variable", hint="x^2 --in x=0:1")
        parts = by_components(function, whole_box(request["in"], function.variables))
        if len(parts.function.outputs) > 1:
            raise UsageError("bounds takes a formula of one number", hint="sum, norm, or x[0]")
        found = state(parts.function, parts.ranges, request["tol"], *patience(request, chosen))
        told = (f"{found.boxes:,} boxes",)
        facts = Facts.of("bounds", function, dtype=chosen.dtype, device=chosen.device, told=told)
        answer = bounds_answer(found, facts)
        if (path := request["certificate"]) is None:
            return answer
        from diffcli.export.box_certificate import bounds_certificate

        return replace(answer, files={path: bounds_certificate(found, function.read_as)})

    return Plan(compute, declared=names_of_box(request["in"] or ""))


COMMAND = Command(
    "bounds",
    help="""Bound a function and its partials over a box, with proof.

The least and the greatest value, each between two bounds, and points next to it; in which
variables the function is monotone, whether it is convex, and its Lipschitz constants.""",
    examples="""\
diffcli bounds "x*sin(y)" --in "x=0:1,y=0:pi"
diffcli bounds "x^2 - exp(x)" --in x=-2:2 --tol 1e-9
diffcli bounds "logsumexp(x)" --in "x=[0:1,-1:1,0:2]\"""",
    common=PATIENT,
    options=(IN, TOL, CERTIFICATE),
    unused=(*OF_POINTS, *OF_DERIVATIVES),
    plan=plan,
)
