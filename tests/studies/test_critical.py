"""Critical points: against polynomials solved by mpmath, and published minima."""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from fractions import Fraction
from io import StringIO
from typing import Any

import numpy as np
import pytest
import sympy
from flint import arb
from mpmath import mp, mpf

from diffcli.cli.main import run
from diffcli.clock import now
from diffcli.engines.remote import Partials
from diffcli.language.parser import parse
from diffcli.language.ranges import read_ranges
from diffcli.studies.critical.analysis import SEARCH, Analysis, analyse
from diffcli.studies.critical.boxes import CROWDED, MOST_ROOTS, OUT_OF_TIME, box_of
from diffcli.studies.critical.definite import extremum
from diffcli.studies.critical.infinity import line_at_infinity
from diffcli.studies.critical.intervals import isolate
from diffcli.studies.critical.kinds import PointKind
from diffcli.studies.critical.notable_points import (
    NotablePoint,
    PointClassifier,
    Search,
    Tag,
)
from diffcli.studies.critical.points import MOST_UNPROVED, critical_points
from diffcli.studies.critical.systems import GradientSystem

HIMMELBLAU = "(x^2+y-11)^2 + (x+y^2-7)^2"
CAMEL = "(4 - 2.1x^2 + x^4/3)x^2 + x*y + (-4+4y^2)y^2"
GOLDSTEIN_PRICE = (
    "(1 + (x+y+1)^2*(19 - 14x + 3x^2 - 14y + 6x*y + 3y^2))"
    "*(30 + (2x-3y)^2*(18 - 32x + 12x^2 + 48y - 36x*y + 27y^2))"
)


def searched(formula: str, ranges: str, *, certify: bool = False) -> Search:
    function = parse(formula)
    box = box_of(read_ranges(ranges, function.variables))
    return critical_points(function, box, certify=certify)


def analysed(formula: str, ranges: str = "-3:3") -> Analysis:
    function = parse(formula, variables=("x",))
    return analyse(function, box_of(read_ranges(ranges, ("x",))), budget=5)


def real_roots(*coefficients: int | str) -> list[Any]:
    """The real roots of a polynomial, the highest power first."""
    with mp.workdps(50):
        roots = mp.polyroots([mpf(each) for each in coefficients], maxsteps=500, extraprec=500)
        return sorted(mp.re(root) for root in roots if abs(mp.im(root)) < mpf(10) ** -30)


def himmelblau() -> list[tuple[Any, Any]]:
    """With a = x² + y − 11 and b = x + y² − 7 the gradient is 0 where 2xa + b = a + 2yb = 0.

    So a = b = 0, that is x⁴ − 22x² + x + 114 = 0, or 4xy = 1 and 32x⁵ − 336x³ − 104x² + 1 = 0.
    """
    minima = [(x, 11 - x**2) for x in real_roots(1, 0, -22, 1, 114)]
    return minima + [(x, 1 / (4 * x)) for x in real_roots(32, 0, -336, -104, 0, 1)]


def camel() -> list[tuple[Any, Any]]:
    """∂f/∂x = 0 gives y; ∂f/∂y = x − 8y + 16y³ is then a polynomial of degree 15."""
    with mp.workdps(50):
        y = {5: mpf(-2), 3: mpf("8.4"), 1: mpf(-8)}
        cube: Counter[int] = Counter()
        for a, u in y.items():
            for b, v in y.items():
                for c, w in y.items():
                    cube[a + b + c] += u * v * w
        total = {power: 16 * cube[power] - 8 * y.get(power, 0) for power in range(16)}
        total[1] += 1
        roots = real_roots(*(total[power] for power in range(15, -1, -1)))
        return [(x, sum(c * x**power for power, c in y.items())) for x in roots]


def assert_same_places(found: Iterable[NotablePoint], expected: Sequence[Sequence[Any]]) -> None:
    """To 12 digits, in any order, none missing and none besides."""
    places = sorted(tuple(point.at.values()) for point in found)
    assert len(places) == len(expected)
    truths = sorted(tuple(map(float, each)) for each in expected)
    for place, truth in zip(places, truths, strict=True):
        assert place == pytest.approx(truth, rel=1e-13, abs=1e-13)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("certify", [False, True])
def test_himmelblau_has_nine(certify: bool) -> None:
    found = searched(HIMMELBLAU, "x=-5:5,y=-5:5", certify=certify)
    expected = himmelblau()
    assert len(expected) == 9
    assert_same_places(found.points, expected)
    kinds = Counter(point.kind for point in found.points)
    assert kinds == {PointKind.MINIMUM: 4, PointKind.SADDLE: 4, PointKind.MAXIMUM: 1}
    assert {point.tag for point in found.points} == {Tag.EXACT, Tag.CERTIFIED}
    assert found.complete is (True if certify else None)


@pytest.mark.slow
@pytest.mark.parametrize("certify", [False, True])
def test_the_six_hump_camel_has_fifteen(certify: bool) -> None:
    found = searched(CAMEL, "x=-3:3,y=-2:2", certify=certify)
    expected = camel()
    assert len(expected) == 15
    assert_same_places(found.points, expected)
    kinds = Counter(point.kind for point in found.points)
    assert kinds == {PointKind.MINIMUM: 6, PointKind.SADDLE: 7, PointKind.MAXIMUM: 2}
    # Dixon & Szegö 1978: the global minima, twice.
    assert [point.value for point in found.points[:2]] == pytest.approx([-1.031628453489877] * 2)
    assert found.complete is (True if certify else None)


