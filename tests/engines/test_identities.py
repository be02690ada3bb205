"""Derivatives that the DLMF publishes, through the enclosure and through mpmath.

Source: NIST Digital Library of Mathematical Functions, https://dlmf.nist.gov, by equation number.
The derivative of the left side, as often as the variables are named, is the right side. ``a`` is a
real parameter, ``n`` a natural one. An elliptic integral of the modulus k is one of m = k².
"""

from __future__ import annotations

import random
from fractions import Fraction
from typing import NamedTuple

import oracles
import pytest
from mpmath import mp

from diffcli.engines.enclosure import partial
from diffcli.language.expression import number
from diffcli.language.parser import parse

POINTS = 3


class Identity(NamedTuple):
    """An equation of the DLMF, and the interval in which x is drawn."""

    number: str
    left: str
    right: str
    wrt: str = "x"
    low: str = "0.2"
    high: str = "0.9"


def _of(name: str, letter: str, number: str, left: str, right: str, wrt: str) -> Identity:
    left, right = (side.replace(letter, f"{name}(") for side in (left, right))
    return Identity(number, left, right, wrt, "0.5", "6")


def _cylinder(number: str, left: str, right: str, wrt: str = "x") -> list[Identity]:
    """Return an equation for J and for Y, which the DLMF both calls C."""
    return [_of(name, "C(", number, left, right, wrt) for name in ("besselj", "bessely")]


def _modified(number: str, left: str, right: str, wrt: str = "x") -> list[Identity]:
    """Return an equation for I and for K, with Z = (−1)^order·K where the order changes sign."""
    turned = right.replace("Z(a - 1", "-besselk(a - 1").replace("Z(a + 1", "-besselk(a + 1")
    return [
        _of("besseli", "Z(", number, left, right, wrt),
        _of("besselk", "Z(", number, left, turned, wrt),
    ]


def _spherical(number: str, left: str, right: str, wrt: str = "x") -> list[Identity]:
    """Return an equation for j and for y, which the DLMF both calls f."""
    return [_of(name, "f(", number, left, right, wrt) for name in ("sphericalj", "sphericaly")]


# A table is read by its columns.
# fmt: off
ELEMENTARY = [
    Identity("4.7.1", "log(x)", "1/x"),
    Identity("4.7.5", "log(x)", "-1/x**2", "xx"),
    Identity("4.7.7", "exp(x)", "exp(x)"),
    Identity("4.7.8", "exp(a*x)", "a*exp(a*x)"),
    Identity("4.7.9", "a**x", "a**x*log(a)"),
    Identity("4.7.10", "x**a", "a*x**(a - 1)"),
    Identity("4.13.4", "lambertw(x)", "exp(-lambertw(x))/(1 + lambertw(x))"),
    Identity("4.13.4", "lambertw(-x/3, -1)", "-exp(-lambertw(-x/3, -1))/(1 + lambertw(-x/3, -1))/3"),
    Identity("4.20.1", "sin(x)", "cos(x)"),
    Identity("4.20.2", "cos(x)", "-sin(x)"),
    Identity("4.20.3", "tan(x)", "sec(x)**2"),
    Identity("4.20.4", "csc(x)", "-csc(x)*cot(x)"),
    Identity("4.20.5", "sec(x)", "sec(x)*tan(x)"),
    Identity("4.20.6", "cot(x)", "-csc(x)**2"),
    Identity("4.20.7", "sin(x)", "sin(x + 3*pi/2)", "xxx"),
    Identity("4.20.8", "cos(x)", "cos(x + 3*pi/2)", "xxx"),
    Identity("4.24.7", "asin(x)", "(1 - x**2)**(-1/2)"),
    Identity("4.24.8", "acos(x)", "-(1 - x**2)**(-1/2)"),
    Identity("4.24.9", "atan(x)", "1/(1 + x**2)"),
    Identity("4.24.10", "acsc(x)", "-1/(x*sqrt(x**2 - 1))", "x", "1.1", "4"),
    Identity("4.24.11", "asec(x)", "1/(x*sqrt(x**2 - 1))", "x", "1.1", "4"),
    Identity("4.24.12", "acot(x)", "-1/(1 + x**2)"),
    Identity("4.34.1", "sinh(x)", "cosh(x)"),
    Identity("4.34.2", "cosh(x)", "sinh(x)"),
    Identity("4.34.3", "tanh(x)", "sech(x)**2"),
    Identity("4.34.4", "csch(x)", "-csch(x)*coth(x)"),
    Identity("4.34.5", "sech(x)", "-sech(x)*tanh(x)"),
    Identity("4.34.6", "coth(x)", "-csch(x)**2"),
    Identity("4.38.9", "asinh(x)", "(1 + x**2)**(-1/2)"),
    Identity("4.38.10", "acosh(x)", "(x**2 - 1)**(-1/2)", "x", "1.1", "4"),
    Identity("4.38.11", "atanh(x)", "1/(1 - x**2)"),
    Identity("4.38.12", "acsch(x)", "-1/(x*sqrt(1 + x**2))"),
    Identity("4.38.13", "asech(x)", "-1/(x*sqrt(1 - x**2))"),
    Identity("4.38.14", "acoth(x)", "1/(1 - x**2)", "x", "1.1", "4"),
]

