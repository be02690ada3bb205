"""Points and ranges are read exactly, bound to the variables, and refused with the remedy."""

from __future__ import annotations

import subprocess
import sys
from fractions import Fraction
from math import pi, sqrt

import numpy as np
import pytest
from flint import arb

from diffcli.engines.coordinates import array
from diffcli.engines.enclosure import constant_value
from diffcli.engines.exact import nearest, rational
from diffcli.engines.progressions import exact
from diffcli.errors import LimitError, PointError
from diffcli.language.expression import node, number
from diffcli.language.parser import parse
from diffcli.language.points import Point, read_points
from diffcli.language.ranges import read_ranges
from diffcli.language.uncertain import read_measured


def bound(*texts: str, variables: str = "x y") -> list[Point]:
    return [typed.bind(variables.split()) for typed in read_points(texts)]


def floats(point: Point) -> dict[str, object]:
    return {name: array(value).tolist() for name, value in point.values.items()}


@pytest.mark.parametrize(
    ("texts", "points"),
    [
        (["3,4"], [{"x": 3, "y": 4}]),
        (["x=3,y=4"], [{"x": 3, "y": 4}]),
        (["y=4", "x=3"], [{"x": 3, "y": 4}]),
        (["x=1;x=2", "y=3"], [{"x": 1, "y": 3}, {"x": 2, "y": 3}]),
        (["1,2;3,4"], [{"x": 1, "y": 2}, {"x": 3, "y": 4}]),
        (["x=pi/4, y=-1e-3"], [{"x": pi / 4, "y": -0.001}]),
        (["x=sqrt(2),y=1/3"], [{"x": sqrt(2), "y": 1 / 3}]),
        (["x=[0,1/3,pi],y=2"], [{"x": [0, 1 / 3, pi], "y": 2}]),
        (["x=[[1,2],[3,4]],y=-0.5"], [{"x": [[1, 2], [3, 4]], "y": -0.5}]),
        (["x=linspace(0,1,5),y=arange(3)"], [{"x": [0, 0.25, 0.5, 0.75, 1], "y": [0, 1, 2]}]),
        (["x=ones(2,2),y=eye(2)"], [{"x": [[1, 1], [1, 1]], "y": [[1, 0], [0, 1]]}]),
        (["x=0.1+0.2,y=arange(1,2,0.5)"], [{"x": 0.3, "y": [1, 1.5]}]),
    ],
)
def test_points(texts: list[str], points: list[dict[str, object]]) -> None:
    assert [floats(point) for point in bound(*texts)] == points


def test_values_stay_exact() -> None:
    (point,) = bound("x=0.1,y=[pi/2,1/3]")
    assert [repr(entry) for entry in exact(point.values["x"]) or []] == ["<Node 0.1>"]
    assert [repr(entry) for entry in exact(point.values["y"]) or []] == [
        "<Node pi/2>",
        "<Node 1/3>",
    ]
    (drawn,) = bound("x=rand(3),y=0")
    assert exact(drawn.values["x"]) is None


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("linspace(0,1,11)", [Fraction(k, 10) for k in range(11)]),
        ("linspace(-0.3,0.3,7)", [Fraction(k, 10) for k in range(-3, 4)]),
        ("linspace(1/3,1,3)", [Fraction(k, 3) for k in (1, 2, 3)]),
        ("linspace(5,6,1)", [Fraction(5)]),
        ("arange(3)", [Fraction(k) for k in range(3)]),
        ("arange(1,1.3,0.1)", [Fraction(k, 10) for k in (10, 11, 12)]),
        ("arange(0.3,0,-0.1)", [Fraction(k, 10) for k in (3, 2, 1)]),
        ("arange(2,1)", []),
    ],
)
def test_grids_are_exact(text: str, entries: list[Fraction]) -> None:
    (point,) = bound(f"x={text},y=0")
    found = exact(point.values["x"]) or []
    assert [rational(each) for each in found] == entries
    assert array(point.values["x"]).tolist() == [float(each) for each in entries]


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("linspace(-pi,pi,5)", ["-pi", "-pi/2", "0", "pi/2", "pi"]),
        ("linspace(0,pi/3,3)", ["0", "pi/6", "pi/3"]),
        ("linspace(1,e,3)", ["1", "(1+e)/2", "e"]),
        ("arange(0,2*pi,pi/2)", ["0", "pi/2", "pi", "3*pi/2"]),
        ("arange(-e,2,1)", ["-e", "1-e", "2-e", "3-e", "4-e"]),
        ("arange(0,4,sqrt(2))", ["0", "sqrt(2)", "2*sqrt(2)"]),
    ],
)
def test_grids_of_constants_are_exact(text: str, entries: list[str]) -> None:
    (point,) = bound(f"x={text},y=0")
    found = exact(point.values["x"]) or []
    for one, other in zip(found, entries, strict=True):
        (expected,) = bound(f"x={other},y=0")
        apart = node("add", one, node("neg", expected.values["x"]))
        assert abs(constant_value(apart, 400)) < arb(2) ** -300
        assert (one == number(0)) == (other == "0")
    floats = array(point.values["x"]).tolist()
    assert floats == [nearest(each) for each in found]


