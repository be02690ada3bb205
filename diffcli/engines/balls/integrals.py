"""The rules of error functions, exponential integrals and elliptic integrals, on balls.

Source: DLMF 6, 7, 8.19 and 19.
"""

from __future__ import annotations

from collections.abc import Callable

from flint import acb, arb, arb_series, ctx

from diffcli.engines.balls.analytic import Complex, analytic
from diffcli.engines.balls.elementary import Ball, compose
from diffcli.engines.balls.guards import ball, centre, nonzero, not_negative, positive
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


# Elliptic integrals, by their parameter m.


def _below_one(*boxes: acb) -> bool:
    return all((1 - box).real > 0 for box in boxes)


def ellipk(m: Ball) -> Ball:
    """Return K(m)."""
    positive(1 - m, "pole of ellipk", "ellipk above 1")
    return analytic(acb.elliptic_k, m, inside=_below_one)


def ellipe(m: Ball) -> Ball:
    """Return E(m)."""
    if not not_negative(1 - m, "edge of ellipe", "ellipe above 1"):
        return arb(1)
    return analytic(acb.elliptic_e, m, inside=_below_one)


def ellipf(phi: Ball, m: Ball) -> Ball:
    """Return F(φ | m)."""
    return _incomplete("ellipf", acb.elliptic_f, phi, m)


def ellipeinc(phi: Ball, m: Ball) -> Ball:
    """Return E(φ | m)."""
    return _incomplete("ellipeinc", acb.elliptic_e_inc, phi, m)


def _incomplete(name: str, function: Complex, phi: Ball, m: Ball) -> Ball:
    angle = ball(centre(phi))
    # The integral runs from 0 to φ: beyond a quarter turn it passes where sin² is 1.
    quarter = bool(abs(angle) < arb.pi() / 2)
    most = angle.sin() ** 2 if quarter else arb(1)
    positive(1 - centre(m) * most, f"edge of {name}", f"{name} where m·sin(φ)² is above 1")

    def inside(phi: acb, m: acb) -> bool:
        return _below_one(m * phi.sin() ** 2) and (quarter or _below_one(m))

    return analytic(function, phi, m, inside=inside)


def ellippiinc(n: Ball, phi: Ball, m: Ball) -> Ball:
    """Return Π(n; φ | m)."""
    angle = ball(centre(phi))
    quarter = bool(abs(angle) < arb.pi() / 2)
    most = angle.sin() ** 2 if quarter else arb(1)
    for parameter, what in ((n, "n"), (m, "m")):
        outside = f"ellippiinc where {what}·sin(φ)² is above 1"
        positive(1 - centre(parameter) * most, "edge of ellippiinc", outside)

    def inside(n: acb, phi: acb, m: acb) -> bool:
        square = phi.sin() ** 2
        return _below_one(n * square, m * square) and (quarter or _below_one(n, m))

    return analytic(acb.elliptic_pi_inc, n, phi, m, inside=inside)


def ellippi(n: Ball, m: Ball) -> Ball:
    """Return Π(n | m)."""
    positive(1 - n, "pole of ellippi", "ellippi with n above 1")
    positive(1 - m, "pole of ellippi", "ellippi with m above 1")
    return analytic(acb.elliptic_pi, n, m, inside=_below_one)
