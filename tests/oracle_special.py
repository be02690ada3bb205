"""The special functions, each from a definition that diffcli doesn't use where there is another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mpmath import mp, mpf

Number = Any


def _where(condition: Callable[..., bool], define: Callable[..., Number]) -> Callable[..., Number]:
    def restricted(*args: Number) -> Number:
        if not condition(*args):
            raise ValueError("outside the domain")
        return define(*args)

    return restricted


def _positive_last(*args: Number) -> bool:
    return bool(args[-1] > 0)


def _erfcx(x: Number) -> Number:
    """Return by Tricomi's function, DLMF 7.11.5, where it is quick."""
    if x > 3:
        return mp.hyperu(mpf(1) / 2, mpf(1) / 2, x * x) / mp.sqrt(mp.pi)
    return mp.exp(x * x) * mp.erfc(x)


def _dawson(x: Number) -> Number:
    """Return by Kummer's function, DLMF 7.11.4 turned by Kummer's transformation."""
    return x * mp.hyp1f1(1, mpf(3) / 2, -x * x)


def _erfinv(x: Number) -> Number:
    if x == 0:
        return mpf(0)
    with mp.extraprec(40 - min(int(mp.mag(1 - abs(x))), 0)):
        return mp.erfinv(x)


def _erfcinv(x: Number) -> Number:
    with mp.extraprec(40 + 2 * abs(int(mp.mag(x)))):
        return mp.erfinv(1 - x)


def _li(x: Number) -> Number:
    if x == 1:
        raise ValueError("a pole")
    return mp.li(x)


def _normlogcdf(x: Number) -> Number:
    with mp.extraprec(2 * int(x * x) + 10 if x > 0 else 0):
        return mp.log(mp.ncdf(x))


def _incomplete(a: Number, x: Number) -> Number:
    """Return P(a, x) by Kummer's function, DLMF 8.5.1."""
    return x**a * mp.exp(-x) * mp.hyp1f1(1, a + 1, x) * mp.rgamma(a + 1)


def _incomplete_beta(a: Number, b: Number, x: Number) -> Number:
    """Return by the hypergeometric function, DLMF 8.17.7."""
    return x**a * mp.hyp2f1(a, 1 - b, a + 1, x) / (a * mp.beta(a, b))


def _lbeta(x: Number, y: Number) -> Number:
    return mp.log(abs(mp.gamma(x) * mp.gamma(y) * mp.rgamma(x + y)))


def _multigammaln(a: Number, d: Number) -> Number:
    if d < 1 or d != mp.floor(d):
        raise ValueError("the dimension is a natural number")
    product = mp.fprod(mp.gamma(a - mpf(j) / 2) for j in range(int(d)))
    return mp.log(mp.pi ** (d * (d - 1) / 4) * product)


def _second(kind: str) -> Callable[..., Number]:
    """Return Y or K: by DLMF 10.2.3 and 10.27.4; at integer orders by 10.8.1 and 10.31.1."""
    sign, first = (-1, mp.besselj) if kind == "y" else (1, mp.besseli)

    def series(n: int, x: Number) -> Number:
        square, half = sign * x * x / 4, x / 2
        finite = mp.fsum(
            mp.factorial(n - k - 1) / mp.factorial(k) * (-square) ** k for k in range(n)
        )
        harmonic, term, total, k = -2 * mp.euler + mp.harmonic(n), 1 / mp.factorial(n), mpf(0), 0
        while abs(term) > mp.eps * abs(total) * mpf("1e-5") or k < abs(x):
            total += harmonic * term
            k += 1
            term *= square / (k * (n + k))
            harmonic += mpf(1) / k + mpf(1) / (n + k)
        logarithm = 2 * mp.log(half) * first(n, x)
        if kind == "y":
            return (logarithm - half**-n * finite - half**n * total) / mp.pi
        return (half**-n * finite + (-1) ** n * (half**n * total - logarithm)) / 2

    def define(order: Number, x: Number) -> Number:
        n = abs(int(order))
        with mp.extraprec(int(4 * x) + 20):
            if order == mp.floor(order):
                return ((-1) ** n if order < 0 and kind == "y" else 1) * series(n, x)
            positive, negative, turn = first(order, x), first(-order, x), order * mp.pi
            if kind == "y":
                return (positive * mp.cos(turn) - negative) / mp.sin(turn)
            return mp.pi / 2 * (negative - positive) / mp.sin(turn)

    return _where(_positive_last, define)


_bessely, _besselk = _second("y"), _second("k")


