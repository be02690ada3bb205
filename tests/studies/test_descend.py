from __future__ import annotations

import json
from contextlib import contextmanager
from fractions import Fraction
from itertools import pairwise
from math import inf, sqrt
from pathlib import Path

import pytest

from diffcli.cli import answer as answering
from diffcli.cli.main import run
from diffcli.differentiation import Settings
from diffcli.errors import PointError, UsageError
from diffcli.language.parser import parse
from diffcli.language.points import read_points
from diffcli.language.ranges import read_bounds
from diffcli.output.document import Table
from diffcli.output.plots.path_text import path_texts
from diffcli.studies.critical.kinds import PointKind, critical_kind
from diffcli.studies.descent.descend import Descent, DescentOptions, Outcome, Step, descend
from diffcli.studies.descent.document import answer
from diffcli.studies.descent.optimizers import OPTIMIZERS
from diffcli.verdict import Verdict

ROSENBROCK = "(1 - x)^2 + 100 (y - x^2)^2"
BEALE = "(1.5 - x + x y)^2 + (2.25 - x + x y^2)^2 + (2.625 - x + x y^3)^2"
BOOTH = "(x + 2y - 7)^2 + (2x + y - 5)^2"


def descended(formula: str, start: str, bounds: str = "", **plan) -> Descent:
    function = parse(formula)
    point = read_points([start])[0].bind(function.variables)
    if bounds:
        plan["bounds"] = read_bounds(bounds, function.variables)
    return descend(function, point, DescentOptions(**plan), Settings(budget=30))


def test_gradient_descent_of_a_paraboloid_is_a_geometric_sequence() -> None:
    found = descended("x^2 + y^2", "1.1,2.1", rate=0.05, tolerance=0.0)
    assert [step.step for step in found.steps] == list(range(101))
    for step in found.steps:
        x, y = 1.1 * 0.9**step.step, 2.1 * 0.9**step.step
        assert step.at == pytest.approx({"x": x, "y": y}, rel=1e-13)
        assert step.value == pytest.approx(x * x + y * y, rel=1e-13)
        assert step.gradient_norm == pytest.approx(2 * sqrt(x * x + y * y), rel=1e-13)
    assert found.outcome is Outcome.UNFINISHED
    assert found.suggested_rate == 0.5
    assert found.report.results[0].verdict is Verdict.CERTIFIED


# Minima: Jamil and Yang, "A literature survey of benchmark functions", 2013, nos. 105, 10, 17.
@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    ("formula", "start", "minimum", "plan"),
    [
        (ROSENBROCK, "-1.2,1", (1, 1), {"optimizer": "lbfgs"}),
        (ROSENBROCK, "-1.2,1", (1, 1), {"optimizer": "newton"}),
        (BEALE, "1,1", (3, 0.5), {"optimizer": "lbfgs"}),
        (BEALE, "1,1", (3, 0.5), {"optimizer": "newton"}),
        (BOOTH, "0,0", (1, 3), {"steps": 200}),
        (BOOTH, "0,0", (1, 3), {"optimizer": "momentum", "steps": 400}),
        (BOOTH, "0,0", (1, 3), {"optimizer": "adam", "steps": 1500}),
        (BOOTH, "0,0", (1, 3), {"optimizer": "newton"}),
    ],
)
def test_minima_are_reached(formula: str, start: str, minimum: tuple, plan: dict) -> None:
    found = descended(formula, start, **plan)
    assert found.outcome is Outcome.CONVERGED
    assert found.kind is PointKind.MINIMUM
    assert tuple(found.good.at.values()) == pytest.approx(minimum, abs=1e-6)
    assert found.good.gradient_norm <= 1e-8
    assert found.exit_code == 0


def test_newton_reaches_the_minimum_of_a_quadratic_in_one_step() -> None:
    assert len(descended(BOOTH, "-7,4", optimizer="newton").steps) == 2


