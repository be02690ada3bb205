"""The rules of the special functions, on balls: gamma family, error functions, activations.

Arguments are ``arb`` or ``arb_series``, never exact numbers.
"""

from __future__ import annotations

from math import factorial as _factorial
from typing import cast

from flint import arb, arb_series, ctx, fmpq

from diffcli.engines.balls.elementary import Ball, compose, expm1, log, log1p
from diffcli.engines.balls.guards import (
    Difficult,
    Undefined,
    centre,
    fixed_integer,
    no_pole,
    positive,
    side,
)
from diffcli.engines.balls.precision import working

LARGEST_ORDER = 1000
"""The greatest order of polygamma: the cost is quadratic in it."""

# Klambauer et al. 2017, equation 14, to the digits of their code; torch rounds them to doubles.
SELU_ALPHA = fmpq(16732632423543772848170429916717, 10**31)
SELU_SCALE = fmpq(10507009873554804934193349852946, 10**31)


# The gamma family.


def gamma(x: Ball) -> Ball:
    """Return Γ(x)."""
    no_pole(x, "gamma")
    return x.gamma()


def lgamma(x: Ball) -> Ball:
    """Return log|Γ(x)|, by reflection below 0 (DLMF 5.5.3)."""
    no_pole(x, "lgamma")
    if centre(x) > 0:
        return x.lgamma()
    sine = x.sin_pi()
    return (arb.pi() / (sine * side(sine, "pole of lgamma"))).log() - (1 - x).lgamma()


def digamma(x: Ball) -> Ball:
    """Return Γ′(x)/Γ(x)."""
    no_pole(x, "digamma")
    return _polygamma(0, x)


def polygamma(n: Ball, x: Ball) -> Ball:
    """Return the n-th derivative of digamma at x."""
    order = fixed_integer(n, "polygamma: an order that isn't a fixed integer")
    if isinstance(order, arb) or order < 0 or order.q != 1:
        raise Undefined("polygamma: an order that isn't 0, 1, 2, …")
    if order > LARGEST_ORDER:
        raise Difficult(f"polygamma: an order above {LARGEST_ORDER}")
    no_pole(x, "polygamma")
    return _polygamma(int(order.p), x)


def _polygamma(n: int, x: Ball) -> Ball:
    # Its Taylor coefficients are those of log|Γ|, n + 1 times differentiated.
    terms = ctx.cap
    with working(ctx.prec, terms + n):
        source = cast(arb_series, lgamma(arb_series([centre(x), 1])))
        coefficients = [
            source[n + 1 + k] * (_factorial(n + 1 + k) // _factorial(k)) for k in range(terms)
        ]
    return compose(coefficients, x) if isinstance(x, arb_series) else coefficients[0]


def beta(x: Ball, y: Ball) -> Ball:
    """Return Γ(x)Γ(y)/Γ(x + y)."""
    no_pole(x, "beta")
    no_pole(y, "beta")
    return x.gamma() * y.gamma() * (x + y).rgamma()


def factorial(x: Ball) -> Ball:
    """Return Γ(x + 1)."""
    no_pole(x + 1, "factorial(x), x + 1")
    return (x + 1).gamma()


def binomial(n: Ball, k: Ball) -> Ball:
    """Return Γ(n + 1)/(Γ(k + 1)Γ(n − k + 1)), which is entire in k."""
    no_pole(n + 1, "binomial(n, k), n + 1")
    return (n + 1).gamma() * (k + 1).rgamma() * (n - k + 1).rgamma()


# Error functions and the normal distribution.


def erf(x: Ball) -> Ball:
    """Return the error function."""
    return x.erf()


def erfc(x: Ball) -> Ball:
    """Return 1 − erf(x)."""
    return x.erfc()


def erfi(x: Ball) -> Ball:
    """Return −i·erf(ix)."""
    return x.erfi()


def normpdf(x: Ball, mean: Ball, deviation: Ball) -> Ball:
    """Return the normal density."""
    z = _standardised(x, mean, deviation)
    return (-z * z / 2).exp() / (deviation * (2 * arb.pi()).sqrt())


def normcdf(x: Ball, mean: Ball, deviation: Ball) -> Ball:
    """Return the normal distribution function."""
    return _normal(_standardised(x, mean, deviation))


def _standardised(x: Ball, mean: Ball, deviation: Ball) -> Ball:
    positive(deviation, "a deviation of 0", "a negative deviation")
    return (x - mean) / deviation


def _normal(z: Ball) -> Ball:
    return (-z / arb(2).sqrt()).erfc() / 2


# Smooth activations.


def gelu(x: Ball) -> Ball:
    """Return x·normcdf(x)."""
    return x * _normal(x)


def sigmoid(x: Ball) -> Ball:
    """Return 1/(1 + e^(−x))."""
    return 1 / (1 + (-x).exp())


def silu(x: Ball) -> Ball:
    """Return x·sigmoid(x)."""
    return x * sigmoid(x)


def softplus(x: Ball) -> Ball:
    """Return log(1 + e^x), by x + log(1 + e^(−x)) above 0."""
    if centre(x) > 0:
        return x + log1p((-x).exp())
    return log1p(x.exp())


def logsigmoid(x: Ball) -> Ball:
    """Return log(sigmoid(x))."""
    return -softplus(-x)


def mish(x: Ball) -> Ball:
    """Return x·tanh(softplus(x)), which is x·w/(w + 2) with w = e^x(e^x + 2)."""
    growth = x.exp()
    w = growth * (growth + 2)
    return x * w / (w + 2)


def logit(x: Ball) -> Ball:
    """Return log(x/(1 − x))."""
    positive(x, "logit at 0", "logit below 0")
    positive(1 - x, "logit at 1", "logit above 1")
    return log(x / (1 - x))


def selu(x: Ball) -> Ball:
    """Return scale·x above 0 and scale·alpha·(e^x − 1) below."""
    if side(x, "selu at 0") >= 0:
        return x * SELU_SCALE
    return expm1(x) * (SELU_SCALE * SELU_ALPHA)