def _spherical(bessel: Callable[..., Number], sign: int) -> Callable[..., Number]:
    """Return by DLMF 10.47.3 and 10.47.4, and 10.47.14 below 0."""

    def define(n: Number, x: Number) -> Number:
        if n < 0 or n != mp.floor(n):
            raise ValueError("the order is a natural number")
        if x == 0:
            return mpf(1 if n == 0 else 0) if sign == 1 else 1 / x
        turned = sign * (-1) ** int(n) if x < 0 else 1
        return turned * mp.sqrt(mp.pi / 2 / abs(x)) * bessel(n + mpf(1) / 2, abs(x))

    return define


def _lambertw(x: Number, branch: Number) -> Number:
    if branch not in (0, -1) or x * mp.e < -1 or (branch == -1 and x >= 0):
        raise ValueError("no real branch")
    return mp.re(mp.lambertw(x, int(branch)))


def _sum(term: Callable[..., Number]) -> Callable[..., Number]:
    """Return a polynomial of degree n from its terms k = 0, 1, …, n."""

    def define(n: Number, *args: Number) -> Number:
        if n < 0 or n != mp.floor(n):
            raise ValueError("the degree is a natural number")
        return mp.fsum(term(int(n), k, *args) for k in range(int(n) + 1))

    return define


def _power(x: Number, k: int) -> Number:
    return x**k if k else mpf(1)


#: DLMF 18.5.7, 18.5.8, 18.5.10, 18.5.12, 18.5.13 and, with sin and cos, 18.5.11.
def _legendre(n: int, k: int, x: Number) -> Number:
    return mp.binomial(n, k) ** 2 * _power(x - 1, n - k) * _power(x + 1, k) / 2**n


def _half(term: Callable[..., Number]) -> Callable[..., Number]:
    return lambda n, k, *args: term(n, k, *args) if 2 * k <= n else mpf(0)


def _hermite(n: int, k: int, x: Number) -> Number:
    scale = mp.factorial(n) / (mp.factorial(k) * mp.factorial(n - 2 * k))
    return (-1) ** k * scale * _power(2 * x, n - 2 * k)


def _laguerre(n: int, k: int, x: Number, a: Number) -> Number:
    return mp.binomial(n + a, n - k) * _power(-x, k) / mp.factorial(k)


def _gegenbauer(n: int, k: int, a: Number, x: Number) -> Number:
    scale = mp.rf(a, n - k) / (mp.factorial(k) * mp.factorial(n - 2 * k))
    return (-1) ** k * scale * _power(2 * x, n - 2 * k)


def _chebyshev_t(n: int, k: int, x: Number) -> Number:
    return mp.binomial(n, 2 * k) * _power(x * x - 1, k) * _power(x, n - 2 * k)


def _chebyshev_u(n: int, k: int, x: Number) -> Number:
    return mp.binomial(n + 1, 2 * k + 1) * _power(x * x - 1, k) * _power(x, n - 2 * k)


def _ellipf(phi: Number, m: Number) -> Number:
    if m * mp.sin(phi) ** 2 >= 1:
        raise ValueError("outside the domain")
    return mp.ellipf(phi, m)


def _ellipeinc(phi: Number, m: Number) -> Number:
    if m * mp.sin(phi) ** 2 >= 1:
        raise ValueError("outside the domain")
    return mp.ellipe(phi, m)


def _ellippiinc(n: Number, phi: Number, m: Number) -> Number:
    """Return by Carlson's integrals and the complete one, DLMF 19.25.14 and 19.2.10."""
    turns = mp.nint(phi / mp.pi)
    sine, cosine = mp.sin(phi - turns * mp.pi), mp.cos(phi - turns * mp.pi)
    below = 1 - m * sine**2
    if below <= 0 or n * sine**2 >= 1 or (turns and max(n, m) >= 1):
        raise ValueError("outside the domain")
    first = sine * mp.elliprf(cosine**2, below, 1)
    found = first + n / 3 * sine**3 * mp.elliprj(cosine**2, below, 1, 1 - n * sine**2)
    return found + (2 * turns * mp.ellippi(n, m) if turns else 0)


def _hyp0f1(b: Number, x: Number) -> Number:
    """Return by Bessel's functions, DLMF 10.16.9; the argument must not be 0."""
    z = mp.sqrt(-x)
    return mp.re(mp.gamma(b) * z ** (1 - b) * mp.besselj(b - 1, 2 * z))


def _uppergamma(a: Number, x: Number) -> Number:
    """Return by Tricomi's function, DLMF 8.5.3."""
    return mp.exp(-x) * mp.hyperu(1 - a, 1 - a, x)


def _hyperu(a: Number, b: Number, x: Number) -> Number:
    """Return by Kummer's functions, DLMF 13.2.42; the order must not be an integer."""
    first = mp.gamma(1 - b) * mp.rgamma(a - b + 1) * mp.hyp1f1(a, b, x)
    return first + mp.gamma(b - 1) * mp.rgamma(a) * x ** (1 - b) * mp.hyp1f1(a - b + 1, 2 - b, x)


