"""Equations and conditions over the plane; numpy's signs on finer grids are the oracle."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import mpmath
import numpy as np
import pytest

from diffcli.errors import NoDerivativeError, PointError
from diffcli.language.equations import is_equation, is_implicit, read_equations
from diffcli.language.expression import number
from diffcli.language.function import Function
from diffcli.language.parser import parse
from diffcli.studies.relations import cells
from diffcli.studies.relations.bounding import ComponentBounds
from diffcli.studies.relations.components import components
from diffcli.studies.relations.grid import grid_over
from diffcli.studies.relations.notable import notable_points
from diffcli.studies.relations.ranges import default_ranges
from diffcli.studies.relations.reading import relations_of
from diffcli.studies.relations.scene import Scene, Shown, curves_of, scene_over
from diffcli.studies.relations.tangents import tangent_at

NAMES = ("x", "y")
FINER = 8
"""Parts of a cell's side that the oracle looks at."""


def read(text: str) -> Function:
    if is_equation(text):
        return read_equations(text, variables=NAMES).function
    return parse([text], variables=NAMES)


def scene(
    text: str, x: tuple[float, float] = (-2, 2), y: tuple[float, float] = (-2, 2), most: int = 80
) -> Scene:
    relations = relations_of(read(text))
    assert relations is not None
    return scene_over(relations, NAMES, (x, y), most)


def shown(text: str, *ranges: tuple[float, float], most: int = 80) -> Shown:
    (found,) = scene(text, *ranges, most=most).shown
    return found


def changes_sign(found: Scene, f: Callable[..., np.ndarray]) -> np.ndarray:
    """Return the cells in which a function that is continuous has both signs on a finer grid."""
    x, y = (
        np.concatenate(
            [np.linspace(*ends, FINER + 1)[:-1] for ends in pairwise(side)] + [side[-1:]]
        )
        for side in (found.grid.x, found.grid.y)
    )
    signs = np.sign(f(*np.meshgrid(x, y)))
    rows, columns = found.grid.shape
    cells = np.zeros((rows, columns), bool)
    for row in range(rows):
        band = signs[row * FINER : (row + 1) * FINER + 1]
        for column in range(columns):
            part = band[:, column * FINER : (column + 1) * FINER + 1]
            cells[row, column] = part.min() <= 0 <= part.max()
    return cells


CURVES: dict[str, Callable[..., np.ndarray]] = {
    "x^2 + y^2 = 2": lambda x, y: x**2 + y**2 - 2,
    "y^2 = x^3 - x": lambda x, y: y**2 - x**3 + x,
    "(x^2+y^2)^2 = 2(x^2-y^2)": lambda x, y: (x**2 + y**2) ** 2 - 2 * (x**2 - y**2),
    "x^3 + y^3 = 3x*y": lambda x, y: x**3 + y**3 - 3 * x * y,
    "sin(3x) = cos(2y)": lambda x, y: np.sin(3 * x) - np.cos(2 * y),
    "y = x*y^2 + exp(x*y) - 2": lambda x, y: y - x * y**2 - np.exp(x * y) + 2,
    "|x| + |y| = 1": lambda x, y: np.abs(x) + np.abs(y) - 1,
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("text", CURVES)
def test_cells_are_crossed_where_the_sign_changes(text: str) -> None:
    found = scene(text)
    (one,) = found.shown
    expected = changes_sign(found, CURVES[text])
    assert not (expected & ~one.crossed & ~one.undecided).any()
    assert not (one.crossed & ~expected).sum() > 0.02 * expected.sum()
    assert not one.undecided.any()


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("x^2 + y^2 = 0", [(0, 0)]),
        ("y^2 = x^2(x - 1)", [(0, 0)]),
        ("(x-1/3)^2 + (y+1)^4 = 0", [(1 / 3, -1)]),
        ("sin(x)^2 + (y-1)^2 = 0", [(0, 1)]),
    ],
)
def test_isolated_points_are_proved(text: str, points: list[tuple[float, float]]) -> None:
    one = shown(text)
    dots = np.concatenate([edge.branches.dots for edge in one.edges])
    assert dots == pytest.approx(np.array(points), abs=1e-15)
    assert not one.undecided.any()


