"""Constrained extrema: those of textbooks, with multipliers, and no list that leaves one out."""

from __future__ import annotations

import json
from fractions import Fraction
from math import e, sqrt
from typing import Any

import numpy as np
import pytest

from diffcli.cli.main import run
from diffcli.errors import FormulaError
from diffcli.language.ranges import read_ranges
from diffcli.studies.constrained.blowup import Condition, is_alone
from diffcli.studies.constrained.extremes import constrained_extremes
from diffcli.studies.constrained.problem import read_problem, with_faces
from diffcli.studies.constrained.search import Extrema, extrema


def found(formula: str, constraints: str, box: str, seconds: float = 10.0) -> Extrema:
    problem = read_problem([formula], subject_to=constraints)
    return extrema(problem, read_ranges(box, problem.variables), seconds)


# Worked by hand: the formula, the constraints, the box, then each point: coordinates, multipliers
# of the active constraints (None where there are none), kind.
Known = tuple[tuple[float, ...], tuple[float, ...] | None, str]
H = sqrt(0.5)
KNOWN: list[tuple[str, str, str, list[Known]]] = [
    (
        "x*y",
        "x^2 + y^2 = 1",
        "x=-2:2,y=-2:2",
        [
            ((-H, H), (-0.5,), "minimum"),
            ((H, -H), (-0.5,), "minimum"),
            ((-H, -H), (0.5,), "maximum"),
            ((H, H), (0.5,), "maximum"),
        ],
    ),
    ("x^2 + y^2", "x + y >= 1", "x=-2:2,y=-2:2", [((0.5, 0.5), (1.0,), "minimum")]),
    (
        "x + y",
        "x^2 + y^2 <= 1; x >= 0; y >= 0",
        "x=-2:2,y=-2:2",
        [((0, 0), (1.0, 1.0), "minimum"), ((H, H), (H,), "maximum")],
    ),
    # The multipliers would have to be infinite: the constraint has a cusp, a double point, or is
    # one point.
    ("x", "y^2 = x^3", "x=-1:2,y=-2:2", [((0, 0), None, "singular")]),
    # A simple solution whose cell is too wide for bounds: x - sqrt(x)^3 is largest there.
    (
        "x + y",
        "x^3 = y^2",
        "x=-2:2,y=-2:2",
        [((0, 0), None, "singular"), ((4 / 9, -8 / 27), (27 / 16,), "maximum")],
    ),
    ("x", "x^2 - y^2 = 0", "x=-1:2,y=-2:2", [((0, 0), None, "singular")]),
    ("x", "x^2 + y^2 <= 0", "x=-1:2,y=-2:2", [((0, 0), None, "singular")]),
    ("x", "y >= x^3; y <= 0 - x^3", "x=-2:2,y=-2:2", [((0, 0), None, "singular")]),
    # A level multiplier, a corner with a multiplier of 0, a saddle of a half-plane.
    (
        "(x - 1)^2 + y^2",
        "x >= 0; y >= 0; x + y <= 1",
        "x=-2:2,y=-2:2",
        [
            ((1, 0), (0.0, 0.0), "minimum"),
            ((0, 0), (-2.0, 0.0), "saddle"),
            ((0, 1), (-4.0, 2.0), "maximum"),
        ],
    ),
    ("exp(x*y)", "x^3 + y^3 = 16", "x=-5:5,y=-5:5", [((2, 2), (e**4 / 6,), "maximum")]),
    ("x^3", "x >= -1", "x=-2:2", [((-1,), (3.0,), "minimum"), ((0,), None, "degenerate")]),
    ("x", "x^2 = 1", "x=-2:2", [((-1,), (-0.5,), "isolated"), ((1,), (0.5,), "isolated")]),
]


