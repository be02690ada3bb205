"""Intervals of float64 over many boxes hold what mpmath computes, at any points inside."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

from diffcli.engines.boxes import elementary
from diffcli.engines.boxes.arithmetic import Interval, add, div, mul, power, sqrt
from diffcli.engines.boxes.bounds import Bounds
from diffcli.engines.boxes.lower import Lower
from diffcli.engines.boxes.minimum import least
from diffcli.engines.boxes.region import Region
from diffcli.engines.boxes.search import Effort
from diffcli.language.parser import parse
from diffcli.language.ranges import read_ranges

DIGITS = 40
COUNT = 60


def region(text: str, names: tuple[str, ...]) -> Region:
    ranges = read_ranges(text, names)
    return Region({name: ranges[name] for name in names})


FUNCTIONS = {
    "exp": (-740.0, 700.0),
    "expm1": (-5.0, 5.0),
    "log": (1e-300, 1e3),
    "log1p": (-0.999, 4.0),
    "sin": (-1e5, 1e5),
    "cos": (-1e5, 1e5),
    "atan": (-20.0, 20.0),
    "asin": (-1.0, 1.0),
    "acos": (-1.0, 1.0),
    "sinh": (-700.0, 700.0),
    "cosh": (-700.0, 700.0),
    "tanh": (-30.0, 30.0),
    "asinh": (-1e12, 1e12),
    "acosh": (1.0, 1e12),
    "atanh": (-0.9999, 0.9999),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_of_a_float_lies_between_its_bounds(name: str) -> None:
    low, high = FUNCTIONS[name]
    random = np.random.default_rng(1)
    small = 10.0 ** random.uniform(-300, -1, COUNT)
    points = np.concatenate([random.uniform(low, high, COUNT), small, [low, high]])
    points = points[(points >= low) & (points <= high)]
    with np.errstate(all="ignore"):
        found = getattr(elementary, name)(Interval(points, points))
    exact = getattr(mpmath, name)
    with mpmath.workdps(DIGITS + 320):
        for x, lower, upper in zip(points, *found, strict=True):
            truth = exact(mpmath.mpf(float(x)))
            assert mpmath.mpf(float(lower)) <= truth <= mpmath.mpf(float(upper)), x
            if abs(truth) > 1e-290:
                assert upper - lower <= 1e-11 * max(abs(float(truth)), 1e-3 * (abs(x) > 1)), x


def test_arithmetic_is_rounded_outwards() -> None:
    random = np.random.default_rng(2)
    x, y = random.normal(size=(2, 400)) * 10.0 ** random.integers(-150, 150, (2, 400))
    a, b = Interval(x, x), Interval(y, y)
    with np.errstate(all="ignore"):
        found = {"+": add(a, b), "*": mul(a, b), "/": div(a, b), "3": power(a, 3)}
        root = sqrt(Interval(np.abs(x), np.abs(x)))
    with mpmath.workdps(400):
        for i in range(len(x)):
            u, v = mpmath.mpf(float(x[i])), mpmath.mpf(float(y[i]))
            truths = {"+": u + v, "*": u * v, "/": u / v, "3": u**3}
            for name, truth in truths.items():
                low, high = float(found[name].lo[i]), float(found[name].hi[i])
                assert mpmath.mpf(low) <= truth <= mpmath.mpf(high), name
            assert (
                mpmath.mpf(float(root.lo[i])) ** 2 <= abs(u) <= mpmath.mpf(float(root.hi[i])) ** 2
            )


def test_what_is_exact_is_not_widened() -> None:
    one, half = np.array([1.0]), np.array([0.5])
    total = add(Interval(one, one), Interval(half, half))
    assert total.lo == total.hi == 1.5
    product = mul(Interval(0 * one, one), Interval(0 * one, one))
    assert (product.lo, product.hi) == (0.0, 1.0)


FORMULAS = [
    "x*exp(-x*y)",
    "sin(x)*y^2/(1 + x^2)",
    "abs(x - 1) + max(x, y)",
    "cbrt(x) + sqrt(x + 5)*y",
    "atan(x*y) - tanh(x)/(y + 4)",
    "(x^2 + y)^-2 + x^3*y^5",
    "hypot(x, y)*log(x^2 + 2)",
    "erf(x)*cosh(y)",
    "min(x, sin(y), x*y)",
    "softplus(x) - sigmoid(y)*x",
]


@pytest.mark.parametrize("formula", FORMULAS)
def test_values_and_derivatives_over_a_box_hold_those_at_points(formula: str) -> None:
    function = parse(formula, variables=("x", "y"))
    bounds = Bounds(function.outputs, ("x", "y"))
    random = np.random.default_rng(3)
    lo = random.uniform(-2, 2, (2, 12))
    hi = lo + 10.0 ** random.uniform(-6, 0, (2, 12))
    jet = bounds.jet(lo, hi, 2)
    inside = lo + random.uniform(0, 1, (2, 12)) * (hi - lo)
    at = bounds.jet(inside, inside, 2)
    assert (jet.domain <= at.domain).all()
    sure = jet.domain > 0
    for wide, narrow in (
        (jet.value, at.value),
        (jet.gradient, at.gradient),
        (jet.hessian, at.hessian),
    ):
        assert wide is not None
        assert narrow is not None
        assert (wide.lo <= narrow.hi)[..., sure].all()
        assert (wide.hi >= narrow.lo)[..., sure].all()
    moved = inside + np.array([[1e-7], [0.0]])
    slope = (bounds.jet(moved, moved).value.lo - at.value.lo) / 1e-7
    assert at.gradient is not None
    near = np.abs(slope - at.gradient.lo[0]) <= 1e-4 * (1 + np.abs(slope))
    assert near[(at.domain > 0) & (at.gradient.hi[0] - at.gradient.lo[0] < 1e-3)].all()


def test_a_domain_is_told() -> None:
    lo, hi = np.array([[-2.0, -1.0, 1.0]]), np.array([[-1.0, 1.0, 2.0]])
    for formula in ("sqrt(x)", "log(x)", "x^(1/2)", "x^1.5"):
        jet = Bounds(parse(formula).outputs, ("x",)).jet(lo, hi)
        assert jet.domain.tolist() == [-1, 0, 1]
    assert Bounds(parse("1/x").outputs, ("x",)).jet(lo, hi).domain.tolist() == [1, 0, 1]
    assert Bounds(parse("tan(x)").outputs, ("x",)).jet(lo, hi).domain.tolist() == [0, 1, 0]


MINIMA = {
    # Published minima: Surjanovic and Bingham, Virtual Library of Simulation Experiments.
    "(4 - 2.1x^2 + x^4/3)*x^2 + x*y + (-4 + 4y^2)*y^2": ("x=-3:3,y=-2:2", -1.0316284534898774),
    "(y - 5.1/(4pi^2)*x^2 + 5/pi*x - 6)^2 + 10*(1 - 1/(8pi))*cos(x) + 10": (
        "x=-5:10,y=0:15",
        0.39788735772973816,
    ),
    "20 + x^2 - 10cos(2pi*x) + y^2 - 10cos(2pi*y)": ("x=-5.12:5.12,y=-5.12:5.12", 0.0),
    "-cos(x)*cos(y)*exp(-(x-pi)^2 - (y-pi)^2)": ("x=-100:100,y=-100:100", -1.0),
    "abs(x - 1/3)": ("x=-1:1", 0.0),
    "sqrt(x) - x": ("x=0:2", 2**0.5 - 2),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("formula", MINIMA)
def test_published_minima_are_enclosed(formula: str) -> None:
    box, published = MINIMA[formula]
    function = parse(formula)
    lower = Lower(function.outputs[0], region(box, function.variables))
    effort = Effort(1e8, float("inf"))
    found = least(lower, 1e-6, effort)
    assert found.low <= published + 1e-12
    assert found.high >= published - 1e-12
    assert found.high - found.low <= 2e-6 * max(abs(published), 1e-6)
    again = Effort(1e8, float("inf"))
    assert least(lower, 1e-6, again).points == found.points
    assert again.boxes == effort.boxes
