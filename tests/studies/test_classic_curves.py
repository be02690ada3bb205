"""Fifty curves at 800 × 500 cells: numpy's signs on a 16-fold finer grid are the oracle.

The equations are those of the MacTutor index of famous curves and of Lawrence, "A Catalog of
Special Plane Curves" (1972), with numbers for their letters.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from diffcli.language.equations import read_equations
from diffcli.studies.relations.components import components
from diffcli.studies.relations.grid import Grid, grid_over
from diffcli.studies.relations.reading import relations_of
from diffcli.studies.relations.scene import scene_over

COLUMNS, ROWS = 800, 500
FINER, WINDOWS, SIDE = 16, 12, 24
"""Parts of a cell's side, windows that are looked at of each curve, and cells along their sides."""
MOST_UNDECIDED = 0.01
"""Undecided cells, as a part of those that the curve may meet."""

CURVES: dict[str, tuple[str, float]] = {
    "circle": ("x^2 + y^2 = 25", 9),
    "ellipse": ("x^2/9 + y^2/4 = 1", 4),
    "hyperbola": ("x^2 - y^2 = 1", 5),
    "parabola": ("y = x^2", 5),
    "lemniscate": ("(x^2 + y^2)^2 = 2*(x^2 - y^2)", 2),
    "lemniscate of Gerono": ("x^4 = x^2 - y^2", 2),
    "folium of Descartes": ("x^3 + y^3 = 3*x*y", 3),
    "simple folium": ("(x^2 + y^2)^2 = 4*x^3", 5),
    "trifolium": ("(x^2 + y^2)*(y^2 + x*(x + 1)) = 4*x*y^2", 2),
    "quadrifolium": ("(x^2 + y^2)^3 = 4*x^2*y^2", 1.7),
    "bifolium": ("(x^2 + y^2)^2 = 4*x^2*y", 2),
    "Cassini oval, one part": ("(x^2 + y^2)^2 - 2*(x^2 - y^2) = 1", 3),
    "Cassini ovals, two parts": ("(x^2 + y^2)^2 - 2*(x^2 - y^2) = -0.5", 2),
    "cissoid of Diocles": ("x*(x^2 + y^2) = 2*y^2", 4),
    "conchoid of Nicomedes": ("(x - 1)^2*(x^2 + y^2) = 4*x^2", 5),
    "limacon": ("(x^2 + y^2 - 2*x)^2 = x^2 + y^2", 5),
    "cardioid": ("(x^2 + y^2 + x)^2 = x^2 + y^2", 3),
    "devil's curve": ("y^2*(y^2 - 4) = x^2*(x^2 - 5)", 5),
    "Cayley's sextic": ("4*(x^2 + y^2 - x)^3 = 27*(x^2 + y^2)^2", 6),
    "bicorn": ("y^2*(1 - x^2) = (x^2 + 2*y - 1)^2", 2),
    "deltoid": ("(x^2 + y^2)^2 + 18*(x^2 + y^2) - 27 = 8*(x^3 - 3*x*y^2)", 6),
    "astroid": ("(x^2 + y^2 - 1)^3 + 27*x^2*y^2 = 0", 2),
    "hippopede": ("(x^2 + y^2)^2 = 4*x^2 + y^2", 4),
    "nephroid": ("(x^2 + y^2 - 4)^3 = 108*y^2", 8),
    "kampyle of Eudoxus": ("x^4 = x^2 + y^2", 4),
    "kappa curve": ("y^2*(x^2 + y^2) = x^2", 3),
    "serpentine": ("x^2*y + 4*y = 4*x", 8),
    "witch of Agnesi": ("y*(x^2 + 4) = 8", 6),
    "trident of Newton": ("x*y = x^3 - 2*x^2 + x - 1", 5),
    "semicubical parabola": ("y^2 = x^3", 4),
    "Tschirnhausen cubic": ("27*y^2 = x^2*(x + 9)", 12),
    "trisectrix of Maclaurin": ("2*x*(x^2 + y^2) = 3*x^2 - y^2", 4),
    "right strophoid": ("y^2*(1 - x) = x^2*(1 + x)", 3),
    "Lame curve": ("x^4 + y^4 = 1", 2),
    "pearls of Sluze": ("y^4 = x^3*(2 - x)", 3),
    "piriform": ("y^2 = x^3*(2 - x)", 3),
    "bullet nose": ("x^2 + y^2*4 = x^2*y^2", 9),
    "cross curve": ("x^2 + y^2 = x^2*y^2", 6),
    "swastika curve": ("y^4 - x^4 = x*y", 3),
    "heart": ("(x^2 + y^2 - 1)^3 = x^2*y^3", 2),
    "elliptic curve with an oval": ("y^2 = x^3 - x", 3),
    "elliptic curve in one part": ("y^2 = x^3 - x + 1", 3),
    "cubic with an isolated point": ("y^2 = x^2*(x - 1)", 3),
    "two crossing lines": ("x^2 = y^2", 2),
    "double line": ("(x - y)^2 = 0", 2),
    "isolated point": ("x^2 + y^2 = 0", 2),
    "x^y = y^x": ("x^y = y^x", 6),
    "waves": ("sin(x^2 + y^2) = cos(x*y)", 6),
    "lattice": ("sin(x) = cos(y)", 10),
    "exponential": ("x*exp(y) + y*exp(x) = 1", 5),
}


