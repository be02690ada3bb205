"""Taylor polynomials: coefficients, exact forms, the polynomial's text, and the command."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product
from math import factorial

import pytest
from mpmath import mp, mpf
from typer.testing import CliRunner

from diffcli.cli.main import run
from diffcli.differentiation import Settings, derive
from diffcli.errors import LimitError, UsageError
from diffcli.language.parser import parse
from diffcli.language.points import read_points
from diffcli.operators import Grad, Partial, Taylor
from diffcli.operators.expansion import monomial
from diffcli.studies.taylor.expansion import Expansion, expand
from diffcli.verdict import Verdict

SETTINGS = Settings(budget=2)


def about(formula: str, place: str, order: int) -> Expansion:
    function = parse(formula)
    point = read_points([place])[0].bind(function.variables)
    _, (found,) = expand(function, [point], SETTINGS, order=order)
    return found


@pytest.mark.parametrize(
    ("formula", "place", "order", "polynomial"),
    [
        ("exp(sin(x))", "0", 5, "1 + x + x**2/2 - x**4/8 - x**5/15"),
        ("log(x)", "1", 3, "(x - 1) - (x - 1)**2/2 + (x - 1)**3/3"),
        ("sin(x)", "pi/4", 1, "sqrt(2)/2 + sqrt(2)*(x - pi/4)/2"),
        ("exp(x)*cos(y)", "0,0", 2, "1 + x + x**2/2 - y**2/2"),
        ("x^3", "2", 0, "8"),
        ("x - x", "2", 3, "0"),
        ("sum(x^2)", "x=[1,2]", 1, "5 + 2*(x[0] - 1) + 4*(x[1] - 2)"),
    ],
)
def test_polynomials(formula: str, place: str, order: int, polynomial: str) -> None:
    found = about(formula, place, order)
    assert found.polynomial == polynomial
    assert found.result.verdict is Verdict.CERTIFIED


def test_a_coefficient_without_a_short_form_is_a_decimal() -> None:
    found = about("exp(sin(x))", "0.3", 1)
    assert found.exact == {"1": "exp(sin(3/10))", "x": "exp(sin(3/10))*cos(3/10)"}
    found = about("zeta(x)", "2.5", 1)
    slope = -mp.zeta(mpf(2.5), 1, 1)
    assert found.polynomial == f"zeta(5/2, 1) - {float(slope):.12g}*(x - 2.5)"


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("formula", "x", "order"),
    [("exp(sin(x))", "0.3", 20), ("gamma(x)*atan(x)", "1.7", 8), ("besselj(2, x)/x", "2.5", 8)],
)
def test_coefficients_of_one_variable(formula: str, x: str, order: int) -> None:
    exact = {
        "exp(sin(x))": lambda x: mp.exp(mp.sin(x)),
        "gamma(x)*atan(x)": lambda x: mp.gamma(x) * mp.atan(x),
        "besselj(2, x)/x": lambda x: mp.besselj(2, x) / x,
    }[formula]
    found = about(formula, x, order).result
    with mp.workdps(80):
        truths = list(map(float, mp.taylor(exact, mpf(float(x)), order)))
    assert list(found.derivative.values()) == pytest.approx(truths, rel=1e-13)
    assert [check.autograd for check in found.checks] == pytest.approx(truths, rel=1e-12)
    assert found.verdict is Verdict.CERTIFIED


def test_coefficients_of_two_variables() -> None:
    found = about("exp(x*y)*sin(x + y^2)", "0.3,0.4", 4).result.derivative

    def f(x: mpf, y: mpf) -> mpf:
        return mp.exp(x * y) * mp.sin(x + y * y)

    with mp.workdps(50):
        for i, j in product(range(5), repeat=2):
            if i + j <= 4:
                exact = mp.diff(f, (mpf(0.3), mpf(0.4)), (i, j)) / (factorial(i) * factorial(j))
                assert found[monomial("x" * i + "y" * j)] == pytest.approx(float(exact), rel=1e-13)


@pytest.mark.parametrize(
    ("formula", "coefficients"),
    [
        ("piecewise((exp(-1/x^2), x != 0), (0, True))", [0] * 6),
        ("piecewise((exp(-1/abs(x))/x, x != 0), (0, True)) + x^2", [0, 0, 1, 0, 0, 0]),
        ("piecewise((x^2, x < 1e-300), (x^3, True))", [0, 0, 1, 0, 0, 0]),
        ("piecewise((x^2, x < 1e-300), (1/x, True))", [0, 0, 1, 0, 0, 0]),
        ("piecewise((sin(x)/x, x != 0), (1, True))", [1, 0, -1 / 6, 0, 1 / 120, 0]),
    ],
)
def test_pieces_that_are_smooth_together(formula: str, coefficients: list[float]) -> None:
    found = about(formula, "0", 5).result
    assert list(found.derivative.values()) == coefficients
    assert found.verdict is Verdict.CERTIFIED


def test_where_there_is_no_series() -> None:
    found = about("log(x)", "0", 3)
    assert found.polynomial is None
    assert found.result.verdict is Verdict.UNDEFINED


def test_what_is_refused() -> None:
    with pytest.raises(UsageError, match="one formula"):
        about("[x, y]", "0,0", 2)
    with pytest.raises(LimitError, match="coefficients of 3 variables"):
        about("x*y*z", "0,0,0", 40)


@pytest.mark.sampled(5)
@pytest.mark.parametrize("mode", ["auto", "reverse", "forward"])
@pytest.mark.parametrize("order", [1, 2, 4, 5, 6])
def test_every_mode_gives_the_same(mode: str, order: int) -> None:
    function = parse("exp(x*y)*sin(x)")
    point = read_points(["x=[0.3,-0.7],y=0.5"])[0].bind(function.variables)
    report = derive(Grad(order, (), mode), function, [point], SETTINGS)  # type: ignore[arg-type]
    assert report.results[0].verdict is Verdict.CERTIFIED
    for check in report.results[0].checks:
        assert check.autograd == pytest.approx(check.value, rel=1e-11)


def test_a_mixed_partial_of_high_order() -> None:
    function = parse("exp(x*y)*sin(y)")
    point = read_points(["0.5,0.7"])[0].bind(function.variables)
    report = derive(Partial(("x", "y", "x", "y", "x", "y")), function, [point], SETTINGS)
    (check,) = report.results[0].checks
    assert check.verdict is Verdict.CERTIFIED
    assert check.autograd == pytest.approx(check.value, rel=1e-12)


def test_a_row_without_a_rule_is_named() -> None:
    function = parse("zeta(x)")
    point = read_points(["2.5"])[0].bind(function.variables)
    report = derive(Grad(5), function, [point], SETTINGS)
    (warning,) = report.warnings
    assert warning.startswith("Taylor arithmetic has no rule for zeta in its argument 1: ")
    with pytest.raises(LimitError, match="no rule for zeta"):
        derive(Taylor(9), function, [point], SETTINGS)


def test_the_command_line() -> None:
    from diffcli.cli.main import app

    done = CliRunner().invoke(app, ["taylor", "exp(sin(x))", "--order", "4", "--json"])
    assert "about x = 0" in done.stderr
    (result,) = json.loads(done.stdout)["results"]
    assert result["derivative"] == {
        "about": {"x": "0"},
        "coefficients": [1.0, 1.0, 0.5, 0.0, -0.125],
        "polynomial": "1 + x + x**2/2 - x**4/8",
    }
    assert result["symbolic"]["x**4"] == "-1/8"
    assert result["verdict"] == "certified"


@pytest.mark.parametrize("digits", [25, 40])
def test_the_digits_of_the_polynomial_are_proved(digits: int) -> None:
    function = parse(["zeta(x)"])
    point = read_points(["x=2"])[0].bind(function.variables)
    chosen = replace(SETTINGS, digits=digits)
    _, (one,) = expand(function, [point], chosen, order=1, digits=digits)
    assert one.is_rounded
    with mp.workdps(60):
        slope = mp.nstr(-mp.zeta(2, derivative=1), digits, strip_zeros=False)
    assert one.polynomial == f"zeta(2, 1) - {slope.rstrip('0')}*(x - 2)"


@pytest.mark.parametrize(
    ("formula", "terms"),
    [
        ("x*sinc(x)", {"x": 1.0, "x**3": -1 / 6, "x**5": 1 / 120}),
        ("sinc(x)^2", {"1": 1.0, "x**2": -1 / 3, "x**4": 2 / 45}),
        ("sinc(sin(x))", {"1": 1.0, "x**2": -1 / 6, "x**4": 23 / 360}),
    ],
)
def test_a_hole_of_the_derivatives_formula_is_no_defect(
    formula: str, terms: dict[str, float], capsys: pytest.CaptureFixture[str]
) -> None:
    """By hand: sin(x); sin(x)^2/x^2; sinc(x - x^3/6 + …)."""
    assert run(["taylor", formula, "--at", "0", "--json"]) == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    names = ["1", "x", *(f"x**{order}" for order in range(2, 6))]
    expected = [terms.get(name, 0.0) for name in names]
    assert result["derivative"]["coefficients"] == pytest.approx(expected, abs=1e-15)