@pytest.mark.parametrize(
    "text", ["(x-y)^2 = 0", "x^2 - 2x*y + y^2 = 0", "(x-y)^4/(1+x^2) = 0", "|x - y| = 0"]
)
def test_a_double_line_is_a_line(text: str) -> None:
    one = shown(text)
    (line,) = [line for edge in one.edges for line in edge.branches.lines]
    assert line[:, 0] == pytest.approx(line[:, 1])
    assert sorted(line[[0, -1], 0]) == [-2, 2]
    assert not one.undecided.any()


def test_a_curve_that_touches_0_without_a_factor_is_undecided_or_proved() -> None:
    one = shown("exp(2x) + exp(2y) = 2exp(x+y)", most=64)
    diagonal = np.eye(64, dtype=bool)
    assert (one.undecided | one.crossed)[diagonal].all()


def test_nothing_is_invented_at_a_pole() -> None:
    one = shown("y = 1/x", most=100)
    points = np.concatenate([line for edge in one.edges for line in edge.branches.lines])
    assert points[:, 0] * points[:, 1] == pytest.approx(1)
    assert not one.undecided.any()
    one = shown("y = tan(x)", (-6, 6), (-3, 3), most=200)
    points = np.concatenate([line for edge in one.edges for line in edge.branches.lines])
    assert np.tan(points[:, 0]) == pytest.approx(points[:, 1], rel=1e-9)
    assert len(one.edges[0].branches.lines) == 5
    assert not one.undecided.any()


@pytest.mark.parametrize(
    ("text", "lines"),
    [("x^2 + y^2 = 2", 1), ("y^2 = x^3 - x", 2), ("x*y = 0", 2), ("x^2 + y^2 = -1", 0)],
)
def test_branches_are_whole_lines(text: str, lines: int) -> None:
    found = [line for edge in shown(text).edges for line in edge.branches.lines]
    assert len(found) == lines
    if text == "x^2 + y^2 = 2":
        assert np.hypot(*found[0].T) == pytest.approx(np.sqrt(2), rel=1e-14)
        assert (found[0][0] == found[0][-1]).all()


REGIONS: dict[str, Callable[..., np.ndarray]] = {
    "x^2 + y^2 <= 2 and y >= x": lambda x, y: (x**2 + y**2 <= 2) & (y >= x),
    "x*y < 1 or y > 1": lambda x, y: (x * y < 1) | (y > 1),
    "not (x < y or y < 0)": lambda x, y: ~((x < y) | (y < 0)),
    "1 <= x^2 + y^2 < 2": lambda x, y: (x**2 + y**2 >= 1) & (x**2 + y**2 < 2),
    "1/x < y": lambda x, y: 1 / x < y,
    "sqrt(x) <= y": lambda x, y: np.sqrt(x) <= y,
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("text", REGIONS)
@np.errstate(all="ignore")
def test_regions_hold_where_the_conditions_do(text: str) -> None:
    found = scene(text)
    (one,) = found.shown
    assert one.inside is not None
    x, y = ((side[1:] + side[:-1]) / 2 for side in (found.grid.x, found.grid.y))
    expected = REGIONS[text](*np.meshgrid(x, y))
    assert not (one.inside & ~expected).any()
    missing = expected & ~one.inside
    assert missing.sum() <= one.crossed.sum() + found.grid.shape[0]
    assert not one.undecided.any()


def test_strict_edges_are_told_apart() -> None:
    assert [edge.is_strict for edge in shown("1 <= x^2 + y^2 < 2").edges] == [False, True]


def test_an_edge_is_drawn_where_the_region_ends() -> None:
    one = shown("x^2 + y^2 <= 2 and y >= x")
    half, chord = (edge.branches.lines[0] for edge in one.edges)
    assert (half[:, 1] >= half[:, 0] - 0.1).all()
    assert (np.hypot(*chord.T) <= np.sqrt(2) + 0.1).all()


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        ("x^2 + y^2 = 25", ["-6:6", "-6:6"]),
        ("(x-100)^2 + y^2 = 1", ["98.8:101.2", "-1.2:1.2"]),
        ("sin(x) = cos(y)", ["-pi:pi", "-pi:pi"]),
        ("x^2 + y^2 = 0", ["-1.2:1.2", "-1.2:1.2"]),
        ("y*x = 1", ["-8:8", "-5:5"]),
    ],
)
def test_ranges_fit_bounded_curves(text: str, ranges: list[str]) -> None:
    function = read(text)
    curves = [curve for each in relations_of(function) or [] for curve in curves_of(each, NAMES)]
    assert [each.text for each in default_ranges(function, curves, NAMES)] == ranges