def signs(text: str) -> Callable[..., np.ndarray]:
    """Return an equation's left side less its right side, as numpy computes it."""
    left, right = text.replace("^", "**").split("=")
    known = {"sin": np.sin, "cos": np.cos, "exp": np.exp}
    function: Callable[..., np.ndarray] = eval(f"lambda x, y: ({left}) - ({right})", known)  # noqa: S307  (of this file)
    return function


def both_signs(f: Callable[..., np.ndarray], grid: Grid, row: int, column: int) -> np.ndarray:
    """Return in which cells of a window a function has both signs at the finer grid's points."""
    steps = np.arange(SIDE * FINER + 1) / FINER

    def finer(edges: np.ndarray, first: int) -> np.ndarray:
        return np.interp(first + steps, np.arange(edges.size), edges)

    values = f(*np.meshgrid(finer(grid.x, column), finer(grid.y, row)))
    found = np.zeros((SIDE, SIDE), bool)
    for i in range(SIDE):
        for j in range(SIDE):
            part = values[
                i * FINER : (i + 1) * FINER + 1,
                j * FINER : (j + 1) * FINER + 1,
            ]
            found[i, j] = part.min() < 0 < part.max()
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", CURVES)
@np.errstate(all="ignore")
def test_no_cell_is_wrong(name: str) -> None:
    text, half = CURVES[name]
    low = (0.05, 0.05) if "x^y" in text else (-half, -half * ROWS / COLUMNS)
    ranges = (low[0], half), (low[1], half * ROWS / COLUMNS)
    relations = relations_of(read_equations(text, variables=("x", "y")).function)
    assert relations is not None
    found = scene_over(relations, ("x", "y"), ranges, COLUMNS)
    (shown,) = found.shown
    met = int(shown.crossed.sum())
    assert met
    assert found.undecided <= MOST_UNDECIDED * (met + found.undecided)
    f, grid = signs(text), found.grid
    rows, columns = np.nonzero(shown.crossed)
    generator = np.random.default_rng(1)
    dots = [dot for edge in shown.edges for dot in edge.branches.dots]
    is_even = name in ("double line", "isolated point")
    wrong = 0
    for place in generator.integers(rows.size, size=WINDOWS):
        row = int(np.clip(rows[place] - SIDE // 2, 0, grid.shape[0] - SIDE))
        column = int(np.clip(columns[place] - SIDE // 2, 0, grid.shape[1] - SIDE))
        window = slice(row, row + SIDE), slice(column, column + SIDE)
        expected = both_signs(f, grid, row, column)
        open_ = shown.undecided[window]
        wrong += int((expected & ~shown.crossed[window] & ~open_).sum())
        invented = shown.crossed[window] & ~expected
        for x, y in dots:
            invented[
                np.searchsorted(grid.y, y) - 1 - row : np.searchsorted(grid.y, y) + 1 - row,
                np.searchsorted(grid.x, x) - 1 - column : np.searchsorted(grid.x, x) + 1 - column,
            ] = False
        # A curve that cuts a corner off between the points of the finer grid is no mistake.
        for i, j in np.argwhere(invented) if not is_even else ():
            sides = grid.cells(np.array([row + i]), np.array([column + j]))
            x, y = (np.linspace(sides.lo[k, 0], sides.hi[k, 0], 16 * FINER) for k in (0, 1))
            values = f(*np.meshgrid(x, y))
            wrong += not values.min() < 0 < values.max()
    assert wrong == 0


def test_there_are_fifty_and_each_is_read() -> None:
    assert len(CURVES) == 50
    for text, _ in CURVES.values():
        function = read_equations(text, variables=("x", "y")).function
        assert components(function.outputs[0], ("x", "y"))


def test_the_oracle_finds_a_wrong_cell() -> None:
    grid = grid_over(((-2, 2), (-2, 2)), 64)
    middle = grid.shape[0] // 2 - SIDE // 2
    assert both_signs(signs("x = y"), grid, middle, middle).sum() >= SIDE
    assert not both_signs(signs("x^2 + y^2 = -1"), grid, middle, middle).any()
