from __future__ import annotations

import itertools
import json
from math import sqrt
from pathlib import Path

import numpy as np
import pytest

from diffcli.cli.main import run
from diffcli.differentiation import Settings
from diffcli.engines.exact import nearest
from diffcli.errors import LimitError, PointError, UsageError
from diffcli.language.parser import parse
from diffcli.language.points import read_points
from diffcli.language.uncertain import read_correlations, read_measured
from diffcli.studies.uncertainty import propagation
from diffcli.studies.uncertainty.covariance import checked, covariance_matrix
from diffcli.studies.uncertainty.document import measured_line
from diffcli.studies.uncertainty.propagation import (
    Propagation,
    propagate,
)


def propagated(formula: str, at: str, correlations: dict | None = None, **more) -> Propagation:
    function = parse(formula)
    (values,), (spread,) = read_measured([at])
    (point,) = read_points([values])
    sigmas = [nearest(each) for each in spread.bind(function.variables).values.values()]
    return propagate(
        function,
        point.bind(function.variables),
        covariance_matrix(sigmas, correlations or {}),
        Settings(budget=30),
        **more,
    )


# JCGM 100:2008, example H.2: the resistance, reactance and impedance of a circuit element.
@pytest.mark.parametrize(
    ("formula", "value", "sigma"),
    [
        ("V/I*cos(phi)", 127.732, 0.071),
        ("V/I*sin(phi)", 219.847, 0.295),
        ("V/I + 0 phi", 254.260, 0.236),
    ],
)
def test_the_guide_s_example_of_correlated_inputs(formula: str, value: float, sigma: float) -> None:
    at = "I=19.661e-3±0.0095e-3, V=4.9990±0.0032, phi=1.04446±0.00075"
    correlations = {(0, 1): -0.36, (1, 2): 0.86, (0, 2): -0.65}  # I, V, phi
    found = propagated(formula, at, correlations)
    assert found.report.variables == ("I", "V", "phi")
    assert found.report.results[0].value == pytest.approx(value, abs=1e-3)
    # The Guide prints the inputs rounded, and computes with more digits.
    assert found.sigma == pytest.approx(sigma, rel=0.02)
    assert found.is_linear


def test_shares_and_contributions_by_hand() -> None:
    found = propagated("x*y", "x=3±0.1, y=2±0.05")
    assert found.sigma == pytest.approx(0.25)
    x, y = found.inputs
    assert (x.derivative, x.contribution, x.share) == pytest.approx((2, 0.2, 0.64))
    assert (y.derivative, y.contribution, y.share) == pytest.approx((3, 0.15, 0.36))


@pytest.mark.parametrize(("coefficient", "sigma"), [(1, 0.35), (-1, 0.05), (0, 0.25)])
def test_correlation(coefficient: float, sigma: float) -> None:
    found = propagated("x*y", "x=3±0.1, y=2±0.05", {(0, 1): coefficient})
    assert found.sigma == pytest.approx(sigma)
    assert sum(each.share for each in found.inputs) == pytest.approx(1)


# Of normal inputs: E x² = σ², Var x² = 2σ⁴; Var xy = x²σ_y² + y²σ_x² + σ_x²σ_y².
@pytest.mark.parametrize(
    ("formula", "at", "mean", "sigma"),
    [
        ("x^2", "0±0.5", 0.25, sqrt(2) * 0.25),
        ("x*y", "3±1,2±0.5", 6, sqrt(9 * 0.25 + 4 + 0.25)),
        ("3x - y", "3±1,2±0.5", 7, sqrt(9.25)),
    ],
)
def test_second_order_and_samples_of_quadratics(
    formula: str, at: str, mean: float, sigma: float
) -> None:
    found = propagated(formula, at, order=2)
    assert found.second is not None
    assert (found.second.mean, found.second.sigma) == pytest.approx((mean, sigma))
    assert (found.sampled.mean, found.sampled.sigma) == pytest.approx((mean, sigma), rel=0.02)


@pytest.mark.parametrize(
    ("formula", "at", "bent"),
    [
        ("x + y", "1±10,1±10", []),
        ("exp(x)", "0±0.01", []),
        ("exp(x)", "0±1", ["x"]),
        ("x^2", "0±1", ["x"]),
        ("x/y", "1±0.1,1±0.3", ["y"]),
        ("sqrt(x)", "0.01±0.1", ["x"]),
        ("abs(x)", "0±1", ["x"]),
    ],
)
def test_where_linear_propagation_fails(formula: str, at: str, bent: list[str]) -> None:
    found = propagated(formula, at)
    assert [each.name for each in found.inputs if not each.is_linear] == bent
    assert found.is_linear == (not bent)


def test_samples_outside_the_domain_are_counted() -> None:
    spread = propagated("log(x)", "1±1", samples=100_000).sampled
    assert spread.outside / spread.count == pytest.approx(0.1587, abs=0.005)  # Φ(−1)


def test_sampling_is_the_same_each_time() -> None:
    first, again = (propagated("sin(x)", "1±0.3").sampled for _ in range(2))
    assert first == again
    assert first.interval[0] < first.mean < first.interval[1]


