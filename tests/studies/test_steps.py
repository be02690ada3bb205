"""Steps: every line is the derivative of its term, at points, by difference quotients."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from contextlib import redirect_stdout
from dataclasses import replace
from fractions import Fraction
from io import StringIO

import pytest
from mpmath import mp
from oracles import OutsideDomainError, derivative, row_points, table, value

from diffcli.cli.main import run
from diffcli.engines.symbolic import Symbolic
from diffcli.errors import DisagreementError, FormulaError, LimitError, UsageError
from diffcli.language.equations import read_equations
from diffcli.language.expression import number
from diffcli.language.functions import TABLE
from diffcli.language.parser import parse
from diffcli.language.printer import text_of
from diffcli.studies.check.places import RandomPoint
from diffcli.studies.steps import derivation, rules
from diffcli.studies.steps.differentiation import Explanation, explain
from diffcli.studies.steps.implicit import ImplicitExplanation, explain_implicit
from diffcli.studies.steps.rules import rule_for

BETWEEN = {name: row.between for name, row in TABLE.items() if row.between}
DIGITS = 15
POINTS = 2
ROWS = table("derivatives")
UNCLOSED = {
    row.name
    for row in TABLE.values()
    if not (row.boolean or row.partials or row.name in BETWEEN or row.name in rules.RULES)
}
CASES = {
    case.formula: case
    for case in row_points()
    if case.wrt
    and case.row not in UNCLOSED
    and all(Fraction(1, 20) <= abs(Fraction(x)) <= 20 for x in case.point.values())
}


def close(one: object, other: object) -> bool:
    with mp.workdps(DIGITS + 10):
        return bool(abs(one - other) <= max(abs(one), abs(other), 1) * mp.mpf(10) ** (3 - DIGITS))


def equalities(explanation: Explanation):
    """Every (term, what is said to be its derivative, variable) of an explanation."""
    for done in explanation.derivations:
        yield done.term, done.tidied, done.wrt
        for step in done.step.walk():
            yield from ((step.term, line, done.wrt) for line in step.lines)
            parts = [*step.parts, *([step.logarithm] if step.logarithm else [])]
            yield from ((part.term, part.slope, done.wrt) for part in parts if part.slope)


def assert_holds(explanation: Explanation, at: dict[str, Fraction]) -> None:
    for term, slope, wrt in dict.fromkeys(equalities(explanation)):
        formula, said = text_of(term), text_of(slope)
        expected = derivative(formula, at, (wrt,), DIGITS)
        assert close(expected, value(said, at, DIGITS)), f"({formula})′ = {said} at {at}"


def steps_of(explanation: Explanation):
    return [step for done in explanation.derivations for step in done.step.walk()]


def drawn(row: dict[str, str]) -> list[Fraction]:
    """Random points of a row's range where it has a value."""
    source = random.Random(row["id"])
    low, high = Fraction(row["low"]), Fraction(row["high"])
    found: list[Fraction] = []
    while len(found) < POINTS:
        x = low + (high - low) * Fraction(source.randint(1, 9999), 10_000)
        try:
            value(row["derivative"], {row["variable"]: x})
        except OutsideDomainError:
            continue
        found.append(x)
    return found


@pytest.mark.sampled(20)
@pytest.mark.parametrize("row", ROWS, ids=[row["id"] for row in ROWS])
def test_every_step_of_the_published_derivatives_holds(row: dict[str, str]) -> None:
    name = row["variable"]
    explanation = explain(parse(row["formula"], variables=(name,)))
    (found,) = explanation.derivations
    for x in drawn(row):
        assert_holds(explanation, {name: x})
        assert close(value(row["derivative"], {name: x}), value(text_of(found.tidied), {name: x}))


def test_there_are_enough_published_derivatives() -> None:
    assert len(ROWS) >= 120


@pytest.mark.sampled(24)
@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_every_function_of_the_table_is_explained(case) -> None:
    explanation = explain(parse(case.formula), wrt=case.wrt)
    assert_holds(explanation, {name: Fraction(x) for name, x in case.point.items()})


def test_no_row_with_a_closed_derivative_is_left_out() -> None:
    tried = {case.row for case in CASES.values()}
    closed = {case.row for case in row_points() if case.wrt} - UNCLOSED
    assert closed == tried
    assert tried >= {row.name for row in TABLE.values() if any(row.partials)}


@pytest.mark.parametrize("name", sorted(UNCLOSED))
def test_a_row_without_a_closed_derivative_says_so(name: str) -> None:
    case = next(case for case in row_points() if case.row == name)
    with pytest.raises(FormulaError, match=f"{name} has no closed derivative"):
        explain(parse(case.formula), wrt=case.wrt)


