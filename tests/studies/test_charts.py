"""Sign charts and Lagrange systems as they are written by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from diffcli.cli.main import run


def told(*words: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert run(["steps", *words, "--json"]) == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


# By hand: x, the signs of f′ and f″, what f is.
CUBIC = [
    (-3, -1, "+", "-"), (-1, None, "0", "-"), (-1, 0, "-", "-"), (0, None, "-", "0"),
    (0, 1, "-", "+"), (1, None, "0", "+"), (1, 3, "+", "+"),
]  # fmt: skip


def test_the_chart_of_a_cubic_is_that_of_a_textbook(capsys: pytest.CaptureFixture[str]) -> None:
    chart = told("x^3 - 3x", "--in", "-3:3", capsys=capsys)["chart"]
    rows = [(each["low"], each["high"], each["slope"], each["bend"]) for each in chart["rows"]]
    assert rows == CUBIC
    assert chart["complete"]


def test_a_pole_and_a_kink_part_the_chart_and_have_no_signs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = told("abs(x)/(x - 1)", "--in=-1:2", capsys=capsys)["chart"]["rows"]
    parted = {each["low"]: each for each in rows if each["high"] is None}
    assert [parted[x]["shape"] for x in (0, 1)] == ["kink", "pole"]
    assert all(parted[x]["slope"] == parted[x]["bend"] == "" for x in (0, 1))
    # |x|/(x−1) is −x/(x−1) left of 0, whose slope is 1/(x−1)², and x/(x−1) right of it.
    assert [each["slope"] for each in rows if each["high"] is not None] == ["+", "-", "-"]


def test_the_lagrange_system_is_written_out(capsys: pytest.CaptureFixture[str]) -> None:
    system = told("x*y + z", "--subject-to", "x^2 + y^2 = 1; z <= 2", capsys=capsys)["lagrange"]
    assert system["partials"] == {"x": "y - 2*λ1*x", "y": "x - 2*λ1*y", "z": "1 - λ2"}
    assert system["conditions"] == [
        "x^2 + y^2 = 1",
        "z <= 2",
        "λ2 = 0 or z - 2 = 0",
        "λ2 <= 0 at a minimum, λ2 >= 0 at a maximum",
    ]
