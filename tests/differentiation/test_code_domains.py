"""Where torch gives no number: overflow hides a derivative, outside the domain there is none."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import mpmath
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  (torch's own name of it)

import diffcli
from diffcli.verdict import Check, Verdict

Function = Callable[[Tensor], Tensor]


def checks(function: Function, x: Sequence[float]) -> Sequence[Check]:
    point = torch.tensor(x, dtype=torch.float64)
    return diffcli.verify_gradients(function, point).results[0].checks


def _softmax(x: Tensor) -> Tensor:
    return (x.exp() / x.exp().sum())[0]


def test_infinity_over_infinity_is_not_undefined() -> None:
    by_x, by_y = checks(_softmax, [1000.0, 1001.0])
    truth = float(mpmath.e / (1 + mpmath.e) ** 2)
    for check, slope in ((by_x, truth), (by_y, -truth)):
        assert (check.verdict, check.autograd) == (Verdict.INEXACT, None)
        assert check.value == pytest.approx(slope, rel=1e-15)


@pytest.mark.parametrize(
    ("function", "x"),
    [
        (lambda x: torch.sqrt(x[0] * 3 - x[1]), [0.1, 0.30000000000000004]),
        (lambda x: torch.where(x > 0, x.sqrt(), x * math.nan).sum(), [2.0, -0.5]),
        (lambda x: (x.exp() - x.exp()).sum(), [2.0, 1000.0]),
        (lambda x: F.layer_norm(x, (2,))[0], [1e200, 2e200]),
    ],
)
def test_no_number_of_torch_proves_nothing(function: Function, x: Sequence[float]) -> None:
    assert Verdict.UNDEFINED not in {check.verdict for check in checks(function, x)}


@pytest.mark.parametrize(
    ("function", "x", "operation"),
    [
        (lambda x: x.log().sum(), [-1.0, 2.0], "log"),
        (lambda x: (x / (x - x.detach())).sum(), [1.0, 2.0], "div"),
        (lambda x: (x**-2).sum(), [0.0, 2.0], "pow"),
        (lambda x: (x**0.5).mean(), [-1.0, 2.0], "pow"),
        (lambda x: torch.asin(x) @ x, [1.5, 0.5], "asin"),
        (lambda x: torch.atanh(x[0]) + x[1], [1.0, 0.5], "atanh"),
    ],
)
def test_outside_of_the_domain_there_is_no_derivative(
    function: Function, x: Sequence[float], operation: str
) -> None:
    found = checks(function, x)
    assert [check.entry for check in found] == ["x[0]", "x[1]"]
    for check in found:
        assert check.verdict is Verdict.UNDEFINED
        assert str(check.reason).startswith(f"{operation} (test_code_domains.py:")


@pytest.mark.parametrize("x", [[math.nan, 1.0], [math.inf, 1.0], [-math.inf, 1.0]])
@pytest.mark.parametrize(
    "function", [lambda x: (2 * x).sum(), lambda x: x.clamp(0, 3), lambda x: x.max()]
)
def test_nothing_is_proved_at_what_is_no_finite_number(function: Function, x: list[float]) -> None:
    for check in checks(function, x):
        if check.entry.endswith("x[0]"):
            assert check.verdict is Verdict.UNVERIFIED
            assert check.value is None


def test_where_there_is_no_value_a_slope_that_torch_gives_is_not_certified() -> None:
    weights = torch.tensor([1.0, math.nan])
    assert {check.verdict for check in checks(lambda x: (x * weights).sum(), [2.0, 3.0])} == {
        Verdict.UNVERIFIED
    }


def test_a_value_beyond_the_floats_is_said_to_be_that() -> None:
    large, small = checks(lambda x: x.exp().sum(), [1000.0, 2.0])
    assert small.verdict is Verdict.CERTIFIED
    assert large.verdict is Verdict.UNVERIFIED
    assert "beyond the range of float64" in str(large.reason)