GAMMA = [
    Identity("5.2.2", "gamma(x)", "gamma(x)*digamma(x)"),
    Identity("5.2.2", "loggamma(x)", "digamma(x)"),
    Identity("5.2.2", "lgamma(-x)", "-digamma(-x)"),
    Identity("5.5.2", "digamma(x + 1) - digamma(x)", "-1/x**2"),
    Identity("5.5.4", "digamma(x) - digamma(1 - x)", "pi**2/sin(pi*x)**2"),
    Identity("5.5.8", "2*digamma(2*x) - digamma(x)", "trigamma(x + 1/2)"),
    Identity("5.15.5", "polygamma(n, x + 1) - polygamma(n, x)", "(-1)**(n + 1)*factorial(n + 1)*x**(-n - 2)"),
    Identity("5.12.1", "lbeta(x, a)", "digamma(x) - digamma(x + a)"),
    Identity("35.3.4", "multigammaln(x + 1, 3)", "digamma(x + 1) + digamma(x + 1/2) + digamma(x)"),
    Identity("5.12.1", "beta(x, a)", "beta(x, a)*(digamma(x) - digamma(x + a))"),
]

INTEGRALS = [
    Identity("6.2.1", "e1(x)", "-exp(-x)/x"),
    Identity("6.2.5", "Ei(x)", "exp(x)/x"),
    Identity("6.2.8", "li(x)", "1/log(x)"),
    Identity("6.2.9", "Si(x)", "sin(x)/x"),
    Identity("6.2.11", "Ci(x)", "cos(x)/x"),
    Identity("6.2.15", "Shi(x)", "sinh(x)/x"),
    Identity("6.2.16", "Chi(x)", "cosh(x)/x"),
    Identity("7.2.7", "fresnelc(x)", "cos(pi*x**2/2)"),
    Identity("7.2.8", "fresnels(x)", "sin(pi*x**2/2)"),
    Identity("7.2.5", "dawson(x)", "1 - 2*x*dawson(x)"),
    Identity("7.10.1", "erf(x)", "2/sqrt(pi)*exp(-x**2)"),
    Identity("7.10.1", "erf(x)", "-2/sqrt(pi)*hermite(1, x)*exp(-x**2)", "xx"),
    Identity("7.10.1", "erf(x)", "2/sqrt(pi)*hermite(2, x)*exp(-x**2)", "xxx"),
    Identity("7.10.1", "erfc(x)", "2/sqrt(pi)*hermite(3, x)*exp(-x**2)", "xxxx"),
    Identity("7.10.2", "erfcx(x)", "2*x*erfcx(x) - 2/sqrt(pi)"),
    Identity("7.17.1", "erfinv(x)", "sqrt(pi)/2*exp(erfinv(x)**2)"),
    Identity("7.17.1", "erfcinv(x)", "-sqrt(pi)/2*exp(erfcinv(x)**2)"),
    Identity("8.8.13", "gammainc(a, x)*gamma(a)", "x**(a - 1)*exp(-x)"),
    Identity("8.8.13", "gammaincc(a, x)*gamma(a)", "-x**(a - 1)*exp(-x)"),
    Identity("8.8.15", "x**(-a)*gammainc(a, x)*gamma(a)", "-x**(-a - 1)*gammainc(a + 1, x)*gamma(a + 1)"),
    Identity("8.8.15", "x**(-a)*gammainc(a, x)*gamma(a)", "x**(-a - 2)*gammainc(a + 2, x)*gamma(a + 2)", "xx"),
    Identity("8.8.16", "exp(x)*gammainc(a + 1, x)*gamma(a + 1)", "a*exp(x)*gammainc(a, x)*gamma(a)"),
    Identity("8.8.19", "x**(-a)*gammaincc(a, x)*gamma(a)", "-x**(-a - 1)*gammaincc(a + 1, x)*gamma(a + 1)"),
    Identity("8.8.20", "exp(x)*gammaincc(a + 1, x)*gamma(a + 1)", "a*exp(x)*gammaincc(a, x)*gamma(a)"),
    Identity("8.17.1", "betainc(a, 2, x)*beta(a, 2)", "x**(a - 1)*(1 - x)"),
    Identity("8.19.13", "expint(a, x)", "-expint(a - 1, x)"),
    Identity("8.19.13", "expint(n, x)", "expint(n - 2, x)", "xx"),
    Identity("8.19.14", "exp(x)*expint(a, x)", "exp(x)*expint(a, x)*(1 + (a - 1)/x) - 1/x"),
]