@pytest.mark.sampled(6)
@pytest.mark.parametrize(("formula", "constraints", "box", "points"), KNOWN)
def test_the_points_are_those_of_a_textbook_and_all(
    formula: str, constraints: str, box: str, points: list[Known]
) -> None:
    answer = found(formula, constraints, box)
    assert answer.is_complete
    assert len(answer.points) == len(points)
    for at, multipliers, kind in points:
        (mine,) = [
            each
            for each in answer.points
            if np.allclose(list(each.point.at.values()), at, atol=1e-12)
        ]
        assert mine.point.kind.value == kind
        if multipliers is not None:
            assert mine.multipliers is not None
            assert np.allclose(list(mine.multipliers.values()), multipliers, rtol=1e-12)


@pytest.mark.slow
def test_several_equations_and_variables() -> None:
    # Stewart, "Calculus", 8th edition, section 14.8, example 5: the maximum is 3 + √29.
    answer = found("x + 2*y + 3*z", "x - y + z = 1; x^2 + y^2 = 1", "x=-5:5,y=-5:5,z=-5:5")
    assert answer.is_complete
    assert [each.point.value for each in answer.points] == pytest.approx(
        [3 - sqrt(29), 3 + sqrt(29)], rel=1e-12
    )
    answer = found("x^2 + y^2 + z^2", "x*y*z = 1", "x=-3:3,y=-3:3,z=-3:3")
    assert answer.is_complete
    assert {tuple(each.point.at.values()) for each in answer.points} == {
        (1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1),
    }  # fmt: skip


def test_what_no_point_satisfies_is_proved_to_be_empty() -> None:
    assert found("x", "x^2 + y^2 + 1e-9 = 0", "x=-2:2,y=-2:2").is_empty
    touching = found("x", "x^2 + y^2 = 0", "x=-2:2,y=-2:2")
    assert not touching.is_empty
    assert [each.point.kind.value for each in touching.points] == ["singular"]


def test_a_kink_on_the_edge_of_a_box_is_not_overlooked() -> None:
    # The first cut of the box is at 0, where |x| has its kink.
    answer = found("abs(x) + y^2", "x + y = 0", "x=-2:2,y=-2:2", 0.3)
    known = [each.point.kind.value for each in answer.points]
    assert known == ["kink"]
    assert answer.undecided
    assert all(low <= 0 <= high for each in answer.undecided for low, high in each.cell)


@pytest.mark.slow
def test_a_curve_of_solutions_is_left_undecided() -> None:
    answer = found("x^2 + y^2", "x^2 + y^2 = 1", "x=-2:2,y=-2:2", 0.5)
    assert not answer.is_complete
    assert not answer.points


