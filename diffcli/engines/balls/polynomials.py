"""The rules of orthogonal polynomials, on balls: their recurrences in the degree (DLMF 18.9.1)."""

from __future__ import annotations

from collections.abc import Callable

from flint import arb

from diffcli.engines.balls.bessel import natural
from diffcli.engines.balls.elementary import Ball

Step = Callable[[int, Ball, Ball], Ball]


def _by_degree(name: str, n: Ball, step: Step) -> Ball:
    """Return the polynomial, ``step`` giving that of degree k from k and the two before it."""
    if n == -1:
        return arb(0)
    before: Ball = arb(0)
    current: Ball = arb(1)
    for k in range(1, natural(n, name, "a degree") + 1):
        before, current = current, step(k, current, before)
    return current


def legendre(n: Ball, x: Ball) -> Ball:
    """Return Pₙ(x)."""
    return _by_degree("legendre", n, lambda k, p, q: ((2 * k - 1) * x * p - (k - 1) * q) / k)


def hermite(n: Ball, x: Ball) -> Ball:
    """Return Hₙ(x)."""
    return _by_degree("hermite", n, lambda k, p, q: 2 * x * p - 2 * (k - 1) * q)


def laguerre(n: Ball, x: Ball, a: Ball) -> Ball:
    """Return the generalised Laguerre polynomial Lₙ⁽ᵃ⁾(x)."""
    return _by_degree(
        "laguerre", n, lambda k, p, q: ((2 * k - 1 + a - x) * p - (k - 1 + a) * q) / k
    )


def chebyshevt(n: Ball, x: Ball) -> Ball:
    """Return Tₙ(x)."""
    return _by_degree("chebyshevt", n, lambda k, p, q: x if k == 1 else 2 * x * p - q)


def chebyshevu(n: Ball, x: Ball) -> Ball:
    """Return Uₙ(x)."""
    return _by_degree("chebyshevu", n, lambda _, p, q: 2 * x * p - q)


def gegenbauer(n: Ball, order: Ball, x: Ball) -> Ball:
    """Return Cₙ⁽ᵒʳᵈᵉʳ⁾(x)."""
    return _by_degree(
        "gegenbauer",
        n,
        lambda k, p, q: (2 * (k + order - 1) * x * p - (k + 2 * order - 2) * q) / k,
    )
