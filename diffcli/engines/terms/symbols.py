"""The functions of the language that sympy lacks, as sympy functions.

Each is defined by one mathematical definition for mpmath and by its partials, as a textbook
prints them (DLMF chapter 4 for the elementary ones, 5.2 for the gamma function, 7.2 for the error
function). Its spelling and its LaTeX come from the table of functions.
"""

from __future__ import annotations

from typing import Any

import mpmath
from sympy import (
    Abs,
    Add,
    Expr,
    Heaviside,
    Min,
    Mul,
    Piecewise,
    Pow,
    Rational,
    S,
    exp,
    log,
    polygamma,
    tanh,
)

from diffcli.engines.terms.functions import RealFunction, real_function
from diffcli.engines.terms.special import *  # noqa: F403  (one namespace for the table)

SELU_SCALE = Rational(10507009873554804934193349852946, 10**31)
SELU_ALPHA = Rational(16732632423543772848170429916717, 10**31)
"""λ and α of Klambauer et al. 2017, "Self-Normalizing Neural Networks", section 2."""


def quotient(a: Expr, b: Expr) -> Expr:
    """Return a/b as it is typed: a product with an unevaluated reciprocal."""
    return Mul(a, Pow(b, S.NegativeOne, evaluate=False), evaluate=False)


def negation(a: Expr) -> Expr:
    """Return −a, unevaluated."""
    return Mul(S.NegativeOne, a, evaluate=False)


def _real_root(x: Any, n: Any) -> Any:
    if x < 0 and mpmath.isint(n) and n % 2:
        return -mpmath.root(-x, int(n))
    return x ** (mpmath.mpf(1) / n)


def _round_half_even(x: Any) -> Any:
    low = mpmath.floor(x)
    up = x - low > 0.5 or (x - low == 0.5 and low % 2)
    return low + 1 if up else low


def _logit(x: Any) -> Any:
    # Near 1/2 the logarithm of x/(1−x) would lose the digits that log1p keeps.
    return mpmath.log1p((2 * x - 1) / (1 - x)) if abs(x - 0.5) < 0.2 else mpmath.log(x / (1 - x))


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + mpmath.exp(-x))


def _softplus(x: Any) -> Any:
    return mpmath.log1p(mpmath.exp(x))


def _lgamma(x: Any) -> Any:
    return mpmath.re(mpmath.loggamma(x)) if mpmath.isfinite(mpmath.rgamma(x)) else mpmath.nan


def _selu(x: Any) -> Any:
    scale, alpha = (mpmath.mpf(c.p) / c.q for c in (SELU_SCALE, SELU_ALPHA))
    return scale * (x if x > 0 else alpha * mpmath.expm1(x))


def _step(above: Expr | int, below: Expr | int, x: Expr) -> Expr:
    return Piecewise((above, x > 0), (below, True))


def _within(x: Expr, low: Expr | int, high: Expr | int) -> Expr:
    return Piecewise((0, x < low), (1, x <= high), (0, True))


def _mish_slope(x: Expr) -> Expr:
    slope = tanh(softplus(x))
    return Add(slope, x * sigmoid(x) * (1 - slope**2))


expm1 = real_function("expm1", mpmath.expm1, exp)
log1p = real_function("log1p", mpmath.log1p, lambda x: 1 / (1 + x))
log2 = real_function("log2", lambda x: mpmath.log(x) / mpmath.ln2, lambda x: 1 / (x * log(2)))
log10 = real_function("log10", lambda x: mpmath.log(x) / mpmath.ln10, lambda x: 1 / (x * log(10)))
cbrt: type[RealFunction] = real_function(
    "cbrt", lambda x: _real_root(x, 3), lambda x: 1 / (3 * cbrt(x) ** 2)
)
root: type[RealFunction] = real_function(
    "root",
    _real_root,
    lambda x, n: root(x, n) ** (1 - n) / n,
    lambda x, n: -root(x, n) * log(x) / n**2,
)
hypot: type[RealFunction] = real_function(
    "hypot", mpmath.hypot, lambda x, y: x / hypot(x, y), lambda x, y: y / hypot(x, y)
)
round_half_even = real_function("round_half_even", _round_half_even, lambda _: S.Zero)
clamp = real_function(
    "clamp",
    lambda x, a, b: min(max(x, a), b),
    _within,
    lambda x, a, b: Piecewise((1, (x < a) & (a <= b)), (0, True)),
    lambda x, a, b: Piecewise((1, (x > b) | (a > b)), (0, True)),
)
detach = real_function("detach", lambda x: x, lambda _: S.Zero)
lgamma = real_function("lgamma", _lgamma, lambda x: polygamma(0, x))
normpdf: type[RealFunction] = real_function(
    "normpdf",
    mpmath.npdf,
    lambda x, m, s: -(x - m) * normpdf(x, m, s) / s**2,
    lambda x, m, s: (x - m) * normpdf(x, m, s) / s**2,
    lambda x, m, s: ((x - m) ** 2 - s**2) * normpdf(x, m, s) / s**3,
)
normcdf = real_function(
    "normcdf",
    mpmath.ncdf,
    normpdf,
    lambda x, m, s: -normpdf(x, m, s),
    lambda x, m, s: -(x - m) * normpdf(x, m, s) / s,
)
relu = real_function("relu", lambda x: max(x, mpmath.mpf(0)), lambda x: Heaviside(x, 0))
leaky_relu = real_function(
    "leaky_relu",
    lambda x, a: x if x > 0 else a * x,
    lambda x, a: _step(1, a, x),
    lambda x, _: Min(x, 0),
)
elu = real_function(
    "elu",
    lambda x, a: x if x > 0 else a * mpmath.expm1(x),
    lambda x, a: _step(1, a * exp(x), x),
    lambda x, _: _step(0, expm1(x), x),
)
selu = real_function(
    "selu", _selu, lambda x: _step(SELU_SCALE, SELU_SCALE * SELU_ALPHA * exp(x), x)
)
sigmoid: type[RealFunction] = real_function(
    "sigmoid", _sigmoid, lambda x: sigmoid(x) * (1 - sigmoid(x))
)
softplus = real_function("softplus", _softplus, sigmoid)
logsigmoid = real_function("logsigmoid", lambda x: -_softplus(-x), lambda x: sigmoid(-x))
logit = real_function("logit", _logit, lambda x: 1 / (x * (1 - x)))
silu = real_function(
    "silu", lambda x: x * _sigmoid(x), lambda x: sigmoid(x) * (1 + x * (1 - sigmoid(x)))
)
gelu = real_function(
    "gelu", lambda x: x * mpmath.ncdf(x), lambda x: normcdf(x, 0, 1) + x * normpdf(x, 0, 1)
)
mish = real_function("mish", lambda x: x * mpmath.tanh(_softplus(x)), _mish_slope)
softsign = real_function("softsign", lambda x: x / (1 + abs(x)), lambda x: 1 / (1 + Abs(x)) ** 2)
hardtanh = real_function(
    "hardtanh", lambda x: min(max(x, mpmath.mpf(-1)), mpmath.mpf(1)), lambda x: _within(x, -1, 1)
)
