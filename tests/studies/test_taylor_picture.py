"""The picture of a Taylor polynomial: which lines there are, what they are called, their frame."""

from __future__ import annotations

from math import exp, factorial
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from diffcli.cli.main import run
from diffcli.differentiation import Settings
from diffcli.errors import UsageError
from diffcli.language.parser import parse
from diffcli.language.points import read_points
from diffcli.output.plots.canvas import styled
from diffcli.output.plots.kinds.lines import Lines
from diffcli.studies.taylor.expansion import expand
from diffcli.studies.taylor.picture import MOST, expansion_picture


def drawn(formula: str, place: str, order: int) -> Lines:
    function = parse(formula)
    point = read_points([place])[0].bind(function.variables)
    _, (found,) = expand(function, [point], Settings(budget=2), order=order)
    return expansion_picture(function, found)


def test_every_polynomial_that_differs_has_a_line_in_the_frame_of_the_function() -> None:
    picture = drawn("sin(x)", "0", 5)
    assert [line.equation for line in picture.lines] == [
        "f(x) = sin(x)",
        "T1(x) = T2(x) = x",
        "T3(x) = T4(x) = x - x**3/6",
        "T5(x) = x - x**3/6 + x**5/120",
    ]
    x = picture.samples.x
    cubic, quintic = x - x**3 / 6, x - x**3 / 6 + x**5 / 120
    for row, expected in enumerate((np.sin(x), x, cubic, quintic)):
        np.testing.assert_allclose(picture.samples.values[row, 0], expected, rtol=0, atol=1e-12)
    assert picture.frame.y_range == pytest.approx((-1.1, 1.1), abs=1e-3)
    with styled():
        picture.paint(figure := Figure())
    (axes,) = figure.axes
    legend = axes.get_legend()
    assert legend is not None
    assert len({handle.get_color() for handle in legend.get_lines()}) == len(picture.lines)


def test_polynomials_are_drawn_with_all_digits_and_of_many_some() -> None:
    function = parse("exp(x)")
    without_forms = Settings(engines=("autograd", "enclosure"))
    _, (found,) = expand(
        function, [read_points(["0.3"])[0].bind(("x",))], without_forms, order=9, digits=3
    )
    picture = expansion_picture(function, found)
    steps = picture.samples.x - 0.3
    expected = sum(exp(0.3) * steps**k / factorial(k) for k in range(10))
    np.testing.assert_allclose(picture.samples.values[-1, 0], expected, rtol=1e-9, atol=1e-9)
    names = [line.equation for line in picture.lines[1:]]
    assert (names[0], names[-1], len(names)) == ("T1(x)", "T9(x)", MOST)


def test_the_range_is_moved_to_a_point_beyond_it() -> None:
    low, high = drawn("x^2", "100", 1).frame.x_range
    assert (low + high) / 2 == 100


def test_orders_without_a_number_are_left_out() -> None:
    assert [line.name for line in drawn("abs(x)*x", "0", 3).lines] == ["f(x)", "T1(x)"]
    with pytest.raises(UsageError, match="no polynomial"):
        drawn("log(x)", "0", 2)


def test_the_command_draws_and_shows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "taylor.svg"
    assert run(["taylor", "x^2", "--at", "1", "--order", "2", "-o", str(file)]) == 0
    assert file.read_bytes().startswith(b"<?xml")
    assert "T2" in capsys.readouterr().out


@pytest.mark.parametrize("typed", ["x*y", "x^2 --at 1;2", "sum(x^2) --at x=[1,2]", "5"])
def test_what_has_no_such_picture_is_refused(typed: str, tmp_path: Path) -> None:
    file = tmp_path / "taylor.svg"
    assert run(["taylor", *typed.split(), "--order", "2", "-o", str(file)]) == 2
    assert not file.exists()