AIRY = [
    Identity("9.2.1", "airyai(x)", "x*airyai(x)", "xx", "-4", "3"),
    Identity("9.2.1", "airybi(x)", "x*airybi(x)", "xx", "-4", "3"),
    Identity("9.2.1", "airyai(x)", "airyai(x) + x*airyaiprime(x)", "xxx", "-4", "3"),
    Identity("9.2.2", "airyaiprime(x)", "x*airyai(x)", "x", "-4", "3"),
    Identity("9.2.2", "airybiprime(x)", "x*airybi(x)", "x", "-4", "3"),
    Identity("9.2.7", "airyai(x)*airybiprime(x) - airybi(x)*airyaiprime(x) + x/pi", "1/pi", "x", "-4", "3"),
    Identity("9.11.1", "airyai(x)**2", "8*x*airyai(x)*airyaiprime(x) + 2*airyai(x)**2", "xxx", "-4", "3"),
    Identity("9.11.1", "airybi(x)**2", "8*x*airybi(x)*airybiprime(x) + 2*airybi(x)**2", "xxx", "-4", "3"),
]

BESSEL = [
    *_cylinder("10.2.1", "C(a, x)", "-(a*C(a, x)/x - C(a + 1, x))/x - (1 - a**2/x**2)*C(a, x)", "xx"),
    *_cylinder("10.6.1", "2*C(a, x)", "C(a - 1, x) - C(a + 1, x)"),
    *_cylinder("10.6.2", "C(a, x)", "C(a - 1, x) - a/x*C(a, x)"),
    *_cylinder("10.6.2", "C(a, x)", "-C(a + 1, x) + a/x*C(a, x)"),
    *_cylinder("10.6.3", "C(0, x)", "-C(1, x)"),
    *_cylinder("10.6.6", "x**a*C(a, x)", "x**a*C(a - 1, x)"),
    *_cylinder("10.6.6", "x**(-a)*C(a, x)", "-x**(-a)*C(a + 1, x)"),
    *_cylinder("10.6.7", "C(a, x)", "(C(a - 2, x) - 2*C(a, x) + C(a + 2, x))/4", "xx"),
    *_cylinder("10.6.7", "C(a, x)", "(C(a - 3, x) - 3*C(a - 1, x) + 3*C(a + 1, x) - C(a + 3, x))/8", "xxx"),
    *_modified("10.25.1", "Z(a, x)", "Z(a, x)*(1 + a*(a - 1)/x**2) - Z(a + 1, x)/x", "xx"),
    *_modified("10.29.1", "2*Z(a, x)", "Z(a - 1, x) + Z(a + 1, x)"),
    *_modified("10.29.2", "Z(a, x)", "Z(a - 1, x) - a/x*Z(a, x)"),
    *_modified("10.29.2", "Z(a, x)", "Z(a + 1, x) + a/x*Z(a, x)"),
    *_modified("10.29.4", "x**a*Z(a, x)", "x**a*Z(a - 1, x)"),
    *_modified("10.29.4", "x**(-a)*Z(a, x)", "x**(-a)*Z(a + 1, x)"),
    Identity("10.6.3", "j0(x)", "-j1(x)"),
    Identity("10.6.3", "y0(x)", "-y1(x)"),
    Identity("10.29.3", "i0(x)", "i1(x)"),
    Identity("10.29.3", "k0(x)", "-k1(x)"),
    Identity("10.15.5", "besselj(t, x)", "pi/2*y0(x)", "t"),
    Identity("10.15.5", "bessely(t, x)", "-pi/2*j0(x)", "t"),
    Identity("10.15.6", "besselj(1/2 + t, x)", "sqrt(2/(pi*x))*(Ci(2*x)*sin(x) - Si(2*x)*cos(x))", "t"),
    Identity("10.15.7", "besselj(-1/2 + t, x)", "sqrt(2/(pi*x))*(Ci(2*x)*cos(x) + Si(2*x)*sin(x))", "t"),
    Identity("10.15.8", "bessely(1/2 + t, x)", "sqrt(2/(pi*x))*(Ci(2*x)*cos(x) + (Si(2*x) - pi)*sin(x))", "t"),
    Identity("10.15.9", "bessely(-1/2 + t, x)", "-sqrt(2/(pi*x))*(Ci(2*x)*sin(x) - (Si(2*x) - pi)*cos(x))", "t"),
    Identity("10.38.5", "besseli(t, x)", "-k0(x)", "t"),
    Identity("10.38.6", "besseli(1/2 + t, x)", "-(e1(2*x)*exp(x) + Ei(2*x)*exp(-x))/sqrt(2*pi*x)", "t"),
    Identity("10.38.6", "besseli(-1/2 + t, x)", "-(e1(2*x)*exp(x) - Ei(2*x)*exp(-x))/sqrt(2*pi*x)", "t"),
    Identity("10.38.7", "besselk(1/2 + t, x)", "sqrt(pi/(2*x))*e1(2*x)*exp(x)", "t"),
    *_spherical("10.47.1", "f(n, x)", "(n*(n + 1)/x**2 - 1)*f(n, x) - 2/x*(f(n - 1, x) - (n + 1)/x*f(n, x))", "xx"),
    *_spherical("10.51.2", "(2*n + 1)*f(n, x)", "n*f(n - 1, x) - (n + 1)*f(n + 1, x)"),
    *_spherical("10.51.2", "f(n, x)", "f(n - 1, x) - (n + 1)/x*f(n, x)"),
    *_spherical("10.51.2", "f(n, x)", "-f(n + 1, x) + n/x*f(n, x)"),
    *_spherical("10.51.3", "x**(n + 1)*f(n, x)", "x**(n + 1)*f(n - 1, x)"),
    *_spherical("10.51.3", "x**(-n)*f(n, x)", "-x**(-n)*f(n + 1, x)"),
]

