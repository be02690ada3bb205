"""Claims over endless boxes and next to ends of domains: inequalities of calculus texts.

The true ones are textbook facts; the false ones fail at points that mpmath confirms.
"""

from __future__ import annotations

import mpmath
import pytest

from diffcli.language.ranges import read_ranges
from diffcli.studies.prove.answers import Answered, answered
from diffcli.studies.prove.claims import read_claim


def decided(claim: str, box: str, seconds: float = 6.0) -> Answered:
    read = read_claim([claim])
    ranges = read_ranges(box, read.variables)
    return answered(read, {name: ranges[name] for name in read.variables}, seconds)


TRUE = [
    ("decreasing(x*exp(-x))", "x=1:inf"),
    ("decreasing(x^2*exp(-x))", "x=2:inf"),
    ("convex(x*exp(-x))", "x=2:inf"),
    ("concave(log(1 + x))", "x=0:inf"),
    ("convex(x*log(x))", "x=1/10:inf"),
    ("increasing((1 + 1/x)^x)", "x=1/10:inf"),
    ("lipschitz(x*exp(-x), 1)", "x=0:inf"),
    ("lipschitz(sqrt(1 + x^2), 1)", "x=-inf:inf"),
    ("x*exp(-x) <= 1/e", "x=0:inf"),
    ("x^2*exp(-x) <= 4exp(-2)", "x=0:inf"),
    ("exp(x) >= 1 + x + x^2/2", "x=0:inf"),
    ("exp(-x^2) <= 1/(1 + x^2)", "x=-inf:inf"),
    ("log(1 + x) >= 2x/(2 + x)", "x=0:inf"),
    ("log(x)/x <= 1/e", "x=1:inf"),
    ("x^e <= exp(x)", "x=1:inf"),
    ("(1 + 1/x)^x < e", "x=1/10:inf"),
    ("atan(x) > pi/2 - 1/x", "x=1/2:inf"),
    ("sqrt(1 + x^2) > x", "x=-inf:inf"),
    ("log(cosh(x)) <= x^2/2", "x=-inf:inf"),
    ("cosh(x) >= 1 + x^2/2", "x=-inf:inf"),
    ("abs(x)*exp(-abs(x)) <= 1/e", "x=-inf:inf"),
    ("sqrt(x) >= sin(x)", "x=0:1"),
    ("abs(sin(x)) <= abs(x)", "x=-1:1"),
    ("gammainc(2, x) < 1", "x=0:inf"),
    ("x*frac(x) < x", "x=1:5"),
    ("exp(2x) - 2exp(x) + 1 >= 0", "x=-inf:inf"),
    ("(x^2 - 2x*y + y^2)*exp(x) >= 0", "x=-1:1,y=-1:1"),
    ("max(x, y, z) >= (x + y + z)/3", "x=-1:1,y=-1:1,z=-1:1"),
    ("max(x, y, 0) >= (x + y)/3", "x=-1:1,y=-1:1"),
    ("lipschitz(max(x, 2y), 2)", "x=-1:1,y=-1:1"),
    ("lipschitz(abs(x) + abs(y), sqrt(2))", "x=-1:1,y=-1:1"),
]
OLYMPIAD = [
    ("a/(b + c) + b/(a + c) + c/(a + b) >= 3/2", "a=1:2,b=1:2,c=1:2"),
    ("(a + b + c)*(1/a + 1/b + 1/c) >= 9", "a=1:2,b=1:2,c=1:2"),
    ("a*(a - b)*(a - c) + b*(b - a)*(b - c) + c*(c - a)*(c - b) >= 0", "a=0:5,b=0:5,c=0:5"),
    ("a/b + b/c + c/a >= 3", "a=0.1:inf,b=0.1:inf,c=0.1:inf"),
    ("a^4 + b^4 + c^4 >= a*b*c*(a + b + c)", "a=0:inf,b=0:inf,c=0:inf"),
    ("x^6 + y^6 >= x^5*y + x*y^5", "x=0:1,y=0:1"),
]
"""Inequalities of Nesbitt, Cauchy, Schur and Muirhead: equality along a line inside of the box."""
FALSE = [
    ("x*exp(-x) <= 0.36787944", "x=0:inf"),
    ("exp(x) <= x^10 + 10", "x=0:inf"),
    ("log(x) <= 20", "x=1:inf"),
    ("x/(1 + x) <= 0.999999", "x=0:inf"),
    ("sqrt(1 + x^2) - x > 1e-3", "x=-inf:inf"),
    ("atan(x) < 1.5707963267", "x=0:inf"),
    ("x*sin(1/x) < 0.9999999", "x=1:inf"),
]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("claim", "box"), TRUE)
def test_what_holds_without_end_is_proved(claim: str, box: str) -> None:
    assert decided(claim, box).proof.verdict.value == "proved"


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("claim", "box"), OLYMPIAD)
def test_equality_along_a_line_is_decided_by_the_order_of_variables(claim: str, box: str) -> None:
    assert decided(claim, box).proof.verdict.value == "proved"
    assert decided(claim.replace(">=", ">"), box).proof.verdict.value == "refuted"


@pytest.mark.parametrize(
    ("claim", "box"),
    [
        ("a^3 + b^3 + c^3 >= 3a*b*c", "a=-1:1,b=-1:1,c=-1:1"),
        ("a/(b + c) + b/(a + c) + c/(a + b) >= 3/2 + 1e-12", "a=1:2,b=1:2,c=1:2"),
        ("lipschitz(max(x, 2y), 1.999)", "x=-1:1,y=-1:1"),
        ("lipschitz(abs(x) + abs(y), 1.414)", "x=-1:1,y=-1:1"),
        ("(x^2 - 2x*y + y^2)*exp(x) > 0", "x=-1:1,y=-1:1"),
        ("x*frac(x) < 0.9999x", "x=1:5"),
    ],
)
def test_what_is_false_by_a_little_is_refuted(claim: str, box: str) -> None:
    assert decided(claim, box).proof.verdict.value == "refuted"


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("claim", "box"), FALSE)
def test_what_fails_far_out_is_refuted_there(claim: str, box: str) -> None:
    proof = decided(claim, box).proof
    assert proof.verdict.value == "refuted"
    assert proof.counterexample is not None
    x = mpmath.mpf(proof.counterexample.floats["x"])
    names = {name: getattr(mpmath, name) for name in ("exp", "log", "sqrt", "atan", "sin")}
    with mpmath.workdps(60):
        assert not eval(claim.replace("^", "**"), {}, {**names, "x": x})  # noqa: S307


@pytest.mark.parametrize("claim", ["sqrt(x)*log(x) <= 0", "x*log(x) <= 0", "sin(x)/x <= 1"])
def test_a_claim_at_the_end_of_a_domain_holds_beside_it(claim: str) -> None:
    proof = decided(claim, "x=0:1").proof
    assert proof.verdict.value == "undefined"
    assert proof.reason == "it holds wherever it is defined"
