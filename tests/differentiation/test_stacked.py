"""Many points of numbers, evaluated as one and answered one by one."""

from __future__ import annotations

import math

import pytest

from diffcli.differentiation import Settings, derive
from diffcli.language.parser import parse
from diffcli.language.points import Point, read_points
from diffcli.operators import (
    Eval,
    Grad,
    Hessian,
    Hvp,
    Jacobian,
    Jvp,
    Laplacian,
    Operator,
    Taylor,
    Vhp,
    Vjp,
)
from diffcli.output.report import Result
from diffcli.verdict import Verdict

POINTS = 200
ENGINES = ("autograd", "symbolic", "enclosure")


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


SURFACE = "x^2*y + sin(x*y)"
ALONG = read_points(["1,-2"])[0]
WHOLE: list[tuple[Operator, tuple[str, ...]]] = [
    (Grad(), ("x", "y")),
    (Jacobian(), ("f1,x", "f1,y")),
    (Hessian(), ("x,x", "x,y", "y,x", "y,y")),
    (Laplacian(), ("f",)),
    (Jvp(ALONG), ("f",)),
    (Hvp(ALONG), ("x", "y")),
    (Vhp(ALONG), ("x", "y")),
    (Vjp(read_points(["3"])[0]), ("x", "y")),
    (Jacobian(wrt=("y",)), ("f1,y",)),
    (Taylor(order=2), ("1", "x", "y", "x**2", "x*y", "y**2")),
]


@pytest.mark.sampled(12)
@pytest.mark.parametrize(("operator", "labels"), WHOLE, ids=lambda each: str(each)[:40])
def test_every_point_is_proved_or_two_engines_agree_on_all_its_numbers(
    operator: Operator, labels: tuple[str, ...]
) -> None:
    values = [f"x={place / 41 - 2},y={1 + place / 67}" for place in range(POINTS)]
    few = answers(SURFACE, values[:3], operator)
    results = answers(SURFACE, values, operator, budget=0.6)
    assert len(results) == POINTS
    for result in results:
        assert tuple(check.entry for check in result.checks) == labels
        assert result.verdict in (Verdict.CERTIFIED, Verdict.AGREES)
        for check in result.checks:
            assert check.verdict is Verdict.CERTIFIED or check.symbolic is not None
    for own, alone in zip(results, few, strict=False):
        assert own.at == alone.at
        assert own.symbolic == alone.symbolic
        assert flattened(own.value) == pytest.approx(flattened(alone.value), rel=1e-14)
        assert flattened(own.derivative) == pytest.approx(flattened(alone.derivative), rel=1e-12)
    unproved = [result for result in results if result.sampled]
    proved = POINTS - len(unproved)
    assert proved
    assert {result.sampled for result in unproved} <= {(proved, POINTS)}


def flattened(layout: object) -> list[float]:
    """The numbers of a layout, names left out."""
    if isinstance(layout, dict):
        layout = list(layout.values())
    if isinstance(layout, list):
        return [number for each in layout for number in flattened(each)]
    return [layout] if isinstance(layout, float) else []


def test_without_time_for_the_symbolic_engine_nothing_is_shown_of_the_others() -> None:
    results = answers("exp(x)", [str(place / 100) for place in range(POINTS)], budget=0.0)
    unchecked = [result for result in results if result.sampled]
    assert 0 < len(unchecked) < POINTS
    assert {result.verdict for result in unchecked} == {Verdict.UNVERIFIED}
    assert {result.sampled for result in unchecked} == {(POINTS - len(unchecked), POINTS)}


def test_engines_that_differ_are_looked_into_first() -> None:
    """Autograd loses all digits of (1 − cos x)/x² near 0."""
    values = [*(str(1 + place / 50) for place in range(POINTS)), "1e-7"]
    results = answers("(1 - cos(x))/x^2", values, Hessian(), budget=2.0)
    assert results[-1].verdict is Verdict.INEXACT
    assert results[-1].derivative["matrix"] == [[pytest.approx(-1 / 12)]]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("operator", [Hessian(), Jacobian(), Laplacian(), Grad()])
