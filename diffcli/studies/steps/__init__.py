"""The differentiation written out, rule by rule.

``rule_use`` says what a rule is; ``calls`` and ``leibniz`` are rules of their own, ``rules`` all of
them in order. ``derivation`` applies them, ``differentiation`` proves what comes out, ``implicit``
does both for an equation, ``definition`` takes the limit of the difference quotient, and
``document`` shows it. ``chart`` is the sign chart of a range, ``lagrange`` the system of a problem
under constraints. ``tensors`` derives derivatives of tensors by differentials, and
``tensor_document`` shows that.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from diffcli.commands.boxes import box_of_numbers
from diffcli.commands.record import Command, Plan, Request, parse_asked
from diffcli.engines import remote
from diffcli.errors import FormulaError, UsageError
from diffcli.language.equations import is_equation, read_equations
from diffcli.language.parser import parse
from diffcli.options import (
    ASSUME,
    OF_DERIVATIVES,
    OF_POINTS,
    ORDER,
    PRECISION,
    SHAPES,
    VERBOSE,
    WRT,
    Kind,
    Option,
    variables,
)
from diffcli.output.report import Facts

if TYPE_CHECKING:
    from diffcli.differentiation import Settings
    from diffcli.language.function import Function
    from diffcli.language.points import Point
    from diffcli.output.document import Answer
    from diffcli.studies.constrained.problem import Problem


DEFINITION = Option(
    "definition",
    Kind.FLAG,
    "Take the limit of the difference quotient instead of the rules.",
    default=False,
)

CHARTED = Option(
    "in",
    Kind.TEXT,
    "Write out the sign chart of f' and f'' over this range: -3:3.",
    metavar="RANGE",
    flags=("--in", "--range"),
)
SUBJECT_TO = Option(
    "subject_to",
    Kind.TEXT,
    'Write out the Lagrange system under constraints: "x^2 + y^2 = 1; x >= 0".',
    metavar="CONSTRAINTS",
)


def plan(request: Request) -> Plan:
    """Return how the steps are written, of a formula or of an equation."""
    remote.prepare()
    if request["subject_to"] is not None:
        return _under_constraints(request["subject_to"])
    if request["in"] is not None:
        return _charted(request["in"])
    wrt, order = variables(request["wrt"]), request["order"]
    by_definition = request["definition"]
    if by_definition and (order != 1 or any(map(is_equation, request.formulas))):
        raise UsageError(
            "the definition is that of f′ of a formula", hint='steps "x^2" --definition'
        )
    if any(map(is_equation, request.formulas)):
        if order != 1:
            raise UsageError("an equation is differentiated once", hint="leave out --order")
        return Plan(_of_equation(wrt, request["let"] or ()), declared=wrt, reader=_equation)
    reader = parse if order > 1 or wrt else parse_asked
    return Plan(
        _of_formula(wrt, order, by_definition),
        declared=wrt,
        reader=reader,
        takes_unknowns=True,
    )


def _under_constraints(typed: str) -> Plan:
    """Return how Lagrange's system is written out."""
    from diffcli.studies.constrained.problem import read_problem

    def compute(problem: Problem, points: Sequence[Point], chosen: Settings) -> Answer:
        _check_without(points)
        from diffcli.studies.steps.lagrange import lagrange_answer, lagrange_system

        system = lagrange_system(problem, chosen.budget)
        return lagrange_answer(problem, system, Facts.of("steps", problem))

    return Plan(compute, reader=partial(read_problem, subject_to=typed))