# The first steps from x = 3 along f = x², f′ = 6, by each method's own paper.
@pytest.mark.parametrize(
    ("optimizer", "places"),
    [
        ("sgd", [3, 3 - 0.1 * 6, 2.4 - 0.1 * 4.8]),
        ("momentum", [3, 2.4, 2.4 - 0.1 * (0.9 * 6 + 4.8)]),
        ("adam", [3, 2.9]),
        ("adagrad", [3, 2.9, 2.9 - 0.1 * 5.8 / sqrt(6**2 + 5.8**2)]),
        ("rmsprop", [3, 3 - 0.1 * 6 / sqrt(0.01 * 36)]),
        ("newton", [3, 2.7]),
    ],
)
def test_first_steps(optimizer: str, places: list[float]) -> None:
    found = descended("x^2", "3", optimizer=optimizer, rate=0.1, steps=len(places) - 1)
    assert [step.at["x"] for step in found.steps] == pytest.approx(places, rel=1e-6)


def test_every_optimizer_descends() -> None:
    for name in OPTIMIZERS:
        found = descended("(x - 2)^4 + y^2", "0,1", optimizer=name, steps=20)
        assert found.steps[-1].value < found.steps[0].value, name


def test_divergence_is_told_with_the_last_good_point_and_a_rate_that_suits() -> None:
    found = descended("x^4", "1", rate=10)
    assert found.outcome is Outcome.DIVERGED
    assert found.good is found.steps[0]
    assert found.suggested_rate == pytest.approx(1 / 12)
    assert descended("x^4", "1", rate=found.suggested_rate).outcome is Outcome.UNFINISHED


@pytest.mark.parametrize(
    ("formula", "start", "rate"),
    [("x^2", "1", 1.1), ("exp(x^2)", "2", 10), ("-x^2", "1", 1), ("x^3", "-1", 1)],
)
def test_more_divergence(formula: str, start: str, rate: float) -> None:
    assert descended(formula, start, rate=rate).outcome is Outcome.DIVERGED


@pytest.mark.parametrize(("formula", "rate"), [("x^2", 1), ("abs(x)", 0.3)])
def test_stagnation_is_noticed(formula: str, rate: float) -> None:
    found = descended(formula, "1", rate=rate)
    assert found.outcome is Outcome.STAGNATED
    assert len(found.steps) < 100


@pytest.mark.parametrize("formula", ["log(x)", "sqrt(x)", "x*log(x) + 9x"])
def test_leaving_the_domain_is_told_with_the_last_point_inside(formula: str) -> None:
    found = descended(formula, "1", rate=3)
    assert found.outcome is Outcome.OUTSIDE
    assert found.reason
    assert all(step.at["x"] > 0 for step in found.steps)
    assert found.good is found.steps[-1]
    assert found.exit_code == 0


def test_a_kink_is_no_critical_point() -> None:
    found = descended("abs(x)", "1", rate=0.25)
    assert found.good.at == {"x": 0}
    assert found.report.results[0].verdict is Verdict.NOT_DIFFERENTIABLE
    assert found.kind is None


def test_a_start_outside_the_domain_has_no_derivative() -> None:
    found = descended("log(x)", "-1")
    assert found.outcome is Outcome.OUTSIDE
    assert found.exit_code == 4


@pytest.mark.parametrize(
    ("formula", "start", "plan", "kind"),
    [
        ("x^2 + y^2", "1,2", {}, PointKind.MINIMUM),
        ("cos(x)", "1", {"maximize": True, "rate": 0.5}, PointKind.MAXIMUM),
        ("x^2 - y^2", "1,0", {}, PointKind.SADDLE),
        ("x^3", "0", {}, PointKind.DEGENERATE),
    ],
)
def test_the_kind_of_point_that_was_reached(
    formula: str, start: str, plan: dict, kind: PointKind
) -> None:
    found = descended(formula, start, **plan)
    assert found.outcome is Outcome.CONVERGED
    assert found.kind is kind


@pytest.mark.parametrize(
    ("eigenvalues", "kind"),
    [
        ([1, 2], PointKind.MINIMUM),
        ([-1, -2], PointKind.MAXIMUM),
        ([-1, 0, 2], PointKind.SADDLE),
        ([0, 2], PointKind.DEGENERATE),
        ([1e-12, 2], PointKind.DEGENERATE),
        ([0], PointKind.DEGENERATE),
    ],
)
def test_critical_kinds(eigenvalues: list[float], kind: PointKind) -> None:
    assert critical_kind(eigenvalues) is kind


