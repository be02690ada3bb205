from __future__ import annotations

import csv
import math
import resource
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.mathtext import MathTextParser
from uniplot.axis_labels.label_set import LabelSet

from diffcli.cli.main import run
from diffcli.cli.plot import options as plot
from diffcli.language.expression import number
from diffcli.language.functions import BY_NAME
from diffcli.language.parser import parse
from diffcli.output.plots.canvas import colours, fill, styled
from diffcli.output.plots.compose import compose
from diffcli.output.plots.frame import LONG, Frame, Line, StraightLine
from diffcli.output.plots.kinds import KINDS
from diffcli.output.plots.kinds.lines import Lines
from diffcli.output.plots.labels import lines_of
from diffcli.output.plots.pictures import Request
from diffcli.output.plots.style import PALETTE, Canvas
from diffcli.output.plots.typed import math_name, typed_latex
from diffcli.output.plots.typeset import typeset
from diffcli.studies.critical.proofs import smoothness, truth
from diffcli.studies.curves.breaks import BreakKind
from diffcli.studies.curves.features import Feature
from diffcli.studies.curves.line import curve_range, default_range, evaluator
from diffcli.studies.curves.samples import Samples
from diffcli.studies.curves.sampling import sample

FIRST_BYTES = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}


@pytest.fixture(autouse=True)
def a_pipe_without_a_screen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


def plotted(formula: str, low: float, high: float, orders: tuple[int, ...] = (0, 1)) -> Samples:
    function = parse(formula)
    return sample(
        evaluator(function, max(orders)),
        low,
        high,
        orders=orders,
        smooth=smoothness(function),
        truth=truth(function),
    )


def picture(formula: str, low: float, high: float, **more) -> Lines:
    function = parse(formula)
    composed = compose(function, Request(ranges={function.variables[0]: (low, high)}, **more))
    assert isinstance(composed.picture, Lines)
    return composed.picture


def painted(lines: Lines) -> Figure:
    with styled():
        figure = Figure()
        lines.paint(figure)
        figure.draw_without_rendering()
    return figure


def drawn(formula: str, low: float, high: float, **more) -> Figure:
    return painted(picture(formula, low, high, **more))


def test_the_engine_finds_the_poles_of_tan() -> None:
    samples = plotted("tan(x)", -10, 10)
    assert [each.kind for each in samples.breaks] == [BreakKind.POLE] * 6
    assert sorted(each.at for each in samples.breaks) == pytest.approx(
        [(k + 0.5) * math.pi for k in range(-3, 3)], rel=1e-15
    )


def test_derivatives_of_every_order_are_sampled() -> None:
    samples = plotted("sin(2x)", 0, 3, orders=(0, 3))
    assert samples.values[0, 3] == pytest.approx(-8 * np.cos(2 * samples.x), abs=1e-12)


