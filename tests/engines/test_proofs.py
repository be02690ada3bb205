"""What is proved of functions: smoothness on intervals, and the value at a break."""

from __future__ import annotations

import math

import numpy as np
import pytest

from diffcli.language.parser import parse
from diffcli.studies.critical.proofs import smoothness, truth
from diffcli.studies.curves.breaks import Break, BreakKind
from diffcli.studies.curves.line import evaluator
from diffcli.studies.curves.sampling import sample


def breaks(formula: str, low: float, high: float) -> list[Break]:
    function = parse(formula)
    samples = sample(
        evaluator(function, 1),
        low,
        high,
        smooth=smoothness(function),
        truth=truth(function),
    )
    return sorted(samples.breaks, key=lambda each: each.at)


@pytest.mark.parametrize(
    ("formula", "low", "high", "expected"),
    [
        ("tan(x)", 0.1, 0.2, True),
        ("tan(x)", 1.5, 1.6, False),
        ("floor(x)", 0.2, 0.8, True),
        ("floor(x)", 0.9, 1.0, False),
        ("abs(x)", -0.1, 0.1, False),
        ("sqrt(x)", 0.0, 0.1, False),
        ("atan(1000*x)", -1e-4, 1e-4, True),
        ("5", 0.0, 1.0, True),
    ],
)
def test_smoothness_is_proved_on_the_whole_interval(
    formula: str, low: float, high: float, expected: bool
) -> None:
    assert smoothness(parse(formula))(0, 0, low, high) is expected


@pytest.mark.parametrize(
    ("formula", "x", "expected"),
    [
        ("floor(x)", 3.0, 3),
        ("floor(10x)", 0.3, 3),  # 3/10, not the float below it
        ("floor(x/pi)", math.pi, 1),
        ("floor(x/pi)", 3.0, 0),
        ("acot(x)", 0.0, None),
        ("sin(x)/x", 0.0, None),
        ("sin(x)/sin(x)", math.pi, None),
        ("sqrt(abs(x)) + sign(x)", 0.0, 0),
        ("7", 1.0, 7),
    ],
)
def test_the_value_is_that_of_the_point_that_is_meant(
    formula: str, x: float, expected: float | None
) -> None:
    found = truth(parse(formula)).value(0, x)
    assert math.isnan(found) if expected is None else found == expected


def test_a_derivative_is_proved_where_float64_loses_it() -> None:
    # ((1 − cos x)/x²)′ = −x/12 + x³/180 − …
    assert truth(parse("(1-cos(x))/x^2")).derivative(0, 1, 1e-6) == pytest.approx(
        -1e-6 / 12, rel=1e-6
    )


@pytest.mark.parametrize(
    ("formula", "values"),
    [
        ("floor(x)", [-1, 0, 1]),
        ("sign(x)", [0]),
        ("acot(x)", [math.nan]),
        ("x^2 if x < 1 else x^2 + 1", [2]),
        ("x^2 if x <= 1 else x^2 + 1", [1]),
    ],
)
def test_a_jump_has_the_value_that_is_attained(formula: str, values: list[float]) -> None:
    found = breaks(formula, -1.5, 1.5)
    assert [each.kind for each in found] == [BreakKind.JUMP] * len(values)
    assert [each.value for each in found] == pytest.approx(values, nan_ok=True)


@pytest.mark.sampled(8)
@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("sin(x)/x", [0]),
        ("x*sin(1/x)", [0]),
        ("(x^2-2)/(x-sqrt(2))", [math.sqrt(2)]),
        ("tan(x)*cos(x)", [-math.pi / 2, math.pi / 2]),
        ("(1-cos(x))/x^2", [0]),
        ("sin(x)", []),
        ("sqrt(x^2)", []),
        ("x*abs(x)", []),
    ],
)
def test_holes(formula: str, expected: list[float]) -> None:
    found = [each.at for each in breaks(formula, -2, 2) if each.kind is BreakKind.HOLE]
    assert found == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    "formula",
    ["1/(1e-14 + (x-1/3)^2)", "sech(1e4*(x-pi/7))", "atan(1e9*(x-1/7))", "tanh(1e12*(x-1/3))"],
)
def test_a_peak_and_a_slope_are_no_breaks_however_narrow(formula: str) -> None:
    assert breaks(formula, -10, 10) == []


@pytest.mark.parametrize(
    ("formula", "top"), [("1/(1e-14 + (x-1/3)^2)", 1e14), ("sech(1e4*(x-pi/7))", 1)]
)
def test_a_narrow_peak_is_drawn_to_its_top(formula: str, top: float) -> None:
    function = parse(formula)
    proved = smoothness(function), truth(function)
    found = sample(evaluator(function, 1), -10, 10, smooth=proved[0], truth=proved[1])
    assert max(found.values[0, 0]) == pytest.approx(top, rel=0.02)
    assert (np.diff(found.x) > 0).all()


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("formula", "pole"),
    [
        ("1/(x - 0.123456)^2", 0.123456),
        ("1/(x - pi/7)^3", math.pi / 7),
        ("x + 0.001/(x - 1.2345)", 1.2345),
        ("x^2 + 0.0001/(x - 3.21)^2", 3.21),
        ("log(abs(x - 1.2345))", 1.2345),
    ],
)
def test_a_narrow_pole_between_the_samples_is_found(formula: str, pole: float) -> None:
    (found,) = breaks(formula, -10, 10)
    assert (found.kind, found.order) == (BreakKind.POLE, 0)
    assert found.at == pytest.approx(pole, rel=1e-9)