def _charted(typed: str) -> Plan:
    """Return how the sign chart over a range is made."""

    def compute(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        _check_without(points)
        from diffcli.studies.critical.boxes import box_of
        from diffcli.studies.steps.chart import chart_answer, sign_chart

        if not function.is_scalar or len(function.variables) != 1:
            raise UsageError(
                "a sign chart is of one formula in one variable", hint='steps "x^3 - 3x" --in -3:3'
            )
        box = box_of(box_of_numbers(typed, function.variables))
        chart = sign_chart(function, box, chosen.budget)
        return chart_answer(chart, function.variables[0], Facts.of("steps", function))

    return Plan(compute)


def _equation(texts: Sequence[str], **names: Any) -> Function:
    """Read an equation. Raises UsageError for one between functions, x(t)^2 + y(t)^2 = 25."""
    from diffcli.studies.implicit.rates import Related, read_related

    try:
        return read_equations(texts, **names).function
    except FormulaError:
        related = read_related(texts, ())
        if not isinstance(related, Related):
            raise
        raise UsageError(
            f"steps aren't written for functions of {related.time}",
            hint=f'their rates: diffcli implicit "{texts[0]}"',
        ) from None


def _of_equation(wrt: Sequence[str], definitions: Sequence[str]) -> Any:
    def compute(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        _check_without(points)
        from diffcli.studies.steps.document import implicit_answer
        from diffcli.studies.steps.implicit import explain_implicit

        equations = read_equations(
            function.text, variables=function.variables, definitions=definitions
        )
        explanation = explain_implicit(equations, wrt=wrt, budget=chosen.budget, seed=chosen.seed)
        return implicit_answer(explanation, Facts.of("steps", function, read_as=equations.read_as))

    return compute


def _of_formula(wrt: Sequence[str], order: int, by_definition: bool) -> Any:
    def compute(function: Function, points: Sequence[Point], chosen: Settings) -> Answer:
        _check_without(points)
        from diffcli.studies.steps.differentiation import explain
        from diffcli.studies.steps.document import explanation_answer

        asked = function.asked
        if len(set(asked)) > 1:
            raise UsageError(
                "steps are written out in one variable",
                hint=f"take {asked[0]} first, then the next",
            )
        if function.has_tensors:
            return _of_tensors(function, wrt or asked[:1], max(order, len(asked)), chosen)
        if by_definition:
            return _defined(function, wrt or asked[:1], chosen.budget)
        explanation = explain(
            function,
            wrt=wrt or asked[:1],
            order=max(order, len(asked)),
            budget=chosen.budget,
            seed=chosen.seed,
        )
        return explanation_answer(explanation, Facts.of("steps", function))

    return compute


def _of_tensors(function: Function, wrt: Sequence[str], order: int, chosen: Settings) -> Answer:
    """Return the derivations by differentials."""
    from diffcli.studies.steps.tensor_document import tensor_answer
    from diffcli.studies.steps.tensors import explain_tensors

    done = explain_tensors(function, wrt=wrt, order=order, seed=chosen.seed)
    return tensor_answer(done, Facts.of("steps", function))


def _defined(function: Function, wrt: Sequence[str], budget: float) -> Answer:
    """Return the derivatives by their definition."""
    from diffcli.studies.steps.definition import define
    from diffcli.studies.steps.differentiation import checked_names
    from diffcli.studies.steps.document import definition_answer

    names = checked_names(function, wrt)
    done = [define(function, name, output, budget) for output in function.outputs for name in names]
    return definition_answer(function, done, Facts.of("steps", function))


def _check_without(points: Sequence[Point]) -> None:
    if points:
        raise UsageError("steps are written without a point", hint="leave out --at")


COMMAND = Command(
    "steps",
    help="""Write the differentiation out: which rule, what is u and what is v, what comes of it.

Of an equation both sides are differentiated, and solved for the derivative of the last
variable. The answer is proved to be the symbolic engine's before anything is shown. Of tensors
it comes about by differentials, and autograd has the same at random points. With --in the sign
chart of f' and f'' over a range, with --subject-to the Lagrange system.""",
    examples="""\
diffcli steps "x^2*sin(x)"
diffcli steps "x^x" --format latex -o steps.tex
diffcli steps "x^2 + y^2 = 25"
diffcli steps "1/x" --definition
diffcli steps "x^3 - 3x" --in -3:3
diffcli steps "x*y" --subject-to "x^2 + y^2 = 1"
diffcli steps "u^3 + v^2 + 4uv" --wrt u --order 2
diffcli steps "norm(X@w - y)^2" --wrt w""",
    options=(WRT, ORDER, DEFINITION, SUBJECT_TO, CHARTED, SHAPES, ASSUME),
    unused=(*OF_POINTS, *OF_DERIVATIVES, PRECISION, VERBOSE),
    plan=plan,
)
