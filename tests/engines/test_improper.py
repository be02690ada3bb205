"""Improper integrals: their values and derivatives by mpmath, and which ones diverge."""

from __future__ import annotations

from typing import Any

import mpmath
import pytest
from mpmath import mp

import diffcli
from diffcli.engines.balls.integrands import OPERATIONS
from diffcli.engines.balls.tails import _RULES
from diffcli.engines.enclosure import Outcome, partial
from diffcli.language.parser import parse

ROOT = "exp(x*t)/sqrt(t)"
CASES: list[tuple[str, str, tuple[str, ...], Any]] = [
    ("integrate(exp(-x*t^2), t=0..inf)", "2", (), lambda x: mp.sqrt(mp.pi / x) / 2),
    ("integrate(exp(-x*t^2), t=0..inf)", "2", ("x",), lambda x: -mp.sqrt(mp.pi / x**3) / 4),
    ("integrate(exp(x*t), t=-inf..0)", "3", ("x",), lambda x: -1 / x**2),
    ("integrate(exp(-x*t), t=inf..0)", "3", (), lambda x: -1 / x),
    ("integrate(exp(-t)/t, t=x..oo)", "1", ("x",), lambda x: -mp.exp(-x) / x),
    ("integrate(1/(x + t^2), t=-inf..inf)", "1", (), lambda _: mp.pi),
    (
        f"integrate({ROOT}, t=0..1)",
        "1",
        (),
        lambda x: mp.sqrt(mp.pi / x) * mp.erfi(mp.sqrt(x)),
    ),
    ("integrate(x*log(t), t=0..1)", "1", ("x",), lambda _: -1),
    ("integrate(x/sqrt(1 - t^2), t=0..1)", "1", (), lambda _: mp.pi / 2),
    ("integrate(x/sqrt(t), t=0..x)", "1", ("x",), lambda x: 3 * mp.sqrt(x)),
    ("integrate(sin(x*t)/t, t=0..1)", "2", ("x",), lambda x: mp.sin(x) / x),
    ("integrate(t^(x - 1)*(1 - t)^(x - 1), t=0..1)", "1/2", (), lambda _: mp.pi),
    ("integrate(t^(x - 1)*exp(-t), t=0..inf)", "5/2", (), mp.gamma),
    ("integrate(x*exp(-1/t)/t, t=0..1)", "1", ("x",), lambda _: mp.e1(1)),
    ("integrate(abs(t - x)/sqrt(t), t=0..1)", "1/2", ("x",), lambda x: 4 * mp.sqrt(x) - 2),
]


@pytest.mark.sampled(4)
@pytest.mark.parametrize(("formula", "at", "index", "value"), CASES)
def test_an_improper_integral_is_enclosed(
    formula: str, at: str, index: tuple[str, ...], value: Any
) -> None:
    (place,) = parse(at).outputs
    found = partial(parse(formula).outputs[0], {"x": place}, index)
    assert found.ball is not None, found.reason
    with mpmath.workdps(30):
        exact = value(mpmath.mpf(eval(at)))  # noqa: S307  (a fraction of this table)
        low, high = map(mpmath.mpf, found.interval(25) or ())
        assert low <= exact <= high
        assert high - low <= 1e-15 * abs(exact)


@pytest.mark.parametrize(
    "formula",
    [
        "integrate(x/t, t=0..1)",
        "integrate(x/t, t=1..inf)",
        "integrate(x/(1 - t), t=0..1)",
        "integrate(x/abs(t), t=-1..1)",
        "integrate(1/t^x, t=0..1)",
        "integrate(x, t=0..inf)",
    ],
)
def test_what_diverges_is_undefined(formula: str) -> None:
    found = partial(parse(formula).outputs[0], {"x": 1.0})
    assert found.outcome is Outcome.UNDEFINED
    assert "diverges" in str(found.reason)


@pytest.mark.parametrize(
    "formula",
    ["integrate(x*sin(1/t), t=0..1)", "integrate(sin(t)*x, t=0..inf)", "integrate(x/t, t=-1..2)"],
)
def test_what_is_neither_bounded_nor_divergent_is_not_claimed(formula: str) -> None:
    found = partial(parse(formula).outputs[0], {"x": 1.0}, deadline=0.0)
    assert found.ball is None
    assert found.outcome is not Outcome.ENCLOSED


def test_infinite_bounds_are_mapped_onto_a_finite_range() -> None:
    assert (
        parse("integrate(f0*t, t=0..inf)").read_as
        == parse("integrate(f0*(t/(1 - t))/(1 - t)^2, t=0..1)").read_as
    )
    assert parse(r"\int_0^{\infty} e^{-t} dt").outputs == parse("integrate(e^-t, t=0..inf)").outputs


def test_a_variable_of_that_name_is_no_infinity() -> None:
    function = parse("integrate(t, t=0..oo)", variables=("oo",))
    assert function.variables == ("oo",)


@pytest.mark.slow
def test_autograd_and_the_proof_agree() -> None:
    found = diffcli.parse("integrate(exp(-x*t^2), t=0..inf)").grad(1)
    assert found.verdict is not None
    assert found.verdict.value == "certified"


def test_the_rules_next_to_an_end_are_of_operations_that_are_integrated() -> None:
    assert set(_RULES) <= set(OPERATIONS)
