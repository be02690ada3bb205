"""A hundred operators with wrong derivatives: every fault is proved and its backward blamed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  (torch's own name of it)

import diffcli
from diffcli.verdict import Verdict

Function = Callable[..., Tensor]
UNARY: dict[str, Function] = {
    name: getattr(torch, name)
    for name in (
        "exp expm1 log log1p log2 log10 sqrt rsqrt sin cos tan asin acos atan sinh cosh tanh asinh "
        "atanh sigmoid erf erfc erfinv lgamma square reciprocal neg abs exp2 frac logit sinc "
        "deg2rad cumsum0 logcumsum0 digamma"
    ).split()
    if hasattr(torch, name)
} | {
    name: getattr(F, name)
    for name in (
        "relu gelu silu softplus elu selu celu leaky_relu hardtanh hardswish mish logsigmoid "
        "softsign tanhshrink softshrink"
    ).split()
}
REDUCTIONS: dict[str, Function] = {
    "sum": lambda x: x.sum(0),
    "mean": lambda x: x.mean(1),
    "prod": lambda x: x.prod(1),
    "var": lambda x: x.var(1),
    "std": lambda x: x.std(0),
    "norm": lambda x: x.norm(dim=1),
    "norm of 3": lambda x: x.norm(p=3, dim=1),
    "amax": lambda x: x.amax(1),
    "amin": lambda x: x.amin(0),
    "logsumexp": lambda x: x.logsumexp(1),
    "softmax": lambda x: F.softmax(x, 1),
    "log_softmax": lambda x: F.log_softmax(x, 0),
    "cumsum": lambda x: x.cumsum(1),
    "cumprod": lambda x: x.cumprod(1),
    "layer_norm": lambda x: F.layer_norm(x, (4,)),
    "normalize": F.normalize,
    "sort": lambda x: x.sort(1)[0] * torch.arange(4),
    "flip": lambda x: x.flip(0) * torch.arange(4),
    "tril": lambda x: x.tril() * torch.arange(4),
    "gather": lambda x: x.gather(1, torch.tensor([[0, 0], [1, 2], [3, 1]])),
    "index": lambda x: x[:, [0, 0, 2]],
    "pad": lambda x: F.pad(x, (1, 1)).cos(),
    "clamp": lambda x: x.clamp(0.3, 0.8),
    "power": lambda x: x**2.5,
    "cross entropy": lambda x: F.cross_entropy(x, torch.tensor([0, 1, 3])),
    "average pool": lambda x: F.avg_pool1d(x[None], 2),
    "largest pool": lambda x: F.max_pool1d(x[None], 2),
}
BINARY: dict[str, Function] = {
    "add": lambda x, y: 2 * x + y,
    "sub": torch.sub,
    "mul": lambda x, y: x * y * y,
    "div": torch.div,
    "pow": torch.pow,
    "atan2": torch.atan2,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "hypot": torch.hypot,
    "logaddexp": torch.logaddexp,
    "xlogy": torch.xlogy,
    "fmod": lambda x, y: torch.fmod(3 * x, y),
    "remainder": lambda x, y: torch.remainder(3 * x, y),
    "lerp": lambda x, y: torch.lerp(x, y, 0.3),
    "where": lambda x, y: torch.where(x > y, x * y, y.exp()),
    "mse": lambda x, y: F.mse_loss(x, y, reduction="none"),
    "huber": lambda x, y: F.huber_loss(x, y * 2, reduction="none", delta=0.3),
    "smooth l1": lambda x, y: F.smooth_l1_loss(x, y * 2, reduction="none"),
    "entropy": lambda x, y: F.binary_cross_entropy(x, y, reduction="none"),
    "matmul": lambda x, y: x @ y.T,
    "attention": lambda x, y: F.softmax(x @ y.T, 1) @ y,
    "cosine": lambda x, y: F.cosine_similarity(x, y * y),
    "stack": lambda x, y: torch.stack([x, y]).prod(0),
    "cat": lambda x, y: torch.cat([x, y]).logsumexp(0),
    "outer": lambda x, y: torch.outer(x[0], y[0]),
    "addcmul": lambda x, y: torch.addcmul(x, x, y, value=0.3),
    "solve": lambda x, y: torch.linalg.solve(torch.eye(3) * 3 + x[:, :3], y),
    "inverse": lambda x, y: torch.linalg.inv(torch.eye(3) * 3 + x[:, :3]) @ y,
    "det": lambda x, y: torch.linalg.det(torch.eye(3) * 3 + x[:, :3]) * y,
    "conv": lambda x, y: F.conv1d(x[None], y[:, None, :2].repeat(1, 3, 1)),
}
X = torch.linspace(0.11, 0.93, 12, dtype=torch.float64).sin().reshape(3, 4)[:, [2, 0, 3, 1]]
Y = torch.linspace(0.89, 0.13, 12, dtype=torch.float64).reshape(3, 4)[:, [1, 3, 0, 2]]
OPERATORS = [(f, (X,)) for f in (UNARY | REDUCTIONS).values()] + [
    (f, (X, Y)) for f in BINARY.values()
]
NAMES = [*UNARY, *REDUCTIONS, *BINARY]


def _missing(grads: Sequence[Tensor]) -> list[Tensor]:
    first = grads[0].clone()
    first.reshape(-1)[first.abs().argmax()] *= 0.5
    return [first, *grads[1:]]


FAULTS: dict[str, Callable[[Sequence[Tensor]], Sequence[Tensor]]] = {
    "a factor 1 + 1e-5": lambda grads: [(1 + 1e-5) * grads[0], *grads[1:]],
    "the sign": lambda grads: [-grads[0], *grads[1:]],
    "a missing term": _missing,
    "swapped arguments": lambda grads: list(reversed(grads)),
}


def with_backward(function: Function, fault: Callable[..., Sequence[Tensor]]) -> Function:
    """A function whose backward is torch's own, changed."""

    class Faulty(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *given: Tensor) -> Tensor:
            ctx.save_for_backward(*given)
            return function(*given)

        @staticmethod
        def backward(ctx: Any, slope: Tensor) -> Any:  # type: ignore[override]
            given = [each.detach().requires_grad_() for each in ctx.saved_tensors]
            with torch.enable_grad():
                return tuple(fault(torch.autograd.grad(function(*given), given, slope)))

    return Faulty.apply  # type: ignore[no-any-return]


