"""Planes, curves, paths and matrices: what is sampled, and that it is drawn."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.quiver import Quiver

from diffcli.cli.main import run
from diffcli.errors import UsageError
from diffcli.language.parser import parse
from diffcli.layouts import Matrix
from diffcli.output.plots.canvas import styled
from diffcli.output.plots.compose import compose, kinds_of
from diffcli.output.plots.kinds.curve import Curve
from diffcli.output.plots.matrix import matrix_figure, pattern, report_figure, spy_figure
from diffcli.output.plots.path import path_figure
from diffcli.output.plots.pictures import Request
from diffcli.output.plots.plane import PlanePicture
from diffcli.output.plots.scales import levels_of
from diffcli.output.plots.style import Canvas
from diffcli.output.report import Report, Result
from diffcli.studies.critical.kinds import PointKind
from diffcli.studies.curves.plane import default_ranges, evaluator, sample_plane

SVG = Canvas(kind="svg")
ROSENBROCK = "(1-x)^2 + 10(y-x^2)^2"


@pytest.fixture(autouse=True)
def an_empty_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


def field(formula: str, *ends: tuple[float, float], kind: str | None = None) -> PlanePicture:
    function = parse(formula)
    ranges = dict(zip(function.variables, ends, strict=False))
    picture = compose(function, Request(kind=kind, ranges=ranges)).picture
    assert isinstance(picture, PlanePicture)
    return picture


def painted(picture: PlanePicture | Curve) -> Figure:
    with styled():
        figure = Figure()
        picture.paint(figure)
        figure.draw_without_rendering()
    return figure


def test_values_and_gradients_on_a_grid() -> None:
    plane = sample_plane(evaluator(parse("x^2*y")), [(-1, 1), (0, 3)], count=5)
    x, y = np.meshgrid(plane.x, plane.y)
    assert plane.values[0] == pytest.approx(x**2 * y)
    assert plane.gradients[0] == pytest.approx(np.array([2 * x * y, x**2]))


def test_what_has_no_value_has_no_gradient() -> None:
    plane = sample_plane(evaluator(parse("log(x) + y")), [(-1, 1), (0, 1)], count=5)
    assert np.isnan(plane.gradients[0][:, plane.values[0] != plane.values[0]]).all()
    assert np.isfinite(plane.values[0][:, -1]).all()


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("x^2 + y^2", ["-3:3", "-3:3"]),
        ("sin(x)*cos(2y)", ["-pi:pi", "-pi/2:pi/2"]),
        ("log(x) + y", ["0:3", "-3:3"]),
    ],
)
def test_ranges_follow_the_function(formula: str, expected: list[str]) -> None:
    function = parse(formula)
    found = default_ranges(function, evaluator(function))
    assert [each.text for each in found] == expected


@pytest.mark.parametrize(
    ("formula", "kinds"),
    [
        ("x", ("lines",)),
        ("[cos(t), sin(t)]", ("curve", "lines")),
        ("x*y", ("field", "surface", "stream")),
        ("[-y, x]", ("field", "stream")),
    ],
)
def test_how_a_function_can_be_drawn(formula: str, kinds: tuple[str, ...]) -> None:
    assert kinds_of(parse(formula)) == kinds


@pytest.mark.slow
def test_critical_points_are_marked() -> None:
    found = field(ROSENBROCK, (-2, 2), (-1, 3))
    (point,) = found.critical
    assert point.kind is PointKind.MINIMUM
    assert tuple(point.at.values()) == pytest.approx((1, 1), rel=1e-12)
    (axes, _) = painted(found).axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["minimum"]


def test_a_line_of_critical_points_is_not_marked() -> None:
    assert field("(x+y)^2", (-1, 1), (-1, 1)).critical == ()


@pytest.mark.sampled(3)
@pytest.mark.parametrize("kind", ["field", "surface", "stream"])
def test_a_function_of_two_variables_is_drawn_in_every_way(kind: str) -> None:
    assert painted(field("x*y", (-1, 1), (0, 1), kind=kind)).axes


@pytest.mark.sampled(2)
@pytest.mark.parametrize("kind", ["field", "stream"])
def test_a_vector_field_is_drawn_in_every_way(kind: str) -> None:
    (axes, scale) = painted(field("[-y, x]", (-1, 1), (-1, 1), kind=kind)).axes
    assert axes.get_aspect() == 1
    assert scale.get_ylim()[0] >= 0


@pytest.mark.sampled(4)
@pytest.mark.parametrize("formula", ["0x + 0y", "1/(x^2+y^2)", "sqrt(x*y)", "log(-x^2-y^2-1)"])
def test_the_strangest_planes_are_drawn(formula: str) -> None:
    assert painted(field(formula, (-1, 1), (-1, 1))).axes


@pytest.mark.slow
def test_the_axes_are_to_scale_unless_the_plane_is_long() -> None:
    assert painted(field("x*y", (-1, 1), (-1, 2))).axes[0].get_aspect() == 1
    assert painted(field("x*y", (-1, 1), (-100, 100))).axes[0].get_aspect() == "auto"


@pytest.mark.slow
def test_the_data_of_a_plane_are_a_row_a_point() -> None:
    assert run(["plot", "x^2*y", "--range", "x=0:1,y=0:2", "--data", "plane.csv"]) == 0
    header, *rows = csv.reader(Path("plane.csv").read_text().splitlines())
    assert header == ["x", "y", "f", "f_x", "f_y"]
    x, y, *rest = (float(cell) for cell in rows[-1])
    assert (x, y, rest) == (1, 2, [2, 4, 1])


def test_a_curve_in_the_plane() -> None:
    picture = compose(parse("[cos(t), sin(t)]"), Request()).picture
    assert isinstance(picture, Curve)
    (x, dx), (y, dy) = picture.samples.values
    assert x**2 + y**2 == pytest.approx(np.ones(x.size))
    assert np.hypot(dx + y, dy - x) == pytest.approx(np.zeros(x.size), abs=1e-12)
    assert painted(picture).axes[0].get_aspect() == 1
    assert [name for name, _ in picture.columns()] == ["t", "f1", "f2", "f1'", "f2'"]


def test_levels_are_round_and_dense_in_a_valley() -> None:
    even = levels_of(np.linspace(-1, 1, 1001))
    assert even == pytest.approx(np.arange(-10, 11, 2) / 10)
    valley = levels_of(np.linspace(0, 1, 1001) ** 6 * 100)
    assert np.diff(valley)[0] < np.diff(valley)[-1] / 10
    peak = levels_of(-(np.linspace(0, 1, 1001) ** 6) * 100)
    assert np.diff(peak)[-1] < np.diff(peak)[0] / 10


def test_a_pole_does_not_take_all_levels() -> None:
    x = np.linspace(-1, 1, 2001)
    assert levels_of(1 / (x**2 + 1e-9))[-1] < 1e6


@pytest.mark.parametrize("values", [[], [math.nan], [5.0, 5.0], [0.0], [1e300, 1e300]])
def test_levels_of_nothing_and_of_a_constant(values: list[float]) -> None:
    levels = levels_of(np.array(values))
    assert (np.diff(levels) > 0).all()


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("formula", "points"),
    [
        ("x^2", [[2], [1], [0.5]]),
        (ROSENBROCK, [[-1.2, 1], [0, 0], [1, 1]]),
        ("x^2 + y^2 + z^2", [[1, 1, 1], [0.1, 0.1, 0.1]]),
        ("x*y", [[1, 1]]),
        ("x^4 - y", [[1, 1], [1e80, 2], [np.inf, 3]]),
    ],
)
def test_a_path_is_drawn_in_any_number_of_variables(
    formula: str, points: list[list[float]]
) -> None:
    first, second = (path_figure(parse(formula), points, SVG) for _ in range(2))
    assert first == second
    assert first.startswith(b"<?xml")


@pytest.mark.slow
def test_a_heat_map_has_its_labels_and_a_missing_number() -> None:
    drawn = matrix_figure([[1, -2.5], [None, 1e-9]], ["f1", "f2"], ["x", "y"], SVG)
    assert drawn == matrix_figure([[1, -2.5], [None, 1e-9]], ["f1", "f2"], ["x", "y"], SVG)
    names = [f"<!-- {name} -->".encode() for name in ("f1", "f2", "x", "y", "−2.5", "–", "1e−09")]
    assert [name for name in names if name not in drawn] == []


def test_the_path_of_a_vector_is_refused() -> None:
    with pytest.raises(UsageError):
        path_figure(parse("sum(x^2)"), [[1, 2], [0, 0]], SVG)


def report(*derivatives: object) -> Report:
    results = tuple(Result({"x": 1.0}, 1.0, each, {}) for each in derivatives)
    return Report(
        command="jacobian", expression=("x",), read_as="x", variables=("x",), results=results
    )


@pytest.mark.slow
def test_the_matrix_of_a_report_is_drawn() -> None:
    layout = Matrix(["f1"], ["x"], [[2.0]])
    found = report(layout)
    titled = replace(SVG, title=f"{found.command.capitalize()} of {found.read_as}")
    assert report_figure(found, SVG) == matrix_figure([[2.0]], ["f1"], ["x"], titled)


@pytest.mark.parametrize(
    "derivatives",
    [
        [],
        [{"x": 1.0}],
        [Matrix([], [], []), Matrix([], [], [])],
        [{"rows": 1.0, "columns": 2.0, "matrix": 3.0}],
        [3.0],
    ],
)
def test_one_matrix_makes_one_picture(derivatives: list[object]) -> None:
    with pytest.raises(UsageError):
        report_figure(report(*derivatives))


@pytest.mark.slow
def test_a_large_matrix_is_drawn_without_numbers() -> None:
    size = 100
    names = [f"x{k}" for k in range(size)]
    drawn = matrix_figure(np.eye(size).tolist(), names, names, SVG)
    assert b"<!-- x99 -->" in drawn or b"<!-- x0 -->" in drawn


def test_a_sparsity_pattern_counts_its_entries() -> None:
    diagonal = np.arange(10)
    assert b"10 of 100 entries are not zero (10%)" in spy_figure(
        diagonal, diagonal, (10, 10), canvas=SVG
    )
    values = [1, 2, 0, -3, 0, 1, 1, 1, 1, float("nan")]
    assert b"8 of 100 entries" in spy_figure(diagonal, diagonal, (10, 10), values, SVG)


@pytest.mark.parametrize("shape", [(7, 5), (10**6, 10**6), (3, 10**9)])
def test_a_pattern_loses_no_entry(shape: tuple[int, int]) -> None:
    rows, columns = shape
    last = np.array([[0, rows - 1, 0], [0, columns - 1, columns - 1]])
    drawn = pattern(last, shape)
    assert drawn.sum() == 3
    assert drawn[[0, -1, 0], [0, -1, -1]].all()


@pytest.mark.sampled(3)
@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_files_are_the_same_every_time(kind: str) -> None:
    for name in ("a", "b"):
        command = ["plot", "x*y", "--range", "x=-1:1,y=-1:1", "-o", f"{name}.{kind}", "--dpi", "50"]
        assert run(command) == 0
    assert Path(f"a.{kind}").read_bytes() == Path(f"b.{kind}").read_bytes()


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "formula",
    [
        "[16 sin(t)^3, 13cos(t) - 5cos(2t) - 2cos(3t) - cos(4t)]",  # a long title
        "[t - sin(t), 1 - cos(t)]",  # flat, with cusps
        "[t, 0*t]",
    ],
)
def test_curves_of_any_shape_fit_their_figure(formula: str) -> None:
    # What doesn't fit, matplotlib warns of.
    figure = painted(compose(parse(formula), Request()).picture)
    arrows = next(each for each in figure.axes[0].collections if isinstance(each, Quiver))
    x, y = (np.ptp(ends) for ends in (figure.axes[0].get_xlim(), figure.axes[0].get_ylim()))
    assert np.hypot(arrows.U, arrows.V).max() <= min(0.11 * max(x, y), 0.41 * min(x, y))


def test_a_point_that_stands_still_has_no_arrow() -> None:
    figure = painted(compose(parse("[(t^3 - t)^3, 0*t]"), Request(ranges={"t": (-1, 1)})).picture)
    arrows = next(each for each in figure.axes[0].collections if isinstance(each, Quiver))
    assert (np.abs(arrows.U) > 0).all()


def test_levels_are_written_without_a_computers_exponent() -> None:
    composed = compose(parse("(1-x)^2 + 100(y-x^2)^2"), Request())
    figure = Figure()
    composed.picture.paint(figure)
    figure.canvas.draw()
    texts = [label.get_text() for axes in figure.axes for label in axes.get_yticklabels()]
    assert any(text == "11000" for text in texts)
    assert not any("e+" in text for text in texts)


def test_levels_are_short_numbers() -> None:
    x = np.linspace(-3, 3, 201)
    levels = levels_of(np.log(x[:, None] ** 2 + x**2 + 1e-4))
    assert all(len(f"{level:g}".replace("-", "").replace(".", "")) <= 4 for level in levels)
    assert (np.diff(levels) > 0).all()


def test_the_heat_map_says_what_it_is() -> None:
    assert run(["hessian", "x^2*y", "--at", "1,2", "-o", "h.svg"]) == 0
    assert "Hessian of x²·y" in Path("h.svg").read_text(encoding="utf-8")