@pytest.mark.slow
def test_goldstein_and_price_have_their_minima() -> None:
    found = searched(GOLDSTEIN_PRICE, "x=-2:2,y=-2:2")
    minima = {
        (point.at["x"], point.at["y"]): point.value
        for point in found.points
        if point.kind is PointKind.MINIMUM
    }
    # Goldstein & Price, "On descent from local minima", Math. Comp. 25 (1971).
    assert minima == {(0.0, -1.0): 3.0, (-0.6, -0.4): 30.0, (1.8, 0.2): 84.0, (1.2, 0.8): 840.0}
    assert {point.tag for point in found.points} == {Tag.EXACT}


def test_a_quartic() -> None:
    found = analysed("x^4 - 3x^2 + x")
    assert_same_places(found.critical.points, [(x,) for x in real_roots(4, 0, -6, 1)])
    assert_same_places(found.zeros.points, [(x,) for x in real_roots(1, 0, -3, 1, 0)])
    assert_same_places(found.inflections.points, [(x,) for x in real_roots(12, 0, -6)])
    assert [p.kind for p in found.critical.points] == [
        PointKind.MINIMUM,
        PointKind.MAXIMUM,
        PointKind.MINIMUM,
    ]
    assert found.critical.complete
    assert found.zeros.complete
    assert found.inflections.complete
    assert [each.shape for each in found.convexity] == ["convex", "concave", "convex"]


def test_a_wave_with_a_slope() -> None:
    found = analysed("sin(x) + x/3", "-10:10")
    with mp.workdps(30):
        turn = mp.acos(mpf(-1) / 3)
        expected = [(s * turn + 2 * k * mp.pi,) for s in (1, -1) for k in (-1, 0, 1)]
    assert_same_places(found.critical.points, [x for x in expected if abs(x[0]) < 10])
    assert found.critical.complete
    assert {point.tag for point in found.critical.points} == {Tag.EXACT}
    assert found.critical.points[-1].exact == {"x": "2*pi + acos(-1/3)"}
    assert_same_places(found.inflections.points, [(k * mp.pi,) for k in range(-3, 4)])


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("formula", "critical", "zeros", "inflections"),
    [
        ("x^3", [("0", PointKind.INFLECTION)], ["0"], ["0"]),
        ("x^4", [("0", PointKind.MINIMUM)], ["0"], []),
        ("-(x-1)^2", [("1", PointKind.MAXIMUM)], ["1"], []),
        ("exp(x)", [], [], []),
        ("x/(x^2+1)", [("-1", PointKind.MINIMUM), ("1", PointKind.MAXIMUM)], ["0"],
         ["-sqrt(3)", "0", "sqrt(3)"]),
        ("exp(x)*(x^2-2)",
         [("-1 - sqrt(3)", PointKind.MAXIMUM), ("-1 + sqrt(3)", PointKind.MINIMUM)],
         ["-sqrt(2)", "sqrt(2)"], ["0"]),
        ("log(x^2+1)", [("0", PointKind.MINIMUM)], ["0"], ["-1", "1"]),
        ("x^2*exp(-x)",
         [("0", PointKind.MINIMUM), ("2", PointKind.MAXIMUM)], ["0"], ["2 - sqrt(2)"]),
    ],
)  # fmt: skip
def test_exact_points_and_nothing_else(
    formula: str, critical: list[tuple[str, PointKind]], zeros: list[str], inflections: list[str]
) -> None:
    found = analysed(formula)
    assert [(p.exact and p.exact["x"], p.kind) for p in found.critical.points] == critical
    assert [p.exact and p.exact["x"] for p in found.zeros.points] == zeros
    assert [p.exact and p.exact["x"] for p in found.inflections.points] == inflections
    assert found.critical.complete
    assert found.zeros.complete
    assert found.inflections.complete


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("formula", "breaks"),
    [
        ("x + 1/x", [(0.0, PointKind.POLE)]),
        ("tan(x)", [(-1.5707963267948966, PointKind.POLE), (1.5707963267948966, PointKind.POLE)]),
        ("abs(x - 0.5)", [(0.5, PointKind.KINK)]),
        ("sqrt(4 - x^2)", [(-2.0, PointKind.EDGE), (2.0, PointKind.EDGE)]),
        ("x*log(x)", [(0.0, PointKind.EDGE)]),
        ("heaviside(x)", [(0.0, PointKind.JUMP)]),
        ("sin(x)/x", [(0.0, PointKind.GAP)]),
        ("x^2", []),
    ],
)
def test_breaks_are_named(formula: str, breaks: list[tuple[float, PointKind]]) -> None:
    assert [(point.at["x"], point.kind) for point in analysed(formula).breaks] == breaks


def test_a_pole_that_is_no_simple_number_is_certified() -> None:
    (pole,) = analysed("1/(x^3-2)").breaks
    assert (pole.tag, pole.value) == (Tag.CERTIFIED, None)
    assert pole.at["x"] == pytest.approx(2 ** (1 / 3), rel=1e-15)
    left, right = analysed("1/(x^2-2)").breaks
    assert (left.exact, right.exact) == ({"x": "-sqrt(2)"}, {"x": "sqrt(2)"})