def test_an_exact_input_contributes_nothing() -> None:
    found = propagated("x*y", "x=0.1±0.2, y=0.3")
    assert found.inputs[1].sampled.sigma == 0
    assert found.inputs[1].is_linear


def test_without_a_derivative_there_is_no_linear_answer() -> None:
    found = propagated("abs(x)", "0±1")
    assert np.isnan(found.sigma)
    assert found.report.exit_code == 4
    assert found.sampled.mean == pytest.approx(sqrt(2 / np.pi), rel=0.02)


def test_vectors_are_refused() -> None:
    with pytest.raises(UsageError):
        propagate(parse("x^2"), read_points(["[1,2]"])[0].bind(("x",)), np.eye(1), Settings())


@pytest.mark.parametrize(
    "matrix",
    [[[1.0, 2.0], [2.0, 1.0]], [[1.0, 0.5], [0.4, 1.0]], [[-1.0, 0.0], [0.0, 1.0]]],
)
def test_impossible_covariances_are_refused(matrix: list) -> None:
    with pytest.raises(PointError):
        checked(np.array(matrix))


@pytest.mark.parametrize(
    ("typed", "values", "spreads"),
    [
        ("x=3±0.1, y=2+-0.05", {"x": 3, "y": 2}, {"x": 0.1, "y": 0.05}),
        ("x=3 +/- 1/4,y=-1", {"x": 3, "y": -1}, {"x": 0.25, "y": 0}),
        ("x = 2*(1+1) ± pi", {"x": 4}, {"x": 3.141592653589793}),
        ("x=1e-3±1e-4", {"x": 1e-3}, {"x": 1e-4}),
    ],
)
def test_measured_values_are_read(typed: str, values: dict, spreads: dict) -> None:
    texts, (spread,) = read_measured([typed])
    (point,) = read_points(texts)
    assert {name: nearest(each) for name, each in point.named.items()} == values
    assert {name: nearest(each) for name, each in spread.named.items()} == spreads


def test_several_points_keep_their_uncertainties() -> None:
    texts, spreads = read_measured(["x=1±0.1;x=2", "y=3±0.3"])
    assert [len(read_points(texts)), len(spreads)] == [2, 2]
    found = [{name: nearest(x) for name, x in each.named.items()} for each in spreads]
    assert found == [{"x": 0.1, "y": 0.3}, {"x": 0, "y": 0.3}]


@pytest.mark.parametrize("typed", ["x=1±0.1±0.2", "x=1±", "x=±1", "x=1±z"])
def test_what_is_no_measured_value_is_refused(typed: str) -> None:
    with pytest.raises(PointError):
        read_points(read_measured([typed])[0])


def test_correlations_are_read() -> None:
    found = read_correlations("x,y=0.3; y,z = -1/2", ("x", "y", "z"))
    assert {pair: nearest(each) for pair, each in found.items()} == {
        ("x", "y"): 0.3, ("y", "z"): -0.5
    }  # fmt: skip


@pytest.mark.parametrize("text", ["x=0.3", "x,y,z=1", "x,w=0.3", "x,y=[1,2]", "x,y="])
def test_what_is_no_correlation_is_refused(text: str) -> None:
    with pytest.raises(PointError):
        read_correlations(text, ("x", "y", "z"))


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["uncertainty", "x*y", "--at", "x=3±0.1, y=2+-0.05"]) == 0
    shown = capsys.readouterr().out
    assert "64.0" in shown
    assert "linear propagation holds" in shown


@pytest.mark.parametrize(
    ("formula", "at", "words"),
    [
        ("x/y", "x=1+-0.1, y=0+-0.1", "f has no derivative in x and y;"),
        ("x + abs(y)", "x=1+-0.1, y=0+-0.1", "f has no derivative in y;"),
        ("exp(5x) + y", "x=1+-0.5, y=0+-0.1", "f bends too much in x;"),
    ],
)
def test_why_linear_propagation_fails(
    formula: str, at: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """x/y is linear in x: at y = 0 it is a derivative that lacks."""
    run(["uncertainty", formula, "--at", at])
    assert f"linear propagation fails: {words}" in capsys.readouterr().out


def test_the_command_takes_a_file_of_covariances(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "cov.csv"
    file.write_text("y,x\n0.0025,0\n0,0.01\n")
    assert run(["uncertainty", "x*y", "--at", "3,2", "--cov", str(file), "--json"]) == 0
    (result,) = json.loads(capsys.readouterr().out)["results"]
    assert result["sigma"] == pytest.approx(0.25)
    assert result["covariance"] == [[0.01, 0], [0, 0.0025]]


@pytest.mark.parametrize("shape", ["table", "plain", "csv", "markdown", "latex", "jsonl"])
def test_every_format(shape: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["uncertainty", "x^2", "--at", "3±0.5", "--order", "2", "--format", shape]) == 0
    assert "3" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--at", "x=3±-1"],
        ["--at", "x=[1,2]±[1,2]"],
        ["--at", "x=1±1", "--cov", "missing.csv"],
        ["--at", "x=1", "--cov", "missing.csv"],
        ["--at", "x=1±1", "--cov", "x,x=0.3;x,z=1"],
    ],
)
def test_usage_errors(arguments: list[str]) -> None:
    assert run(["uncertainty", "x^2", *arguments]) == 2