def test_what_has_no_value_has_no_derivative() -> None:
    values = evaluator(parse("sqrt(x)*abs(x)"), 1)(np.array([-1.0, 4.0]))
    assert np.isnan(values[0, :, 0]).all()
    assert values[0, :, 1] == pytest.approx([8, 3])


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("formula", "expected", "ends"),
    [
        ("sin(x)", "-2pi:2pi", (-2 * math.pi, 2 * math.pi)),
        ("cos(2x) + sin(-3x)", "-pi:pi", (-math.pi, math.pi)),
        ("tan(x/2)", "-4pi:4pi", (-4 * math.pi, 4 * math.pi)),
        ("sin(4x)^2", "-pi/2:pi/2", (-math.pi / 2, math.pi / 2)),
        ("sin(x)/x", "-10:10", (-10, 10)),
        ("sin(0x)", "-10:10", (-10, 10)),
        ("x^2", "-10:10", (-10, 10)),
        ("exp(x)", "-5:5", (-5, 5)),
        ("x^x", "0:2", (0, 2)),
        ("log(x)", "0:10", (0, 10)),
        ("asin(x)", "-1:1", (-1, 1)),
        ("sqrt(-x^2 - 1)", "-10:10", (-10, 10)),
        ("(-2)^x", "-10:10", (-10, 10)),
        ("7", "-10:10", (-10, 10)),
        ("(x - 50)^2", "40:60", (40, 60)),
        ("abs(x + 200)", "-210:-190", (-210, -190)),
        ("(x - 100)^2*(x + 300)", "-300:234", (-300, 234)),
        ("1/(x - 30)^2", "-10:10", (-10, 10)),
        ("x^4 - 30x^2", "-5:5", (-5, 5)),
        ("sin(50x)", "-pi/25:pi/25", (-math.pi / 25, math.pi / 25)),
        ("sin(x/20)", "-40pi:40pi", (-40 * math.pi, 40 * math.pi)),
        ("sin(x) + sin(sqrt(2)*x)", "-10:10", (-10, 10)),
        ("sin(x^2)", "-10:10", (-10, 10)),
    ],
)
def test_the_range_follows_the_function(
    formula: str, expected: str, ends: tuple[float, float]
) -> None:
    function = parse(formula)
    found = default_range(function, evaluator(function, 1))
    assert found.text == expected
    assert (found.low, found.high) == pytest.approx(ends)


@pytest.mark.sampled(9)
@pytest.mark.parametrize("kind", FIRST_BYTES)
def test_a_file_is_of_its_kind_and_the_same_every_time(kind: str) -> None:
    for name in ("a", "b"):
        assert run(["plot", "x^2 + abs(x)", "--range", "-2:2", "-o", f"{name}.{kind}"]) == 0
    content = Path(f"a.{kind}").read_bytes()
    assert content.startswith(FIRST_BYTES[kind])
    assert content == Path(f"b.{kind}").read_bytes()
    assert sorted(path.name for path in Path().iterdir()) == [f"a.{kind}", f"b.{kind}"]


def test_a_constant_is_drawn() -> None:
    assert run(["plot", "5", "-o", "five.svg", "--data", "five.csv"]) == 0
    assert {line.split(",")[1] for line in Path("five.csv").read_text().splitlines()[1:]} == {"5.0"}


def test_a_size_in_inches_and_pixels() -> None:
    run(["plot", "x", "--size", "3x2", "--dpi", "100", "-o", "small.PNG"])
    assert imread("small.PNG").shape[:2] == (200, 300)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["x", "-o", "plot.bmp"], 2),
        (["x", "-o", "nowhere/plot.png"], 2),
        (["x", "--size", "8"], 2),
        (["x", "--size", "0x5"], 2),
        (["x", "--size", "nanx5"], 2),
        (["x", "--dpi", "1e9"], 2),
        (["x", "--orders", "one"], 2),
        (["x", "--orders", "99"], 2),
        (["x", "--range", "3:1"], 2),
        (["x", "--range", "0:inf"], 2),
        (["x", "--range", "y=0:1"], 2),
        (["x", "--y-range", "1"], 2),
        (["x*y*z"], 2),
        (["x", "--kind", "field"], 2),
        (["x", "--mark", "all"], 2),
        (["x*y", "--log", "y"], 2),
        (["x*y", "--mark", "none"], 2),
        (["x", "--style", "prettier"], 2),
        (["x", "--tangent", "rand(2)"], 2),
        (["x*y", "--at", "1"], 2),
        (["x", "--tangent", "y=1"], 2),
        (["|x|", "--tangent", "0", "-o", "kink.png"], 4),
        (["x", "--show"], 2),
        ([], 2),
        (["x +"], 3),
    ],
)
def test_what_cannot_be_drawn_is_refused_before_any_work(arguments: list[str], code: int) -> None:
    assert run(["plot", *arguments]) == code
    assert list(Path().iterdir()) == []


