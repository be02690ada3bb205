"""Bounds over a box hold the true extrema, and what is said of growth and convexity is so."""

from __future__ import annotations

import json
from fractions import Fraction
from math import cos, e, exp, inf, log, pi, sin, sqrt
from typing import Any

import mpmath
import pytest

from diffcli.cli.main import run
from diffcli.language.parser import parse
from diffcli.language.ranges import read_ranges
from diffcli.studies.bounds.ranges import Extremum
from diffcli.studies.bounds.statement import Statement, state


def stated(formula: str, box: str, seconds: float = 10.0) -> Statement:
    function = parse(formula)
    ranges = read_ranges(box, function.variables)
    ranges = {name: ranges[name] for name in function.variables}
    return state(function, ranges, 1e-6, seconds)


def holds(found: Extremum, truth: float) -> bool:
    """Whether the bounds hold a number that is known to the last digit of a float."""
    slack = 4e-16 * abs(truth)
    near = found.high - found.low <= 3e-6 * max(abs(truth), 1e-6)
    return found.low - slack <= truth <= found.high + slack and near


# By hand: the formula, the box, min and max of f, then of each partial, monotone, convex.
KNOWN: list[tuple[str, str, list[float], dict[str, str], str]] = [
    ("x^3 - x", "x=-2:1", [-6, 2 / (3 * sqrt(3)), -1, 11], {"x": "neither"}, "neither"),
    ("x*exp(-x)", "x=0:5", [0, 1 / e, -1 / e**2, 1], {"x": "neither"}, "neither"),
    ("exp(x)", "x=0:1", [1, e, 1, e], {"x": "increasing"}, "convex"),
    ("sqrt(x)", "x=1:4", [1, 2, 1 / 4, 1 / 2], {"x": "increasing"}, "concave"),
    ("abs(x - 1/3) + x^2", "x=-1:1", [1 / 9, 7 / 3, -3, 3], {"x": "neither"}, "convex"),
    ("x^3", "x=-1:1", [-1, 1, 0, 3], {"x": "increasing"}, "neither"),
    (
        "x*sin(y)",
        "x=0:1,y=0:pi",
        [0, 1, 0, 1, -1, 1],
        {"x": "increasing", "y": "neither"},
        "neither",
    ),
]


@pytest.mark.sampled(4)
@pytest.mark.parametrize(("formula", "box", "numbers", "monotone", "convex"), KNOWN)
def test_extrema_growth_and_convexity(
    formula: str, box: str, numbers: list[float], monotone: dict[str, str], convex: str
) -> None:
    found = stated(formula, box)
    extrema = [x for each in (found.value, *found.partials) for x in (each.minimum, each.maximum)]
    for extremum, truth in zip(extrema, numbers, strict=True):
        assert holds(extremum, truth), (extremum, truth)
    assert found.monotone == monotone
    assert found.convex == convex


def test_the_points_of_both_minima_are_told() -> None:
    found = stated("(x^2 - 1)^2", "x=-2:2").value.minimum
    assert sorted(round(x, 6) for (x,) in found.points) == [-1.0, 1.0]


def test_lipschitz_constants_are_of_the_dual_norms() -> None:
    found = stated("3x + 4y", "x=0:1,y=0:1").lipschitz
    for norm, truth in (("1", 4.0), ("2", 5.0), ("inf", 7.0)):
        ends = found[norm]
        assert ends is not None
        assert float(ends[0]) <= truth <= float(ends[1]) <= truth * (1 + 1e-5)


@pytest.mark.slow
def test_a_pole_makes_it_unbounded_on_the_right_side() -> None:
    both = stated("1/x", "x=-1:2", 0.8).value
    assert both.minimum.is_unbounded
    assert both.maximum.is_unbounded
    even = stated("1/x^2", "x=-1:2", 0.8).value
    assert even.maximum.is_unbounded
    assert not even.minimum.is_unbounded
    assert even.minimum.low <= 1 / 4 <= even.minimum.high
    assert even.is_defined is not True


@pytest.mark.slow
def test_nothing_is_said_of_growth_across_a_jump_or_a_pole() -> None:
    for formula in ("tan(x)", "x - floor(x)", "1/(1 - x)"):
        found = stated(formula, "x=0:2", 0.4)
        assert found.monotone["x"] in ("neither", "undecided")
        assert found.convex in ("neither", "undecided")
        assert found.lipschitz["2"] is None


