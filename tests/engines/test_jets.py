"""Taylor arithmetic against coefficients from values at high precision alone."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from math import factorial, isnan, log

import oracles
import pytest
import torch
from mpmath import mp, mpf

from diffcli.engines.taylor.jets import series_of
from diffcli.engines.taylor.rules import NoSeriesError
from diffcli.language.parser import parse

ORDER = 8
STEP = Fraction(1, 10**6)
NAMES = ("x", "y", "z", "w")


def coefficients(formula: str, at: dict[str, Fraction], name: str, order: int) -> list[float]:
    """Return what Taylor arithmetic makes of a formula along one variable."""
    series = series_of(parse(formula, variables=tuple(at)), (name,), (order,), order)
    point = {each: torch.tensor(float(x), dtype=torch.float64) for each, x in at.items()}
    return series(point, {name: {(1,): 1.0}})[0].tolist()


def truth(formula: str, at: dict[str, Fraction], name: str, order: int) -> list[mpf]:
    """Return the Taylor coefficients of the polynomial through near values of many digits."""
    places = range(-(order // 2) - 1, order // 2 + 3)
    with mp.workdps(100):
        near = [{**at, name: at[name] + t * STEP} for t in places]
        values = mp.matrix([oracles.value(formula, each, 90) for each in near])
        powers = mp.matrix([[mpf(t) ** k for k in range(len(places))] for t in places])
        found = mp.lu_solve(powers, values)
        return [found[k] / (mpf(STEP.numerator) / STEP.denominator) ** k for k in range(order + 1)]


@cache
def ordinary_points() -> list[tuple[str, str, tuple[Fraction, ...], str]]:
    """Return a point of moderate size for each row and each variable it is differentiable in."""
    found = []
    for row in oracles.table("points"):
        typed = [each.split(",") for each in row["points"].split()]
        points = [tuple(map(Fraction, each)) for each in typed if max(map(len, each)) < 5]
        sizes = {each: max(abs(log(abs(x) / 0.6)) if x else 9 for x in each) for each in points}
        best = tuple(Fraction(float(x)) for x in min(points, key=sizes.__getitem__))
        names = row["wrt"].split() if row["row"] != "detach" else ()
        found += [(row["row"], row["formula"], best, name) for name in names]
    return found


@pytest.mark.sampled(14)
@pytest.mark.parametrize(("row", "formula", "at", "name"), ordinary_points())
def test_every_row(row: str, formula: str, at: tuple[Fraction, ...], name: str) -> None:
    point = dict(zip(NAMES, at, strict=False))
    exact = truth(formula, point, name, ORDER)
    # A coefficient is as good as the largest of those that it is made of.
    size = max(map(abs, exact)) / 1000
    for ours, true in zip(coefficients(formula, point, name, ORDER), exact, strict=True):
        assert abs(ours - true) <= 1e-11 * max(abs(true), size)


@pytest.mark.parametrize("order", [5, 12, 20, 30])
def test_a_high_order_keeps_twelve_digits(order: int) -> None:
    found = coefficients("exp(sin(x))", {"x": Fraction(3, 10)}, "x", order)
    with mp.workdps(60):
        exact = mp.taylor(lambda x: mp.exp(mp.sin(x)), mpf(0.3), order)
        assert all(abs(a / b - 1) < 1e-12 for a, b in zip(found, exact, strict=True))


@pytest.mark.parametrize(
    ("formula", "at", "expected"),
    [
        ("x^5", 0, [0, 0, 0, 0, 0, 1, 0]),
        ("(1 + x)^-2", 0, [1, -2, 3, -4, 5, -6, 7]),
        ("x^0", 0, [1, 0, 0, 0, 0, 0, 0]),
        ("2x*x*3x*x", 1, [6, 24, 36, 24, 6, 0, 0]),
        ("x^2*abs(x)", -1, [1, -3, 3, -1, 0, 0, 0]),
        ("detach(x^2)*x^2", 3, [81, 54, 9, 0, 0, 0, 0]),
        ("max(x^2, 2x^2, 0)", 1, [2, 4, 2, 0, 0, 0, 0]),
        ("cbrt(x)^6 + (x^(1/3))^3", -8, [56, -15, 1, 0, 0, 0, 0]),
        ("sinc(x)", 0, [1, 0, -1 / 6, 0, 1 / 120, 0, -1 / 5040]),
        ("piecewise((sin(x), x < 0), (x^2, True))", 0, [0, 0, 1, 0, 0, 0, 0]),
        ("heaviside(x) + floor(x)", 0.5, [1, 0, 0, 0, 0, 0, 0]),
    ],
)
def test_known_series(formula: str, at: float, expected: list[float]) -> None:
    found = coefficients(formula, {"x": Fraction(at)}, "x", 6)
    assert found == pytest.approx(expected, rel=1e-14, abs=1e-15)


def test_a_branch_at_one_point_has_no_series() -> None:
    found = coefficients("piecewise((sin(x)/x, x != 0), (1, True))", {"x": Fraction(0)}, "x", 3)
    assert found[0] == 1
    assert all(map(isnan, found[1:]))


def test_mixed_partials_of_many_points() -> None:
    function = parse("exp(x*y)*sin(x + y^2)")
    x, y = torch.tensor([0.3, -0.5], dtype=torch.float64), torch.tensor(0.4, dtype=torch.float64)
    series = series_of(function, ("x", "y"), (3, 2), 5)
    (found,) = series({"x": x, "y": y}, {"x": {(1, 0): 1.0}, "y": {(0, 1): 1.0}})
    assert found.shape == (4, 3, 2)

    def f(x: mpf, y: mpf) -> mpf:
        return mp.exp(x * y) * mp.sin(x + y * y)

    with mp.workdps(50):
        for place, at in enumerate((0.3, -0.5)):
            for i, j in ((0, 0), (2, 0), (1, 1), (3, 2)):
                exact = mp.diff(f, (mpf(at), mpf(0.4)), (i, j)) / (factorial(i) * factorial(j))
                assert float(found[i, j, place]) == pytest.approx(float(exact), rel=1e-12)


@pytest.mark.parametrize(
    ("formula", "missing"),
    [("zeta(x)", "zeta in its argument 1"), ("multigammaln(x, 2)", "multigammaln in its argument")],
)
def test_a_row_without_a_rule_is_named(formula: str, missing: str) -> None:
    with pytest.raises(NoSeriesError, match=missing):
        coefficients(formula, {"x": Fraction(5, 2)}, "x", 5)


def test_the_dtype_is_that_of_the_point() -> None:
    series = series_of(parse("exp(x)"), ("x",), (6,), 6)
    (found,) = series({"x": torch.tensor(0.0)}, {"x": {(1,): 1.0}})
    assert found.dtype == torch.float32
    assert found.tolist() == pytest.approx([1 / factorial(k) for k in range(7)])
