"""Powers, circular and hyperbolic functions, and choice, in torch.

Where torch has the function, only its derivative is better here: torch's tanh′ = 1 − tanh² is 0
from x = 20 on, and asin′ has lost half of its digits at x = 1 − 1e-8.
"""

from __future__ import annotations

import math
from functools import lru_cache, reduce

import torch
from torch import Tensor

from diffcli.engines.kernels.rules import Rule, guarded

MAX_CACHED = 256
"""Rules of each kind that are kept; exponents and orders are typed."""

# --- powers and roots


@lru_cache(MAX_CACHED)
def _power_log(k: int) -> Rule:
    """Return the rule of x^y (ln x)^k, the k-th partial of x^y in y."""

    def value(x: Tensor, y: Tensor) -> Tensor:
        power = x.pow(y)
        return torch.where((x == 0) & (y > 0), 0.0, power * x.log().pow(k)) if k else power

    def in_x(x: Tensor, y: Tensor) -> Tensor:
        # 0^0 is constant in x: y·x^(y−1) would be 0·inf there.
        lower = torch.where((x == 0) & (y == 0), 1.0, y - 1)
        slope = y * _power_log(k)(x, lower)
        return slope + k * _power_log(k - 1)(x, lower) if k else slope

    return Rule(value, in_x, lambda x, y: _power_log(k + 1)(x, y), beyond_reals=torch.pow)  # noqa: PLW0108


power = _power_log(0)
"""x^y, real for x > 0 or an integer y; 0^0 is 1."""


@lru_cache(MAX_CACHED)
def _rational_power(p: int, q: int) -> Rule:
    exponent = p / q
    # p/q = exponent + rounding, exactly
    numerator, denominator = exponent.as_integer_ratio()
    rounding = (p * denominator - q * numerator) / (q * denominator)

    def value(x: Tensor) -> Tensor:
        size = x.abs()
        log_size = torch.where(x == 0, 0.0, size.log())
        root = size.pow(exponent) * (1 + rounding * log_size)
        return torch.copysign(root, x) if p % 2 else root

    return Rule(
        value,
        lambda x: exponent * _rational_power(p - q, q)(x),
        beyond_reals=lambda x: x.pow(exponent),
    )


def rational_power(x: Tensor, p: int, q: int) -> Tensor:
    """Return x^(p/q) for coprime p and an odd q > 0: the real root, also of a negative x."""
    return _rational_power(p, q)(x)


cbrt = _rational_power(1, 3)
"""The real cube root."""


def _root(x: Tensor, n: Tensor) -> Tensor:
    size = x.abs()
    rough = size.pow(n.reciprocal())
    # One Newton step takes back the rounding of 1/n, which the power multiplies by ln x. It divides
    # twice, as the whole power of a root of a subnormal number is subnormal too.
    half = rough.pow((n - 1) / 2)
    fine = rough - (rough - size / half / half) / n
    root = torch.where(fine.isfinite(), fine, rough)
    return torch.where(x >= 0, root, torch.where(n.remainder(2) == 1, -root, math.nan))


@lru_cache(MAX_CACHED)
def _root_over(k: int) -> Rule:
    """Return the rule of root(x, n)/x^k, whose slope is (1/n − k) root(x, n)/x^(k + 1)."""

    def value(x: Tensor, n: Tensor) -> Tensor:
        at_zero = x.pow(n.reciprocal() - k)
        return torch.where((x == 0) & (k > 0), at_zero, reduce(torch.div, [x] * k, _root(x, n)))

    def in_x(x: Tensor, n: Tensor) -> Tensor:
        varies = k * n != 1
        slope = (1 - k * n) / n * _root_over(k + 1)(guarded(varies, x), n)
        return torch.where(varies, slope, 0.0)

    return Rule(
        value,
        in_x,
        lambda x, n: -_root_over(k)(x, n) * torch.log(x) / n.square(),
        beyond_reals=lambda x, n: x.pow(n.reciprocal() - k),
    )


root = _root_over(0)
"""The real n-th root, as root(x, n)."""

expm1 = Rule(torch.expm1, torch.exp)


# --- trigonometric


def sec(x: Tensor) -> Tensor:
    """Return 1/cos x."""
    return torch.cos(x).reciprocal()


def csc(x: Tensor) -> Tensor:
    """Return 1/sin x."""
    return torch.sin(x).reciprocal()


cot = Rule(lambda x: torch.tan(x).reciprocal(), lambda x: -csc(x).square())


@lru_cache(MAX_CACHED)
def _sinc_derivative(n: int) -> Rule:
    """Return the rule of the n-th derivative of sin(x)/x.

    From its power series near 0; elsewhere from x·sinc⁽ⁿ⁾ = sin⁽ⁿ⁾ − n·sinc⁽ⁿ⁻¹⁾, which is stable
    where |x|ⁿ > n!.
    """
    lowest = (n + 1) // 2
    terms = range(lowest, lowest + 16)
    series = [(-1) ** k / ((2 * k + 1) * math.factorial(2 * k - n)) for k in terms]

    def value(x: Tensor) -> Tensor:
        near_zero = x.abs() < 1 + n / 2
        z = torch.where(near_zero, x, 0.0)
        square = z.square()
        near = torch.zeros_like(x)
        for coefficient in reversed(series):
            near = near * square + coefficient
        near = near * z if n % 2 else near

        z = torch.where(near_zero, 1.0, x)
        sine, cosine = torch.sin(z), torch.cos(z)
        far = sine / z
        for order in range(1, n + 1):
            derivative = (sine, cosine, -sine, -cosine)[order % 4]
            far = (derivative - order * far) / z
        return torch.where(near_zero, near, far)

    return Rule(value, lambda x: _sinc_derivative(n + 1)(x))  # noqa: PLW0108


