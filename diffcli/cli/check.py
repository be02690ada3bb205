"""``diffcli check``: what every engine says of a derivative, or whether a claim is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from typer import Argument, Option

from diffcli.cli.answer import (
    Answer,
    PythonStudy,
    Study,
    parse_asked,
    read_file,
    serve,
    serve_python,
)
from diffcli.cli.options import Common, Wrt, variables
from diffcli.derivation import Settings
from diffcli.engines import remote
from diffcli.errors import UsageError
from diffcli.language.expression import Function
from diffcli.language.parser import parse
from diffcli.language.points import Point
from diffcli.operators import Grad
from diffcli.studies.check.claim import Claim, read_claim
from diffcli.userfunction import UserFunction, load

EXAMPLES = """\
diffcli check "(1-cos(x))/x^2" --at 1e-6
diffcli check "x^2" "2x"
diffcli check "x^2 y" "[2xy, x^2]"
diffcli check "[x^2 y, 5x + sin y]" "[[2xy, x^2], [5, cos y]]"
diffcli check "x^3" "6x" --order 2
diffcli check "x.T @ A @ x" "(A + A.T) @ x" --wrt x --at "x=[1,2],A=[[1,2],[3,4]]"
diffcli check --py model.py:f --claim model.py:grad_f --at "x=[1,2,3]\""""

_Formulas = Annotated[
    list[str] | None,
    Argument(metavar="FORMULA [CLAIM]", help="And what is said to be its derivative."),
]
_Order = Annotated[
    int | None,
    Option("--order", metavar="N", help="The n-th derivative.", min=1, show_default=False),
]

_Claim = Annotated[
    str | None,
    Option(
        "--claim",
        metavar="FILE:NAME",
        help="A Python function said to be the derivative of --py's.",
        show_default=False,
    ),
]


def check(
    formulas: _Formulas = None,
    *,
    common: Common,
    wrt: Wrt = None,
    order: _Order = None,
    claim: _Claim = None,
) -> int:
    """Show what every engine says of a derivative at a point, or decide whether a claim is it.

    A claim is a formula, a gradient [.., ..], or a Jacobian or Hessian [[.., ..], [.., ..]]. It is
    proved, or equal at 100 points, or wrong, with a point where intervals prove it.
    """
    if common.py is not None or claim is not None:
        if common.py is None or claim is None or wrt or order:
            raise UsageError(
                "code is checked against code", hint="--py FILE:NAME --claim FILE:NAME"
            )
        return serve_python(_code_study(load(claim), common.precision), common, formulas or ())
    texts, chosen = list(formulas or ()), variables(wrt)
    reader = parse if order or chosen else parse_asked
    if common.file:
        texts, common = [read_file(common.file), *texts], replace(common, file=None)
    if len(texts) > 2:
        raise UsageError("more than a formula and a claim", hint="several formulas: [f, g]")
    if len(texts) == 2:
        remote.prepare()
        typed = read_claim(texts[1])
        study = _claim_study(typed, chosen, variables(common.vars), order, common.precision)
        return serve(study, [texts[0], *typed.formulas], common, chosen, reader)
    if texts and not (common.at or common.points):
        raise UsageError(
            "check what?", hint='a point: --at 3; or a claim: diffcli check "x^2" "2x"'
        )
    study = _evidence_study(Grad(order or 1, chosen), common.precision)
    return serve(study, texts, common, chosen, reader)


def _evidence_study(operator: Grad, digits: int | None) -> Study:
    def study(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        from diffcli.output.checking import hearing_listing
        from diffcli.studies.check.evidence import gather

        found = gather(operator.asked(function.asked), function, points, chosen)
        return Answer(found.report, hearing_listing(found, digits), found.exit_code)

    return study


def _code_study(claim: UserFunction, digits: int | None) -> PythonStudy:
    def study(function: UserFunction, points: Sequence[Point], chosen: Settings) -> Answer:
        from diffcli.output.reviewing import review_listing
        from diffcli.studies.check.code import review

        found = review(function, claim, points, chosen)
        return Answer(found.report, review_listing(found, digits), found.exit_code)

    return study


def _claim_study(
    claim: Claim,
    wrt: Sequence[str],
    declared: Sequence[str],
    order: int | None,
    digits: int | None,
) -> Study:
    def study(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        from diffcli.output.checking import decision_listing
        from diffcli.studies.check.decision import judged

        found = judged(function, claim, points, chosen, wrt=wrt, declared=declared, order=order)
        return Answer(found.report, decision_listing(found, digits), found.exit_code)

    return study
