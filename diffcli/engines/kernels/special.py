"""Gamma, error and normal functions in torch, with partials that stay accurate at every order."""

from __future__ import annotations

import math
from functools import lru_cache

import torch
from torch import Tensor

from diffcli.engines.kernels.rules import Formula, Rule, guarded

MAX_CACHED = 128
"""Polynomials that are kept; the orders of derivatives are typed."""


def _scipy(name: str) -> Formula:
    """Return the function of :mod:`scipy.special`, which runs on the CPU."""

    def value(*args: Tensor) -> Tensor:
        from scipy import special

        computed = getattr(special, name)(*(arg.detach().cpu().numpy() for arg in args))
        return torch.as_tensor(computed, device=args[0].device)

    return value


_scipy_psi = _scipy("psi")  # torch.digamma loses its digits near the zero at 1.46.
_gamma = _scipy("gamma")
_rgamma = _scipy("rgamma")
_scipy_beta = _scipy("beta")
_scipy_binomial = _scipy("binom")


def _in_double(formula: Formula) -> Formula:
    """Return the formula computed in double precision, as float32 overflows at Γ(36)."""

    def value(*args: Tensor) -> Tensor:
        return formula(*(arg.double() for arg in args)).to(args[0].dtype)

    return value


def fold(x: Tensor) -> Tensor:
    """Return the y in −1 … 1 with x − y even; exact."""
    return x - 2 * torch.round(x / 2)


def _sinpi_value(x: Tensor) -> Tensor:
    y = fold(x)
    return torch.sin(math.pi * torch.where(y.abs() > 0.5, y.sign() - y, y))


sinpi: Rule = Rule(_sinpi_value, lambda x: math.pi * cospi(x))
"""sin πx, exact where it is 0."""
cospi: Rule = Rule(lambda x: _sinpi_value(0.5 - fold(x).abs()), lambda x: -math.pi * sinpi(x))
"""cos πx, exact where it is 0."""


def _psi(x: Tensor) -> Tensor:
    """Return ψ(x): scipy's, but by reflection (DLMF 5.5.4) beside a pole, where that is far off."""
    beside = (x < 0) & ((x - torch.round(x)).abs() < 0.125)
    reflected = _scipy_psi(1 - x) - math.pi * cospi(x) / sinpi(x)
    return torch.where(beside, reflected, _scipy_psi(x))


@lru_cache(MAX_CACHED)
def _cotangent_polynomial(order: int) -> tuple[int, ...]:
    """Return c₀, c₁, … with dⁿ/dxⁿ cot x = (−1)ⁿ Σ cₖ cotᵏ x; none is negative."""
    if order == 0:
        return (0, 1)
    slope = [k * c for k, c in enumerate(_cotangent_polynomial(order - 1))][1:]
    # d/dx p(cot x) = −(1 + cot² x)·p′(cot x)
    return tuple(a + b for a, b in zip([*slope, 0, 0], [0, 0, *slope], strict=True))


def _polygamma_of_order(order: int, x: Tensor) -> Tensor:
    """Return polygamma by the Hurwitz zeta (DLMF 25.11.12) and, below 0, reflection (5.15.6)."""
    if order == 0:
        return _psi(x)
    sign = (-1) ** order
    reflected = x < 0
    right = torch.where(reflected, 1 - x, x)
    zeta = torch.special.zeta(torch.full_like(x, order + 1), right)
    at_right = -sign * float(math.factorial(order)) * zeta
    cot = cospi(x) / sinpi(x)
    slope = torch.zeros_like(x)
    for coefficient in reversed(_cotangent_polynomial(order)):
        slope = slope * cot + float(coefficient)
    return torch.where(reflected, sign * (at_right - math.pi ** (order + 1) * slope), at_right)


# Beyond them n! or a coefficient of the reflection overflows.
_ORDERS = range(151)


def _polygamma(n: Tensor, x: Tensor) -> Tensor:
    result = torch.full_like(x, math.nan)
    for order in n.unique().tolist():
        if order in _ORDERS:
            result = torch.where(n == order, _polygamma_of_order(int(order), x), result)
    return result


#: polygamma(n, x); nan unless n = 0, 1, 2, …, 150, and so is its partial in n.
polygamma: Rule = Rule(
    _in_double(_polygamma),
    lambda _, x: torch.full_like(x, math.nan),
    lambda n, x: polygamma(n + 1, x),
)
digamma = Rule(_in_double(_psi), lambda x: polygamma(torch.ones_like(x), x))
lgamma = Rule(torch.lgamma, digamma)
gamma: Rule = Rule(_in_double(_gamma), lambda x: gamma(x) * digamma(x))


def factorial(x: Tensor) -> Tensor:
    """Return x! = Γ(x + 1)."""
    return gamma(x + 1)


def _beta_digamma(x: Tensor, y: Tensor) -> Tensor:
    """Return B(x, y)·ψ(x + y), also where a pole of ψ meets a zero of B.

    With s = x + y, the reflections of ψ and Γ (DLMF 5.5.4, 5.5.3) give
    ψ(s) = ψ(1 − s) − π cot(πs) and B(x, y) π cot(πs) = π B(y, 1 − s) cos(πs)/sin(πx).
    """
    regular = x + y > 0.25
    a, b = (guarded(regular, arg) for arg in (x, y))
    direct = beta(a, b) * digamma(a + b)
    a, b = (guarded(~regular, arg) for arg in (x, y))
    a, b = torch.where(a < b, a, b), torch.where(a < b, b, a)
    rest = 1 - a - b
    pole = math.pi * beta(b, rest) * cospi(a + b) / sinpi(a)
    return torch.where(regular, direct, beta(a, b) * digamma(rest) - pole)


