"""Live pages, opened by a browser where one is installed: no error, and diffcli's own numbers."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import mpmath
import numpy as np
import pytest

import diffcli
from diffcli.cli.main import run

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--enable-logging=stderr", "--virtual-time-budget=2000", "--dump-dom"),
)
needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")


@pytest.fixture(autouse=True)
def a_folder_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def page(*arguments: str) -> str:
    assert run(["plot", *arguments, "-o", "page.html", "-q"]) == 0
    return Path("page.html").read_text(encoding="utf-8")


def data_of(text: str) -> dict:
    return json.loads(re.search(r'id="plot">(.*)</script>', text)[1])


def opened(fragment: str = "", script: str = "") -> str:
    """Return the page as it stands after it was opened, and a script was run in it."""
    text = Path("page.html").read_text(encoding="utf-8")
    # A module that follows another in the page runs after it, and sees what it has drawn.
    more = f'<script type="module">{script}</script></body>'
    Path("opened.html").write_text(text.replace("</body>", more), encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        address = f"{Path('opened.html').resolve().as_uri()}{fragment}"
        command = [BROWSER, *FLAGS, f"--user-data-dir={folder}", address]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert "CONSOLE" not in done.stderr
    return done.stdout


def numbers_in(dom: str) -> list[float]:
    return [float(each) for each in re.findall(r'<data value="([^"]+)"', dom)]


def test_a_page_needs_nothing_else() -> None:
    text = page("a*sin(x)*exp(-x/5)", "--slider", "a=0:2", "--at", "a=0.5", "--title", "1 < 2 & 3")
    assert not re.search(r'(?:src|href)="(?!data:)', text)
    assert "1 &lt; 2 &amp; 3" in text
    assert len(text) < 200_000
    assert "Copyright (c) 2022 Leon Sorokin" in text
    data = data_of(text)
    assert data["parameters"] == [{"name": "a", "low": 0.0, "high": 2.0, "start": 0.5}]
    assert data["coordinates"] == ["x"]


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["a*x", "--slider", "a=0:2", "-o", "a.png"], 2),
        (["a*x", "--slider", "b=0:2", "-o", "a.html"], 2),
        (["a*x", "--slider", "a=0:2", "--at", "a=3", "-o", "a.html"], 2),
        (["a*x", "--at", "a=3,x=1", "-o", "a.png"], 2),
        (["x^2 + y^2 = a", "--slider", "a=1:9", "-o", "a.html"], 2),
        (["[y, -x]", "-o", "a.html"], 2),
        (["[cos t, sin t, t]", "-o", "a.html"], 2),
        (["x", "--fill", "-o", "a.html"], 2),
        (["besselj(0, x)", "-o", "a.html"], 2),
        (["x", "--style", "ggplot", "-o", "a.html"], 2),
    ],
)
def test_what_a_page_cannot_show_is_refused(arguments: list[str], code: int) -> None:
    assert run(["plot", *arguments]) == code
    assert not Path(arguments[-1]).exists()


def test_a_named_value_holds_a_variable() -> None:
    assert run(["plot", "a*x", "--at", "a=3", "--range", "0:2", "--data", "d.csv", "-q"]) == 0
    rows = Path("d.csv").read_text(encoding="utf-8").splitlines()
    assert rows[0] == "x,f,f'"
    assert rows[-1] == "2.0,6.0,3.0"


@needs_browser
def test_the_crosshair_reads_the_function_and_its_derivative() -> None:
    page("a*sin(x)*exp(-x/5)", "--slider", "a=0:2")
    value, slope = numbers_in(opened("#x=2.5&a=0.7"))
    with mpmath.workdps(30):
        x, a = mpmath.mpf("2.5"), mpmath.mpf(0.7)
        decay = mpmath.exp(-x / 5)
        truth = a * mpmath.sin(x) * decay
        assert value == pytest.approx(float(truth), rel=1e-12)
        true_slope = a * mpmath.cos(x) * decay - truth / 5
        assert slope == pytest.approx(float(true_slope), rel=1e-12)


@pytest.mark.slow
@needs_browser
def test_a_page_of_lines_answers_to_keys_sliders_and_the_legend() -> None:
    page("tan(a*x)", "--slider", "a=0.5:2", "--range=-3:3")
    script = """
      const key = (name) => byId("chart").dispatchEvent(new KeyboardEvent("keydown", {key: name}));
      const byId = (id) => document.getElementById(id);
      byId("slider-a").value = 1;
      byId("slider-a").dispatchEvent(new Event("input"));
      key("ArrowRight"); key("+"); key("ArrowRight");
      document.querySelectorAll("#legend button")[1].click();
      byId("fit").click();
    """
    dom = opened(script=script)
    (value,) = numbers_in(dom)  # the derivative is hidden
    assert value == pytest.approx(float(mpmath.tan(mpmath.mpf("0.05"))), rel=1e-12)
    assert 'aria-pressed="false"' in dom
    assert "tangent y = " in dom


@pytest.mark.slow
@needs_browser
def test_a_surface_reads_its_gradient() -> None:
    page("a*x^2*y - sin(y)", "--slider", "a=-1:2")
    value, across, up = numbers_in(opened("#x=0.5&y=1.25&a=2"))
    assert value == pytest.approx(2 * 0.25 * 1.25 - float(mpmath.sin(1.25)), rel=1e-12)
    assert across == pytest.approx(2 * 2 * 0.5 * 1.25, rel=1e-12)
    assert up == pytest.approx(2 * 0.25 - float(mpmath.cos(1.25)), rel=1e-12)


def test_a_page_has_the_branches_of_an_equation() -> None:
    data = data_of(page("y^2 = x^3 - x", "--range", "x=-2:2,y=-2:2", "--tangent", "-1,0"))
    (line,) = data["lines"]
    assert len(line["paths"]) == 2
    residuals = [y**2 - x**3 + x for path in line["paths"] for x, y in path]
    assert residuals == pytest.approx([0] * len(residuals), abs=1e-12)
    assert data["straights"] == [{"x": -1.0, "y": 0.0, "slope": None}]
    assert not data["parameters"]


def test_a_page_has_the_cells_of_a_region() -> None:
    data = data_of(page("x^2 + y^2 < 25 and y >= x", "--range", "x=-6:6,y=-6:6"))
    (region,) = data["lines"]
    cells = region["inside"]
    side = cells["columns"]
    lengths = [*cells["runs"], side * side - sum(cells["runs"])]
    inside = np.repeat(np.arange(len(lengths)) % 2 == 1, lengths).reshape(side, side)
    corners = np.linspace(-6, 6, side + 1)
    low, high = corners[:-1], corners[1:]
    (left, down), (right, up) = np.meshgrid(low, low), np.meshgrid(high, high)
    far = np.maximum(abs(left), abs(right)) ** 2 + np.maximum(abs(down), abs(up)) ** 2
    holds = (far < 25) & (down >= right)
    near = np.minimum(abs(left), abs(right)) ** 2 + np.minimum(abs(down), abs(up)) ** 2
    assert not (inside & ((near >= 25) | (up < left))).any()
    assert (inside & holds).sum() >= 0.99 * holds.sum() > 0
    assert region["strict"]
    assert all(x * x + y * y == pytest.approx(25) for path in region["strict"] for x, y in path)
    assert all(x == pytest.approx(y, abs=1e-12) for path in region["paths"] for x, y in path)


@pytest.mark.slow
@needs_browser
def test_a_region_is_shaded() -> None:
    page("x^2 + y^2 < 25 and y >= x", "--range", "x=-6:6,y=-6:6")
    script = """
      const canvas = document.querySelector("#chart canvas"), { width, height } = canvas;
      const copy = Object.assign(document.createElement("canvas"), { width, height });
      const pen = copy.getContext("2d", { willReadFrequently: true });
      pen.drawImage(canvas, 0, 0);
      const middle = [(width + 48) / 2, (height - 24) / 2];
      const shade = (x, y) =>
        pen.getImageData(middle[0] + x, middle[1] - y, 1, 1).data.slice(0, 3).join();
      document.title = [shade(-30, 40), shade(40, -30)].join(" ");
    """
    inside, outside = re.search(r"<title>(\S+) (\S+)</title>", opened(script=script)).groups()
    assert outside == "255,255,255"
    assert inside != outside


@needs_browser
def test_a_path_reads_its_points() -> None:
    page("r = 1 + cos(theta)")
    script = """
      const chart = document.getElementById("chart");
      const key = new KeyboardEvent("keydown", { key: "ArrowRight", shiftKey: true });
      for (let press = 0; press < 12; press++) chart.dispatchEvent(key);
    """
    x, y, angle, slope = map(mpmath.mpf, numbers_in(opened(script=script)))
    radius = 1 + mpmath.cos(angle)
    assert angle > 0
    assert float(x) == pytest.approx(float(radius * mpmath.cos(angle)), rel=1e-12)
    assert float(y) == pytest.approx(float(radius * mpmath.sin(angle)), rel=1e-12)
    rise = mpmath.cos(angle) + mpmath.cos(2 * angle)
    run_ = -mpmath.sin(angle) - mpmath.sin(2 * angle)
    assert float(slope) == pytest.approx(float(rise / run_), rel=1e-11)


PAGES = {
    "wave": (["a*sin(x)*exp(-x/5)", "--slider", "a=0:2"], "#x=1.25&a=0.75"),
    "poles": (["tan(a*x)", "--slider", "a=0.5:2", "--range=-3:3"], "#x=0.5&a=1.5"),
    "jumps": (["floor(a*x)", "--slider", "a=1:3", "--range=-3:3"], "#x=0.3&a=2"),
    "bell": (["exp(-(x-m)^2)", "--slider", "m=-1:1", "--orders", "0,1,2"], "#x=0.4&m=0.1"),
    "two": (["sin(k*x)", "cos(k*x)", "--slider", "k=1:4"], "#x=0.7&k=3"),
    "logarithm": (["exp(a*x)", "--slider", "a=0.5:2", "--log", "y", "--range=-2:2"], "#x=1&a=1.1"),
    "root": (["sqrt(x + a)", "--slider", "a=0:3"], "#x=2&a=1"),
    "steep": (["tanh(s*x)", "--slider", "s=1:50", "--range=-1:1"], "#x=0.01&s=30"),
    "surface": (["x^2*y - a*sin(y)", "--slider", "a=-1:2"], "#x=0.5&y=1.25&a=2"),
    "hat": (
        ["exp(-a*(x^2+y^2))", "--slider", "a=0.1:1", "--kind", "surface"],
        "#x=0.5&y=0.3&a=0.5",
    ),
}


@pytest.mark.slow
@needs_browser
@pytest.mark.parametrize("name", PAGES)
def test_ten_pages_show_the_numbers_of_the_engines(name: str) -> None:
    arguments, place = PAGES[name]
    is_surface = data_of(page(*arguments))["kind"] == "surface"
    point = {key: float(value) for key, value in re.findall(r"(\w+)=([\d.]+)", place)}
    orders = (0, 1, 2) if "0,1,2" in arguments else (0, 1)
    expected = []
    for formula in arguments[: 1 + (name == "two")]:
        function = diffcli.parse(formula, variables=list(point))
        expected.append(float(function(**point)))
        if is_surface:
            gradient = function.grad(**point).derivative
            expected += [gradient["x"], gradient["y"]]
        else:
            expected += [float(function.partial(*["x"] * n, **point)) for n in orders[1:]]
    assert numbers_in(opened(place)) == pytest.approx(expected, rel=1e-12)


REDRAWN = """
  let clock = 0, channels = [], resting = null;
  const frames = [];
  globalThis.requestAnimationFrame = (draw) => frames.push(draw);
  globalThis.MessageChannel = class {
    constructor() {
      const port1 = { close() {} };
      channels.push(port1);
      Object.assign(this, { port1, port2: { postMessage() {} } });
    }
  };
  Object.defineProperty(globalThis, "performance", { value: { now: () => clock } });
  globalThis.setTimeout = (rest) => { resting = rest; };
  globalThis.clearTimeout = () => { resting = null; };
  const costs = [40, 20, 5], drawn = [];
  const move = coarseThenFine(3, (level) => { drawn.push(level); clock += costs[level] ?? 90; });
  const frame = () => {
    frames.splice(0).forEach((draw) => draw());
    channels.splice(0).forEach((port) => port.onmessage());
  };
  for (let k = 0; k < 3; k++) { move(); move(); frame(); }
  resting(); frame();
  move(); frame();
  console.log(JSON.stringify(drawn));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="node isn't installed")