@pytest.mark.sampled(2)
@pytest.mark.parametrize("scale", ["1e300", "1e154", "1", "1e-160", "1e-300"])
@pytest.mark.filterwarnings("error")
def test_no_square_overflows(scale: str) -> None:
    """What is scaled is as uncertain as what isn't, times the scale: by hand for x² at 1 ± 1."""
    size = float(scale)
    straight = propagated(f"{scale}*(3x+4y)", "x=0±1, y=0±1")
    assert straight.sigma / size == pytest.approx(5)
    assert straight.sampled.sigma / size == pytest.approx(5, rel=0.02)
    assert [each.share for each in straight.inputs] == pytest.approx([0.36, 0.64])
    assert straight.is_linear
    bent = propagated(f"{scale}*x^2", "x=1±1", order=2).second
    assert bent is not None
    assert (bent.mean / size, bent.sigma / size) == pytest.approx((2, sqrt(6)))


@pytest.mark.filterwarnings("error")
def test_samples_that_overflow() -> None:
    assert propagated("1e308*x*y", "x=0±1, y=1±0.5").sigma == 1e308
    with pytest.raises(LimitError, match="an uncertainty of more than"):
        propagated("x", "x=0±1e200")


@pytest.mark.parametrize(
    ("step", "count"), [(0, 100_000), (1e-3, 100_000), (0.6, 10_000), (40, 1000)]
)
def test_fewer_samples_are_taken_where_they_cost_more_than_the_budget(
    step: float, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = itertools.count()
    monkeypatch.setattr(propagation, "now", lambda: step * next(ticks))
    found = propagated("sin(x)", "x=1±0.01")  # within 30 seconds
    assert found.sampled.count == found.inputs[0].sampled.count == count
    assert found.is_linear


@pytest.mark.parametrize(
    ("formula", "at", "function", "gradient", "nearest"),
    [
        ("x*y", "x=3±0.1, y=2±0.05", lambda x, y: x * y, (2, 3), 0.95),
        ("exp(x) + 0 y", "x=0±1, y=0±1", lambda x, _: np.exp(x), (1, 0), 0.9),
        ("sin(3x) + y^3", "x=0.2±0.3, y=1±0.1", lambda x, y: np.sin(3 * x) + y**3,
         (3 * np.cos(0.6), 3), 0.8),
        ("2x - y", "x=0.1±1, y=3±2", lambda x, y: 2 * x - y, (2, -1), 0),
    ],
)  # fmt: skip
def test_the_error_of_linear_propagation_is_bounded(
    formula: str, at: str, function, gradient: tuple[float, float], nearest: float
) -> None:
    found = propagated(formula, at, samples=1000)
    middle = [each.value for each in found.inputs]
    reach = [3 * each.sigma for each in found.inputs]
    ends = [(m - r, m + r) for m, r in zip(middle, reach, strict=True)]
    x, y = np.meshgrid(*(np.linspace(*each, 401) for each in ends))
    plane = function(*middle) + gradient[0] * (x - middle[0]) + gradient[1] * (y - middle[1])
    true = float(np.abs(function(x, y) - plane).max())
    assert found.linear_error is not None
    assert nearest * found.linear_error <= true <= found.linear_error + 1e-12


def test_nothing_bounds_the_error_where_a_value_is_missing() -> None:
    assert propagated("sqrt(x)", "x=1±1", samples=1000).linear_error is None
    # At a kink there is no tangent from which it could differ.
    assert propagated("abs(x)", "x=0±1", samples=1000).linear_error is None


@pytest.mark.parametrize("typed", ["3", "x=3", "x=3±0"])
def test_an_uncertainty_is_asked_for(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["uncertainty", "x^2", "--at", typed]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert 'write it behind ±: --at "x=3±0.1"' in told.err


@pytest.mark.parametrize(
    ("value", "sigma", "text", "latex"),
    [
        (6.0, 0.25, "6.00 ± 0.25", r"\num{6.00 +- 0.25}"),
        (1.2345, 0.0996, "1.23 ± 0.10", r"\num{1.23 +- 0.10}"),
        (-299.5, 12.0, "-300 ± 12", r"\num{-300 +- 12}"),
        (6.62607e-34, 1.2e-37, "(6.6261 ± 0.0012) * 10^-34", r"\num{6.6261 +- 0.0012 e-34}"),
        (3.0, 0.0, "3", r"\num{3}"),
    ],
)
def test_a_value_is_rounded_as_its_uncertainty(
    value: float, sigma: float, text: str, latex: str
) -> None:
    line = measured_line("x", value, sigma)
    assert (line.text, line.latex) == (text, latex)
