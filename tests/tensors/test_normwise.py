"""Noise of LAPACK where a derivative is 0 is noise, and there is none where there is no value."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.linalg import hilbert

from diffcli.differentiation import Settings, derive
from diffcli.differentiation.checks.normwise import relative_error
from diffcli.language.parser import parse
from diffcli.language.points import read_points
from diffcli.operators import Grad, Hessian, Jacobian, Operator
from diffcli.output.report import Result
from diffcli.verdict import NOT_A_NUMBER, Verdict

RANDOM = {n: np.random.default_rng(n).random((n, n)) for n in range(2, 7)}
HILBERT = hilbert(6)


def answer(operator: Operator, text: str, matrix: np.ndarray, budget: float = 30) -> Result:
    function = parse(text, declared=("A",))
    (point,) = read_points([f"A={matrix.tolist()}"])
    given = point.bind(function.variables)
    return derive(operator, function, [given], Settings(budget=budget)).results[0]


def verdicts(found: Result) -> set[Verdict]:
    """Return the verdicts of the numbers that there was time to check."""
    checked = {check.verdict for check in found.checks if check.reason != "out of time"}
    assert checked
    return checked


@pytest.mark.slow
@pytest.mark.parametrize("size", [5, 6])
def test_the_hessian_of_a_determinant_is_certified(size: int) -> None:
    found = answer(Hessian(), "det(A)", RANDOM[size])
    assert verdicts(found) == {Verdict.CERTIFIED}
    zeros = [check for check in found.checks if check.enclosure == ("0", "0")]
    assert zeros
    assert {check.value for check in zeros} == {0}


def test_the_zeros_of_a_triangular_inverse_are_certified() -> None:
    found = answer(Jacobian(), "inv(A)", np.tril(RANDOM[3]) + np.eye(3))
    assert found.verdict is Verdict.CERTIFIED


@pytest.mark.slow
@pytest.mark.parametrize("text", ["det(A)", "sum(inv(A))", "sum(solve(A, A @ A))"])
@pytest.mark.parametrize("operator", [Grad(), Hessian()], ids=["grad", "hessian"])
def test_an_ill_conditioned_matrix_is_no_contradiction(operator: Operator, text: str) -> None:
    assert verdicts(answer(operator, text, HILBERT)) <= {Verdict.CERTIFIED, Verdict.INEXACT}


@pytest.mark.slow
@pytest.mark.parametrize("matrix", [RANDOM[5], HILBERT], ids=["random", "hilbert"])
@pytest.mark.parametrize("operator", [Grad(), Hessian()], ids=["grad", "hessian"])
def test_an_error_of_a_thousandth_is_found_out(
    operator: Operator, matrix: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = torch.linalg.det

    def wrong(x: torch.Tensor) -> torch.Tensor:
        found = right(x)
        slip = found.detach() * torch.linalg.inv(x.detach()).norm() ** 2 * 1e-3
        step = (x - x.detach()).sum()
        return found + slip * (step + step**2)

    monkeypatch.setattr(torch.linalg, "det", wrong)
    assert Verdict.DISAGREES in verdicts(answer(operator, "det(A)", matrix))


def test_only_what_lapack_factors_has_an_error_of_norm() -> None:
    at = {"A": RANDOM[3]}
    settings = Settings(budget=30)
    assert relative_error(parse("sum(A @ A)", declared=at), at, settings) == 0
    assert relative_error(parse("det(A)", declared=at), at, settings) == 0
    expected = np.linalg.cond(RANDOM[3], 1) * 2.0**-53
    error = relative_error(parse("sum(inv(A))", declared=at), at, settings)
    assert expected < error < 100 * expected


def test_what_cancels_to_five_digits_is_no_noise() -> None:
    function = parse("1e10*sin(x) - 1e10*x + x")
    point = read_points(["1e-6"])[0].bind(function.variables)
    ((check,),) = (each.checks for each in derive(Grad(), function, [point]).results)
    assert (check.verdict, check.reason) == (Verdict.INEXACT, "float64 keeps 5 digits here")


@pytest.mark.parametrize("count", [2, 100])
def test_where_torch_gives_no_value_nothing_is_proved_of_a_derivative(count: int) -> None:
    function = parse("log(x)")
    points = [read_points([f"x={-k}"])[0].bind(function.variables) for k in range(1, count + 1)]
    found = derive(Grad(), function, points, Settings(engines=("autograd",))).results
    assert {each.verdict for each in found} == {Verdict.UNVERIFIED}
    assert all(each.derivative == {"x": None} for each in found)
    assert all(NOT_A_NUMBER in check.reason for each in found for check in each.checks)