@pytest.mark.sampled(8)
@pytest.mark.parametrize(
    ("formula", "critical", "inflections"),
    [
        # The signs of f′ and f″ on both sides, by hand.
        ("x^2*abs(x)", [(0, PointKind.MINIMUM)], []),
        ("-abs(x)^5", [(0, PointKind.MAXIMUM)], []),
        ("x^3*max(x,0)", [(0, PointKind.MINIMUM)], []),
        ("x^(5/3)", [(0, PointKind.INFLECTION)], [0]),
        ("x^(7/3) + 2x", [], [0]),
        ("x^(4/3)", [(0, PointKind.MINIMUM)], []),
        ("cbrt(x)", [], []),
        ("x^2 if x<1 else 2x-1", [(0, PointKind.MINIMUM)], []),
        ("x^2 if x<1 else 2-(x-2)^2", [(0, PointKind.MINIMUM), (2, PointKind.MAXIMUM)], [1]),
        ("sin(x)*abs(x)", [(0, PointKind.INFLECTION), (2.028757838110434, PointKind.MAXIMUM),
         (-2.028757838110434, PointKind.MINIMUM)],
         [0, 1.0768739863118038, -1.0768739863118038]),
        ("(1-cos(x))*abs(x)", [(0, PointKind.MINIMUM)], None),
        ("(x-1)^3*abs(x-1)", [(1, PointKind.INFLECTION)], [1]),
        ("relu(x-1)^3 - relu(1-x)^3", [(1, PointKind.INFLECTION)], [1]),
    ],
)  # fmt: skip
def test_kinds_and_inflections_where_formulas_change(
    formula: str, critical: list[tuple[float, PointKind]], inflections: list[float] | None
) -> None:
    found = analysed(formula)
    kinds = [(round(point.at["x"], 12), point.kind) for point in found.critical.points]
    assert kinds == sorted((round(x, 12), kind) for x, kind in critical)
    if inflections is not None:
        places = sorted(point.at["x"] for point in found.inflections.points)
        assert places == pytest.approx(sorted(inflections), abs=1e-12)


@pytest.mark.sampled(12)
@pytest.mark.parametrize("seed", range(12))
def test_powers_times_absolute_values_have_the_kind_of_their_parity(seed: int) -> None:
    """c·u^m·|u|^k with u = x − a: even in u for even m, odd for odd m."""
    source = random.Random(seed)
    a, scale = source.choice(("0", "1/2", "-2", "7/5")), source.choice((-3, 1, 2))
    m, k = source.randint(0, 4), source.choice((1, 3, 5))
    found = analysed(f"({scale})*(x - ({a}))^{m}*abs(x - ({a}))^{k}")
    is_kink, is_odd = m + k == 1, m % 2 == 1
    extremum = PointKind.MINIMUM if scale > 0 else PointKind.MAXIMUM
    expected = [] if is_kink else [PointKind.INFLECTION if is_odd else extremum]
    assert [point.kind for point in found.critical.points] == expected
    assert len(found.inflections.points) == (is_odd and not is_kink)
    assert len(found.zeros.points) == 1
    assert found.critical.complete
    shapes = [each.shape for each in found.growth]
    up, down = ("increasing", "decreasing") if scale > 0 else ("decreasing", "increasing")
    assert shapes == ([up] if is_odd else [down, up])


@pytest.mark.sampled(4)
@pytest.mark.parametrize("seed", range(12))
def test_parabolas_that_meet_have_an_inflection_where_their_bends_differ(seed: int) -> None:
    source = random.Random(seed)
    left, right = (source.choice((-2, -1, 1, 3)) for _ in range(2))
    a, slope = source.choice((-1, 0, 1)), source.choice((-1, 0, 2))
    half = f"{slope}*(x - ({a})) + ({{}})*(x - ({a}))^2"
    found = analysed(f"piecewise(({half.format(left)}, x < {a}), ({half.format(right)}, True))")
    places = [point.at["x"] for point in found.inflections.points]
    assert places == ([a] if left * right < 0 else [])
    here = [point.kind for point in found.critical.points if point.at["x"] == a]
    turn = {(-1, 1): PointKind.MINIMUM, (1, -1): PointKind.MAXIMUM}
    signs = -int(np.sign(left)), int(np.sign(right))
    assert here == ([] if slope else [turn.get(signs, PointKind.INFLECTION)])


@pytest.mark.slow
def test_nothing_is_said_of_stretches_that_hold_undecided_points() -> None:
    found = analysed("sin(1/x)", "-1:1")
    for search, stretches in (
        (found.critical, found.growth),
        (found.inflections, found.convexity),
    ):
        for doubt in search.undecided:
            (low, high) = doubt.cell[0]
            assert all(each.high <= low or each.low >= high for each in stretches)
        turns = sorted(point.at["x"] for point in search.points)
        assert all(not each.low < x < each.high for each in stretches for x in turns)


