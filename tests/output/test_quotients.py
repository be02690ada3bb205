"""Difference quotients are the evidence of code of which nothing is proved, in every format."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path

import mpmath
import pytest

from diffcli.cli.main import run

CODE = """
import torch
def bessel(x): return torch.special.i0(x).sum()
def each(x): return torch.special.i0(x)
def cut(x, y): return (x * y).sum() * x.sum().item()
"""


@pytest.fixture(autouse=True)
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("code.py").write_text(CODE, encoding="utf-8")


def shown(arguments: list[str], capsys: pytest.CaptureFixture[str], code: int = 0) -> str:
    assert run(["grad", "--py", *arguments]) == code
    return capsys.readouterr().out


SLOPE = str(float(mpmath.besseli(1, 2)))[:8]


@pytest.mark.sampled(4)
@pytest.mark.parametrize("point", ["x=[1,2]", "x=2"])
@pytest.mark.parametrize("kind", ["table", "plain", "csv", "markdown", "latex", "html", "json"])
def test_the_quotient_stands_beside_the_number(
    kind: str, point: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = shown(["code.py:bessel", "--at", point, "--format", kind], capsys)
    assert "quotient" in text
    assert text.count(SLOPE) >= 2


def test_csv_has_it_in_columns_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(["code.py:bessel", "--at", "x=[1,2]", "--format", "csv"], capsys)
    value, *rows = csv.DictReader(StringIO(text))
    assert value["quotient"] == ""
    for x, row in zip((1, 2), rows, strict=True):
        error = abs(float(row["quotient"]) - mpmath.besseli(1, x))
        assert error <= float(row["quotient error"]) < 1e-9


def test_what_has_no_enclosure_shows_none(capsys: pytest.CaptureFixture[str]) -> None:
    report = json.loads(shown(["code.py:bessel", "--at", "x=[1,2]", "--json"], capsys))
    assert [check["enclosure"] for check in report["results"][0]["checks"]] == [None, None]


def test_a_contradiction_fails(capsys: pytest.CaptureFixture[str]) -> None:
    text = shown(["code.py:cut", "--at", "x=[1,2],y=[1,3]"], capsys, code=5)
    assert "autograd 3, quotient 10 ±" in text
    assert "contradicts it" in text
    assert text.count("agrees") > text.count("disagrees")


def test_a_matrix_has_it_in_its_remarks(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["jacobian", "--py", "code.py:each", "--at", "x=[1,2]"]) == 0
    assert f"a difference quotient agrees, {SLOPE}" in capsys.readouterr().out
