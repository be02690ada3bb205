"""The rules of elliptic integrals, on balls, by their parameter m. Source: DLMF 19."""

from __future__ import annotations

from flint import acb, arb

from diffcli.engines.balls.analytic import Complex, analytic
from diffcli.engines.balls.elementary import Ball
from diffcli.engines.balls.guards import ball, centre, not_negative, positive


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
    for each, what in ((n, "n"), (m, "m")):
        outside = f"ellippiinc where {what}·sin(φ)² is above 1"
        positive(1 - centre(each) * most, "edge of ellippiinc", outside)

    def inside(n: acb, phi: acb, m: acb) -> bool:
        square = phi.sin() ** 2
        return _below_one(n * square, m * square) and (quarter or _below_one(n, m))

    return analytic(acb.elliptic_pi_inc, n, phi, m, inside=inside)


def ellippi(n: Ball, m: Ball) -> Ball:
    """Return Π(n | m)."""
    positive(1 - n, "pole of ellippi", "ellippi with n above 1")
    positive(1 - m, "pole of ellippi", "ellippi with m above 1")
    return analytic(acb.elliptic_pi, n, m, inside=_below_one)
