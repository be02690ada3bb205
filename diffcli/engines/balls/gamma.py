"""The rules of incomplete gamma and beta functions, zeta and the polylogarithm, on balls."""

from __future__ import annotations

from flint import acb, arb, arb_series, ctx, fmpq

from diffcli.engines.balls.analytic import analytic
from diffcli.engines.balls.elementary import Ball
from diffcli.engines.balls.guards import (
    Difficult,
    Undefined,
    ball,
    centre,
    exact_integer,
    fixed_integer,
    no_pole,
    nonzero,
    not_negative,
    positive,
)
from diffcli.engines.balls.special import lgamma, polygamma


def _right(*boxes: acb) -> bool:
    return all(box.real > 0 for box in boxes)


def gammainc(a: Ball, x: Ball) -> Ball:
    """Return P(a, x)."""
    positive(a, "gammainc at a = 0", "gammainc with a negative a")
    if not not_negative(x, "gammainc at 0", "gammainc of a negative number"):
        return arb(0)
    return analytic(lambda a, x: x.gamma_lower(a, regularized=1), a, x, inside=_right)


def gammaincc(a: Ball, x: Ball) -> Ball:
    """Return Q(a, x) = 1 − P(a, x)."""
    positive(a, "gammaincc at a = 0", "gammaincc with a negative a")
    if not not_negative(x, "gammaincc at 0", "gammaincc of a negative number"):
        return arb(1)
    return analytic(lambda a, x: x.gamma_upper(a, regularized=1), a, x, inside=_right)


def loggamma(x: Ball) -> Ball:
    """Return log Γ(x) for x > 0."""
    positive(x, "pole of loggamma", "loggamma of a negative number")
    return x.lgamma()


def trigamma(x: Ball) -> Ball:
    """Return ψ′(x)."""
    no_pole(x, "trigamma")
    return polygamma(arb(1), x)


def lbeta(x: Ball, y: Ball) -> Ball:
    """Return log|B(x, y)|."""
    no_pole(x, "lbeta")
    no_pole(y, "lbeta")
    no_pole(x + y, "lbeta, x + y")
    return lgamma(x) + lgamma(y) - lgamma(x + y)


def multigammaln(a: Ball, d: Ball) -> Ball:
    """Return log Γ_d(a)."""
    size = fixed_integer(d, "multigammaln: a dimension that isn't a fixed integer")
    if not isinstance(size, fmpq) or size < 1:
        raise Undefined("multigammaln: a dimension that isn't 1, 2, 3, …")
    positive(2 * a - (size - 1), "pole of multigammaln", "multigammaln below (d − 1)/2")
    constant = arb.pi().log() * (size * (size - 1) / 4)
    return sum(((a - fmpq(j, 2)).lgamma() for j in range(int(size.p))), constant)


def betainc(a: Ball, b: Ball, x: Ball) -> Ball:
    """Return the regularised I(a, b, x)."""
    positive(a, "betainc at a = 0", "betainc with a negative a")
    positive(b, "betainc at b = 0", "betainc with a negative b")
    if not not_negative(x, "betainc at 0", "betainc outside [0, 1]"):
        return arb(0)
    if not not_negative(1 - x, "betainc at 1", "betainc outside [0, 1]"):
        return arb(1)

    def inside(a: acb, b: acb, x: acb) -> bool:
        return _right(a, b, x, 1 - x)

    return analytic(lambda a, b, x: x.beta_lower(a, b, regularized=1), a, b, x, inside=inside)


def zeta(s: Ball, a: Ball) -> Ball:
    """Return ζ(s, a) = Σ 1/(n + a)^s, continued."""
    nonzero(s - 1, "pole of zeta")
    positive(a, "zeta at a = 0", "zeta with a negative a")

    def inside(s: acb, a: acb) -> bool:
        return _right(a) and 1 not in s

    return analytic(lambda s, a: s.zeta(a), s, a, inside=inside)


_POWERS = arb(3) / 4
"""Within it a polylogarithm is summed by its powers."""


def _powers(s: acb, x: acb) -> acb:
    """Return Σ xⁿ/nˢ (DLMF 25.12.10), its tail bounded by a geometric series."""
    size, fall = x.abs_upper(), -s.real.lower()
    count = 2 * ctx.prec + 20
    ratio = size * ((1 + arb(1) / count).log() * fall.max(arb(0))).exp()
    total = acb(0)
    for n in range(count, 0, -1):
        total = total * x + (-s * arb(n).log()).exp()
    tail = size**count * (arb(count + 1).log() * fall).exp() / (1 - ratio)
    room = arb(0, tail.upper()) if ratio < 1 else arb.nan()
    return (total + acb(room, room)) * x


def polylog(s: Ball, x: Ball) -> Ball:
    """Return Liₛ(x) = Σ xⁿ/nˢ, continued to x < 1; at 1 it is ζ(s) (DLMF 25.12.11)."""
    if not not_negative(1 - x, "polylog at 1", "polylog above 1"):
        positive(s - 1, "polylog at 1", "polylog at 1 of an order below 1")
        return zeta(s, arb(1))
    if isinstance(s, arb_series):  # Arb bounds it on no box of orders.
        if not abs(ball(centre(x))) < _POWERS:
            raise Difficult("polylog: an order that varies, unless |x| is less than 3/4")
        return analytic(_powers, s, x)
    if exact_integer(s) == 0:
        return x / (1 - x)
    if centre(x) == 0 and not isinstance(x, arb_series):
        return arb(0)
    return analytic(lambda s, x: x.polylog(s), s, x, inside=lambda _, x: _right(1 - x))