@pytest.mark.sampled(2)
@pytest.mark.parametrize("formula", ["1e7 + abs(x^3-2)", "1e9*floor(x^3-2)", "1e8 - cbrt(x^3-2)"])
def test_a_large_value_is_no_pole(formula: str) -> None:
    assert PointKind.POLE not in {each.kind for each in analysed(formula, "1.1:1.4").breaks}


def test_the_growth_turns_at_a_pole() -> None:
    found = analysed("x + 1/x")
    assert_same_places(found.critical.points, [(-1,), (1,)])
    assert [(s.low, s.high, s.shape) for s in found.growth] == [
        (-3.0, -1.0, "increasing"),
        (-1.0, 0.0, "decreasing"),
        (0.0, 1.0, "decreasing"),
        (1.0, 3.0, "increasing"),
    ]


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("formula", "zeros", "critical", "inflections"),
    [
        ("1/x", 0, 0, 0),
        ("x + 1/x", 0, 2, 0),
        ("1/(x^3-2)", 0, 1, 2),  # the pole is no simple number; x(x³−2)^−3(2x³+2) bends
        ("(x-1)^2/(x+1)", 1, 1, 0),  # 1, and −3 on the edge is left out by the range
        ("1/x + 1/(x-1)^2", 0, 1, 0),
        ("tan(x)", 1, 0, 1),
        ("sec(x)", 0, 1, 0),
        ("exp(1/x)", 0, 0, 1),
        ("sin(x)/x", 0, 0, 2),
        ("sqrt(4 - x^2)", 2, 1, 0),
        ("cbrt(x)", 1, 0, 0),
        ("abs(x^2 - 4)", 2, 1, 0),
    ],
)
def test_completeness_is_proved_next_to_breaks(
    formula: str, zeros: int, critical: int, inflections: int
) -> None:
    found = analysed(formula, "-2.9:2.9")
    assert len(found.zeros.points) == zeros
    assert len(found.critical.points) == critical
    assert len(found.inflections.points) == inflections
    assert found.zeros.complete
    assert found.critical.complete
    assert found.inflections.complete


@pytest.mark.parametrize(
    ("formula", "points", "complete"),
    [
        ("x + 1e-14/x", [-1e-7, 1e-7], True),
        ("x*log(x)", [0.36787944117144233], False),
        ("abs(x) + x^2", [], True),
    ],
)
def test_what_lies_close_to_a_break_is_found(
    formula: str, points: list[float], complete: bool
) -> None:
    found = analysed(formula).critical
    assert [point.at["x"] for point in found.points] == pytest.approx(points, rel=1e-12)
    assert found.complete is complete


@pytest.mark.parametrize(
    ("formula", "count"),
    [("1/(x^2+y^2-1)", 1), ("x^2 + y^2 + 1/(x*y)", 2), ("x*exp(1/y)", 0), ("log(x*y) - x - y", 1)],
)
def test_a_box_with_poles_in_it_is_searched_through(formula: str, count: int) -> None:
    found = searched(formula, "x=-2:2,y=-2:2", certify=True)
    assert len(found.points) == count
    assert found.complete


@pytest.mark.slow
def test_a_pole_of_both_variables_stays_open() -> None:
    found = searched("x*y/(x+y)", "x=-2:2,y=-2:2", certify=True)
    assert found.complete is False
    assert all(low <= 0 <= high and high - low < 1e-4 for low, high in found.undecided[0].cell)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("formula", "left", "right"),
    [
        ("x + 1/x", (1.0, 0.0), (1.0, 0.0)),
        ("atan(x)", (0.0, -1.5707963267948966), (0.0, 1.5707963267948966)),
        ("sqrt(x^2+1)", (-1.0, 0.0), (1.0, 0.0)),
        ("exp(-x)", None, (0.0, 0.0)),
        ("sin(x) + x/3", None, None),
        ("floor(x)", None, None),
        ("x^2", None, None),
        ("3x + 1", None, None),
        ("log(x)", None, None),
    ],
)
def test_asymptotes(formula: str, left: Any, right: Any) -> None:
    found = {a.towards: (a.slope, a.intercept) for a in analysed(formula).asymptotes}
    assert (found.get(-1), found.get(1)) == (left, right)


@pytest.mark.parametrize(
    ("formula", "left", "right"),
    [
        # By hand: the two terms of the expansion in 1/x.
        ("(x^3-1)/(x^2-4)", (1, 0), (1, 0)),
        ("(2x^2+1)/(3x-1)", (2 / 3, 2 / 9), (2 / 3, 2 / 9)),
        ("sqrt(x^2+x) - x", (-2, -0.5), (0, 0.5)),
        ("x*atan(x)", (-math.pi / 2, -1), (math.pi / 2, -1)),
        ("x*sin(1/x)", (0, 1), (0, 1)),
        ("(x^3-x)^(1/3)", (1, 0), (1, 0)),
        ("abs(x)/x", (0, -1), (0, 1)),
        ("x*exp(-x)", None, (0, 0)),
        ("x + 2^-x", None, (1, 0)),
        ("tanh(x)", (0, -1), (0, 1)),
        ("1/sqrt(x)", None, (0, 0)),
        ("x^2", None, None),
        ("sqrt(x)", None, None),
        ("log(x)", None, None),
        ("sin(x) + x/3", None, None),
    ],
)
def test_asymptotes_are_proved(formula: str, left: Any, right: Any) -> None:
    output = parse(formula, variables=("x",)).outputs[0]
    for towards, line in ((-1, left), (1, right)):
        found = line_at_infinity(output, towards)
        assert (found is None) == (line is None)
        if found:
            assert [float(ball.mid()) for ball in found] == pytest.approx(line, abs=1e-15)
            assert all(ball.rad() < 1e-30 for ball in found)


