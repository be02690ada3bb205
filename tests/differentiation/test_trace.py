"""Proofs for code: recorded functions of tensors against calculus by hand, and planted faults."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  (torch's own name of it)

from diffcli.differentiation.code.proofs import Certificate
from diffcli.operators import Grad, Scalars
from diffcli.verdict import Check, Verdict


def checks(
    function: Callable[..., Tensor], *inputs: Any, dtype: str = "float64"
) -> tuple[Check, ...]:
    """Autograd's gradient of a function of tensors x0, x1 …, judged."""
    kind = getattr(torch, dtype)
    given = {
        f"x{i}": torch.as_tensor(each, dtype=kind).detach().clone().requires_grad_()
        for i, each in enumerate(inputs)
    }
    slopes = torch.autograd.grad(function(*given.values()), list(given.values()))
    shapes = {name: tuple(each.shape) for name, each in given.items()}
    scalars = Scalars(None, shapes, ((),))
    proof = Certificate(lambda *x: (function(*x),), given, scalars, dtype)
    names = scalars.columns
    entries = Grad().entries(Outline(names))  # type: ignore[arg-type]
    flat = np.concatenate([each.double().numpy(force=True).ravel() for each in slopes])
    return proof.judge(Grad(), entries, (), flat, 17).checks


class Outline:
    """What the operator asks of a function: the names of its variables."""

    def __init__(self, variables: Sequence[str]) -> None:
        self.variables = tuple(variables)


def verdicts(found: Sequence[Check]) -> set[Verdict]:
    return {check.verdict for check in found}


def _halves(x: Any) -> Any:
    return mpmath.exp(x) if x > 0 else mpmath.cos(x)


X = [0.3, -1.2, 2.5, 0.9]
P = [0.4, 1.7, 2.25, 0.9]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("function", "slope", "at"),
    [
        (lambda x: x**3, lambda x: 3 * x**2, X),
        (torch.tanh, lambda x: mpmath.sech(x) ** 2, X),
        (torch.sigmoid, lambda x: mpmath.diff(lambda t: 1 / (1 + mpmath.exp(-t)), x), X),
        (F.gelu, lambda x: mpmath.ncdf(x) + x * mpmath.npdf(x), X),
        (F.softplus, lambda x: 1 / (1 + mpmath.exp(-x)), X),
        (F.silu, lambda x: mpmath.diff(lambda t: t / (1 + mpmath.exp(-t)), x), X),
        (F.elu, lambda x: 1 if x > 0 else mpmath.exp(x), X),
        (F.leaky_relu, lambda x: 1 if x > 0 else 0.01, X),
        (torch.erf, lambda x: 2 * mpmath.npdf(x * mpmath.sqrt(2)) * mpmath.sqrt(2), X),
        (torch.atan, lambda x: 1 / (1 + x**2), X),
        (lambda x: x.clamp(-1, 1), lambda x: float(-1 < x < 1), X),
        (torch.abs, mpmath.sign, X),
        (lambda x: torch.where(x > 0, x.exp(), x.sin()), _halves, X),
        (lambda x: x**2.5, lambda x: mpmath.mpf("2.5") * mpmath.mpf(x) ** 1.5, P),
        (lambda x: 2**x, lambda x: mpmath.log(2) * mpmath.mpf(2) ** x, P),
        (lambda x: x**x, lambda x: mpmath.mpf(x) ** x * (mpmath.log(x) + 1), P),
        (torch.log2, lambda x: 1 / (x * mpmath.log(2)), P),
        (torch.rsqrt, lambda x: -mpmath.mpf(x) ** -1.5 / 2, P),
        (torch.lgamma, mpmath.digamma, P),
        (torch.log1p, lambda x: 1 / (1 + mpmath.mpf(x)), P),
    ],
)  # fmt: skip
def test_functions_of_one_number(
    function: Callable[[Tensor], Tensor], slope: Callable[[Any], Any], at: list[float], dtype: str
) -> None:
    found = checks(lambda x: function(x).sum(), at, dtype=dtype)
    points = map(mpmath.mpf, torch.tensor(at, dtype=getattr(torch, dtype)).tolist())
    with mpmath.workdps(40):
        for check, x in zip(found, points, strict=True):
            true = slope(x)
            assert check.verdict in (Verdict.CERTIFIED, Verdict.INEXACT)
            assert check.enclosure is not None
            low, high = map(mpmath.mpf, check.enclosure)
            slack = abs(true) * mpmath.mpf(10) ** -16
            if function is not F.leaky_relu:  # 0.01 is that of the dtype
                assert low - slack <= true <= high + slack