def test_the_data_are_a_row_a_sample_and_a_break_an_empty_cell(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(["plot", "floor(x)", "--range", "0.5:2.5", "--orders", "0,1", "--data", "steps.csv"])
    assert capsys.readouterr().out == ""
    header, *rows = csv.reader(Path("steps.csv").read_text().splitlines())
    assert header == ["x", "f", "f'"]
    assert [row for row in rows if "" in row] == [["1.0", "", ""], ["2.0", "", ""]]
    full = [[float(cell) for cell in row] for row in rows if "" not in row]
    assert all(value == math.floor(x) and slope == 0 for x, value, slope in full)
    assert [row[0] for row in full] == sorted(row[0] for row in full)


def test_a_kink_in_the_data_empties_the_derivative_alone() -> None:
    run(["plot", "|t-1|", "--range", "0:3", "--data", "kink.csv"])
    header, *rows = csv.reader(Path("kink.csv").read_text().splitlines())
    assert header == ["t", "f", "f'"]
    assert [row for row in rows if "" in row] == [["1.0", "0.0", ""]]


def test_several_formulas_stand_side_by_side() -> None:
    run(["plot", "x", "1/x", "--range", "-1:1", "--orders", "0", "--data", "two.csv"])
    header, *rows = csv.reader(Path("two.csv").read_text().splitlines())
    assert header == ["x", "f1", "f2"]
    assert [row for row in rows if "" in row] == [["0.0", "0.0", ""]]


def test_the_range_is_told_unless_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    run(["plot", "sin(x)", "--term"])
    assert capsys.readouterr().err == "range -2pi:2pi; choose another with --range\n"
    run(["plot", "sin(x)", "--term", "-q"])
    assert capsys.readouterr().err == ""


def test_a_terminal_without_colour_shows_lines_and_dots(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "70")
    monkeypatch.setenv("LINES", "24")
    assert run(["plot", "sin(x)", "--title", "waves"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "waves"
    assert lines[-2:] == ["  ─── f(x) = sin(x)", "  ··· f'(x) = cos(x)"]
    assert "\x1b" not in "".join(lines)
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 70


def test_a_terminal_with_colour(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    run(["plot", "sin(x)", "--term"])
    assert "\x1b[34m───\x1b[0m f(x) = sin(x)" in capsys.readouterr().out


def test_a_terminal_leaves_a_pole_open() -> None:
    text = picture("tan(x)", 0, 3, orders=(0,)).text(60, 20, colour=False)
    columns = list(zip(*(line.ljust(60)[1:49] for line in text.splitlines()[1:-3]), strict=True))
    inked = [sum("⠀" < cell <= "⣿" for cell in column) for column in columns]
    assert max(inked) < 14  # a line through the pole would fill a whole column


def test_the_line_of_a_pole_is_broken_and_its_asymptote_drawn() -> None:
    (axes,) = drawn("1/(x-2)", 0, 4).axes
    verticals = [line for line in axes.lines if list(line.get_xdata()) == [2.0, 2.0]]
    assert len(verticals) == 1
    function = next(line for line in axes.lines if line.get_label() == "f(x)")
    assert np.isnan(function.get_ydata()[np.searchsorted(function.get_xdata(), 2.0)])


def test_a_jump_ends_in_rings_and_its_value_in_a_dot() -> None:
    (axes,) = drawn("floor(x)", 0.5, 1.5).axes
    marks = [
        line for line in axes.lines if line.get_marker() == "o" and line.get_color() == PALETTE[0]
    ]
    rings = [line for line in marks if to_hex(line.get_markerfacecolor()) == "#ffffff"]
    assert sorted(float(y) for line in rings for y in line.get_ydata()) == [0, 1]
    assert [line.get_ydata()[0] for line in marks if line not in rings] == [1]


def rings(axes: Axes) -> list[tuple[float, float]]:
    """Return the ends of lines that are marked by rings."""
    return [
        point
        for line in axes.lines
        if line.get_marker() == "o" and to_hex(line.get_markerfacecolor()) == "#ffffff"
        for point in zip(line.get_xdata(), line.get_ydata(), strict=True)
    ]


@pytest.mark.slow
def test_a_derivative_without_a_limit_has_no_ring() -> None:
    (axes,) = drawn("x^2*sin(1/x)", -1, 1).axes
    assert {(x, round(y, 9)) for x, y in rings(axes)} == {(0.0, 0.0)}
    (axes,) = drawn("sin(1/x)", -1, 1, orders=(0,)).axes
    assert not rings(axes)


def test_a_missing_point_is_no_value() -> None:
    samples = plotted("x*sin(1/x)", -0.5, 0.5, orders=(0,))
    assert [(each.kind, each.at) for each in samples.breaks] == [(BreakKind.HOLE, 0.0)]


def test_the_ends_of_one_function_stay_where_another_breaks() -> None:
    function = parse(["sign(x)", "1/x", "sin(x)/x"])
    found = sample(
        evaluator(function, 1), -3, 3, smooth=smoothness(function), truth=truth(function)
    )
    for each in found.breaks:
        row = found.values[each.output, 0]
        ends = [float(row[found.x.searchsorted(end)]) for end in (each.low, each.high)]
        if each.output == 0:
            assert ends == [-1, 1]
        if each.output == 2:
            assert ends == pytest.approx([1, 1], abs=1e-9)


def test_the_value_at_the_last_jump_is_shown() -> None:
    (axes,) = drawn("floor(x)", -3, 3, orders=(0,)).axes
    assert axes.get_ylim()[1] > 3


@pytest.mark.parametrize(
    ("formula", "top"), [("exp(-(1e4*(x-0.3))^2)", 1), ("1/(1+1e10*(x-0.123)^2)", 1)]
)
def test_a_bump_between_the_first_samples_is_found(formula: str, top: float) -> None:
    assert np.nanmax(plotted(formula, -1, 1, orders=(0,)).values) == pytest.approx(top, rel=0.05)


def test_ticks_in_the_terminal_keep_their_digits() -> None:
    text = picture("x/4", -2.5, 2.5).text(80, 24, colour=False)
    labels = text.splitlines()[-3].split()
    assert all(label in ("-2", "-1", "0", "1", "2") for label in labels)
    text = picture("x/4", 0, 10).text(80, 24, colour=False)
    assert text.splitlines()[-3].split()[-1] == "10"
    marks = LabelSet(np.array([-2.5, 0, 2.5]), x_min=-3, x_max=3)
    assert marks._find_shortest_string_representation() == ["-2.5", "0.0", "2.5"]


def test_a_negative_line_has_no_place_on_a_logarithmic_axis() -> None:
    plan = compose(parse("exp(-x)"), Request(ranges={"x": (-1, 1)}, log="y"))
    assert plan.notes == ("f'(x) has no positive value to draw",)
    (axes,) = painted(plan.picture).axes
    assert len(axes.get_legend().get_texts()) == 1
    assert "f'" not in plan.picture.text(80, 24, colour=False)


def test_cases_are_written_in_words() -> None:
    (first, second) = lines_of(parse("x^2 if x < 0 else sin(x)"), "x", (0, 1))
    assert first.equation == "f(x) = x**2 for x < 0, sin(x) otherwise"
    assert second.equation == "f'(x) = 2*x for x < 0, cos(x) otherwise"
    assert first.latex
    assert typeset(first.latex)
    assert second.latex
    assert typeset(second.latex)


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"5 \left(1 - e^{\frac{-t}{0.001}}\right)", r"$5 \left(1 - e^{-t/0.001}\right)$"),
        (r"e^{- \frac{x}{2 y}}", r"$e^{- x/(2 y)}$"),
        (r"e^{\frac{-\left(x + y\right)}{10}}", r"$e^{-\left(x + y\right)/10}$"),
        (r"2e-30 x", r"$2 \cdot 10^{-30} x$"),
        (r"e^{\frac{x^{2} - 1}{2}}", r"$e^{(x^{2} - 1)/2}$"),
        (r"e^{\frac{x}{2} + 1}", r"$e^{\dfrac{x}{2} + 1}$"),
    ],
)
def test_exponents_have_slashes_and_powers_of_ten(latex: str, expected: str) -> None:
    label = typeset(latex)
    assert label
    assert label.text == expected


def test_formulas_are_typeset_and_titles_are_not() -> None:
    (axes,) = drawn("x^2/(x+1)", 0, 1).axes
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels[0] == r"$f\left(x\right) = \dfrac{x^{2}}{x + 1}$"
    figure = Figure()
    with styled():
        fill(figure, lambda _: None, Canvas(title="5$ and $x^2$"))
    (title,) = figure.texts
    assert title.get_text() == "5$ and $x^2$"
    assert not title.get_parse_math()


def test_what_cannot_be_typeset_is_written_as_text() -> None:
    line = Line(0, 0, "f(x)", text="$x$", latex=r"\begin{matrix}x\end{matrix}")
    figure = painted(Lines(plotted("x", 0, 1), [line], Frame("x", "x", (0, 1))))
    (text,) = figure.axes[0].get_legend().get_texts()
    assert text.get_text() == "f(x) = $x$"
    assert not text.get_parse_math()


def test_a_formula_wider_than_the_plot_is_left_out() -> None:
    # As LaTeX 1e300 has 301 digits.
    figure = drawn("1e300*x", -1, 1)
    function, derivative = (text.get_text() for text in figure.axes[0].get_legend().get_texts())
    assert function == r"$f\left(x\right) = 10^{300} x$"
    assert len(derivative) < LONG


def test_a_formula_too_long_for_a_legend_is_left_out() -> None:
    formula = " + ".join(f"sin({k}*x)" for k in range(2, 20))
    function, *_ = lines_of(parse(formula), "x", (0,))
    assert len(formula) > LONG
    assert function.equation == "f(x)"


@pytest.mark.sampled(10)
@pytest.mark.parametrize("name", sorted({row.name for row in BY_NAME.values()}))
def test_matplotlib_typesets_every_function(name: str) -> None:
    if name in ("piecewise", "mod"):
        pytest.skip("its LaTeX has cases or \\bmod, which matplotlib's subset of TeX lacks")
    needed = BY_NAME[name].arity[0] - len(BY_NAME[name].defaults)
    arguments = "2, x" if name == "polygamma" else ", ".join(["x", "2", "3", "4"][: max(needed, 1)])
    (line,) = lines_of(parse(f"{name}({arguments})"), "x", (0,))
    MathTextParser("path").parse(f"${line.latex}$")


@pytest.mark.parametrize(
    ("name", "latex"), [("x", "x"), ("x1", "x_{1}"), ("theta", r"\theta"), ("x_max", "x_{max}")]
)
def test_names_in_latex(name: str, latex: str) -> None:
    assert math_name(name) == latex


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (-1, 1, ["$-\\pi$", "$-3\\pi/4$", "$-\\pi/2$", "$-\\pi/4$", "$0$", "$\\pi/4$",
                 "$\\pi/2$", "$3\\pi/4$", "$\\pi$"]),
        (0, 8, ["$0$", "$\\pi$", "$2\\pi$", "$3\\pi$", "$4\\pi$", "$5\\pi$", "$6\\pi$",
                "$7\\pi$", "$8\\pi$"]),
        (Fraction(1, 6), Fraction(1, 2), ["$\\pi/6$", "$\\pi/4$", "$\\pi/3$", "$5\\pi/12$",
                                          "$\\pi/2$"]),
    ],
)  # fmt: skip
def test_ticks_at_multiples_of_pi(low: float, high: float, labels: list[str]) -> None:
    (axes,) = drawn("sin(x)", float(low) * math.pi, float(high) * math.pi).axes
    assert [label.get_text() for label in axes.get_xticklabels()] == labels