POLYNOMIALS = [
    Identity("18.9.19", "gegenbauer(n, a, x)", "2*a*gegenbauer(n - 1, a + 1, x)"),
    Identity("18.9.21", "chebyshevt(n, x)", "n*chebyshevu(n - 1, x)"),
    Identity("18.9.23", "laguerre(n, x, a)", "-laguerre(n - 1, x, a + 1)"),
    Identity("18.9.25", "hermite(n, x)", "2*n*hermite(n - 1, x)"),
    Identity("18.9.26", "exp(-x**2)*hermite(n, x)", "-exp(-x**2)*hermite(n + 1, x)"),
    Identity("18.9.24", "exp(-x)*x**a*laguerre(n, x, a)", "(n + 1)*exp(-x)*x**(a - 1)*laguerre(n + 1, x, a - 1)"),
]

ELLIPTIC = [
    Identity("19.4.1", "ellipk(x**2)", "(ellipe(x**2) - (1 - x**2)*ellipk(x**2))/(x*(1 - x**2))"),
    Identity("19.4.1", "ellipe(x**2) - (1 - x**2)*ellipk(x**2)", "x*ellipk(x**2)"),
    Identity("19.4.2", "ellipe(x**2)", "(ellipe(x**2) - ellipk(x**2))/x"),
    Identity("19.4.2", "ellipe(x**2) - ellipk(x**2)", "-x*ellipe(x**2)/(1 - x**2)"),
    Identity("19.4.3", "ellipe(x**2)", "((1 - x**2)*ellipk(x**2) - ellipe(x**2))/(x**2*(1 - x**2))", "xx"),
    Identity("19.4.4", "ellippi(-a, x**2)", "x/((1 - x**2)*(x**2 + a))*(ellipe(x**2) - (1 - x**2)*ellippi(-a, x**2))"),
    Identity("19.4.5", "ellipf(a, x**2)", "((ellipeinc(a, x**2) - (1 - x**2)*ellipf(a, x**2))/x - x*sin(a)*cos(a)/sqrt(1 - x**2*sin(a)**2))/(1 - x**2)"),
    Identity("19.4.6", "ellipeinc(a, x**2)", "(ellipeinc(a, x**2) - ellipf(a, x**2))/x"),
    Identity("19.2.4", "ellipf(x, a/2)", "1/sqrt(1 - a/2*sin(x)**2)"),
    Identity("19.2.5", "ellipeinc(x, a/2)", "sqrt(1 - a/2*sin(x)**2)"),
    Identity("19.7.1", "ellipe(x)*ellipk(1 - x) + ellipe(1 - x)*ellipk(x) - ellipk(x)*ellipk(1 - x)", "x - x"),
]

