"""``diffcli check``: what every engine says of a derivative, or whether a claim is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

from typer import Argument, Option

from diffcli.cli.answer import (
    PythonStudy,
    Study,
    parse_asked,
    read_file,
    serve,
    serve_python,
)
from diffcli.cli.messages import say
from diffcli.cli.options import Common, Wrt, variables
from diffcli.derivation import Settings
from diffcli.engines import remote
from diffcli.errors import UsageError
from diffcli.language.equations import is_equation, read_equations
from diffcli.language.function import Function
from diffcli.language.latex.scan import scan
from diffcli.language.parser import parse, signature
from diffcli.language.points import Point
from diffcli.language.tokens import NAME
from diffcli.operators import Grad
from diffcli.output.document import Answer
from diffcli.studies.check.claim import About, Claim, read_claim
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
        return serve_python(_code_study(load(claim)), common, formulas or ())
    texts, chosen = list(formulas or ()), variables(wrt)
    reader = parse if order or chosen else parse_asked
    if common.file:
        texts, common = [read_file(common.file), *texts], replace(common, file=None)
    if len(texts) > 2:
        raise UsageError("more than a formula and a claim", hint="several formulas: [f, g]")
    if len(texts) == 1 and (alone := _claim_alone(texts[0])):
        texts = [alone.formula, texts[0]]
    if len(texts) == 2:
        remote.prepare()
        typed = read_claim(texts[1])
        if typed.about is not None:
            chosen, order = _named(typed.about, chosen, order)
            reader = parse
        if is_curve(texts[0]):
            if (order or 1) > 1:
                raise UsageError("a claim about an equation is its first derivative")
            study = _curve_study(typed, chosen)
            return serve(study, texts[:1], common, chosen, read_curve)
        study = _claim_study(typed, chosen, variables(common.vars), order)
        return serve(study, [texts[0], *typed.formulas], common, chosen, reader)
    if texts and not (common.at or common.points):
        raise UsageError(
            "check what?", hint='a point: --at 3; or a claim: diffcli check "x^2" "2x"'
        )
    study = _evidence_study(Grad(order or 1, chosen))
    return serve(study, texts, common, chosen, reader)


def _claim_alone(text: str) -> About | None:
    """Return what ``d/dx x^2 = 2x`` is about: a claim that names its formula."""
    about = read_claim(text).about if is_curve(text) and not text.count("==") else None
    return about if about and about.formula else None


def _named(about: About, wrt: tuple[str, ...], order: int | None) -> tuple[tuple[str, ...], int]:
    """Return the variables and the order of a derivative that a claim names."""
    named = tuple(dict.fromkeys(about.wrt))
    if len(named) > 1:
        raise UsageError(
            "a mixed partial is claimed by its formula", hint='check "diff(f, x, y)" "..."'
        )
    if (order or about.order) != about.order or (wrt and named and wrt != named):
        raise UsageError(
            "the claim is about another derivative than --wrt and --order", hint="leave them out"
        )
    return named or wrt, about.order


def _evidence_study(operator: Grad) -> Study:
    def study(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        from diffcli.studies.check.document import hearing_answer
        from diffcli.studies.check.evidence import gather

        found = gather(operator.asked(function.asked), function, points, chosen)
        return hearing_answer(found)

    return study


def _code_study(claim: UserFunction) -> PythonStudy:
    def study(function: UserFunction, points: Sequence[Point], chosen: Settings) -> Answer:
        from diffcli.studies.check.code import review
        from diffcli.studies.check.code_document import answer

        found = review(function, claim, points, chosen)
        return answer(found)

    return study


def _claim_study(
    claim: Claim,
    wrt: Sequence[str],
    declared: Sequence[str],
    order: int | None,
) -> Study:
    def study(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        from diffcli.studies.check.decision import judged
        from diffcli.studies.check.document import decision_answer

        names = wrt or _meant(function, claim)
        found = judged(function, claim, points, chosen, wrt=names, declared=declared, order=order)
        return decision_answer(found)

    return study


def _meant(function: Function, claim: Claim) -> tuple[str, ...]:
    """Return the variable of ``y' = …`` where the formula has several: x, or else t."""
    if claim.about is None or claim.shape or len(function.variables) < 2:
        return ()
    found = next((name for name in ("x", "t") if name in function.variables), None)
    if found is None:
        raise UsageError(
            "a prime doesn't say which variable is meant", hint="dy/dx = ..., or --wrt x"
        )
    say(f"the prime is the derivative in {found}")
    return (found,)


def is_curve(text: str) -> bool:
    """Whether a text is an equation, and not a formula with its name."""
    if not is_equation(text):
        return False
    tokens = scan(text).tokens
    return not (tokens[0].kind == NAME and tokens[1].text == "=") and not signature(tokens)


def read_curve(texts: Sequence[str], **names: Any) -> Function:
    """Return what is left of an equation, left minus right."""
    return read_equations(texts, **names).function


def _curve_study(claim: Claim, wrt: Sequence[str]) -> Study:
    def study(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        from diffcli.studies.check.curve import decide_on_curve
        from diffcli.studies.check.document import decision_answer
        from diffcli.studies.implicit.derivatives import choose

        if points:
            raise UsageError("a claim about an equation has no point", hint="leave out --at")
        equations = read_equations(function.text, variables=function.variables)
        unknowns = choose(function, (), tuple(wrt))
        if not wrt:
            say(f"taken for a function of {unknowns.wrt[0]}: {unknowns.of[0]}")
        found = decide_on_curve(equations, claim, unknowns.of[0], unknowns.wrt[0], chosen)
        return decision_answer(found)

    return study
