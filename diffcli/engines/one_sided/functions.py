"""Special functions and activations on germs, and the table of all rows.

At infinity and at their poles they are written by elementary functions (DLMF 5.5 and 7.12). A row
without a definition here is known where it is analytic, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from flint import fmpq

from diffcli.engines.balls.guards import HALF, Difficult, Undefined
from diffcli.engines.one_sided.analytic import Rule, bounded_or, either
from diffcli.engines.one_sided.choices import absolute
from diffcli.engines.one_sided.coefficients import Coefficient, rational
from diffcli.engines.one_sided.elementary import (
    ELEMENTARY,
    log,
    log1p,
    pi,
    quotient,
    sqrt,
    tanh,
    times,
)
from diffcli.engines.one_sided.germs import (
    NOTHING,
    Germ,
    bounded,
    constant_of,
    exact,
    integer,
    is_infinite,
    sign,
    split,
)
from diffcli.engines.one_sided.series import compose, div, exp, inverse, mul, power
from diffcli.engines.one_sided.sums import add, neg, sub

# Activations.


def _sigmoid(x: Germ) -> Germ:
    return inverse(add(integer(1), exp(neg(x))))


def _softplus(x: Germ) -> Germ:
    return add(x, log1p(exp(neg(x)))) if sign(x) > 0 else log1p(exp(x))


sigmoid = either("sigmoid", bounded_or(_sigmoid))
softplus = either("softplus", _softplus)


# Error functions and the gamma family.


def _erfc(x: Germ) -> Germ:
    """Return erfc at infinity, from its asymptotic expansion (DLMF 7.12.1)."""
    if sign(x) < 0:
        return sub(integer(2), _erfc(neg(x)))
    if not is_infinite(x):
        raise Difficult("erfc of what has no limit")
    series = add(integer(1), neg(times(power(x, fmpq(-2)), HALF)))
    # What follows is smaller than the last term, of this form.
    tail = mul(power(x, fmpq(-4)), bounded(is_tame=True))
    factor = div(add(series, tail), mul(x, exact(pi().power(HALF))))
    return mul(exp(neg(mul(x, x))), factor)


erfc = either("erfc", bounded_or(_erfc))


def _normal(x: Germ) -> Germ:
    return times(erfc(neg(mul(x, exact(rational(2).power(-HALF))))), HALF)


def _standard(x: Germ, mean: Germ, deviation: Germ) -> Germ:
    where = sign(deviation)
    if where <= 0:
        raise Undefined("a negative deviation" if where else "a deviation of 0")
    return div(sub(x, mean), deviation)


def _normpdf(x: Germ, mean: Germ, deviation: Germ) -> Germ:
    z = _standard(x, mean, deviation)
    size = mul(deviation, exact(pi().times(fmpq(2)).power(HALF)))
    return div(exp(times(mul(z, z), -HALF)), size)


# The gamma family at its poles.


def _steps(x: Germ) -> int:
    """Return how many steps of 1 lead from the pole next to x to 1. Raises Difficult elsewhere."""
    limit, _ = split(x)
    pole = limit.whole()
    if pole is None or pole.q != 1 or not -100 < pole <= 0:
        raise Difficult("no pole")
    return 1 - int(pole.p)


def _gamma(x: Germ) -> Germ:
    steps = _steps(x)
    below = mul(integer(1), *(add(x, integer(k)) for k in range(steps)))
    return quotient(gamma(add(x, integer(steps))), below, f"pole of gamma at {1 - steps}")


def _loggamma(x: Germ) -> Germ:
    if sign(x) < 0:
        raise Undefined("loggamma of a negative number")
    return log(_gamma(x))


def _digamma(x: Germ) -> Germ:
    steps = _steps(x)
    parts = [neg(quotient(integer(1), add(x, integer(k)), "pole")) for k in range(steps)]
    return add(digamma(add(x, integer(steps))), *parts)


def _beta(x: Germ, y: Germ) -> Germ:
    above = mul(gamma(x), gamma(y))
    try:
        return div(above, gamma(add(x, y)))
    except Undefined:
        # 1/Γ is 0 at the poles of Γ.
        return NOTHING


# Lambert's W at the point where its two real branches meet.


def _lambertw(x: Germ, branch: Germ) -> Germ:
    """Return W at −1/e as a series in p = ±√(2(ex + 1)) (Corless et al. 1996, 4.22)."""
    p = sqrt(times(add(mul(x, exact(rational(1).exp())), integer(1)), fmpq(2)))
    which = constant_of(branch)
    whole = None if which is None else which.whole()
    if whole is None or whole not in (0, -1):
        raise Difficult("a branch of lambertw that isn't known")
    limit, small = split(p if whole == 0 else neg(p))
    if not limit.is_nothing:
        raise Difficult("lambertw away from the point where its branches meet")
    return compose(_at_the_branch_point, small)


def _at_the_branch_point(count: int) -> list[Coefficient]:
    """Return the coefficients of W in powers of p (Corless et al. 1996, 4.23 and 4.24)."""
    mu, alpha = [fmpq(-1), fmpq(1)], [fmpq(2), fmpq(-1)]
    for k in range(2, count):
        alpha.append(sum((mu[j] * mu[k + 1 - j] for j in range(2, k)), fmpq(0)))
        before = (mu[k - 2] / 2 + alpha[k - 2] / 4) * fmpq(k - 1, k + 1)
        mu.append(before - alpha[k] / 2 - mu[k - 1] / (k + 1))
    return [rational(coefficient) for coefficient in mu[:count]]


gamma, digamma = either("gamma", _gamma), either("digamma", _digamma)

_ROWS: Mapping[str, Rule] = MappingProxyType(
    {
        **ELEMENTARY,
        "logit": lambda x: log(quotient(x, sub(integer(1), x), "logit at 1")),
        "sigmoid": sigmoid,
        "silu": either("silu", lambda x: mul(x, sigmoid(x))),
        "softplus": softplus,
        "logsigmoid": either("logsigmoid", lambda x: neg(softplus(neg(x)))),
        "mish": either("mish", lambda x: mul(x, tanh(softplus(x)))),
        "erfc": erfc,
        "erf": either("erf", bounded_or(lambda x: sub(integer(1), _erfc(x)))),
        "normcdf": either("normcdf", lambda *given: _normal(_standard(*given))),
        "normpdf": either("normpdf", _normpdf),
        "normlogcdf": either("normlogcdf", lambda x: log(_normal(x))),
        "gelu": either("gelu", lambda x: mul(x, _normal(x))),
        "gamma": gamma,
        "factorial": either("factorial", lambda x: gamma(add(x, integer(1)))),
        "lgamma": either("lgamma", lambda x: log(absolute(_gamma(x)))),
        "loggamma": either("loggamma", _loggamma),
        "digamma": digamma,
        "beta": either("beta", _beta),
        "lambertw": either("lambertw", _lambertw),
    }
)


def row(op: str) -> Rule:
    """Return the rule of a row that chooses nothing, on germs."""
    return _ROWS.get(op) or either(op)
