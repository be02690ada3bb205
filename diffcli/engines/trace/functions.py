"""The elementary functions: each on a ball, and its derivative in terms of itself.

The derivative of y = f(x) is written with the operations that every array of the package has, so
that the same row serves balls, bounds of rounding and second derivatives. Arb's functions are not a
number outside their real domain.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flint import arb

Ball = Callable[[arb], arb]
Slope = Callable[[Any, Any], Any]
"""Takes the arrays x and y = f(x), and returns f′(x)."""


@dataclass(frozen=True)
class Elementary:
    """A function of one real number: on a ball, and its derivative from x and y."""

    ball: Ball
    slope: Slope


def _lgamma(x: arb) -> arb:
    return x.lgamma() if x > 0 else arb("nan")


def _digamma(x: arb) -> arb:
    return x.digamma() if x > 0 else arb("nan")


def _trigamma(x: arb) -> arb:
    return arb(2).zeta(x) if x > 0 else arb("nan")


def _tetragamma(x: arb) -> arb:
    return -2 * arb(3).zeta(x) if x > 0 else arb("nan")


def _softplus(x: arb) -> arb:
    return (-abs(x)).exp().log1p() + (x if x > 0 else arb(0)) if x != 0 else x.exp().log1p()


def _sigmoid(x: arb) -> arb:
    return 1 / (1 + (-x).exp())


def _bell(x: Any) -> Any:
    """Return the derivative of erf, 2 exp(−x²)/√π."""
    return (-(x * x)).unary("exp") * x.constant("two_by_sqrt_pi")


def _sinc_slope(x: Any, y: Any) -> Any:
    """Return the derivative of sin(πx)/(πx), which needs x ≠ 0."""
    return ((x * x.constant("pi")).unary("cos") - y) / x


FUNCTIONS = {
    "exp": Elementary(arb.exp, lambda x, y: y),
    "expm1": Elementary(arb.expm1, lambda x, y: y + 1),
    "log": Elementary(arb.log, lambda x, y: 1 / x),
    "log1p": Elementary(arb.log1p, lambda x, y: 1 / (x + 1)),
    "sqrt": Elementary(arb.sqrt, lambda x, y: 1 / (2 * y)),
    "sin": Elementary(arb.sin, lambda x, y: x.unary("cos")),
    "cos": Elementary(arb.cos, lambda x, y: -x.unary("sin")),
    "tan": Elementary(arb.tan, lambda x, y: y * y + 1),
    "asin": Elementary(arb.asin, lambda x, y: 1 / (1 - x * x).unary("sqrt")),
    "acos": Elementary(arb.acos, lambda x, y: -1 / (1 - x * x).unary("sqrt")),
    "atan": Elementary(arb.atan, lambda x, y: 1 / (x * x + 1)),
    "sinh": Elementary(arb.sinh, lambda x, y: x.unary("cosh")),
    "cosh": Elementary(arb.cosh, lambda x, y: x.unary("sinh")),
    "tanh": Elementary(arb.tanh, lambda x, y: 1 - y * y),
    "asinh": Elementary(arb.asinh, lambda x, y: 1 / (x * x + 1).unary("sqrt")),
    "acosh": Elementary(arb.acosh, lambda x, y: 1 / (x * x - 1).unary("sqrt")),
    "atanh": Elementary(arb.atanh, lambda x, y: 1 / (1 - x * x)),
    "sigmoid": Elementary(_sigmoid, lambda x, y: y * (1 - y)),
    "softplus": Elementary(_softplus, lambda x, y: x.unary("sigmoid")),
    "erf": Elementary(arb.erf, lambda x, y: _bell(x)),
    "erfc": Elementary(arb.erfc, lambda x, y: -_bell(x)),
    "erfinv": Elementary(arb.erfinv, lambda x, y: 1 / _bell(y)),
    "lgamma": Elementary(_lgamma, lambda x, y: x.unary("digamma")),
    "digamma": Elementary(_digamma, lambda x, y: x.unary("trigamma")),
    "trigamma": Elementary(_trigamma, lambda x, y: x.unary("tetragamma")),
    "tetragamma": Elementary(_tetragamma, lambda x, y: y * float("nan")),
    "sinc": Elementary(arb.sinc_pi, _sinc_slope),
}

CONSTANTS: dict[str, Callable[[], arb]] = {
    "pi": arb.pi,
    "ln2": lambda: arb(2).log(),
    "ln10": lambda: arb(10).log(),
    "sqrt2": lambda: arb(2).sqrt(),
    "two_by_sqrt_pi": lambda: 2 / arb.pi().sqrt(),
}
"""Irrational numbers that derivatives and operations contain."""
