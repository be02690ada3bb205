"""Samples whose digits float64 lost are proved, and the columns say which."""

from __future__ import annotations

import csv
from collections.abc import Callable
from math import cos
from pathlib import Path

import mpmath
import pytest

from diffcli.cli.main import run


def slope(formula: Callable[[mpmath.mpf], mpmath.mpf]) -> Callable[[float], float]:
    def truth(x: float) -> float:
        with mpmath.workdps(120):
            return float(mpmath.diff(formula, mpmath.mpf(x), h=mpmath.mpf(10) ** -50))

    return truth


CASES = [
    ("asin(sin(x))", "1:2", lambda x: 1.0 if cos(x) > 0 else -1.0),
    ("asin(sin(x))", "-7:7", lambda x: 1.0 if cos(x) > 0 else -1.0),
    ("(tan(x) - x)/x^3", "-0.01:0.01", slope(lambda x: (mpmath.tan(x) - x) / x**3)),
    ("(tan(x) - x)/x^3", "-1:1", slope(lambda x: (mpmath.tan(x) - x) / x**3)),
    ("(x^2 - 1)/(x - 1)", "1:2", lambda _: 1.0),
    ("(x^2 - 1)/(x - 1)", "0.99999:1.00001", lambda _: 1.0),
    ("(exp(x) - 1 - x)/x^2", "-0.02:0.01", slope(lambda x: (mpmath.exp(x) - 1 - x) / x**2)),
    ("(x^3 - 8)/(x - 2)", "1.9999:2.0001", lambda x: 2 * x + 2),
]


def samples(formula: str, ends: str, folder: Path) -> list[dict[str, str]]:
    path = folder / "data.csv"
    assert run(["plot", formula, f"--range={ends}", "--data", str(path), "--quiet"]) == 0
    with path.open(newline="") as file:
        return [*csv.DictReader(file)]


@pytest.mark.sampled(8)
@pytest.mark.parametrize(("formula", "ends", "truth"), CASES)
def test_derivatives_near_cancellation_are_right(
    formula: str, ends: str, truth: Callable[[float], float], tmp_path: Path
) -> None:
    rows = samples(formula, ends, tmp_path)
    known = [row for row in rows if row["f'"]]
    assert len(known) > 400
    off = [
        row
        for row in known[:: max(1, len(known) // 500)]
        if abs(float(row["f'"]) - truth(float(row["x"]))) > 1e-6 * abs(truth(float(row["x"])))
    ]
    assert off == []
    assert any(row["enclosed"] == "1.0" for row in rows)


@pytest.mark.parametrize("formula", ["sin(x)", "x^3 - x", "exp(-x^2)"])
def test_ordinary_functions_have_no_such_column(formula: str, tmp_path: Path) -> None:
    assert [*samples(formula, "-1:2", tmp_path)[0]] == ["x", "f", "f'"]
