"""Zero is a fact that is proved: by an exact constant's normal form, never by a narrow ball."""

from __future__ import annotations

import pytest

from diffcli.engines.balls.signs import proved_sign
from diffcli.engines.enclosure import Outcome, partial
from diffcli.language.expression import Node
from diffcli.language.parser import parse


def read(text: str, variables: str = "x") -> Node:
    return parse(text, variables=list(variables)).outputs[0]


ZEROS = """
cos(pi/2)                       sqrt(2)^2 - 2                   sqrt(2)*sqrt(3) - sqrt(6)
sin(pi/6) - 1/2                 log(8) - 3*log(2)               sin(1)^2 + cos(1)^2 - 1
exp(log(3)) - 3                 asin(1) - pi/2                  log(6) - log(2) - log(3)
cbrt(2)*cbrt(4) - 2             sqrt(5+2*sqrt(6))-sqrt(2)-sqrt(3)  (sqrt(5)+1)/2 - 2*cos(pi/5)
tan(pi/8) - (sqrt(2)-1)         sin(2) - 2*sin(1)*cos(1)        cosh(1)^2 - sinh(1)^2 - 1
tanh(1) - sinh(1)/cosh(1)       atan(1) - pi/4                  acos(1/2) - pi/3
asin(sqrt(2)/2) - pi/4          atan(sqrt(3)) - pi/3            acosh(2) - log(2+sqrt(3))
exp(1/2)^2 - e                  (pi+1)^2 - pi^2 - 2*pi - 1      gamma(1/2) - sqrt(pi)
sin(pi+1) + sin(1)              cos(3) - 4*cos(1)^3 + 3*cos(1)  erf(1) + erfc(1) - 1
normcdf(1)+normcdf(-1)-1        sigmoid(2) + sigmoid(-2) - 1    log(sqrt(2)) - log(2)/2
exp(pi*log(2)) - 2^pi           log2(8) - 3                     sqrt((pi-3)^2) - (pi-3)
sqrt(pi^2+2*pi+1) - pi - 1      cbrt(-8) + 2                    1/(1+sqrt(2)) - sqrt(2) + 1
sin(pi/7)*sin(2*pi/7)*sin(3*pi/7) - sqrt(7)/8                   floor(sqrt(4)) - 2
atanh(1/2) - log(3)/2           asinh(1) - log(1+sqrt(2))       e^(log(2)/2) - sqrt(2)
softplus(1) - log(1+e)          mod(7, 2) - 1                   gamma(5) - 24
asin(sin(1)) - 1                sin(asin(1/3)) - 1/3            tan(atan(5)) - 5
sinc(pi)                        log(1+sqrt(2)) + log(sqrt(2)-1)  j0(0) - 1
erf(erfinv(1/3)) - 1/3          acos(cos(5/2)) - 5/2            cos(atan(1/2)) - 2/sqrt(5)
hypot(3, 4) - 5                 atan2(1, -1) - 3*pi/4           cos(sqrt(2))^2+sin(sqrt(2))^2-1
"""


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    "text",
    [each for line in ZEROS.strip().split("\n") for each in line.strip().split("  ") if each],
)
def test_an_identity_is_proved(text: str) -> None:
    assert proved_sign(read(text), {}) == 0


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("1 - erf(60)", 1),
        ("tanh(1e6) - 1", -1),
        ("1 - erf(1e6)", 1),
        ("erf(1e10) - tanh(1e5)", 1),
        ("normcdf(1e5) - 1", -1),
        ("sigmoid(-1e6)", 1),
        ("1 - sech(1e5)", 1),
        ("gammainc(2, 1e5) - 1", -1),
        ("atan(1e400) - pi/2", -1),
        ("erf(erf(30)) - erf(1)", -1),
        ("tanh(1e6) - tanh(1e6)^2", 1),
        ("erf(1e3) - erf(1e3+1)", -1),
        ("exp(-1e9)", 1),
        ("1 - erf(tanh(50)*1e6)", 1),
        ("acos(tanh(1e5))", 1),
        ("1 - normcdf(exp(30))^2", 1),
        ("erfc(exp(40)*pi)", 1),
        ("asin(sin(2)) - 2", -1),
        ("floor(tanh(1e6))", 0),
        ("sign(1 - erf(100)) - 1", 0),
        # Near misses: a narrow ball, and no identity.
        ("exp(pi*sqrt(163)) - 262537412640768744", -1),
        ("sqrt(10^40+1) - 10^20", 1),
        ("sin(pi + 1e-300)", -1),
        ("sqrt(2) + 1e-400 - sqrt(2)", 1),
        ("cos(1e-400) - 1", -1),
    ],
)
def test_what_is_not_zero_is_never_zero(text: str, sign: int | None) -> None:
    assert proved_sign(read(text), {}) == sign


