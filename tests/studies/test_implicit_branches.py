"""Singular points of plane curves, whose half-branches are known by construction or by hand."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from random import Random

import pytest
import sympy
from test_implicit import at

from diffcli.verdict import Check, Verdict


def check(equation: str, place: str = "x=0,y=0", order: int = 1) -> Check:
    found = at(equation, place, order=order, of="y", wrt="x")[-1].check
    assert found is not None
    return found


#: The slope at the origin where there is one, by hand from the explicit y.
SLOPES = {
    "cbrt(y) = x": 0,  # y = x³
    "y^3 = x^3": 1,
    "y^3 = x^5": 0,
    "y^3 = 2*x^3": 2 ** (1 / 3),
    "y^5 = x^5 + x^6": 1,
    "y^(1/3) = 2*x": 0,
    "cbrt(y) = cbrt(8*x)": 8,
    "root(y, 5) = x^2": 0,
    "root(y, 5) = root(-32*x, 5)": -32,
    "y*abs(y) = x*abs(x)": 1,
    "y*abs(y) = 4*x*abs(x)": 2,
    "x*abs(x) = y": 0,
    "y*(x^2 + y^2) = 0": 0,
    "(y - 3*x)*(x^2 + y^2) = 0": 3,
    "(y - 3*x)^2 = 0": 3,
    "(2*y - x^2)^3 = 0": 0,
    "sin(y)^3 = x^3": 1,
    "y^3 = x^3*exp(x)": 1,
    "(exp(y) - 1)^3 = tan(x)^3": 1,
    "log(1 + y)^3 = -8*x^3": -2,
    "(asinh(y) - x*cos(x))^3 = 0": None,
    "sign(y - x) = 0": 1,
    "y^3 + x*y^2 = 2*x^3 + y^4": 1,
    "y + abs(y) = 3*x + abs(3*x) + y^3 - 27*x^3 + 0*y": None,
    "piecewise((y - 2*x, x >= 0), (y - 2*x + x^2, True)) = 0": 2,
}

#: A word of what is said where there is no slope, and the verdict.
NONE = {
    "y^2 = x^3": "cusp",
    "y^2 = x^2": "slopes",
    "x^3 + y^3 = 3*x*y": "three branches on the right",
    "(x^2 + y^2)^2 = x^2 - y^2": "two branches on the left",
    "x^2 + y^2 = 0": "isolated",
    "x^2 + y^4 = x^3": "isolated",
    "y^2 = -x^2 + x^5": "isolated",
    "y^2 = x^4": "slope 0",
    "(y - x^2)^2 = x^5": "cusp",
    "(y - x^2)^2 = x^7": "cusp",
    "abs(y) = x": "no branch on the left",
    "abs(y) = abs(x)": "slopes",
    "max(x, y) = 0": "vertical line from the point down",
    "min(x, y) = 0": "vertical line from the point up",
    "relu(y) = x": "vertical line from the point down",
    "floor(y) = x": "vertical line from the point up",
    "ceil(y) = x": "vertical line from the point down",
    "x*y = 0": "vertical line",
    "x*(y - x) = 0": "vertical line",
    "exp(y) = 1 + y + x^2": "slopes",
    "cosh(y) = cos(x) + x^2": "slopes",
    "y^4 = x^4": "slopes",
    "y^2 = x": "vertical tangent",
    "y^4 = x": "vertical tangent",
}

#: The left and the right derivative where they differ or are infinite.
SIDES = {
    "y^3 = x": (inf, inf),
    "y^3 = -x": (-inf, -inf),
    "y^3 = x^2": (-inf, inf),
    "y^5 = x^4": (-inf, inf),
    "abs(x) = y": (-1, 1),
    "sqrt(x^2) = y": (-1, 1),
    "min(y, 2*y) = x": (0.5, 1),
    "cbrt(y) = cbrt(abs(x))": (-1, 1),
    "leaky_relu(y, 1/2) = x": (2, 1),
    "y^3 = abs(x)^3": (-1, 1),
}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("equation", SLOPES)
def test_the_only_branch_has_a_slope(equation: str) -> None:
    found, slope = check(equation), SLOPES[equation]
    if slope is None:
        assert found.verdict in (Verdict.UNDEFINED, Verdict.UNVERIFIED)
        return
    assert found.verdict is Verdict.CERTIFIED
    assert found.value == pytest.approx(slope, rel=1e-15)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("equation", NONE)
def test_what_meets_there_is_said(equation: str) -> None:
    found = check(equation)
    assert (found.verdict, found.value) == (Verdict.UNDEFINED, None)
    assert NONE[equation] in (found.reason or "")


@pytest.mark.parametrize("equation", SIDES)
def test_one_sided_slopes(equation: str) -> None:
    found = check(equation)
    assert found.verdict is Verdict.NOT_DIFFERENTIABLE
    assert (found.left, found.right) == pytest.approx(SIDES[equation], rel=1e-15)


@pytest.mark.parametrize(
    ("equation", "place"),
    [
        ("cbrt(y - x) = x", "x=0,y=0"),
        ("(y^2 - 2*x^2)^2 = x^5", "x=0,y=0"),
        ("(y - gamma(x + 1))^3 = 0", "x=0,y=1"),
        ("(y - pi)^3 = x^3", "x=0,y=pi"),
        ("round(y) = x + round(1/2)", "x=0,y=1/2"),
    ],
)
def test_what_is_not_known_is_not_claimed(equation: str, place: str) -> None:
    found = check(equation, place)
    assert found.verdict is Verdict.UNVERIFIED
    assert found.value is None


def test_a_higher_derivative_at_a_singular_point_is_not_claimed() -> None:
    assert check("y^3 = x^3", order=2).verdict is Verdict.UNVERIFIED
    assert check("y^2 = x^3", order=2).verdict is Verdict.UNDEFINED


@dataclass(frozen=True)
class Factor:
    """A curve through the origin and its half-branches: their slopes on the left and the right."""

    curve: sympy.Expr
    left: tuple[float, ...] = ()
    right: tuple[float, ...] = ()
    is_vertical: bool = False


def factor(random: Random) -> Factor:
    x, y = sympy.symbols("x y")
    c = sympy.Rational(random.choice([-5, -4, -3, -2, -1, 1, 2, 3, 4, 5]), random.choice([1, 2, 3]))
    slope = float(c)
    ends = ("left", "right")
    inward = ends[bool(c > 0)]
    kind = random.randrange(8)
    if kind < 3:
        return Factor(y - c * x - random.randint(-2, 2) * x**2, (slope,), (slope,))
    if kind == 3:
        return Factor(y**2 - c * x**3, **{inward: (0.0, 0.0)})
    if kind == 4:
        return Factor(y**2 + c**2 * x**2)
    if kind == 5:
        return Factor(x - c * y**2, **{inward: (inf, -inf)})
    if kind == 6:
        return Factor(y**3 - c * x**5, (0.0,), (0.0,))
    return (
        Factor(x, is_vertical=True) if random.random() < 0.3 else Factor(y**4 + c**2 * x**6 + x**8)
    )


@pytest.mark.sampled(15)
@pytest.mark.parametrize("seed", range(60))
def test_random_products_of_branches(seed: int) -> None:
    random = Random(seed)
    factors = list(
        {f.curve: f for f in (factor(random) for _ in range(random.randint(1, 3)))}.values()
    )
    x, y = sympy.symbols("x y")
    if all(y not in f.curve.free_symbols for f in factors):
        factors.append(Factor(y**2 + x**2))
    p, q = (sympy.Rational(random.randint(-6, 6), random.choice([1, 2, 5])) for _ in "xy")
    product = sympy.prod([f.curve for f in factors]).subs({x: x - p, y: y - q}, simultaneous=True)
    typed = str(sympy.expand(product)) if random.random() < 0.5 else str(product)
    found = check(f"{typed} = 0".replace("**", "^"), f"x={p},y={q}")
    left = [slope for f in factors for slope in f.left]
    right = [slope for f in factors for slope in f.right]
    if any(f.is_vertical for f in factors):
        assert found.verdict is Verdict.UNDEFINED
        assert "vertical" in (found.reason or "")
    elif len(left) == len(right) == 1:
        assert found.verdict is Verdict.CERTIFIED
        assert found.value == pytest.approx(right[0], rel=1e-15)
    else:
        assert (found.verdict, found.value) == (Verdict.UNDEFINED, None)
        if not left and not right:
            assert "isolated" in (found.reason or "")