# The formula, the constraints, the box, and the constraints as a test of points in numpy.
SAMPLED = [
    ("x*y + x", "x^2 + 2*y^2 <= 1", "x=-1:1,y=-1/2:1"),
    ("sin(3*x) - y^2", "y >= x^2; y <= 1", "x=-1:1,y=-1:1"),
    ("x^2 - y", "y <= sqrt(2)*x; y >= 0-x", "x=0:1,y=-1:1"),
    ("abs(x - 1/3) + y", "x/2 + y >= 1/2", "x=0:1,y=0:1"),
    ("exp(x) - 2*x*y", "x^2 + y^2 >= 1; x + y <= 3/2", "x=0:1,y=0:1"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("formula", "constraints", "box"), SAMPLED)
def test_global_extrema_hold_every_sample(formula: str, constraints: str, box: str) -> None:
    problem = read_problem([formula], subject_to=constraints)
    ranges = read_ranges(box, problem.variables)
    problem = with_faces(problem, ranges)
    best = constrained_extremes(problem, extrema(problem, ranges, 10.0))
    ends = [[float(Fraction(end)) for end in side.split("=")[1].split(":")]
            for side in box.split(",")]  # fmt: skip
    x, y = np.meshgrid(*(np.linspace(*pair, 601) for pair in ends))
    spoken = {"sqrt": np.sqrt, "abs": np.abs, "exp": np.exp, "sin": np.sin, "x": x, "y": y}
    inside = np.ones(x.shape, bool)
    for each in constraints.split(";"):
        inside &= eval(each.replace("^", "**"), {}, spoken)  # noqa: S307
    values = eval(formula.replace("^", "**"), {}, spoken)[inside]  # noqa: S307
    assert best.minimum is not None
    assert best.maximum is not None
    assert best.minimum.low <= values.min() + 1e-12
    assert best.maximum.high >= values.max() - 1e-12
    assert best.minimum.is_settled
    assert best.maximum.is_settled
    # The grid is 1/300 wide, and no slope is above 10.
    assert best.minimum.high >= values.min() - 0.05
    assert best.maximum.low <= values.max() + 0.05


def test_what_is_unbounded_within_the_constraints_has_no_extreme_value() -> None:
    problem = read_problem(["1/x"], subject_to="x^2 <= 1")
    ranges = read_ranges("x=-3:3", problem.variables)
    problem = with_faces(problem, ranges)
    best = constrained_extremes(problem, extrema(problem, ranges, 10.0))
    assert best.minimum is None
    assert best.maximum is None


def test_a_blow_up_tells_a_point_from_a_curve() -> None:
    one = Fraction(1)
    cusp = Condition({(0, 2): one, (3, 0): -one})
    line = Condition({(0, 1): one})
    assert is_alone([cusp, line], [1e-3, 1e-3])
    assert not is_alone([cusp], [1e-3, 1e-3])
    # x·y and x are 0 on all of x = 0.
    assert not is_alone([Condition({(1, 1): one}), Condition({(1, 0): one})], [1e-3, 1e-3])
    # y = x²(x − 1/1000) meets y = 0 at 0, and again within reach.
    near = Condition({(0, 1): one, (3, 0): -one, (2, 0): Fraction(1, 1000)})
    assert not is_alone([near, line], [1e-2, 1e-2])
    assert is_alone([near, line], [1e-4, 1e-8])


@pytest.mark.parametrize("constraints", ["x < 1", "x + y", "", "x != 1"])
def test_what_bounds_nothing_is_refused(constraints: str) -> None:
    with pytest.raises(FormulaError):
        read_problem(["x*y"], subject_to=constraints)


def told(*words: str, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    assert run(["critical", *words, "--json"]) == 0
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return answer


@pytest.mark.slow
def test_absolute_extrema_of_one_variable_count_ends_and_kinks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    best = told("abs(x^2 - 4)", "--in", "-3:3", "--global", capsys=capsys)["extremes"]
    assert [each["at"]["x"] for each in best["minimum"]["points"]] == [-2, 2]
    assert [each["at"]["x"] for each in best["maximum"]["points"]] == [-3, 3]
    assert best["minimum"]["bounds"] == ["0", "0"]
    assert float(best["maximum"]["bounds"][0]) <= 5 <= float(best["maximum"]["bounds"][1])


def test_the_command_says_which_constraints_are_active(capsys: pytest.CaptureFixture[str]) -> None:
    answer = told(
        "x + y", "--subject-to", "x^2 + y^2 = 2; x >= 0", "--in", "x=-2:2,y=-2:2", "--global",
        capsys=capsys,
    )  # fmt: skip
    assert answer["constraints"] == ["x^2 + y^2 = 2", "x >= 0"]
    (top,) = [each for each in answer["results"] if each["kind"] == "maximum"]
    assert top["at"] == {"x": 1, "y": 1}
    assert top["active"] == ["x^2 + y^2 = 2"]
    assert top["exact_multipliers"] == {"x^2 + y^2 = 2": "1/2"}
    assert answer["extremes"]["maximum"]["exact"] == "2"
    assert answer["extremes"]["minimum"]["exact"] == "-sqrt(2)"


def test_what_misses_an_extremum_by_less_than_floats_tell_is_none_of_its_points(
    capsys: pytest.CaptureFixture[str],
) -> None:
    # f(0) = 1 is less than f(1) = 1 + 1e-18, and f(2) = 5 + 2e-18 more than f(-1) = 5 - 1e-18.
    best = told("1 + x^2*(x - 1)^2 + 1e-18*x", "--in", "-1:2", "--global", capsys=capsys)[
        "extremes"
    ]
    assert [point["at"]["x"] for point in best["maximum"]["points"]] == [2.0]
    assert [abs(point["at"]["x"]) < 1e-6 for point in best["minimum"]["points"]] == [True]
