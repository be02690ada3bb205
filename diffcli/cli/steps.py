"""``diffcli steps``: the differentiation written out."""

from __future__ import annotations

from collections.abc import Sequence

from diffcli.cli.answer import Answer, Study, serve
from diffcli.cli.options import Common, Formulas, Order, Wrt, names
from diffcli.derivation import Settings
from diffcli.errors import UsageError
from diffcli.language.expression import Function
from diffcli.language.points import Point
from diffcli.output.report import Report

EXAMPLES = """\
diffcli steps "x^2*sin(x)"
diffcli steps "x^x" --format latex -o steps.tex
diffcli steps "u^3 + v^2 + 4uv" --wrt u --order 2"""


def steps(formulas: Formulas = None, *, common: Common, wrt: Wrt = None, order: Order = 1) -> int:
    """Write the differentiation out: which rule, what is u and what is v, what comes of it.

    The answer is proved to be the symbolic engine's before anything is shown.
    """
    return serve(_study(names(wrt), order), formulas or (), common, names(wrt))


def _study(wrt: Sequence[str], order: int) -> Study:
    def study(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        if points:
            raise UsageError("steps are written without a point", hint="leave out --at")
        from diffcli.output.lesson import lesson_listing
        from diffcli.studies.steps import explain

        lesson = explain(function, wrt=wrt, order=order, budget=chosen.budget, seed=chosen.seed)
        report = Report(
            command="steps",
            expression=function.text,
            read_as=function.read_as,
            variables=function.variables,
            dtype=chosen.dtype,
            device=chosen.device,
            results=(),
            readings=function.readings,
        )
        return Answer(report, lesson_listing(lesson, report), 0)

    return study