A = torch.linspace(-2.0, 2.1, 20, dtype=torch.float64).sin().mul(1.7).reshape(4, 5)
IMAGES = torch.linspace(-3.0, 3.0, 2 * 3 * 5 * 5, dtype=torch.float64).cos().reshape(2, 3, 5, 5)


def loop(x: Tensor) -> Tensor:
    y = x * 2
    while y.norm() < 1000:
        y = y * 2
    return y.sum() if y.sum() > 0 else y.prod()


def in_place(x: Tensor) -> Tensor:
    y = x.clone()
    y[0] *= 3
    y[1:3] = x[3] * x[:2]
    y[2].exp_()
    return (y * y.flip(0)).sum()


def recursion(x: Tensor, depth: int = 4) -> Tensor:
    return x.sum() if depth == 0 else recursion((x @ x.T).tanh(), depth - 1)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    "function",
    [
        loop,
        in_place,
        recursion,
        lambda x: F.cross_entropy(x, torch.tensor([0, 2, 4, 1])),
        lambda x: F.layer_norm(x, (5,))[:, :2].pow(3).sum(),
        lambda x: x.std(0).sum() * x.logsumexp(1).prod() + x.amax(0).sum() * x.min(),
        lambda x: (F.softmax(x, 1) @ x.T).sin().sum() + x.norm(p=3) * x.norm(),
        lambda x: x[:, [0, 0, 2]].prod() + x.gather(1, torch.tensor([[0], [2], [1], [4]])).prod(),
        lambda x: torch.cat([x, x * 2]).pow(2).sum() + torch.stack([x, x.sin()]).prod(0).sum(),
        lambda x: x.cumsum(1).cumprod(0).sum() + x.sort(1)[0].mv(torch.arange(5).to(x)).sum(),
        lambda x: F.scaled_dot_product_attention(x[None], x[None] * 2, x[None].sin()).pow(2).sum(),
        lambda x: x.index_add(0, torch.tensor([0, 0, 1]), x[:3] * 2).pow(2).sum(),
        lambda x: F.mse_loss(x, x.flip(0) * 0.5) + F.huber_loss(x, torch.zeros_like(x)),
        lambda x: torch.einsum("ij,kj->ik", x, x).pow(2).sum() + torch.outer(x[0], x[1]).sum(),
        lambda x: F.embedding(torch.tensor([1, 2, 1]), x).prod() + x.expand(3, 4, 5).prod(0).sum(),
    ],
)
def test_torch_is_right_of_what_is_no_fault_of_its(
    function: Callable[[Tensor], Tensor], dtype: str
) -> None:
    assert verdicts(checks(function, A, dtype=dtype)) <= {Verdict.CERTIFIED, Verdict.INEXACT}


@pytest.mark.parametrize(
    "function",
    [
        lambda x, w: F.conv2d(x, w, padding=1, stride=2).tanh().sum(),
        lambda x, w: F.conv_transpose2d(x, w[:3], stride=2, padding=1).pow(2).sum(),
        lambda x, w: F.max_pool2d(x, 2).pow(2).sum() + F.avg_pool2d(x, 3, 2, 1).prod() + w.sum(),
        lambda x, w: F.batch_norm(x, None, None, w[:3, 0, 0, 0], training=True).pow(3).sum(),
        lambda x, w: F.group_norm(x, 3).pow(3)[0].sum() * F.adaptive_avg_pool2d(w, 2).prod(),
    ],
)
def test_layers_of_images(function: Callable[[Tensor, Tensor], Tensor]) -> None:
    weight = torch.linspace(-1, 1, 4 * 3 * 3 * 3, dtype=torch.float64).reshape(4, 3, 3, 3)
    assert verdicts(checks(function, IMAGES, weight)) <= {Verdict.CERTIFIED, Verdict.INEXACT}


