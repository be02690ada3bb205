"""The same points through every entry point: the same are looked at, with the same verdicts."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from math import nextafter, pi
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet
from torch import Tensor

import diffcli
from diffcli.cli.main import run
from diffcli.differentiation.checks.selection import SAMPLE, keys, sample
from diffcli.engines.remote import Partials
from diffcli.language.parser import parse
from diffcli.rows import parquet as chunked
from diffcli.verdict import Verdict, worst

COUNT = 200
PLANTED = {
    "abs(x - 1/4)*y": [(0.25, 1.0), (nextafter(0.25, 1), 2.0), (0.25, 0.0)],
    "relu(x - y) + y": [(1.5, 1.5), (0.1 + 0.2, 0.3), (2.0, 1.0)],
    "abs(sin(x)) + y^2": [(pi, 1.0), (nextafter(pi, 4), 1.0), (0.0, 1.0)],
    "y/(x - 3) + floor(x)": [(3.0, 1.0), (2.0, 1.0), (nextafter(2.0, 0), 1.0)],
    "sqrt(x)*y": [(0.0, 1.0), (-1.0, 1.0), (-0.5, 2.0)],
    "max(x, y^2, 1)": [(4.0, 2.0), (1.0, 0.5), (0.5, 1.0)],
    "y*(1 - cos(x))/x^2": [(1e-7, 1.0), (3e-8, 2.0)],
    "x^2*y": [],
}


def rows_with(formula: str, seed: int) -> list[tuple[float, float]]:
    """Random points, the planted ones at random places among them."""
    random = Random(f"{formula} {seed}")
    rows = [(random.uniform(0.3, 2.9), random.uniform(0.5, 2)) for _ in range(COUNT)]
    for row in PLANTED[formula]:
        rows[random.randrange(COUNT)] = row
    return rows


def looked_at(results: list[dict]) -> Counter:
    """The points that were looked at, each with its verdict."""
    return Counter(
        (result["at"]["x"], result["at"]["y"], result["verdict"])
        for result in results
        if "sampled" not in result
    )


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 7])
@pytest.mark.parametrize("formula", PLANTED)
def test_every_entry_point_looks_at_the_same_points(
    formula: str,
    seed: int,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows, text = rows_with(formula, seed), [f"{x!r},{y!r}" for x, y in rows_with(formula, seed)]
    file = tmp_path / "p.csv"
    file.write_text("\n".join(["x,y", *text]) + "\n")
    asked = ["--check-budget", "600", "--seed", str(seed), "--json"]

    def told(*arguments: str) -> dict:
        run([*arguments, *asked])
        return json.loads(capfd.readouterr().out)

    by_file = looked_at(told("grad", formula, "--points", str(file))["results"])
    # What is typed is a decimal, exactly; a file and an array hold doubles.
    points = [f"x={Fraction(x)},y={Fraction(y)}" for x, y in rows]
    typed = looked_at(told("grad", formula, "--at", ";".join(points))["results"])
    assert len(by_file) >= SAMPLE
    assert typed == by_file
    request = tmp_path / "r.jsonl"
    at = [{"x": str(Fraction(x)), "y": str(Fraction(y))} for x, y in rows]
    request.write_text(
        json.dumps({"expression": formula, "at": at, "check_budget": 600, "seed": seed}) + "\n"
    )
    run(["batch", str(request)])
    assert looked_at(json.loads(capfd.readouterr().out)["results"]) == by_file
    x, y = np.array(rows).T
    settings = diffcli.Settings(budget=600, seed=seed)
    found = diffcli.parse(formula).grad(x=x, y=y, settings=settings)
    assert by_file == Counter(
        (each.at["x"], each.at["y"], worst(check.verdict for check in each.checks).value)
        for each in found.report.results
    )
    counts = Counter(verdict for _, _, verdict in by_file.elements())
    table = tmp_path / "p.parquet"
    parquet.write_table(pa.table({"x": x, "y": y}), table)
    for source, chunk in ((file, None), (table, 64), (table, 16)):
        if chunk:
            monkeypatch.setattr(chunked, "MOST_ROWS", chunk)
            monkeypatch.setattr(chunked, "LEAST_ROWS", chunk)
        target = tmp_path / "g.parquet"
        of_rows = told("batch", formula, "--points", str(source), "-o", str(target))
        assert of_rows["verdicts"] == counts
        assert of_rows["verdict"] == worst([*map(Verdict, counts), Verdict.AGREES]).value
        assert of_rows["unlooked"] == 0
        written = parquet.read_table(target).to_pydict()
        for name, variable in (("df/dx", "x"), ("df/dy", "y")):
            numbers = np.array(written[name], dtype=float)
            np.testing.assert_allclose(numbers, found[variable], rtol=1e-12)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("formula", "at"),
    [
        ("x^3", ";".join(map(str, range(100)))),
        ("x^3", "x=linspace(1,2,150)"),
        ("sum(x^3)", "x=linspace(1,2,80)"),
        ("x^3", "1;2"),
    ],
)
def test_csv_says_of_a_sample_what_json_says(
    formula: str, at: str, capfd: pytest.CaptureFixture[str]
) -> None:
    asked = ["grad", formula, "--at", at, "--check-budget", "60"]
    run([*asked, "--json"])
    told = {each.get("sampled", "") for each in json.loads(capfd.readouterr().out)["results"]}
    run([*asked, "--format", "csv"])
    rows = list(csv.DictReader(io.StringIO(capfd.readouterr().out)))
    assert {row.get("sampled", "") for row in rows} == told


def test_no_convention_is_written_at_a_kink(tmp_path: Path) -> None:
    """By hand: |x| and floor have no derivative at 0, x·|x| has 0, and √ none at its edge."""
    file, target = tmp_path / "p.jsonl", tmp_path / "g.jsonl"
    numbers = [0.0, *(1.5 + k for k in range(99))]
    file.write_text("".join(json.dumps({"x": each}) + "\n" for each in numbers))
    for formula, first in (
        ("abs(x)", [0.0, None]),
        ("x*abs(x)", [0.0, 0.0]),
        ("floor(x)", [0.0, None]),
        ("abs(x)^3/x", [None, None]),
        ("sinc(x)", [1.0, 0.0]),
    ):
        asked = ["--points", str(file), "-o", str(target), "--check-budget", "60", "-q"]
        assert run(["batch", formula, *asked]) == 0
        row = json.loads(target.read_text().splitlines()[0])
        assert [row["f"], row["df/dx"]] == first


def test_what_the_time_does_not_suffice_for_is_unverified(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "p.csv"
    file.write_text("x\n" + "0\n" * 500)
    target = str(tmp_path / "g.csv")
    asked = ["--points", str(file), "-o", target, "--check-budget", "0", "--json"]
    run(["batch", "abs(x)", *asked])
    told = json.loads(capfd.readouterr().out)
    assert told["kinks"] == 500
    assert 0 < told["unlooked"] < 500
    assert told["verdicts"]["unverified"] >= told["unlooked"]
    assert told["verdict"] in ("unverified", "not_differentiable")


@pytest.mark.parametrize("count", [65, 1000, 12_345])
@pytest.mark.parametrize("seed", [0, 1, 2**40])
def test_the_sample_is_that_of_the_smallest_keys_however_they_are_cut(
    count: int, seed: int
) -> None:
    whole = keys(0, count, seed)
    for cut in (1, count // 3, count - 1):
        assert np.concatenate([keys(0, cut, seed), keys(cut, count, seed)]).tolist() == (
            whole.tolist()
        )
    chosen = sample(count, seed)
    assert len(set(chosen)) == SAMPLE
    assert chosen == np.argsort(whole)[:SAMPLE].tolist()


def test_every_place_is_as_likely_in_the_sample() -> None:
    """The mean of uniform places has a standard error that is known."""
    drawn = np.array([sample(1000, seed) for seed in range(200)]).ravel()
    assert abs(drawn.mean() - 499.5) < 4 * 1000 / np.sqrt(12 * drawn.size)
    assert np.bincount(drawn // 100, minlength=10).min() > 0.85 * drawn.size / 10


@pytest.mark.parametrize(
    ("formula", "near"),
    [
        ("abs(x - 1/10)", 0.1),
        ("abs(sin(x))", pi),
        ("floor(10*x)", 0.3),
        ("abs(exp(x) - 2)", 0.6931471805599453),
        ("piecewise((x, x^2 < 2), (2, True))", 2**0.5),
        ("relu(cos(x))", pi / 2),
        ("max(x, 1/x - 1)", (5**0.5 - 1) / 2),
    ],
)
def test_a_point_within_rounding_of_a_kink_is_difficult(formula: str, near: float) -> None:
    from diffcli.differentiation import Settings
    from diffcli.differentiation.checks.selection import difficult

    others = [near * (1 + 1e-9), near * (1 - 1e-9), near + 0.013]
    around = [nextafter(near, 10), near, nextafter(near, -10)]
    found = difficult(parse(formula), {"x": np.array([*around, *others])}, Settings())
    assert found.tolist() == [True] * 3 + [False] * 3


def test_a_row_outside_the_sample_says_so(capfd: pytest.CaptureFixture[str]) -> None:
    for formula, at in (("x^3", "x=linspace(1,2,150)"), ("x^3 + y", "x=linspace(1,2,80),y=1")):
        run(["grad", formula, "--at", at, "--check-budget", "60", "--format", "csv"])
        rows = list(csv.DictReader(io.StringIO(capfd.readouterr().out)))
        told = Counter(row["verdict"] for row in rows)
        assert set(told) == {"certified", "unchecked"}
        assert told["certified"] >= SAMPLE - 1


def test_lost_digits_in_a_long_vector_are_found_as_in_many_points(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """By hand: the derivative at x is -x/12 + O(x^3), of which float64 keeps no digit at 1e-7."""
    numbers = [1 + k / 200 for k in range(90)]
    numbers[77] = 1e-7
    vector, points = f"x={numbers}", ";".join(f"x={each!r}" for each in numbers)
    for at, entry in ((vector, "x[77]"), (points, "x")):
        run(["grad", "(1-cos(x))/x^2", "--at", at, "--check-budget", "60", "--json"])
        results = json.loads(capfd.readouterr().out)["results"]
        (lost,) = [
            check
            for result in results
            for check in result["checks"]
            if check["verdict"] == "inexact" and check["entry"] == entry
        ]
        assert float(lost["enclosure"][0]) == pytest.approx(-1e-7 / 12, rel=1e-12)


def test_formulas_of_different_shapes_go_together(capfd: pytest.CaptureFixture[str]) -> None:
    run(["eval", "[x, y^2, 3]", "--at", "x=[[1],[2]],y=[3,4]", "--json"])
    (result,) = json.loads(capfd.readouterr().out)["results"]
    assert result["value"] == [[[1, 1], [2, 2]], [[9, 16], [9, 16]], [[3, 3], [3, 3]]]
    assert result["verdict"] == "certified"


LOST = 1e9
"""Added and taken away again, it leaves 7 of 16 digits."""


def test_where_the_formula_differs_is_looked_at_everywhere(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault is put into the formulas of the derivatives, beyond 1.9."""
    real, random = Partials.program, Random(3)

    def wrong(self: Partials, wanted: list) -> Callable:
        program = real(self, wanted)

        def numbers(*inputs: Tensor, shape: tuple[int, ...]) -> list[Tensor]:
            return [each + 1e-6 * (inputs[0] > 1.9) for each in program(*inputs, shape=shape)]

        return numbers

    monkeypatch.setattr(Partials, "program", wrong)
    points = [random.uniform(1, 2) for _ in range(130)]
    struck = {x for x in points if x > 1.9}
    file, target = tmp_path / "p.csv", tmp_path / "g.csv"
    file.write_text("\n".join(["x", *map(repr, points)]) + "\n")
    run(["grad", "x^3", "--points", str(file), "--check-budget", "60", "--json"])
    results = json.loads(capfd.readouterr().out)["results"]
    looked = {each["at"]["x"] for each in results if "sampled" not in each}
    assert struck < looked
    settings = diffcli.Settings(budget=60)
    found = diffcli.parse("x^3").grad(x=np.array(points), settings=settings)
    assert {each.at["x"] for each in found.report.results} == looked
    asked = ["--points", str(file), "-o", str(target), "--check-budget", "60", "--json"]
    run(["batch", "x^3", *asked])
    assert json.loads(capfd.readouterr().out)["verdicts"] == {"certified": len(looked)}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("chunk", [None, 7])
