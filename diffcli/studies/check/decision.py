"""Whether a claim is the derivative, of a formula of numbers or of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from diffcli.differentiation import Settings
from diffcli.language.function import Function
from diffcli.language.points import Point
from diffcli.studies.check.claim import Claim
from diffcli.studies.check.form_claim import decide_forms
from diffcli.studies.check.judgement import Decision, decide, each_typed
from diffcli.studies.check.tensor_claim import decide_tensors


def judged(
    function: Function,
    claim: Claim,
    points: Sequence[Point],
    settings: Settings,
    *,
    wrt: Sequence[str] = (),
    declared: Sequence[str] = (),
    order: int | None = None,
) -> Decision:
    """Decide whether a claim is the derivative, at the points first, then at random ones.

    ``function`` has the formula's outputs, then the claim's formulas. Raises UsageError as
    :func:`decide` does, and :func:`decide_tensors` where operations are on tensors.
    """
    if function.has_tensors:
        if asked := function.asked:
            wrt, order, function = asked[:1], len(asked), replace(function, asked=())
        if not points:
            return decide_forms(function, claim, settings, wrt=wrt, order=order)
        return decide_tensors(function, claim, points, settings, wrt=wrt, order=order)
    return decide(
        function,
        claim,
        wrt=wrt,
        declared=declared,
        order=order,
        points=[typed for point in points for typed in each_typed(point, settings)],
        budget=settings.budget,
        seed=settings.seed,
    )
