"""Derivatives by their definition: the simplified quotient is the quotient, its limit f′."""

from __future__ import annotations

import mpmath
import pytest

import diffcli
from diffcli.cli.main import run
from diffcli.errors import UsageError

FORMULAS = [
    "x^2",
    "1/x",
    "x^5/(1 - x)",
    "sqrt(x)",
    "sqrt(1 - 1/x)",
    "5sqrt(2x + 1) - x^3",
    "sin(x)",
    "cos(2x) + 3x",
    "exp(-x)/2",
    "log(3x)",
    "2^x",
]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("formula", FORMULAS)
def test_the_limit_of_the_simplified_quotient_is_the_derivative(formula: str) -> None:
    (found,) = diffcli.parse(formula).study("steps", definition=True).found["results"]
    simplified = found["steps"][1]["lines"][0]
    x, h = mpmath.mpf("2.25"), mpmath.mpf("0.375")
    f = _function(formula, "x")
    quotient = (f(x + h) - f(x)) / h
    assert mpmath.almosteq(_value(simplified, x=x, h=h), quotient, 1e-12)
    assert mpmath.almosteq(_value(found["derivative"], x=x), mpmath.diff(f, x), 1e-9)
    assert found["proof"] == "exact"


def _value(text: str, **point: mpmath.mpf) -> mpmath.mpf:
    names = {name: getattr(mpmath, name) for name in "sqrt sin cos exp log e".split()}
    return mpmath.mpf(eval(text, {"__builtins__": {}}, {**names, **point}))  # noqa: S307


def _function(formula: str, name: str) -> mpmath.mpf:
    text = diffcli.parse(formula).read_as
    return lambda value: _value(text, **{name: value})


def test_no_power_of_zero_is_left() -> None:
    (found,) = diffcli.parse("x^5/(1 - x)").study("steps", definition=True).found["results"]
    assert "0**" not in found["derivative"]


@pytest.mark.parametrize("formula", ["x*sin(x)", "sin(x^2)", "gamma(x)", "x^x"])
def test_what_these_rules_do_not_simplify_is_refused(formula: str) -> None:
    with pytest.raises(UsageError):
        diffcli.parse(formula).study("steps", definition=True)


def test_the_tree_shows_the_quotient_and_its_limit(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["steps", "sin(x)", "--definition", "--format", "plain"]) == 0
    shown = capsys.readouterr().out
    assert "(f(x + h) - f(x))/h = (sin(x + h) - sin(x))/h" in shown
    assert "sin(h)/h goes to 1" in shown


def test_an_order_or_an_equation_is_refused() -> None:
    assert run(["steps", "x^2", "--definition", "--order", "2"]) == 2
    assert run(["steps", "x^2 + y^2 = 1", "--definition"]) == 2
