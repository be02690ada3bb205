"""Many points of numbers, evaluated as one and answered one by one."""

from __future__ import annotations

import math

import pytest

from diffcli.derivation import Settings, derive
from diffcli.language.parser import parse
from diffcli.language.points import Point, read_points
from diffcli.operators import Eval, Grad, Operator
from diffcli.output.report import Result
from diffcli.verdict import Verdict

POINTS = 200


def answers(
    text: str, values: list[str], operator: Operator | None = None, **chosen: object
) -> tuple[Result, ...]:
    function = parse(text)
    points: list[Point] = [
        typed.bind(function.variables) for typed in read_points([";".join(values)])
    ]
    return derive(operator or Grad(), function, points, Settings(**chosen)).results  # type: ignore[arg-type]


def test_each_point_has_its_own_answer_in_order() -> None:
    values = [f"x={place / 7},y={place}" for place in range(POINTS)]
    for place, result in enumerate(answers("sin(x)*y", values)):
        x, y = place / 7, float(place)
        assert result.at == {"x": x, "y": y}
        assert result.value == pytest.approx(math.sin(x) * y, rel=1e-14)
        assert result.derivative["x"] == pytest.approx(math.cos(x) * y, rel=1e-14)
        assert result.derivative["y"] == pytest.approx(math.sin(x), rel=1e-14)
        assert result.verdict in (Verdict.CERTIFIED, Verdict.AGREES)
        assert {check.entry for check in result.checks} <= {"x", "y"}


def test_a_sample_is_checked_and_the_others_agree_with_it() -> None:
    results = answers("exp(x)", [str(place / 100) for place in range(POINTS)], budget=0.0)
    unchecked = [result for result in results if not result.checks]
    assert 0 < len(unchecked) < POINTS
    assert {result.verdict for result in unchecked} == {Verdict.AGREES}
    assert {result.sampled for result in unchecked} == {(POINTS - len(unchecked), POINTS)}


def test_a_kink_or_a_missing_number_is_found_wherever_it_stands() -> None:
    values = [str(place - 150) for place in range(POINTS)]
    results = answers("abs(x) + log(x + 149)", values, budget=2.0)
    assert results[150].verdict is Verdict.NOT_DIFFERENTIABLE
    assert results[150].derivative == {"x": None}
    assert results[1].verdict is Verdict.UNDEFINED
    assert results[0].value is None
    assert results[151].derivative["x"] == pytest.approx(1 + 1 / 150)


def test_what_is_missing_and_could_not_be_looked_at_is_undefined() -> None:
    results = answers("log(x)", [str(-place) for place in range(1, POINTS)], budget=0.0)
    assert {result.verdict for result in results} == {Verdict.UNDEFINED}


def test_autograd_alone_verifies_nothing() -> None:
    results = answers("x^2", [str(place) for place in range(POINTS)], engines=("autograd",))
    assert {result.verdict for result in results} == {Verdict.UNVERIFIED}


def test_values_alone_and_several_formulas() -> None:
    function = parse(["x^2", "x + 1"])
    points = [point.bind(["x"]) for point in read_points([";".join(map(str, range(POINTS)))])]
    results = derive(Eval(), function, points).results
    assert [result.value for result in results] == [[float(x * x), x + 1.0] for x in range(POINTS)]