@pytest.mark.slow
def test_bounds_hold_what_is_sampled() -> None:
    formula = "sin(3*x)*exp(-x*y) + atan(x - y^2)"
    found = stated(formula, "x=-1:2,y=0:1", 1.0).value
    least, greatest = inf, -inf
    for i in range(41):
        for j in range(41):
            x, y = -1 + 3 * mpmath.mpf(i) / 40, mpmath.mpf(j) / 40
            value = float(mpmath.sin(3 * x) * mpmath.exp(-x * y) + mpmath.atan(x - y**2))
            least, greatest = min(least, value), max(greatest, value)
    assert found.minimum.low <= least <= found.minimum.high + 0.05
    assert found.maximum.high >= greatest >= found.maximum.low - 0.05


def test_the_part_outside_of_the_domain_has_no_bounds() -> None:
    found = stated("sqrt(x) + 1", "x=-1:4", 1.0).value
    assert found.minimum.low == 1.0
    assert holds(found.maximum, 3.0)
    assert found.is_defined is None


def test_what_has_no_bound_is_attained_nowhere(capsys: pytest.CaptureFixture[str]) -> None:
    # tan has a pole at pi/2, so that no greatest value is attained.
    assert run(["bounds", "tan(x)", "--in", "x=0:2", "--check-budget", "0.2"]) == 0
    (row,) = (
        line
        for line in capsys.readouterr().out.splitlines()
        if line.startswith("  f       supremum")
    )
    assert " ".join(row.split()[2:]) in ("no bound known", "unbounded above towards x = pi/2")


def test_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bounds", "x^2", "--in", "x=-1:3", "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    (value, slope) = found["results"]
    assert value["quantity"] == "f"
    assert (value["minimum"], value["maximum"]) == (["0", "0"], ["9", "9"])
    assert slope["quantity"] == "x"
    assert (slope["minimum"], slope["maximum"]) == (["-2", "-2"], ["6", "6"])
    assert found["convex"] == "convex"
    assert pi > float(found["lipschitz"]["2"][1]) - 3 > 0


BEYOND: list[tuple[str, str, float, float]] = [
    ("sqrt(x)", "x=1e301:1e305", sqrt(1e301), sqrt(1e305)),
    ("log(x)", "x=1e301:1e305", 301 * log(10), 305 * log(10)),
    ("x", "x=-1e305:-1e301", -1e305, -1e301),
]


@pytest.mark.parametrize(("formula", "box", "least", "greatest"), BEYOND)
def test_no_point_outside_of_a_far_box_counts(
    formula: str, box: str, least: float, greatest: float
) -> None:
    found = stated(formula, box).value
    assert holds(found.minimum, least)
    assert holds(found.maximum, greatest)


def test_a_float_outside_of_a_box_between_two_floats_bounds_nothing() -> None:
    found = stated("x", "x=0.3:0.30000000000000001").value
    # The floats next to 0.3 lie on both sides of the box.
    assert found.minimum.high == inf or Fraction(found.minimum.high) >= Fraction(3, 10)
    low = found.maximum.low
    assert low == -inf or Fraction(low) <= Fraction("0.30000000000000001")


def test_a_lipschitz_constant_whose_square_is_below_all_floats() -> None:
    ends = stated("1e-200*(abs(x) + abs(y))", "x=-1:1,y=-1:1").lipschitz["2"]
    assert ends is not None
    assert float(ends[1]) >= sqrt(2) * 1e-200 * (1 - 1e-15)