def report_of(function: Function, given: Sequence[Tensor]) -> Any:
    def total(*x: Tensor) -> Tensor:
        out = function(*(each.cos() + 0.02 for each in x))
        return (out * torch.arange(1.0, out.numel() + 1, dtype=out.dtype).reshape(out.shape)).sum()

    return diffcli.verify_gradients(total, *(each.acos() for each in given))


def test_there_are_a_hundred_operators() -> None:
    assert len(OPERATORS) >= 100


@pytest.mark.sampled(12)
@pytest.mark.parametrize("place", range(len(OPERATORS)), ids=NAMES)
def test_no_right_backward_is_called_wrong(place: int) -> None:
    function, given = OPERATORS[place]
    report = report_of(with_backward(function, lambda grads: grads), given)
    assert Verdict.DISAGREES not in {check.verdict for check in report.results[0].checks}


@pytest.mark.sampled(31)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("place", range(len(OPERATORS)), ids=NAMES)
def test_a_wrong_backward_is_proved_and_blamed(place: int, fault: str) -> None:
    function, given = OPERATORS[place]
    if fault == "swapped arguments" and len(given) == 1:
        pytest.skip("it has one argument")
    report = report_of(with_backward(function, FAULTS[fault]), given)
    wrong = [c for c in report.results[0].checks if c.verdict is Verdict.DISAGREES]
    assert report.exit_code == 5
    assert all("Faulty.backward (test_code_faults.py:" in str(check.reason) for check in wrong)


@pytest.mark.parametrize(
    "function", [torch.add, torch.sub, torch.mul, lambda x, y: x / y, torch.hypot, torch.logaddexp]
)
def test_a_sum_over_a_broadcast_that_is_missing(function: Function) -> None:
    """The adjoint of what was repeated is that of one row, not of all."""

    def first_row(grads: Sequence[Tensor]) -> list[Tensor]:
        return [grads[0] / 3, grads[1]]

    report = report_of(with_backward(function, first_row), (X[:1], Y))
    assert report.exit_code == 5
    assert {c.verdict for c in report.results[0].checks[4:]} == {Verdict.CERTIFIED}
