"""Infinite sums against mpmath's summation, and known values where that doesn't settle."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction

import mpmath
import pytest
from mpmath import mpf

import diffcli
from diffcli.cli.main import run
from diffcli.errors import FormulaError

SUMS: dict[str, tuple[int, Callable[[int, mpf], mpf]]] = {
    "x^n/n^2": (1, lambda n, x: x**n / n**2),
    "x^n/n!": (0, lambda n, x: x**n / mpmath.factorial(n)),
    "x^n": (0, lambda n, x: x**n),
    "x^(-n) 9^(-n)": (2, lambda n, x: (9 * x) ** -n),
    "(-1)^n*x^(2n+1)/(2n+1)!": (
        0,
        lambda n, x: (-1) ** n * x ** (2 * n + 1) / mpmath.factorial(2 * n + 1),
    ),
    "(-1)^(n+1)*x^n/n": (1, lambda n, x: -((-x) ** n) / n),
    "(-1)^n x^(2n+1)/(2n+1)": (0, lambda n, x: (-1) ** n * x ** (2 * n + 1) / (2 * n + 1)),
    "n^3*x^n": (0, lambda n, x: n**3 * x**n),
    "x^n/(n*(n+1))": (1, lambda n, x: x**n / (n * (n + 1))),
    "x^n/(n+1)": (0, lambda n, x: x**n / (n + 1)),
    "x^n/(n-1)^3": (3, lambda n, x: x**n / (n - 1) ** 3),
    "(n-2) x^n": (0, lambda n, x: (n - 2) * x**n),
    "exp(-n*(x+1))": (0, lambda n, x: mpmath.exp(-n * (x + 1))),
    "n*2^(-n x - n)": (1, lambda n, x: n * mpmath.power(2, -n * x - n)),
    "(-1)^n*(x/2)^(2n)/(n!)^2": (
        0,
        lambda n, x: (-1) ** n * (x / 2) ** (2 * n) / mpmath.factorial(n) ** 2,
    ),
    "n^2 x^n/n!": (0, lambda n, x: n**2 * x**n / mpmath.factorial(n)),
    "binomial(2n,n)*(x/8)^n": (0, lambda n, x: mpmath.binomial(2 * n, n) * (x / 8) ** n),
    "(n!)^2 x^n/(2n)!": (0, lambda n, x: mpmath.factorial(n) ** 2 * x**n / mpmath.factorial(2 * n)),
    "x^n/sqrt(n)": (1, lambda n, x: x**n / mpmath.sqrt(n)),
    "x^n/n! + x^n/n": (1, lambda n, x: x**n / mpmath.factorial(n) + x**n / n),
}
"""Terms with the first index; each is summed at two points within its circle."""
KNOWN: dict[str, str] = {
    "sum(n=1..inf, 1/n^2)": "pi^2/6",
    "sum(n=1..inf, 1/(n*(n+1)))": "1",
    "sum(n=1..inf, 1/n - 1/(n+1))": "1",
    "sum(n=0..inf, (-1)^n/(2n+1))": "pi/4",
    "sum(n=1..inf, (-1)^(n+1)/n)": "log(2)",
    "sum(n=1..inf, (-1)^n/n^2)": "-pi^2/12",
    "sum(n=1..inf, 1/(2n-1)^2)": "pi^2/8",
    "sum(n=1..inf, 1/n^4)": "pi^4/90",
    "sum(n=1..inf, n/2^n)": "2",
    "sum(n=0..inf, 1/n!)": "exp(1)",
    "sum(n=2..inf, 1/(n^2-1))": "3/4",
    "sum(n=-3..inf, 2^(-n))": "16",
    "sum(n=1..inf, (-1)^n/sqrt(n))": "-(1 - sqrt(2))*zeta(1/2)",
    r"\sum_{n=1}^{\infty} \frac{1}{n^{3}}": "zeta(3)",
    "sum(1/3^n, n=0..oo)": "1.5",
}
DIVERGE = (
    "1/n", "n^2", "(-1)^n", "2^n*x", "(-1)^n*n", "1/sqrt(n)", "n!*x^n", "(n+1)/(n^2+n)", "1", "n^n"
)  # fmt: skip
UNKNOWN = (
    "sin(n*x)/n^2", "1/(n^2+x^2)", "x^(n^2)", "1/(n-3)", "1/(n^2+1)", "x^(n/2)", "floor(n)/n^3",
    "1/(n-2)!", "x^(n*(n-1)*(n-2))", "(1+(-1)^n)/n^2", "1/n^n",
)  # fmt: skip


def enclosed(text: str, x: str | None = None) -> tuple[Fraction, Fraction]:
    proved = diffcli.parse(text).enclosure({} if x is None else {"x": x})
    assert proved.interval is not None, (text, x, proved)
    low, high = map(Fraction, proved.interval)
    return low, high


@pytest.mark.sampled(2)
@pytest.mark.parametrize("term", SUMS)
def test_a_sum_is_that_of_its_terms(term: str) -> None:
    first, oracle = SUMS[term]
    for x in ("3/10", "-2/5"):
        low, high = enclosed(f"sum(n={first}..inf, {term})", x)
        with mpmath.workdps(40):
            point = mpf(Fraction(x).numerator) / Fraction(x).denominator
            # 400 terms: the ratios are at most 0.85
            truth = Fraction(str(mpmath.fsum(oracle(n, point) for n in range(first, first + 400))))
        slack = Fraction(1, 10**18)
        assert low - slack <= truth <= high + slack, x


@pytest.mark.sampled(2)
@pytest.mark.parametrize("text", KNOWN)
def test_known_sums(text: str) -> None:
    low, high = enclosed(text)
    other_low, other_high = enclosed(KNOWN[text])
    assert low <= other_high
    assert other_low <= high
    assert high - low < Fraction(1, 10**12)


@pytest.mark.parametrize("term", [*DIVERGE, *UNKNOWN])
def test_what_diverges_or_is_not_bounded_is_refused(term: str) -> None:
    with pytest.raises(FormulaError, match="infinite sum has no bound"):
        diffcli.parse(f"sum(n=1..inf, {term})")


def test_an_infinite_product_is_refused() -> None:
    with pytest.raises(FormulaError, match="whole numbers"):
        diffcli.parse("prod(n=1..inf, 1 + 1/n^2)")


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("term", "at", "verdict"),
    [
        ("x^n/n^2", "1/2", "certified"),
        ("x^n/n^2", "3/2", "undefined"),
        ("x^n/n", "-1", "certified"),
        ("x^n/n", "-2", "undefined"),
        ("1/n^x", "2", "certified"),
        ("1/n^x", "1/2", "undefined"),
    ],
)
def test_a_sum_has_a_derivative_where_it_converges(
    term: str, at: str, verdict: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The functions have values further out: polylog(2, −3), log(1 + 2), zeta(1/2)."""
    run(["grad", f"sum(n=1..inf, {term})", "--at", f"x={at}", "--json"])
    result = json.loads(capsys.readouterr().out)["results"][0]
    assert result["verdict"] == verdict
    if verdict == "certified":
        expected = {"x^n/n^2": 2 * mpmath.log(2), "x^n/n": 0.5, "1/n^x": mpmath.zeta(2, 1, 1)}
        assert result["derivative"]["x"] == pytest.approx(float(expected[term]), rel=1e-12)
