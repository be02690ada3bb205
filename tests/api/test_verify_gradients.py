"""Gradients of code in Python and of modules at the command line: right, wrong, and refused."""

from __future__ import annotations

import json
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import diffcli
from diffcli.cli.main import run
from diffcli.errors import DiffcliError, DisagreementError
from diffcli.testing import gradcheck
from diffcli.verdict import Verdict

pytest_plugins = ("pytester",)
MODEL = """
import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(0)

class Dense(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight):
        ctx.save_for_backward(x, weight)
        return x @ weight.T

    @staticmethod
    def backward(ctx, slope):
        x, weight = ctx.saved_tensors
        return slope @ weight, slope.T @ x * FACTOR

class Layer(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs))
    def forward(self, x):
        return Dense.apply(x, self.weight)

net = nn.Sequential(Layer(4, 3), nn.Tanh(), nn.Linear(3, 2))
def build(): return nn.Sequential(nn.Linear(4, 3), nn.GELU(), nn.LayerNorm(3), nn.Linear(3, 2))
class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.GRU(4, 2)
    def forward(self, x):
        return self.cell(x)[0]
recurrent = Recurrent()
dropping = nn.Sequential(nn.Linear(4, 2), nn.Dropout())
def loss(output, target): return F.cross_entropy(output, target)
def total(output): return output.square().sum()
"""
X = [[0.5, -1.0, 2.0, 0.25], [1.5, 0.75, -0.5, 1.0]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, factor in (("right", "1"), ("wrong", "1.00001")):
        (tmp_path / f"{name}.py").write_text(MODEL.replace("FACTOR", factor), encoding="utf-8")
    batch = {"input": torch.tensor(X), "target": torch.tensor([1, 0])}
    torch.save(batch, tmp_path / "batch.pt")
    np.savez(tmp_path / "batch.npz", **{key: each.numpy() for key, each in batch.items()})
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("batch", ["batch.pt", "batch.npz"])
@pytest.mark.parametrize(("file", "code"), [("right", 0), ("wrong", 5)])
def test_a_module_at_a_batch(
    file: str, code: int, batch: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["grad", "--py", f"{file}.py:net", "--loss", "loss", "--inputs", batch, "--json"]
    assert run(asked) == code
    found = json.loads(capsys.readouterr().out)
    assert found["variables"] == ["0.weight", "2.weight", "2.bias"]
    checks = found["results"][0]["checks"]
    assert len(checks) == 12 + 6 + 2
    wrong = [check for check in checks if check["verdict"] == "disagrees"]
    assert {check["entry"].split("[")[0] for check in wrong} == ({"0.weight"} if code else set())
    assert all("Dense.backward (wrong.py:15)" in check["reason"] for check in wrong)
    assert all("its gradient of weight is" in check["reason"] for check in wrong)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    "arguments",
    [
        ["right.py:build", "--loss", "loss", "--inputs", "batch.pt"],
        ["right.py:build", "--loss", "wrong.py:total", "--at", f"input={X}"],
        ["right.py:recurrent", "--loss", "total", "--at", f"x=[{X}]"],
    ],
)
def test_modules_that_are_right(
    arguments: list[str], dtype: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["grad", "--py", *arguments, "--dtype", dtype, "--json"]) == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    assert {check["verdict"] for check in result["checks"]} <= {"certified", "inexact"}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("asked", "entries"),
    [
        ("2.bias", ["2.bias[0]", "2.bias[1]"]),
        (
            "2",
            [*(f"2.weight[{i},{j}]" for i in (0, 1) for j in (0, 1, 2)), "2.bias[0]", "2.bias[1]"],
        ),
    ],
)
def test_parameters_and_layers_are_chosen_by_name(
    asked: str, entries: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["grad", "--py", "wrong.py:net", "--loss", "loss", "--inputs", "batch.pt", "--json"]
    assert run([*command, "--wrt", asked]) == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    assert [check["entry"] for check in result["checks"]] == entries
    assert {check["verdict"] for check in result["checks"]} == {"certified"}
    assert run([*command, "--wrt", "3"]) == 2
    assert "2.bias" in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
def test_a_random_module_is_noticed(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["grad", "--py", "right.py:dropping", "--loss", "total", "--at", f"input={X}"]
    assert run([*asked, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["results"][0]["verdict"] == "unverified"
    assert "draws random numbers" in found["warnings"][0]


@pytest.mark.usefixtures("folder")
def test_a_batch_with_more_than_the_module_takes_asks_for_the_loss(
    capsys: pytest.CaptureFixture[str],
) -> None:
    torch.save((torch.ones(3, 2), torch.ones(3, 1)), "pair.pt")
    assert run(["grad", "--py", "right.py:net", "--inputs", "pair.pt"]) == 2
    refused = capsys.readouterr().err
    assert "2 inputs for input" in refused
    assert "hint: --loss NAME" in refused


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["right.py:net", "--loss", "loss", "--at", f"input={X}"], "no value for target"),
        (["right.py:net", "--loss", "total", "--at", f"other={X}"], "no value for input"),
        (["right.py:net", "--loss", "none", "--at", f"input={X}"], "no function 'none'"),
        (["right.py:net", "--loss", "total", "--inputs", "right.py"], "no batch of tensors"),
        (["right.py:net", "--loss", "total", "--inputs", "none.pt"], "can't be read"),
        (["right.py:net", "--loss", "total", "--at", f"{X}"], "need names"),
        (["right.py:total", "--loss", "loss"], "is no torch.nn.Module"),
    ],
)
def test_refusals(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["grad", "--py", *arguments]) in (2, 4)
    assert words in capsys.readouterr().err


def cubic(x: Tensor, y: Tensor) -> Tensor:
    return (x**3 * y).sum()


class Half(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> Tensor:  # type: ignore[override]
        (x,) = ctx.saved_tensors
        return slope * x


def test_a_function_is_verified() -> None:
    x, y = torch.tensor([1.0, 2.0], dtype=torch.float64), torch.tensor(3.0, dtype=torch.float64)
    report = diffcli.verify_gradients(cubic, x, y)
    assert report.results[0].derivative == {"x": [9.0, 36.0], "y": 9.0}
    assert report.results[0].verdict is Verdict.CERTIFIED
    report = diffcli.verify_gradients(cubic, x.requires_grad_(), y)
    assert report.results[0].derivative == {"x": [9.0, 36.0]}
    jacobian = diffcli.verify_gradients(lambda t: t * t, x)
    assert jacobian.results[0].derivative["matrix"] == [[2.0, 0.0], [0.0, 4.0]]


def test_an_input_that_was_computed_is_a_point_like_any_other() -> None:
    leaf = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64, requires_grad=True)
    for computed in (leaf * 2, leaf[:2], leaf.clone()):
        found = diffcli.verify_gradients(lambda x, y: (x**3 * y).sum(), computed, computed.detach())
        assert {check.verdict for check in found.results[0].checks} == {Verdict.CERTIFIED}


def test_a_module_is_verified() -> None:
    torch.manual_seed(1)
    net = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
    target = torch.tensor([1, 0])
    report = diffcli.verify_gradients(
        net, torch.tensor(X), target, loss=nn.functional.cross_entropy
    )
    assert report.exit_code == 0
    assert len(report.results[0].checks) == sum(each.numel() for each in net.parameters())
    before = [each.clone() for each in net.parameters()]
    assert all(map(torch.equal, before, net.parameters()))


def test_gradcheck_takes_what_torchs_takes() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    assert gradcheck(torch.sin, (x,))
    assert gradcheck(torch.sin, x)
    with pytest.raises(DisagreementError, match=r"Half\.backward \(test_verify_gradients\.py:"):
        gradcheck(Half.apply, (x,))
    assert not gradcheck(Half.apply, (x,), raise_exception=False)
    assert gradcheck(torch.special.i0, (x,))
    assert not gradcheck(lambda t: t * t.sum().item(), (x,), raise_exception=False)
    assert gradcheck(torch.sin, (x.to(torch.bfloat16),))
    with pytest.raises(DiffcliError):
        gradcheck(torch.sin, (torch.tensor([1, 2]),))


def test_the_example_of_tests_passes(pytester: pytest.Pytester) -> None:
    """With the fixture that pytest finds where diffcli is installed."""
    plugins = {each.value for each in entry_points(group="pytest11")}
    flags = [] if "diffcli.pytest_plugin" in plugins else ["-p", "diffcli.pytest_plugin"]
    example = Path(__file__).parents[2] / "examples" / "ci" / "test_gradients.py"
    pytester.copy_example(str(example))
    pytester.runpytest_inprocess(*flags).assert_outcomes(passed=4)