def test_round_ticks_elsewhere() -> None:
    (axes,) = drawn("sin(x)", -10, 10).axes
    assert axes.get_xticks() == pytest.approx(np.arange(-10, 11, 2))


def test_lines_are_told_apart_in_grey() -> None:
    (axes,) = drawn("sin(x)", -3, 3).axes
    function, derivative = (line for line in axes.lines if line.get_label().startswith("f"))
    assert function.get_color() != derivative.get_color()
    assert function.get_linestyle() != derivative.get_linestyle()


@pytest.mark.parametrize(
    ("formula", "expected", "high"),
    [
        ("[cos(t), sin(t)]", "0:2pi", 2 * math.pi),
        ("[cos(3t), sin(2t)]", "0:2pi", 2 * math.pi),
        ("[cos(t/2), sin(t)]", "0:4pi", 4 * math.pi),
        ("[t*cos(t), t*sin(t)]", "0:6pi", 6 * math.pi),
        ("[t, t^3]", "-10:10", 10),
    ],
)
def test_a_curve_goes_once_around(formula: str, expected: str, high: float) -> None:
    function = parse(formula)
    found = curve_range(function, evaluator(function, 1))
    assert (found.text, found.high) == (expected, pytest.approx(high))


def test_a_tangent_and_a_normal_meet_at_right_angles() -> None:
    tangent, normal = picture("x^2", 0, 2, tangents=[number(1)], normals=[number(1)]).straights
    assert (tangent.slope, normal.slope) == (2, -0.5)
    assert tangent.text == "tangent at 1: y = 2x − 1"
    assert normal.text == "normal at 1: y = −0.5x + 1.5"


