"""``prove``: whether a claim holds on all of a box.

``claims`` reads a claim, ``question`` is one with its region and effort. ``comparison`` decides by
branch and bound, ``logic`` where comparisons are joined by ``or``, ``touching`` where both sides
are equal, ``exactness`` at single points, ``domain`` where a formula has a value, ``reduction``
in fewer variables, ``factors`` by factors, which ``atoms`` finds beyond polynomials, ``stretches``
next to infinity and to single points by the signs of ``tails``, ``squaring`` without a square
root, ``inverses`` without the outermost function, ``values`` by the ranges of functions. ``growth``
has monotonicity, convexity and Lipschitz bounds, ``curvature`` rules of composition. ``answers``
and ``document`` say what was proved.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from diffcli.commands.boxes import IN, PATIENT, patience, whole_box
from diffcli.commands.record import Command, Plan, Request
from diffcli.errors import UsageError
from diffcli.language.ranges import names_of_box
from diffcli.options import OF_DERIVATIVES, OF_POINTS
from diffcli.output.report import Facts

if TYPE_CHECKING:
    from diffcli.differentiation import Settings
    from diffcli.language.points import Point
    from diffcli.output.document import Answer
    from diffcli.studies.prove.claims import Claim


def plan(request: Request) -> Plan:
    """Return how a claim is proved."""
    from diffcli.studies.prove.claims import claim_of_numbers, read_claim

    def compute(claim: Claim, _: Sequence[Point], chosen: Settings) -> Answer:
        from diffcli.studies.prove.answers import answered
        from diffcli.studies.prove.document import proof_answer

        box = whole_box(request["in"], claim.variables)
        found = answered(*claim_of_numbers(claim, box), *patience(request, chosen))
        facts = Facts.of("prove", claim, dtype=chosen.dtype, device=chosen.device, told=found.told)
        return proof_answer(found, facts)

    if request["at"] or request["points"]:
        raise UsageError("prove looks at a box, not at a point", hint="--in x=0:1")
    return Plan(compute, declared=names_of_box(request["in"] or ""), reader=read_claim)


COMMAND = Command(
    "prove",
    help="""Prove a claim over a box: a comparison, with and, or, not; or growth, or convexity.

The answer is proved, or refuted at an exact point, or undecided with what is left. Claims
beside comparisons: increasing(f, x), decreasing(f, x), convex(f), concave(f), lipschitz(f, L)
and injective(f).""",
    examples="""\
diffcli prove "sin(x) <= x" --in x=0:1
diffcli prove "0 < x*exp(-x) <= 1/e" --in x=1/10:inf
diffcli prove "increasing(x^3 + x, x)" --in x=-5:5
diffcli prove "convex(log(exp(x) + exp(y)))" --in "x=-5:5,y=-5:5"
diffcli prove "lipschitz(sin(x)*y, 2)" --in "x=0:1,y=-1:1"
diffcli prove "norm(x, 1) >= norm(x)" --in "x=[-1:1,-1:1]\"""",
    common=PATIENT,
    options=(IN,),
    unused=(*OF_POINTS, *OF_DERIVATIVES),
    plan=plan,
)