ZETA = [
    # Bernoulli polynomials by 25.11.14, Bₙ(x) = −n ζ(1 − n, x).
    Identity("24.4.34", "-(n + 2)*zeta(-1 - n, x)", "-(n + 2)*(n + 1)*zeta(-n, x)"),
    Identity("24.4.34", "-(n + 3)*zeta(-2 - n, x)", "-(n + 3)*(n + 2)*(n + 1)*zeta(-n, x)", "xx"),
    Identity("25.11.17", "zeta(a, x)", "-a*zeta(a + 1, x)"),
    Identity("25.11.17", "zeta(a, x)", "a*(a + 1)*zeta(a + 2, x)", "xx"),
    Identity("25.11.18", "zeta(t, x)", "loggamma(x) - log(2*pi)/2", "t"),
    Identity("25.6.11", "zeta(t)", "-log(2*pi)/2", "t"),
    Identity("25.11.12", "digamma(x)", "zeta(2, x)"),
    Identity("25.11.12", "digamma(x)", "6*zeta(4, x)", "xxx"),
    Identity("25.12.2", "polylog(2, x)", "-log(1 - x)/x"),
    Identity("25.12.10", "polylog(3, x)", "polylog(2, x)/x"),
]
# fmt: on

IDENTITIES = [
    *ELEMENTARY,
    *GAMMA,
    *INTEGRALS,
    *AIRY,
    *BESSEL,
    *POLYNOMIALS,
    *ELLIPTIC,
    *ZETA,
]


def points(identity: Identity) -> list[dict[str, Fraction]]:
    draw = random.Random(f"{identity.number} {identity.left}")
    low, high = Fraction(identity.low), Fraction(identity.high)
    return [
        {
            "x": low + (high - low) * Fraction(draw.randint(1, 999), 1000),
            "a": Fraction(draw.randint(101, 999), 700),
            "n": Fraction(draw.randint(1, 4)),
            "t": Fraction(0),
        }
        for _ in range(POINTS)
    ]


def test_there_are_a_hundred() -> None:
    assert len(IDENTITIES) == len(set(IDENTITIES)) >= 100
    chapters = {int(identity.number.split(".")[0]) for identity in IDENTITIES}
    assert chapters >= {*range(4, 11), 19, 24}


@pytest.mark.sampled(12)
@pytest.mark.parametrize("identity", IDENTITIES, ids=lambda each: f"{each.number} {each.left}")
def test_both_sides_are_enclosed_alike(identity: Identity) -> None:
    names = ("x", "a", "n", "t")
    for at in points(identity):
        sides = []
        for text, wrt in ((identity.left, tuple(identity.wrt)), (identity.right, ())):
            (node,) = parse(text, variables=names).outputs
            found = partial(node, {name: number(value) for name, value in at.items()}, wrt)
            assert found.ball is not None, (at, found.reason)
            sides.append(found.ball)
        left, right = sides
        assert left.overlaps(right), at
        assert left.rad() + right.rad() < 1e-15 * (1 + abs(right))


@pytest.mark.sampled(12)
@pytest.mark.parametrize("identity", IDENTITIES, ids=lambda each: f"{each.number} {each.left}")
def test_mpmath_agrees(identity: Identity) -> None:
    at = points(identity)[0]
    with mp.workdps(30):
        truth = oracles.derivative(identity.left, at, tuple(identity.wrt), 15)
        right = oracles.value(identity.right, at, 15)
        assert abs(truth - right) <= mp.mpf("1e-12") * (1 + abs(right))
