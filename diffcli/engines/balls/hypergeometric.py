"""The rules of hypergeometric functions, of Γ(a, x) and of orthogonal polynomials, on balls.

Source: DLMF 8, 13, 15 and 16; the polynomials are their recurrences in the degree (DLMF 18.9.1). A
parameter that ends the series, or a point beyond the radius of convergence at which there is a
value after all, is left undecided rather than refused.
"""

from __future__ import annotations

from collections.abc import Callable
from math import floor

from flint import acb, arb, arb_series

from diffcli.engines.balls.analytic import analytic
from diffcli.engines.balls.bessel import natural
from diffcli.engines.balls.elementary import Ball
from diffcli.engines.balls.guards import (
    Difficult,
    ball,
    centre,
    exact_integer,
    no_pole,
    not_negative,
)

MAX_SPAN = 64
"""Whole numbers in a box that are looked at one by one."""


def _right(box: acb) -> bool:
    return bool(box.real > 0)


def _may_end(*parameters: Ball) -> bool:
    """Whether a parameter above may be 0, −1, −2, …, which makes the series a polynomial."""
    numbers = (ball(centre(parameter)) for parameter in parameters)
    return any(number.contains_integer() and not number > 0 for number in numbers)


def _below(name: str, parameter: Ball, *above: Ball) -> None:
    """Refuse a parameter below that is 0, −1, −2, …: a pole, unless the series ends before it."""
    if _may_end(*above) and not centre(parameter) > 0:
        raise Difficult(f"{name}: a series that may end before its pole")
    no_pole(parameter, name)


def _has_no_pole(box: acb) -> bool:
    """Whether a box of a parameter below holds none of 0, −1, −2, …."""
    if box.real > 0 or not box.imag.contains(0):
        return True
    low, high = floor(float(box.real.lower())), floor(float(box.real.upper()))
    if high - low > MAX_SPAN:
        return False
    return not any(box.real.contains(n) for n in range(low, min(high, 0) + 1))


def _on_positive(x: Ball, name: str) -> None:
    """Refuse 0 and negative arguments, where the value may be real for some parameters."""
    if centre(x) <= 0:
        raise Difficult(f"{name} at 0 or below, where it is real for some parameters alone")
    not_negative(x, f"{name} at 0", f"{name} of a negative number")


def uppergamma(a: Ball, x: Ball) -> Ball:
    """Return Γ(a, x) = ∫ t^(a−1) e^(−t) dt over x … ∞."""
    _on_positive(x, "uppergamma")
    return analytic(lambda a, x: x.gamma_upper(a), a, x, inside=lambda _, x: _right(x))


def hyp0f1(b: Ball, x: Ball) -> Ball:
    """Return ₀F₁(; b; x)."""
    _below("hyp0f1", b)
    return analytic(lambda b, x: x.hypgeom_0f1(b), b, x, inside=lambda b, _: _has_no_pole(b))


def hyp1f1(a: Ball, b: Ball, x: Ball) -> Ball:
    """Return Kummer's M(a, b, x) = ₁F₁(a; b; x)."""
    _below("hyp1f1", b, a)
    return analytic(
        lambda a, b, x: x.hypgeom_1f1(a, b), a, b, x, inside=lambda _, b, __: _has_no_pole(b)
    )


def hyperu(a: Ball, b: Ball, x: Ball) -> Ball:
    """Return Tricomi's U(a, b, x)."""
    _on_positive(x, "hyperu")
    return analytic(lambda a, b, x: x.hypgeom_u(a, b), a, b, x, inside=lambda _, __, x: _right(x))


def hyp2f1(a: Ball, b: Ball, c: Ball, x: Ball) -> Ball:
    """Return Gauss's ₂F₁(a, b; c; x), continued to x < 1."""
    _below("hyp2f1", c, a, b)
    beyond = "hyp2f1 at 1, where it has a value for some parameters"
    if not centre(x) < 1 and not centre(x) > 1:
        raise Difficult(beyond)
    if _may_end(a, b) and not centre(x) < 1:
        raise Difficult("hyp2f1 above 1, where a series that ends has values")
    not_negative(1 - x, beyond, "hyp2f1 above 1")
    if exact_integer(x) == 0 and not isinstance(x, arb_series):
        return arb(1)

    def inside(_: acb, __: acb, c: acb, x: acb) -> bool:
        return _has_no_pole(c) and _right(1 - x)

    return analytic(lambda a, b, c, x: x.hypgeom_2f1(a, b, c), a, b, c, x, inside=inside)


# Orthogonal polynomials.

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