def test_the_sample_of_a_file_is_looked_at_before_it_is_written(
    chunk: int | None,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    formula, random = f"x^2 + {LOST:.0f} - {LOST:.0f}", Random(4)
    points = np.array([random.uniform(1, 2) for _ in range(400)])
    source, target = tmp_path / "p.parquet", tmp_path / "g.parquet"
    parquet.write_table(pa.table({"x": points}), source)
    if chunk:
        monkeypatch.setattr(chunked, "MOST_ROWS", chunk)
        monkeypatch.setattr(chunked, "LEAST_ROWS", chunk)
    asked = ["--points", str(source), "-o", str(target), "--check-budget", "60", "--json"]
    run(["batch", formula, *asked])
    told = json.loads(capfd.readouterr().out)
    assert told["verdicts"] == {"inexact": SAMPLE}
    values = np.array(parquet.read_table(target)["f"])
    is_proved = np.abs(values - points**2) <= 1e-15 * points**2
    assert is_proved[sample(len(points), 0)].all()
    # Of a file in chunks more rows are looked at than its sample has.
    assert SAMPLE <= is_proved.sum() < (200 if chunk else 80)


def test_vectors_at_very_many_points_go_with_them() -> None:
    x, v = np.linspace(1, 2, 70_000), np.linspace(3, 4, 70_000)
    found = diffcli.parse("x^3").jvp(vector=v, x=x, settings=diffcli.Settings(budget=0.1))
    np.testing.assert_allclose(np.asarray(found), 3 * x**2 * v, rtol=1e-14)