@pytest.mark.parametrize("name", BETWEEN)
def test_the_partials_between_kinks_belong_to_rows(name: str) -> None:
    assert len(BETWEEN[name]) <= TABLE[name].arity[1]


@pytest.mark.parametrize(
    ("formula", "rules"),
    [
        ("x*sin(x)", {"product rule", "derivative of sin"}),
        ("sin(x)/x", {"quotient rule"}),
        ("1/(x+1)", {"reciprocal rule"}),
        ("sin(x)/3", {"constant divisor"}),
        ("x^x", {"logarithmic differentiation"}),
        ("(x^2+1)^5", {"power rule and chain rule"}),
        ("2^x", {"exponential rule"}),
        ("e^(x^2)", {"exponential rule and chain rule", "power rule"}),
        ("x - sin(x^2)", {"difference rule", "derivative of sin and chain rule"}),
        ("piecewise((x, x < 0), (x^2, True))", {"branch by branch"}),
        ("max(x, x^2)", {"that of the greatest"}),
        ("7", {"constant"}),
        ("x", {"derivative of the variable itself"}),
    ],
)
def test_rules_are_named(formula: str, rules: set[str]) -> None:
    explanation = explain(parse(formula))
    assert rules <= {step.rule for step in steps_of(explanation)}


def test_logarithmic_differentiation_shows_the_logarithm() -> None:
    (done,) = explain(parse("x^sin(x)")).derivations
    assert {part.name: text_of(part.term) for part in done.step.parts} == {"u": "x", "v": "sin(x)"}
    assert done.step.logarithm
    assert text_of(done.step.logarithm.term) == "sin(x)*log(x)"


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("formula", "wrt", "rules", "slope"),
    [
        ("integrate(sin(t^2), t=0..x)", "x", {"fundamental theorem of calculus"}, "sin(x**2)"),
        (
            "integrate(exp(-t^2), t=x^2..sin(x))",
            "x",
            {"fundamental theorem of calculus and chain rule", "power rule", "derivative of sin"},
            "exp(-sin(x)**2)*cos(x) - 2*x*exp(-x**4)",
        ),
        (
            "integrate(cos(x*t), t=0..1)",
            "x",
            {"derivative under the integral sign", "constant factor"},
            "cos(x)/x - sin(x)/x**2",
        ),
        (
            "integrate(x*t^2, t=x..x^2)",
            "x",
            {"Leibniz's rule", "power rule", "constant factor"},
            "(7*x**6 - 4*x**3)/3",
        ),
        (
            "x*integrate(exp(-s*t^2), t=0..x)",
            "s",
            {"constant factor", "derivative under the integral sign"},
            "x**2*exp(-s*x**2)/(2*s) - x*sqrt(pi/s)*erf(sqrt(s)*x)/(4*s)",
        ),
    ],
)
def test_integrals_are_differentiated(formula: str, wrt: str, rules: set[str], slope: str) -> None:
    explanation = explain(parse(formula), wrt=[wrt], budget=0.3)
    assert rules <= {step.rule for step in steps_of(explanation)}
    (done,) = explanation.derivations
    for x, s in (("0.4", "0.7"), ("1.3", "1.9")):
        at = {"x": number(Fraction(x)), "s": number(Fraction(s))}
        claimed = RandomPoint(at).number(parse(slope).outputs[0])
        assert done.proof.exact or done.proof.points
        for line in (done.derivative, done.tidied):
            found = RandomPoint(at).number(line)
            assert found is not None
            assert claimed is not None
            assert found.overlaps(claimed)


def test_an_integrand_that_depends_on_the_unknown_is_refused() -> None:
    with pytest.raises(FormulaError, match="integrand"):
        explain_implicit(read_equations(["integrate(x*y*t, t=0..y) = x"]))


def test_orders_go_on_from_the_tidied_derivative() -> None:
    explanation = explain(parse("x*exp(x)"), order=3)
    assert [done.entry.wrt for done in explanation.derivations] == [
        ("x",),
        ("x", "x"),
        ("x", "x", "x"),
    ]
    assert explanation.derivations[1].term is explanation.derivations[0].tidied
    assert_holds(explanation, {"x": Fraction(3, 7)})


@pytest.mark.parametrize(
    "formula", ["tan(x)^2", "1/(1 + exp(-x))", "sin(x)^2", "x*sqrt(1 - x^2)", "atan(1/x)", "cot(x)"]
)
def test_the_steps_end_on_the_form_that_grad_prints(formula: str) -> None:
    (done,) = explain(parse(formula), budget=10).derivations
    assert done.proof.exact
    assert text_of(done.tidied) == Symbolic(parse(formula)).formula(("x",)).text


