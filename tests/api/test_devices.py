"""Where torch computes: as said, or on CUDA where the work is worth its start."""

from __future__ import annotations

import pytest
import torch

from diffcli.cli.main import run
from diffcli.engines.devices import device_for
from diffcli.language.parser import parse
from diffcli.language.points import read_points


@pytest.mark.parametrize(
    ("at", "has_cuda", "device"),
    [
        ("x=3", True, "cpu"),
        ("x=ones(1000)", True, "cpu"),
        ("x=ones(2000,1000)", True, "cuda"),
        ("x=ones(2000,1000)", False, "cpu"),
    ],
)
def test_auto_takes_cuda_where_the_work_is_large(
    monkeypatch: pytest.MonkeyPatch, at: str, has_cuda: bool, device: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: has_cuda)
    monkeypatch.setattr("diffcli.engines.devices.LEAST_WORK", 10**6)
    function = parse("sum(x^2 + sin(x))")
    points = [point.bind(["x"]) for point in read_points([at])]
    assert device_for(function, points) == device


def test_cuda_that_is_not_there_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert run(["grad", "x^2", "--at", "3", "--device", "cuda"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "error: cuda was asked for, and there is no CUDA device",
        "hint: use --device cpu",
    ]


@pytest.mark.cuda
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("command", ["grad", "hessian"])
def test_cuda_gives_the_processor_s_numbers(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    found = []
    for device in ("cpu", "cuda"):
        arguments = [command, "sum(x^2*y)", "--at", "x=[1,2],y=3", "--device", device]
        assert run([*arguments, "--format", "csv"]) == 0
        found.append(capsys.readouterr().out)
    assert found[0] == found[1]
