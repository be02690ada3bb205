"""Sums of partials at points where the parts have no derivative, and the sum has one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from diffcli.cli.main import run


def checks(capsys: pytest.CaptureFixture[str], *typed: str) -> list[dict[str, Any]]:
    run([*typed, "--json"])
    (result,) = json.loads(capsys.readouterr().out)["results"]
    found: list[dict[str, Any]] = result["checks"]
    return found


# By hand: the derivative of v·f, which is the function that the vector makes of the outputs.
@pytest.mark.parametrize(
    ("formulas", "at", "vector", "truth"),
    [
        ("[abs(x) + x, x - abs(x)]", "0", "1,1", 2),
        ("[floor(x), frac(x)]", "1", "1,1", 1),
        ("[sqrt(x), -sqrt(x)]", "0", "1,1", 0),
        ("[abs(x) + x, x - abs(x)]", "0", "1,2", (4, 2)),
    ],
)
def test_outputs_whose_kinks_cancel(
    formulas: str,
    at: str,
    vector: str,
    truth: float | tuple[float, float],
    capsys: pytest.CaptureFixture[str],
) -> None:
    (check,) = checks(capsys, "vjp", formulas, "--at", at, "--vector", vector)
    if isinstance(truth, tuple):
        assert check["verdict"] == "not_differentiable"
        assert (check["left"], check["right"]) == truth
    else:
        assert check["verdict"] == "certified"
        assert float(check["enclosure"][0]) == truth


# ∂f/∂x is 2|x − y| and ∂f/∂y is −2|x − y|; along (1, 1) both stay 0, and so does D_v f.
@pytest.mark.parametrize("command", ["hvp", "vhp"])
def test_second_derivatives_along_a_kink(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    formula = "(x - y)*abs(x - y)"
    found = checks(capsys, command, formula, "--at", "0,0", "--vector", "1,1")
    assert [(each["verdict"], each["enclosure"]) for each in found] == [
        ("certified", ["0", "0"])
    ] * 2


@pytest.mark.parametrize(
    ("command", "sides"), [("hvp", [(-2, 2), (2, -2)]), ("vhp", [(2, -2), (2, -2)])]
)
def test_second_derivatives_across_a_kink(
    command: str, sides: list[tuple[float, float]], capsys: pytest.CaptureFixture[str]
) -> None:
    formula = "(x - y)*abs(x - y)"
    found = checks(capsys, command, formula, "--at", "0,0", "--vector", "1,2")
    assert [(each["left"], each["right"]) for each in found] == sides