@pytest.mark.parametrize(
    ("text", "count"),
    [("x^2 + y^2 = 1", 1), ("x^2 = y^2", 2), ("y = tan(x)", 1), ("(x-y)*sin(x*y) = 0", 2)],
)
def test_equations_are_factored(text: str, count: int) -> None:
    function = read(text)
    assert len(components(function.outputs[0], NAMES)) == count


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x^2 + y^2 = 25", True),
        ("y = x^2", False),
        ("f(x) = x^2", False),
        ("g(x, y) = x*y", False),
        ("sin(x) = cos(y)", True),
        ("y = x*y + 1", True),
        ("2y = x", True),
        ("k = 2; x^2 + y^2 = k", True),
        ("k = 2; y = k*x", False),
        ("x^2 + y^2 <= 1", False),
        (r"x^2 + \frac{y}{2} = 1", True),
        ("integrate(t^2, t=0..x)", False),
        ("sum(x^k, k=1..5)", False),
        ("sum(x^k, k=1..5) = y", True),
        (r"\sum_{k=1}^{3} x^k", False),
        (r"\sum_{k=1}^{3} x^k = y^2", True),
        ("[x = y^2, x*y = 1]", True),
    ],
)
def test_what_is_an_equation(text: str, expected: bool) -> None:
    assert is_implicit(text) is expected


def test_a_power_with_a_variable_exponent_has_a_positive_base() -> None:
    one = shown("x^y = y^x", (0.5, 6), (0.5, 6))
    points = np.concatenate([line for edge in one.edges for line in edge.branches.lines])
    x, y = points.T
    assert x**y == pytest.approx(y**x, rel=1e-9)
    assert (abs(x - y) > 0.5).any()
    assert (abs(x - y) < 1e-9).any()
    assert not one.undecided.any()


def notable(text: str, half: float) -> tuple[list[tuple[str, float, float]], int]:
    relations = relations_of(read(text))
    assert relations is not None
    parts = [part for each in relations for part in curves_of(each, NAMES)[0]]
    found = notable_points(parts, grid_over(((-half, half), (-half, half)), 200))
    return [(each.kind.value, each.x, each.y) for each in found.found], found.undecided


R3, S = 3**0.5, 2 ** (1 / 3)
NOTABLE: dict[str, tuple[float, list[tuple[str, float, float]]]] = {
    # Solved by hand: where the curve and one of its partials are 0.
    "x^2 + y^2 = 25": (
        6,
        [("horizontal", 0, -5), ("horizontal", 0, 5), ("vertical", -5, 0), ("vertical", 5, 0)],
    ),
    "y^2 = x^3": (2, [("cusps", 0, 0)]),
    "x^2 = y^3": (2, [("cusps", 0, 0)]),
    "y^2 = x^2(x - 1)": (2, [("vertical", 1, 0), ("isolated", 0, 0)]),
    "x^3 + y^3 = 3x*y": (
        2,
        [("horizontal", S, S * S), ("vertical", S * S, S), ("crossings", 0, 0)],
    ),
    "(x^2+y^2)^2 = 2(x^2-y^2)": (
        1.6,
        [
            *(("horizontal", x * R3 / 2, y / 2) for x in (-1, 1) for y in (-1, 1)),
            ("vertical", -(2**0.5), 0),
            ("vertical", 2**0.5, 0),
            ("crossings", 0, 0),
        ],
    ),
    "y = x^3": (2, [("horizontal", 0, 0)]),
    "x^2 = y^2": (2, [("crossings", 0, 0)]),
    "sin(x) = cos(y)": (2, [("crossings", np.pi / 2, 0)]),
    "(y - x^2)*(y - 1) = 0": (
        2,
        [("horizontal", 0, 0), ("crossings", -1, 1), ("crossings", 1, 1)],
    ),
}