def test_a_slider_draws_once_per_frame_coarser_where_that_is_slow_and_in_full_at_rest() -> None:
    import diffcli.output.plots.live.page as home

    code = Path(home.__file__).with_name("redrawing.js").read_text(encoding="utf-8")
    done = subprocess.run(
        ["node", "-e", code + REDRAWN], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == [0, 1, 1, None, 0]


SAMPLED = """
  const found = sampled((x) => [%s], -3, 3, [-5, 5]);
  const broken = found.points.filter((each) => Number.isNaN(each.row[0])).map((each) => each.x);
  console.log(JSON.stringify({ broken, poles: found.poles, count: found.points.length }));
"""


@pytest.mark.sampled(3)
@pytest.mark.skipif(shutil.which("node") is None, reason="node isn't installed")
@pytest.mark.parametrize(
    ("line", "broken", "poles"),
    [
        ("Math.floor(x)", [-2, -1, 0, 1, 2, 3], []),
        ("Math.tan(x)", [-mpmath.pi / 2, mpmath.pi / 2], [-mpmath.pi / 2, mpmath.pi / 2]),
        ("Math.atan(1e6 * x)", [], []),
        ("Math.cbrt(x)", [], []),
        ("Math.floor(x), Math.sqrt(x)", [-2, -1, 0, 1, 2, 3], []),
    ],
)
def test_lines_of_a_page_end_where_they_break(line: str, broken: list, poles: list) -> None:
    import diffcli.output.plots.live.page as home

    code = Path(home.__file__).with_name("sampling.js").read_text(encoding="utf-8")
    done = subprocess.run(
        ["node", "-e", code + SAMPLED % line], capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    # Two lines that break at one place each have a gap of their own there.
    places = sorted({round(each, 12) for each in found["broken"]})
    assert places == pytest.approx([float(each) for each in broken], abs=1e-9)
    assert found["poles"] == pytest.approx([float(each) for each in poles], abs=1e-9)
    assert found["count"] < 5000
