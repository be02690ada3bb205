"""What the numbers of a matrix say together, against matrices made to say it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from diffcli.cli.main import run
from diffcli.clock import now
from diffcli.differentiation import Settings, derive
from diffcli.engines.matrices.inertia import ExactPoint
from diffcli.language import algebra
from diffcli.language.parser import parse
from diffcli.language.points import read_points
from diffcli.operators import Hessian, Jacobian, Operator


def analysis(operator: Operator, text: str, at: str) -> Any:
    function = parse(text)
    points = [point.bind(function.variables) for point in read_points([at])]
    return derive(operator, function, points, Settings(budget=5)).results[0].analysis


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("text", "at", "definiteness", "kind"),
    [
        ("x^2 + y^2 + x*y", "0,0", "positive definite", "minimum"),
        ("-x^2 - 3*y^2", "0,0", "negative definite", "maximum"),
        ("x^2 - y^2", "0,0", "indefinite", "saddle point"),
        ("x*y + z^3", "0,0,0", "indefinite", "saddle point"),
        ("(x + y)^2", "1,-1", "positive semidefinite", "undecided by the Hessian"),
        ("x^4 - y^4", "0,0", "zero", "undecided by the Hessian"),
        ("cos(x) - y^2", "0,0", "negative definite", "maximum"),
        ("sin(x) + y^2", "-pi/2,0", "positive definite", "minimum"),
        ("sin(x) + y^2", "-1.5707963267948966,0", "positive definite", None),
        ("x^2 + y^2", "1,0", "positive definite", None),
        # A slope that no float holds is none of 0.
        ("x^2 + y^2 + x*exp(-800)", "0,0", "positive definite", None),
        ("(x - 1)^2 + tanh(y)*exp(-900)", "1,0", "positive semidefinite", None),
        ("cosh(x) + (y - sqrt(2))^2", "0,sqrt(2)", "positive definite", "minimum"),
        ("sum(x^2) + prod(x)", "[0,0,0]", "positive definite", "minimum"),
        # Eigenvalues that no float tells from 0: their signs are those of exact constants.
        ("log(1 + exp(x))", "-800", "positive definite", None),
        ("x^2 - y^2*exp(-100)", "0,0", "indefinite", "saddle point"),
        ("x^2 + 1e-30*y^2", "0,0", "positive definite", "minimum"),
        ("erfc(x)*y^2 - x^2", "40,1", "indefinite", None),
        ("logsumexp(x)", "[1,2,-300]", "positive semidefinite", None),
        ("sqrt(x^2 + y^2)", "1,2", "positive semidefinite", None),
        ("(sin(1)*x + cos(1)*y)^2", "0,0", "positive semidefinite", "undecided by the Hessian"),
    ],
)
def test_the_kind_of_a_critical_point(
    text: str, at: str, definiteness: str, kind: str | None
) -> None:
    found = analysis(Hessian(), text, at)
    assert (found["definiteness"], found.get("critical_point")) == (definiteness, kind)


def test_eigenvalues_are_in_order() -> None:
    assert analysis(Hessian(), "x^2 + y^2 + x*y", "5,7")["eigenvalues"] == pytest.approx([1, 3])


@pytest.mark.parametrize(
    ("text", "at", "rank", "determinant", "condition"),
    [
        ("[3*x + 4*y, 4*x - 3*y]", "1,2", 2, -25, 1),
        ("[x, 100*y]", "1,2", 2, 100, 100),
        ("[x + y, 2*x + 2*y]", "1,2", 1, 0, None),
        ("[x*y, x, y^2]", "0,0", 1, None, None),
        ("[x, x, y]", "1,1", 2, None, 2**0.5),
        ("[0*x, 0*y]", "1,1", 0, 0, None),
        ("[sin(1)*x + cos(1)*y, cos(1)*y + sin(1)*x]", "1,2", 1, 0, None),
        ("[x + y, x + (1 + 1e-30)*y]", "1,2", 2, None, None),
        ("[exp(x), y]", "-800,1", 2, None, None),
    ],
)
def test_rank_determinant_and_condition(
    text: str, at: str, rank: int, determinant: float | None, condition: float | None
) -> None:
    found = analysis(Jacobian(), text, at)
    assert found["rank"] == rank
    assert ("determinant" in found) == (determinant is not None)
    assert found.get("determinant", 0) == pytest.approx(determinant or 0, rel=1e-12, abs=1e-14)
    assert found.get("condition") == pytest.approx(condition)


def test_where_an_entry_is_missing_nothing_is_said() -> None:
    assert analysis(Hessian(), "abs(x)*y", "0,1") == {}


def test_they_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["hessian", "x^2 + y^2 + x*y", "--at", "0,0"]) == 0
    said = "eigenvalues [1, 3], positive definite, a critical point: minimum"
    assert said in capsys.readouterr().out
    assert run(["jacobian", "[x, 100*y]", "--at", "1,2", "-v"]) == 0
    assert "rank 2, determinant 100, condition number 100" in capsys.readouterr().err
    assert run(["jacobian", "[x, 100*y]", "--at", "1,2", "--json"]) == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    assert result["analysis"].keys() == {"rank", "determinant", "condition"}


def test_a_determinant_beyond_float64_is_left_out() -> None:
    found = analysis(Jacobian(), "[x^2 - y^2, 2x*y]", "x=-30,y=-1e300")
    assert "determinant" not in found
    assert found["rank"] == 2


def test_a_slope_of_too_many_steps_is_not_called_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    (square,) = parse("x^2 + sin(x)^2").outputs
    point = ExactPoint([square], lambda: {"x": 0.0}, ["x"], now() + 5)
    assert point.is_critical()
    monkeypatch.setattr(algebra, "MAX_RESOLVED", 0)
    assert not point.is_critical()
