from __future__ import annotations

import json
from pathlib import Path

import pytest

from diffcli.cli.main import run
from diffcli.differentiation import Settings
from diffcli.errors import UsageError
from diffcli.language.parser import parse
from diffcli.language.points import Point, read_points
from diffcli.studies.profile.measure import Profile, measure


@pytest.fixture(scope="module")
def profiled() -> Profile:
    function = parse("(z/x)*y")
    point = read_points(["x=rand(2,3),y=rand(2,3),z=rand(2,3)"])[0]
    return measure(function, point.bind(function.variables), Settings(), repeat=7)


def test_operators_are_counted(profiled: Profile) -> None:
    calls = {each.name: each.calls for each in profiled.operators}
    # z/x once, and in the gradient twice: ∂/∂z = y/x, ∂/∂x = −y·(z/x)/x.
    assert calls["aten::div"] >= 3 * 7
    assert calls["aten::mul"] >= 3 * 7
    assert {calls[name] for name in ("MulBackward0", "DivBackward0")} == {7}


def test_times_add_up(profiled: Profile) -> None:
    own = [each.self_time + each.device_time for each in profiled.operators]
    assert own == sorted(own, reverse=True)
    assert all(0 <= each.self_time <= each.total * (1 + 1e-9) for each in profiled.operators)
    assert 0 < profiled.value_time < profiled.gradient_time
    assert profiled.ratio == profiled.gradient_time / profiled.value_time


def test_memory_is_that_of_the_tensors(profiled: Profile) -> None:
    (mul,) = (each for each in profiled.operators if each.name == "aten::mul")
    assert mul.memory == mul.calls * 6 * 8  # six float64 numbers a product


def test_the_trace_is_chrome_s(profiled: Profile) -> None:
    events = json.loads(profiled.trace)["traceEvents"]
    assert any(event.get("name") == "aten::div" for event in events)


def test_a_formula_without_variables_is_refused() -> None:
    with pytest.raises(UsageError):
        measure(parse("2"), Point({}), Settings(), repeat=1)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "t.json"
    typed = ["profile", "x*sin(x)", "--at", "1", "--repeat", "5", "--trace", str(file)]
    assert run(typed) == 0
    shown = capsys.readouterr().out
    assert "aten::sin" in shown
    assert "times as long" in shown
    assert json.loads(file.read_bytes())["traceEvents"]


def test_the_command_prints_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["profile", "x^2", "--at", "3", "--repeat", "5", "--json"]) == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    assert result["repeat"] == 5
    assert result["derivative"] == {"x": 6}
    assert {"name", "calls", "self_time", "memory"} <= result["operators"][0].keys()


@pytest.mark.parametrize(
    "typed",
    [
        "profile x^2",
        "profile x^2 --at 1 --repeat 0",
        "profile x^2 --at 1 --trace missing/t.json",
        "profile x^2 --at 1;2 --trace t.json",
    ],
)
def test_usage_errors(typed: str) -> None:
    assert run(typed.split()) == 2


@pytest.mark.cuda
def test_times_on_a_cuda_device() -> None:
    function = parse("sin(x)*exp(-x^2)")
    (point,) = read_points(["x=rand(1000,1000)"])
    found = measure(function, point.bind(function.variables), Settings(device="cuda"), repeat=3)
    assert found.report.device.startswith("cuda")
    assert sum(each.device_time for each in found.operators) > 0
    assert 0 < found.value_time < found.gradient_time