def sinc(x: Tensor) -> Tensor:
    """Return sin(x)/x, 1 at 0."""
    return _sinc_derivative(0)(x)


# 1/√(1−x²); the factors keep the digits that 1−x² loses near ±1.
_circular: Rule = Rule(lambda x: torch.rsqrt((1 - x) * (1 + x)), lambda x: x * _circular(x).pow(3))

asin = Rule(torch.asin, _circular)
acos = Rule(torch.acos, lambda x: -_circular(x))
acot = Rule(lambda x: torch.atan(x.reciprocal()), lambda x: -(1 + x.square()).reciprocal())


def _leg(x: Tensor) -> Tensor:
    """Return √(x²−1)."""
    return torch.sqrt(x.abs() - 1) * torch.sqrt(x.abs() + 1)


def _asec_slope(x: Tensor) -> Tensor:
    size = x.abs()
    return size.reciprocal() * torch.rsqrt(size - 1) * torch.rsqrt(size + 1)


asec = Rule(
    lambda x: torch.atan2(_leg(x), x.sign()),
    _asec_slope,
    beyond_reals=lambda x: torch.acos(x.reciprocal()),
)
acsc = Rule(
    lambda x: torch.atan2(x.sign(), _leg(x)),
    lambda x: -_asec_slope(x),
    beyond_reals=lambda x: torch.asin(x.reciprocal()),
)


def _x_over_hypot(x: Tensor, y: Tensor) -> Tensor:
    size = torch.hypot(x, y)
    return x / torch.where(size == 0, 1.0, size)


# The cosine of the angle of (x, y), 0 at the origin; its partials are sin²/r and −sin·cos/r.
_cosine: Rule = Rule(
    _x_over_hypot,
    lambda x, y: _cosine(y, x).square() / hypot(x, y),
    lambda x, y: -_cosine(x, y) * _cosine(y, x) / hypot(x, y),
)
hypot: Rule = Rule(torch.hypot, _cosine, lambda x, y: _cosine(y, x))
atan2 = Rule(
    torch.atan2,
    lambda y, x: _cosine(x, y) / hypot(x, y),
    lambda y, x: -_cosine(y, x) / hypot(x, y),
)


# --- hyperbolic

sech: Rule = Rule(lambda x: torch.cosh(x).reciprocal(), lambda x: -sech(x) * tanh(x))
csch: Rule = Rule(lambda x: torch.sinh(x).reciprocal(), lambda x: -csch(x) * coth(x))
tanh: Rule = Rule(torch.tanh, lambda x: sech(x).square())
coth: Rule = Rule(lambda x: torch.tanh(x).reciprocal(), lambda x: -csch(x).square())

asinh = Rule(
    torch.asinh,
    lambda x: hypot(x, torch.ones_like(x)).reciprocal(),
    beyond_reals=torch.asinh,
)
acosh = Rule(torch.acosh, lambda x: torch.rsqrt(x - 1) * torch.rsqrt(x + 1))
atanh = Rule(torch.atanh, lambda x: _circular(x).square())
acoth = Rule(
    lambda x: x.sign() * torch.log1p(2 / (x.abs() - 1)) / 2,
    lambda x: -(x - 1).reciprocal() * (x + 1).reciprocal(),
    beyond_reals=lambda x: torch.atanh(x.reciprocal()),
)
asech = Rule(
    lambda x: torch.log1p(torch.sqrt((1 - x) * (1 + x))) - torch.log(x),
    lambda x: -_circular(x) / x,
    beyond_reals=lambda x: torch.acosh(x.reciprocal()),
)
acsch = Rule(
    lambda x: torch.asinh(x.reciprocal()),
    lambda x: -(x.abs() * hypot(x, torch.ones_like(x))).reciprocal(),
    beyond_reals=lambda x: torch.asinh(x.reciprocal()),
)


# --- rounding and choice


def sign(x: Tensor) -> Tensor:
    """Return −1, 0 or 1, and nan for nan, which torch calls 0."""
    return torch.where(x.isnan(), x, torch.sign(x))


def frac(x: Tensor) -> Tensor:
    """Return x − floor(x)."""
    return x - torch.floor(x)


def minimum(*args: Tensor) -> Tensor:
    """Return the least of the arguments."""
    return reduce(torch.minimum, args)


def maximum(*args: Tensor) -> Tensor:
    """Return the greatest of the arguments."""
    return reduce(torch.maximum, args)


def clamp(x: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Return x kept within low … high."""
    return torch.clamp(x, low, high)


def heaviside(x: Tensor, at_zero: Tensor) -> Tensor:
    """Return 0 before 0, 1 after, ``at_zero`` at 0."""
    return torch.where(x == 0, at_zero, (1 + sign(x)) / 2)


def piecewise(*args: Tensor) -> Tensor:
    """Return the first value whose condition holds, from v₁, c₁, v₂, c₂, …; nan where none does.

    What the values compute where they aren't chosen must read its variables through
    :func:`diffcli.engines.kernels.rules.guarded`.
    """
    chosen = torch.full_like(args[0], math.nan)
    for value, condition in zip(args[-2::-2], args[::-2], strict=True):
        chosen = torch.where(condition, value, chosen)
    return chosen


def detach(x: Tensor) -> Tensor:
    """Return x, held constant by the derivative."""
    return x.detach()
