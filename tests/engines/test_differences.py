"""Difference quotients tell a wrong backward from a right one, or say that they can't tell.

The right functions are torch's own, at every scale, with noise, kinks and jumps next to the point;
the wrong ones are the same with a backward that is off.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from diffcli.engines.differences import PRECISE, SINGLE, Estimate, Finding, estimates
from diffcli.operators import Grad, Hessian, Jacobian, Operator

Function = Callable[..., Tensor]


def estimated(
    function: Function, at: dict[str, Any], operator: Operator | None = None, dtype: str = "float64"
) -> list[Estimate]:
    arrays = {name: np.asarray(value, dtype=dtype).astype(float) for name, value in at.items()}
    program = lambda *inputs: (function(*inputs),)  # noqa: E731
    found = estimates(
        operator or Grad(), program, arrays, (), dtype=dtype, device="cpu",
        tolerance=SINGLE if dtype == "float32" else PRECISE,
    )  # fmt: skip
    return [] if isinstance(found, str) else found


def slope(function: Function, x: float, dtype: str = "float64") -> float:
    place = torch.tensor(x, dtype=getattr(torch, dtype), requires_grad=True)
    (found,) = torch.autograd.grad(function(place), place)
    return float(found)


def findings(function: Function, x: float, dtype: str, factors: list[float]) -> list[Finding]:
    """Return what is found of the right derivative, each time multiplied by a factor."""
    found = estimated(function, {"x": x}, dtype=dtype)
    right = slope(function, x, dtype)
    return [found[0].judge(right * f) if found else Finding.OPEN for f in factors]


SMOOTH: list[tuple[Function, float]] = [
    (torch.sin, 0.7),
    (torch.exp, 3.0),
    (torch.log, 0.02),
    (torch.tanh, -1.2),
    (lambda x: x**3 - 2 * x, 5.0),
    (torch.sqrt, 1e-3),
    (lambda x: 1 / x, 40.0),
    (lambda x: torch.sin(x * x), 3.0),
    (lambda x: 1e8 * torch.cos(x), 1.0),
    (lambda x: 1e-8 * torch.cos(x), 1.0),
    (torch.sigmoid, 2.0),
    (lambda x: x * torch.exp(-x), 0.1),
    (lambda x: torch.atan(x) + x, 0.0),
]


@pytest.mark.sampled(4)
@pytest.mark.parametrize(("function", "x"), SMOOTH)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_smooth_functions(function: Function, x: float, dtype: str) -> None:
    right, half, off = findings(function, x, dtype, [1.0, 0.5, 1.01])
    if dtype == "float64":
        assert (right, half, off) == (Finding.AGREES, Finding.CONTRADICTS, Finding.CONTRADICTS)
        assert findings(function, x, dtype, [1.001, 0.999]) == [Finding.CONTRADICTS] * 2
    else:
        assert right is not Finding.CONTRADICTS
        assert Finding.AGREES not in (half, off)


SCALED = [1e-12, 1e-6, 1e-3, 1.0, 1e3, 1e6, 1e12]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("scale", SCALED)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_scales_of_the_argument(scale: float, dtype: str) -> None:
    """A function of x/scale is never contradicted; where its values tell, it is agreed with."""
    for x in (0.3, 2.5):
        right, wrong = findings(
            lambda t: torch.sin(t / scale) + (t / scale) ** 2, x * scale, dtype, [1.0, 1.01]
        )
        assert right is not Finding.CONTRADICTS
        assert wrong is not Finding.AGREES
        if dtype == "float64":
            assert (right, wrong) == (Finding.AGREES, Finding.CONTRADICTS)


def newton(x: Tensor) -> Tensor:
    """Return a square root that Newton's method stops at before it is exact."""
    y = torch.ones_like(x)
    for _ in range(4):
        y = (y + x / y) / 2
    return y


DIFFICULT: list[tuple[str, Function, float]] = [
    ("a kink", torch.relu, 0.0),
    ("a kink, by its mean", lambda x: torch.maximum(x, x * x), 1.0),
    ("abs", torch.abs, 0.0),
    ("a kink near", lambda x: torch.abs(x - 1e-9), 0.0),
    ("a kink very near", lambda x: torch.relu(x - 1 - 1e-13), 1.0),
    ("a jump", lambda x: torch.where(x > 0, x + 1, x), 0.0),
    ("a jump near", lambda x: torch.where(x > 1 + 1e-12, x + 1, x), 1.0),
    ("quick waves", lambda x: x + 1e-3 * torch.sin(1e9 * x), 0.0),
    ("quick waves at 1", lambda x: x + 1e-3 * torch.sin(1e9 * x), 1.0),
    ("quicker waves", lambda x: x + 1e-3 * torch.sin(1e13 * x), 1.0),
    ("waves in step", lambda x: x + 1e-6 * torch.sin(2**20 * torch.pi * x), 0.0),
    ("steep", lambda x: torch.tanh(1e12 * x), 0.0),
    ("very steep", lambda x: torch.tanh(1e20 * x), 0.0),
    ("steep at 1", lambda x: torch.tanh(1e14 * (x - 1)), 1.0),
    ("an edge", torch.sqrt, 1e-14),
    ("a pole", lambda x: 1 / (x - 1), 1 + 1e-10),
    ("flat", lambda x: torch.exp(-1 / (x * x + 1e-3)), 0.0),
    ("a small part", lambda x: 1e12 + x, 1.0),
    ("a part below the last place", lambda x: 1e17 + x, 1.0),
    ("cancellation", lambda x: (1 - torch.cos(x)) / (x * x), 1e-5),
    ("rounded values", lambda x: torch.sin(x.float()).double(), 0.5),
    ("a large power", lambda x: x**60, 1.5),
    ("an extremum", torch.cos, 0.0),
    ("next to an extremum", torch.sin, 1.5707963),
    ("softplus", lambda x: torch.nn.functional.softplus(x, beta=1e6), 1e-8),
    ("linear", lambda x: 3 * x, 1e300),
    ("a sum that cancels", lambda x: (x + 1e8) - 1e8 + x, 0.3),
    ("an iteration", newton, 2.0),
]


