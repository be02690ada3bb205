"""Layouts, scales, families and ranges of plots: what each pair of axes shows."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image, ImageSequence

from diffcli.cli.main import run
from diffcli.errors import UsageError
from diffcli.language.parser import parse
from diffcli.output.plots import movie, moving, path
from diffcli.output.plots.canvas import styled
from diffcli.output.plots.compose import compose
from diffcli.output.plots.pictures import PlotPlan, Request
from diffcli.studies.curves.line import default_range, evaluator
from diffcli.studies.curves.parameters import Slider


@pytest.fixture(autouse=True)
def a_folder_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def plan(formula: str, low: float, high: float, **more) -> PlotPlan:
    return compose(parse(formula), Request(ranges={"x": (low, high)}, **more))


def painted(formula: str, low: float, high: float, **more) -> Figure:
    with styled():
        figure = Figure()
        plan(formula, low, high, **more).picture.paint(figure)
    return figure


@pytest.mark.parametrize(
    ("formula", "orders", "layout"),
    [
        ("sin(x)", (0, 1), "overlay"),
        ("sin(40*x)", (0, 1), "twin"),
        ("sin(40*x)", (0, 1, 2), "stacked"),
        ("500*x", (0, 1), "overlay"),
        ("tan(x)", (0, 1), "overlay"),
    ],
)
def test_a_derivative_of_another_size_has_axes_of_its_own(formula, orders, layout) -> None:
    assert plan(formula, -1, 1, orders=orders).picture.frame.layout == layout


def test_twin_axes_are_in_the_colours_of_their_lines() -> None:
    left, right = painted("sin(40*x)", -1, 1).axes
    assert left.get_ylim() == pytest.approx((-1.1, 1.1))
    assert right.get_ylim() == pytest.approx((-44, 44))
    (line,) = (each for each in right.lines if len(each.get_xdata()) > 2)
    assert {tick.get_color() for tick in right.get_yticklabels()} == {line.get_color()}


def test_stacked_panels_share_x_and_no_range_of_y() -> None:
    first, second = painted("x^3", -2, 2, layout="stacked", y_range=(-5, 5)).axes
    assert first.get_xlim() == second.get_xlim()
    assert first.get_ylim() == (-5, 5)
    assert second.get_ylim() == pytest.approx((-0.6, 12.6), rel=1e-4)


def test_a_logarithmic_axis_is_sampled_decade_by_decade() -> None:
    picture = plan("1/(1+x^2)", 1e-3, 1e3, log="xy").picture
    counts, _ = np.histogram(np.log10(picture.samples.x), bins=range(-3, 4))
    assert counts.min() > 100
    assert (np.diff(picture.samples.x) > 0).all()
    (axes,) = painted("1/(1+x^2)", 1e-3, 1e3, log="xy").axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")


def test_a_number_without_a_logarithm_is_refused() -> None:
    with pytest.raises(UsageError, match="-1 has no logarithm"):
        plan("x", -1, 1, log="x")


def test_symlog_shows_both_signs() -> None:
    (axes,) = painted("x^5-x", -2, 2, symlog=True).axes
    assert axes.get_yscale() == "symlog"
    assert axes.get_ylim()[0] < 0


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("x^3-3*x", "-2.5:2.5"),
        ("(x-5)^3-3*(x-5)", "2.5:7.5"),
        ("x^2*exp(-x)", "-1:3"),
        ("x/(1+x^2)", "-10:10"),
        ("x^2", "-10:10"),
        ("1/(x^3-3*x)", "-10:10"),
    ],
)
def test_the_range_shows_turning_points(formula: str, text: str) -> None:
    function = parse(formula)
    with np.errstate(all="ignore"):
        assert default_range(function, evaluator(function, 1)).text == text


def test_a_family_has_a_line_for_each_value() -> None:
    arguments = ["a*x^2", "--family", "a=0.5,1,2", "--range=0:2", "--orders", "0", "-q"]
    assert run(["plot", *arguments, "--data", "family.csv"]) == 0
    head, *_, last = Path("family.csv").read_text(encoding="utf-8").splitlines()
    assert head.count("f(x)") == 3
    assert "a = 0.5" in head
    assert last.endswith("2.0,2.0,4.0,8.0")


@pytest.mark.parametrize(
    "arguments",
    [
        ["x^2", "--family", "a=1,2"],
        ["a*x", "--family", "a"],
        ["x", "--layout", "sideways"],
        ["x", "--log", "z"],
        ["x", "--symlog", "--term"],
        ["x", "--log", "x", "-o", "page.html"],
        ["x", "--layout", "twin", "-o", "page.html"],
        ["a*x", "--animate", "a=0:2", "-o", "still.png"],
        ["a*x", "--animate", "a=0:2"],
        ["x", "-o", "still.mp4"],
        ["x", "-o", "still.gif"],
        ["a*x", "--slider", "a=0:2", "-o", "moving.gif"],
    ],
)
def test_what_does_not_fit_is_refused(arguments: list[str]) -> None:
    assert run(["plot", "-q", *arguments]) == 2


def test_the_terminal_stacks_what_has_axes_of_its_own(capsys: pytest.CaptureFixture) -> None:
    assert run(["plot", "-q", "sin(40*x)", "--range=-1:1", "--term"]) == 0
    assert capsys.readouterr().out.count("┌") == 2


@pytest.fixture
def few_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    for home in (movie, moving, path):
        monkeypatch.setattr(home, "FRAMES", 3)


def frames_in(name: str) -> list[np.ndarray]:
    with Image.open(name) as picture:
        return [np.asarray(each.convert("L")) for each in ImageSequence.Iterator(picture)]


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["plot", "a*x^2", "--animate", "a=0:2", "--range=-2:2"],
        ["plot", "x^3-3*x", "--animate", "x=-2:2"],
        ["descend", "x^2+y^2", "--from", "1,2", "--steps", "5", "--lr", "0.1"],
    ],
)
def test_what_moves_is_a_gif(few_frames: None, arguments: list[str]) -> None:
    assert run([*arguments, "-q", "-o", "moving.gif"]) == 0
    first, *rest = frames_in("moving.gif")
    assert len(rest) == 2
    assert all(each.shape == first.shape and (each != first).any() for each in rest)


def test_a_film_needs_ffmpeg(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr(movie.shutil, "which", lambda _: None)
    assert run(["plot", "a*x", "--animate", "a=0:2", "-q", "-o", "moving.mp4"]) == 2
    assert "ffmpeg" in capsys.readouterr().err
    assert not Path("moving.mp4").exists()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffmpeg isn't installed")
def test_a_film_has_all_frames(few_frames: None) -> None:
    assert run(["plot", "a*x^2", "--animate", "a=0:2", "--range=-2:2", "-q", "-o", "a.mp4"]) == 0
    probe = ["ffprobe", "-v", "error", "-count_frames", "-of", "csv=p=0", "a.mp4"]
    shown = "stream=codec_name,pix_fmt,nb_read_frames"
    command = [*probe, "-show_entries", shown]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    # Three frames, and the last one for as long as it rests.
    assert done.stdout.strip() == "h264,yuv420p,13"


def test_a_descent_fills_no_file_of_a_matrix(capsys: pytest.CaptureFixture) -> None:
    assert run(["descend", "x^2", "--from", "1", "--steps", "2", "-q", "-o", "way.npz"]) == 2
    assert "holds one matrix" in capsys.readouterr().err


def test_a_parameter_moves_in_one_frame(few_frames: None) -> None:
    pictures = moving.moved(
        parse("a*x^2"), Slider("a", 0.0, 2.0, 1.0), Request(ranges={"x": (-1, 1)})
    )
    assert len({each.frame.y_range for each in pictures}) == 1
    assert [float(np.nanmax(each.samples.values[0, 0])) for each in pictures] == [0, 1, 2]


def test_a_tangent_travels_and_is_missing_at_a_kink(few_frames: None) -> None:
    pictures = moving.travelling(
        parse("abs(x)"), Slider("x", -1.0, 1.0, 0.0), Request(ranges={"x": (-1, 1)})
    )
    slopes = [[each.slope for each in picture.straights] for picture in pictures]
    assert slopes == [[-1.0], [], [1.0]]


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("formula", "widest"),
    [("r = 1/(1 - cos(theta))", 50), ("[t/(1-t^2), t^2/(1-t^2)]", 50), ("[t, 1/t]", 50)],
)
def test_the_frame_of_an_endless_curve_shows_its_bulk(formula: str, widest: float) -> None:
    from diffcli.output.plots.kinds.curve import Curve

    picture = compose(parse(formula), Request()).picture
    assert isinstance(picture, Curve)
    assert all(high - low < widest for low, high in picture.view)