@pytest.mark.parametrize(
    ("formula", "left", "right"),
    [
        # tanh, erf and sigmoid stay within their limits; e^(−x) and erfc above 0.
        ("ceil(exp(-x))", None, 1),
        ("floor(tanh(x))", -1, 0),
        ("frac(tanh(x))", 0, 1),
        ("floor(3 - 2*erf(x))", 4, 1),
        ("ceil(-sigmoid(x))", 0, 0),
        ("sign(1 - tanh(x))", 1, 1),
        ("heaviside(erfc(x) - 2)", 0, 0),
        ("round(tanh(x)/2)", 0, 0),
        ("floor(coth(x))", -2, 1),
        ("sqrt(tanh(x) - 1)", None, None),
        ("acosh(erf(x))", None, None),
        ("piecewise((3, erf(x) < 1), (4, True))", 3, 3),
        ("piecewise((3, sech(x) == 0), (4, True))", 4, 4),
        ("atan2(-exp(-x), -1)", None, None),
        ("floor(x/(x + 1))", None, None),
    ],
)
def test_a_limit_under_a_jump_is_neared_from_its_side(
    formula: str, left: int | None, right: int | None
) -> None:
    output = parse(formula, variables=("x",)).outputs[0]
    for towards, level in ((-1, left), (1, right)):
        found = line_at_infinity(output, towards)
        assert (found and [float(ball.mid()) for ball in found]) == (
            None if level is None else [0, level]
        )


