"""The oracle and the tables that other tests rest on, against published numbers."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

import pytest
from mpmath import mp, mpf
from oracles import (
    Case,
    NotDifferentiableError,
    OutsideDomainError,
    derivative,
    row_points,
    table,
    value,
)

from diffcli.language.functions import TABLE

AS = "Abramowitz & Stegun"

# fmt: off  (a table is read by its columns)
PUBLISHED = [
    ("sqrt(2)", "1.41421356237309504880", f"{AS} Table 1.1"),
    ("cbrt(2)", "1.25992104989487316477", f"{AS} Table 1.1"),
    ("root(100, 5)", "2.51188643150958011109", f"{AS} Table 1.1"),
    ("2**0.5", "1.41421356237309504880", f"{AS} Table 1.1"),
    ("exp(1)", "2.71828182845904523536", f"{AS} Table 1.1"),
    ("pi", "3.14159265358979323846", f"{AS} Table 1.1"),
    ("log(10)", "2.30258509299404568402", f"{AS} Table 1.1"),
    ("log10(2)", "0.30102999566398119521", f"{AS} Table 1.1"),
    ("log2(10)", "3.32192809488736234787", "the reciprocal of log10(2)"),
    ("log1p(1)", "0.69314718055994530942", f"{AS} Table 1.1"),
    ("expm1(1)", "1.71828182845904523536", f"{AS} Table 1.1"),
    ("sin(1)", "0.84147098480789650665", f"{AS} Table 4.6"),
    ("cos(1)", "0.54030230586813971740", f"{AS} Table 4.6"),
    ("tan(1)", "1.55740772465490223051", f"{AS} Table 4.8"),
    ("cot(1)", "0.64209261593433070301", f"{AS} Table 4.8"),
    ("sec(1)", "1.85081571768092561791", f"{AS} Table 4.8"),
    ("csc(1)", "1.18839510577812121626", f"{AS} Table 4.8"),
    ("asin(1/2)", "0.52359877559829887308", f"pi/6, {AS} 4.3.46"),
    ("acos(1/2)", "1.04719755119659774615", f"pi/3, {AS} 4.3.46"),
    ("atan(1/2)", "0.46364760900080611621", f"{AS} Table 4.14"),
    ("acot(-2)", "-0.46364760900080611621", "DLMF 4.23.9: arctan(1/x)"),
    ("asec(2)", "1.04719755119659774615", "DLMF 4.23.8: arccos(1/x)"),
    ("acsc(2)", "0.52359877559829887308", "DLMF 4.23.7: arcsin(1/x)"),
    ("atan2(1, -1)", "2.35619449019234492885", "3 pi/4"),
    ("sinh(1)", "1.17520119364380145688", f"{AS} Table 4.15"),
    ("cosh(1)", "1.54308063481524377848", f"{AS} Table 4.15"),
    ("tanh(1)", "0.76159415595576488812", f"{AS} Table 4.15"),
    ("coth(1)", "1.31303528549933130364", f"{AS} Table 4.15"),
    ("sech(1)", "0.64805427366388539957", "the reciprocal of cosh(1)"),
    ("csch(1)", "0.85091812823932154513", "the reciprocal of sinh(1)"),
    ("asinh(1)", "0.88137358701954302523", f"{AS} Table 4.17"),
    ("acosh(2)", "1.31695789692481670863", f"{AS} Table 4.17"),
    ("atanh(1/2)", "0.54930614433405484570", f"{AS} Table 4.17"),
    ("acoth(2)", "0.54930614433405484570", f"{AS} Table 4.17"),
    ("asech(1/2)", "1.31695789692481670863", f"{AS} Table 4.17"),
    ("acsch(1)", "0.88137358701954302523", f"{AS} Table 4.17"),
    ("gamma(1/2)", "1.77245385090551602730", f"{AS} 6.1.8"),
    ("gamma(1/3)", "2.67893853470774763366", f"{AS} Table 1.1"),
    ("gamma(1/4)", "3.62560990822190831193", f"{AS} Table 1.1"),
    ("gamma(-3/2)", "2.36327180120735470306", "4 sqrt(pi)/3, DLMF 5.5.1"),
    ("lgamma(-1/2)", "1.26551212348464539649", "log(2 sqrt(pi)), DLMF 5.5.1"),
    ("factorial(1/2)", "0.88622692545275801365", f"{AS} 6.1.9"),
    ("digamma(1)", "-0.57721566490153286061", f"{AS} 6.3.2"),
    ("digamma(1/2)", "-1.96351002602142347944", f"{AS} 6.3.3"),
    ("polygamma(1, 1)", "1.64493406684822643647", f"{AS} 6.4.2: zeta(2)"),
    ("polygamma(2, 1)", "-2.40411380631918857080", f"{AS} 6.4.2: -2 zeta(3)"),
    ("beta(1/2, 1/2)", "3.14159265358979323846", "DLMF 5.12.1 and 5.4.6"),
    ("binomial(1, 1/2)", "1.27323954473516268615", "4/pi, DLMF 1.2.6 and 5.4.6"),
    ("erf(1/2)", "0.52049987781304653768", f"{AS} Table 7.1"),
    ("erf(1)", "0.84270079294971486934", f"{AS} Table 7.1"),
    ("erfc(2)", "0.00467773498104726584", f"{AS} Table 7.1"),
    ("exp(-1)*sqrt(pi)/2*erfi(1)", "0.53807950691276841914", f"{AS} Table 7.5: Dawson's integral"),
    ("normpdf(1)", "0.24197072451914334980", f"{AS} Table 26.1: Z(1)"),
    ("normcdf(1)", "0.84134474606854294859", f"{AS} Table 26.1: P(1)"),
    ("normcdf(5, 1, 2)", "0.97724986805182079279", f"{AS} Table 26.1: P(2)"),
    ("gelu(1)", "0.84134474606854294859", f"{AS} Table 26.1: P(1)"),
    ("softplus(0)", "0.69314718055994530942", f"{AS} Table 1.1: log 2"),
    ("logsigmoid(0)", "-0.69314718055994530942", f"{AS} Table 1.1: -log 2"),
    ("logit(3/4)", "1.09861228866810969140", f"{AS} Table 1.1: log 3"),
    ("2*sigmoid(2) - 1", "0.76159415595576488812", "tanh(1)"),
    ("2*silu(2)/2 - 1", "0.76159415595576488812", "tanh(1)"),
    ("mish(log(sqrt(3) - 1))/log(sqrt(3) - 1)", "0.5", "tanh(log(sqrt 3)) = 1/2"),
    ("selu(1)", "1.05070098735548049341", "Klambauer et al. 2017: the scale"),
    ("selu(-1)/(exp(-1) - 1)/selu(1)", "1.67326324235437728481", "Klambauer et al. 2017: alpha"),
    ("elu(-1, 2)", "-1.26424111765711535681", f"2/e - 2, {AS} Table 1.1"),
    ("sinc(1)", "0.84147098480789650665", f"{AS} Table 4.6"),
]
# fmt: on


@pytest.fixture(autouse=True)
def _sixty_digits() -> Iterator[None]:
    with mp.workdps(60):
        yield


@pytest.mark.parametrize(("formula", "published", "source"), PUBLISHED)
def test_published_value(formula: str, published: str, source: str) -> None:
    assert abs(value(formula, {}) - mpf(published)) < mpf("1.01e-20"), source


@pytest.mark.parametrize(
    ("formula", "exact"),
    [
        ("1/3 + 0.1", "13/30"),
        ("(-8)**(1/3)", "-2"),
        ("(-8)**(2/3)", "4"),
        ("root(-32, 5)", "-2"),
        ("mod(-7, 3)", "2"),
        ("-7 % -3", "-1"),
        ("mod(0.3, 0.1)", "0"),
        ("round(2.5) + round(3.5) + round(-0.5)", "6"),
        ("floor(-0.1) + ceil(-0.1) + frac(-0.25)", "-1/4"),
        ("sign(-3)/2 + heaviside(0) + heaviside(0, 1)", "1"),
        ("min(3, 1, 2) + max(3, 1, 2) + clamp(9, 0, 5)", "9"),
        ("relu(-1) + leaky_relu(-1) + hardtanh(7) + softsign(-1)", "49/100"),
        ("piecewise((1/0, 2 < 1), (5, True)) + where(1 < 2 < 3, 1, 1/0)", "6"),
        ("abs(-3) + detach(4) + (1 if not 2 == 2 else 2)", "9"),
        ("binomial(5, 2) + hypot(3, 4)", "15"),
        ("sin(pi)", "0"),
    ],
)
def test_exact_value(formula: str, exact: str) -> None:
    truth = Fraction(exact)
    assert abs(value(formula, {}) * truth.denominator - truth.numerator) < mpf("1e-49")


def test_cancellation_is_outlasted() -> None:
    swallowed = value("log(1 + exp(x)) - exp(x)", {"x": -300})
    assert abs(swallowed * 2 + mp.exp(-600)) < mp.exp(-600) * mpf("1e-40")
    slope = derivative("tanh(x)", {"x": 300}, "x")
    assert abs(slope - 4 * mp.exp(-600)) < slope * mpf("1e-40")


def test_what_no_precision_settles_is_refused() -> None:
    with pytest.raises(ArithmeticError, match="not settled"):
        value("log(1 + exp(x)) - exp(x)", {"x": -800})


@pytest.mark.parametrize(
    "formula",
    ["x/x", "sqrt(-1 - x)**2", "log(x)", "gamma(x)", "asin(2 + x)", "acosh(x)", "(-2)**(x + pi)"],
)
def test_outside_the_domain(formula: str) -> None:
    with pytest.raises(OutsideDomainError):
        value(formula, {"x": 0})


@pytest.mark.parametrize("formula", ["abs(x - 0.1)", "floor(10*x)", "max(x, 10*x**2)"])
def test_kinks_have_no_derivative(formula: str) -> None:
    with pytest.raises(NotDifferentiableError):
        derivative(formula, {"x": "0.1"}, "x")


def test_a_vertical_tangent_does_not_settle() -> None:
    with pytest.raises(ArithmeticError, match="not settled"):
        derivative("cbrt(x)", {"x": 0}, "x")


def test_mixed_and_held_derivatives() -> None:
    point = {"x": "1/3", "y": 2}
    assert abs(derivative("x**2*y**3", point, ("x", "y", "y")) - 8) < mpf("1e-48")
    assert abs(derivative("x**2*y**3", point, {"y": 3}) - mpf(2) / 3) < mpf("1e-48")
    assert abs(derivative("x*detach(x)*y", point, ("x", "y")) * 3 - 1) < mpf("1e-48")


def seeded(name: str) -> random.Random:
    return random.Random(name)


def inside(low: str, high: str, draw: random.Random) -> Fraction:
    return Fraction(low) + (Fraction(high) - Fraction(low)) * Fraction(draw.randint(1, 999), 1000)


@pytest.mark.sampled(7)
@pytest.mark.parametrize("row", table("derivatives"), ids=lambda row: row["id"])
def test_published_derivative(row: dict[str, str]) -> None:
    draw = seeded(row["id"])
    for _ in range(3):
        point = {row["variable"]: inside(row["low"], row["high"], draw)}
        published = value(row["derivative"], point, 30)
        tolerance = abs(published) * mpf("1e-28")
        numerical = derivative(row["python"], point, (row["variable"],), 30)
        assert abs(numerical - published) <= tolerance


@pytest.mark.sampled(5)
@pytest.mark.parametrize("row", table("feynman"), ids=lambda row: row["id"])
def test_feynman_formula_is_real_in_its_ranges(row: dict[str, str]) -> None:
    draw = seeded(row["id"])
    ranges = dict(item.split("=") for item in row["variables"].split(";"))
    for _ in range(3):
        point = {name: inside(*span.split(":"), draw) for name, span in ranges.items()}
        assert mp.isfinite(value(row["formula"], point, 25))


def test_tables_are_complete() -> None:
    assert len(table("feynman")) == 120
    assert len({row["id"] for row in table("derivatives")}) == len(table("derivatives")) >= 120
    counts = Counter(case.row for case in row_points())
    assert set(counts) == set(TABLE)
    assert min(counts.values()) >= 20


@pytest.mark.slow
@pytest.mark.parametrize("case", [*row_points()][::25], ids=str)
def test_sample_points_are_ordinary(case: Case) -> None:
    assert mp.isfinite(value(case.formula, case.point, 25))
    for name in case.wrt:
        assert mp.isfinite(derivative(case.formula, case.point, (name, name), 25))