@pytest.mark.sampled(5)
@pytest.mark.parametrize("text", NOTABLE)
def test_tangents_crossings_and_cusps(text: str) -> None:
    half, expected = NOTABLE[text]
    found, undecided = notable(text, half)
    assert [each[0] for each in found] == [each[0] for each in expected]
    for one, other in zip(found, expected, strict=True):
        assert one[1:] == pytest.approx(other[1:], abs=1e-12)
    assert undecided == 0


@pytest.mark.slow
def test_an_ordinary_point_where_both_partials_vanish_is_not_named() -> None:
    # Both partials of this heart are 0 at (1, 0), which it passes with the slope -2.
    found, undecided = notable("(x^2+y^2-1)^3 = x^2*y^3", 1.4)
    assert ("cusps", 0.0, 1.0) in found
    assert ("cusps", 0.0, -1.0) in found
    assert not [each for each in found if abs(each[2]) < 1e-9]
    assert undecided == 0


@pytest.mark.parametrize(
    ("at", "slope"), [(("3", "4"), -0.75), (("5", "0"), np.inf), (("0", "5"), 0.0)]
)
def test_tangents_have_the_implicit_slope(at: tuple[str, str], slope: float) -> None:
    relations = relations_of(read("x^2 + y^2 = 25"))
    assert relations is not None
    point = dict(zip(NAMES, (parse(each).outputs[0] for each in at), strict=True))
    found = tangent_at(relations, NAMES, point)
    assert (found.x, found.y) == (float(at[0]), float(at[1]))
    assert found.slope == slope


def test_a_tangent_off_the_curve_or_at_a_crossing_is_refused() -> None:
    relations = relations_of(read("x^2 = y^2"))
    assert relations is not None
    with pytest.raises(PointError, match="is not on the curve"):
        tangent_at(relations, NAMES, {"x": number(1), "y": number(2)})
    with pytest.raises(NoDerivativeError, match="no tangent"):
        tangent_at(relations, NAMES, {"x": number(0), "y": number(0)})


def test_a_factor_that_is_0_only_where_the_equation_has_no_value_is_no_curve() -> None:
    one = shown("y = (x^2 - 1)/(x - 1)", most=100)
    assert len(one.edges) == 1
    assert one.undecided.sum() <= 2


def test_a_condition_without_a_value_holds_nowhere() -> None:
    one = shown("x < 1/0 and y > 0", most=64)
    assert one.inside is not None
    assert not one.inside.any()


def test_a_function_of_one_variable_is_enclosed_once_for_a_column() -> None:
    function = read("besselj(0, x) = 2y")
    (relation,) = relations_of(function) or ()
    ((component,),) = curves_of(relation, NAMES)
    bounds = ComponentBounds(component)
    grid = grid_over(((-2, 2), (-2, 2)), 40)
    rows, columns = (each.ravel() for each in np.indices(grid.shape))
    for _ in range(2):
        bounds.look(grid.cells(rows, columns))
    assert 0 < bounds.enclosed <= rows.size // 10


def test_work_beyond_the_limit_is_left_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "MOST_ENCLOSED", 300)
    found = scene("besselj(0, x*y) = 1/5", (1, 3), (1, 3), most=64)
    assert found.is_limited
    assert found.undecided
    on = [
        (x, y)
        for edge in found.shown[0].edges
        for line in edge.branches.lines
        for x, y in line.tolist()
    ]
    assert all(mpmath.besselj(0, x * y) == pytest.approx(0.2, abs=1e-9) for x, y in on)
    assert not scene("x*y = 2", (1, 3), (1, 3), most=64).is_limited


def test_a_point_of_a_tangent_has_both_coordinates() -> None:
    relations = relations_of(read("x^2 + y^2 = 1")) or []
    with pytest.raises(PointError, match="gives y no value"):
        tangent_at(relations, NAMES, {"x": number(1)})