def test_partial_derivatives_hold_the_others_constant() -> None:
    explanation = explain(parse("x^2*y^3 + u*v"), wrt=("y",))
    (done,) = explanation.derivations
    assert text_of(done.tidied) == "3*x**2*y**2"
    at = {name: Fraction(place, 3) for place, name in enumerate("xyuv", 1)}
    assert_holds(explanation, at)


def test_letters_of_parts_are_no_variables() -> None:
    explanation = explain(parse("u*v*sin(u)*cos(v)"))
    named = {part.name for step in steps_of(explanation) for part in step.parts}
    assert not named & {"u", "v"}


def test_a_shared_term_is_differentiated_once() -> None:
    (done,) = explain(parse("sin(x^2)*cos(x^2)")).derivations
    assert [step.rule for step in done.step.walk()].count("power rule") == 1
    parts = [part for step in done.step.walk() for part in step.parts if part.slope]
    assert {part.step for part in parts if text_of(part.term) == "x**2"} == {"1.1.1"}


@pytest.mark.parametrize("formula", ["x^2*sin(x)", "max(x, x^2)"])
def test_a_wrong_rule_is_noticed(formula: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*given):
        return replace(rule_for(*given), slope=lambda _, slopes: slopes[-1])

    monkeypatch.setattr(derivation, "rule_for", wrong)
    with pytest.raises(DisagreementError):
        explain(parse(formula))


@pytest.mark.parametrize(
    ("formula", "error"),
    [
        ("polygamma(x, 2)", FormulaError),
        ("+".join(f"x^{n}" for n in range(300)), LimitError),
        (f"a0 = x; {'; '.join(f'a{n + 1} = 3*a{n}*(1-a{n})' for n in range(12))}; a12", LimitError),
    ],
)
def test_what_cannot_be_written_out_is_refused(formula: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        explain(parse(formula))


def test_orders_beyond_the_third_are_refused() -> None:
    with pytest.raises(UsageError):
        explain(parse("x^5"), order=4)


PROVED = "proved equal to the symbolic engine's derivative"


def test_the_screen_is_a_tree() -> None:
    text = shown("x^2*sin(x)", "table")
    assert text.splitlines() == [
        "  f(x) = x²·sin(x)",
        "  ├── 1  product rule:  (u·v)′ = u′·v + u·v′",
        "  │   ├── u = x²",
        "  │   ├── v = sin(x)",
        "  │   ├── 1.1  u′: power rule:  (x^n)′ = n·x^(n - 1)",
        "  │   │   ├── n = 2",
        "  │   │   └── (x²)′ = 2·x",
        "  │   ├── 1.2  v′: derivative of sin:  (sin(x))′ = cos(x)",
        "  │   └── (x²·sin(x))′ = 2·x·sin(x) + x²·cos(x)",
        f"  └── f′(x) = x·(x·cos(x) + 2·sin(x))   ({PROVED})",
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("plain", "  1  logarithmic differentiation:  (u**v)′ = u**v*(v′*log(u) + v*u′/u)"),
        ("csv", '2,"u = x,  u′ = 1"'),
        ("markdown", r"    - $u = x$,  $u' = 1$"),
        ("latex", r"$\displaystyle \frac{y'}{y} = \ln\left(x\right) + \frac{x}{x}$"),
    ],
)
def test_every_format_writes_the_steps(name: str, said: str) -> None:
    assert said in shown("x^x", name)


def test_json_holds_the_tree() -> None:
    document = json.loads(shown("x*sin(x)", "json"))
    (result,) = document["results"]
    (root,) = result["steps"]
    assert (result["derivative"], result["proof"]) == ("sin(x) + x*cos(x)", "exact")
    assert root["parts"][1] == {
        "name": "v", "term": "sin(x)", "derivative": "cos(x)", "step": "1.1",
    }  # fmt: skip
    assert root["steps"][0]["lines"] == ["cos(x)"]


