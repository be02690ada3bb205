"""Hypergeometric functions, Γ(a, x) and Π(n; φ | m): published identities, partials, refusals."""

from __future__ import annotations

import mpmath
import pytest

import diffcli
from diffcli.language.parser import parse
from diffcli.verdict import Verdict

SPECIAL_CASES = [
    # DLMF 15.4.1, 15.4.2, 15.4.3, 15.4.4 and 15.4.6
    ("x*hyp2f1(1, 1, 2, -x)", "log(1 + x)"),
    ("x*hyp2f1(1/2, 1, 3/2, x^2)", "atanh(x)"),
    ("x*hyp2f1(1/2, 1, 3/2, -x^2)", "atan(x)"),
    ("x*hyp2f1(1/2, 1/2, 3/2, x^2)", "asin(x)"),
    ("hyp2f1(2/3, 5, 5, x)", "(1 - x)^(-2/3)"),
    # DLMF 13.6.1, 13.6.2, 13.6.5, 13.6.6, 10.16.9
    ("hyp1f1(3/4, 3/4, x)", "exp(x)"),
    ("x*hyp1f1(1, 2, 2x)", "exp(x)*sinh(x)"),
    ("hyp1f1(1/2, 3/2, -x^2)", "sqrt(pi)*erf(x)/(2x)"),
    ("hyperu(1, 1, x)", "exp(x)*e1(x)"),
    ("hyperu(1/2, 1/2, x^2)", "sqrt(pi)*exp(x^2)*erfc(x)"),
    ("hyp0f1(1, -x^2/4)", "j0(x)"),
    # DLMF 8.4.4, 8.4.6, 8.4.8 and 8.19.1
    ("uppergamma(0, x)", "e1(x)"),
    ("gamma(1/2, x^2)", "sqrt(pi)*erfc(x)"),
    ("uppergamma(3, x)", "2*exp(-x)*(1 + x + x^2/2)"),
    ("uppergamma(-1, x)", "expint(2, x)/x"),
    # DLMF 19.6.11 and 19.6.13
    ("ellippi(0, x, 1/3)", "ellipf(x, 1/3)"),
    ("ellint_3(1/2, 1/4, x)", "ellippi(1/4, x, 1/4)"),
    ("ellint_1(1/2, x)", "ellipf(x, 1/4)"),
]


@pytest.mark.sampled(9)
@pytest.mark.parametrize(("text", "same"), SPECIAL_CASES)
def test_special_cases_of_the_handbook(text: str, same: str) -> None:
    first, second = diffcli.parse(text), diffcli.parse(same)
    for order in (1, 2):
        found, expected = (each.grad(x="0.3", order=order) for each in (first, second))
        assert found.verdict is expected.verdict is Verdict.CERTIFIED
        assert found["x"] == pytest.approx(expected["x"], rel=1e-14)
    assert first(x="0.3") == pytest.approx(second(x="0.3"), rel=1e-15)


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("text", "define", "at"),
    [
        ("hyp2f1(a, b, c, x)", mpmath.hyp2f1, (0.25, 1.5, -0.75, -3.0)),
        ("hyp1f1(a, b, x)", mpmath.hyp1f1, (-1.25, 0.5, 3.0)),
        ("hyperu(a, b, x)", mpmath.hyperu, (1.25, 2.5, 0.75)),
        ("uppergamma(a, x)", mpmath.gammainc, (-2.5, 1.5)),
        ("hyp0f1(b, x)", mpmath.hyp0f1, (1.5, -4.0)),
        ("ellippiinc(a, b, x)", mpmath.ellippi, (0.25, 0.75, -0.5)),
    ],
)
def test_partials_in_every_argument(text: str, define: object, at: tuple) -> None:
    function = diffcli.parse(text)
    with mpmath.workdps(40):
        for index, name in enumerate(function.variables):
            orders = [int(place == index) for place in range(len(at))]
            truth = float(mpmath.diff(define, at, tuple(orders)))
            point = dict(zip(function.variables, at, strict=True))
            ball = function.enclosure(point, wrt=[name])
            assert float(ball.digits) == pytest.approx(truth, rel=1e-13), name


@pytest.mark.parametrize(
    ("text", "verdict", "reason"),
    [
        ("hyp2f1(1/2, 1, 2, 3)", Verdict.UNDEFINED, "hyp2f1 above 1"),
        ("hyp2f1(1/2, 1, -2, 1/3)", Verdict.UNDEFINED, "pole of hyp2f1 at -2"),
        ("hyp1f1(1/2, -1, 2)", Verdict.UNDEFINED, "pole of hyp1f1 at -1"),
        ("ellippi(2, 1, 1/2)", Verdict.UNDEFINED, "above 1"),
        # a value may exist: what isn't decided is not denied
        ("hyp2f1(1/3, 1/4, 2, 1)", Verdict.UNVERIFIED, "hyp2f1 at 1"),
        ("hyp2f1(-2, 1, 3, 5)", Verdict.UNVERIFIED, "a series that ends"),
        ("hyp2f1(-1, 1, -3, 1/2)", Verdict.UNVERIFIED, "may end before its pole"),
        ("gamma(1, -1)", Verdict.UNVERIFIED, "real for some parameters"),
        ("hyperu(-2, 1/2, -1)", Verdict.UNVERIFIED, "real for some parameters"),
    ],
)
def test_where_there_is_no_value_or_none_is_proved(
    text: str, verdict: Verdict, reason: str
) -> None:
    found = diffcli.parse(text).eval()
    assert found.verdict is verdict
    assert reason in found.checks[0].reason


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("text", "read_as"),
    [
        ("hyper([a, b], [c], x)", "hyp2f1(a, b, c, x)"),
        ("hypergeom([1/2], [], x)", "(1 - x)**-(1/2)"),
        ("HypergeometricPFQ([a], [3], x)", "hyp1f1(a, 3, x)"),
        ("HypergeometricPFQ[{1, b + 2}, {3}, x]", "hyp2f1(1, b + 2, 3, x)"),
        ("HypergeometricPFQ[ {}, {a}, x ]^2", "hyp0f1(a, x)**2"),
        ("ellipf(x|m)", "ellipf(x, m)"),
        ("F(x|m)", "ellipf(x, m)"),
        ("EllipticPi(1/4, x|m)", "ellippiinc(1/4, x, m)"),
        ("sin(|x|)*|x|", "sin(abs(x))*abs(x)"),
        ("2Pi*x", "2*pi*x"),
        ("Hypergeometric2F1[a, b, c, x]", "hyp2f1(a, b, c, x)"),
        ("HypergeometricU[a, b, x]", "hyperu(a, b, x)"),
        ("KummerM(a, b, x)", "hyp1f1(a, b, x)"),
        ("tricomi_u(a, b, x)", "hyperu(a, b, x)"),
        ("Gamma[a, x]", "uppergamma(a, x)"),
        ("GAMMA(a, x)", "uppergamma(a, x)"),
        ("EllipticPi[n, phi, m]", "ellippiinc(n, phi, m)"),
        ("comp_ellint_1(k)", "ellipk(k**2)"),
        ("gamma(x)", "gamma(x)"),
    ],
)
def test_names_of_other_systems(text: str, read_as: str) -> None:
    assert parse(text).outputs == parse(read_as).outputs