SATURATING = {  # the limits at −∞ and ∞, and the side on which the function stays
    "tanh(x)": ((-1, 1), (1, -1)),
    "erf(x)": ((-1, 1), (1, -1)),
    "sigmoid(x)": ((0, 1), (1, -1)),
    "sech(x)": ((0, 1), (0, 1)),
    "erfc(x)": ((2, -1), (0, 1)),
    "coth(x)": ((-1, -1), (1, 1)),
}
JUMPING = {
    "floor": math.floor,
    "ceil": math.ceil,
    "sign": lambda u: (u > 0) - (u < 0),
    "round": round,
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("seed", range(20))
def test_jumps_of_saturating_functions_have_the_limits_of_their_side(seed: int) -> None:
    source = random.Random(seed)
    inner, limits = source.choice(list(SATURATING.items()))
    outer, jump = source.choice(list(JUMPING.items()))
    shift, scale = source.randint(-2, 2), source.choice((-2, -1, 1, 3))
    formula = f"{outer}({shift} + ({scale})*{inner})"
    output = parse(formula, variables=("x",)).outputs[0]
    for towards, (limit, side) in zip((-1, 1), limits, strict=True):
        found = line_at_infinity(output, towards)
        assert found is not None
        truth = jump(shift + scale * (limit + side * 1e-9))
        assert [float(ball.mid()) for ball in found] == [0, truth]


def test_a_pole_that_is_known_exactly_has_an_exact_asymptote(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["critical", "tan(x)", "--range", "0:2"]) == 0
    assert "x -> pi/2   x = pi/2   exact" in capsys.readouterr().out


def test_an_asymptote_says_how_it_is_known() -> None:
    tags = {f: analysed(f).asymptotes[-1].tag for f in ("1/x", "atan(x)", "log(x)/x")}
    assert tags == {"1/x": Tag.EXACT, "atan(x)": Tag.CERTIFIED, "log(x)/x": Tag.NUMERIC}


@pytest.mark.slow
def test_beside_a_multiple_root_in_two_variables_others_stay_possible() -> None:
    found = searched("x^4 + y^4", "x=-1:1,y=-1:1", certify=True)
    (point,) = found.points
    assert (point.at, point.kind, point.tag) == ({"x": 0, "y": 0}, PointKind.MINIMUM, Tag.EXACT)
    assert found.complete is False
    assert all(low <= 0 <= high for low, high in found.undecided[0].cell)


@pytest.mark.sampled(12)
@pytest.mark.parametrize(
    ("formula", "kind"),
    [
        # By the least homogeneous part, or Peano's parabola y = 2x² between his two.
        *(
            pytest.param(parabolas, PointKind.SADDLE, marks=pytest.mark.slow)
            for parabolas in (
                "(y-x^2)*(y-3*x^2)",
                "2*(y-x^2)*(y-5*x^2) + x^7",
                "(x-2*y^2)*(x-4*y^2)",
            )
        ),
        ("x^3 - 3*x*y^2", PointKind.SADDLE),
        ("x^4 - y^4 + x*y^4", PointKind.SADDLE),
        ("x^2 + y^3", PointKind.SADDLE),
        ("x^4 + y^4", PointKind.MINIMUM),
        ("x^2 + y^6", PointKind.MINIMUM),
    ],
)
@pytest.mark.parametrize(
    "shift",
    [
        ("1/2", "-1"),
        ("0", "0"),
        ("-1/3", "2/7"),
    ],
)
def test_a_multiple_root_is_one_point_whose_kind_is_proved_or_open(
    formula: str, kind: PointKind, shift: tuple[str, str]
) -> None:
    a, b = shift
    moved = formula.replace("x", "u").replace("y", "v")
    found = searched(f"u = x - ({a}); v = y - ({b}); {moved}", "x=-3:3,y=-3:3")
    here = [each for each in found.points if math.hypot(
        each.at["x"] - float(Fraction(a)), each.at["y"] - float(Fraction(b))) < 1e-2]  # fmt: skip
    assert [(point.kind, point.tag) for point in here] == [(kind, Tag.EXACT)]
    assert all(point.tag is not Tag.NUMERIC for point in found.points)


@pytest.mark.slow
def test_a_flat_slope_is_no_critical_point() -> None:
    """∂f/∂x = (1 − 2x²)·e^(−x² − y²) and ∂f/∂y = −2xy·e^(−x² − y²) are 0 at two points alone."""
    found = searched("x*exp(-x^2-y^2)", "x=-10:10,y=-10:10")
    assert_same_places(found.points, [(-math.sqrt(0.5), 0), (math.sqrt(0.5), 0)])
    assert [point.kind for point in found.points] == [PointKind.MINIMUM, PointKind.MAXIMUM]


def test_a_box_without_a_critical_point_is_proved_empty() -> None:
    found = searched("exp(x) + y^3 + y", "x=-2:2,y=-2:2", certify=True)
    assert (found.points, found.complete) == ((), True)


def test_a_root_on_an_edge_between_cells_is_found_once() -> None:
    function = parse("cos(x) + cos(y)")
    system = GradientSystem(function.outputs[0], ("x", "y"), [("x",), ("y",)])
    found = isolate(system, ((-4.0, 4.0), (-4.0, 4.0)))
    assert len(found.roots) == 9
    assert found.undecided == ()


def test_three_variables() -> None:
    found = searched("x^2 + y^2 + z^2 + x*y*z", "x=-3:3,y=-3:3,z=-3:3", certify=True)
    signs = [(2, 2, -2), (2, -2, 2), (-2, 2, 2), (-2, -2, -2)]
    assert_same_places(found.points, [(0, 0, 0), *signs])
    assert found.complete
    assert [point.kind for point in found.points] == [PointKind.MINIMUM, *[PointKind.SADDLE] * 4]


def test_bounds_enclose_the_root() -> None:
    for point in analysed("x^4 - 3x^2 + x").critical.points:
        assert point.bounds
        with mp.workdps(40):
            low, high = map(mpf, point.bounds["x"])
            slope = [4 * x**3 - 6 * x + 1 for x in (low, high)]
        assert slope[0] * slope[1] <= 0
        assert high - low < 1e-17


def answered(*typed: str) -> tuple[int, str, str]:
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(list(typed))
    return code, out.getvalue(), err.getvalue()


def test_json_has_one_result_a_point() -> None:
    code, out, _ = answered("critical", "x^3 - 3x", "--in", "-2:2", "--json")
    document = json.loads(out)
    assert code == 0
    assert [(p["at"], p["value"], p["kind"], p["tag"]) for p in document["results"]] == [
        ({"x": -1.0}, 2.0, "maximum", "exact"),
        ({"x": 1.0}, -2.0, "minimum", "exact"),
    ]
    assert document["complete"] is True
    assert document["zeros"][0]["exact"] == {"x": "-sqrt(3)"}
    assert document["range"] == {"x": [-2.0, 2.0]}


def test_the_screen_says_what_is_proved() -> None:
    _, out, _ = answered("analyze", "x^2 - 2", "--range", "-2:2")
    assert "x = sqrt(2)" in out
    assert "proved: -2 ≤ x ≤ 2 has 1 critical point, 2 zeros and no inflections" in out
    _, out, _ = answered("critical", "x^2 + y^2", "--range", "x=-1:1,y=-1:1")
    assert "--certify" in out


def test_definitions_stand_above_the_function() -> None:
    _, out, _ = answered("critical", "y = x^2; y^2 - y", "--range", "-2:2", "--format", "plain")
    assert out.startswith("y = x**2\nf = y**2 - y\n")


def test_a_range_of_its_own_is_said() -> None:
    _, _, err = answered("critical", "x^2")
    assert "range -10:10" in err


@pytest.mark.parametrize(
    "typed",
    [
        ("critical", "x^2 + y", "--range", "x=-1:1"),
        ("critical", "x^2", "--range", "1:-1"),
        ("critical", "7"),
        ("critical", "x^2", "--at", "3"),
        ("critical", "x", "y"),
    ],
)
def test_what_does_not_fit_is_refused(typed: tuple[str, ...]) -> None:
    code, _, err = answered(*typed)
    assert code == 2
    assert err.startswith("error: ")


@pytest.mark.parametrize("name", ["plain", "csv", "markdown", "latex", "jsonl"])
def test_every_format_has_the_points(name: str) -> None:
    code, out, _ = answered("critical", "x^3 - 3x", "--format", name, "--in", "-2:2")
    assert code == 0
    assert "maximum" in out


@pytest.mark.sampled(3)
@pytest.mark.parametrize("seed", range(12))
def test_no_root_of_a_polynomial_is_left_out(seed: int) -> None:
    source = random.Random(seed)
    coefficients = [source.randint(1, 9), *(source.randint(-9, 9) for _ in range(6))]
    formula = " + ".join(f"({c})*x^{6 - power}" for power, c in enumerate(coefficients))
    found = analysed(formula, "-4:4")
    slopes = [c * (6 - power) for power, c in enumerate(coefficients[:-1])]
    for search, roots in (
        (found.zeros, real_roots(*coefficients)),
        (found.critical, real_roots(*slopes)),
    ):
        assert_same_places(search.points, [(x,) for x in roots if -4 <= x <= 4])
        assert search.complete


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_no_root_of_a_rational_function_is_left_out(seed: int) -> None:
    source = random.Random(seed)
    above = np.poly1d([source.randint(1, 5), *(source.randint(-5, 5) for _ in range(3))])
    pole, power, shift = source.randint(-2, 2), source.randint(1, 3), source.randint(-5, 5)
    below = np.poly1d([1, -pole]) ** power * np.poly1d([1, 0, shift])
    formula = f"({written(above)})/((x - ({pole}))^{power}*(x^2 + ({shift})))"
    found = analysed(formula, "-3.1:3.1")
    slope = above.deriv() * below - above * below.deriv()
    for search, numerator in ((found.zeros, above), (found.critical, slope)):
        roots = real_roots(*map(int, numerator.coeffs))
        inside = [x for x in roots if abs(x) < 3.1 and abs(np.polyval(below, float(x))) > 1e-6]
        assert_same_places(search.points, [(x,) for x in inside])
        assert search.complete


def written(polynomial: np.poly1d) -> str:
    powers = range(polynomial.order, -1, -1)
    return " + ".join(f"({int(c)})*x^{k}" for c, k in zip(polynomial.coeffs, powers, strict=True))


@pytest.mark.sampled(5)
@pytest.mark.parametrize(
    ("formula", "continua", "alone"),
    [
        ("(x - y)^2", {("x - y",)}, 0),
        ("x^2 - 2x*y + y^2", {("x - y",)}, 0),
        ("(x^2 + y^2 - 1)^2", {("x**2 + y**2 - 1",)}, 1),
        ("x^2*y^2", {("x",), ("y",)}, 0),
        ("x^2 + 0*y", {("x",)}, 0),
        ("(x - y)^2 + z^2", {("x - y", "z")}, 0),
        ("(x - y)^2*exp(x + y)", {("x - y",)}, 0),
        ("x^2 + x*y + y^2", set(), 1),
        ("(x - 1)^4 + y^4", set(), 1),
        ("(x^2 + y^2)^2", set(), 1),
    ],
)
def test_points_that_are_not_isolated_are_told_as_curves(
    formula: str, continua: set[tuple[str, ...]], alone: int
) -> None:
    function = parse(formula)
    found = critical_points(function, ((-3.0, 3.0),) * len(function.variables), budget=20.0)
    assert set(found.continua) == continua
    assert len(found.points) == alone
    assert found.unproved == 0


def test_unproved_points_are_few_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diffcli.studies.critical.points.inhabited", lambda *_: {})
    found = critical_points(parse("(x - y)^2"), ((-3.0, 3.0), (-3.0, 3.0)))
    assert len(found.points) == MOST_UNPROVED
    assert found.unproved > 0


@pytest.mark.slow
def test_a_crowd_of_roots_is_bounded_and_placed() -> None:
    found = analyse(parse("sin(1/x)"), ((0.0, 1.0),))
    for search in (found.critical, found.zeros, found.inflections):
        assert len(search.points) == MOST_ROOTS
        assert search.complete is False
        (low, high) = next(each.cell[0] for each in search.undecided if CROWDED in each.reason)
        assert low == 0
        assert high < 0.01
    # The largest ones are all there: zeros at 1/(k·π).
    largest = sorted(point.at["x"] for point in found.zeros.points)[-20:]
    assert largest == pytest.approx([1 / (k * math.pi) for k in range(20, 0, -1)], rel=1e-15)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("formula", ["zeta(x)", "besselj(0,x)*bessely(1,x)", "gamma(x)*zeta(x)"])
def test_a_search_ends_with_its_budget(formula: str) -> None:
    start, budget = now(), 0.05
    found = analyse(parse(formula), ((-2.0, 2.0),), budget=budget)
    # Two searches, and what is begun when the time is over is ended.
    assert now() - start < (2 * SEARCH + 40) * budget + 2
    assert found.critical.complete is False
    assert any(OUT_OF_TIME in doubt.reason for doubt in found.critical.undecided)
    for doubt in found.critical.undecided:
        (low, high) = doubt.cell[0]
        assert all(each.high <= low or each.low >= high for each in found.growth)


def test_a_longer_budget_leaves_less_open() -> None:
    open_ = []
    for budget in (0.05, 0.3):
        found = analyse(parse("gamma(x)"), ((0.5, 4.0),), budget=budget)
        open_.append(sum(b - a for each in found.critical.undecided for a, b in each.cell))
    assert open_[1] <= open_[0]


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("formula", "kind"),
    [
        ("x**4 + y**4", PointKind.MINIMUM),
        ("x**2 + y**6", PointKind.MINIMUM),
        ("-3*x**4 - y**6 + x**5", PointKind.MAXIMUM),
        ("x**4 + x**3*y + y**4", PointKind.MINIMUM),
        ("x**4 + y**4 + z**4 - x*y*z**2", PointKind.MINIMUM),
        ("cosh(x) - x**2/2 + y**4*exp(x)", PointKind.MINIMUM),
        ("cos(x**2) - y**6", PointKind.MAXIMUM),
        # By hand: the discriminants of these forms are 9 − 4, 1 − 4 and 0.
        ("x**2 + y**4 - 3*x*y**2", None),
        ("x**2 + y**4 - x*y**2", PointKind.MINIMUM),
        ("x**2 + y**4 - 2*x*y**2", None),
        ("(y - x**2)*(y - 5*x**2)", None),
        ("(x**2 - y**2)**2 + x**9", None),
        ("x**4 + y**5", None),
        ("x**4 + y**4 - x/10**9", None),
        ("x**4 + y**4 - 3*x**2*y**2", None),
        ("x**4 - y**4", None),
        ("x**4 + x**2*y**2", None),
    ],
)
def test_the_lowest_terms_tell_an_extremum(formula: str, kind: PointKind | None) -> None:
    """The Taylor coefficients at the origin are sympy's."""
    term = sympy.sympify(formula)
    names = sorted(term.free_symbols, key=str)

    def partial(orders: Sequence[int]) -> sympy.Expr:
        wrt = [(name, order) for name, order in zip(names, orders, strict=True) if order]
        return sympy.diff(term, *wrt).subs(dict.fromkeys(names, 0))

    found = extremum(
        len(names),
        lambda wanted: [arb(str(sympy.N(partial(each), 30))) for each in wanted],
        lambda wanted: all(partial(each) == 0 for each in wanted),
    )
    assert found is kind


