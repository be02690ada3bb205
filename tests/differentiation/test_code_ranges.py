"""Code at the ends of a dtype's range, beside jumps, and with random numbers: no false alarm.

Torch's backward loses its digits there; that is the dtype's affair and no wrong derivative, so that
``disagrees`` would be false. The derivatives below are known in closed form.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F  # noqa: N812  (as everybody calls it)
from torch import Tensor

import diffcli
from diffcli import Verdict

_EXTREMES = {
    torch.float32: [1e-30, 1e-20, 1e20, 1e30],
    torch.float64: [1e-250, 1e-160, 1e160, 1e250],
}
_SQUARING: dict[str, Callable[[Tensor], Tensor]] = {
    "atan2": lambda x: torch.atan2(x[0], x[1]),
    "asinh": lambda x: torch.asinh(x).sum(),
    "atan": lambda x: torch.atan(x).sum(),
    "norm": lambda x: x.norm(),
    "a cube's norm": lambda x: x.norm(3),
    "hypot": lambda x: torch.hypot(x[0], x[1]),
    "std": lambda x: x.std(),
    "prod": lambda x: x.prod(),
    "cumprod": lambda x: x.cumprod(0).sum(),
    "dist": lambda x: torch.dist(x, 3 * x.detach()),
    "a root of squares": lambda x: (x * x).sum().sqrt(),
}


def checks(function: Callable[[Tensor], Tensor], x: Tensor) -> list[diffcli.Check]:
    (result,) = diffcli.verify_gradients(function, x.requires_grad_()).results
    return list(result.checks)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", _SQUARING)
@pytest.mark.parametrize("dtype", _EXTREMES, ids=str)
def test_a_square_beyond_the_range_is_no_wrong_derivative(name: str, dtype: torch.dtype) -> None:
    for size in _EXTREMES[dtype]:
        x = torch.tensor([size, 1.5 * size, 2.25 * size], dtype=dtype)
        found = checks(_SQUARING[name], x)
        assert Verdict.DISAGREES not in [check.verdict for check in found], (size, found)


@pytest.mark.parametrize("size", [1e5, 1e10, 1e17, 1e80])
def test_a_large_logsumexp_loses_digits_and_is_not_wrong(size: float) -> None:
    x = torch.tensor([size, size], dtype=torch.float64)
    for check in checks(lambda x: x.logsumexp(0), x):
        assert check.value == 0.5
        assert check.verdict in (Verdict.CERTIFIED, Verdict.INEXACT)


class _Doubled(torch.autograd.Function):
    """The identity, whose backward is off by one part in a hundred thousand."""

    @staticmethod
    def forward(_: object, x: Tensor) -> Tensor:
        return x.clone()

    @staticmethod
    def backward(_: object, cotangent: Tensor) -> Tensor:
        return cotangent * (1 + 1e-5)


@pytest.mark.parametrize("name", ["norm", "prod", "atan2", "logsumexp"])
def test_a_fault_within_the_range_is_found(name: str) -> None:
    function = _SQUARING.get(name, lambda x: x.logsumexp(0))
    x = torch.tensor([100.0, 101.0, 99.5], dtype=torch.float64)
    found = checks(lambda x: function(_Doubled.apply(x)), x)
    assert Verdict.DISAGREES in [check.verdict for check in found]


@pytest.mark.parametrize("divide", [torch.fmod, torch.remainder])
def test_a_quotient_that_steps_over_a_jump_contradicts_nothing(
    divide: Callable[[Tensor, Tensor], Tensor],
) -> None:
    x = torch.tensor([3.0, 1e-250], dtype=torch.float64)
    found = checks(lambda x: divide(x[0], x[1]), x)
    assert {check.verdict for check in found} == {Verdict.UNVERIFIED}


@pytest.mark.parametrize(
    "function",
    [
        lambda x: F.dropout(x, 0.5).sum(),
        lambda x: F.alpha_dropout(x, 0.9999, training=True).sum(),
        lambda x: (x * torch.randint(1, 2, ())).sum(),
    ],
)
def test_a_function_that_draws_is_none_even_if_two_calls_agree(
    function: Callable[[Tensor], Tensor],
) -> None:
    for _ in range(4):
        (check,) = checks(function, torch.tensor([2.0], dtype=torch.float64))
        assert check.verdict is Verdict.UNVERIFIED
        assert "draws random numbers" in (check.reason or "")


def test_numbers_drawn_from_a_seed_of_its_own_are_constants() -> None:
    def function(x: Tensor) -> Tensor:
        torch.manual_seed(7)
        return (x * torch.rand(1, dtype=torch.float64)).sum()

    (check,) = checks(function, torch.tensor([2.0], dtype=torch.float64))
    torch.manual_seed(7)
    assert check.verdict is Verdict.CERTIFIED
    assert check.value == torch.rand(1, dtype=torch.float64).item()


def test_a_distance_has_a_rule() -> None:
    x = torch.tensor([4.0, 6.0], dtype=torch.float64)
    found = checks(lambda x: torch.dist(x, torch.tensor([1.0, 2.0], dtype=torch.float64)), x)
    assert [(check.verdict, check.value) for check in found] == [
        (Verdict.CERTIFIED, 0.6),
        (Verdict.CERTIFIED, 0.8),
    ]


def test_what_is_below_the_range_is_no_zero() -> None:
    x = torch.tensor([0.0, 1000.0, -1.0], dtype=torch.float64)
    small, large, zero = checks(lambda x: F.softmax(x[:2], 0)[1] + F.relu(x[2]), x)
    assert (small.verdict, large.verdict) == (Verdict.INEXACT, Verdict.INEXACT)
    assert small.reason == "below the range of float64"
    assert zero.verdict is Verdict.CERTIFIED