@pytest.mark.parametrize("optimizer", ["sgd", "newton"])
def test_bounds_are_kept(optimizer: str) -> None:
    # Where x = 1/2 holds, ∂f/∂y = 2y − x vanishes at 1/4.
    found = descended("x^2 + y^2 - x*y", "1,1", "x>=0.5, 0<=y<=2", optimizer=optimizer)
    assert found.outcome is Outcome.CONVERGED
    assert found.good.at == pytest.approx({"x": 0.5, "y": 0.25}, abs=1e-7)
    assert all(step.at["x"] >= 0.5 for step in found.steps)
    assert found.eigenvalues == pytest.approx((2,))


def test_bounds_that_can_not_be_kept() -> None:
    with pytest.raises(UsageError, match="lbfgs"):
        descended("x^2", "1", "x>=0.5", optimizer="lbfgs")
    with pytest.raises(PointError, match="outside"):
        descended("x^2", "0", "x>=0.5")


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("x>=0", {"x": (0, inf)}),
        ("0<=x<=1", {"x": (0, 1)}),
        ("1>x, y<=pi/2", {"x": (-inf, 1), "y": (-inf, 1.5707963267948966)}),
        ("x≥-1,x≤2", {"x": (-1, 2)}),
    ],
)
def test_bounds_are_read(text: str, bounds: dict) -> None:
    from diffcli.engines.exact import nearest

    found = {
        name: (
            -inf if each.low is None else nearest(each.low),
            inf if each.high is None else nearest(each.high),
        )
        for name, each in read_bounds(text, ("x", "y")).items()
    }
    assert found == bounds


@pytest.mark.parametrize("text", ["x", "z>0", "1<2", "x<3,x<2", "x<", "x<y", "x=3", "x<[1,2]"])
def test_bounds_are_refused(text: str) -> None:
    with pytest.raises(PointError):
        read_bounds(text, ("x", "y"))


def test_vectors_descend_component_by_component() -> None:
    found = descended("sum((x - 1)^2)", "x=[0,1,3]", rate=0.25, steps=1)
    assert found.steps[1].at == {"x": [0.5, 1.0, 2.0]}
    assert found.steps[1].coordinates == {"x[0]": 0.5, "x[1]": 1.0, "x[2]": 2.0}


@pytest.mark.parametrize("formula", ["[x, y]", "x*y"])
def test_what_is_no_single_number_is_refused(formula: str) -> None:
    with pytest.raises(UsageError):
        descended(formula, "x=[1,2],y=1")


def test_watching() -> None:
    function = parse("x^2")
    seen: list[Step] = []
    point = read_points(["1"])[0].bind(("x",))
    found = descend(function, point, DescentOptions(rate=0.1, steps=5), Settings(), seen.append)
    assert seen == list(found.steps[:5])