def test_the_table_says_that_points_are_near(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bounds", "x^2", "--in", "x=-1:2"]) == 0
    heading = next(line for line in capsys.readouterr().out.splitlines() if "value" in line)
    assert heading.split() == ["of", "value", "near"]


@pytest.mark.parametrize("formula", ["atan(x)", "exp(-x^2)"])
@pytest.mark.parametrize("box", ["x=0:inf", "x=-inf:inf"])
def test_an_endless_box_has_bounds(formula: str, box: str) -> None:
    found = stated(formula, box, 0.5)
    assert found.value.maximum.high >= 1.0
    assert found.value.minimum.low <= 0.0


@pytest.mark.slow
def test_a_cusp_that_points_upwards_is_bounded_by_its_ends() -> None:
    found = stated("-x^(2/3)", "x=-0.5:1", 2.0)
    assert holds(found.value.minimum, -1.0)
    assert found.convex != "convex"


# By hand: whether the least and the greatest value are those of points.
@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("formula", "box", "low", "high", "attained"),
    [
        ("exp(-x)", "x=0:inf", 0, 1, (False, True)),
        ("atan(x)", "x=-inf:inf", -pi / 2, pi / 2, (False, False)),
        ("frac(x)", "x=0.5:2.5", 0, 1, (None, None)),
        ("piecewise((x, x < 1), (0, True))", "x=0:1", 0, 1, (True, None)),
        ("x*abs(x - 1)", "x=0:2", 0, 2, (True, True)),
        ("floor(x)", "x=0:2", 0, 2, (True, True)),
        ("sin(x)/x", "x=-1:1", sin(1), 1, (True, False)),
        ("x*exp(-x)", "x=0:inf", 0, exp(-1), (True, True)),
        ("x*exp(-x)", "x=1:inf", 0, exp(-1), (False, True)),
        ("x^2*exp(-x)", "x=0:inf", 0, 4 * exp(-2), (True, True)),
        ("sqrt(x)*log(x)", "x=0:1", -2 * exp(-1), 0, (True, True)),
        ("x*log(x)", "x=0:2", -exp(-1), 2 * log(2), (True, True)),
        ("log(x)/x", "x=1:inf", 0, exp(-1), (True, True)),
        ("(1 + 1/x)^x", "x=0:inf", 1, exp(1), (False, False)),
        ("x^x", "x=0:1", exp(-exp(-1)), 1, (True, True)),
        ("(1 - cos(x))/x^2", "x=-1:1", 1 - cos(1), 1 / 2, (True, False)),
        ("exp(-abs(x))", "x=-inf:inf", 0, 1, (False, True)),
        ("1/(x - x^2)", "x=0:1", 4, inf, (True, False)),
        ("sin(x)/x", "x=1/2:1", sin(1), 2 * sin(0.5), (True, True)),
    ],
)
def test_only_what_a_point_has_is_a_minimum_or_a_maximum(
    formula: str, box: str, low: float, high: float, attained: tuple[bool | None, bool | None]
) -> None:
    found = stated(formula, box, 2.0).value
    assert holds(found.minimum, low)
    assert holds(found.maximum, high) or (found.maximum.is_unbounded and high == inf)
    for extremum, truth in zip((found.minimum, found.maximum), attained, strict=True):
        # What is neither proved to be attained nor not to be may be either.
        assert extremum.is_attained is truth


def test_no_point_is_told_that_is_only_near_a_minimum() -> None:
    found = stated("x^2*exp(-x)", "x=0:inf").value
    assert found.minimum.points == ((0.0,),)
    assert stated("atan(x)", "x=-inf:inf").value.minimum.towards == {"x": "-inf"}


def test_a_minimum_apart_from_the_gaps_is_attained() -> None:
    found = stated("sin(x*y)/(x*y)", "x=-1:1,y=-1:1", 1.0).value.minimum
    assert holds(found, sin(1))
    assert found.is_attained


def test_across_a_kink_the_gradient_is_between_those_of_the_sides() -> None:
    constant = stated("max(x, 2y)", "x=-1:1,y=-1:1", 2.0).lipschitz["2"]
    assert constant is not None
    assert 2 <= float(constant[1]) < 2 + 1e-9


def test_a_slope_is_one_of_the_function_alone() -> None:
    # 1/x has values below 0, where the logarithm has none.
    (slope,) = stated("log(x)", "x=-1:2").partials
    assert holds(slope.minimum, 1 / 2)
    assert slope.maximum.is_unbounded


def test_an_infimum_is_called_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bounds", "exp(-x)", "--in", "x=0:inf"]) == 0
    printed = capsys.readouterr().out
    assert "f       infimum    0 " in printed
    assert "f       maximum    1 " in printed
    assert "infimum of f: no point has the value" in printed


@pytest.mark.parametrize(
    ("formula", "box", "towards"),
    [
        ("x^2 - 2x", "x=-inf:inf", {"x": "inf"}),
        ("x - y", "x=1:inf,y=0:1", {"x": "inf", "y": "1/2"}),
    ],
)
def test_growth_without_end_is_proved(formula: str, box: str, towards: dict[str, str]) -> None:
    assert stated(formula, box, 1.0).value.maximum.towards == towards
