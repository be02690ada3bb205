"""Closed forms of functions with kinks: what they are beside these, and what is said of these."""

from __future__ import annotations

import pytest

from diffcli.differentiation import derive
from diffcli.differentiation.forms.agreement import agreement
from diffcli.differentiation.forms.assumed import assumed_form
from diffcli.differentiation.settings import Settings
from diffcli.language.parser import parse
from diffcli.language.points import read_points
from diffcli.operators import Grad, Hessian
from diffcli.studies.steps.tensors import explain_tensors
from diffcli.verdict import Agreement, Verdict


@pytest.mark.parametrize(
    ("formula", "expected", "where"),
    [
        ("max(x)", "piecewise((1, x == max(x)), (0, True))", "one entry of x alone is the largest"),
        ("norm(x, 1)", "sign(x)", "no entry of x is 0"),
        ("sum(relu(x))", "heaviside(x)", "no entry of x is 0"),
        ("sum(max(x, 1))", "heaviside(x - 1)", "no entry of x - 1 is 0"),
        ("sum(min(1, x))", "heaviside(1 - x)", "no entry of 1 - x is 0"),
        ("sum(floor(x)*x)", "floor(x)", "no entry of x is whole"),
        ("sum(x) if sum(x) > 1 else 0", None, "sum(x) - 1 isn't 0"),
        ("sum(relu(x)^2)", "2*relu(x)", None),
        ("norm(x)^2", "2*x", None),
    ],
)
def test_a_gradient_says_where_it_holds(
    formula: str, expected: str | None, where: str | None
) -> None:
    function = parse(formula)
    form, _ = assumed_form(Grad(), function)
    if expected is not None:
        assert [each.text for each in form.formulas.values()] == [expected]
    assert form.where == (f"the formulas hold where {where}" if where else "")
    assert agreement(Grad(), function, form, Settings()) == Agreement("enclosure", 3)


def test_a_hessian_says_where_the_gradient_jumps() -> None:
    form, _ = assumed_form(Hessian(), parse("norm(x, 1)"))
    assert [each.text for each in form.formulas.values()] == ["0"]
    assert form.where == "the formulas hold where no entry of x is 0"


def test_a_formula_stands_above_the_numbers_of_a_point_where_it_does_not_hold() -> None:
    function = parse("max(x)", declared=["x"])
    points = [each.bind(function.variables) for each in read_points(["x=[1,2,2]"])]
    report = derive(Grad(), function, points)
    (result,) = report.results
    assert result.symbolic["x"].text == "piecewise((1, x == max(x)), (0, True))"
    assert [each.verdict for each in result.checks][1:] == [Verdict.NOT_DIFFERENTIABLE] * 2
    assert report.warnings == ("the formulas hold where one entry of x alone is the largest",)


def test_steps_of_a_squared_hinge_end_in_its_gradient() -> None:
    function = parse("sum(max(0, 1 - y*(X@w))^2)")
    (found,) = explain_tensors(function, wrt=("w",), order=1, seed=0)
    assert found.form.formulas["w"].text == "-2*X.T @ (relu(1 - y*(X @ w))*y)"
    assert found.agreed == Agreement("enclosure", 3)
    assert len(found.lines.lines) == 3
