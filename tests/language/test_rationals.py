"""Exact fractions of constants, against Python's own arithmetic."""

from __future__ import annotations

from fractions import Fraction

import pytest

from diffcli.language.expression import node, number, variable
from diffcli.language.parser import parse
from diffcli.language.rationals import fraction_of, is_whole


@pytest.mark.parametrize(
    ("text", "exact"),
    [
        ("-2/3", Fraction(-2, 3)),
        ("0.1 + 1/5 - 3*2^-2", Fraction(1, 10) + Fraction(1, 5) - Fraction(3, 4)),
        ("(1/2)^3", Fraction(1, 8)),
        ("2^(1/2)", None),
        ("1/(1 - 1)", None),
        ("0^(-1)", None),
        ("pi/pi", None),
        ("x - x", None),
    ],
)
def test_a_constant_is_the_fraction_that_arithmetic_makes_of_it(
    text: str, exact: Fraction | None
) -> None:
    assert fraction_of(parse(text).outputs[0]) == exact


def test_a_constant_may_be_nested_deeper_than_python_recurses() -> None:
    total = number(0)
    for _ in range(20_000):
        total = node("neg", node("add", total, number(1)))
    assert fraction_of(total) == 0


def test_a_huge_power_is_no_fraction() -> None:
    assert fraction_of(node("pow", number(10), number(10**9))) is None


def test_whole_numbers_have_any_sign() -> None:
    assert is_whole(node("div", number(-6), number(3)))
    assert not is_whole(number(Fraction(1, 2)))
    assert not is_whole(variable("n"))
