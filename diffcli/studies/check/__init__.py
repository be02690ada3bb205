"""A derivative held against a claim, or against every engine.

- ``claim``: what is claimed, as typed; ``tensor_claim``: of tensors, by components;
  ``form_claim``: of tensors of any shape.
- ``places``: random points, and what is certain there; ``mistakes``: which slip explains a claim;
  ``judgement``: proved, equal at many points, or wrong; ``decision``: of numbers or tensors;
  ``curve``: of an equation.
- ``evidence``: every engine's word without a claim. ``code``: a derivative written as code.
- ``document`` and ``code_document``: what is shown of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from diffcli.commands.record import Command, Compute, Plan, Request, parse_asked
from diffcli.engines import remote
from diffcli.errors import UsageError
from diffcli.language.equations import is_equation, read_equations
from diffcli.language.latex.scan import scan
from diffcli.language.parser import parse, signature
from diffcli.language.tokens import NAME
from diffcli.operators import Grad
from diffcli.options import ASSUME, COMPILE, SHAPES, WRT, Kind, Option, variables

if TYPE_CHECKING:
    from diffcli.differentiation import Settings
    from diffcli.differentiation.code.functions import UserFunction
    from diffcli.language.function import Function
    from diffcli.language.points import Point
    from diffcli.output.document import Answer
    from diffcli.studies.check.claim import About, Claim

ORDER = Option("order", Kind.WHOLE, "Order of the derivative (default 1).", metavar="N", least=1)
CLAIM = Option(
    "claim",
    Kind.TEXT,
    "Python function that is said to be the derivative of the one of --py.",
    metavar="FILE:NAME",
    is_local=True,
)


def plan(request: Request) -> Plan:
    """Return how a derivative is checked: in code, against a claim, or by all engines."""
    wrt, order = request["wrt"], request["order"]
    if request["py"] is not None or request["claim"] is not None:
        if request["py"] is None or request["claim"] is None or wrt or order:
            raise UsageError(
                "code is checked against code", hint="--py FILE:NAME --claim FILE:NAME"
            )
        if request.formulas:
            raise UsageError("a formula, and --py too", hint="give one of them")
        return _of_code(request["claim"])
    from diffcli.studies.check.claim import read_claim

    texts, chosen = list(request.formulas), variables(wrt)
    reader = parse if order or chosen else parse_asked
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
            return Plan(_of_curve(typed, chosen, request), texts[:1], None, chosen, read_curve)
        compute = _of_claim(typed, chosen, order, request)
        return Plan(compute, [texts[0], *typed.formulas], None, chosen, reader)
    if texts and not (request["at"] or request["points"]):
        raise UsageError(
            "check what?", hint='a point: --at 3; or a claim: diffcli check "x^2" "2x"'
        )
    return Plan(_of_evidence(Grad(order or 1, chosen)), texts, None, chosen, reader)


def _claim_alone(text: str) -> About | None:
    """Return what ``d/dx x^2 = 2x`` is about: a claim that names its formula."""
    from diffcli.studies.check.claim import read_claim

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


def _of_evidence(operator: Grad) -> Compute:
    def compute(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        from diffcli.studies.check.document import evidence_answer
        from diffcli.studies.check.evidence import gather

        return evidence_answer(gather(operator.asked(function.asked), function, points, chosen))

    return compute


def _of_code(typed: str) -> Plan:
    from diffcli.differentiation.code.functions import load

    claim = load(typed)

    def compute(function: UserFunction, points: Sequence[Point], chosen: Settings) -> Answer:
        from diffcli.studies.check.code import review
        from diffcli.studies.check.code_document import answer

        return answer(review(function, claim, points, chosen))

    return Plan(compute, is_code=True)


def _of_claim(claim: Claim, wrt: Sequence[str], order: int | None, request: Request) -> Compute:
    def compute(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        from diffcli.studies.check.decision import judged
        from diffcli.studies.check.document import decision_answer

        names = wrt or _meant(function, claim, request)
        declared = variables(request["vars"])
        decision = judged(
            function, claim, points, chosen, wrt=names, declared=declared, order=order
        )
        return decision_answer(decision)

    return compute


def _meant(function: Function, claim: Claim, request: Request) -> tuple[str, ...]:
    """Return the variable of ``y' = …`` where the formula has several: x, or else t."""
    if claim.about is None or claim.shape or len(function.variables) < 2:
        return ()
    known = next((name for name in ("x", "t") if name in function.variables), None)
    if known is None:
        raise UsageError(
            "a prime doesn't say which variable is meant", hint="dy/dx = ..., or --wrt x"
        )
    request.host.say(f"the prime is the derivative in {known}")
    return (known,)


def is_curve(text: str) -> bool:
    """Whether a text is an equation, and not a formula with its name."""
    if not is_equation(text):
        return False
    tokens = scan(text).tokens
    return not (tokens[0].kind == NAME and tokens[1].text == "=") and not signature(tokens)


def read_curve(texts: Sequence[str], **names: Any) -> Function:
    """Return what is left of an equation, left minus right."""
    return read_equations(texts, **names).function


def _of_curve(claim: Claim, wrt: Sequence[str], request: Request) -> Compute:
    def compute(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        from diffcli.studies.check.curve import decide_on_curve
        from diffcli.studies.check.document import decision_answer
        from diffcli.studies.implicit.derivatives import choose

        if points:
            raise UsageError("a claim about an equation has no point", hint="leave out --at")
        equations = read_equations(function.text, variables=function.variables)
        unknowns = choose(function, (), tuple(wrt))
        if not wrt:
            request.host.say(f"taken for a function of {unknowns.wrt[0]}: {unknowns.of[0]}")
        decision = decide_on_curve(equations, claim, unknowns.of[0], unknowns.wrt[0], chosen)
        return decision_answer(decision)

    return compute


COMMAND = Command(
    "check",
    help="""Show what every engine says of a derivative at a point, or decide whether a claim is it.

A claim is a formula, a gradient [.., ..], or a Jacobian or Hessian [[.., ..], [.., ..]]. It is
proved, or equal at 100 points, or wrong, with a point where intervals prove it.""",
    examples="""\
diffcli check "(1-cos(x))/x^2" --at 1e-6
diffcli check "x^2" "2x"
diffcli check "x^2 y" "[2xy, x^2]"
diffcli check "[x^2 y, 5x + sin y]" "[[2xy, x^2], [5, cos y]]"
diffcli check "x^3" "6x" --order 2
diffcli check "x.T @ A @ x" "(A + A.T) @ x" --wrt x
diffcli check --py model.py:f --claim model.py:grad_f --at "x=[1,2,3]\"""",
    options=(WRT, ORDER, CLAIM, SHAPES, ASSUME),
    unused=(COMPILE,),
    takes_more=True,
    arguments="FORMULA [CLAIM]",
    about="Formula to differentiate, and what is said to be its derivative.",
    plan=plan,
)
