"""Implicit derivatives against the explicit solution, differentiated by mpmath."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from mpmath import mp, mpf
from typer.testing import CliRunner

from diffcli.differentiation import Settings
from diffcli.errors import FormulaError, PointError, UsageError
from diffcli.language.equations import is_equation, read_equations
from diffcli.language.points import read_points
from diffcli.studies.implicit.derivatives import Derivative, choose, derivatives
from diffcli.verdict import Verdict


def at(equation: str, place: str, order: int = 1, of: str = "", wrt: str = "") -> list[Derivative]:
    function = read_equations(equation).function
    point = read_points([place])[0].bind(function.variables)
    unknowns = choose(function, of.split(), wrt.split())
    (found,) = derivatives(function, unknowns, [point], Settings(budget=5), order=order)
    return found


CURVES: list[tuple[str, str, Callable[[mpf], mpf], str]] = [
    ("x^2 + y^2 = 25", "3,4", lambda x: mp.sqrt(25 - x * x), "3"),
    ("x^2 + y^2 = 25", "x=1,y=-sqrt(24)", lambda x: -mp.sqrt(25 - x * x), "1"),
    ("x^2/9 + y^2/4 = 1", "x=9/5,y=8/5", lambda x: 2 * mp.sqrt(1 - x * x / 9), "1.8"),
    (
        "x^3 + y^3 = 6xy",
        "x=3,y=3",
        lambda x: mp.findroot(lambda y: x**3 + y**3 - 6 * x * y, 3),
        "3",
    ),
    (
        "(x^2 + y^2)^2 = 2(x^2 - y^2)",
        "x=1,y=sqrt(sqrt(5)-2)",
        lambda x: mp.sqrt(mp.sqrt(1 + 4 * x * x) - x * x - 1),
        "1",
    ),
    ("exp(y) + y = x", "x=1,y=0", lambda x: mp.findroot(lambda y: mp.exp(y) + y - x, 0), "1"),
]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("equation", "place", "explicit", "x"), CURVES)
def test_the_derivatives_are_those_of_the_explicit_solution(
    equation: str, place: str, explicit: Callable[[mpf], mpf], x: str
) -> None:
    found = at(equation, place, order=3)
    with mp.workdps(60):
        truths = [float(mp.diff(explicit, mpf(x), n)) for n in (1, 2, 3)]
    for each, truth in zip(found, truths, strict=True):
        assert each.check is not None
        assert each.check.verdict is Verdict.CERTIFIED
        assert each.check.autograd == pytest.approx(truth, rel=1e-12)
        assert each.check.symbolic == pytest.approx(truth, rel=1e-12)
        assert each.check.value == pytest.approx(truth, rel=1e-14)


def test_the_formulas_need_no_point() -> None:
    function = read_equations("x^2 + y^2 = 25").function
    (found,) = derivatives(function, choose(function, (), ()), [], Settings(budget=5), order=2)
    assert [each.label for each in found] == ["dy/dx", "d2y/dx2"]
    assert found[0].formula.text == "-x/y"
    assert found[0].check is None


def test_a_system_determines_as_many_variables() -> None:
    found = at("[u + v = x, u*v = y]", "u=1,v=2,x=3,y=2", of="u v")
    values = {each.label: each.check.value for each in found if each.check}
    assert values == {"du/dx": -1, "dv/dx": 2, "du/dy": 1, "dv/dy": -1}


def test_the_others_are_held() -> None:
    found = at("x*y*z = 8", "x=1,y=2,z=4", of="z")
    assert [each.check.value for each in found if each.check] == [-4, -2]


def test_the_variables_can_be_exchanged() -> None:
    (found,) = at("x^2 + y^2 = 25", "3,4", wrt="y")
    assert found.label == "dx/dy"
    assert found.formula.text == "-y/x"


@pytest.mark.parametrize(
    ("equation", "place", "verdict", "reason"),
    [
        ("x^2 + y^2 = 25", "5,0", Verdict.UNDEFINED, "vertical tangent"),
        ("x^3 + y^3 = 6xy", "0,0", Verdict.UNDEFINED, "singular point"),
        ("log(x*y) = y", "-1,2", Verdict.UNDEFINED, "log of a negative number"),
        ("abs(x) + abs(y) = 1", "0,1", Verdict.NOT_DIFFERENTIABLE, "abs at 0, in x"),
    ],
)
def test_where_there_is_none(equation: str, place: str, verdict: Verdict, reason: str) -> None:
    (found,) = at(equation, place)
    assert found.check is not None
    assert found.check.verdict is verdict
    assert found.check.value is None
    assert reason in (found.check.reason or "")


def test_a_point_off_the_curve_is_refused_by_its_residual() -> None:
    with pytest.raises(PointError, match=r"y = 4.1 is not on the curve: .* is 0.81 there"):
        at("x^2 + y^2 = 25", "3,4.1")


def test_a_point_within_rounding_is_on_the_curve() -> None:
    (found,) = at("x^2 + y^2 = 25", "x=1,y=4.898979485566356")
    assert found.check is not None
    assert found.check.value == pytest.approx(-1 / 24**0.5, rel=1e-15)


@pytest.mark.parametrize(
    ("equation", "of", "wrt"),
    [
        ("x^2 = 4", "", ""),
        ("x + y = 1", "q", ""),
        ("x + y = 1", "y", "y"),
        ("x + y = 1", "x y", ""),
    ],
)
def test_unknowns_that_do_not_fit(equation: str, of: str, wrt: str) -> None:
    with pytest.raises(UsageError):
        choose(read_equations(equation).function, of.split(), wrt.split())


@pytest.mark.parametrize(
    ("text", "read_as", "variables"),
    [
        ("x^2+y^2=25", "x**2 + y**2 = 25", ("x", "y")),
        ("y = x^2 + y^3", "y = x**2 + y**3", ("x", "y")),
        ("x y == 3", "x*y = 3", ("x", "y")),
        ("a = 2; x^2 + y^2 = a", "x**2 + y**2 = 2", ("x", "y")),
        ("[x + y = 1, min(x, y) = z]", "[x + y = 1, min(x, y) = z]", ("x", "y", "z")),
        (r"\frac{x^2}{4} + y^2 = 1", "x**2/4 + y**2 = 1", ("x", "y")),
        ("$x^2 + y^2 = 1$", "x**2 + y**2 = 1", ("x", "y")),
        ("x + y - 1", "x + y - 1 = 0", ("x", "y")),
    ],
)
def test_equations_are_read(text: str, read_as: str, variables: tuple[str, ...]) -> None:
    found = read_equations(text)
    assert found.read_as == read_as
    assert found.function.variables == variables
    assert is_equation(text) == ("=" in text)


def test_what_is_0_by_omission_is_said() -> None:
    assert read_equations("x + y").function.readings == (
        "without '=' it is an equation: x + y = 0",
    )


@pytest.mark.parametrize(
    ("text", "column"),
    [("x = y = z", 6), ("x^2 + = 3", 6), ("x^2 + sinx = 3", 6), ("x = 3 + sinx", 8), ("[x=1,]", 1)],
)
def test_an_error_shows_its_place_in_the_whole(text: str, column: int) -> None:
    with pytest.raises(FormulaError) as caught:
        read_equations(text)
    assert caught.value.text == text
    assert caught.value.column == column


def test_the_command_line() -> None:
    from diffcli.cli.main import app

    done = CliRunner().invoke(app, ["implicit", "x^2 + y^2 = 25", "--at", "3,4", "--json"])
    document = json.loads(done.stdout)
    assert document["command"] == "implicit"
    assert document["read_as"] == "x**2 + y**2 = 25"
    (result,) = document["results"]
    assert result["derivative"] == {"dy/dx": -0.75}
    assert result["verdict"] == "certified"
