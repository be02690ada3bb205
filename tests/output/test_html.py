"""Pages of answers: well-formed, whole, and readable without colours."""

from __future__ import annotations

from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import pytest

import diffcli
from diffcli.cli.main import run
from diffcli.output.html import math
from diffcli.output.notes import MARKS

ANSWERS = {
    "one number": ["grad", "x^2*sin(y)", "--at", "1,2"],
    "several points": ["grad", "abs(x)", "--at", "x=-1;x=0;x=2"],
    "a matrix": ["hessian", "x^2*y + exp(-x)", "--at", "1,2"],
    "tensors": ["grad", "x.T @ A @ x", "--at", "x=[1,2],A=[[1,2],[3,4]]"],
    "a formula alone": ["grad", "x<y^2", "--wrt", "y"],
    "tables": ["critical", "x^3 - 3x"],
    "steps": ["steps", "x^2*sin(x)"],
    "a proof": ["prove", "x^2 >= 0", "--in", "x=0:1"],
}
VOID = {"meta"}


class Page(HTMLParser):
    """Reads a page, whose elements must be closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.met: list[str] = []
        self.words = ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002  (its signature)
        self.met.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words += data


@pytest.mark.sampled(2)
@pytest.mark.parametrize("arguments", ANSWERS.values(), ids=ANSWERS)
def test_a_page_is_whole(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    run([*arguments, "--format", "html"])
    page = Page(capsys.readouterr().out)
    assert page.met[:1] == ["html"]
    assert page.words.strip()
    assert not {"script", "link", "img"} & set(page.met)


def test_a_page_says_formulas_numbers_and_verdicts(tmp_path: Path) -> None:
    path = tmp_path / "answer.html"
    run([*ANSWERS["several points"], "-o", str(path)])
    page = Page(path.read_text(encoding="utf-8"))
    assert page.met.count("math") == 6  # both sides of f and of f′, and the legend of the plot
    for words in ("certified", "not differentiable", "left derivative -1, right derivative 1"):
        assert words in page.words
    assert page.words.count("certified") == 2


def test_steps_fold() -> None:
    page = Page(diffcli.parse("x^2*sin(x)").steps().to("html"))
    assert page.met.count("details") == page.met.count("summary") >= 3


def test_a_page_holds_one_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "answer.html"
    monkeypatch.setattr("sys.stdin", StringIO("x^2\nx^3\n"))
    assert run(["grad", "-", "-o", str(path)]) == 2
    assert not path.exists()


def test_what_is_typed_is_no_markup() -> None:
    page = diffcli.parse("piecewise((x, x < 1), (2, True))").grad(x=0).to("html")
    assert "x < 1" not in page
    Page(page)


def test_primes_stand_beside_their_name() -> None:
    assert "<msup>" not in math("f'(x)")
    assert "<msup>" in math("x^{2}")


def test_a_notebook_shows_the_answer_typeset() -> None:
    shown = diffcli.parse("x^2").grad(x=3)._repr_html_()
    assert "dot at (3, 9) on f(x)" in shown
    assert shown.startswith('<div class="diffcli">')
    assert MARKS[diffcli.Verdict.CERTIFIED] in shown
    Page(shown)


def figure(*arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
    """The plot on the page of an answer, "" where there is none."""
    run([*arguments, "--format", "html"])
    _, start, rest = capsys.readouterr().out.partition("<figure")
    return start + rest.partition("</figure>")[0]


def test_a_plot_stands_beside_the_answer(capsys: pytest.CaptureFixture[str]) -> None:
    plot = figure("grad", "x^3 - 3x", "--at", "2", capsys=capsys)
    told = plot.partition('aria-label="')[2].partition('"')[0]
    assert "dot at (2, 2) on f(x)" in told
    assert "dot at (2, 9) on f&#x27;(x)" in told
    assert "extrema at -1, 1" in told
    # Both turning points and the dots lie within the frame.
    assert plot.count("<circle") == 4
    assert "prefers-color-scheme: dark" in plot


def test_no_dot_stands_where_there_is_no_derivative(capsys: pytest.CaptureFixture[str]) -> None:
    plot = figure("grad", "|x|", "--at", "0", capsys=capsys)
    assert "dot at (0, 0) on f(x)" in plot
    assert "on f&#x27;(x)" not in plot


def test_a_far_point_is_seen(capsys: pytest.CaptureFixture[str]) -> None:
    plot = figure("grad", "1/x", "--at", "0.001", capsys=capsys)
    assert "dot at (0.001, 1000) on f(x)" in plot
    assert "poles at 0" in plot


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["grad", "x*y", "--at", "7,-8"], "Contours of f(x, y) = x*y; dot at (7, -8)"),
        (["jacobian", "[x*y, x-y]", "--at", "1,2"], "Arrows of f(x, y); dot at (1, 2)"),
        (["jacobian", "[cos t, sin t]", "--at", "pi/2"], "Curve f(t); at t = pi/2: y = 1"),
        (["jacobian", "sin t", "cos t", "--at", "0"], "f1(t); f2(t); dot at (0, 1) on f2(t)"),
        (
            ["implicit", "x^2 + y^2 = 25", "--at", "3,4"],
            "Curve of x^2 + y^2 = 25; y = −0.75x + 6.25",
        ),
        (["taylor", "sin(x)", "--order", "3"], "sin(x); T1(x); T3(x)"),
        (["critical", "x^2 + y^2 - x*y"], "Contours of f(x, y); minimum at (0, 0)"),
        (["descend", "x^2 + 4y^2", "--from", "1,1", "--steps", "5"], "Path of 5 steps from (1, 1)"),
    ],
)
def test_each_study_has_its_own_picture(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    plot = figure(*arguments, capsys=capsys)
    told = plot.partition('aria-label="')[2].partition('"')[0]
    for words in said.split("; "):
        assert words in told
    assert "<svg" in plot
    assert "<metadata" not in plot


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "arguments",
    [
        ["grad", "x*y*z", "--at", "1,2,3"],
        ["grad", "x.T @ x", "--at", "x=[1,2]"],
        ["prove", "x >= 0", "--in", "x=0:1"],
        ["eval", "sqrt(-1-x^2)", "--at", "1"],
    ],
)
def test_nothing_is_drawn_where_nothing_can_be(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert figure(*arguments, capsys=capsys) == ""


def test_the_sides_of_an_equation_are_typeset(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["implicit", "x^2 + y^2 = 25", "--format", "latex"]) == 0
    assert "x^{2} + y^{2} &= 25" in capsys.readouterr().out
