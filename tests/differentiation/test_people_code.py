"""Functions as people write them in torch: each gradient is right, and has to be proved."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  (torch's own name of it)

import diffcli
from diffcli.verdict import Verdict

D = torch.float64
GENERATOR = torch.Generator().manual_seed(0)
PROVED = {Verdict.CERTIFIED, Verdict.INEXACT}


def drawn(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=GENERATOR, dtype=D)


def positive(*shape: int) -> Tensor:
    return torch.rand(*shape, generator=GENERATOR, dtype=D) + 0.5


def masked_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    ahead = torch.tril(torch.ones(4, 5)) == 0
    scores = (q @ k.T / math.sqrt(3)).masked_fill(ahead, -math.inf)
    return (scores.softmax(-1) @ v).square().sum()


def added_mask(q: Tensor, k: Tensor) -> Tensor:
    mask = torch.zeros(4, 4).masked_fill(torch.tril(torch.ones(4, 4)) == 0, -math.inf)
    return (F.log_softmax(q @ k.T + mask, -1).diagonal()).sum()


def layer_norm(x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    centred = x - x.mean(-1, keepdim=True)
    spread = (centred**2).mean(-1, keepdim=True)
    return (centred / torch.sqrt(spread + 1e-5) * w + b).pow(3).sum()


def recurrent(xs: Tensor, w: Tensor, u: Tensor) -> Tensor:
    h = torch.zeros(3, dtype=xs.dtype)
    for x in xs:
        h = torch.tanh(w @ h + u @ x)
    return h.sum()


def scattered(x: Tensor) -> Tensor:
    index = torch.tensor([[0, 1, 2], [2, 1, 0]])
    zeros = torch.zeros(4, 3, dtype=x.dtype)
    return (zeros.scatter_add(0, index, x.gather(0, index) ** 2) * x).sum()


def log_sum_exp(x: Tensor) -> Tensor:
    top = x.max()
    return top + (x - top).exp().sum().log()


def quantile_loss(p: Tensor, t: Tensor) -> Tensor:
    off = t - p
    return torch.maximum(0.9 * off, -0.1 * off).mean()


def straight_through(x: Tensor) -> Tensor:
    y = F.softmax(x, -1)
    hard = torch.zeros_like(y).scatter_(-1, y.argmax(-1, keepdim=True), 1.0)
    return ((hard - y).detach() + y).mul(torch.arange(4)).sum()


def while_it_is_small(x: Tensor) -> Tensor:
    y = x * 2
    while y.norm() < 1000:
        y = y * 2
    return y.sum()


def gradient_penalty(x: Tensor, w: Tensor) -> Any:
    y = (w * x.sin()).sum()
    (slope,) = torch.autograd.grad(y, x, create_graph=True)
    return y + (slope.norm() - 1) ** 2


def smooth_penalty(x: Tensor) -> Any:
    """The slopes of exp, sigmoid, softmax and of eigenvalues are made of what they gave out."""
    y = (
        x.exp() * x.sigmoid()
        + x.softmax(0).sqrt()
        * torch.linalg.inv(torch.outer(x, x) + 2 * torch.eye(3, dtype=D)).sum()
    )
    (slope,) = torch.autograd.grad(y.tanh().sum(), x, create_graph=True)
    return (slope.norm() - 1) ** 2


def hessian_inside(x: Tensor) -> Any:
    return torch.autograd.functional.hessian(lambda t: (t**3).prod(), x, create_graph=True).sum()


def log_likelihood(x: Tensor) -> Any:
    normal, gamma = torch.distributions.Normal(x[0], x[1]), torch.distributions.Gamma(x[1], x[2])
    prior = torch.distributions.Normal(0, 1)
    return (
        normal.log_prob(x[2])
        + gamma.log_prob(x[3])
        + torch.distributions.kl_divergence(normal, prior)
    )


def runge_kutta(x: Tensor) -> Tensor:
    y = x.clone()
    for _ in range(10):
        k = -y + y.sin()
        y = y + 0.1 * (-(y + 0.05 * k) + (y + 0.05 * k).sin())
    return y.sum()


def long_short_memory(x: Tensor) -> Any:
    torch.manual_seed(1)
    return nn.LSTM(2, 3, 2, bidirectional=True).double()(x)[0].pow(2).sum()


def checkpointed(x: Tensor) -> Tensor:
    from torch.utils.checkpoint import checkpoint

    return checkpoint(lambda t: t.sin().exp(), x, use_reentrant=False).sum()  # type: ignore[no-any-return]


def under_no_grad(x: Tensor) -> Tensor:
    with torch.no_grad():
        total = x.sum()
    return (x * total).sum()


def masked_by_where(x: Tensor) -> Tensor:
    return torch.where(x > 0, x.exp(), x.sin()).sum()


def until_it_converges(x: Tensor) -> Tensor:
    y, t = x.sum(), torch.ones((), dtype=D)
    for _ in range(30):
        t = t - (t**3 + t - y) / (3 * t**2 + 1)
        if abs((t**3 + t - y).item()) < 1e-12:
            break
    return t


def falling(x: Tensor) -> Tensor:
    last, y = math.inf, x
    for _ in range(5):
        now = y.square().sum().item()
        str(f"{now:.3f} {now}")
        if not (0 <= now < last and now != 2 * last and -now <= 1 - now * 0.5 + 3):
            break
        last, y = now, y * 0.5
    return y.square().sum()


def spd(x: Tensor) -> Tensor:
    return x @ x.T + torch.eye(len(x), dtype=x.dtype)


def log_det_by_cholesky(x: Tensor) -> Tensor:
    return torch.linalg.cholesky(spd(x)).diagonal().log().sum()


def gaussian_density(x: Tensor, y: Tensor) -> Any:
    return torch.distributions.MultivariateNormal(y * 0, covariance_matrix=spd(x)).log_prob(y)


def least_eigenvalue(x: Tensor) -> Tensor:
    return torch.linalg.eigvalsh(x + x.T)[0] + torch.linalg.eigvalsh(x + x.T).pow(3).sum()


def first_eigenvector(x: Tensor) -> Tensor:
    return torch.linalg.eigh(x + x.T)[1][:, 0].pow(4).sum()


def nuclear_norm(x: Tensor) -> Tensor:
    u, s, v = torch.linalg.svd(x, full_matrices=False)
    return s.sum() + torch.linalg.matrix_norm(x, 2) + (u @ v).pow(3).sum()


def orthogonal_factor(x: Tensor) -> Tensor:
    q, r = torch.linalg.qr(x)
    return q.pow(3).sum() + r.diagonal().abs().log().sum()


def triangular_solution(x: Tensor) -> Tensor:
    lower = x.tril() + 3 * torch.eye(3, dtype=x.dtype)
    found = torch.linalg.solve_triangular(lower, x, upper=False)
    return (found * torch.cholesky_solve(x, lower)).sum() + torch.linalg.pinv(x[:2]).sum()


def order_statistics(x: Tensor) -> Tensor:
    least, most = torch.aminmax(x)
    return torch.quantile(x, 0.3) + x.median() * x.kthvalue(2)[0] + least * most


FUNCTIONS: dict[Callable[..., Any], tuple[Tensor, ...]] = {
    masked_attention: (drawn(4, 3), drawn(5, 3), drawn(5, 2)),
    added_mask: (drawn(4, 3), drawn(4, 3)),
    layer_norm: (drawn(4, 3), drawn(3), drawn(3)),
    recurrent: (drawn(5, 2), drawn(3, 3), drawn(3, 2)),
    scattered: (drawn(4, 3),),
    log_sum_exp: (300 * drawn(7),),
    quantile_loss: (drawn(7), drawn(7)),
    straight_through: (drawn(3, 4),),
    while_it_is_small: (drawn(3),),
    smooth_penalty: (positive(3),),
    gradient_penalty: (drawn(3), drawn(3)),
    hessian_inside: (drawn(3),),
    log_likelihood: (positive(4),),
    runge_kutta: (drawn(4),),
    long_short_memory: (drawn(3, 1, 2),),
    checkpointed: (drawn(5),),
    under_no_grad: (drawn(3),),
    masked_by_where: (drawn(7),),
    until_it_converges: (drawn(3),),
    falling: (drawn(3),),
    log_det_by_cholesky: (drawn(3, 3),),
    gaussian_density: (drawn(3, 3), drawn(3)),
    least_eigenvalue: (drawn(3, 3),),
    first_eigenvector: (drawn(3, 3),),
    nuclear_norm: (drawn(4, 3),),
    orthogonal_factor: (drawn(4, 3),),
    triangular_solution: (drawn(3, 3),),
    order_statistics: (drawn(7),),
}


@pytest.mark.sampled(20)
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_each_number_is_proved(function: Callable[..., Any]) -> None:
    report = diffcli.verify_gradients(function, *FUNCTIONS[function])
    assert {check.verdict for check in report.results[0].checks} <= PROVED
    assert report.exit_code == 0


def test_what_torch_computes_to_the_last_bit_keeps_its_digits() -> None:
    """Weights that a mask makes 0, and numbers of which rounding explains the last digits."""
    for function in (masked_attention, log_sum_exp):
        for check in diffcli.verify_gradients(function, *FUNCTIONS[function]).results[0].checks:
            assert "fewer than rounding explains" not in str(check.reason)


@pytest.mark.parametrize(
    "function", [lambda x: torch.fft.fft(x).abs().sum(), lambda x: torch.complex(x, x).real.sum()]
)
def test_complex_numbers_are_named(function: Callable[[Tensor], Tensor]) -> None:
    for check in diffcli.verify_gradients(function, positive(4)).results[0].checks:
        assert check.verdict is Verdict.AGREES
        assert "has complex numbers" in str(check.reason)


def test_an_overflow_is_no_infinity_that_was_given() -> None:
    """In float64 exp(800) is infinite and the slope 0; the true one is not."""
    function = lambda x: torch.exp(-((800 * x).exp() * 1e-300 * 1e-47))  # noqa: E731
    (check,) = diffcli.verify_gradients(function, torch.ones((), dtype=D)).results[0].checks
    assert check.verdict is not Verdict.DISAGREES
    assert check.verdict is not Verdict.CERTIFIED


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (lambda x: (x / x.sum().item()).square().sum(), "a number leaves torch at"),
        (lambda x: x.square().sum() * (1 + 2 * x[0].item()), "a number leaves torch at"),
        (lambda x: x.square().sum() * math.sqrt(x[0].item()), "a number leaves torch at"),
        (lambda x: x.square().sum() * round(x[0].item(), 3), "a number leaves torch at"),
        (lambda x: torch.full((2,), x[0].item(), dtype=D).sum() * x.sum(), "leaves torch at"),
        (lambda x: x.sum() * (2 if x[0].item() >= 1 else 3), "is decided just at its edge"),
        (lambda x: x.sum() * (2 if x[0].item() - 1 == 0 else 3), "is decided just at its edge"),
    ],
)
def test_a_number_that_is_used_is_followed_no_further(
    function: Callable[[Tensor], Tensor], why: str
) -> None:
    report = diffcli.verify_gradients(function, torch.tensor([1.0, 2.0], dtype=D))
    for check in report.results[0].checks:
        assert check.verdict not in PROVED
        assert why in str(check.reason)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_half_precision(dtype: torch.dtype) -> None:
    x = torch.tensor([0.3, -1.2, 0.9, 2.1], dtype=dtype)

    class Faulty(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            ctx.save_for_backward(x)
            return x.sin()

        @staticmethod
        def backward(ctx: Any, slope: Tensor) -> Tensor:  # type: ignore[override]
            return slope * ctx.saved_tensors[0].sin()

    right = diffcli.verify_gradients(lambda x: (x.softmax(0) * x.sin()).sum(), x)
    assert {check.verdict for check in right.results[0].checks} <= PROVED
    wrong = diffcli.verify_gradients(lambda x: Faulty.apply(x).sum(), x)
    assert wrong.exit_code == 5
    assert any("Faulty.backward" in str(check.reason) for check in wrong.results[0].checks)
    # What overflows has no slope of float16, and torch isn't wrong of that.
    far = diffcli.verify_gradients(lambda x: (x / (1 + (20 * x).exp()) + x).sum(), x)
    assert far.exit_code != 5


def test_the_one_sided_derivatives_of_a_tie() -> None:
    for function, sides in ((torch.amax, (0.0, 1.0)), (torch.amin, (1.0, 0.0))):
        report = diffcli.verify_gradients(function, torch.tensor([2.0, 2.0], dtype=D))
        for check in report.results[0].checks:
            assert check.verdict is Verdict.NOT_DIFFERENTIABLE
            assert (check.left, check.right) == sides


@pytest.mark.parametrize("function", [torch.linalg.eigvalsh, torch.linalg.cholesky])
def test_a_matrix_that_is_not_symmetric_is_refused(function: Callable[[Tensor], Tensor]) -> None:
    """Torch reads a triangle of it, and gives the gradient of a symmetric one."""
    x = torch.tensor([[2.0, 0.3], [0.5, 3.0]], dtype=D)
    report = diffcli.verify_gradients(lambda x: function(x).sum(), x)
    for check in report.results[0].checks:
        assert check.verdict not in PROVED
        assert "the matrix isn't symmetric" in str(check.reason)


def test_eigenvalues_that_meet_are_left_open() -> None:
    report = diffcli.verify_gradients(
        lambda x: torch.linalg.eigvalsh(x).max(), torch.eye(2).double()
    )
    assert {check.verdict for check in report.results[0].checks}.isdisjoint(PROVED)


def test_second_derivatives_of_factors() -> None:
    """Autograd has another formula for them, of numbers that it saved."""
    x = drawn(2, 2)
    slope = lambda f: lambda x: torch.autograd.grad(f(x), x, create_graph=True)[0].sum()  # noqa: E731
    for function in (log_det_by_cholesky, least_eigenvalue):
        report = diffcli.verify_gradients(slope(function), x)
        assert Verdict.DISAGREES not in {check.verdict for check in report.results[0].checks}
