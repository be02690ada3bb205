"""Polar curves, curves in the plane and in space: tangents, speed, curvature, data."""

from __future__ import annotations

import csv
from math import cos, inf, pi, sqrt
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from diffcli.cli.main import run
from diffcli.errors import NoDerivativeError, UsageError
from diffcli.language.equations import read_equations
from diffcli.language.parser import parse
from diffcli.output.plots.canvas import fill, styled
from diffcli.output.plots.compose import compose, kinds_of
from diffcli.output.plots.kinds.polar import Polar, cartesian
from diffcli.output.plots.pictures import Request
from diffcli.output.plots.style import Canvas
from diffcli.studies.curves.motion import Motion, motion_at


@pytest.fixture(autouse=True)
def a_folder_without_a_screen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


def motion(formula: str, at: str) -> Motion:
    function = parse(formula)
    return motion_at(
        function if len(function.outputs) == 2 else cartesian(function), parse(at).outputs[0]
    )


@pytest.mark.parametrize(
    ("formula", "at", "slope", "speed", "curvature"),
    [
        # A circle of radius 3 has the curvature 1/3.
        ("[3cos t, 3sin t]", "pi/2", 0, 3, 1 / 3),
        ("[3cos t, 3sin t]", "0", inf, 3, 1 / 3),
        # y = x²: the curvature 2/(1 + 4x²)^(3/2).
        ("[t, t^2]", "1", 2, sqrt(5), 2 / 5**1.5),
        # The cardioid: speed 2cos(θ/2), curvature 3/(4cos(θ/2)).
        ("r = 1 + cos(theta)", "pi/2", 1, 2 * cos(pi / 4), 3 / (4 * cos(pi / 4))),
    ],
)
def test_tangent_speed_and_curvature(
    formula: str, at: str, slope: float, speed: float, curvature: float
) -> None:
    found = motion(formula, at)
    assert found.slope == pytest.approx(slope, abs=1e-14)
    assert found.speed == pytest.approx(speed, rel=1e-14)
    assert found.curvature == pytest.approx(curvature, rel=1e-14)


def test_no_tangent_where_the_curve_stands_still() -> None:
    with pytest.raises(NoDerivativeError, match="stands still"):
        motion("[t^2, t^3]", "0")


@pytest.mark.parametrize(
    ("formula", "kind"),
    [
        ("r = 1 + cos(theta)", "polar"),
        ("r(phi) = phi", "polar"),
        ("r = t", "lines"),
        ("rho = cos(theta)", "lines"),
        ("[cos t, sin t, t]", "space"),
        ("[cos t, sin t]", "curve"),
    ],
)
def test_what_is_drawn_as_a_curve(formula: str, kind: str) -> None:
    assert kinds_of(parse(formula))[0] == kind


def test_polar_data_has_both_slopes() -> None:
    assert run(["plot", "r = 2sin(3theta)", "--data", "rose.csv", "-q"]) == 0
    with Path("rose.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    angle, r, rate, x, y, slope = (
        np.array([float(row[name] or "nan") for row in rows])
        for name in ("theta", "r", "r'", "x", "y", "dy/dx")
    )
    assert r == pytest.approx(2 * np.sin(3 * angle), abs=1e-14)
    assert rate == pytest.approx(6 * np.cos(3 * angle), abs=1e-13)
    assert np.hypot(x, y) == pytest.approx(abs(r), abs=1e-14)
    s, c = np.sin(angle), np.cos(angle)
    assert slope == pytest.approx((rate * s + r * c) / (rate * c - r * s), rel=1e-9)
    # Once around, a rose with three leaves is drawn whole.
    assert angle[-1] - angle[0] >= pi


def test_the_legend_has_the_tangent(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plot", "r = 1 + cos(theta)", "--tangent", "pi/3", "--term", "-q"]) == 0
    out = capsys.readouterr().out
    assert "r'(theta) = -sin(theta)" in out
    assert "at theta = pi/3: y = 1.299, speed 1.732, curvature 0.866" in out
    picture = compose(parse("[t, t^2]"), Request(ranges={"t": (-1, 1)})).picture
    assert not isinstance(picture, Polar)


def test_a_space_curve_is_drawn(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plot", "[cos t, sin t, t/4]", "--range", "0:4pi", "--term"]) == 0
    assert "f(t) = [cos(t), sin(t), t/4]" in capsys.readouterr().out
    picture = compose(parse("[cos t, sin t, t/4]"), Request(ranges={"t": (0, 12)})).picture
    with styled():
        figure = Figure(figsize=(8, 5))
        fill(figure, picture.paint, Canvas())
    (axes,) = figure.axes
    assert axes.name == "3d"
    names = [name for name, _ in picture.columns()]
    assert names == ["t", "f1", "f2", "f3", "f1'", "f2'", "f3'"]


def test_lines_to_scale() -> None:
    request = Request(ranges={"x": (-1, 1)}, equal=True)
    picture = compose(parse("sqrt(1 - x^2)"), request).picture
    with styled():
        figure = Figure(figsize=(8, 5))
        fill(figure, picture.paint, Canvas())
    assert figure.axes[0].get_aspect() == 1
    with pytest.raises(UsageError, match="even axes"):
        compose(parse("exp(x)"), Request(log="y", equal=True))


def test_an_equation_of_r_and_theta_is_drawn_in_x_and_y() -> None:
    picture = compose(read_equations(["r^2 = cos(2*theta)"]).function, Request()).picture
    columns = dict(picture.columns())
    x, y = columns["x"], columns["y"]
    assert x.size > 500
    # Bernoulli's lemniscate: (x^2 + y^2)^2 = x^2 - y^2.
    assert np.abs((x**2 + y**2) ** 2 - x**2 + y**2).max() < 1e-3
    assert (x.min(), x.max()) == pytest.approx((-1, 1), abs=1e-3)


def test_the_plane_of_r_and_theta_itself_is_drawn_where_asked_for() -> None:
    function = read_equations(["r^2 = cos(2*theta)"]).function
    picture = compose(function, Request(kind="relation")).picture
    assert set(picture.scene.names) == {"r", "theta"}


@pytest.mark.parametrize(
    ("formula", "range_", "aspect"),
    [("[t-sin(t), 1-cos(t)]", (0.0, 4 * pi), 1.0), ("[t^2, t^3]", (-10.0, 10.0), "auto")],
)
def test_a_curve_is_to_scale_unless_it_is_a_thread(
    formula: str, range_: tuple[float, float], aspect: float | str
) -> None:
    picture = compose(parse(formula), Request(ranges={"t": range_})).picture
    figure = Figure()
    with styled():
        fill(figure, picture.paint, Canvas())
    assert figure.axes[0].get_aspect() == aspect
