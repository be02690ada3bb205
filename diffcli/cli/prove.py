"""``diffcli prove``: whether a claim holds on all of a box."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from diffcli.cli.answer import serve
from diffcli.cli.options import Formulas
from diffcli.cli.ranges import In, Patient, read_box
from diffcli.derivation import Settings
from diffcli.errors import UsageError
from diffcli.language.function import Function
from diffcli.language.points import Point
from diffcli.output.document import Answer
from diffcli.output.report import Facts
from diffcli.studies.prove.claims import Claim, read_claim

EXAMPLES = """\
diffcli prove "sin(x) <= x" --in x=0:1
diffcli prove "0 < x*exp(-x) <= 1/e" --in x=1/10:inf
diffcli prove "increasing(x^3 + x, x)" --in x=-5:5
diffcli prove "convex(log(exp(x) + exp(y)))" --in "x=-5:5,y=-5:5"
diffcli prove "lipschitz(sin(x)*y, 2)" --in "x=0:1,y=-1:1"\
"""


def prove(formulas: Formulas = None, *, common: Patient, in_: In = None) -> int:
    """Prove a claim over a box: a comparison, with and, or, not; or growth, or convexity.

    The answer is proved, or refuted at an exact point, or undecided with what is left. Claims
    beside comparisons: increasing(f, x), decreasing(f, x), convex(f), concave(f), lipschitz(f, L)
    and injective(f).
    """

    def study(function: Function, _: Sequence[Point], chosen: Settings) -> Answer:
        from diffcli.studies.prove.answers import answered
        from diffcli.studies.prove.document import proof_answer

        claim = cast(Claim, function)
        budget = chosen.budget if common.timeout is None else min(chosen.budget, common.timeout / 2)
        found = answered(claim, read_box(in_, claim.variables), budget)
        facts = Facts.of("prove", claim, dtype=chosen.dtype, device=chosen.device, told=found.told)
        return proof_answer(found, facts)

    if common.at or common.points:
        raise UsageError("prove looks at a box, not at a point", hint="--in x=0:1")
    return serve(study, formulas or (), common, (), read_claim)
