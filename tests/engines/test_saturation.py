"""Random formulas of functions that come within 10^-1000 of limits that they never attain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from mpmath import mp, mpf
from oracle_functions import OutsideDomainError, apply, inexact

from diffcli.engines.enclosure import Outcome, partial
from diffcli.language.expression import number
from diffcli.language.functions import TABLE
from diffcli.language.parser import parse

Real = Callable[[Any], Any]

SATURATING: Mapping[str, tuple[str, Real, float]] = {
    "erf": ("erf({})", mp.erf, 26),
    "tanh": ("tanh({})", mp.tanh, 2000),
    "sigmoid": ("sigmoid({})", lambda u: 1 / (1 + mp.exp(-u)), 4000),
    "exp": ("(1 - exp(-({})))", lambda u: 1 - mp.exp(-u), 4000),
    "normcdf": ("normcdf({})", lambda u: mp.erfc(-u / mp.sqrt(2)) / 2, 36),
    "sech": ("(1 - sech({}))", lambda u: 1 - 1 / mp.cosh(u), 4000),
}
"""Functions that go to 1, each with an argument at which it is within 10^-280 of it."""

DIGITS = {"erf": 1200, "normcdf": 1200, "tanh": 6000, "sigmoid": 6000, "exp": 6000, "sech": 6000}
"""More than three times what tells each from its limit, of which mpmath is given all."""

OUTER: Mapping[str, tuple[str, Real]] = {
    "floor": ("floor({})", mp.floor),
    "ceil": ("ceil({})", mp.ceil),
    "floor of more": ("floor(3*{} + 1)", lambda s: mp.floor(3 * s + 1)),
    "sign": ("sign(1 - {})", lambda s: mp.sign(1 - s)),
    "round": ("round({}/2)", lambda s: mp.nint(s / 2)),
    "frac": ("frac({} + 2)", lambda s: mp.frac(s + 2)),
    "below": ("piecewise((2, {} < 1), (3, True))", lambda s: mpf(2 if s < 1 else 3)),
    "equal": ("piecewise((2, {} == 1), (3, True))", lambda s: mpf(2 if s == 1 else 3)),
    "max": ("max({}, 1)", lambda s: max(s, mpf(1))),
    "min": ("min(1, {})", lambda s: min(s, mpf(1))),
    "abs": ("abs({} - 1)", lambda s: abs(s - 1)),
    "log": ("log(1 - {})", lambda s: mp.log(1 - s)),
    "sqrt": ("sqrt(1 - {})", lambda s: mp.sqrt(1 - s)),
    "relu": ("relu(1 - {}^2)", lambda s: max(1 - s**2, mpf(0))),
    "asin": ("acos({})", mp.acos),
    "square": ("floor({0}^2 - {0} + 1)", lambda s: mp.floor(s**2 - s + 1)),
    "nested": ("floor(erf({}*40))", lambda s: mp.floor(mp.erf(s * 40))),
    "opposite": ("ceil(-{})", lambda s: mp.ceil(-s)),
}
"""Functions that have a kink, a jump or an edge where their argument is 1."""


def random_formula(random: Random) -> tuple[str, Real, Fraction, int]:
    """Return a formula of x, the same for mpmath, where it saturates, and the digits to tell."""
    name = random.choice(list(SATURATING))
    inner, saturating, scale = SATURATING[name]
    outer, composed = OUTER[random.choice(list(OUTER))]
    factor = Fraction(random.randint(1, 9), random.randint(1, 9))
    at = Fraction(round(random.uniform(0.3, 1) * scale * 100), 100) / factor
    text = outer.format(inner.format(f"{factor}*x"))
    slope = random.randint(-3, 3)
    return (
        f"{text} + {slope}*x",
        lambda x: composed(saturating(mpf(factor.numerator) / factor.denominator * x)) + slope * x,
        at,
        DIGITS[name],
    )


def faults(seed: int) -> list[str]:
    """Return what is wrong with the value and the derivative of a random formula."""
    text, function, at, digits = random_formula(Random(seed))
    output, found = parse(text, variables=["x"]).outputs[0], []
    with mp.workdps(digits):
        x, step = mpf(at.numerator) / at.denominator, mpf(10) ** (-digits // 3)
        truths = {
            (): function(x),
            ("x",): (function(x + step) - function(x - step)) / (2 * step),
        }
        for index, truth in truths.items():
            enclosure = partial(output, {"x": number(at)}, index)
            if enclosure.outcome is not Outcome.ENCLOSED or enclosure.ball is None:
                found.append(f"{text} at {at} in {index}: {enclosure}, not {mp.nstr(truth)}")
                continue
            middle, radius = (
                mpf(part.str(50, radius=False, more=True))
                for part in (enclosure.ball.mid(), enclosure.ball.rad())
            )
            if abs(middle - truth) > radius + mpf(10) ** -30 * (1 + abs(truth)):
                found.append(f"{text} at {at} in {index}: {enclosure}, not {mp.nstr(truth)}")
    return found


@pytest.mark.sampled(10)
@pytest.mark.parametrize("seed", range(40))
def test_what_saturates_is_told_from_its_limit(seed: int) -> None:
    assert faults(seed) == []


@pytest.mark.slow
@pytest.mark.parametrize("share", range(20))
def test_what_saturates_is_told_from_its_limit_often(share: int) -> None:
    assert [fault for seed in range(40 * share, 40 * share + 40) for fault in faults(seed)] == []


RANGES = [row for row in TABLE.values() if row.range]


def end(text: str) -> mpf:
    """Read the end of a range: a decimal number, a part of pi, or infinity."""
    if "inf" in text:
        return mpf(text)
    return inexact(Fraction(text.replace("pi", "1"))) * (mp.pi if "pi" in text else 1)


@pytest.mark.sampled(4)
@pytest.mark.parametrize("row", RANGES, ids=lambda row: row.name)
def test_a_range_holds_every_value(row: Any) -> None:
    low, high = map(end, row.range[1:-1].split(", "))
    random, seen = Random(row.name), []
    for _ in range(400):
        count = max(row.arity[0] - len(row.defaults), 1)
        args = [Fraction(round(random.gauss(0, 4) * 64), 64) for _ in range(count)]
        if row.name in ("besselk", "expint", "betainc", "gammainc", "gammaincc"):
            args = [abs(each) for each in args]
        if row.name == "betainc":
            args[2] = Fraction(random.random())
        try:
            seen.append(apply(row.name, list(args)))
        except (OutsideDomainError, ValueError, ZeroDivisionError):
            continue
    assert len(seen) > 20
    slack = mpf(10) ** -12
    assert low - slack <= min(map(inexact, seen))
    assert max(map(inexact, seen)) <= high + slack