def _faulty(fault: Callable[[Tensor, Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """exp(x), whose backward is right but for a fault of it and the adjoint."""

    class Fault(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            ctx.save_for_backward(x)
            return torch.exp(x)

        @staticmethod
        def backward(ctx: Any, slope: Tensor) -> Tensor:  # type: ignore[override]
            (x,) = ctx.saved_tensors
            return fault(slope, slope * torch.exp(x))

    return Fault.apply  # type: ignore[no-any-return]


@pytest.mark.parametrize("factor", [1 + 1e-5, -1.0, 0.5, 0.0])
def test_a_wrong_backward_is_blamed(factor: float) -> None:
    right, wrong = _faulty(lambda _, g: g), _faulty(lambda _, g: g * factor)
    found = checks(lambda x: right(wrong(x.sin()).cos()).sum(), X)
    assert verdicts(found) == {Verdict.DISAGREES}
    for check in found:
        assert "Fault.backward (test_trace.py:" in str(check.reason)
        assert "its gradient of x is" in str(check.reason)
    assert verdicts(checks(lambda x: right(right(x.sin()).cos()).sum(), X)) == {Verdict.CERTIFIED}


def test_a_hook_that_only_looks_is_not_blamed() -> None:
    seen: list[Tensor] = []

    def watched(x: Tensor) -> Tensor:
        y = x * 2
        y.register_hook(seen.append)
        return _faulty(lambda _, g: 2 * g)(y).sum()

    assert all("Fault.backward" in str(check.reason) for check in checks(watched, X))


def test_a_hook_that_changes_the_gradient_is_blamed() -> None:
    def hooked(x: Tensor) -> Tensor:
        y = x * 2
        y.register_hook(lambda g: 3 * g)
        return y.exp().sum()

    for check in checks(hooked, X):
        assert check.verdict is Verdict.DISAGREES
        assert "a hook on a tensor (test_trace.py:" in str(check.reason)


def test_a_write_that_autograd_does_not_see_is_blamed() -> None:
    def unseen(x: Tensor) -> Tensor:
        y = x * 2
        y.data.mul_(3)
        return y.sum()

    for check in checks(unseen, X):
        assert (check.value, check.autograd) == (6.0, 2.0)
        assert check.verdict is Verdict.DISAGREES
        assert "the write in place at test_trace.py:" in str(check.reason)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("function", "at", "verdict", "value"),
    [
        (torch.relu, 0.0, Verdict.NOT_DIFFERENTIABLE, None),
        (torch.abs, 0.0, Verdict.NOT_DIFFERENTIABLE, None),
        (lambda x: torch.relu(x) - torch.relu(-x), 0.0, Verdict.CERTIFIED, 1.0),
        (lambda x: torch.maximum(x, x * x), 1.0, Verdict.NOT_DIFFERENTIABLE, None),
        (lambda x: torch.where(x == 1, torch.ones_like(x), x * x), 1.0, Verdict.CERTIFIED, 2.0),
        (lambda x: torch.where(x > 1, x * x + 1, x * x), 1.0, Verdict.UNVERIFIED, 2.0),
        (lambda x: x * 3 if x >= 0 else x * 2, 0.0, Verdict.UNVERIFIED, 3.0),
        (lambda x: torch.floor(x) * x, 2.0, Verdict.UNVERIFIED, 2.0),
        (lambda x: torch.stack([x, 2 * x - 1]).max(), 1.0, Verdict.NOT_DIFFERENTIABLE, None),
        (lambda x: x * x.sum().item(), 2.0, Verdict.UNVERIFIED, 2.0),
        (torch.special.i0, 2.0, Verdict.UNVERIFIED, None),
        (lambda x: x.floor() + 3 * x, 2.0, Verdict.UNVERIFIED, 3.0),
        (lambda x: (x > 0).to(x) + 3 * x, 0.0, Verdict.UNVERIFIED, 3.0),
        (lambda x: torch.where(x > 0, 1.0, 2.0) + 3 * x, 0.0, Verdict.UNVERIFIED, 3.0),
        (lambda x: x.long() + 3 * x, 1.5, Verdict.UNVERIFIED, 3.0),
        (lambda x: torch.fft.fft(x.repeat(2)).abs().sum() + 3 * x, 1.5, Verdict.UNVERIFIED, None),
        (lambda x: x * torch.special.bessel_j0(x), 2.0, Verdict.UNVERIFIED, None),
    ],
)
def test_difficult_points(
    function: Callable[[Tensor], Tensor], at: float, verdict: Verdict, value: float | None
) -> None:
    (check,) = checks(function, at)
    assert check.verdict is verdict
    if value is not None or not verdict.has_value:
        assert check.value == value


FAR = torch.tensor([1e16, 0.0], dtype=torch.float64)


def _rounded(x: Tensor) -> Tensor:
    """The numbers, of which float64 loses the first's fraction: of 0.6 it keeps 0."""
    return (x + FAR) - FAR


@pytest.mark.parametrize(
    ("function", "verdict", "reason"),
    [
        (lambda x: torch.relu(_rounded(x)[0] - x[1]), Verdict.INEXACT, "float64 keeps no digit"),
        (lambda x: (_rounded(x)[0] - x[1]).clamp(min=0), Verdict.INEXACT, "float64 keeps no digit"),
        (lambda x: _rounded(x).max(), Verdict.INEXACT, "float64 keeps no digit"),
        (lambda x: torch.maximum(*_rounded(x)), Verdict.INEXACT, "float64 keeps no digit"),
        (lambda x: _rounded(x).sort()[0][0], Verdict.UNVERIFIED, "changes the order"),
        (lambda x: _rounded(x).topk(1)[0].sum(), Verdict.UNVERIFIED, "changes the order"),
        (lambda x: x[_rounded(x).argmax()] ** 2, Verdict.UNVERIFIED, "just at its edge"),
        (lambda x: x[_rounded(x).max(0)[1]] ** 2, Verdict.UNVERIFIED, "just at its edge"),
    ],
)
def test_a_choice_that_rounding_changes_is_no_fault_of_a_backward(
    function: Callable[[Tensor], Tensor], verdict: Verdict, reason: str
) -> None:
    # The exact numbers are 0.6 and 0.5, those of float64 0 and 0.5: each side is the other's.
    for check in checks(function, [0.6, 0.5]):
        assert check.verdict is verdict
        assert reason in str(check.reason)


def test_a_quotient_that_rounding_takes_over_a_whole_number_is_no_fault_of_a_backward() -> None:
    # 3 times the float64 next to 0.1 is less than y, but rounds to it.
    y = 0.30000000000000004
    by_x, by_y = checks(lambda x, y: torch.remainder(x * 3, y), 0.1, y)
    assert (by_x.verdict, by_x.value) == (Verdict.CERTIFIED, 3.0)
    assert (by_y.verdict, by_y.value, by_y.autograd) == (Verdict.INEXACT, 0.0, -1.0)


def test_a_zero_that_rounding_loses_is_not_certified() -> None:
    # 1e16 + 1 - 1e16 - 1, which float64 adds up to -1.
    weights = torch.tensor([1e16, 1.0, -1e16, -1.0], dtype=torch.float64)
    (check,) = checks(lambda x: (x * weights).sum(), 1.0)
    assert (check.verdict, check.value, check.autograd) == (Verdict.INEXACT, 0.0, -1.0)


@pytest.mark.parametrize("same", [torch.equal, torch.allclose])
def test_a_comparison_of_whole_tensors_is_a_branch(same: Callable[[Tensor, Tensor], bool]) -> None:
    # x at 1 and x**2 elsewhere has the slope 2 at 1, where autograd says 1.
    one = torch.tensor(1.0, dtype=torch.float64)
    (check,) = checks(lambda x: x * 1 if same(x, one) else x * x, 1.0)
    assert check.verdict is Verdict.UNVERIFIED
    assert f"{same.__name__} (test_trace.py:" in str(check.reason)


def test_a_custom_function_under_no_grad_is_a_constant() -> None:
    square = _faulty(lambda _, g: g)

    def held(x: Tensor) -> Tensor:
        with torch.no_grad():
            scale = square(x)
        return (x * scale).sum()

    for check, x in zip(checks(held, X), X, strict=True):
        assert check.verdict is Verdict.CERTIFIED
        assert check.value == pytest.approx(float(mpmath.exp(x)), rel=1e-15)


class Marked(torch.autograd.Function):
    """2x, and 3x that is said to have no derivative."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> tuple[Tensor, Tensor]:
        twice, thrice = 2 * x, 3 * x
        ctx.mark_non_differentiable(thrice)
        return twice, thrice

    @staticmethod
    def backward(_ctx: Any, slope: Tensor, _: Tensor) -> Tensor:  # type: ignore[override]
        return 2 * slope


def test_what_a_custom_function_marks_as_constant_is_left_open() -> None:
    def product(x: Tensor) -> Tensor:
        twice, thrice = Marked.apply(x)
        return (twice * thrice).sum()

    for check in checks(product, X):
        assert check.verdict is Verdict.UNVERIFIED
        assert "that autograd doesn't follow" in str(check.reason)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: torch._foreach_mul_([y := x * 1], 2.0) or y * y,
        lambda x: x * deepcopy(x.detach()),
    ],
)
def test_a_write_that_is_not_recorded_proves_nothing(
    function: Callable[[Tensor], Tensor],
) -> None:
    (check,) = checks(function, 1.5)
    assert check.verdict is Verdict.UNVERIFIED
    assert "writes what it doesn't return" in str(check.reason)


@pytest.mark.parametrize("function", [F.elu, F.celu])
def test_where_slopes_meet_the_second_derivative_is_open(
    function: Callable[[Tensor], Tensor],
) -> None:
    x = torch.zeros((), dtype=torch.float64, requires_grad=True)
    proof = Certificate(
        lambda x: (function(x),), {"x": x}, Scalars(None, {"x": ()}, ((),)), "float64"
    )
    (first,) = proof.proof.gradient([np.ones(())])
    assert first.middle == 1.0
    (second,) = proof.proof.second([np.ones(())], [np.ones(())])
    assert np.isnan(second.middle)


def _filled_in(x: Tensor) -> Tensor:
    y = torch.zeros(3, dtype=x.dtype)
    y[1:] = x[:2] * x[1:]
    y[0] = y[1] * 2
    return (y * y).sum()


def _leaf_of_its_own(x: Tensor) -> Tensor:
    y = x.detach().requires_grad_()
    return (y.view(3, 1)[:, 0] * x).sum()


@pytest.mark.parametrize(
    ("function", "slopes"),
    [
        (_filled_in, [40.0, 56.0, 24.0]),  # 5·x₀²x₁² + x₁²x₂² at (1, 2, 3)
        (_leaf_of_its_own, [1.0, 2.0, 3.0]),
        (lambda x: torch.linalg.det(torch.diag(x)), [6.0, 3.0, 2.0]),
    ],
)
def test_a_buffer_that_is_filled_moves(
    function: Callable[[Tensor], Tensor], slopes: list[float]
) -> None:
    found = checks(function, [1.0, 2.0, 3.0])
    assert verdicts(found) == {Verdict.CERTIFIED}
    assert [check.value for check in found] == slopes


def test_the_row_of_an_embedding_that_pads_is_a_constant() -> None:
    taken, rows = torch.tensor([0, 1, 1, 2]), [[1.0], [2.0], [3.0]]
    found = checks(lambda w: F.embedding(taken, w, padding_idx=2).pow(2).sum(), rows)
    assert verdicts(found) == {Verdict.CERTIFIED}
    assert [check.value for check in found] == [2.0, 8.0, 0.0]
    scaled = checks(lambda w: F.embedding(taken, w, scale_grad_by_freq=True).pow(2).sum(), rows)
    assert verdicts(scaled) == {Verdict.UNVERIFIED}


def test_a_detached_tensor_that_moves_again_is_left_open() -> None:
    def refilled(x: Tensor) -> Tensor:
        y = (3 * x).detach()
        y[0] = x[1] * x[2]
        return (y * x).sum()

    for check in checks(refilled, [1.0, 2.0, 3.0]):
        assert check.verdict is Verdict.UNVERIFIED
        assert "writes what moves to a detached tensor" in str(check.reason)


def test_what_leaks_out_of_a_custom_function_proves_nothing() -> None:
    leaked: list[Tensor] = []
    square = _faulty(lambda _, g: g)

    class Leaky(torch.autograd.Function):
        @staticmethod
        def forward(_ctx: Any, x: Tensor) -> Tensor:
            leaked.append(x * 3)
            return x * 2

        @staticmethod
        def backward(_ctx: Any, slope: Tensor) -> Tensor:  # type: ignore[override]
            return slope * 2

    def function(x: Tensor) -> Tensor:
        y = Leaky.apply(x)
        return (leaked[-1] * x).sum() + square(y).sum()

    for check in checks(function, X):
        assert check.verdict is Verdict.UNVERIFIED
        assert "autograd doesn't follow" in str(check.reason)