@pytest.mark.parametrize(
    ("slope", "y", "equation"),
    [(1, 0, "y = x − 2"), (-1, 2, "y = −x + 4"), (0, 3, "y = 3"), (0, 0, "y = 0"),
     (math.inf, 0, "x = 2"), (2, 4, "y = 2x"), (0, -1, "y = −1")],
)  # fmt: skip
def test_the_equation_of_a_straight_line(slope: float, y: float, equation: str) -> None:
    assert StraightLine("tangent", 0, 2, y, slope).equation.replace("-", "−") == equation


def test_points_are_dotted_on_every_line() -> None:
    points = picture("x^2", 0, 2, at=[1.0]).points
    assert [(line.order, x, y) for line, x, y in points] == [(0, 1, 1), (1, 1, 2)]


def test_extrema_are_marked_quietly_and_the_rest_when_asked() -> None:
    quiet = picture("x^3 - x", -2, 2)
    assert [spot.feature for spot in quiet.spots] == [Feature.EXTREMUM] * 2
    names = [text.get_text() for text in painted(quiet).axes[0].get_legend().get_texts()]
    assert len(names) == 2
    asked = painted(picture("x^3 - x", -2, 2, features=[Feature.ZERO])).axes[0]
    assert asked.get_legend().get_texts()[-1].get_text() == "zeros: −1, 0, 1"