def _hyp2f1(a: Number, b: Number, c: Number, x: Number) -> Number:
    """Return by Pfaff's transformation, DLMF 15.8.1."""
    return (1 - x) ** -a * mp.hyp2f1(a, c - b, c, x / (x - 1))


SPECIAL: Mapping[str, Callable[..., Number]] = {
    "erfcx": _erfcx,
    "erfinv": _where(lambda x: abs(x) < 1, _erfinv),
    "erfcinv": _where(lambda x: 0 < x < 2, _erfcinv),
    "dawson": _dawson,
    "fresnels": lambda x: (
        x**3 * mp.pi / 6 * mp.hyp1f2(mpf(3) / 4, mpf(3) / 2, mpf(7) / 4, -(mp.pi**2) * x**4 / 16)
    ),
    "fresnelc": lambda x: (
        x * mp.hyp1f2(mpf(1) / 4, mpf(1) / 2, mpf(5) / 4, -(mp.pi**2) * x**4 / 16)
    ),
    "expint": _where(_positive_last, mp.expint),
    "e1": _where(_positive_last, lambda x: mp.gammainc(0, x)),
    "Ei": _where(bool, mp.ei),
    "Si": mp.si,
    "Ci": _where(_positive_last, mp.ci),
    "Shi": mp.shi,
    "Chi": _where(_positive_last, mp.chi),
    "li": _where(_positive_last, _li),
    "normlogcdf": _normlogcdf,
    "gammainc": _where(lambda a, x: a > 0 and x > 0, _incomplete),
    "gammaincc": _where(
        lambda a, x: a > 0 and x > 0, lambda a, x: mp.gammainc(a, x) * mp.rgamma(a)
    ),
    "loggamma": _where(_positive_last, lambda x: mp.log(mp.gamma(x))),
    "trigamma": lambda x: mp.psi(1, x),
    "betainc": _where(lambda a, b, x: min(a, b) > 0 and 0 <= x < 1, _incomplete_beta),
    "lbeta": _lbeta,
    "multigammaln": _multigammaln,
    "zeta": _where(lambda s, a=1: s != 1 and a > 0, mp.zeta),
    "besselj": mp.besselj,
    "bessely": _bessely,
    "besseli": mp.besseli,
    "besselk": _besselk,
    "j0": lambda x: mp.hyp0f1(1, -x * x / 4),
    "j1": lambda x: x / 2 * mp.hyp0f1(2, -x * x / 4),
    "y0": _where(_positive_last, lambda x: _bessely(0, x)),
    "y1": _where(_positive_last, lambda x: _bessely(1, x)),
    "i0": lambda x: mp.hyp0f1(1, x * x / 4),
    "i1": lambda x: x / 2 * mp.hyp0f1(2, x * x / 4),
    "k0": _where(_positive_last, lambda x: _besselk(0, x)),
    "k1": _where(_positive_last, lambda x: _besselk(1, x)),
    "sphericalj": _spherical(mp.besselj, 1),
    "sphericaly": _spherical(mp.bessely, -1),
    "airyai": mp.airyai,
    "airybi": mp.airybi,
    "airyaiprime": lambda x: mp.airyai(x, derivative=1),
    "airybiprime": lambda x: mp.airybi(x, derivative=1),
    "lambertw": _lambertw,
    "legendre": _sum(_legendre),
    "hermite": _sum(_half(_hermite)),
    "laguerre": _sum(_laguerre),
    "chebyshevt": _sum(_half(_chebyshev_t)),
    "chebyshevu": _sum(_half(_chebyshev_u)),
    "gegenbauer": _sum(_half(_gegenbauer)),
    "ellipk": _where(lambda m: m < 1, lambda m: mp.pi / 2 / mp.agm(1, mp.sqrt(1 - m))),
    "ellipe": _where(lambda m: m < 1, mp.ellipe),
    "ellipf": _ellipf,
    "ellipeinc": _ellipeinc,
    "ellippi": _where(lambda n, m: n < 1 and m < 1, mp.ellippi),
    "ellippiinc": _ellippiinc,
    "uppergamma": _where(_positive_last, _uppergamma),
    "hyp0f1": _hyp0f1,
    "hyp1f1": lambda a, b, x: mp.exp(x) * mp.hyp1f1(b - a, b, -x),
    "hyperu": _where(_positive_last, _hyperu),
    "hyp2f1": _where(lambda *args: args[-1] < 1, _hyp2f1),
    "polylog": _where(lambda _, x: x < 1, lambda s, x: mp.re(mp.polylog(s, x))),
}
"""Every one leads to irrational numbers."""
