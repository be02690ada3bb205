"""Answers too large to be checked number by number: a sample, each number on its own formula."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from diffcli.cli.main import run
from diffcli.differentiation import Settings, derive
from diffcli.engines.lambdify import lambdify
from diffcli.engines.matrices.compressed import LEAST_CUT, Structured
from diffcli.engines.matrices.windows import window_of
from diffcli.engines.symbolic import expression, symbol
from diffcli.language.parser import parse
from diffcli.language.points import read_points
from diffcli.operators import Eval, Grad, Hessian, Hvp, Jacobian, Jvp, Operator, Vjp
from diffcli.output.report import Result
from diffcli.tensors.shapes import shapes_of
from diffcli.verdict import Verdict

ROSENBROCK = "sum(100*(x[1:] - x[:-1]^2)^2 + (1 - x[:-1])^2)"
SIZE = 2000
VECTOR = read_points([f"linspace(-1,1,{SIZE})"])[0]
AT = "x=[0.5,-1.25,2],y=[1.5,0.25,-0.75],A=[[2,0.5,-1],[0.25,3,0.75],[1,-0.5,1.5]]"
OPERATIONS = [
    "sum(x^2)", "sum(A, axis=0)*x", "sum(A, axis=1)^2", "mean(A*x)", "mean(A, axis=-1)*y",
    "prod(x)", "prod(A, axis=0)", "var(x)", "std(A, axis=1)", "norm(x)*y", "norm(A, axis=0)",
    "max(x)*y", "min(A, axis=1)", "logsumexp(x)", "logsumexp(A, axis=0)", "cumsum(x)*y",
    "cumsum(A, axis=0)", "diff(x)^2", "diff(A, axis=0)", "softmax(x)", "softmax(A, axis=0)",
    "log_softmax(A)", "dot(x, y)^2", "outer(x, y)", "A @ x", "x @ A", "A @ A.T", "x @ A @ y",
    "trace(A)", "trace(A @ A)", "det(A)", "inv(A) @ x", "solve(A, x)", "A.T*x", "A[1:, 0]*A[0, :2]",
    "x[::2]*y[1:]", "A[-1] @ y", "x*y/(1 + x^2)", "sum(x)/y", "mean(x)*sum(A) - 3*y[0]",
    "x^2 if x > 0 else y", "detach(x)*y", "sum(x*y)/x[0]", "-sum(A*x)", "exp(sum(x))", "x + A",
]  # fmt: skip


def answer(operator: Operator, text: str, at: str, **settings: Any) -> Result:
    (typed,) = read_points([at])
    function = parse(text, declared=typed.named)
    used = {name: value for name, value in typed.named.items() if name in function.variables}
    point = type(typed)(used).bind(function.variables)
    chosen = Settings(**{"budget": 5.0, **settings})
    return derive(operator, function, [point], chosen).results[0]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("text", OPERATIONS)
def test_a_component_has_the_derivatives_of_the_whole(text: str) -> None:
    found = answer(Jacobian(sparse=True), text, AT)
    assert found.checks
    assert {check.verdict for check in found.checks} == {Verdict.CERTIFIED}
    whole = answer(Jacobian(), text, AT, engines=("autograd",)).derivative["matrix"]
    dense = np.zeros(found.derivative["shape"])
    for row, column, value in found.derivative["entries"]:
        dense[row, column] = value
    np.testing.assert_allclose(dense, whole, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("text", ["x @ A @ x", "sum(sin(A @ x))", "norm(A*y)^2", "prod(x)*sum(y)"])
def test_a_component_has_the_second_derivatives_of_the_whole(text: str) -> None:
    found = answer(Hessian(sparse=True), text, AT)
    assert {check.verdict for check in found.checks} == {Verdict.CERTIFIED}


def rosenbrock_gradient(x: np.ndarray) -> np.ndarray:
    found = np.zeros_like(x)
    found[:-1] += -400 * x[:-1] * (x[1:] - x[:-1] ** 2) - 2 * (1 - x[:-1])
    found[1:] += 200 * (x[1:] - x[:-1] ** 2)
    return found


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    ("operator", "text"),
    [
        (Grad(), ROSENBROCK),
        (Grad(order=2), "sum(x^3*x[0])"),
        (Grad(), "sum(x[1:]*x[:-1])/3 - dot(x, x) + mean(exp(x))"),
        (Grad(), "x[0]*sum(x^2)"),
        (Hvp(VECTOR), ROSENBROCK),
        (Vjp(VECTOR), "x*exp(x[0])"),
        (Jvp(VECTOR), "x^2*x[1]"),
        (Eval(), "sin(x[1:]) - x[:-1]"),
        (Jacobian(), "[x[:40]^2, x[40:80]*x[0]]"),
        (Hessian(), "sum(x[:60]^3) + x[0]*x[1]"),
    ],
)
def test_a_sample_is_certified(operator: Operator, text: str) -> None:
    size = 80 if isinstance(operator, Jacobian | Hessian) else SIZE
    found = answer(operator, text, f"x=linspace(0.1,1,{size})")
    assert found.sampled is not None
    assert found.sampled[0] == len(found.checks) == 32
    certified = [check for check in found.checks if check.verdict is Verdict.CERTIFIED]
    # A component on which every term depends is too long.
    assert len(certified) >= 31
    assert found.verdict in (Verdict.AGREES, Verdict.UNVERIFIED)


@pytest.mark.slow
def test_the_numbers_are_complete() -> None:
    found = answer(Grad(), ROSENBROCK, f"x=linspace(-1,1,{SIZE})")
    x = np.linspace(-1, 1, SIZE)
    np.testing.assert_allclose(found.derivative["x"], rosenbrock_gradient(x), rtol=1e-9, atol=1e-12)
    hvp = answer(Hvp(VECTOR), ROSENBROCK, f"x=linspace(-1,1,{SIZE})").derivative["x"]
    step = 1e-6
    slope = (rosenbrock_gradient(x + step * x) - rosenbrock_gradient(x - step * x)) / (2 * step)
    np.testing.assert_allclose(hvp, slope, rtol=1e-6, atol=1e-5)


def test_where_the_value_is_no_number_nothing_is_certified() -> None:
    found = answer(Grad(), "sum(log(x))", f"x=linspace(-1,1,{SIZE})")
    assert found.value is None
    assert found.verdict is Verdict.UNDEFINED
    assert found.derivative == {"x": [None] * SIZE}


def test_a_wrong_number_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(self: Structured, inputs: Any) -> list[torch.Tensor]:
        return [3 * each.detach() for each in inputs]

    monkeypatch.setattr(Structured, "gradient", wrong)
    found = answer(Grad(), "sum(x^2)", f"x=linspace(0.1,1,{SIZE})")
    assert found.verdict is Verdict.DISAGREES


@pytest.mark.sampled(3)
@pytest.mark.parametrize("form", ["table", "plain", "csv", "markdown", "json"])
def test_every_format_shows_a_long_gradient(form: str, capsys: Any) -> None:
    at = f"x=linspace(-1,1,{6000})"
    assert run(["grad", "sum(x^2)", "--at", at, "--format", form]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) < 60 if form == "table" else sum(map(len, lines)) > 6000
    assert "x[5999]" in lines[-1] or form != "csv"


@pytest.mark.parametrize(
    ("text", "window"),
    [
        (ROSENBROCK, (9, 1)),
        ("2*sum(x[2:]*x[:-2]) - dot(x[1:-1], x[2:])/3", (8, 2)),
        ("y*sum(x^2)", (10, 0)),
        ("sum(x) + y", None),
        ("mean(x)", None),
        ("sum(x*x[0])", None),
        ("sum(x[::2])", None),
        ("sum(x[:5])", None),
        ("sum(x)^2", None),
        ("sum(x[1:]) + sum(x)", None),
        ("norm(x)", None),
        ("[sum(x), sum(x)]", None),
        ("sum(cumsum(x))", None),
    ],
)
def test_sums_over_a_window_are_recognised(text: str, window: tuple[int, int] | None) -> None:
    function = parse(text)
    shapes = {name: (10,) if name == "x" else () for name in function.variables}
    assert window_of(function, shapes_of(function, shapes)) == window


def structured(text: str, size: int) -> Structured:
    function = parse(text)
    program = lambdify(expression(function), [symbol(name) for name in function.variables])
    torch.manual_seed(0)
    at = {
        name: torch.rand(size if name == "x" else (), dtype=torch.float64).requires_grad_()
        for name in function.variables
    }
    return Structured(function, lambda *inputs: program(*inputs, shape=()), at)


@pytest.mark.parametrize("text", [ROSENBROCK, "y*sum(x[2:]*x[:-2]^2)/3", "dot(x, x^2)"])
def test_a_product_made_piece_by_piece_is_the_whole_one(text: str) -> None:
    at = structured(text, LEAST_CUT + 1)
    vector = [torch.rand_like(each) for each in at.variables.values()]
    for found, expected in zip(at.hvp(vector), super(Structured, at).hvp(vector), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-11)


def peak() -> int:
    """The largest resident memory so far, in bytes."""
    status = Path("/proc/self/status").read_text()
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="memory is read from Linux")
def test_a_hessian_vector_product_takes_the_memory_of_few_vectors() -> None:
    size = 1_000_000
    at = structured(ROSENBROCK, size)
    vector = [torch.ones(size, dtype=torch.float64)]
    structured(ROSENBROCK, LEAST_CUT + 1).hvp([torch.ones(LEAST_CUT + 1, dtype=torch.float64)])
    Path("/proc/self/clear_refs").write_text("5")
    before = peak()
    at.hvp(vector)
    assert peak() - before < 8 * 8 * size


@pytest.mark.slow
def test_a_million_variables_from_the_shell(capsys: pytest.CaptureFixture[str]) -> None:
    at = "x=linspace(-1,1,1000000)"
    assert run(["grad", ROSENBROCK, "--at", at, "--json"]) == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    truth = rosenbrock_gradient(np.linspace(-1, 1, 1_000_000))
    np.testing.assert_allclose(result["derivative"]["x"], truth, rtol=1e-6, atol=1e-9)
    assert {check["verdict"] for check in result["checks"]} == {"certified"}
    assert result["sampled"].endswith(" of 1000000 entries")
    assert run(["grad", ROSENBROCK, "--at", at]) == 0
    assert len(capsys.readouterr().out.splitlines()) < 60