@pytest.mark.parametrize(
    ("text", "at", "sign"),
    [
        ("x - pi", "pi", 0),
        ("cos(x)", "5*pi/2", 0),
        ("x^2 - 2", "sqrt(2)", 0),
        ("exp(x) - 5", "log(5)", 0),
        ("x - 1/10", "0.1", 0),
        ("log(x)", "-1", None),
        ("1/(x-1)", "1", None),
    ],
)
def test_at_an_exact_point(text: str, at: str, sign: int | None) -> None:
    assert proved_sign(read(text), {"x": read(at)}) == sign


def test_a_float_is_itself() -> None:
    assert proved_sign(read("x - 1/10"), {"x": 0.1}) == 1


@pytest.mark.parametrize(
    ("text", "at", "value", "slope"),
    [
        ("floor(erf(x))", "60", 0, 0),
        ("sign(1-erf(x))", "100", 1, 0),
        ("x*floor(tanh(x))", "2000", 0, 0),
        ("piecewise((x, erf(x)<1), (x^2, True))", "100", 100, 1),
        ("piecewise((x, tanh(x)==1), (x^2, True))", "1e5", 1e10, 2e5),
        ("max(tanh(x), 1) + x", "1e5", 100001, 1),
        ("ceil(sigmoid(x))*x", "1e7", 1e7, 1),
        ("round(normcdf(-x)*2)", "1e3", 0, 0),
        ("abs(exp(-x))*0 + x", "1e5", 1e5, 1),
        ("frac(tanh(x)+2)*0+x^2", "1e4", 1e8, 2e4),
        ("log(1-tanh(x))+2*x", "2000", 0.6931471805599453, 0),
    ],
)
def test_what_saturates_is_not_at_its_limit(text: str, at: str, value: float, slope: float) -> None:
    for index, expected in (((), value), (("x",), slope)):
        found = partial(read(text), {"x": read(at)}, index)
        assert found.outcome is Outcome.ENCLOSED, found
        assert found.ball is not None
        assert float(found.ball.mid()) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("text", "at", "reason"),
    [
        ("abs(sin(x))", "pi", "abs at 0"),
        ("sqrt(x^2-2)", "sqrt(2)", "sqrt at 0"),
        ("max(sin(x), 1/2)", "pi/6", "max: both arguments equal"),
        ("floor(log(x)/log(2))", "8", "floor jumps at 3"),
    ],
)
def test_a_kink_at_an_irrational_point_is_proved(text: str, at: str, reason: str) -> None:
    found = partial(read(text), {"x": read(at)}, ("x",))
    assert found.outcome is Outcome.DIFFICULT
    assert reason in (found.reason or "")


@pytest.mark.parametrize(
    ("text", "at", "reason"),
    [("1/cos(x)", "pi/2", "division by zero"), ("tan(x)", "3*pi/2", "pole of tan")],
)
def test_a_pole_at_an_irrational_point_is_proved(text: str, at: str, reason: str) -> None:
    found = partial(read(text), {"x": read(at)})
    assert (found.outcome, found.reason) == (Outcome.UNDEFINED, reason)
