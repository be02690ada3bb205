"""The rules of error functions and exponential integrals, on balls. Source: DLMF 6, 7 and 8.19."""

from __future__ import annotations

from collections.abc import Callable

from flint import acb, arb, arb_series, ctx

from diffcli.engines.balls.analytic import analytic
from diffcli.engines.balls.elementary import Ball, compose
from diffcli.engines.balls.guards import nonzero, positive
from diffcli.engines.balls.special import erfc

# Error functions.


def erfcx(x: Ball) -> Ball:
    """Return e^(x²)·erfc(x)."""
    return (x * x).exp() * x.erfc()


def dawson(x: Ball) -> Ball:
    """Return e^(−x²)·∫₀ˣ e^(t²) dt."""
    return (-x * x).exp() * x.erfi() * (arb.const_sqrt_pi() / 2)


def erfinv(x: Ball) -> Ball:
    """Return the inverse of erf."""
    positive(1 - x * x, "edge of erfinv", "erfinv outside (−1, 1)")
    return _inverse(x, arb.erfinv, arb_series.erf)


def erfcinv(x: Ball) -> Ball:
    """Return the inverse of erfc."""
    positive(x * (2 - x), "edge of erfcinv", "erfcinv outside (0, 2)")
    return _inverse(x, arb.erfcinv, arb_series.erfc)


def _inverse(
    x: Ball, inverse: Callable[[arb], arb], forward: Callable[[arb_series], arb_series]
) -> Ball:
    """Return the inverse of a function at x: its Taylor series is the reversion of the other."""
    if not isinstance(x, arb_series):
        return inverse(x)
    root = inverse(x[0])
    if ctx.cap == 1:
        return arb_series([root])
    series = forward(arb_series([root, 1])).coeffs()
    back = arb_series([0, *series[1:]]).reversion()
    return compose([root, *(back[k] for k in range(1, ctx.cap))], x)


def fresnels(x: Ball) -> Ball:
    """Return ∫₀ˣ sin(πt²/2) dt."""
    return x.fresnel_s()


def fresnelc(x: Ball) -> Ball:
    """Return ∫₀ˣ cos(πt²/2) dt."""
    return x.fresnel_c()


def normlogcdf(x: Ball) -> Ball:
    """Return the logarithm of the normal distribution function."""
    return (erfc(-x / arb(2).sqrt()) / 2).log()


# Exponential integrals.


def expint(n: Ball, x: Ball) -> Ball:
    """Return Eₙ(x), which is entire in n."""
    positive(x, "pole of expint", "expint of a negative number")
    return analytic(lambda n, x: x.expint(n), n, x, inside=lambda _, x: x.real > 0)


def e1(x: Ball) -> Ball:
    """Return E₁(x) = −Ei(−x)."""
    positive(x, "pole of e1", "e1 of a negative number")
    return -(-x).ei()


def Ei(x: Ball) -> Ball:  # noqa: N802  (the row's name)
    """Return the principal value of ∫₋∞ˣ eᵗ/t dt."""
    nonzero(x, "pole of Ei")
    return x.ei()


def Si(x: Ball) -> Ball:  # noqa: N802  (the row's name)
    """Return ∫₀ˣ sin(t)/t dt."""
    return analytic(acb.si, x)


def Ci(x: Ball) -> Ball:  # noqa: N802  (the row's name)
    """Return −∫ₓ^∞ cos(t)/t dt."""
    positive(x, "pole of Ci", "Ci of a negative number")
    return x.ci()


def Shi(x: Ball) -> Ball:  # noqa: N802  (the row's name)
    """Return ∫₀ˣ sinh(t)/t dt."""
    return analytic(acb.shi, x)


def Chi(x: Ball) -> Ball:  # noqa: N802  (the row's name)
    """Return γ + ln x + ∫₀ˣ (cosh(t) − 1)/t dt."""
    positive(x, "pole of Chi", "Chi of a negative number")
    return x.chi()


def li(x: Ball) -> Ball:
    """Return Ei(ln x)."""
    positive(x, "li at 0", "li of a negative number")
    nonzero(x - 1, "pole of li")
    return x.log().ei()
