"""What the special functions of the table mean, in mpmath: one definition for every engine but Arb.

A definition takes mpf numbers. Outside the function's domain it raises ValueError or returns a
complex number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from types import MappingProxyType
from typing import Any

import mpmath
from mpmath import mpf

Meaning = Callable[..., Any]

NEAR = 1e-15
"""Where series about ±1 are left for those about 0."""
LEAST_ORDER, LARGEST = -50, 1000
"""Of zeta and the polylogarithm, and their arguments at a negative order."""
CANCELLED = 64
"""In bits, what a quotient of gamma functions of moderate numbers may lose."""


def precise(*numbers: Any) -> AbstractContextManager[None]:
    """Work with the digits that gamma functions of such numbers cancel in a quotient."""
    extra: AbstractContextManager[None] = mpmath.extraprec(
        CANCELLED + 2 * max(0, *map(int, map(mpmath.mag, filter(None, numbers))))
    )
    return extra


def _where(condition: Callable[..., bool], meaning: Meaning) -> Meaning:
    """Return the meaning restricted to a domain."""

    def restricted(*args: Any) -> Any:
        if not condition(*args):
            raise ValueError("outside the domain")
        return meaning(*args)

    return restricted


def _moderate(meaning: Meaning) -> Meaning:
    """Return the meaning without the orders and arguments for which mpmath works ever longer."""

    def limited(order: Any, x: Any) -> Any:
        if order < LEAST_ORDER or (order < 0 and x > LARGEST):
            raise mpmath.mp.NoConvergence
        return meaning(order, x)

    return limited


# Error functions.


def _erfcx(x: Any) -> Any:
    return mpmath.exp(x * x) * mpmath.erfc(x)


def _dawson(x: Any) -> Any:
    return mpmath.sqrt(mpmath.pi) / 2 * mpmath.exp(-x * x) * mpmath.erfi(x)


def _erfinv(x: Any) -> Any:
    # Near ±1 it is steep: the digits of 1 − |x| are what counts.
    with mpmath.workprec(mpmath.mp.prec - min(int(mpmath.mag(1 - abs(x))), 0)):
        return mpmath.erfinv(x)


def _erfcinv(x: Any) -> Any:
    with mpmath.extraprec(2 * abs(int(mpmath.mag(x)))):
        return mpmath.erfinv(1 - x)


def _normlogcdf(x: Any) -> Any:
    if x > 0:
        return mpmath.log1p(-mpmath.erfc(x / mpmath.sqrt(2)) / 2)
    return mpmath.log(mpmath.erfc(-x / mpmath.sqrt(2)) / 2)


_ERRORS: Mapping[str, Meaning] = {
    "erfcx": _erfcx,
    "erfinv": _where(lambda x: -1 < x < 1, _erfinv),
    "erfcinv": _where(lambda x: 0 < x < 2, _erfcinv),
    "dawson": _dawson,
    "fresnels": mpmath.fresnels,
    "fresnelc": mpmath.fresnelc,
    "normlogcdf": _normlogcdf,
}

# Exponential integrals.

_INTEGRALS: Mapping[str, Meaning] = {
    "expint": _where(lambda _, x: x > 0, mpmath.expint),
    "e1": _where(lambda x: x > 0, mpmath.e1),
    "Ei": _where(lambda x: x != 0, mpmath.ei),
    "Si": mpmath.si,
    "Ci": _where(lambda x: x > 0, mpmath.ci),
    "Shi": mpmath.shi,
    "Chi": _where(lambda x: x > 0, mpmath.chi),
    "li": _where(lambda x: x > 0 and x != 1, mpmath.li),
}

# The gamma family and zeta.


def _log_beta(x: Any, y: Any) -> Any:
    if not all(mpmath.isfinite(mpmath.rgamma(z)) and mpmath.rgamma(z) for z in (x, y, x + y)):
        raise ValueError("a pole")
    with precise(x, y):
        return mpmath.re(mpmath.loggamma(x) + mpmath.loggamma(y) - mpmath.loggamma(x + y))


def _multigammaln(a: Any, d: Any) -> Any:
    terms = (mpmath.loggamma(a - mpf(j) / 2) for j in range(int(d)))
    return d * (d - 1) / 4 * mpmath.log(mpmath.pi) + mpmath.fsum(terms)


_GAMMAS: Mapping[str, Meaning] = {
    "gammainc": _where(
        lambda a, x: a > 0 and x >= 0, lambda a, x: mpmath.gammainc(a, 0, x, regularized=True)
    ),
    "gammaincc": _where(
        lambda a, x: a > 0 and x >= 0, lambda a, x: mpmath.gammainc(a, x, regularized=True)
    ),
    "loggamma": _where(lambda x: x > 0, mpmath.loggamma),
    "betainc": _where(
        lambda a, b, x: a > 0 and b > 0 and 0 <= x <= 1,
        lambda a, b, x: mpmath.betainc(a, b, 0, x, regularized=True),
    ),
    "lbeta": _log_beta,
    "multigammaln": _where(
        lambda a, d: mpmath.isint(d) and d >= 1 and 2 * a > d - 1, _multigammaln
    ),
    "zeta": _where(lambda s, a: s != 1 and a > 0, _moderate(mpmath.zeta)),
    "polylog": _where(
        lambda s, x: x < 1 or x == 1 < s,
        _moderate(lambda s, x: mpmath.re(mpmath.polylog(s, x))),
    ),
}

# Bessel functions and their kin.


def _natural(n: Any) -> bool:
    return bool(mpmath.isint(n) and n >= 0)


def _spherical(bessel: Meaning) -> Meaning:
    def meaning(n: Any, x: Any) -> Any:
        sign = -1 if x < 0 and (n % 2 == (bessel is mpmath.besselj)) else 1
        z = abs(x)
        return sign * mpmath.sqrt(mpmath.pi / (2 * z)) * bessel(n + mpf(1) / 2, z)

    return meaning


_spherical_j = _spherical(mpmath.besselj)

_BESSELS: Mapping[str, Meaning] = {
    "besselj": mpmath.besselj,
    "bessely": _where(lambda _, x: x > 0, mpmath.bessely),
    "besseli": mpmath.besseli,
    "besselk": _where(lambda _, x: x > 0, mpmath.besselk),
    "sphericalj": _where(
        lambda n, _: _natural(n), lambda n, x: _spherical_j(n, x) if x else mpf(n == 0)
    ),
    "sphericaly": _where(lambda n, x: _natural(n) and x != 0, _spherical(mpmath.bessely)),
    "airyai": mpmath.airyai,
    "airybi": mpmath.airybi,
    "airyaiprime": lambda x: mpmath.airyai(x, derivative=1),
    "airybiprime": lambda x: mpmath.airybi(x, derivative=1),
    "lambertw": _where(lambda _, k: k in (0, -1), lambda x, k: mpmath.lambertw(x, int(k))),
}

# Elliptic integrals, by the parameter m.

_ELLIPTICS: Mapping[str, Meaning] = {
    "ellipk": _where(lambda m: m < 1, mpmath.ellipk),
    "ellipe": _where(lambda m: m <= 1, mpmath.ellipe),
    "ellipf": _where(lambda phi, m: m * mpmath.sin(phi) ** 2 < 1, mpmath.ellipf),
    "ellipeinc": _where(lambda phi, m: m * mpmath.sin(phi) ** 2 <= 1, mpmath.ellipe),
    "ellippiinc": _where(
        lambda n, phi, m: max(n, m) * (mpmath.sin(phi) ** 2 if abs(phi) < mpmath.pi / 2 else 1) < 1,
        mpmath.ellippi,
    ),
    "ellippi": _where(lambda n, m: n < 1 and m < 1, mpmath.ellippi),
}

# Hypergeometric functions, and the incomplete gamma function that isn't regularised.


def _no_pole(parameter: Any) -> bool:
    return bool(parameter > 0 or not mpmath.isint(parameter))


_HYPERGEOMETRICS: Mapping[str, Meaning] = {
    "uppergamma": _where(lambda _, x: x > 0, mpmath.gammainc),
    "hyp0f1": _where(lambda b, _: _no_pole(b), mpmath.hyp0f1),
    "hyp1f1": _where(lambda _, b, __: _no_pole(b), mpmath.hyp1f1),
    "hyp2f1": _where(lambda _, __, c, x: _no_pole(c) and x < 1, mpmath.hyp2f1),
    "hyperu": _where(lambda _, __, x: x > 0, mpmath.hyperu),
}

MAX_DEGREE = 10_000
"""Degree of a polynomial up to which mpmath sums its series, or steps through its recurrence."""

# Orthogonal polynomials: 0 at the degree −1, where their recurrences begin.


def _polynomial(meaning: Meaning) -> Meaning:
    def value(n: Any, *args: Any) -> Any:
        if n > MAX_DEGREE:
            raise OverflowError(f"a degree above {MAX_DEGREE:,}")
        return meaning(int(n), *args) if n >= 0 else mpf(0)

    return _where(lambda n, *_: mpmath.isint(n) and n >= -1, value)


def _gegenbauer(n: int, order: Any, x: Any) -> Any:
    before, current = mpf(0), mpf(1)
    for k in range(1, n + 1):
        before, current = (
            current,
            (2 * (k + order - 1) * x * current - (k + 2 * order - 2) * before) / k,
        )
    return current


def _legendre(n: int, x: Any) -> Any:
    # Next to 0 mpmath's series ends too early; these are its recurrence (DLMF 18.7.9, 18.9.1).
    return mpmath.legendre(n, x) if abs(x) > NEAR else _gegenbauer(n, mpf(1) / 2, x)


def _chebyshev_t(n: int, x: Any) -> Any:
    if abs(x) > NEAR:
        return mpmath.chebyt(n, x)
    # cos(n arccos x) (DLMF 18.5.1) about 0, where mpmath's series cancels without end.
    angle, sign = n * mpmath.asin(x), (-1) ** (n // 2)
    return sign * (mpmath.sin(angle) if n % 2 else mpmath.cos(angle))


def _chebyshev_u(n: int, x: Any) -> Any:
    if abs(x) > NEAR:
        return mpmath.chebyu(n, x)
    # sin((n + 1) arccos x)/sin(arccos x) (DLMF 18.5.2), likewise.
    angle, sign = (n + 1) * mpmath.asin(x), (-1) ** (n // 2)
    return sign * (mpmath.sin(angle) if n % 2 else mpmath.cos(angle)) / mpmath.sqrt(1 - x**2)


_POLYNOMIALS: Mapping[str, Meaning] = {
    name: _polynomial(meaning)
    for name, meaning in {
        "legendre": _legendre,
        "hermite": mpmath.hermite,
        "laguerre": lambda n, x, a: mpmath.laguerre(n, a, x),
        "chebyshevt": _chebyshev_t,
        "chebyshevu": _chebyshev_u,
        "gegenbauer": _gegenbauer,
    }.items()
}

MEANINGS: Mapping[str, Meaning] = MappingProxyType(
    {
        **_ERRORS,
        **_INTEGRALS,
        **_GAMMAS,
        **_BESSELS,
        **_ELLIPTICS,
        **_HYPERGEOMETRICS,
        **_POLYNOMIALS,
    }
)
"""The definition of each row, by its name."""


def real(name: str, *args: float | mpf) -> mpf:
    """Return a row's value at numbers, nan where it isn't real and finite."""
    try:
        value = MEANINGS[name](*map(mpf, args))
    except (ValueError, ZeroDivisionError, OverflowError, mpmath.mp.NoConvergence):
        return mpmath.nan
    if isinstance(value, mpmath.mpc):
        value = value.real if value.imag == 0 else mpmath.nan
    return mpf(value)