def test_the_area_is_shaded_and_the_axis_logarithmic() -> None:
    (axes,) = drawn("exp(x)", -2, 2, fill=True, log="y").axes
    assert axes.get_yscale() == "log"
    assert len(axes.collections) == 1


def test_nothing_positive_has_no_logarithm() -> None:
    assert run(["plot", "-x^2-1", "--orders", "0", "--log", "y", "-o", "log.png"]) == 2


@pytest.mark.sampled(4)
@pytest.mark.parametrize("style", ["diffcli", "diffcli-dark", "ggplot", "grayscale"])
def test_every_style_draws(style: str) -> None:
    assert run(["plot", "|x|", "--range", "-1:1", "--style", style, "-o", "styled.svg"]) == 0


def test_colours_are_told_apart_from_the_ground() -> None:
    for style, ground in (("diffcli", "#ffffff"), ("diffcli-dark", "#14181f")):
        with styled(style):
            for colour in colours():
                assert contrast(colour, ground) > 2


def contrast(first: str, second: str) -> float:
    """The contrast of two colours, 1 to 21: WCAG 2.2, "contrast ratio"."""

    def light(colour: str) -> float:
        parts = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
            for part in to_rgb(colour)
        )
        return sum(w * part for w, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))

    low, high = sorted((light(first), light(second)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(
    ("formula", "latex"),
    [
        ("x/x", r"\frac{x}{x}"),
        ("x^5 - 5x^3 + 4x", r"x^{5} - 5 x^{3} + 4 x"),
        ("x - (y - 1)", r"x - \left(y - 1\right)"),
        ("x - (-x)", r"x - \left(-x\right)"),
        ("2*3*x", r"2 \cdot 3 x"),
        ("sin(x)^2", r"\sin^{2}\left(x\right)"),
        ("1e300*x", r"10^{300} x"),
        ("0.1x", "0.1 x"),
        ("(x+1)!", r"\left(x + 1\right)!"),
        ("|x|^2", r"\left|x\right|^{2}"),
        ("theta1*e^(-pi)", r"\theta_{1} e^{-\pi}"),
        ("x % 2 + 1", r"\left(x \bmod 2\right) + 1"),
        (
            "x if x > 0 else 1",
            r"\begin{cases}x & \text{for}\: x > 0 \\ 1 & \text{otherwise}\end{cases}",
        ),
        ("1 + (x if x > 0 else 1)", None),
    ],
)
def test_a_formula_is_typeset_as_it_was_typed(formula: str, latex: str | None) -> None:
    assert typed_latex(parse(formula).outputs[0]) == latex


def test_a_formula_that_is_endless_is_not_typeset() -> None:
    logistic = "; ".join(["a0 = x", *(f"a{k} = a{k - 1}*(1 - a{k - 1})" for k in range(1, 30))])
    assert typed_latex(parse(f"{logistic}; a29").outputs[0]) is None


@pytest.mark.slow
@pytest.mark.parametrize("formula", ["(-2)^x", "log(-x^2-1)", "x/0", "0", "1e200*x^2", "1e-300*x"])
def test_the_strangest_functions_are_drawn(formula: str) -> None:
    assert run(["plot", formula, "--mark", "zeros,extrema,inflections", "-o", "strange.svg"]) == 0


def test_the_command_line_names_every_kind_and_feature() -> None:
    assert plot.KINDS == KINDS
    assert tuple(feature.value for feature in Feature) == plot.MARKS


def test_a_function_stands_apart_from_its_factor() -> None:
    label = typeset(r"2 x \cos\left(x\right) \operatorname{sgn}\left(x\right) - \frac{\sin x}{2}")
    assert label
    assert label.text == (
        r"$2 x\, \cos\left(x\right)\, \operatorname{sgn}\left(x\right) - \dfrac{\sin x}{2}$"
    )


@pytest.mark.parametrize("formula", ["atan(1000*x)", "exp(x)", "x^9", "exp(-1000*x^2)"])
def test_a_steep_curve_is_not_broken(formula: str) -> None:
    samples = plotted(formula, -10, 10)
    assert samples.breaks == ()
    assert np.isfinite(samples.values).all()


def test_the_engine_finds_the_jumps_of_floor() -> None:
    samples = plotted("floor(x)", -3.5, 3.5)
    found = [(each.kind, each.at, each.value) for each in samples.breaks]
    assert sorted(found, key=lambda each: each[1]) == [(BreakKind.JUMP, k, k) for k in range(-3, 4)]


@pytest.mark.slow
def test_a_plot_takes_little_more_than_its_imports() -> None:
    def seconds(*command: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        subprocess.run([sys.executable, "-c", *command], check=True, capture_output=True)
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before

    program = "from diffcli.cli.main import main; main()"
    plots = [seconds(program, "plot", "sin(x)", "-o", "sine.png") for _ in range(3)]
    imports = [seconds("import torch, sympy, matplotlib.pyplot") for _ in range(3)]
    assert min(plots) < 1.25 * min(imports)


@pytest.mark.parametrize(
    ("formula", "latex"),
    [
        (r"\ln \left(\left|x\right|\right)", r"$\ln \left(|x|\right)$"),
        (r"\left|\frac{x}{2}\right|", r"$\left|\dfrac{x}{2}\right|$"),
        (r"\left|x + \left|y\right|\right|", r"$\left|x + |y|\right|$"),
    ],
)
def test_bars_around_a_letter_are_as_high_as_it(formula: str, latex: str) -> None:
    label = typeset(formula)
    assert label
    assert label.text == latex


def test_arguments_that_nobody_typed_are_not_written() -> None:
    assert typed_latex(parse("zeta(x)").outputs[0]) == r"\zeta\left(x\right)"
    assert typed_latex(parse("zeta(x, 2)").outputs[0]) == r"\zeta\left(x, 2\right)"


EXTREME = [
    ("2^1000",), ("2^1023",), ("1e308*x",), ("-1e200*x",), ("1e-200*x",), ("1e-320*x",),
    ("1e308*x", "--log", "y"), ("exp(x)", "--log", "y", "--range=-700:700"), ("exp(exp(x))",),
    ("sqrt(-1-x^2)",), ("sqrt(-1-x^2)", "x"), ("0*log(-x^2)+1",), ("[x, log(-1-x^2)]",),
    ("d/dx(1/(gamma(x)))", "--range", "x=0:1e5", "--mark", "zeros,poles,kinks"),
    ("abs(x)*1e300", "--tangent", "1", "--normal", "2", "--fill"), ("x^300", "--orders", "0,2,8"),
    ("[1e200*cos t, 1e-200*sin 2t]",), ("[1e308*cos t, sin t]",), ("[1e308*t, sqrt(-1-t^2)]",),
    ("[sqrt(-1-t^2), sqrt(-1-t^2)]",), ("[2^1023*t, 2^1023*t]",),
    ("1e300*x-y", "--range=x=0:1e5,y=-pi:pi"), ("1e240*x-y", "--range=x=0:1e5,y=-pi:pi"),
]  # fmt: skip


@pytest.mark.sampled(20)
@pytest.mark.parametrize("where", ["--term", "-o"])
@pytest.mark.parametrize("typed", EXTREME, ids=" ".join)
@pytest.mark.filterwarnings("error")
def test_what_is_too_large_or_missing_is_drawn_or_refused(
    typed: tuple[str, ...], where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(["plot", *typed, where, *(["p.svg"] if where == "-o" else [])])
    told = capsys.readouterr()
    assert (code, "can't be drawn" in told.err) in ((0, False), (6, True))
    assert bool(told.out) is (where == "--term" and not code)


@pytest.mark.parametrize(
    ("formula", "ticks"),
    [
        ("1e200*x", ["1e201", "-1e201"]),
        ("1e-200*x", ["1e-199", "-1e-199"]),
        ("2^1000", ["2e301", "0e301"]),
    ],
)
def test_the_ticks_of_a_terminal_say_the_power_of_ten(
    formula: str, ticks: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["plot", formula, "--term", "--orders", "0", "--range=-10:10"]) == 0
    shown = [line.rpartition("│")[2].strip() for line in capsys.readouterr().out.splitlines()]
    assert set(ticks) <= set(shown)


def test_samples_are_printed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["plot", "x^2", "--range", "0:2", "--data", "-"]) == 0
    heading, *rows = capsys.readouterr().out.splitlines()
    assert heading.startswith("x,")
    for row in rows:
        x, square, slope = map(float, row.split(","))
        assert square == pytest.approx(x * x)
        assert slope == pytest.approx(2 * x)
    assert len(rows) > 50
    assert not [*tmp_path.iterdir()]
    assert run(["plot", "x^2", "--term", "--data", "-"]) == 2
