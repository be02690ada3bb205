"""The rules of Bessel, Airy and Lambert functions, on balls. Source: DLMF 4.13, 9 and 10."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from flint import acb, arb, arb_series, fmpq

from diffcli.engines.balls.analytic import Complex, analytic
from diffcli.engines.balls.elementary import Ball
from diffcli.engines.balls.guards import (
    Difficult,
    Undefined,
    exact_integer,
    fixed_integer,
    nonzero,
    not_negative,
    positive,
)


def _right(_: acb, x: acb) -> bool:
    return bool(x.real > 0)


def natural(n: Ball, name: str, what: str, largest: int = 1000) -> int:
    """Return an order or a degree as the fixed integer that it must be."""
    exact = fixed_integer(n, f"{name}: {what} that isn't a fixed integer")
    if not isinstance(exact, fmpq) or exact < 0 or exact.q != 1:
        raise Undefined(f"{name}: {what} that isn't 0, 1, 2, …")
    if exact > largest:
        raise Difficult(f"{name}: {what} above {largest}")
    return int(exact.p)


def _entire_at_integers(name: str, function: Complex) -> Callable[[Ball, Ball], Ball]:
    """Return the rule of J or I: entire in x at an integer order, else real for x ≥ 0 only."""

    def rule(order: Ball, x: Ball) -> Ball:
        exact = exact_integer(order)
        if isinstance(exact, fmpq) and exact.q == 1:
            return analytic(lambda x: function(acb(arb(exact)), x), x)
        outside = f"{name} of a negative number with an order that isn't an integer"
        if not not_negative(x, f"{name} at 0 with an order that isn't an integer", outside):
            positive(order, f"{name} at 0 with an order near 0", f"pole of {name}")
            return arb(0)
        return analytic(function, order, x, inside=_right)

    return rule


def _on_the_right(name: str, function: Complex) -> Callable[[Ball, Ball], Ball]:
    """Return the rule of Y or K: real for x > 0 only."""

    def rule(order: Ball, x: Ball) -> Ball:
        positive(x, f"pole of {name}", f"{name} of a negative number")
        return analytic(function, order, x, inside=_right)

    return rule


besselj = _entire_at_integers("besselj", lambda order, x: x.bessel_j(order))
besseli = _entire_at_integers("besseli", lambda order, x: x.bessel_i(order))
bessely = _on_the_right("bessely", lambda order, x: x.bessel_y(order))
besselk = _on_the_right("besselk", lambda order, x: x.bessel_k(order))


def _of_order(rule: Callable[[Ball, Ball], Ball], order: int) -> Callable[[Ball], Ball]:
    return lambda x: rule(arb(order), x)


j0, j1 = _of_order(besselj, 0), _of_order(besselj, 1)
y0, y1 = _of_order(bessely, 0), _of_order(bessely, 1)
i0, i1 = _of_order(besseli, 0), _of_order(besseli, 1)
k0, k1 = _of_order(besselk, 0), _of_order(besselk, 1)


def sphericalj(n: Ball, x: Ball) -> Ball:
    """Return jₙ(x) = xⁿ/(2n + 1)!!·₀F₁(; n + 3/2; −x²/4), which is entire (DLMF 10.53.1)."""
    order = natural(n, "sphericalj", "an order")
    scale = arb(prod(range(1, 2 * order + 2, 2)))

    def function(x: acb) -> acb:
        return x**order * (-x * x / 4).hypgeom_0f1(acb(order) + 1.5) / scale

    return analytic(function, x)


def sphericaly(n: Ball, x: Ball) -> Ball:
    """Return yₙ(x) = −(2n − 1)!!/xⁿ⁺¹·₀F₁(; 1/2 − n; −x²/4) (DLMF 10.53.2)."""
    order = natural(n, "sphericaly", "an order")
    nonzero(x, "pole of sphericaly")
    scale = -arb(prod(range(1, 2 * order, 2)))

    def function(x: acb) -> acb:
        return scale * (-x * x / 4).hypgeom_0f1(0.5 - acb(order)) / x ** (order + 1)

    return analytic(function, x, inside=lambda x: 0 not in x)


def airyai(x: Ball) -> Ball:
    """Return Ai(x)."""
    return x.airy_ai()


def airybi(x: Ball) -> Ball:
    """Return Bi(x)."""
    return x.airy_bi()


def airyaiprime(x: Ball) -> Ball:
    """Return Ai′(x)."""
    return x.airy_ai_prime() if isinstance(x, arb_series) else x.airy_ai(derivative=1)


def airybiprime(x: Ball) -> Ball:
    """Return Bi′(x)."""
    return x.airy_bi_prime() if isinstance(x, arb_series) else x.airy_bi(derivative=1)


def lambertw(x: Ball, branch: Ball) -> Ball:
    """Return W₀(x), or W₋₁(x)."""
    exact = exact_integer(branch)
    if isinstance(exact, arb_series):
        raise Difficult("lambertw: a branch that isn't fixed")
    if not isinstance(exact, fmpq) or exact not in (0, -1):
        raise Undefined("lambertw: a branch that isn't 0 or -1")
    edge = arb.const_e() * x + 1
    if not not_negative(edge, "edge of lambertw", "lambertw below -1/e"):
        return arb(-1)
    if exact == -1:
        positive(-x, "pole of lambertw", "lambertw with the branch -1 above 0")
    return x.lambertw(branch=int(exact.p))