def test_no_point_at_a_kink_is_vouched_for_without_a_proof(operator: Operator) -> None:
    """abs(x)·1e-9 changes nothing that a difference would see, and torch halves the tie."""
    results = answers("x^2 + 1e-9*abs(x - 150)*y", _grid(), operator, budget=2.0)
    assert results[150].verdict is Verdict.NOT_DIFFERENTIABLE
    assert results[151].verdict in (Verdict.CERTIFIED, Verdict.AGREES)


def _grid() -> list[str]:
    return [f"x={place},y=1" for place in range(POINTS)]


def test_what_strikes_and_finds_no_time_is_unverified() -> None:
    results = answers("abs(x)*y", ["x=0,y=1"] * POINTS, Jacobian(), budget=0.0)
    assert {result.verdict for result in results} == {Verdict.UNVERIFIED}


def test_a_sample_of_values_is_checked_and_the_others_agree_with_it() -> None:
    results = answers("exp(x)", [str(place / 100) for place in range(POINTS)], Eval(), budget=0.02)
    assert {result.verdict for result in results} <= {Verdict.CERTIFIED, Verdict.AGREES}
    missing = answers("log(x)", [str(-place) for place in range(1, POINTS)], Eval(), budget=0.0)
    assert {result.verdict for result in missing} == {Verdict.UNVERIFIED}


def test_a_kink_or_a_missing_number_is_found_wherever_it_stands() -> None:
    values = [str(place - 150) for place in range(POINTS)]
    results = answers("abs(x) + log(x + 149)", values, budget=2.0)
    assert results[150].verdict is Verdict.NOT_DIFFERENTIABLE
    assert results[150].derivative == {"x": None}
    assert results[1].verdict is Verdict.UNDEFINED
    assert results[0].value is None
    assert results[151].derivative["x"] == pytest.approx(1 + 1 / 150)


@pytest.mark.parametrize("formula", ["log(-x)", "exp(x+800)/(exp(x+800)+1)"])
def test_what_is_missing_and_could_not_be_looked_at_is_open(formula: str) -> None:
    """To torch infinity over infinity is no number either; the second has a derivative."""
    values = [str(place) for place in range(1, POINTS)]
    for budget, engines in ((0.0, ENGINES), (0.5, ("autograd",))):
        results = answers(formula, values, budget=budget, engines=engines)
        assert {result.verdict for result in results} == {Verdict.UNVERIFIED}


def test_a_value_that_overflows_is_not_undefined() -> None:
    """exp(900) exists, beyond the floats."""
    values = [f"x={20 + place / 20}" for place in range(POINTS)]
    overflows = answers("exp(x^2)", values, Jacobian(), budget=0.1)[-40:]
    assert {result.verdict for result in overflows} <= {Verdict.INEXACT, Verdict.UNVERIFIED}


def test_autograd_alone_verifies_nothing() -> None:
    results = answers("x^2", [str(place) for place in range(POINTS)], engines=("autograd",))
    assert {result.verdict for result in results} == {Verdict.UNVERIFIED}


def test_values_alone_and_several_formulas() -> None:
    function = parse(["x^2", "x + 1"])
    points = [point.bind(["x"]) for point in read_points([";".join(map(str, range(POINTS)))])]
    results = derive(Eval(), function, points).results
    assert [result.value for result in results] == [[float(x * x), x + 1.0] for x in range(POINTS)]


def test_a_value_that_found_no_time_for_a_proof_is_still_shown() -> None:
    results = answers("abs(x)", ["0"] * POINTS, Eval(), budget=0.0)
    assert {result.value for result in results} == {0.0}
    assert {result.verdict for result in results} == {Verdict.UNVERIFIED}