@pytest.mark.slow
def test_an_even_power_has_a_minimum() -> None:
    (point,) = searched("2*(x - 1/3)^4 + (y + 2)^6", "x=-3:3,y=-3:3").points
    assert (point.kind, point.tag) == (PointKind.MINIMUM, Tag.EXACT)
    assert point.at == {"x": 1 / 3, "y": -2.0}


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("abs(x)", [(0, "minimum")]),
        ("abs(x^2 - 4)", [(-2, "minimum"), (2, "minimum")]),
        ("1 - cbrt(x)^2", [(0, "maximum")]),
        ("x + abs(x)/2", []),
        ("max(x, x^3)", []),  # decreasing on no side of -1, 0 or 1 that turns
    ],
)
def test_an_extremum_at_a_kink_is_named(formula: str, expected: list[tuple[float, str]]) -> None:
    found = analyse(parse(formula), ((-3.0, 3.0),))
    kinks = [(point.at["x"], kind.value) for point, kind in found.kink_extrema("x")]
    assert kinks == expected


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("formula", "box", "words"),
    [
        ("x - floor(x)", "0:1", ["minimum", "supremum"]),
        ("where(x > 0, x, 1)", "-1:1", ["infimum", "maximum"]),
        ("abs(x)", "-1:1", ["minimum", "maximum"]),
    ],
)
def test_a_bound_that_no_point_takes_is_no_extremum(
    formula: str, box: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["critical", formula, "--in", box, "--global"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    wanted = {"minimum", "infimum", "maximum", "supremum"}
    heading = next(place for place, line in enumerate(lines) if line[:1] == ["extremes"])
    rows = [line for line in lines[heading:] if line and line[0] in wanted][:2]
    assert [row[0] for row in rows] == words
    if formula == "x - floor(x)":
        # The ends are also jumps, and are told once.
        assert rows[0][2:] == ["x", "=", "0;", "x", "=", "1"]


def test_a_point_of_a_line_is_no_saddle() -> None:
    # f′ = 1 + cos(x) is 0 at 3π, and positive on both sides: no minimum and no maximum.
    function = parse("x + sin(x)")
    system = GradientSystem(function.outputs[0], ("x",), [("x",)])
    classifier = PointClassifier(Partials(function, now() + 5), system)
    assert classifier.at_nodes(parse("3*pi").outputs).kind is PointKind.DEGENERATE


def test_a_stretch_of_growth_ends_before_a_jump(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["critical", "x - floor(x)", "--range", "1/2:7/2"]) == 0
    shown = capsys.readouterr().out
    assert "increasing between the jumps" in shown
    assert "increasing after the jump" in shown
    assert run(["critical", "x - floor(x)", "--range", "1/2:7/2", "--json"]) == 0
    for stretch in json.loads(capsys.readouterr().out)["growth"]:
        inner = [end for end in ("from", "to") if stretch[end] not in (0.5, 3.5)]
        assert stretch["jumps"] == inner


def test_growth_goes_on_to_a_kink(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["critical", "abs(x - 1)", "--range", "0:3", "--json"]) == 0
    stretches = json.loads(capsys.readouterr().out)["growth"]
    assert [(each["from"], each["to"], each["jumps"]) for each in stretches] == [
        (0, 1, []),
        (1, 3, []),
    ]
