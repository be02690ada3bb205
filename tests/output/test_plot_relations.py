"""Equations and conditions drawn: files, data, the terminal, what is refused."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from diffcli.cli.main import run
from diffcli.language.equations import read_equations
from diffcli.language.parser import parse
from diffcli.output.plots.canvas import fill, styled
from diffcli.output.plots.compose import compose, kinds_of
from diffcli.output.plots.pictures import Request
from diffcli.output.plots.style import Canvas


@pytest.fixture(autouse=True)
def a_folder_without_a_screen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


def test_data_has_the_branches() -> None:
    assert run(["plot", "y^2 = x^3 - x", "--range", "x=-2:2,y=-2:2", "--data", "curve.csv"]) == 0
    with Path("curve.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["branch"] for row in rows} == {"1", "2"}
    x, y = (np.array([float(row[name]) for row in rows]) for name in ("x", "y"))
    assert y**2 - x**3 + x == pytest.approx(0, abs=1e-12)


def test_the_terminal_shows_curve_and_region(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plot", "x^2 + y^2 = 25", "x^2 + y^2 <= 9 and y >= 0", "--term"]) == 0
    out, err = capsys.readouterr()
    assert out.endswith("  ─── x**2 + y**2 = 25\n  ─── x**2 + y**2 <= 9 and y >= 0\n")
    assert err == "range x=-6:6,y=-6:6; choose another with --range\n"


@pytest.mark.slow
def test_axes_are_to_scale_and_undecided_cells_are_counted() -> None:
    function = read_equations("sin(1/x) = y").function
    plan = compose(function, Request(ranges={"x": (-1, 1), "y": (-1.5, 1.5)}))
    assert plan.notes[0].endswith("of 426,400 cells are undecided")
    with styled():
        figure = Figure(figsize=(8, 5))
        fill(figure, plan.picture.paint, Canvas())
    (axes,) = figure.axes
    assert axes.get_aspect() == 1
    assert plan.notes[0] in [each.get_text() for each in axes.texts]


def test_what_is_drawn_as_a_relation() -> None:
    assert kinds_of(read_equations("x^2 = 4").function)[0] == "relation"
    assert kinds_of(parse("x < y"))[0] == "relation"
    assert kinds_of(parse("x^2 < 4"))[0] == "lines"
    assert kinds_of(parse("y = x^2"))[0] == "lines"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x^2 + y^2 = z^2"], "a plot shows one or two variables"),
        (["x < y and x = 2"], "joins conditions"),
        (["x != y"], "has no area"),
        (["x^2 + y^2 = 1", "--log"], "--log is for lines"),
    ],
)
def test_what_cannot_be_drawn(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["plot", *arguments, "--term"]) in (2, 3)
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("equation", "holes"),
    [
        ("1/x + 1/y = 1", [(0, 0)]),
        ("x/(x^2 + y^2) = 1", [(0, 0)]),
        ("(x^2 - 1)*(y - 2)/(x - y) = 0", [(-1, -1), (1, 1), (2, 2)]),
        ("x*y = 1", []),
    ],
)
def test_a_point_that_an_equation_leaves_out_is_a_hole_in_its_line(
    equation: str, holes: list[tuple[float, float]]
) -> None:
    request = Request(ranges={"x": (-3.0, 3.0), "y": (-3.0, 4.0)})
    plan = compose(read_equations([equation]).function, request)
    edges = plan.picture.scene.shown[0].edges
    assert sorted(tuple(hole) for edge in edges for hole in edge.branches.holes.tolist()) == holes
    assert any("isn't defined" in note for note in plan.notes) == bool(holes)
    for edge in edges:
        for hole in edge.branches.holes:
            for line in edge.branches.lines:
                # No segment passes through it.
                steps = np.diff(line, axis=0)
                lengths = (steps**2).sum(axis=1)
                along = np.clip(((hole - line[:-1]) * steps).sum(axis=1) / lengths, 0, 1)
                near = line[:-1] + along[:, None] * steps
                assert np.hypot(*(hole - near).T).min() > 1e-4


@pytest.mark.parametrize(
    ("relation", "is_empty"),
    [
        ("x^2 + y^2 = -1", True),
        ("x^2 = y", False),
        ("x^2 + y^2 = 0", False),
        ("x^y = -1", False),
        ("sqrt(-x^2) > -1 - y^2", False),
    ],
)
def test_an_empty_picture_says_that_it_is_proved(relation: str, is_empty: bool) -> None:
    reader = parse if ">" in relation else lambda texts: read_equations(texts).function
    plan = compose(reader([relation]), Request(ranges={"x": (-3.0, 3.0), "y": (-2.0, 2.0)}))
    assert ("proved: no point lies in this range" in plan.notes) == is_empty
