"""Where a plot goes without a file: a window, or the terminal, as wide as that is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from matplotlib import pyplot as plt

from diffcli.cli.main import run


@pytest.fixture(autouse=True)
def a_pipe_without_a_screen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


class Window:
    """What matplotlib would open, here noted."""

    def __init__(self) -> None:
        self.opened: list[int] = []

    def show(self) -> None:
        self.opened.append(len(plt.gcf().axes))


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> Iterator[Window]:
    found = Window()
    plt.switch_backend("agg")
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr("diffcli.output.plots.canvas.has_windows", lambda: True)
    monkeypatch.setattr(plt, "show", found.show)
    yield found
    plt.close("all")


@pytest.mark.parametrize("more", [["--show"], []])
def test_a_window_opens_where_there_is_a_screen(
    more: list[str], window: Window, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["plot", "sin(x)", "-q", *more]) == 0
    assert window.opened == [1]
    assert capsys.readouterr().out == ""


def test_a_file_and_a_window(window: Window) -> None:
    assert run(["plot", "x*y", "-q", "--show", "-o", "both.svg"]) == 0
    assert window.opened == [2]  # the plane, and its scale
    assert Path("both.svg").exists()


def test_without_a_screen_the_terminal_is_drawn_in(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert run(["plot", "sin(x)", "-q"]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "f(x) = sin(x)" in out
    assert run(["plot", "sin(x)", "-q", "--show"]) == 2
    assert "no window can be opened here" in capsys.readouterr().err


@pytest.mark.sampled(3)
@pytest.mark.parametrize("columns", [40, 80, 120])
@pytest.mark.parametrize("formula", ["tan(x)", "x*y", "[cos t, sin t]", "[-y, x]"])
def test_a_terminal_plot_fits(
    formula: str,
    columns: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert run(["plot", formula, "-q", "--term"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= columns
    assert max(map(len, lines)) > columns / 2