@pytest.mark.slow
def test_the_command_imports_no_torch() -> None:
    script = (
        "import sys; from diffcli.cli.main import run; run(['steps', 'max(x, x^2)*x^x']);"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "False"


def shown(formula: str, name: str) -> str:
    """What the command writes."""
    out = StringIO()
    with redirect_stdout(out):
        assert run(["steps", formula, "--format", name]) == 0
    return out.getvalue().removesuffix("\n")


def implicit(equation: str, **more) -> ImplicitExplanation:
    return explain_implicit(read_equations(equation), **more)


EQUATIONS = [
    # Stewart, Calculus 8e, section 2.6: examples 1, 2 and 3, and exercises of it.
    ("x^2 + y^2 = 25", "-x/y"),
    ("x^3 + y^3 = 6x*y", "(2*y - x**2)/(y**2 - 2*x)"),
    ("sin(x + y) = y^2*cos(x)", "(y**2*sin(x) + cos(x + y))/(2*y*cos(x) - cos(x + y))"),
    ("x^4 + y^4 = 16", "-x**3/y**3"),
    ("x^2 - 4x*y + y^2 = 4", "(2*y - x)/(y - 2*x)"),
    ("y*cos(x) = x^2 + y^2", "(2*x + y*sin(x))/(cos(x) - 2*y)"),
    ("exp(x/y) = x - y", "(y*(y - exp(x/y)))/(y**2 - x*exp(x/y))"),
]


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("equation", "published"), EQUATIONS)
def test_implicit_derivatives_are_the_published_ones(equation: str, published: str) -> None:
    (done,) = implicit(equation).derivations
    assert (done.wrt, done.dependent, done.proof.exact) == ("x", "y", True)
    for at in (
        {"x": Fraction(3, 7), "y": Fraction(11, 5)},
        {"x": Fraction(2), "y": Fraction(1, 3)},
    ):
        expected = value(published, at, DIGITS)
        assert close(value(text_of(done.tidied), at, DIGITS), expected)
        assert close(value(text_of(done.derivative), at, DIGITS), expected)


@pytest.mark.parametrize("equation", [equation for equation, _ in EQUATIONS])
def test_every_step_of_an_implicit_differentiation_holds(equation: str) -> None:
    """By the chain rule: d/dx is ∂/∂x + y′·∂/∂y, for any y′."""
    (done,) = implicit(equation).derivations
    at, slope = {"x": Fraction(3, 7), "y": Fraction(11, 5)}, Fraction(5, 13)
    for step in (each for side in done.steps for each in side.walk()):
        across, up = (derivative(text_of(step.term), at, (name,), DIGITS) for name in "xy")
        for line in step.lines:
            said = text_of(line).replace("y′", "s")
            assert close(across + up * mp.mpf(5) / 13, value(said, {**at, "s": slope}, DIGITS))


def test_the_last_variable_depends_on_the_others() -> None:
    found = implicit("x^2 + y^2 + z^2 = 1").derivations
    assert [(d.wrt, d.dependent, text_of(d.tidied)) for d in found] == [
        ("x", "z", "-x/z"),
        ("y", "z", "-y/z"),
    ]
    (other,) = implicit("x^2 + y^2 = 25", wrt=("y",)).derivations
    assert (other.wrt, other.dependent, text_of(other.tidied)) == ("y", "x", "-y/x")


@pytest.mark.parametrize(
    ("equation", "wrt"),
    [
        ("x^2 = 25", ()),
        ("x + y = 1", ("x", "y")),
        ("x + y = 1", ("z",)),
        ("[x + y = 1, x*y = 2]", ()),
        ("x^2 + y = y", ()),
    ],
)
def test_an_equation_that_defines_no_function_is_refused(equation: str, wrt) -> None:
    with pytest.raises(UsageError):
        implicit(equation, wrt=wrt)


def test_functions_of_time_are_shown_the_command_that_has_their_rates(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["steps", "x(t)^2 + y(t)^2 = 25"]) == 2
    assert 'diffcli implicit "x(t)^2 + y(t)^2 = 25"' in capsys.readouterr().err
    assert run(["steps", "x^2 + fooo(x) = 25"]) == 3
    assert "rates" not in capsys.readouterr().err


def test_a_wrong_implicit_derivative_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*given):
        return replace(rule_for(*given), slope=lambda _, slopes: slopes[-1])

    monkeypatch.setattr(derivation, "rule_for", wrong)
    with pytest.raises(DisagreementError):
        implicit("x*y^2 = 1 + y")


def test_the_screen_solves_for_the_derivative() -> None:
    out = StringIO()
    with redirect_stdout(out):
        assert run(["steps", "x^2 + y^2 = 25", "--format", "plain"]) == 0
    lines = [line.strip() for line in out.getvalue().splitlines()]
    assert lines[0] == "x**2 + y**2 = 25,  where y is a function of x,  y′ = dy/dx"
    assert lines[-2] == "4  solved for y′:  2*y*y′ = -2*x"
    assert lines[-1] == "y′ = -x/y   (proved equal to the symbolic engine's derivative)"


@pytest.mark.parametrize("name", ["table", "markdown", "latex", "json"])
def test_every_format_writes_an_implicit_derivative(name: str) -> None:
    out = StringIO()
    with redirect_stdout(out):
        assert run(["steps", "x^2 + y^2 = 25", "--format", name]) == 0
    assert "power rule and chain rule" in out.getvalue()


def test_an_equation_has_one_order_and_no_point() -> None:
    assert run(["steps", "x^2 + y^2 = 25", "--order", "2"]) == 2
    assert run(["steps", "x^2 + y^2 = 25", "--at", "3,4"]) == 2