def test_a_grid_of_very_many_points_is_made_of_floats_alone() -> None:
    (point,) = bound("x=linspace(-pi,e,2000001),y=0")
    entries = exact(point.values["x"]) or []
    floats = array(point.values["x"])
    for place in (0, 1, 999_999, 2_000_000):
        assert floats[place] == pytest.approx(nearest(entries[place]), rel=1e-15)


def test_random_points_follow_the_seed() -> None:
    (point,) = bound("x=rand(2,3),y=randn(4)")
    first, again = (array(point.values["x"], seed=7) for _ in range(2))
    assert first.shape == (2, 3)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, array(point.values["x"], seed=8))
    assert array(point.values["y"]).shape == (4,)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("3", "no value for y"),
        ("1,2,3", "3 values for the 2 variables x, y"),
        ("x=1,y=2,z=3", "z is not in the formula"),
        ("x=1,x=2,y=3", "x has two values"),
        ("x=1,2", "x has two values"),
        ("x=y,y=1", "y has no value here"),
        ("x=,y=1", "a value is missing"),
        ("x=1,,y=2", "a value is missing"),
        ("x=[1,[2]],y=1", "rows of different lengths"),
        ("x=[],y=1", "an empty list"),
        ("x=[1,2,y=1", "y has no value here"),
        ("x=[1,2;y=1", "should close '['"),
        ("x=1 2,y=1", "two numbers side by side"),
        ("x=linspace(0,1),y=1", "linspace takes 3 arguments"),
        ("x=__import__('os'),y=1", "begin with a letter"),
        ("x=9**9**9,y=1", "too large"),
    ],
)
def test_unreadable_points(text: str, words: str) -> None:
    with pytest.raises((PointError, LimitError), match=None) as caught:
        bound(text)
    assert words in str(caught.value)
    assert caught.value.exit_code in (2, 6)


def test_one_variable_is_named_in_the_singular() -> None:
    with pytest.raises(PointError, match="1 value for a formula without variables"):
        read_points(["1"])[0].bind(())
    with pytest.raises(PointError, match="2 values for the 1 variable x"):
        bound("1,2", variables="x")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("inf", PointError),
        ("1/0", PointError),
        ("sqrt(-1)", PointError),
        ("log(-1)", PointError),
        ("1e400", PointError),
        ("linspace(0,1,10^12)", LimitError),
        ("eye(10^6)", LimitError),
        ("rand(10^5,10^5)", LimitError),
        ("zeros(1.5)", PointError),
        ("arange(0,1,0)", PointError),
    ],
)
def test_values_that_no_tensor_can_hold(text: str, error: type[Exception]) -> None:
    (point,) = bound(text, variables="x")
    with pytest.raises(error):
        array(point.values["x"])


def test_ranges() -> None:
    def ends(text: str) -> dict[str, tuple[float, float]]:
        found = read_ranges(text, ["x", "y"])
        return {name: (float(array(a)), float(array(b))) for name, (a, b) in found.items()}

    assert ends("-20:20") == {"x": (-20, 20)}
    assert ends("x=0:2pi,y=-1:1") == {"x": (0, 2 * pi), "y": (-1, 1)}
    assert ends("[-2,5]") == {"x": (-2, 5)}
    assert ends("x=[0, 2pi],y=-1:1") == {"x": (0, 2 * pi), "y": (-1, 1)}
    wrong = "3 0: [0] [0,1,2] [0,1:2] (0,1) z=0:1 x=0:1,x=1:2 0:1,2:3,4:5 0:1; a:b"
    for text in wrong.split():
        with pytest.raises(PointError):
            read_ranges(text, ["x", "y"])


@pytest.mark.parametrize(
    ("typed", "column"), [("x=3±0.1q, y=2", 4), ("x=3q±0.1, y=2", 2), ("x=3, y=2+-(0.2", 10)]
)
def test_an_error_in_a_measured_value_shows_what_was_typed(typed: str, column: int) -> None:
    with pytest.raises(PointError) as caught:
        read_measured([typed])
    assert caught.value.text == typed
    assert caught.value.column == column


def test_more_values_than_names_that_may_be_products_are_told_so() -> None:
    function = parse("xy")
    with pytest.raises(PointError, match=r"write x\*y"):
        read_points(["2,3"])[0].bind(function.variables)


def test_a_node_names_its_operation_before_the_printer_is_loaded() -> None:
    script = (
        "import sys\n"
        "from diffcli.language.expression import node, number, variable\n"
        "assert 'diffcli.language.printer' not in sys.modules\n"
        "print(number(2), node('sin', variable('x')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "<Node 2> <Node sin>\n"


@pytest.mark.parametrize("typed", ["x=(0,1)", "(0, 1)", "x=0:1,y=(0,2]", "x=[0,1)"])
def test_an_interval_without_its_ends_is_no_range(typed: str) -> None:
    with pytest.raises(PointError, match="without an end") as refused:
        read_ranges(typed, ["x", "y"])
    assert refused.value.hint == "write x=0:1, or x=[0,1]"


def test_a_function_of_two_numbers_ends_a_range() -> None:
    low, high = read_ranges("x=min(0,1):max(1,2)", ["x"])["x"]
    assert (low.op, high.op) == ("min", "max")
