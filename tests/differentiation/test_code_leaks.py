"""Numbers that leave torch, come back as constants, or are written where no operation shows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

import diffcli
from diffcli.output.report import Report
from diffcli.verdict import Check, Verdict

Function = Callable[[Tensor], Any]
D = torch.float64
X = [1.3, 0.7, 2.1]


def report(function: Function) -> Report:
    return diffcli.verify_gradients(function, torch.tensor(X, dtype=D))


def checks(function: Function) -> Sequence[Check]:
    return report(function).results[0].checks


@pytest.mark.parametrize(
    "function",
    [
        lambda x: (torch.tensor([x[0].item(), x[1].item(), 3.0]) * x).sum(),
        lambda x: (torch.tensor([x[0], x[1], x[2]], dtype=D) * x).sum(),
        lambda x: (torch.as_tensor([x[0].item(), 1.0, 2.0], dtype=D) * x).sum(),
        lambda x: (torch.DoubleTensor([x[0].item(), 2.0, 1.0]) * x).sum(),
        lambda x: (torch.DoubleTensor([x[0], 2.0, 1.0]) * x).sum(),
        lambda x: (x.new_tensor([x[0], 1.0, 2.0]) * x).sum(),
        lambda x: x.detach().clone().apply_(lambda number: number**2) @ x,
        lambda x: (y := x * 1, setattr(y, "data", y.data * 2), (y * y).sum())[-1],
    ],
)
@pytest.mark.filterwarnings("ignore:Converting a tensor")
@pytest.mark.sampled(3)
def test_what_copies_numbers_is_no_constant_without_a_word(function: Function) -> None:
    """The first slope is 2 x[0] or more, and autograd's half of it."""
    first = checks(function)[0]
    assert first.verdict is not Verdict.CERTIFIED
    assert "leave" in str(first.reason) or "writes numbers" in str(first.reason)


@pytest.mark.parametrize(
    ("function", "maker"),
    [
        (lambda x: (torch.tensor(x[0]) * x).sum(), "tensor"),
        (lambda x: (x.new_tensor(x) * x).sum(), "new_tensor"),
        (lambda x: (x.data * x).sum(), "data"),
    ],
)
@pytest.mark.filterwarnings("ignore:To copy construct")
def test_constants_that_torch_documents_are_said(function: Function, maker: str) -> None:
    found = report(function)
    assert {check.verdict for check in found.results[0].checks} == {Verdict.CERTIFIED}
    (remark,) = found.warnings
    assert f"{maker} at test_code_leaks.py:" in remark
    assert "makes a constant" in remark


def test_numbers_of_constants_may_leave() -> None:
    weights = torch.tensor([3.0, 4.0, 5.0], dtype=D)

    def weighted(x: Tensor) -> Tensor:
        return (torch.tensor(weights.tolist(), dtype=D) * x * float(weights[0])).sum()

    assert {check.verdict for check in checks(weighted)} == {Verdict.CERTIFIED}


class Passing(torch.autograd.Function):
    """The identity, by a view, which is no operation that gives numbers."""

    factor = 1.0

    @staticmethod
    def forward(_ctx: Any, x: Tensor) -> Tensor:
        return x.view_as(x)

    @classmethod
    def backward(cls, _ctx: Any, slope: Tensor) -> Tensor:  # type: ignore[override]
        return cls.factor * slope


class Reversing(Passing):
    """Gradient reversal (Ganin and Lempitsky, 2015)."""

    factor = -1.0


class Returning(Passing):
    """The identity, which returns what it is given."""

    @staticmethod
    def forward(_ctx: Any, x: Tensor) -> Tensor:
        return x


@pytest.mark.parametrize("twice", [False, True])
@pytest.mark.parametrize("function", [Passing, Returning])
def test_a_custom_function_without_an_operation(function: Any, twice: bool) -> None:
    def square(x: Tensor) -> Tensor:
        y = function.apply(x * 1)
        return ((function.apply(y) if twice else y) ** 2).sum()

    found = checks(square)
    assert {check.verdict for check in found} == {Verdict.CERTIFIED}
    assert [check.value for check in found] == pytest.approx([2 * x for x in X], rel=1e-15)


def test_a_reversed_gradient_is_blamed() -> None:
    for check, x in zip(checks(lambda x: (Reversing.apply(x) ** 2).sum()), X, strict=True):
        assert check.verdict is Verdict.DISAGREES
        assert (check.value, check.autograd) == pytest.approx((2 * x, -2 * x), rel=1e-15)
        assert "Reversing.backward" in str(check.reason)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: (torch.zeros(3, dtype=D).fill_(x[0]) * x).sum(),
        lambda x: (torch.zeros(3, dtype=D).copy_(x[0]) * x).sum(),
    ],
)
def test_one_number_written_to_many_places(function: Function) -> None:
    first, second, _ = checks(function)
    assert (first.verdict, second.verdict) == (Verdict.CERTIFIED, Verdict.CERTIFIED)
    assert (first.value, second.value) == pytest.approx((2 * X[0] + X[1] + X[2], X[0]), rel=1e-15)


@pytest.mark.slow
def test_transforms_of_torch_inside_end_nothing() -> None:
    def traced(x: Tensor) -> Any:
        return torch.func.hessian(lambda y: (y**3).sum())(x).pow(2).sum()

    for check, x in zip(checks(traced), X, strict=True):
        assert check.verdict is Verdict.AGREES
        assert check.value == pytest.approx(72 * x, rel=1e-12)