def _log_gamma_quotient(a: Tensor, b: Tensor) -> Tensor:
    """Return log Γ(a) − log Γ(a + b) for a, a + b ≥ 30, by Stirling's series (DLMF 5.11.1)."""

    def remainder(z: Tensor) -> Tensor:
        w = z.square().reciprocal()
        return (1 / 12 - (1 / 360 - (1 / 1260 - w / 1680) * w) * w) / z

    total = a + b
    slope = (0.5 - a) * torch.log1p(b / a) - b * (torch.log(total) - 1)
    return slope + remainder(a) - remainder(total)


def _beta(x: Tensor, y: Tensor) -> Tensor:
    """Return B(x, y), whose three gammas may overflow and their logarithms cancel."""
    small, large, total = torch.minimum(x, y), torch.maximum(x, y), x + y
    gammas = _gamma(large) * _rgamma(total) * _gamma(small)
    fits = (large < 170) & (total < 170) & (small > -170)
    log_quotient = _log_gamma_quotient(large, small)
    stirling = torch.where(
        small < 20,
        torch.exp(log_quotient) * _gamma(small),
        torch.exp(log_quotient + torch.lgamma(small)),
    )
    asymptotic = (large > 30) & (total > 30)
    return torch.where(asymptotic, stirling, torch.where(fits, gammas, _scipy_beta(x, y)))


beta: Rule = Rule(
    _in_double(_beta),
    lambda x, y: beta(x, y) * digamma(x) - _beta_digamma(x, y),
    lambda x, y: beta(x, y) * digamma(y) - _beta_digamma(x, y),
)


def _binomial_digamma(n: Tensor, k: Tensor, m: Tensor) -> Tensor:
    """Return binomial(n, k)·ψ(m + 1), where m is n − k or k, also at a pole of ψ.

    The binomial is 0 there; the reflections of ψ and Γ (DLMF 5.5.4, 5.5.3) give
    ψ(1 + m) = ψ(−m) − π cot(πm) and binomial(n, k) = −B(n + 1, −m) sin(πm)/π.
    """
    regular = m > -0.75
    a, b, c = (guarded(regular, arg) for arg in (n, k, m))
    direct = binomial(a, b) * digamma(c + 1)
    a, b, c = (guarded(~regular, arg) for arg in (n, k, m))
    reflected = binomial(a, b) * digamma(-c) + beta(a + 1, -c) * cospi(c)
    return torch.where(regular, direct, reflected)


def _binomial(n: Tensor, k: Tensor) -> Tensor:
    """Return the binomial coefficient: scipy's, unless that loses digits to large logarithms."""
    m = torch.minimum(k, n - k)
    inner = 1 / ((n + 1) * _beta(n - k + 1, k + 1))
    is_whole = k == torch.round(k)
    # The difference n − k keeps no digit of a tiny n.
    turned = torch.where(is_whole & (m < k), (1 - 2 * (k % 2)) * _sinpi_value(n), _sinpi_value(m))
    outer = 0 - _beta(n + 1, -m) * turned / math.pi
    is_product = is_whole & (m >= 0) & (m < 20)
    # Beside a tiny n scipy takes every k for a large one.
    is_tiny = (n.abs() < 0.5) & (k >= 1) & is_whole | (k.abs() > 1e7 * n.abs())
    by_beta = (n > 100) & ~is_product | is_tiny
    return torch.where(by_beta, torch.where(m >= 0, inner, outer), _scipy_binomial(n, k))


#: Γ(n+1)/(Γ(k+1)Γ(n−k+1)) for real n, k.
binomial: Rule = Rule(
    _in_double(_binomial),
    lambda n, k: binomial(n, k) * digamma(n + 1) - _binomial_digamma(n, k, n - k),
    lambda n, k: _binomial_digamma(n, k, n - k) - _binomial_digamma(n, k, k),
)


def _gaussian(c: float) -> Rule:
    """Return the rule of e^(−cx²). Its partial multiplies by x last: no order is 0·∞ at large x."""
    rule: Rule = Rule(lambda x: torch.exp(-c * x.square()), lambda x: -2 * c * rule(x) * x)
    return rule


_gauss = _gaussian(1.0)
_bell = _gaussian(0.5)

erfc = Rule(torch.special.erfc, lambda x: -2 / math.sqrt(math.pi) * _gauss(x))
erfi = Rule(_in_double(_scipy("erfi")), lambda x: 2 / math.sqrt(math.pi) * torch.exp(x.square()))

#: The standard normal distribution function, where torch.special.ndtr loses its left tail.
ndtr = Rule(
    lambda x: torch.special.erfc(x / -math.sqrt(2)) / 2,
    lambda x: _bell(x) / math.sqrt(2 * math.pi),
)


def normpdf(x: Tensor, mu: Tensor, sigma: Tensor) -> Tensor:
    """Return the normal density of mean ``mu`` and standard deviation ``sigma``."""
    return _bell((x - mu) / sigma) / (math.sqrt(2 * math.pi) * sigma)


def normcdf(x: Tensor, mu: Tensor, sigma: Tensor) -> Tensor:
    """Return the normal distribution function of mean ``mu`` and standard deviation ``sigma``."""
    return ndtr((x - mu) / sigma)
