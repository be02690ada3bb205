"""Derivatives inside a formula are resolved by rules that mpmath confirms; sums are written out."""

from __future__ import annotations

from itertools import groupby

import oracles
import pytest
from mpmath import mpf
from oracle_functions import OutsideDomainError

from diffcli.errors import FormulaError, LimitError
from diffcli.language.functions import TABLE
from diffcli.language.parser import parse

CASES = {row: list(cases) for row, cases in groupby(oracles.row_points(), lambda case: case.row)}
DIGITS = 25

ARITHMETIC = {"add", "mul", "div", "neg", "pow"}
REFUSED = {name for name, row in TABLE.items() if not any(row.partials)} - ARITHMETIC
"""Rows without a rule: they jump or choose, or nobody knows one."""
LONG = {"hyp0f1", "hyp1f1", "hyp2f1", "hyperu", "uppergamma", "ellippi", "ellippiinc"}
"""Rows whose oracle takes many seconds."""


@pytest.mark.sampled(54)
@pytest.mark.parametrize(
    "row",
    [
        pytest.param(row, marks=[pytest.mark.slow] if row in LONG else [])
        for row in CASES
        if row not in REFUSED
    ],
)
def test_the_rules_of_every_row_match_mpmath(row: str) -> None:
    checked = 0
    for case in CASES[row][::6]:
        for name in case.wrt:
            if row not in ARITHMETIC and not TABLE[row].partials["xyzw".index(name)]:
                continue
            function = parse(f"diff({case.formula}, {name})", variables=tuple(case.point))
            try:
                truth = oracles.derivative(case.formula, case.point, (name,), DIGITS)
                ours = oracles.value(function.read_as, case.point, DIGITS)
            except (ArithmeticError, ValueError):
                continue
            assert abs(ours - truth) <= mpf(10) ** (5 - DIGITS) * abs(truth), case
            checked += 1
    assert checked


@pytest.mark.parametrize("row", sorted(row for row in REFUSED & CASES.keys() if CASES[row][0].wrt))
def test_what_has_no_closed_derivative_is_refused_by_name(row: str) -> None:
    (case, *_) = CASES[row]
    with pytest.raises(FormulaError, match="has no closed derivative"):
        parse(f"diff({case.formula}, {case.wrt[0]})")


def test_a_corner_stays_outside_the_domain() -> None:
    for typed in ("diff(abs(x), x)", "diff(relu(x), x)"):
        with pytest.raises(OutsideDomainError):
            oracles.value(parse(typed).read_as, {"x": 0})


@pytest.mark.parametrize(
    ("typed", "read_as"),
    [
        ("diff(x^2, x)", "2*x"),
        ("diff(7, x)", "0"),
        ("diff(3x^2+2x+4, x)", "6*x + 2"),
        ("x*diff(sin(x), x)", "x*cos(x)"),
        ("diff(x*x, x)", "2*x"),
        ("diff(a*sin(2x), x)", "2*a*cos(2*x)"),
        ("diff(cos(2x), x)", "-2*sin(2*x)"),
        ("diff(sqrt(x^2+1), x)", "x/sqrt(x**2 + 1)"),
        ("diff(1/x, x)", "-1/x**2"),
        ("diff(1/x^2, x)", "-2/x**3"),
        ("diff(x^-1, x)", "-x**-2"),
        ("diff(x/(1+x^2), x)", "(1 - x**2)/(1 + x**2)**2"),
        ("diff(log(x)/x, x)", "(1 - log(x))/x**2"),
        ("diff(x^(1/3), x)", "x**(-2/3)/3"),
        ("diff(0.1x^1.4, x)", "0.14*x**0.4"),
        ("diff(x^n, x)", "n*x**(n - 1)"),
        ("diff(2^x, x)", "2**x*log(2)"),
        ("diff(e^(2x), x)", "2*e**(2*x)"),
        ("diff(x^x, x)", "x**x*(log(x) + 1)"),
        ("diff(x^5, x, 3)", "60*x**2"),
        ("diff(x^2*y^3, x, y, 2)", "12*x*y"),
        ("diff(detach(x)*x, x)", "detach(x)"),
        ("y = x^2; diff(y*x, x)", "y = x**2; 3*y"),
        ("sin'(x) + sin''(2x)", "cos(x) - sin(2*x)"),
        ("log'(x)", "1/x"),
        ("d/dx (x^2+1)^3", "6*x*(x**2 + 1)**2"),
        ("d^2/dx^2 x^4 + 1", "12*x**2 + 1"),
        ("d²/dx² x⁴", "12*x**2"),
        ("d/dθ cos θ", "-sin(theta)"),
        ("∂/∂x ∂/∂y (x^2 y^3)", "6*x*y**2"),
        ("x d/dx sin x", "x*cos(x)"),
        ("d/dx", "d/dx"),
        ("sum(i=1..3, x^i/i!)", "x**1/factorial(1) + x**2/factorial(2) + x**3/factorial(3)"),
        ("prod(i=-1..1, x+i)", "(x - 1)*(x + 0)*(x + 1)"),
        ("∑(k=1..2, x_k*∏(j=1..2, a_k_j))", "x_1*(a_1_1*a_1_2) + x_2*(a_2_1*a_2_2)"),
        ("n = 2; i + sum(i=1..n, i x)", "i + (1*x + 2*x)"),
        ("sum(i=1..0, x) + prod(i=1..0, x)", "0 + 1"),
        ("sum(i=1..1, x^i)", "x**1"),
        ("sum(i=1..2, diff(x^i, x))", "1 + 2*x"),
    ],
)
def test_reading(typed: str, read_as: str) -> None:
    function = parse(typed)
    assert function.read_as == read_as
    assert function.outputs == parse(read_as).outputs


def test_a_hundred_primes_are_read() -> None:
    assert parse("sin" + "'" * 100 + "(x)").read_as == "sin(x)"
    with pytest.raises(FormulaError, match="101 primes"):
        parse("sin" + "'" * 101 + "(x)")


def test_indices_name_the_variables_that_are_declared() -> None:
    assert parse("sum(i=1..2, x_i)", declared=["x1", "x2"]).variables == ("x1", "x2")
    assert parse("d/dx*y", declared=["d"]).variables == ("d", "dx", "y")


@pytest.mark.slow
@pytest.mark.parametrize(
    "typed",
    [
        f"diff({'/'.join('x' * 10_000)}, x)",
        f"diff({'*'.join('x' * 10_000)}, x)",
        "diff(exp(sin(x)*cos(x)*tan(x)), x, 100)",
        "diff(x, x, 101)",
        "sum(i=1..10001, i)",
        "sum(i=1..9999, sum(j=1..9999, i*j))",
        "sum(i=1..9999, diff(tan(i x), x, 5))",
    ],
    ids=lambda typed: typed[:30],
)
def test_limits(typed: str) -> None:
    with pytest.raises(LimitError):
        parse(typed)