def test_an_interrupt_says_how_far_it_came(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @contextmanager
    def interrupting(*_, **__):
        def show(done: int) -> None:
            if done == 3:
                raise KeyboardInterrupt

        yield show

    monkeypatch.setattr(answering, "progress", interrupting)
    assert run(["descend", "x^2", "--from", "1", "--lr", "0.25"]) == 130
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "interrupted at step 3: f = 0.015625 at x = 0.125\n"


@pytest.mark.parametrize(
    ("every", "most", "shown"),
    [(None, 101, 101), (None, 40, 21), (7, 40, 16), (1000, 40, 2)],
)
def test_the_table_is_thinned_and_the_document_whole(
    every: int | None, most: int, shown: int
) -> None:
    found = descended("x^2", "1", rate=0.01)
    table = answer([found], every=every, most=most)
    steps = [row[0].number for row in table.document(None).all(Table)[0].rows]
    assert len(steps) == shown
    assert (steps[0], steps[-1]) == (0, 100)
    assert len(table.data()["results"][0]["steps"]) == 101


def test_the_command_prints_fixed_decimals(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("descend x^2+y^2 --from 1.1,2.1 --lr 0.05 --steps 2".split()) == 0
    lines = capsys.readouterr().out.splitlines()
    head = next(i for i, line in enumerate(lines) if "step" in line)
    assert [line.split() for line in lines[head + 1 : head + 4]] == [
        ["0", "1.100000", "2.100000", "5.620000", "4.741308"],
        ["1", "0.990000", "1.890000", "4.552200", "4.267177"],
        ["2", "0.891000", "1.701000", "3.687282", "3.840459"],
    ]
    assert "a learning rate that suits: 0.5" in lines[-1]


def test_the_command_writes_strict_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["descend", "log(x)", "--from", "-1", "--json", "-q"]) == 4
    (result,) = json.loads(capsys.readouterr().out)["results"]
    first = {"step": 0, "at": {"x": -1.0}, "value": None, "gradient_norm": 1.0}
    assert result["steps"] == [first]
    assert result["outcome"] == "left the domain"


def test_the_command_draws_the_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "path.png"
    assert run(["descend", "x^2+y^2", "--from", "1,2", "-o", str(file)]) == 0
    assert file.read_bytes().startswith(b"\x89PNG")
    assert "converged" in capsys.readouterr().out


@pytest.mark.parametrize(
    "typed",
    [
        "descend x^2",
        "descend x^2 --from 1 --optimizer sdg",
        "descend x^2 --from 1;2 -o path.png",
        "descend x^2 --from 1 --lr 0",
        "descend x^2 --from 1 -o missing/path.png",
    ],
)
def test_usage_errors(typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(typed.split()) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("formula", "start", "more"),
    [
        ("x^4 - x + y^2", "2,1", ["--lr", "1"]),
        ("(1-x)^2 + 100(y-x^2)^2", "-1.2,1", ["--optimizer", "adam", "--lr", "2"]),
        ("abs(x) + y^2", "3,1", ["--lr", "0.7"]),
        ("-(x^4) + x - y^2", "2,1", ["--lr", "1", "--maximize"]),
    ],
)
def test_every_safe_step_goes_down_exactly(
    formula: str, start: str, more: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    typed = ["descend", formula, "--from", start, "--safe", "--steps", "25", *more]
    assert run([*typed, "--json"]) == 0
    steps = json.loads(capsys.readouterr().out)["results"][0]["steps"]
    exact = formula.replace("100(", "100*(").replace("^", "**")
    values = [
        eval(exact, {}, {name: Fraction(x) for name, x in step["at"].items()})  # noqa: S307
        for step in steps
    ]
    sense = -1 if "--maximize" in more else 1
    assert len(values) >= 3
    assert all(sense * b < sense * a for a, b in pairwise(values))


@pytest.mark.slow
def test_a_safe_descent_ends_where_no_step_is_proved(capsys: pytest.CaptureFixture[str]) -> None:
    # At the kink of the greatest value every direction of the slope may be wrong.
    run(["descend", "abs(x)", "--from", "1", "--safe", "--lr", "1", "--json"])
    found = json.loads(capsys.readouterr().out)["results"][0]
    assert abs(found["steps"][-1]["at"]["x"]) < 1


def test_safe_steps_need_a_formula_of_numbers() -> None:
    assert run(["descend", "sum(v^2)", "--from", "v=[1,2]", "--safe"]) == 2


def test_a_path_grows_on_the_terminal() -> None:
    function = parse("x^2 + 4y^2")
    steps = [[2.0, 1.0], [1.0, 0.5], [0.5, 0.25], [0.0, 0.0]]
    frames = list(path_texts(function, steps, 60, 20, colour=False))
    assert len(frames) == len(steps)
    rows = frames[-1].splitlines()
    (end,) = [(row, line.index("@")) for row, line in enumerate(rows[:-3]) if "@" in line]
    (start,) = [(row, line.index("S")) for row, line in enumerate(rows[:-3]) if "S" in line]
    assert end[0] > start[0]
    assert end[1] < start[1]
    assert [sum(line.count("o") for line in frame.splitlines()[1:-4]) for frame in frames] == [
        0, 0, 1, 2,
    ]  # fmt: skip
    assert all(max(map(len, frame.splitlines())) <= 60 for frame in frames)


@pytest.mark.parametrize("formula", ["x^2 + 1", "x^2 + y^2 + z^2"])
def test_a_path_of_one_variable_or_of_three_says_its_steps(formula: str) -> None:
    function = parse(formula)
    steps = [[value] * len(function.variables) for value in (2.0, 1.0, 0.5)]
    frames = list(path_texts(function, steps, 60, 20, colour=False))
    value = 5 if len(function.variables) == 1 else 12
    assert f"step 0: f({', '.join(function.variables)}) = {value}" in frames[0]
    assert "step 2:" in frames[-1]


def test_a_path_is_played_on_a_terminal_alone() -> None:
    assert run(["descend", "x^2", "--from", "1", "--play"]) == 2
