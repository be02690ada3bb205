"""Related rates, against published answers and against derivatives along solved curves."""

from __future__ import annotations

import json
from math import pi, sqrt

import pytest

from diffcli.cli.main import run

PUBLISHED = [
    # Stewart, Calculus, section 2.8 (8th ed.): the balloon, the ladder, the tank, the two cars.
    ("V(t) = 4/3*pi*r(t)^3", "r=25,V'=100,V=4/3*pi*25^3", {"dr/dt": 1 / (25 * pi)}),
    ("x(t)^2 + y(t)^2 = 100", "x=6,y=8,x'=1", {"dy/dt": -3 / 4}),
    ("V(t) = pi/12*h(t)^3", "h=3,V'=2,V=9*pi/4", {"dh/dt": 8 / (9 * pi)}),
    ("z(t)^2 = x(t)^2 + y(t)^2", "x=0.3,y=0.4,z=0.5,x'=-50,y'=-60", {"dz/dt": -78.0}),
    # exercises of that section, and the ladder on another circle
    ("A(t) = s(t)^2", "s=4,s'=6", {"dA/dt": 48.0}),
    ("y(t) = sqrt(2x(t) + 1)", "x=4,x'=3", {"dy/dt": 1.0}),
    ("x(t)^2 + y(t)^2 = 25", "x=3,y=4,x'=2", {"dy/dt": -1.5}),
    # several equations: the sums of roots that stay 6, and their product
    (
        "[x(t) + y(t) + z(t) = 6, x(t)*y(t)*z(t) = 6]",
        "x=1,y=2,z=3,x'=1",
        {"dy/dt": -4.0, "dz/dt": 3.0},
    ),
    # t itself, and a constant
    ("x(t)*t + y(t) = k", "x=1,y=3,t=2,k=5,x'=1", {"dy/dt": -3.0}),
]


def answered(equation: str, at: str, capsys: pytest.CaptureFixture[str], *more: str) -> dict:
    code = run(["implicit", equation, "--at", at, "--json", "-q", *more])
    return {"code": code, **json.loads(capsys.readouterr().out)["results"][0]}


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("equation", "at", "rates"), PUBLISHED)
def test_published_rates(
    equation: str, at: str, rates: dict, capsys: pytest.CaptureFixture[str]
) -> None:
    found = answered(equation, at, capsys)
    assert found["code"] == 0
    assert found["verdict"] == "certified"
    assert found["derivative"] == pytest.approx(rates, rel=1e-15)


def test_the_second_order(capsys: pytest.CaptureFixture[str]) -> None:
    """Along x = 3 + 2t − t²/2, by hand: y″ = (−x′² − x·x″ − y′²)/y."""
    found = answered("x(t)^2 + y(t)^2 = 25", "x=3,y=4,x'=2,x''=-1", capsys, "--order", "2")
    assert found["derivative"] == {"dy/dt": -1.5, "d2y/dt2": (-4 + 3 - 2.25) / 4}


def test_which_rate_is_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    found = answered("A(t) = pi*r(t)^2", "r=3,r'=2", capsys, "--of", "A")
    assert found["derivative"] == pytest.approx({"dA/dt": 12 * pi})
    found = answered("x(t)^2 + y(t)^2 = 2", "x=1,y=1,y'=sqrt(2)", capsys)
    assert found["derivative"] == pytest.approx({"dx/dt": -sqrt(2)})


def test_the_formula_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["implicit", "x(t)^2 + y(t)^2 = 25"]) == 0
    shown = capsys.readouterr()
    assert "dy/dt             = -x*x'/y" in shown.out
    assert "x is an unknown function of t" in shown.err


@pytest.mark.parametrize(
    ("equation", "at", "code", "message"),
    [
        ("x(t)^2 + y(t)^2 = 25", "x=3,y=5,x'=2", 2, "not on the curve"),
        ("x(t)^2 + y(t)^2 = 25", "x=3,y=4", 2, "nothing says how fast"),
        ("x(t)^2 + y(t)^2 = 25", "x=3,y=4,x'=1,y'=1", 2, "the point gives all but 1"),
        ("x(t)^2 + y(t)^2 = 25", "x=3,y=4,z'=1", 2, "z' is no rate"),
        ("x(t)^2 + y(s)^2 = 25", "x=3,y=4,x'=1", 2, "aren't all of one variable"),
        ("x(t)^2 + y(t)^2 = 25", "y=4,x'=1", 2, "no value for x"),
        ("x(t)^2 + y(t)^2 = 25 + x", "x=3,y=4,x'=1", 2, "x' is no rate"),
        ("x^2 + y^2 = 25", "x=3,y=4,x'=1", 2, "x' is not in the formula"),
    ],
)
def test_refused(
    equation: str, at: str, code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["implicit", equation, "--at", at]) == code
    assert message in capsys.readouterr().err


def test_where_no_rate_exists(capsys: pytest.CaptureFixture[str]) -> None:
    """At the rightmost point of the circle a motion to the right leaves it."""
    found = answered("x(t)^2 + y(t)^2 = 25", "x=5,y=0,x'=2", capsys)
    assert (found["code"], found["verdict"]) == (4, "undefined")


@pytest.mark.parametrize(
    ("formula", "at"),
    [
        ("x(t)^2 + y(t)^2 = 25", "x=5,y=0,x'=0"),  # (5 cos t, 5 sin t) has y' = 5
        ("y(t)^3 = x(t)", "x=0,y=0,x'=0"),  # x = t³ has y' = 1
        ("y(t) = cbrt(x(t))", "x=0,x'=0"),
        ("y(t) = floor(x(t))", "x=1,x'=0"),  # x = 1 − t² has no y'
        ("y(t) = cbrt(x(t) - z(t))", "x=1,z=1,x'=2,z'=2"),
    ],
)
def test_rates_that_determine_nothing_prove_nothing(
    formula: str, at: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = answered(formula, at, capsys)
    assert found["verdict"] == "unverified"
