"""Published formulas: every one answered, none wrong.

The AI Feynman equations (Udrescu & Tegmark 2020) and textbook tables of derivatives, against the
published closed forms and mpmath's numerical derivatives.
"""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest
from mpmath import mp, mpf
from oracles import OutsideDomainError, derivative, table, value

from diffcli.differentiation import Settings, derive
from diffcli.language.parser import parse
from diffcli.language.points import read_points
from diffcli.operators import Grad
from diffcli.output.report import Result
from diffcli.verdict import Verdict

PROVED = (Verdict.CERTIFIED, Verdict.INEXACT)
GENEROUS = Settings(budget=30)


def answer(formula: str, point: dict[str, str]) -> Result:
    typed = ",".join(f"{name}={at}" for name, at in point.items())
    (named,) = read_points([typed])
    function = parse(formula, variables=list(point))
    return derive(Grad(), function, [named.bind(function.variables)], GENEROUS).results[0]


def exact(point: dict[str, str]) -> dict[str, Fraction]:
    """The point as typed, of which the numbers are certified."""
    return {name: Fraction(at) for name, at in point.items()}


def close(found: float | None, truth: mpf, digits: int = 15) -> bool:
    assert found is not None
    with mp.workdps(60):
        return bool(abs(mpf(found) - truth) <= abs(truth) * mpf(10) ** -digits)


def sampled(ranges: dict[str, tuple[str, str]], seed: str, count: int) -> list[dict[str, str]]:
    random = Random(seed)
    return [
        {
            name: f"{random.uniform(float(Fraction(low)), float(Fraction(high))):.4g}"
            for name, (low, high) in ranges.items()
        }
        for _ in range(count)
    ]


@pytest.mark.sampled(24)
@pytest.mark.parametrize("row", table("feynman"), ids=lambda row: row["id"])
def test_feynman(row: dict[str, str]) -> None:
    ranges = {}
    for part in row["variables"].split(";"):
        name, _, ends = part.partition("=")
        low, _, high = ends.partition(":")
        ranges[name] = (low, high)
    answered = 0
    for point in sampled(ranges, row["id"], 3):
        result = answer(row["formula"], point)
        try:
            truth = value(row["formula"], exact(point), digits=25)
        except OutsideDomainError:
            assert result.verdict is Verdict.UNDEFINED
            continue
        answered += 1
        assert result.verdict in PROVED
        assert close(result.value, truth)
        for name in ranges:
            slope = derivative(row["formula"], exact(point), (name,), digits=25)
            assert close(result.derivative[name], slope)
    assert answered


@pytest.mark.sampled(16)
@pytest.mark.parametrize("row", table("derivatives"), ids=lambda row: row["id"])
def test_textbook(row: dict[str, str]) -> None:
    name = row["variable"]
    for point in sampled({name: (row["low"], row["high"])}, row["id"], 3):
        result = answer(row["formula"], point)
        at = exact(point)
        assert result.verdict in PROVED
        assert close(result.value, value(row["python"], at, digits=25))
        assert close(result.derivative[name], value(row["derivative"], at, digits=25))


@pytest.mark.sampled(12)
@pytest.mark.parametrize("row", table("derivatives"), ids=lambda row: row["id"])
def test_the_formula_printed_is_the_derivative(row: dict[str, str]) -> None:
    name = row["variable"]
    function = parse(row["formula"], variables=[name])
    (alone,) = derive(Grad(), function, settings=GENEROUS).results
    text = alone.symbolic[name].text
    assert text is not None
    assert len(text) < 250
    read = parse(text, variables=[name])
    for point in sampled({name: (row["low"], row["high"])}, row["id"], 3):
        at = exact(point)
        found = value(read.read_as, at, digits=25)
        truth = value(row["derivative"], at, digits=25)
        with mp.workdps(40):
            assert abs(found - truth) <= mpf(10) ** -20 * max(1, abs(truth))


@pytest.mark.parametrize(
    ("typed", "part"),
    [
        ("1/0*x", "1/0"),
        ("x/0", "x/0"),
        ("x*log(-1)", "log(-1)"),
        ("sqrt(1-2) + x", "sqrt(1 - 2)"),
        ("x + asin(2)^2", "asin(2)"),
        ("gamma(-1)*x", "gamma(-1)"),
    ],
)
def test_a_formula_without_a_point_says_which_part_has_no_value(typed: str, part: str) -> None:
    warnings = derive(Grad(), parse(typed)).warnings
    assert [each.partition(" has no real value: ")[0] for each in warnings] == [part]


@pytest.mark.parametrize(
    "typed", ["x/2", "pi/4*x", "e^-2 + x", "(-8)^(1/3)*x", "x*log(1-tanh(2000))", "1/x"]
)
def test_a_part_with_a_value_is_not_warned_of(typed: str) -> None:
    assert not derive(Grad(), parse(typed)).warnings
