"""``diffcli steps``: the differentiation written out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diffcli.cli.answer import Study, parse_asked, serve
from diffcli.cli.options import Common, Formulas, Order, Wrt, variables
from diffcli.derivation import Settings
from diffcli.engines import remote
from diffcli.errors import UsageError
from diffcli.language.equations import is_equation, read_equations
from diffcli.language.function import Function
from diffcli.language.parser import parse
from diffcli.language.points import Point
from diffcli.output.document import Answer
from diffcli.output.report import Facts

EXAMPLES = """\
diffcli steps "x^2*sin(x)"
diffcli steps "x^x" --format latex -o steps.tex
diffcli steps "x^2 + y^2 = 25"
diffcli steps "u^3 + v^2 + 4uv" --wrt u --order 2"""


def steps(formulas: Formulas = None, *, common: Common, wrt: Wrt = None, order: Order = 1) -> int:
    """Write the differentiation out: which rule, what is u and what is v, what comes of it.

    Of an equation both sides are differentiated, and solved for the derivative of the last
    variable. The answer is proved to be the symbolic engine's before anything is shown.
    """
    remote.prepare()
    if any(map(is_equation, formulas or ())):
        if order != 1:
            raise UsageError("an equation is differentiated once", hint="leave out --order")
        study = _implicit_study(variables(wrt), common.let or ())
        return serve(study, formulas or (), common, variables(wrt), _equation)
    reader = parse if order > 1 or wrt else parse_asked
    return serve(_study(variables(wrt), order), formulas or (), common, variables(wrt), reader)


def _equation(texts: Sequence[str], **names: Any) -> Function:
    return read_equations(texts, **names).function


def _implicit_study(wrt: Sequence[str], definitions: Sequence[str]) -> Study:
    def study(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        if points:
            raise UsageError("steps are written without a point", hint="leave out --at")
        from diffcli.studies.steps.document import implicit_answer
        from diffcli.studies.steps.implicit import explain_implicit

        equations = read_equations(
            function.text, variables=function.variables, definitions=definitions
        )
        lesson = explain_implicit(equations, wrt=wrt, budget=chosen.budget, seed=chosen.seed)
        facts = Facts.of("steps", function, read_as=equations.read_as)
        return implicit_answer(lesson, facts)

    return study


def _study(wrt: Sequence[str], order: int) -> Study:
    def study(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        if points:
            raise UsageError("steps are written without a point", hint="leave out --at")
        from diffcli.studies.steps.differentiation import explain
        from diffcli.studies.steps.document import lesson_answer

        asked = function.asked
        if len(set(asked)) > 1:
            raise UsageError(
                "steps are written out in one variable",
                hint=f"take {asked[0]} first, then the next",
            )
        lesson = explain(
            function,
            wrt=wrt or asked[:1],
            order=max(order, len(asked)),
            budget=chosen.budget,
            seed=chosen.seed,
        )
        return lesson_answer(lesson, Facts.of("steps", function))

    return study