@pytest.mark.sampled(4)
@pytest.mark.parametrize(("function", "x"), [each[1:] for each in DIFFICULT],
                         ids=[each[0] for each in DIFFICULT])  # fmt: skip
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_right_derivative_is_never_contradicted(function: Function, x: float, dtype: str) -> None:
    if dtype == "float32" and not 1e-30 < abs(x) < 1e30 and x:
        return
    right, off, far = findings(function, x, dtype, [1.0, 1.01, 2.0])
    assert right is not Finding.CONTRADICTS
    if slope(function, x, dtype):
        assert Finding.AGREES not in (off, far)


def test_autograds_convention_at_a_kink_is_open() -> None:
    for function, x in (
        (torch.relu, 0.0),
        (torch.abs, 0.0),
        (lambda x: torch.maximum(x, x * x), 1.0),
    ):
        numbers = (0.0, 0.5, 1.0, 1.5, slope(function, x))
        found = estimated(function, {"x": x})
        assert all(each.judge(c) is Finding.OPEN for each in found for c in numbers)


@pytest.mark.parametrize("kink", [0.0, 0.75])
@pytest.mark.parametrize("share", [1.0, -0.5, 1e-3])
def test_a_kink_whose_sides_mirror_each_other_is_no_derivative_of_0(
    kink: float, share: float
) -> None:
    """Central quotients are exactly 0, and the smallest steps change no value."""
    found = estimated(lambda x: 1 + share * torch.abs(x - kink), {"x": kink})
    assert all(each.judge(0.0) is Finding.OPEN for each in found)


def test_a_derivative_of_0() -> None:
    (flat,) = estimated(lambda x: 0 * x + 3, {"x": 1.7})
    assert flat.judge(0.0) is Finding.AGREES
    assert flat.judge(1e-3) is Finding.CONTRADICTS
    (square,) = estimated(lambda x: x * x, {"x": 0.0})
    assert square.judge(0.0) is Finding.AGREES
    assert square.judge(0.1) is Finding.CONTRADICTS


def test_other_operators() -> None:
    def cubic(x: Tensor, y: Tensor) -> Tensor:
        return (x**3 * torch.exp(y)).sum()

    at = {"x": [1.0, 2.0], "y": 0.5}
    e = float(np.exp(0.5))
    hessian = estimated(cubic, at, Hessian())
    truth = [6 * e, 0, 3 * e, 0, 12 * e, 12 * e, 3 * e, 12 * e, 9 * e]
    for found, number in zip(hessian, truth, strict=True):
        assert found.judge(number) is not Finding.CONTRADICTS
        assert found.judge(number * 1.01) is not Finding.AGREES or number == 0
        if number:
            assert found.judge(number) is Finding.AGREES
            assert found.judge(number * 1.3) is Finding.CONTRADICTS
    jacobian = estimated(
        lambda x, y: torch.stack([x * y, 1e6 * y * y]), {"x": 2.0, "y": 3.0}, Jacobian()
    )
    for found, number in zip(jacobian, [3, 2, 0, 6e6], strict=True):
        assert found.judge(number) is Finding.AGREES


@pytest.mark.parametrize(
    ("function", "x", "reason"),
    [
        (lambda x: x + torch.rand(()), 1.0, "noisy"),
        (lambda x: torch.where(x >= 1, x + 1, x), 1.0, "a jump"),
        (lambda x: (x * x).sum(), np.ones(33), "33 components"),
    ],
)
def test_why_there_is_no_quotient(function: Function, x: Any, reason: str) -> None:
    arrays = {"x": np.asarray(x)}
    found = estimates(Grad(), lambda x: (function(x),), arrays, (), dtype="float64", device="cpu")
    assert isinstance(found, str)
    assert reason in found


PIECES: list[Callable[[Tensor, float], Tensor]] = [
    lambda x, c: torch.sin(c * x),
    lambda x, c: torch.exp(-c * x * x),
    lambda x, c: torch.log1p((c * x) ** 2),
    lambda x, c: torch.tanh(x - c),
    lambda x, c: torch.relu(x - c),
    lambda x, c: torch.abs(x * c - 1),
    lambda x, c: torch.sqrt(1 + c * x * x),
    lambda x, c: c * x,
    lambda x, c: torch.floor(c * x),
]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_random_compositions(seed: int) -> None:
    """Sums and products of pieces with kinks, jumps and constants of any size."""
    random = Random(seed)
    told = 0
    for _ in range(12):
        parts = [
            (random.choice(PIECES), random.uniform(0.2, 3) * 10 ** random.uniform(-3, 3))
            for _ in range(random.randint(1, 3))
        ]
        size = 10 ** random.uniform(-4, 4)
        x = random.choice([-1, 1]) * 10 ** random.uniform(-3, 2)

        def function(x: Tensor, parts: Any = parts, size: float = size) -> Tensor:
            total = torch.ones_like(x)
            for piece, constant in parts:
                total = total * (piece(x, constant) + 0.3)
            return size * total

        for dtype in ("float64", "float32"):
            right, off, far = findings(function, x, dtype, [1.0, 1.01, -1.0])
            assert right is not Finding.CONTRADICTS
            if slope(function, x, dtype):
                assert Finding.AGREES not in (off, far)
            told += (right is Finding.AGREES) + (far is Finding.CONTRADICTS)
    assert told >= 12
