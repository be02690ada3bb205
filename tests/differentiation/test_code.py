"""``check --py F --claim G``: a gradient written by hand is held against autograd."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from diffcli.cli.main import run

MODULE = """
import torch

def f(x):
    return (x**2).sum() + torch.sin(x[0])

def gradient(x):
    return 2 * x + torch.stack([torch.cos(x[0]), *([torch.zeros_like(x[0])] * (len(x) - 1))])

def without_the_two(x):
    return gradient(x) / 2

def with_a_wrong_sign(x):
    return -gradient(x)

def wrong_in_one(x):
    return gradient(x) * torch.tensor([1.0, 3.0, 1.0])

def too_short(x):
    return gradient(x)[:2]

def of_other_arguments(y):
    return y

def field(x, y):
    return torch.stack([x * y, x + y**2])

def jacobian(x, y):
    return torch.stack([torch.stack([y, x]), torch.stack([torch.ones_like(x), 2 * y])])

def transposed(x, y):
    return jacobian(x, y).T
"""


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "m.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)


def check(function: str, claim: str, at: str, *more: str) -> int:
    return run(["check", "--py", f"m.py:{function}", "--claim", f"m.py:{claim}", "--at", at, *more])


@pytest.mark.parametrize(
    ("function", "claim", "at"),
    [("f", "gradient", "x=[1,2,3]"), ("field", "jacobian", "x=1.5,y=2")],
)
def test_a_right_claim(
    function: str, claim: str, at: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert check(function, claim, at) == 0
    assert "agrees with autograd at 1 point" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("function", "claim", "at", "wrong", "mistake"),
    [
        ("f", "without_the_two", "x=[1,2,3]", ["x[0]", "x[1]", "x[2]"], "a factor 1/2"),
        ("f", "with_a_wrong_sign", "x=[1,2,3]", ["x[0]", "x[1]", "x[2]"], "the sign"),
        ("f", "wrong_in_one", "x=[1,2,3]", ["x[1]"], "a factor 3"),
        ("field", "transposed", "x=1.5,y=2", ["f1,y", "f2,x"], "the Jacobian is transposed"),
    ],
)
def test_a_wrong_claim_is_named(
    function: str,
    claim: str,
    at: str,
    wrong: list[str],
    mistake: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert check(function, claim, at, "--json") == 5
    found = json.loads(capsys.readouterr().out)
    assert (found["proof"], found["mistake"]) == ("wrong", mistake)
    assert [each["entry"] for each in found["wrong"]] == wrong


def test_the_table_shows_the_quotients(capsys: pytest.CaptureFixture[str]) -> None:
    assert check("f", "wrong_in_one", "x=[1,2,3];x=[0,1,2]") == 5
    shown = capsys.readouterr().out
    assert "∂f/∂x[1]" in shown
    assert "wrong: 3 times" in shown
    assert "∂f/∂x[1] is 4, the claim gives 12 (a factor 3)" in shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--py", "m.py:f", "--claim", "m.py:too_short", "--at", "x=[1,2,3]"], "gives 2 numbers"),
        (["--py", "m.py:f", "--claim", "m.py:of_other_arguments", "--at", "x=[1,2,3]"], "takes y"),
        (["--py", "m.py:f", "--claim", "m.py:gradient"], "at a point"),
        (
            ["--py", "m.py:f", "--claim", "m.py:gradient", "--at", "x=[1,2]", "--dtype", "float16"],
            "aren't compared in float16",
        ),
        (["--py", "m.py:f", "--at", "x=1"], "code is checked against code"),
        (["x^2", "--claim", "m.py:gradient"], "code is checked against code"),
        (["--py", "m.py:f", "--claim", "m.py:none", "--at", "x=1"], "no function 'none'"),
    ],
)
def test_refusals(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", *arguments]) == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_of_code(dtype: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["grad", "--py", "m.py:f", "--at", "x=[0.1,2,3]", "--dtype", dtype]
    assert run([*arguments, "--format", "json"]) == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    assert result["at"]["x"][0] == float(torch.tensor(0.1, dtype=getattr(torch, dtype)))
    assert {check["verdict"] for check in result["checks"]} == {"certified"}
    assert run(["grad", "x^2", "--at", "x=1", "--dtype", dtype]) == 2
    assert f"{dtype} goes with code" in capsys.readouterr().err
